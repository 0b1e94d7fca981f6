"""Past one machine: the chunks of a batch on the workers of a Dask cluster, when a setting names its scheduler.

The extra `[cluster]` brings `dask[distributed]`. A scheduler is trusted as this process is: it runs what it is sent, so it
belongs on a network of its own, or behind TLS.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from typing import Any

from core.batch import Item, Row, Terms, rows_of
from core.errors import Busy, ValidationError
from core.inputs import Weather

VARIABLE = "SOLAR_MINING_DASK"
SCHEMES = ("tcp://", "tls://")
CONNECT_S = 10.0
LOOK_S = 0.25  # between two looks at whether the job was cancelled
AHEAD = 64  # chunks that are with the cluster at once
log = logging.getLogger("solar_mining.cluster")


def scheduler(env: Mapping[str, str] | None = None) -> str:
    """The address of the scheduler, empty where none is set; ValidationError for what is no such address."""
    address = (os.environ if env is None else env).get(VARIABLE, "").strip()
    if address and not address.startswith(SCHEMES):
        expected = "the address of a Dask scheduler, such as tcp://10.0.0.5:8786"
        raise ValidationError(f"{VARIABLE}: expected {expected}", field=VARIABLE, value=address, expected=expected)
    return address


def on_cluster(
    address: str, groups: Iterable[Sequence[Item]], terms: Terms, tick: Callable[[], object]
) -> Iterator[list[Row]]:
    """The rows of each group as they come, in any order; `tick` is called a few times a second, and may raise to stop.

    A worker that dies costs what it was at: its chunks go to the others. Busy where the cluster cannot be reached, or lost
    a chunk again and again.
    """
    with _connected(address) as client:
        spread = _Spread(client, terms)
        waiting = iter(groups)
        try:
            for group in waiting:
                spread.send(group)
                while len(spread.sent) >= AHEAD:
                    yield from spread.back(tick)
            while spread.sent:
                yield from spread.back(tick)
        finally:
            client.cancel(list(spread.sent), force=True)


def remote_rows(group: Sequence[tuple[Any, ...]], weathers: Sequence[Weather], terms: Terms) -> list[Row]:
    """What a worker does: `group` as items that name their weather year by its place in `weathers`."""
    return rows_of([Item(n, scenario, weathers[at]) for n, scenario, at in group], terms)


class _Spread:
    """Chunks on their way; a weather year or market that many share travels once."""

    def __init__(self, client: Any, terms: Terms) -> None:
        self._client = client
        self._terms = client.scatter(terms, broadcast=True, hash=False)
        self._years: dict[str, Any] = {}
        self.sent: set[Any] = set()

    def send(self, group: Sequence[Item]) -> None:
        own = list({item.weather.digest: item.weather for item in group}.values())
        place = {weather.digest: at for at, weather in enumerate(own)}
        told = [(item.n, item.scenario, place[item.weather.digest]) for item in group]
        years = [self._year(weather) for weather in own]
        self.sent.add(self._client.submit(remote_rows, told, years, self._terms, pure=False, retries=3))

    def _year(self, weather: Weather) -> Any:
        digest = weather.digest
        if digest not in self._years:
            if len(self._years) > AHEAD:
                self._years.pop(next(iter(self._years)))
            # without what was worked out from it here
            self._years[digest] = self._client.scatter(replace(weather), hash=False)
        return self._years[digest]

    def back(self, tick: Callable[[], object]) -> Iterator[list[Row]]:
        """The rows of chunks that are done by now; waits until there is one."""
        wait = import_module("distributed").wait
        done: set[Any] = set()
        while not done:
            tick()
            with suppress(TimeoutError):
                done = set(wait(list(self.sent), timeout=LOOK_S, return_when="FIRST_COMPLETED").done)
        for future in done:
            self.sent.discard(future)
            yield self._rows(future)

    def _rows(self, future: Any) -> list[Row]:
        try:
            found: list[Row] = future.result()
        except Exception as error:
            log.warning("the cluster lost a chunk: %s", type(error).__name__)
            raise _unreachable() from None
        return found


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        client = import_module("distributed").Client(
            address, timeout=CONNECT_S, set_as_default=False, name="solar-mining"
        )
    except ImportError:
        raise Busy("the extra [cluster] is not installed on this server", field="cluster") from None
    except (OSError, TimeoutError) as error:
        log.warning("the scheduler does not answer: %s", type(error).__name__)
        raise _unreachable() from None
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=CONNECT_S)


def _unreachable() -> Busy:
    return Busy("the cluster does not answer or keeps losing its workers: try again later", field="cluster")
