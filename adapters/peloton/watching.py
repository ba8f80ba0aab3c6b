"""Changes of runs and pods as the job manager streams them, turned into domain objects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

from adapters.errors import AdapterError, Conflict, Unavailable, Unsupported
from adapters.model import Json, Kind, Ref, Resource
from adapters.peloton import mapping, wire
from adapters.peloton.ids import split_pod_name
from adapters.peloton.reads import Reader, parsed
from adapters.peloton.states import short
from adapters.peloton.streams import NOT_SET, Streams
from adapters.peloton.wire_streams import PodSummary, WatchMessage
from adapters.port import YES, Capability, Change, ChangeType, Query

OVERFLOW = "event overflow"
PAUSE_AFTER_OVERFLOW = 1.0


class Watching:
    """`capability` is what the last look at the gRPC port has shown."""

    def __init__(self, context: str, streams: Streams, reader: Reader) -> None:
        self.context = context
        self.streams = streams
        self.reader = reader
        wanted = streams.wanted
        self.capability = Capability(False, "its gRPC port has not answered yet" if wanted else NOT_SET, wanted)

    async def probe(self) -> None:
        """Learn whether there is a watch. Raises Unavailable when that may be otherwise later."""
        if not self.streams.wanted:
            return
        try:
            await self.streams.check()
        except AdapterError as error:
            reason = error.sentence.removeprefix(f"{self.context}: ")
            self.capability = Capability(False, reason, wanted=True)
            raise
        self.capability = YES

    def watch(self, kind: Kind, query: Query) -> AsyncIterator[Change]:
        """Changes of all runs, or of the pods of one. Unsupported for other lists, before anything is sent."""
        if not self.streams.wanted:
            raise Unsupported(f"{self.context}: {NOT_SET}", executed=False)
        return self._changes(self._request(kind, query))

    def _request(self, kind: Kind, query: Query) -> dict[str, Json]:
        parent = query.parent
        if not query.active and kind is Kind.RUN and parent is None:
            return {"statelessJobFilter": {}}
        if not query.active and kind is Kind.POD and parent is not None and parent.kind is Kind.RUN:
            return {"podFilter": {"jobId": parent.id}}
        raise Unsupported(f"{self.context}: this list of {kind.plural} has no watch; it is polled", executed=False)

    async def _changes(self, request: dict[str, Json]) -> AsyncIterator[Change]:
        """RELIST once the watch is open, as it brings no snapshot, and again after each overflow."""
        while True:
            messages = self.streams.watch(request)
            try:
                async with contextlib.aclosing(messages):  # type: ignore[type-var]  # it is a generator
                    opened = False
                    async for raw in messages:
                        message = parsed(WatchMessage, raw, self.context)
                        if not opened:
                            opened = True
                            yield Change(ChangeType.RELIST)
                        for change in await self._told(message):
                            yield change
            except Conflict as error:
                if OVERFLOW not in error.sentence:
                    raise
                await asyncio.sleep(PAUSE_AFTER_OVERFLOW)
            else:
                raise Unavailable(f"{self.context}: the server has ended the watch", executed=False)

    async def _told(self, message: WatchMessage) -> list[Change]:
        gone = [Ref(self.context, Kind.RUN, job) for job in message.stateless_jobs_not_found]
        gone += [Ref(self.context, Kind.POD, pod) for pod in message.pods_not_found]
        runs = await self._runs(message.stateless_jobs)
        pods = [await self._pod(pod) for pod in message.pods]
        return [*(_change(found) for found in (*runs, *pods)), *(Change(ChangeType.REMOVE, ref) for ref in gone)]

    async def _runs(self, jobs: Iterable[wire.JobSummary]) -> list[Resource]:
        tree = await self.reader.tree() if jobs else None
        return [self.reader.run(job, tree) for job in jobs] if tree is not None else []

    async def _pod(self, summary: PodSummary) -> Resource:
        """Its labels stand in its spec, which a watch does not tell: those it was last listed with."""
        job = split_pod_name(summary.pod_name)[0]
        try:
            name = await self.reader.job_name(job)
        except AdapterError:
            name = None
        spec = wire.PodSpec(pod_name=summary.pod_name, labels=self.reader.pod_labels.get(summary.pod_name, ()))
        return mapping.pod(self.context, wire.PodInfo(spec=spec, status=summary.status), job, name)


def _change(found: Resource) -> Change:
    if short(found.native_state) == "DELETED":
        return Change(ChangeType.REMOVE, found.ref)
    return Change(ChangeType.PUT, found.ref, found)
