"""Logs of the backend through tailFile: the last 500,000 bytes, where the server can fetch them at all."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Sequence

from adapters.errors import AdapterError, NotFound, Unavailable, Unsupported
from adapters.jobmanager import wire
from adapters.jobmanager.api import JobManagerApi
from adapters.jobmanager.errors import crashed, not_there
from adapters.jobmanager.jobs import Found
from adapters.jobmanager.learned import Learned, Part
from adapters.jobmanager.mapping import Step, leaves, run_ref, task_ref, to_state
from adapters.jobmanager.wire import instant
from adapters.model import ENDED, LogChunk, LogMode, LogSource, State
from adapters.reply import NO_CONTENT

GS = re.compile(r"gs://([^/]+)/(.+)", re.DOTALL)
MOST_LOOKUPS = 8
NO_FILES = "this server does not hand out files"
NO_ATTEMPTS = "this server does not list attempts"


class Logs:
    def __init__(self, context: str, api: JobManagerApi, learned: Learned) -> None:
        self._context = context
        self._api = api
        self._learned = learned

    async def sources(self, found: Found, step: Step | None, attempt: int | None) -> list[LogSource]:
        """A log for each call: failed ones first, then running, then the newest; then the logs of the job itself.

        A call that was asked for has one even where nothing names it: reading it says why not.
        """
        if reason := self._learned.missing.get(Part.FILES):
            raise Unsupported(f"{self._context}: {reason}", executed=False)
        ended = to_state(found.job.status)[0] in ENDED
        works = sorted(leaves(found.steps if step is None else [step]), key=_usefulness)
        if attempt is not None:
            works = [work for work in works if attempt <= (work.attempt or 1)][:MOST_LOOKUPS]
        tried = await asyncio.gather(*(self._tried(found, work, attempt) for work in works))
        made: list[LogSource] = []
        for work, said in zip(works, tried, strict=True):
            if said is not None:
                earlier = attempt is not None and attempt < (work.attempt or 1)
                over = ended or earlier or work.state in ENDED
                made += self._of(found, work, said, attempt or work.attempt, over, asked=work is step)
        if step is None and attempt in (None, 1):
            own = run_ref(self._context, found.job.id)
            made += [
                LogSource(own, name, LogMode.WINDOW, None, ended, path)
                for name, path in found.job.extensions.logs.items()
                if isinstance(path, str) and path
            ]
        return made

    async def _tried(self, found: Found, work: Step, attempt: int | None) -> wire.Execution | None:
        """The try that is meant: the latest, unless another is named."""
        if attempt is None or attempt == (work.attempt or 1):
            return work.said
        attempts = await self.attempts(found, work)
        return next((each for each in attempts if each.attempt_number == attempt), None)

    async def attempts(self, found: Found, work: Step) -> Sequence[wire.Attempt]:
        """Every try of a task or shard. Raises Unsupported where the server has no such list."""
        if reason := self._learned.missing.get(Part.ATTEMPTS):
            raise Unsupported(f"{self._context}: {reason}", executed=False)
        name = work.task.name or ""
        try:
            if work.index is None:
                reply = await self._api.get_task_attempts(id=found.job.id, task=name)
            else:
                reply = await self._api.get_shard_attempts(id=found.job.id, task=name, index=str(work.index))
            made = wire.read(reply, wire.Attempts).attempts
        except AdapterError as error:
            if not not_there(error):
                raise
            reason = self._learned.lacks(Part.ATTEMPTS, NO_ATTEMPTS)
            raise Unsupported(f"{self._context}: {reason} ({error.status})", status=error.status) from None
        self._learned.has(Part.ATTEMPTS)
        return made

    def _of(
        self, found: Found, work: Step, said: wire.Execution, attempt: int | None, ended: bool, *, asked: bool
    ) -> list[LogSource]:
        ref = task_ref(self._context, found.job.id, work.task.name or "unnamed", work.index)
        paths = [(work.name, said.backend_log), (f"{work.name} stdout", said.stdout)]
        paths.append((f"{work.name} stderr", said.stderr))
        named = [(name, path) for name, path in paths if path]
        if not named and asked:
            named = [(work.name, "")]
        return [LogSource(ref, name, LogMode.WINDOW, attempt, ended, path or "") for name, path in named]

    async def read(self, source: LogSource, cursor: str | None, tail: int | None) -> LogChunk:
        """The window as it is now; the cursor is how long it was and its checksum."""
        if not source.key:
            raise NotFound(
                f"{self._context}: the server names no log of {source.name}",
                hint="it has not begun, or came from the cache",
                executed=False,
            )
        parts = GS.fullmatch(source.key)
        if parts is None:
            sentence = f"{self._context}: the log is at {source.key}, which this server does not read"
            raise Unsupported(sentence, executed=False)
        try:
            reply = await self._api.tail_file_contents(bucket=parts[1], object=parts[2])
        except AdapterError as error:
            return self._without(source, cursor, error)
        if reply.status == NO_CONTENT:
            reason = self._learned.lacks(Part.FILES, NO_FILES)
            raise Unsupported(f"{self._context}: {reason}; the log is at {source.key}", status=reply.status)
        self._learned.has(Part.FILES)
        return chunk(wire.read(reply, wire.FileContents), cursor, tail)

    def _without(self, source: LogSource, cursor: str | None, error: AdapterError) -> LogChunk:
        """An answer for a log that goes on and is not there yet; the error of any other."""
        yet_to_come = isinstance(error, NotFound) and not not_there(error)
        if not source.ended and (yet_to_come or (crashed(error) and Part.FILES in self._learned.seen)):
            return LogChunk(b"", cursor or "", True, note="nothing is in it yet" if cursor is None else None)
        if yet_to_come:
            return _raise(NotFound(f"{self._context}: no log at {source.key}", status=error.status))
        if crashed(error):
            return _raise(
                Unavailable(
                    f"{self._context}: the server could not read {source.key} (500)",
                    hint="an empty log, and a server that does not read files, answer so too",
                    status=error.status,
                )
            )
        return _raise(error)


def _raise(error: AdapterError) -> LogChunk:
    raise error from None


def _usefulness(work: Step) -> tuple[int, float]:
    rank = {State.FAILED: 0, State.RUNNING: 1, State.ABORTING: 1}.get(work.state, 2)
    at = instant(work.said.end if rank == 0 else work.said.start) or 0.0
    return (rank, at if rank == 0 else -at)


def chunk(found: wire.FileContents, cursor: str | None, tail: int | None) -> LogChunk:
    """What the window holds, unless it is the one that was read before."""
    data = found.contents.encode("utf-8", "replace")
    now = f"{len(data)}:{zlib.crc32(data)}"
    note = f"starts late: the server gives only the last {len(data):,} bytes" if found.truncated else None
    size = None if found.truncated else len(data)
    if now == cursor:
        return LogChunk(b"", now, True, size)
    return LogChunk(data if tail is None else data[max(0, len(data) - tail) :], now, True, size, note)
