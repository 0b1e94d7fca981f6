"""data/README.md tells the truth about the files beside it."""

import hashlib
import re

import pytest

from core.fetchers.bundled import DATA, rows

TABLE = [
    [cell.strip() for cell in line.strip("|\n ").split("|")]
    for line in (DATA / "README.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \S+\.(csv|json) ", line)
]
FILES = sorted(p.name for p in DATA.iterdir() if p.is_file() and p.name != "README.md")


def test_every_file_has_exactly_one_row():
    assert sorted(row[0] for row in TABLE) == FILES
    assert FILES


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_digest_and_columns_are_those_of_the_file(row):
    name, source, licence, date, digest, columns = row
    assert all((source, licence, date))
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest
    assert list(rows(name)[0]) == columns.split(", ")
    assert all(None not in r and None not in r.values() for r in rows(name))  # no row longer or shorter
