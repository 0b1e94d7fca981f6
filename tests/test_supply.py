"""What the program is made of: locked with hashes, licensed, and never called safe where nobody looked. OPS-08, SEC-16."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from deploy import supply

ROOT = Path(__file__).parents[1]
LINE = f"--hash=sha256:{'0' * 64}"
# what the scan for secrets looks for: how keys of others begin, and our own
SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a key of this program": r"smc_[0-9a-f]{8}_[A-Za-z0-9_-]{43}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a key of Stripe": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "a token that signs somebody in": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
    "a secret in a setting": r"SOLAR_MINING_[A-Z_]*(?:KEY|SECRET)\s*[=:]\s*[\"']?[A-Za-z0-9+/_-]{24,}",
}


def secrets_in(text: str) -> list[str]:
    return [what for what, pattern in SECRETS.items() if re.search(pattern, text)]


def tracked() -> list[Path]:
    ran = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode:
        pytest.skip("this is no clone: there is nothing to tell what belongs to the project")
    return [ROOT / name for name in ran.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_of_the_project_holds_a_secret() -> None:
    files = tracked()
    assert len(files) > 300
    found = {f.name: told for f in files if (told := secrets_in(f.read_bytes().decode("utf-8", "replace")))}
    assert found == {}
    names = {file.relative_to(ROOT).as_posix() for file in files}
    assert not names & {".streamlit/secrets.toml", "data/local/secret", ".env"}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".streamlit/secrets.toml", "data/local/"} <= set(ignored)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "smc_" + "0f3a9b12_" + "A" * 43,
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a" * 36,
        "AIza" + "b" * 35,
        "xoxb-" + "1234567890ab",
        "sk_live_" + "c" * 24,
        "eyJ" + "a" * 30 + ".eyJ" + "b" * 30 + ".x",
        "SOLAR_MINING_EIA_KEY" + "=" + "d" * 40,
    ],
)
def test_a_secret_would_be_found(text: str) -> None:
    assert len(secrets_in(text)) == 1


# --- the lock -------------------------------------------------------------------------------------


def test_what_is_listed_locked_and_installed_is_the_same() -> None:
    assert list(supply.disagreements()) == []
    assert len(supply.locked()) >= len(supply.listed())


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ("numpy==1.0.0 \\\n    " + LINE, "numpy: listed is"),
        ("", "pydantic: it runs with the program and is not locked"),
        ("numpy==2.4.6\n", "numpy==2.4.6: it is locked without a hash"),
        ("numpy==2.4.6 ; python_version < '3' \\\n    " + LINE, "numpy: it runs with the program and is not locked"),
    ],
)
def test_a_lock_that_does_not_hold_is_told(
    lock: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").write_text(lock)
    monkeypatch.setattr(supply, "LOCK", tmp_path / "lock")
    assert any(line.startswith(said) for line in supply.disagreements())


def test_every_listed_package_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "listed").write_text("numpy>=2\n")
    monkeypatch.setattr(supply, "LISTED", tmp_path / "listed")
    assert "numpy: no version is pinned" in list(supply.disagreements())


# --- licences -------------------------------------------------------------------------------------


def test_every_package_that_goes_along_has_a_licence_that_is_allowed() -> None:
    assert list(supply.unlicensed()) == []
    assert len(supply.closure()) > 50


def test_the_page_of_licences_is_as_it_would_be_made_now() -> None:
    assert supply.LICENCES.read_text(encoding="utf-8") == supply.licences_page()


def test_a_licence_that_is_not_allowed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "licence", lambda own: "AGPL-3.0-only")
    assert len(list(supply.unlicensed())) == len(supply.closure())


# --- known vulnerabilities ------------------------------------------------------------------------


def fake_service(tmp_path: Path, told: dict[str, list[dict[str, object]]]) -> str:
    """A pip-audit whose services answer as told, and not at all where nothing is."""
    (tmp_path / "answers.json").write_text(json.dumps(told))
    tool = tmp_path / "pip-audit"
    tool.write_text(
        "#!/usr/bin/env python3\nimport json, pathlib, sys\n"
        "told = json.loads((pathlib.Path(__file__).parent / 'answers.json').read_text())\n"
        "service = sys.argv[sys.argv.index('-s') + 1]\n"
        "sys.exit('no network') if service not in told else print(json.dumps({'dependencies': told[service]}))\n"
    )
    tool.chmod(0o755)
    return str(tool)


def test_what_could_not_be_looked_up_is_not_called_safe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = list(supply.locked())
    clean = [{"name": name, "version": "1", "vulns": []} for name in names]
    skipped = [{"name": name, "version": "1", "skip_reason": "not found"} for name in names]
    assert supply.audit(fake_service(tmp_path, {})) == supply.UNKNOWN
    assert supply.audit(fake_service(tmp_path, {"pypi": skipped})) == supply.UNKNOWN
    assert supply.audit(fake_service(tmp_path, {"pypi": clean[1:], "osv": skipped})) == supply.UNKNOWN
    assert capsys.readouterr().out.count("NOT AUDITED") == 3
    assert supply.audit(fake_service(tmp_path, {"pypi": clean})) == supply.CLEAN
    assert supply.audit(fake_service(tmp_path, {"pypi": clean[:5], "osv": clean})) == supply.CLEAN
    bad = [{**clean[0], "vulns": [{"id": "CVE-2099-1", "fix_versions": ["2"]}]}, *clean[1:]]
    assert supply.audit(fake_service(tmp_path, {"osv": bad})) == supply.KNOWN
    assert "CVE-2099-1" in capsys.readouterr().out
    assert supply.audit(str(tmp_path / "nowhere")) == supply.UNKNOWN
