"""Past one machine: the chunks of a batch on the workers of a Dask cluster, when a setting names its scheduler.

The extra `[cluster]` brings `dask[distributed]`. A scheduler is trusted as this process is: it runs what it is sent, so it
belongs on a network of its own, or behind TLS.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from queue import Empty, Queue
from typing import Any

from core.batch import Item, Row, Terms, rows_of
from core.errors import Busy, ValidationError
from core.inputs import Weather
from core.settings import environment

VARIABLE = "SOLAR_MINING_DASK"
SCHEMES = ("tcp://", "tls://")
CONNECT_S = 10.0
LOOK_S = 0.25  # between two looks at whether the job was cancelled
AHEAD = 64  # chunks that are with the cluster at once
ATTEMPTS = 4  # at one chunk
log = logging.getLogger("solar_mining.cluster")


def scheduler(env: Mapping[str, str] | None = None) -> str:
    """The address of the scheduler, empty where none is set; ValidationError for what is no such address."""
    address = (environment() if env is None else env).get(VARIABLE, "").strip()
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
    """Chunks on their way; a weather year or market that many share travels once.

    What was sent ahead lives on a worker and dies with it, as no other can make it anew: then all is sent again from here.
    """

    def __init__(self, client: Any, terms: Terms) -> None:
        self._client, self._given = client, terms
        self._ahead: dict[str, Any] = {}
        self._done: Queue[Any] = Queue()
        self.sent: dict[Any, tuple[Sequence[Item], int]] = {}

    def send(self, group: Sequence[Item], attempt: int = 1) -> None:
        own = list({item.weather.digest: item.weather for item in group}.values())
        place = {weather.digest: at for at, weather in enumerate(own)}
        told = [(item.n, item.scenario, place[item.weather.digest]) for item in group]
        # a weather year without what was worked out from it here
        years = [self._there(weather.digest, lambda weather=weather: replace(weather)) for weather in own]  # type: ignore[misc]
        terms = self._there("terms", lambda: self._given)
        future = self._client.submit(remote_rows, told, years, terms, pure=False, retries=ATTEMPTS)
        self.sent[future] = (group, attempt)
        future.add_done_callback(self._done.put)

    def back(self, tick: Callable[[], object]) -> Iterator[list[Row]]:
        """The rows of the chunk that is done next; none where it is sent again."""
        while True:
            tick()
            with suppress(Empty):
                future = self._done.get(timeout=LOOK_S)
                break
        group, attempt = self.sent.pop(future)
        try:
            found: list[Row] = future.result()
        except (Exception, CancelledError) as error:
            log.warning("the cluster lost a chunk: %s: %s", type(error).__name__, error)
            if attempt >= ATTEMPTS:
                raise _unreachable() from None
            self._ahead.clear()
            self.send(group, attempt + 1)
        else:
            yield found

    def _there(self, name: str, made: Callable[[], Any]) -> Any:
        """Something on its way ahead of the chunks that need it, the newest of which are kept."""
        if name not in self._ahead:
            while len(self._ahead) > AHEAD:
                del self._ahead[next(iter(self._ahead))]
            self._ahead[name] = self._client.scatter(made(), hash=False)
        return self._ahead[name]


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
