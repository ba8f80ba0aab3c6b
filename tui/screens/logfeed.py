"""The logs behind a log screen: which sources there are, opened in the spool and followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.model import LogSource, Ref, Timestamp
from tui.core.glimpse import of_log
from tui.core.logfollow import follow
from tui.core.logspool import SpooledLog, SpoolError, spool_key
from tui.core.services import Services
from tui.core.text import safe

POLL = 2.0
AT_FULL_PACE = 8
"""From so many logs on each is asked less often, so that all of them ask no more than these would."""

MOST_MERGED = 40
"""The most useful ones of a run that has more logs; each is asked for by itself."""


class LogFeed:
    """One source per object, the one named `wanted` or else the most useful; `choices` are all names.

    With `merged` it is one of each part of a run, or all there are of an object without parts; `parts` is how
    many objects there are that have logs.
    """

    def __init__(
        self, services: Services, refs: Sequence[Ref], attempt: int | None, wanted: str, *, merged: bool = False
    ) -> None:
        self.services = services
        self.refs = tuple(refs)
        self.attempt = attempt
        self.wanted = wanted
        self.merged = merged
        self.parts = 0
        self.sources: list[LogSource] = []
        self.logs: list[SpooledLog] = []
        self.choices: list[str] = []
        self.attempts: int | None = None
        self.read_at: Timestamp | None = None
        self._done: set[int] = set()
        self.stopped = False
        self._first_time: Timestamp | None = None

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
            self.parts += len({each.ref for each in listed})
            self.choices = list(dict.fromkeys([*self.choices, *(each.name for each in listed)]))
            for source in self._chosen(listed)[: MOST_MERGED - len(self.logs)]:
                self.logs.append(self.services.spool.open(source))
                self.sources.append(source)
        if len(self.refs) == 1:
            found = self.services.store.find(self.refs[0])
            attempt = getattr(found, "attempt", None)
            known = [each for each in (attempt, *(source.attempt for source in self.sources)) if each is not None]
            self.attempts = max(known, default=None)

    def _chosen(self, listed: Sequence[LogSource]) -> Sequence[LogSource]:
        named = next((each for each in listed if each.name == self.wanted), listed[0])
        parts = list(dict.fromkeys(each.ref for each in listed))
        if not self.merged:
            return [named]
        if len(parts) == 1:
            return [named, *(each for each in listed if each is not named)]
        of_part = {ref: [each for each in listed if each.ref == ref] for ref in parts}
        return [next((each for each in of if each.name == named.name), of[0]) for of in of_part.values()]

    @property
    def keys(self) -> list[str]:
        """Which logs these are."""
        return [spool_key(source) for source in self.sources]

    @property
    def names(self) -> list[str]:
        """The SOURCE column; none for a single log."""
        if len(self.logs) < 2:
            return []
        found = [self.services.store.find(source.ref) for source in self.sources]
        objects = [each.name if each else source.ref.id for each, source in zip(found, self.sources, strict=True)]
        own = [source.name for source in self.sources]
        both = [f"{name} {log}" for name, log in zip(objects, own, strict=True)]
        preferred = [objects, own] if all(found) else [own, objects]
        named = next((names for names in preferred if len(set(names)) == len(names)), both)
        return [safe(name, 200)[-12:] for name in named]

    async def follow(self, index: int, on_change: Callable[[], None]) -> None:
        def changed() -> None:
            self.read_at = self.services.clock()
            on_change()

        source = self.sources[index]
        adapter = self.services.adapters[source.ref.context]
        poll = POLL * max(1.0, len(self.logs) / AT_FULL_PACE)
        try:
            await follow(adapter, source, self.logs[index], poll=poll, on_change=changed, clock=self.services.clock)
        except SpoolError as error:
            self.stopped = True
            self.services.memory.keep_trouble("spool", f"the log of {source.ref} was no longer kept: {error}")
            raise
        finally:
            self._done.add(index)

    @property
    def standing(self) -> str:
        """Whether what is shown is all there is."""
        if self.stopped:
            return "stopped, read"
        return "complete, read" if self.ended else "live"

    @property
    def ended(self) -> bool:
        return len(self._done) == len(self.logs)

    @property
    def first_time(self) -> Timestamp | None:
        if self._first_time is None:
            heads = [log.lines(0, min(20, log.count)) for log in self.logs]
            times = [line.time for head in heads for line in head if line.time is not None]
            if all(len(head) == 20 for head in heads):  # else more may come that is older
                self._first_time = min(times, default=None)
            return min(times, default=None)
        return self._first_time

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
