"""Logs by KFP's log endpoint: always the whole log, always status 200, failures as JSON at its end."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence

from adapters.frozen import dataclass
from adapters.kfp import wire
from adapters.kfp.mapping import below, task_ref, to_state
from adapters.kfp.tree import Step
from adapters.model import ENDED, LogChunk, LogMode, LogSource, State

FAILURE = re.compile(rb'\{\s*"error_message"')
LONGEST_FAILURE = 16 * 1024
CURSOR = re.compile(r"(\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class LogKey:
    """What is needed to fetch a log: the run, and the names its pod may have."""

    run_id: str
    pods: tuple[str, ...]

    def __str__(self) -> str:
        return json.dumps([self.run_id, *self.pods])

    @classmethod
    def parse(cls, text: str) -> LogKey:
        """Raises ValueError for what is no key."""
        parts = json.loads(text)
        if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
            raise ValueError(f"{text!r} is not the key of a log")
        return cls(parts[0], tuple(parts[1:]))


def sources(
    context: str, run: wire.RunRow, steps: Sequence[Step], step: Step | None, attempt: int | None
) -> list[LogSource]:
    """A log for each piece of work in the run, or under `step`: failed ones first, then running, then the newest.

    A step whose pod nothing names has a source all the same if it was asked for: reading it says why not.
    """
    chosen = [found for found in (steps if step is None else [step, *below(step)]) if _tried(found, attempt)]
    run_ended = to_state(run.state)[0] in ENDED
    found = []
    for work in sorted(chosen, key=_usefulness):
        pods = tuple(work.pods)
        if not pods and work is not step:
            continue
        ref = task_ref(context, run.run_id, work.id)
        name = f"{work.parent.name} {work.name}" if work.role and work.parent else work.name
        ended = run_ended or to_state(work.task.state)[0] in ENDED
        found.append(LogSource(ref, name, LogMode.REFETCH, work.attempt, ended, str(LogKey(run.run_id, pods))))
    return found


def _tried(step: Step, attempt: int | None) -> bool:
    """Whether the step is work done by a pod, and the try that is meant: the latest unless another is named."""
    if step.role == "executor" and step.parent is not None:
        return step.attempt == (attempt or step.parent.attempt)
    return step.leaf and not step.children and attempt in (None, step.attempt or 1)


def _usefulness(step: Step) -> tuple[int, float]:
    state = to_state(step.task.state)[0]
    rank = {State.FAILED: 0, State.RUNNING: 1, State.ABORTING: 1}.get(state, 2)
    moment = wire.instant(step.task.end_time if rank == 0 else step.task.start_time) or 0.0
    return (rank, moment if rank == 0 else -moment)


def parse_body(raw: bytes) -> tuple[bytes, str | None]:
    """The log itself, and what the server says went wrong at its end."""
    tail = raw[-LONGEST_FAILURE:]
    for match in reversed(list(FAILURE.finditer(tail))):
        try:
            failure = json.loads(tail[match.start() :])
        except ValueError:
            continue
        if isinstance(failure, dict) and failure.keys() <= {"error_message", "error_details"}:
            said = failure.get("error_message") or failure.get("error_details")
            return raw[: len(raw) - len(tail) + match.start()], " ".join(str(said).split())[:500]
    return raw, None


def seen(cursor: str | None) -> int:
    """How many bytes the reader has."""
    given = CURSOR.fullmatch(cursor or "")
    return int(given[1]) if given else 0


def chunk(body: bytes, problem: str | None, cursor: str | None, tail: int | None) -> LogChunk:
    """What is new since the cursor, which is how many bytes were seen and their checksum."""
    notes = [f"the server: {problem}"] if problem else []
    start = seen(cursor)
    if start:
        if f"{start}:{zlib.crc32(body[:start])}" != cursor or start > len(body):
            notes.insert(0, "the log is not the one read before; it follows from its beginning")
            start = 0
    elif tail is not None:
        start = max(0, len(body) - tail)
    return LogChunk(
        data=body[start:],
        cursor=f"{len(body)}:{zlib.crc32(body)}",
        at_end=True,
        size=len(body),
        note="; ".join(notes) or None,
    )
