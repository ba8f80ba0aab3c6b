"""The logs behind a log screen: which sources there are, opened in the spool and followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.model import LogSource, Ref, Timestamp
from tui.core.glimpse import of_log
from tui.core.logfollow import follow
from tui.core.logspool import SpooledLog
from tui.core.services import Services
from tui.core.text import safe

POLL = 2.0


class LogFeed:
    """One source per object, the one named `wanted` or else the most useful; `choices` are all names."""

    def __init__(self, services: Services, refs: Sequence[Ref], attempt: int | None, wanted: str) -> None:
        self.services = services
        self.refs = tuple(refs)
        self.attempt = attempt
        self.wanted = wanted
        self.sources: list[LogSource] = []
        self.logs: list[SpooledLog] = []
        self.choices: list[str] = []
        self.attempts: int | None = None
        self.read_at: Timestamp | None = None
        self._done: set[int] = set()

    async def open(self) -> None:
        """Raises AdapterError and SpoolError when no object has a log that can be opened."""
        for ref in self.refs:
            try:
                listed = await self.services.adapters[ref.context].log_sources(ref, attempt=self.attempt)
            except Exception:
                if len(self.refs) == 1:
                    raise
                continue
            if not listed:
                continue
            source = next((each for each in listed if each.name == self.wanted), listed[0])
            self.logs.append(self.services.spool.open(source))
            self.sources.append(source)
            self.choices = list(dict.fromkeys(each.name for each in listed))
        if len(self.refs) == 1:
            found = self.services.store.find(self.refs[0])
            attempt = getattr(found, "attempt", None)
            known = [each for each in (attempt, *(source.attempt for source in self.sources)) if each is not None]
            self.attempts = max(known, default=None)

    @property
    def names(self) -> list[str]:
        """The SOURCE column; none for a single log."""
        if len(self.logs) < 2:
            return []
        found = (self.services.store.find(source.ref) for source in self.sources)
        named = [
            safe(each.name if each else source.ref.id, 200)
            for each, source in zip(found, self.sources, strict=True)
        ]
        return [name[-12:] for name in named]

    async def follow(self, index: int, on_change: Callable[[], None]) -> None:
        def changed() -> None:
            self.read_at = self.services.clock()
            on_change()

        source = self.sources[index]
        adapter = self.services.adapters[source.ref.context]
        try:
            await follow(adapter, source, self.logs[index], poll=POLL, on_change=changed, clock=self.services.clock)
        finally:
            self._done.add(index)

    @property
    def ended(self) -> bool:
        return len(self._done) == len(self.logs)

    @property
    def first_time(self) -> Timestamp | None:
        times = [
            line.time for log in self.logs for line in log.lines(0, min(20, log.count)) if line.time is not None
        ]
        return min(times, default=None)

    @property
    def last_time(self) -> Timestamp | None:
        times: list[Timestamp] = []
        for log in self.logs:
            lines = log.lines(max(0, log.count - 50), log.count)
            times += [line.time for line in reversed(lines) if line.time is not None][:1]
        return max(times, default=None)

    def close(self) -> None:
        find = self.services.store.find
        for log, source in zip(self.logs, self.sources, strict=True):
            asked = self.refs if len(self.logs) == 1 else ()
            self.services.glimpses.keep(list(dict.fromkeys((source.ref, *asked))), of_log(log), find)
            log.close()
