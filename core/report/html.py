"""A report as one HTML file: nothing is fetched, no script runs, and what a planner typed is text."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from core.report import drawn
from core.report.parts import Beside, Block, Cell, Chart, Figure, Report, Row, Section, Table, Tile, Tiles, Words
from core.report.typeface import WEB_FONT, text_of

POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"
STYLE = """
@font-face{font-family:Inter;font-weight:100 900;src:url(data:font/woff2;base64,FONT) format("woff2")}
@page{size:A4;margin:16mm 15mm 18mm}
*{box-sizing:border-box}
body{font:15px/1.5 Inter,system-ui,sans-serif;color:#1c1917;background:#fff;margin:0 auto;padding:32px 24px 64px;max-width:980px;font-variant-numeric:tabular-nums}
header{border-bottom:3px solid #d97706;padding-bottom:16px;margin-bottom:24px}
.over{color:#b45309;font-weight:600;font-size:13px;letter-spacing:.06em;text-transform:uppercase;margin:0}
h1{font-size:30px;line-height:1.2;margin:6px 0 4px;overflow-wrap:anywhere}
.by{color:#57534e;margin:0;font-size:14px;overflow-wrap:anywhere}
h2{font-size:21px;margin:40px 0 12px;break-after:avoid}
h2 span{color:#b45309;margin-right:10px}
h3{font-size:15px;margin:20px 0 6px;break-after:avoid}
p{margin:8px 0;overflow-wrap:anywhere}
.lead{font-size:20px;line-height:1.4;font-weight:600;margin:0 0 16px}
.small,figcaption,.note{color:#57534e;font-size:13px}.fine{font-size:14px}
.warning{background:#fffbeb;border-left:3px solid #d97706;padding:8px 12px;font-size:14px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:10px;margin:0 0 16px}
.tile{border:1px solid #e7e5e4;border-radius:6px;padding:10px 12px;break-inside:avoid}
.tile dt{color:#57534e;font-size:12.5px}.tile dd{margin:2px 0;font-size:20px;font-weight:600}.tile dd.note{font-size:12px;font-weight:400}
.beside{display:grid;grid-template-columns:1fr 1fr;gap:28px;align-items:start}.beside>*{min-width:0}
figure{margin:0;break-inside:avoid}figure svg{width:100%;height:auto;display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px}
.dense table{font-size:12px}
th{text-align:left;font-weight:600;color:#57534e;border-bottom:1px solid #a8a29e;padding:3px 8px 3px 0;vertical-align:bottom}
td{padding:3px 8px 3px 0;border-bottom:1px solid #f0eeeb;vertical-align:top;overflow-wrap:anywhere}
.right{text-align:right;padding-left:8px;padding-right:0}td.right{overflow-wrap:normal}tr{break-inside:avoid}
.quiet{color:#57534e}.books .right{padding-right:.37em}.books td.out{padding-right:0}
.sum td{font-weight:600}.sum td.quiet{font-weight:400}.title td{color:#b45309;font-weight:600}
.appendix{columns:2;column-gap:32px}.appendix h2{margin-top:28px}.appendix section:first-child h2{margin-top:0}
footer{margin-top:48px;border-top:1px solid #e7e5e4;padding-top:12px;color:#57534e;font-size:12.5px}
@media(max-width:760px){.beside,.appendix{display:block;columns:1}.tiles{grid-template-columns:1fr 1fr}body{padding:20px 16px}h1{font-size:24px}.lead{font-size:18px}.beside>*{margin-bottom:20px}}
@media print{body{font-size:9.5pt;padding:0;max-width:none}h1{font-size:20pt}h2{font-size:14pt;margin-top:20pt}.lead{font-size:12.5pt}table{font-size:8pt}.dense table{font-size:7pt}.small,.fine,figcaption,.note{font-size:8pt}.tile dd{font-size:13pt}.scroll{overflow:visible}}
"""


def html(report: Report) -> bytes:
    """The report as HTML in UTF-8: charts as SVG in it, each figure with its full number in a `data` element."""
    font = base64.b64encode(WEB_FONT.read_bytes()).decode()
    title = _text(report.title)
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f'<meta name="author" content="Solar Mining Calculator"><meta name="date" content="{report.on.isoformat()}">'
        f"<title>{title}: report</title><style>{STYLE.replace('FONT', font)}</style></head>\n<body>"
    )
    return "".join((head, *_body(report), "</body></html>\n")).encode("utf-8", "replace")


def _body(report: Report) -> Iterator[str]:
    yield (
        f'<header><p class="over">Solar mining report</p><h1><bdi>{_text(report.title)}</bdi></h1>'
        f'<p class="by"><bdi>{_text(report.site)}</bdi> · {report.on:%d %B %Y} · model {_text(report.model_version)} · '
        f"scenario {report.digest}</p></header><main>"
    )
    for number, section in enumerate(report.sections, 1):
        yield from _section(section, number)
    yield '<div class="appendix">'
    for number, section in enumerate(report.appendix, len(report.sections) + 1):
        yield from _section(section, number)
    yield (
        f"</div></main><footer>Made by Solar Mining Calculator, model {_text(report.model_version)}, on {report.on:%d %B %Y}; "
        f"scenario {report.digest}.</footer>"
    )


def _section(section: Section, number: int) -> Iterator[str]:
    yield f"\n<section><h2><span>{number}</span>{_text(section.title)}</h2>"
    yield from map(_block, section.blocks)
    yield "</section>"


def _block(block: Block) -> str:
    match block:
        case Words():
            return f'<p class="{block.tone}">{_text(block.text)}</p>'
        case Tiles():
            return f'<dl class="tiles">{"".join(map(_tile, block.tiles))}</dl>'
        case Beside():
            return f'<div class="beside"><div>{_block(block.left)}</div><div>{_block(block.right)}</div></div>'
        case Chart():
            return _chart(block)
        case Table():
            return _table(block)


def _tile(tile: Tile) -> str:
    note = f'<dd class="note">{_text(tile.note)}</dd>' if tile.note else ""
    return f'<div class="tile"><dt>{_text(tile.label)}</dt><dd>{_cell(tile.figure, tile.name)}</dd>{note}</div>'


def _chart(chart: Chart) -> str:
    picture = drawn.svg(chart).replace("<svg ", f'<svg role="img" aria-label="{_text(chart.alt)}" ', 1)
    caption = f"<figcaption>{_text(chart.caption)}</figcaption>" if chart.caption else ""
    return f"<figure><h3>{_text(chart.heading)}</h3>{picture}{caption}</figure>"


def _table(table: Table) -> str:
    heading = f"<h3>{_text(table.heading)}</h3>" if table.heading else ""
    note = f'<p class="note">{_text(table.note)}</p>' if table.note else ""
    head = ""
    if any(table.columns):
        cells = "".join(f'<th scope="col"{_side(i, table)}>{_text(name)}</th>' for i, name in enumerate(table.columns))
        head = f"<thead><tr>{cells}</tr></thead>"
    rows = "".join(_row(row, table) for row in table.rows)
    kinds = " ".join(kind for kind, so in (("dense", table.small), ("books", table.books)) if so)
    return f'<div class="{kinds}">{heading}<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>{note}</div>'


def _row(row: Row, table: Table) -> str:
    cells = "".join(f"<td{_side(i, table, cell)}>{_cell(cell, row.name)}</td>" for i, cell in enumerate(row.cells))
    return f'<tr class="{row.kind}">{cells}</tr>'


def _side(column: int, table: Table, cell: Cell = "") -> str:
    out = isinstance(cell, Figure) and cell.text.endswith(")")
    kinds = [
        kind for kind, so in (("right", column in table.right), ("quiet", column in table.quiet), ("out", out)) if so
    ]
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _cell(cell: Cell, name: str) -> str:
    if isinstance(cell, str):
        return f"<bdi>{_text(cell)}</bdi>"
    if cell.value is None:
        return _text(cell.text)
    named = f' data-name="{_text(name)}"' if name else ""
    return f'<data value="{cell.value!r}"{named}>{_text(cell.text)}</data>'


def _text(text: str) -> str:
    return escape(text_of(text))
