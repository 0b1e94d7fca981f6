"""People who sign in: whom their rows belong to, and what they may do.

A person is the pair of issuer and subject, which never changes; an e-mail address may, and two issuers may both tell
of the same one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from core.store.keys import Role


@dataclass(frozen=True)
class Person:
    """One who signed in; `since_s`: when, by the clock of the issuer [s since 1970]."""

    issuer: str
    subject: str
    since_s: int

    @property
    def owner(self) -> str:
        """Whom rows belong to: a code of the pair, so that the database tells of nobody."""
        pair = json.dumps([self.issuer, self.subject]).encode()
        return f"person {hashlib.sha256(pair).hexdigest()[:40]}"

    def role(self, admins: Iterable[str]) -> Role:
        """Admin where the settings name the person as issuer|subject, else planner."""
        return "admin" if f"{self.issuer}|{self.subject}" in admins and "|" not in self.issuer else "planner"


def person_of(claims: object) -> Person | None:
    """The person of a verified identity token; None where it does not say who or when."""
    if not isinstance(claims, dict):
        return None
    issuer, subject, since = (claims.get(name) for name in ("iss", "sub", "iat"))
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        return None
    if isinstance(since, bool) or not isinstance(since, int | float) or not 0 <= since < 2**40:
        return None
    return Person(issuer, subject, int(since))
