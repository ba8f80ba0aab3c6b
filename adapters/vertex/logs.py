"""Logs of jobs: which there are, and what an entry looks like as a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import time

from adapters.frozen import dataclass
from adapters.model import ENDED, Kind, LogMode, LogSource, Ref
from adapters.vertex import wire
from adapters.vertex.mapping import culprit, part_ref, pools, run_ref, to_state

SERVICE = "service"
EVERYTHING = "all replicas"
MOST_SOURCES = 100
SETTLING = 30.0
"""Seconds after a job's end in which its last lines may still come in."""
PLAIN = frozenset({"DEFAULT", "INFO"})


@dataclass(frozen=True, slots=True)
class LogKey:
    """What is needed to ask for a log: the job, one of its nodes or "" for all, and since when it exists."""

    job: str
    node: str
    since: str

    def __str__(self) -> str:
        return json.dumps([self.job, self.node, self.since])

    @classmethod
    def parse(cls, text: str) -> LogKey:
        """Raises ValueError for what is no key."""
        parts = json.loads(text)
        if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) for part in parts):
            raise ValueError(f"{text!r} is not the key of a log")
        return cls(*parts)


def sources(context: str, job: wire.CustomJob, nodes: Sequence[str] | None = None) -> list[LogSource]:
    """The logs of these nodes; None asks for all of them, and for those of the whole job.

    The replica that the job's error names comes first; of a job that never ran, the service's own log.
    """
    every = [node for pool in pools(job) for node in pool.nodes]
    guilty = culprit(job)
    chosen = sorted(every if nodes is None else nodes, key=lambda node: node != guilty)[:MOST_SOURCES]
    found = [_source(context, job, part_ref(context, Kind.POD, job.id, node), node, node) for node in chosen]
    if nodes is not None:
        return found
    run = run_ref(context, job.id)
    if len(every) > 1:
        first = 1 if guilty in chosen else 0
        found.insert(first, _source(context, job, run, EVERYTHING, ""))
    found.insert(len(found) if job.start_time else 0, _source(context, job, run, SERVICE, SERVICE))
    return found


def _source(context: str, job: wire.CustomJob, ref: Ref, name: str, node: str) -> LogSource:
    key = LogKey(job.id, node, job.create_time or "")
    return LogSource(ref, name, LogMode.APPEND, None, _ended(job), str(key))


def _ended(job: wire.CustomJob) -> bool:
    """Whether the log is whole. A clock that disagrees with the server's must not keep it open for ever."""
    if to_state(job.state)[0] not in ENDED:
        return False
    finished = wire.instant(job.end_time)
    return finished is None or not 0 <= time() - finished < SETTLING


def line(entry: wire.LogEntry, *, with_node: bool) -> bytes:
    """One entry as the log has it: time, replica where there are several, text.

    The severity of what a container writes only tells stdout from stderr, so it is left out.
    """
    text = message(entry).rstrip("\n")
    captured = entry.json_payload is not None and "levelname" in entry.json_payload
    severity = "" if captured or entry.severity in PLAIN else f"{entry.severity} "
    node = f"{entry.resource.labels.get('task_name', 'unknown_task')} " if with_node else ""
    return f"{entry.timestamp} {node}{severity}{text}\n".encode("utf-8", "replace")


def message(entry: wire.LogEntry) -> str:
    payload = entry.json_payload
    if payload is not None:
        said = payload.get("message")
        return said if isinstance(said, str) else json.dumps(payload, ensure_ascii=False)
    if entry.text_payload is not None:
        return entry.text_payload
    return json.dumps(entry.proto_payload, ensure_ascii=False) if entry.proto_payload is not None else ""


def filter_text(key: LogKey, since: str) -> str:
    parts = ['resource.type="ml_job"', f"resource.labels.job_id={quoted(key.job)}"]
    if key.node:
        parts.append(f"resource.labels.task_name={quoted(key.node)}")
    if since:
        parts.append(f"timestamp>={quoted(since)}")
    return " AND ".join(parts)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
