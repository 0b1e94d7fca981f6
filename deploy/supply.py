"""What the program is made of: locked with hashes, looked up for known vulnerabilities, and under which licences.

    python deploy/supply.py check      # requirements.lock agrees with requirements*.txt and what is installed
    python deploy/supply.py licences   # write docs/licences.md anew
    make lock                          # lock anew, for all platforms, after requirements.txt was changed
    make audit                         # ask PyPI and OSV for known vulnerabilities

`audit` ends with 0 where all was looked up and nothing is known, 1 where something is, and 3 where not all could be looked
up, which it says: what nobody looked up is not safe, it is unknown.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LISTED, LOCK, LICENCES = ROOT / "requirements-server.txt", ROOT / "requirements.lock", ROOT / "docs" / "licences.md"
SERVICES = ("pypi", "osv")
AUDIT_S = 120.0
CLEAN, KNOWN, UNKNOWN = 0, 1, 3
# licences under which others' work may go along with this program, whatever its own
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CNRI-Python", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU",
    "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib", "CC0-1.0", "BSL-1.0", "LLVM-exception",
}  # fmt: skip
# what a package says of itself in words, as SPDX has it
WORDS = {
    "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0", "apache software license": "Apache-2.0", "apache-2.0": "Apache-2.0", "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause", "bsd 3-clause license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause", "modified bsd": "BSD-3-Clause", "3-clause bsd license": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "dual license": "Apache-2.0 OR BSD-3-Clause",
    "mit": "MIT", "mit license": "MIT", "isc license (iscl)": "ISC", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2.0": "MPL-2.0", "zlib/libpng license": "Zlib", "zlib": "Zlib", "psf-2.0": "PSF-2.0",
    "python software foundation license": "PSF-2.0", "the unlicense (unlicense)": "Unlicense",
}  # fmt: skip
READ = {
    "pysqlite3": "Zlib",
    "click-default-group": "BSD-3-Clause",
    "vl-convert-python": "BSD-3-Clause",
}  # in their LICENSE files
COMES_ALONG = {"pip"}  # with each environment, in a version of its own
HEAD = """# Licences of what goes along

Made by `python deploy/supply.py licences` from what the packages say of themselves; a test holds it to what is installed.
Beside them: the typeface Inter under OFL-1.1 (`pages/static/Inter-OFL.txt`). Facts in `data/` name their sources.

| package | licence |
|---|---|
"""


def closure() -> dict[str, metadata.Distribution]:
    """Every package that runs with the program here, by its name: those listed, and those they need."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(line) for line in listed()]
    while waiting:
        one = waiting.pop()
        if one.marker is not None and not any(one.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
            continue
        name = canonicalize_name(one.name)
        own = metadata.distribution(one.name)
        needed = [Requirement(text) for text in own.requires or ()]
        extras = ("", *one.extras)
        new = [
            need for need in needed if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras)
        ]
        if name not in found or one.extras:
            waiting += [_unmarked(need) for need in new if canonicalize_name(need.name) not in found or need.extras]
        found[name] = own
    return dict(sorted(found.items()))


def _unmarked(need: Requirement) -> Requirement:
    need.marker = None
    return need


def listed(file: Path | None = None) -> list[str]:
    """The lines of requirements-server.txt and of what it refers to, without their reasons."""
    file = file or LISTED
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    found = [line for line in lines if line]
    referred = [name for line in found if line.startswith("-r ") for name in listed(file.with_name(line[3:].strip()))]
    return [*referred, *(line for line in found if not line.startswith("-r "))]


def locked() -> dict[str, str]:
    """The version of each package that is locked for this computer."""
    found = {}
    for block in re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8")):
        known = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\\n]+))?", block)
        if known and (not known[3] or Marker(known[3].strip()).evaluate()):
            found[str(canonicalize_name(known[1]))] = known[2]
    return found


def without_hash() -> Iterator[str]:
    """Lines of requirements.lock, for whatever computer, that no hash holds to."""
    for block in re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8")):
        if not block.startswith("#") and not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block):
            yield block.split(" ")[0].strip()


def disagreements() -> Iterator[str]:
    """Where the lists, requirements.lock and what is installed do not say the same."""
    lock = locked()
    for line in listed():
        asked = Requirement(line)
        pinned = [one.version for one in asked.specifier if one.operator == "=="]
        name = str(canonicalize_name(asked.name))
        if len(pinned) != 1:
            yield f"{asked.name}: no version is pinned"
        elif name not in lock or lock[name] != pinned[0]:
            yield f"{asked.name}: listed is {pinned[0]}, locked {lock.get(name, 'nothing')}"
    for name, own in closure().items():
        if name not in lock:
            yield f"{name}: it runs with the program and is not locked"
        elif lock[name] != own.version and name not in COMES_ALONG:
            yield f"{name}: {own.version} is installed, {lock[name]} is locked"
    yield from (f"{name}: it is locked without a hash" for name in without_hash())


def licence(own: metadata.Distribution) -> str:
    """The licence of a package as SPDX has it, empty where it does not say."""
    facts = own.metadata
    if told := READ.get(facts["Name"]) or facts.get("License-Expression"):
        return str(told)
    classes = [
        text.rpartition(" :: ")[2] for text in facts.get_all("Classifier") or () if text.startswith("License ::")
    ]
    words = [*classes, (facts.get("License") or "").strip().split("\n")[0]]
    return next((WORDS[word.lower()] for word in words if word.lower() in WORDS), "")


def unlicensed() -> Iterator[str]:
    """Packages whose licence is unknown, or none that is allowed."""
    for name, own in closure().items():
        told = licence(own)
        parts = {part for part in re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", told) if part.strip()}
        if not parts or not {part.strip() for part in parts} <= ALLOWED:
            yield f"{name}: {told or 'it does not say'}"


def licences_page() -> str:
    return HEAD + "".join(f"| {own.metadata['Name']} | {licence(own)} |\n" for own in closure().values())


def check() -> int:
    found = [*disagreements(), *unlicensed()]
    for line in found:
        say(line)
    say(f"{len(found)} to be seen to" if found else f"{len(locked())} packages locked, listed and licensed")
    return 1 if found else 0


def audit(pip_audit: str) -> int:
    """Ask each service for each locked package, until one knows it."""
    open_names, known, why = set(locked()), list[str](), list[str]()
    for service in SERVICES:
        if not open_names:
            break
        looked_up, found, problem = _asked(pip_audit, service)
        open_names -= looked_up
        known += found
        why += [f"{service}: {problem}"] if problem else []
    for line in dict.fromkeys(known):
        say(line)
    if known:
        return KNOWN
    if open_names:
        say(
            f"NOT AUDITED: {len(open_names)} of {len(locked())} packages could not be looked up ({'; '.join(why) or 'unknown there'})"
        )
        return UNKNOWN
    say(f"{len(locked())} packages looked up: no vulnerability is known")
    return CLEAN


def _asked(pip_audit: str, service: str) -> tuple[set[str], list[str], str]:
    """What a service knows: the packages it looked up, a line for each vulnerability, and why it could not."""
    command = [
        pip_audit,
        "-r",
        str(LOCK),
        "--disable-pip",
        "--require-hashes",
        "-s",
        service,
        "-f",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=AUDIT_S, check=False)
        told = json.loads(ran.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        return set(), [], f"no answer ({type(error).__name__})"
    return read_answer(told)


def read_answer(told: list[dict[str, object]]) -> tuple[set[str], list[str], str]:
    """What pip-audit tells of each package: looked up or skipped, and what is known."""
    looked_up, found, skipped = set(), [], 0
    for one in told:
        if "skip_reason" in one:
            skipped += 1
            continue
        looked_up.add(str(canonicalize_name(str(one["name"]))))
        found += [f"{one['name']} {one['version']}: {v['id']}, fixed in {v['fix_versions']}" for v in one["vulns"]]  # type: ignore[attr-defined]
    return looked_up, found, f"{skipped} not found there" if skipped else ""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main(argv: list[str]) -> int:
    match argv:
        case ["check"]:
            return check()
        case ["licences"]:
            LICENCES.write_text(licences_page(), encoding="utf-8")
            return 0
        case ["audit", pip_audit]:
            return audit(pip_audit)
    say(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
