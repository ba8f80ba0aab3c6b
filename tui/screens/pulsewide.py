"""The pulse on a wide and tall screen: two halves, with tables of causes, owners, waits and contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from adapters.model import Kind, State
from tui.core import format
from tui.core.pulse import HOST_ORDER, MARKS, Pulse, Signal
from tui.core.pulsetally import Tally, Wait
from tui.core.text import cut, pad, safe
from tui.screens.pulserows import (
    LEAD,
    NOW_WIDE,
    Entry,
    Look,
    PulseRow,
    blank,
    host_rows,
    pool_head,
    pool_row,
    right,
    seconds,
    signal_head,
    signal_row,
)
from tui.widgets.draw import Piece
from tui.widgets.sections import Row

HALF = 80
"""Columns of the left half."""

MOST = 6
NAME, COUNT = 32, 6


@dataclass(frozen=True, slots=True)
class Answer:
    """How a context answers: its marks are the p95 of its calls as this session has seen it."""

    name: str
    state: str
    marks: Sequence[float | None]
    now: float | None


def left_rows(pulse: Pulse, signals: Sequence[Signal], look: Look) -> list[PulseRow]:
    """The signals, and below them what failed and who has runs now."""
    rows = [signal_head(pulse.now, look), *(signal_row(each, pulse, look) for each in signals)]
    rows += [blank(), _head("CAUSE, 24h", ("RUNS↓",), look, "WHERE")]
    rows += [_cause(each, look) for each in pulse.causes[:MOST]] or [_none("nothing failed in 24h")]
    rows += [blank(), _head("OWNER, now", ("RUN↓", "WAIT", "GPU"), look)]
    return rows + (
        [_owner(each, look) for each in sorted(pulse.owners, key=lambda each: -each.running)[:MOST]]
        or [_none("no run that waits or runs names one")]
    )


def right_rows(pulse: Pulse, answers: Sequence[Answer], look: Look, hosts: bool) -> list[PulseRow]:
    """Where there is room: pools, hosts, who waits longest, and how the contexts answer."""
    if pulse.pools:
        head = PulseRow(replace(pool_head(pulse.pools[0], look).row, head=True))
        rows = [head, *(pool_row(each, look) for each in pulse.pools[:MOST])]
    else:
        said = (("POOL            none of these contexts has pools", "muted"),)
        rows = [PulseRow(Row(said, head=True))]
    if hosts:
        rows += [blank(), *host_rows(pulse.hosts, look, lines=9, counted=_counted(pulse.hosts, look))]
    rows += [blank(), _head("LONGEST WAIT", ("FOR↓",), look, "WHAT IT WAITS FOR")]
    rows += [_wait(each, pulse.now, look) for each in pulse.waits] or [_none("nothing waits")]
    lead = pad("CONTEXT", 2 + LEAD) + pad(f"answers in {look.span}", look.marks) + right("P95", NOW_WIDE)
    return [*rows, blank(), PulseRow(Row(((lead, "muted"),))), *(_answer(each, look) for each in answers)]


def _head(lead: str, numbers: Sequence[str], look: Look, last: str = "") -> PulseRow:
    text = pad(lead, 2 + NAME) + "  ".join([*(right(title, COUNT) for title in numbers), last])
    return PulseRow(Row(((text.replace("↓", "v") if look.ascii else text, "muted"),)))


def _none(said: str) -> PulseRow:
    return PulseRow(Row((("  " + said, "muted"),)))


def _name(text: str, look: Look) -> str:
    return pad(cut(safe(text, 200), NAME - 2, ascii=look.ascii), NAME)


def _cause(tally: Tally, look: Look) -> PulseRow:
    sign = format.symbol(State.FAILED, look.ascii)
    room = max(8, look.width - 2 - NAME - COUNT - 2)
    pieces: tuple[Piece, ...] = (
        (f"{sign} ", "failed"),
        (_name(tally.title, look), "text"),
        (right(format.count(tally.count), COUNT) + "  ", "text"),
        (cut(safe(tally.where, 200), room, ascii=look.ascii), "muted"),
    )
    said = f"{tally.count} runs failed in 24h: {safe(tally.title, 60)}"
    said += f", {safe(tally.where)}" if tally.where else ""
    entry = Entry(f"causes {tally.title}", safe(tally.title), Kind.RUN, items=(tally,), said=said)
    return PulseRow(Row(pieces, full=said), entry)


def _owner(tally: Tally, look: Look) -> PulseRow:
    gpus = format.NOTHING if tally.gpus is None else format.count(tally.gpus)
    numbers = (format.count(tally.running), format.count(tally.waiting), gpus)
    text = "  ".join(right(number, COUNT) for number in numbers)
    said = f"{safe(tally.title, 60)}: {tally.running} running, {tally.waiting} waiting, {gpus} gpu"
    entry = Entry(f"owners {tally.title}", safe(tally.title), Kind.RUN, items=(tally,), said=said)
    return PulseRow(Row((("  ", "text"), (_name(tally.title, look) + text, "text")), full=said), entry)


def _wait(wait: Wait, now: float, look: Look) -> PulseRow:
    what, sign = safe(wait.what, 200), format.symbol(wait.state, look.ascii)
    lasted = format.age(now - wait.since)
    room = max(8, look.width - 2 - NAME - COUNT - 2)
    pieces: tuple[Piece, ...] = (
        (f"{sign} ", format.state_token(wait.state)),
        (_name(wait.name, look), "text"),
        (right(lasted, COUNT) + "  ", "text"),
        (cut(what, room, ascii=look.ascii), "muted"),
    )
    said = f"{safe(wait.name, 60)} in {wait.ref.context} waits for {lasted}: {what}"
    entry = Entry(f"wait {wait.ref}", safe(wait.name), Kind.RUN, "state=pending,queued", said=said, ref=wait.ref)
    return PulseRow(Row(pieces, full=said), entry)


_STATES = {
    "ok": (State.SUCCEEDED, "ok"),
    "slow": (State.LOST, "waiting"),
    "down": (State.FAILED, "failed"),
    "unknown": (State.UNKNOWN, "stale"),
}


def _answer(answer: Answer, look: Look) -> PulseRow:
    state, token = _STATES[answer.state]
    spark = format.sparkline(answer.marks, look.ascii)[MARKS - look.marks :]
    pieces: tuple[Piece, ...] = (
        (f"{format.symbol(state, look.ascii)} ", token),
        (pad(cut(answer.name, LEAD - 1, ascii=look.ascii), LEAD), "text"),
        (spark, "muted"),
        (right(seconds(answer.now), NOW_WIDE), "text"),
    )
    told = seconds(answer.now)
    said = f"{answer.name} is {answer.state}; 19 of 20 answers come within {told}; enter shows the contexts"
    entry = Entry(f"context {answer.name}", answer.name, None, said=said)
    return PulseRow(Row(pieces, red=answer.state == "down", full=said), entry)


def _counted(hosts: Sequence[State], look: Look) -> tuple[Piece, ...]:
    """`HOSTS 412   ✗ 5 down   ▾ 9 draining`: the states there are, the worst first."""
    pieces: list[Piece] = []
    for state, found in groupby(sorted(hosts, key=HOST_ORDER.index)):
        pieces += [
            (f"   {format.symbol(state, look.ascii)}", format.state_token(state)),
            (f" {format.count(len(list(found)))} {state.value}", "muted"),
        ]
    return tuple(pieces)
