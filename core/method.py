"""The formulas of the models as their own docstrings tell them: no text is written twice.

The docstring of a model is one sentence; its formula; its arguments with units and shapes; "Source:" and where it is from. This reads it
so, out of the source files, without importing them. Docs of the repository that the program shows are read here too.
"""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "core" / "models"
README = ROOT / "README.md"
ENGINES = ("_kernel", "_twin", "_engine")  # the same formulas again, compiled or plain
SOURCE = re.compile(r"\bSources?: ")


class Subject(NamedTuple):
    """One file of models: its first sentence, and what else it says of how things are done."""

    module: str
    title: str
    told: str
    formulas: tuple[Formula, ...]


class Formula(NamedTuple):
    """One model: what it gives, its formula, its arguments and remarks, its source; empty where the docstring has none."""

    subject: str
    module: str
    name: str
    arguments: str
    title: str
    formula: str
    notes: str
    source: str

    @property
    def text(self) -> str:
        """All of it, to be searched."""
        return " ".join(self).lower()


@cache
def subjects() -> tuple[Subject, ...]:
    """Every file of models, as they are called; functions with neither formula nor source are tools and left out."""
    files = [path for path in sorted(MODELS.glob("*.py")) if not path.stem.endswith((*ENGINES, "__init__"))]
    return tuple(_subject(path) for path in files)


def formulas() -> tuple[Formula, ...]:
    """Those of all subjects."""
    return tuple(formula for subject in subjects() for formula in subject.formulas)


def _subject(path: Path) -> Subject:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, _, told = (ast.get_docstring(tree) or path.stem).partition("\n\n")
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    found = [_formula(_one_line(title), path.stem, node) for node in functions]
    return Subject(path.stem, _one_line(title), told, tuple(one for one in found if one.formula or one.source))


def _formula(subject: str, module: str, node: ast.FunctionDef) -> Formula:
    title, formula, notes, source = parts(ast.get_docstring(node) or "")
    arguments = ", ".join(arg.arg for arg in (*node.args.args, *node.args.kwonlyargs))
    return Formula(subject, module, node.name, arguments, title, formula, notes, source)


def parts(docstring: str) -> tuple[str, str, str, str]:
    """Title, formula, notes and source of a docstring."""
    text, source = inspect.cleandoc(docstring), ""
    if found := list(SOURCE.finditer(text)):
        text, source = text[: found[-1].start()], text[found[-1].end() :]
    title, *rest = [part.strip() for part in text.split("\n\n") if part.strip()] or [""]
    formula = rest.pop(0) if rest and is_formula(rest[0]) else ""
    return _one_line(title), formula, "\n\n".join(rest), _one_line(source)


def is_formula(paragraph: str) -> bool:
    """Whether a paragraph is arithmetic rather than a list of arguments with their units."""
    return "[" not in paragraph and bool(re.search(r"[=·÷/^Σ∏√≤≥<>−⁻]|max\(|min\(|>>", paragraph))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def not_modelled() -> str:
    """What the README says is not modelled, as Markdown: the page Method shows it as it stands there."""
    text = README.read_text(encoding="utf-8")
    return text.split("## What is not modelled yet\n")[1].split("\n## ")[0].strip()


class Picture(NamedTuple):
    """A picture of a guide: its file, and what it shows."""

    path: Path
    words: str


def parted(text: str) -> list[str | Picture]:
    """A guide with its pictures apart: a page has to serve them itself."""
    parts: list[str | Picture] = []
    for number, part in enumerate(re.split(r"^(!\[.*?\]\([\w-]+\.png\))$", text, flags=re.MULTILINE)):
        words, _, file = part.removeprefix("![").removesuffix(")").partition("](")
        parts.append(Picture(ROOT / "docs" / file, words) if number % 2 else part)
    return parts


def guide(name: str) -> str:
    """A guide of `docs/` as Markdown."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
