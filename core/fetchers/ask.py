"""Asks the world: fresh cache, then each provider, then an older answer, then what ships with the program."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from core.errors import SourceError
from core.fetchers.cache import Kept
from core.fetchers.http import Trouble, redacted, secrets_of, without
from core.fetchers.line import DENIED, Denied
from core.fetchers.provider import Asked, Reply, Source, Told
from core.fetchers.world import World, log
from core.inputs import Status
from core.metrics import instruments
from core.units import DAY_S

WITHIN_S = 10.0
SPARE_S = 0.5  # kept of the time for keeping the answer
SHARE = 0.5  # of the time left, for a provider that is not the last to be asked
YEAR_S = 365 * DAY_S
LASTS_S = 3650 * DAY_S  # for what does not change: past years, hills, names of places


@dataclass(frozen=True)
class Bundled(Generic[Told]):
    """An answer that ships with the program."""

    value: Told
    source: str
    observed_at: datetime


@dataclass(frozen=True)
class Answer(Generic[Told]):
    """What the world says, with where and when it comes from.

    `status`: live (just fetched), cached (young enough), stale (older than it should be) or bundled.
    `why`: the reasons for which nothing better answered, empty where nothing better exists.
    """

    value: Told
    source: str
    observed_at: datetime
    fetched_at: datetime
    status: Status
    why: str = ""
    notice: str = ""

    def age_s(self, now: datetime) -> float:
        """Seconds since the value was true, never negative."""
        return max(0.0, (now - self.observed_at).total_seconds())


def as_json(told: Any) -> bytes:
    """Plain numbers, texts, lists and dicts as bytes; ValueError for NaN and infinity."""
    return json.dumps(told, allow_nan=False).encode()


@dataclass(frozen=True)
class Question(Generic[Asked, Told]):
    """One question with all that is needed to answer it well.

    `sources`: best first. `plausible`: why an answer cannot be true, empty where it can. `jump`: why an answer is too
    far from the last one, of which the age [s] is given; such an answer counts where a second source says the same.
    Younger than `soft_s` an answer is not asked for again, older than `hard_s` it is not used at all. `pack` and
    `unpack`: the answer as bytes and back; a change of them raises `version`. `observed`: when the answer was true,
    by default when it was fetched. `bundled`: the last rung. `asked` is told apart by its repr.
    """

    name: str
    sources: tuple[Source[Asked, Told], ...]
    soft_s: float
    hard_s: float = 30 * DAY_S
    plausible: Callable[[Told, Asked], str] = lambda told, asked: ""
    jump: Callable[[Told, Told, float], str] = lambda told, last, age_s: ""
    pack: Callable[[Told], bytes] = as_json
    unpack: Callable[[bytes], Told] = json.loads
    observed: Callable[[Told], datetime] | None = None
    bundled: Callable[[Asked], Bundled[Told]] | None = None
    version: int = 1

    def key(self, asked: Asked) -> str:
        """Where an answer is kept. Hashed, so that the cache does not list the places somebody looked at."""
        digest = hashlib.sha256(repr(asked).encode()).hexdigest()[:32]
        return f"{self.name}/{self.version}/{digest}"


def ask(
    question: Question[Asked, Told],
    asked: Asked,
    world: World,
    *,
    soft_s: float | None = None,
    within_s: float = WITHIN_S,
) -> Answer[Told]:
    """The best answer within `within_s`, in all; SourceError where no rung has one.

    `soft_s` replaces the question's: 0 asks the providers even while the cache is fresh or they just failed.
    """
    walk = _Walk(question, asked, world, soft_s, time.monotonic() + within_s - SPARE_S)
    try:
        answer = walk.fresh() or world.flights.once(walk.key, walk.through, walk.unserved, within_s - SPARE_S)
    except SourceError:
        instruments().answers.labels(question.name, "none").inc()
        raise
    instruments().answers.labels(question.name, answer.status).inc()
    return answer


def known(question: Question[Asked, Told], asked: Asked, world: World) -> Answer[Told]:
    """The best answer there is without a call: cached, older, or bundled; SourceError where there is none."""
    walk = _Walk(question, asked, world, None, time.monotonic())
    return walk.fresh() or walk.fallback()


class _Walk(Generic[Asked, Told]):
    """One way down the ladder, with the reasons collected on it."""

    def __init__(
        self, question: Question[Asked, Told], asked: Asked, world: World, soft_s: float | None, deadline: float
    ) -> None:
        self._question, self._asked, self._world = question, asked, world
        self._soft_s = question.soft_s if soft_s is None else soft_s
        self._deadline = deadline
        self._reasons: list[str] = []
        self._contenders: list[Told] = []
        self.key = question.key(asked)

    def fresh(self) -> Answer[Told] | None:
        """The cached answer while it is young enough."""
        kept = self._world.cache.get(self.key)
        if kept is None or self._world.ages.of(self.key, kept) >= self._soft_s:
            return None
        return self._answer(kept, "cached")

    def through(self) -> Answer[Told]:
        """All rungs, for the one who asks on behalf of all. The cache may have been filled while we came here."""
        return self.fresh() or self._live() or self.fallback()

    def unserved(self) -> Answer[Told]:
        """For those whose wait for another's call brought nothing."""
        self._reasons.append("a call for it that was under way brought nothing")
        return self.fresh() or self.fallback()

    def fallback(self) -> Answer[Told]:
        """An older answer, else the bundled one; SourceError with all reasons where there is neither."""
        return self._older() or self._bundled()

    def _older(self) -> Answer[Told] | None:
        kept = self._world.cache.get(self.key)
        if kept is None:
            return None
        age_s = self._world.ages.of(self.key, kept)
        if age_s >= self._question.hard_s:
            self._reasons.append(f"the last answer is {age_s / DAY_S:.0f} days old")
            return None
        return self._answer(kept, "cached" if age_s < self._question.soft_s else "stale")

    def _bundled(self) -> Answer[Told]:
        bundled = self._question.bundled
        if bundled is None:
            message = f"no source could answer {self._question.name}: {self._why or 'none is set up'}"
            raise SourceError(message, field=self._question.name, expected="an answer from outside")
        told = bundled(self._asked)
        return Answer(told.value, told.source, told.observed_at, told.observed_at, "bundled", self._why)

    def _live(self) -> Answer[Told] | None:
        if self._world.offline:
            self._reasons.append("offline by a setting")
            return None
        willing = [source for source in self._question.sources if self._willing(source)]
        for n, source in enumerate(willing, 1):
            left_s = self._deadline - time.monotonic()
            if left_s <= 0:
                self._reasons.append(f"{source.name}: no time left to ask")
                return None
            share = 1.0 if n == len(willing) else SHARE
            kept = self._asked_of(source, time.monotonic() + left_s * share)
            if kept is not None:
                return self._accepted(kept)
        return None

    def _willing(self, source: Source[Asked, Told]) -> bool:
        """Whether a provider is set up and not resting after it just failed to answer this."""
        if self._world.access.why_not(source):
            return False
        resting = "" if self._soft_s <= 0 else self._world.resting(self.key, source)
        if resting:
            self._reasons.append(f"{source.name}: {resting}")
        return not resting

    def _asked_of(self, source: Source[Asked, Told], deadline: float) -> _Told[Told] | None:
        """What a provider tells, None (with the reason noted) where it tells nothing that can be used.

        Asked with one key after the other as long as it refuses them, and without one where there is none.
        """
        keys = self._world.rings.usable(self._world.access.keys_of(source)) or ("",)
        for key in keys[:-1]:
            try:
                return self._asked_with(source, key, deadline, more=True)
            except _NextKey:
                log.warning("%s refuses a key, which is set aside for an hour: the next one is used", source.name)
        return self._asked_with(source, keys[-1], deadline)

    def _asked_with(
        self, source: Source[Asked, Told], key: str, deadline: float, *, more: bool = False
    ) -> _Told[Told] | None:
        """What a provider tells to one key; _NextKey where it refuses this one and there are more."""
        secrets: tuple[str, ...] = tuple(k for k in (key,) if k)
        denied = False
        try:
            request = source.request(self._world.access.base(source), self._asked, key)
            secrets = secrets_of(request, key)
            road = self._world.road(source, deadline)
            line = self._world.line(source)
            told, reply = line.call(
                request, road, source.most_bytes, lambda r: self._checked(source, without(secrets, r))
            )
            why = self._jumps(told)
        except Denied as error:
            why, denied = error.message, error.status in DENIED
        except Trouble as error:
            why = error.message
        except SourceError as error:  # no call was made: that is no failure, and it may be asked when it is due
            self._reasons.append(f"{source.name}: {redacted(error.message, secrets)}")
            return None
        except Exception as error:  # a mistake in the provider's file must not stop the ladder
            why = f"could not be asked ({type(error).__name__})"
        if not why:
            return _Told(told, source, reply.fetched_at)
        if denied:
            self._world.rings.set_aside(key)
            if more:
                raise _NextKey
        self._refused(source, redacted(_unnamed(why, source.name), secrets), denied)
        return None

    def _checked(self, source: Source[Asked, Told], reply: Reply) -> Told:
        told = source.read(reply, self._asked)
        if why := self._question.plausible(told, self._asked):
            raise SourceError(f"says what cannot be: {why}")
        if self._question.observed and self._question.observed(told).tzinfo is None:
            raise SourceError("says when, but not in which time zone")
        return told

    def _jumps(self, told: Told) -> str:
        """Why an answer is too far from the last one and from what other providers say, empty where it is not."""
        last = self._last()
        if last is None or not (why := self._question.jump(told, *last)):
            return ""
        if any(not self._question.jump(told, other, 0.0) for other in self._contenders):
            return ""  # two sources agree that the world has moved
        self._contenders.append(told)
        return f"says what no other source confirms: {why}"

    def _last(self) -> tuple[Told, float] | None:
        """The last accepted answer and its age [s], while it may be used."""
        kept = self._world.cache.get(self.key)
        if kept is None or (age_s := self._world.ages.of(self.key, kept)) >= self._question.hard_s:
            return None
        answer = self._answer(kept, "cached")
        return None if answer is None else (answer.value, age_s)

    def _refused(self, source: Source[Asked, Told], why: str, denied: bool) -> None:
        self._reasons.append(f"{source.name}: {why}")
        self._world.rest(self.key, source, why)
        if self._world.line(source).failed(why, denied):
            self._world.alert(f"{source.name} denies us: {why}")
        log.info("%s could not answer %s: %s", source.name, self._question.name, why)

    def _accepted(self, told: _Told[Told]) -> Answer[Told]:
        """A live answer, kept for the next who asks and handed to whoever collects."""
        question = self._question
        observed_at = min(question.observed(told.value), told.fetched_at) if question.observed else told.fetched_at
        answer = Answer(
            told.value, told.source.name, observed_at, told.fetched_at, "live", self._why, told.source.notice
        )
        try:
            kept = Kept(question.pack(told.value), answer.source, observed_at, told.fetched_at)
            self._world.cache.put(self.key, kept)
            self._world.ages.of(self.key, kept)
            if self._world.accepted:
                self._world.accepted(question.name, self._asked, answer)
        except Exception as error:  # an answer that cannot be kept is still an answer
            log.warning("%s is not kept: %s", question.name, type(error).__name__)
        return answer

    def _answer(self, kept: Kept, status: Status) -> Answer[Told] | None:
        """A kept answer; None where it was kept in another shape."""
        try:
            value = self._question.unpack(kept.body)
        except Exception:
            return None
        notices = {source.name: source.notice for source in self._question.sources}
        return Answer(
            value, kept.source, kept.observed_at, kept.fetched_at, status, self._why, notices.get(kept.source, "")
        )

    @property
    def _why(self) -> str:
        return "; ".join(self._reasons)


class _NextKey(Exception):
    """A provider refuses a key, and there is another one."""


@dataclass(frozen=True)
class _Told(Generic[Told]):
    value: Told
    source: Source[Any, Told]
    fetched_at: datetime


def _unnamed(why: str, name: str) -> str:
    """A reason without the provider's name in front, which is put there for all."""
    return why.removeprefix(f"{name}: ").removeprefix(f"{name} ")
