"""A small spreadsheet: reads a workbook's formulas and works them out anew, from the constants of its cells alone."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries
from scipy.optimize import brentq

REFERENCE = re.compile(r"(?:(\w+)!)?(\$?[A-Z]{1,3}\$?\d+)(?::(\$?[A-Z]{1,3}\$?\d+))?")


class Spreadsheet:
    """Cells of a workbook by sheet and address; `value` works a formula out, `kept` is what the file holds as its value."""

    def __init__(self, raw: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(raw))
        self.held = openpyxl.load_workbook(io.BytesIO(raw), data_only=True)
        self._known: dict[tuple[str, str], Any] = {}

    def formulas(self) -> list[tuple[str, str]]:
        """Sheet and address of every formula."""
        return [
            (sheet.title, cell.coordinate)
            for sheet in self.book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]

    def kept(self, sheet: str, address: str) -> Any:
        return self.held[sheet][address].value

    def value(self, sheet: str, address: str) -> Any:
        key = (sheet, address.replace("$", ""))
        if key not in self._known:
            cell = self.book[sheet][key[1]]
            self._known[key] = self._worked(sheet, cell.value[1:]) if cell.data_type == "f" else cell.value
        return self._known[key]

    def row(self, sheet: str, label: str) -> list[Any]:
        """The values of a line by its label, worked out, year 0 first."""
        page = self.book[sheet]
        at = next(cell.row for cell in page["A"] if cell.value == label)
        cells = [cell for cell in page[at][2:] if cell.value is not None]
        return [self.value(sheet, cell.coordinate) for cell in cells]

    def _worked(self, sheet: str, formula: str) -> Any:
        def spelled(match: re.Match[str]) -> str:
            where, first, last = match[1] or sheet, match[2], match[3]
            return f"many({where!r}, '{first}:{last}')" if last else f"one({where!r}, {first!r})"

        text = REFERENCE.sub(spelled, formula)
        text = re.sub(r"\bIF\(", "if_(", re.sub(r"(?<![<>=])=(?!=)", "==", text))
        names = {
            "one": lambda s, a: self.value(s, a) or 0.0,
            "many": self._many,
            "if_": lambda test, yes, no: yes() if callable(yes) else yes if test else no,
            "SUM": lambda cells: math.fsum(v for v in cells if isinstance(v, int | float)),
            "MAX": max,
            "MIN": min,
            "ROUND": lambda v, digits: math.copysign(math.floor(abs(v) * 10**digits + 0.5), v) / 10**digits,
            "NPV": lambda rate, cells: sum(v / (1 + rate) ** (i + 1) for i, v in enumerate(cells)),
            "IRR": lambda cells: brentq(
                lambda r: sum(v / (1 + r) ** i for i, v in enumerate(cells)), -0.99, 100, xtol=1e-14
            ),
        }
        if "if_(" in text:  # the branch not taken may divide by nothing
            test, yes, no = (
                text.removeprefix("if_(").removesuffix(")").split(",", 2) if text.count(",") == 2 else self._split(text)
            )
            return eval(yes if eval(test, {}, names) else no, {}, names)
        return eval(text, {"__builtins__": {}}, names)

    @staticmethod
    def _split(text: str) -> tuple[str, str, str]:
        depth, parts, part = 0, [], ""
        for char in text.removeprefix("if_(").removesuffix(")"):
            depth += (char == "(") - (char == ")")
            if char == "," and not depth:
                parts.append(part)
                part = ""
            else:
                part += char
        test, yes, no = (*parts, part)
        return test, yes, no

    def _many(self, sheet: str, span: str) -> list[Any]:
        left, top, right, bottom = range_boundaries(span.replace("$", ""))
        page = self.book[sheet]
        return [
            self.value(sheet, page.cell(row, column).coordinate)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]
