"""Listing jobs completely, although QueryJobs caps both its pages and its totals.

The list is walked backwards in time: each page asks for the newest jobs created up to a moment, and the next
moment is the creation of the last job given. Jobs created within one millisecond of each other are re-asked
and left out by id; only where a page does not get past one moment is the offset used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from adapters.errors import Invalid
from adapters.frozen import dataclass
from adapters.model import Json
from adapters.peloton import states, wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.pools import PoolTree
from adapters.peloton.request import ENUM_NUMBERS
from adapters.port import Op, Query, Term

PAGE = 100
MARGIN = 1_000_000
EPOCH = states.rfc3339(0)
FAR = 7_258_118_400 * 10**9
"""The year 2200: later than any job, whatever the clocks of this machine and of the servers say."""

PLAIN = re.compile(r"[A-Za-z0-9_-]{2,}")


@dataclass(frozen=True, slots=True)
class Window:
    """Jobs created up to `before` (ns), without the `seen` ones, from `offset` on."""

    before: int = FAR
    offset: int = 0
    seen: tuple[str, ...] = ()

    def text(self) -> str:
        return json.dumps([self.before, self.offset, self.seen], separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Window:
        try:
            before, offset, seen = json.loads(text)
            return cls(int(before), int(offset), tuple(str(job) for job in seen))
        except (ValueError, TypeError):
            raise Invalid("this is not a cursor of the job list", executed=False) from None


@dataclass(frozen=True, slots=True)
class JobsPage:
    jobs: tuple[wire.JobSummary, ...]
    following: Window | None
    total: int | None


async def read_window(api: PelotonApi, wanted: Mapping[str, Json], window: Window, limit: int) -> JobsPage:
    """At most `limit` jobs, newest first; `total` only where the server's cap cannot have cut it."""
    size = min(PAGE, limit + len(window.seen))
    cap = window.offset + size + 1
    answer = await api.query_jobs(
        {
            **wanted,
            "creationTimeRange": {"min": EPOCH, "max": states.rfc3339(window.before)},
            "pagination": {"offset": window.offset, "limit": size, "maxLimit": cap},
        }
    )
    records = answer.records
    fresh: list[wire.JobSummary] = []
    used = 0
    for record in records:
        if len(fresh) == limit:
            break
        used += 1
        if record.job_id not in window.seen:
            fresh.append(record)
    total = answer.pagination.total
    more = used < len(records) or len(records) >= size or total > window.offset + len(records)
    following = _next(window, records, used) if more and used else None
    exact = total if window.offset == 0 and not window.seen and len(records) <= total < cap else None
    return JobsPage(tuple(fresh), following, exact)


def _created(job: wire.JobSummary) -> int | None:
    return states.nanoseconds(job.status.creation_time) or states.nanoseconds(job.status.revision.created_at)


def _next(window: Window, records: Sequence[wire.JobSummary], used: int) -> Window:
    """The window after the first `used` records; what it will show again is `seen`."""
    given, rest = records[:used], {job.job_id for job in records[used:]}
    last = _created(given[-1])
    end = window.before if last is None else min(window.before, last + MARGIN)
    near = [job.job_id for job in given if (_created(job) or 0) <= end]
    kept = [job for job in window.seen if window.offset or end == window.before or job in rest]
    seen = tuple(dict.fromkeys([*kept, *near]))
    if end == window.before:
        return Window(window.before, window.offset + used, seen)
    return Window(end, 0, seen)


def job_states(words: Sequence[str]) -> list[Json]:
    return [ENUM_NUMBERS[f"JOB_STATE_{word}"] for word in words]


def query_spec(query: Query, tree: PoolTree) -> tuple[dict[str, Json], frozenset[Term]] | None:
    """The server's side of a query, and which terms it covers; None when nothing can match.

    Names and owners go as keywords, which are matched anywhere in the configuration without regard to case:
    always a superset. A pool goes only by a path that exists, as the server ignores any other.
    """
    spec: dict[str, Json] = {}
    applied: set[Term] = set()
    words = list(states.live(states.JOB)) if query.active else list(states.JOB)
    keywords: list[Json] = []
    for term in query.terms:
        if term.field == "state" and term.op is Op.EQ:
            native = states.native_for(states.JOB, term.values)
            if native is not None:
                words = [word for word in words if word in native]
                applied.add(term)
        elif term.field in ("name", "owner") and term.op in (Op.EQ, Op.MATCH) and len(term.values) == 1:
            if PLAIN.fullmatch(term.values[0]):
                keywords.append(term.values[0])
                applied.add(term)
        elif term.field in ("pool", "group") and term.op is Op.EQ and len(term.values) == 1:
            respool = tree.id_of(term.values[0])
            if respool is not None and "respool" not in spec and not tree.children(respool):
                spec["respool"] = tree.path(respool)
                applied.add(term)
    if not words:
        return None
    if len(words) < len(states.JOB):
        spec["jobStates"] = job_states(words)
    if keywords:
        spec["keywords"] = keywords
    return spec, frozenset(applied)
