"""What pages keep in a session has names that do not meet."""

from __future__ import annotations

import ast
from pathlib import Path

PAGES = Path(__file__).parents[1] / "pages"


def keys(path: Path) -> set[str]:
    """Names of what a file keeps in a session: they begin with an underscore and are told at its top."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            found |= {one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {name for name in found if name.startswith("_")}


def test_no_two_files_keep_something_of_a_session_under_one_name() -> None:
    kept: dict[str, list[str]] = {}
    for path in sorted(PAGES.glob("**/*.py")):
        for key in keys(path):
            kept.setdefault(key, []).append(path.stem)
    assert len(kept) > 20
    assert {key: files for key, files in kept.items() if len(files) > 1} == {}
