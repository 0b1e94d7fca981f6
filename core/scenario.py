"""The planner's question: one immutable Scenario, made of seven sections and the risk settings.

At rest a scenario is JSON with a `schema` number; in flight it is this frozen model. A place inside it
is a dotted path (`"fleet.units.0.count"`): forms, diffs, sensitivity axes, sizing variables and URL
parameters all name a quantity this one way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pydantic
from pydantic import Field, model_validator
from pydantic.fields import FieldInfo

from core.errors import NotFound, ScenarioError, ValidationError
from core.sections import Array, Battery, Finance, Fleet, Grid, Outlook, Risk, Section, Site

Refusal = TypeVar("Refusal", bound=ValidationError)
SCHEMA = 1
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}  # n: a scenario of schema n made one of n + 1


class Scenario(Section):
    """A whole plan. `Scenario()` is the example a newcomer sees."""

    name: str = Field("Example: 1 MW behind the meter", title="Scenario name", min_length=1, max_length=120)
    site: Site = Site()
    array: Array = Array()
    battery: Battery = Battery()
    fleet: Fleet = Fleet()
    grid: Grid = Grid()
    outlook: Outlook = Outlook()
    finance: Finance = Finance()
    risk: Risk = Risk()

    @model_validator(mode="before")
    @classmethod
    def _current_schema(cls, raw: Any) -> Any:
        return upgraded(raw) if isinstance(raw, dict) else raw

    def to_json(self, *, indent: int | None = None) -> str:
        """Canonical JSON: sorted keys, no NaN, with the schema number."""
        return json.dumps(
            {"schema": SCHEMA, **self.model_dump(mode="json")},
            sort_keys=True,
            allow_nan=False,
            indent=indent,
            ensure_ascii=False,
        )

    @property
    def digest(self) -> str:
        """Sixteen hex digits naming this plan: cache key, file name, version of a link."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def at(self, path: str) -> Any:
        """The value at a dotted path; NotFound when there is none."""
        node: Any = self
        for key in path.split("."):
            node = _child(node, key, path)
        return node

    def but(self, changes: dict[str, Any]) -> Scenario:
        """This scenario with the values at some dotted paths changed, validated as a whole."""
        raw = self.model_dump(mode="json")
        for path, value in changes.items():
            self.at(path)
            *way, last = path.split(".")
            node: Any = raw
            for key in way:
                node = node[int(key)] if isinstance(node, list) else node[key]
            node[int(last) if isinstance(node, list) else last] = value
        return read(raw)


def _child(node: Any, key: str, path: str) -> Any:
    if isinstance(node, Section) and key in type(node).model_fields:
        return getattr(node, key)
    if isinstance(node, tuple) and key.isdigit() and int(key) < len(node):
        return node[int(key)]
    raise NotFound(
        f"no field {path!r} in a scenario", field=path, value=key, expected="a dotted path such as array.dc_kw"
    )


def upgraded(raw: dict[str, Any]) -> dict[str, Any]:
    """`raw` brought to the newest schema, without its `schema` number; a newer one is refused."""
    version = raw.get("schema", SCHEMA)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= SCHEMA:
        raise ScenarioError(
            f"this scenario has schema {version!r}; this program reads 1 to {SCHEMA}",
            field="schema",
            value=version,
            expected=f"1 to {SCHEMA}",
        )
    raw = {k: v for k, v in raw.items() if k != "schema"}
    for step in range(version, SCHEMA):
        raw = UPGRADES[step](raw)
    return raw


def read(raw: Any) -> Scenario:
    """A scenario from plain data or JSON text; ScenarioError names the first field that is wrong."""
    try:
        return Scenario.model_validate(json.loads(raw) if isinstance(raw, str | bytes) else raw)
    except pydantic.ValidationError as error:
        raise explained(error, "scenario", ScenarioError) from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError(
            "this is not JSON", field="scenario", value=str(error), expected="a scenario saved as JSON"
        ) from None


def explained(error: pydantic.ValidationError, whole: str, kind: type[Refusal]) -> Refusal:
    """The first thing pydantic refuses in `whole`, as an error of the house that names field, value and expected."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or whole
    expected = first["msg"] if first["type"] != "missing" else "a value"
    for opening in ("Value error, ", "Input should be ", "String should have "):
        expected = expected.removeprefix(opening)
    value = first["input"] if not isinstance(first["input"], dict) else None
    return kind(f"{field}: expected {expected}", field=field, value=value, expected=expected)


def leaves(section: Section, prefix: str = "") -> Iterator[tuple[str, FieldInfo, Any]]:
    """Every (dotted path, field, value) in reading order; units and sequences by index."""
    for name, info in type(section).model_fields.items():
        value = getattr(section, name)
        path = f"{prefix}{name}"
        if isinstance(value, Section):
            yield from leaves(value, f"{path}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for i, item in enumerate(value):
                yield from leaves(item, f"{path}.{i}.")
        else:
            yield path, info, value


def differences(a: Scenario, b: Scenario) -> list[tuple[str, Any, Any]]:
    """(dotted path, value in a, value in b) wherever two scenarios differ; None where one has no such place."""
    left, right = ({path: value for path, _, value in leaves(s)} for s in (a, b))
    paths = [*left, *(p for p in right if p not in left)]
    return [(p, left.get(p), right.get(p)) for p in paths if left.get(p) != right.get(p)]
