"""What a report is made of, as data: sections of words, figures, tables and charts. Both writers draw the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

from core.charts import Spec

Tone = Literal["lead", "plain", "fine", "small", "warning"]


class Figure(NamedTuple):
    """A figure as it is shown, and the number behind it; None where it does not exist or is a word."""

    text: str
    value: float | None = None


Cell: TypeAlias = str | Figure


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Tile:
    """A headline figure: its name in the vocabulary, label, the figure, and a remark."""

    name: str
    label: str
    figure: Figure
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """Headline figures beside each other."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Row:
    """Cells of a line; `kind` line, sum or title (a heading within the table, of one cell)."""

    cells: tuple[Cell, ...]
    kind: Literal["line", "sum", "title"] = "line"
    name: str = ""  # of the figure that the line tells, where it tells one


@dataclass(frozen=True)
class Table:
    """A table. `right`: columns whose cells are figures; `widths`: shares of the width; `note` stands below."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    right: tuple[int, ...] = ()
    widths: tuple[float, ...] = ()
    note: str = ""
    small: bool = False
    quiet: tuple[int, ...] = ()  # columns in grey

    @property
    def books(self) -> bool:
        """Whether what goes out stands in brackets, outside of which figures line up."""
        cells = (cell for row in self.rows for cell in row.cells)
        return any(isinstance(cell, Figure) and cell.text.endswith(")") for cell in cells)


@dataclass(frozen=True)
class Chart:
    """A chart over its caption; `name` is that of its file."""

    name: str
    heading: str
    spec: Spec
    alt: str
    caption: str = ""
    height: int = 0  # of the plot [px], 0: as the chart has it


@dataclass(frozen=True)
class Beside:
    """Two blocks side by side."""

    left: Chart | Table
    right: Chart | Table


Block: TypeAlias = Words | Tiles | Table | Chart | Beside


@dataclass(frozen=True)
class Section:
    """A numbered part of a report."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A report: the same input and day make the same bytes.

    `sections` are read across the page, `appendix` in two columns: what a reader looks up.
    """

    title: str
    site: str
    on: date
    digest: str
    model_version: str
    sections: tuple[Section, ...]
    appendix: tuple[Section, ...]
    charts: tuple[Chart, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "charts", tuple(_charts(self.sections)))


def _charts(sections: tuple[Section, ...]) -> list[Chart]:
    blocks = [block for section in sections for block in section.blocks]
    flat = [part for block in blocks for part in ((block.left, block.right) if isinstance(block, Beside) else (block,))]
    return [part for part in flat if isinstance(part, Chart)]
