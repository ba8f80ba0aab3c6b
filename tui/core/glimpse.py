"""What is remembered of a log that was read, for the lines under a table: never a request, never a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from adapters.frozen import dataclass
from adapters.model import Ref, Resource
from tui.core.loglines import Level
from tui.core.logspool import SpooledLog, SpoolLine

LINES = 2
REGIONS = 16
MOST = 500
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The last error lines of a log, else its last ones; `count` lines were in it."""

    lines: tuple[SpoolLine, ...]
    count: int | None = None

    @property
    def red(self) -> bool:
        return any(line.level is Level.ERROR for line in self.lines)


def of_log(log: SpooledLog) -> Glimpse | None:
    """Of as much as can be looked through while nobody waits."""
    for _ in range(REGIONS):
        if log.scan():
            break
    numbers = list(log.errors[-LINES:])
    found = [line for number in numbers for line in log.lines(number, number + 1)]
    if not found:
        found = [line for line in log.lines(max(0, log.count - 4 * LINES), log.count) if not line.marker][-LINES:]
    return Glimpse(tuple(found), log.count - log.markers) if found else None


def of_lines(lines: Iterable[SpoolLine]) -> Glimpse | None:
    """Of the lines around an error, as `X` finds them."""
    found = [line for line in lines if not line.marker]
    red = [line for line in found if line.level is Level.ERROR]
    return Glimpse(tuple((red or found)[-LINES:])) if found else None


class Glimpses:
    """By object. What is above an object keeps its glimpse unless it has a red one and the new one is not."""

    def __init__(self) -> None:
        self._kept: dict[Ref, Glimpse] = {}

    def get(self, ref: Ref) -> Glimpse | None:
        return self._kept.get(ref)

    def keep(self, refs: Sequence[Ref], glimpse: Glimpse | None, find: Callable[[Ref], Resource | None]) -> None:
        if glimpse is None:
            return
        for ref in refs:
            self._put(ref, glimpse)
            found = find(ref)
            for _ in range(DEEPEST):
                if found is None or found.parent is None:
                    break
                old = self._kept.get(found.parent)
                if glimpse.red or old is None or not old.red:
                    self._put(found.parent, glimpse)
                found = find(found.parent)

    def _put(self, ref: Ref, glimpse: Glimpse) -> None:
        self._kept.pop(ref, None)
        self._kept[ref] = glimpse
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
