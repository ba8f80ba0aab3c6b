"""The log of one try of a step as text at a time: deterministic, and only ever appended to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from adapters.mock.behaviour import Phase, Span
from adapters.mock.stories import LINE_EVERY, OPENINGS, work_line

TAIL_EVERY = 1.2  # seconds between the lines that tell of a failure


def work_log(kind: str, span: Span, key: int, now: float, stamp: Callable[[float], float] = float) -> str:
    """What the container of `span` has written by `now`; `stamp` turns simulated times into told ones."""
    if now < span.start or (span.story is not None and not span.story.started):
        return ""
    lines = [_line(stamp(at), text) for at, text in written(kind, span, key, min(now, span.end))]
    if span.outcome is Phase.ABORTED and now >= span.end:
        lines.append(_line(stamp(span.end), "INFO signal: SIGTERM received, stopping"))
    return "".join(lines)


def written(kind: str, span: Span, key: int, until: float) -> Iterator[tuple[float, str]]:
    """Lines with their times until then, oldest first. The end and its story are known from the start."""
    end = span.end if span.natural_end is None else span.natural_end
    story = span.story.lines if span.story is not None else ()
    length = min(end - span.start, 1e9)
    gap = min(TAIL_EVERY, length / (4 * len(story))) if story else 0.0
    tail = end - gap * len(story)
    every = pace(kind, length)
    most = len(OPENINGS["driver"]) if kind == "driver" else 1_000_000
    for number in range(most):
        at = span.start + number * every
        if at > until or at >= tail:
            break
        yield at, work_line(kind, number, key)
    for number, text in enumerate(story):
        at = tail + number * gap
        if at > until:
            break
        yield at, text


def pace(kind: str, length: float) -> float:
    """Seconds between two lines of work of that length."""
    return min(LINE_EVERY.get(kind, 2.0), max(0.2, length / 40))


def _line(at: float, text: str) -> str:
    if not text.startswith(("INFO ", "WARNING ", "ERROR ")):
        return f"{text}\n"
    whole = int(at)
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return f"{clock}.{int((at - whole) * 1000):03d}Z {text}\n"
