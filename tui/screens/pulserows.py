"""The lines of the pulse: signals, pools, causes, owners and hosts, and what each of them opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from adapters.model import Kind, Ref, State
from tui.core import format
from tui.core.pulse import FEWEST_DAYS, MARKS, SPANS, PoolUse, Pulse, Signal, host_marks
from tui.core.pulsetally import Tally
from tui.core.text import cut, pad, safe
from tui.widgets.draw import Piece, width_of
from tui.widgets.sections import Row

LEAD, NOW_WIDE, USUAL_WIDE = 14, 6, 7
MOST_TITLE = 26
"""Columns of a cause or owner where several share a line."""

TALL = 30
"""From so many lines on causes and owners have a line each."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the cursor is on. `parent` is a pool whose runs it opens; `items` are chosen from by ← and →.

    `ref` is an object that it opens, `contexts` those whose rows it opens, if not all that are shown.
    """

    id: str
    title: str
    kind: Kind | None
    filter: str = ""
    parent: Ref | None = None
    items: tuple[Tally, ...] = ()
    said: str = ""
    ref: Ref | None = None
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PulseRow:
    row: Row
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How much room there is, where the cursor is, and which item of a line is chosen."""

    width: int
    height: int
    cursor: str = ""
    chosen: Mapping[str, int] | None = None
    ascii: bool = False
    span: str = "24h"

    @property
    def tall(self) -> bool:
        return self.height >= TALL

    @property
    def marks(self) -> int:
        return max(0, min(MARKS, self.width - 2 - LEAD - NOW_WIDE - USUAL_WIDE))


def pulse_rows(pulse: Pulse, signals: Sequence[Signal], look: Look, hosts: bool) -> list[PulseRow]:
    """All lines; `hosts` says whether any of the contexts has hosts at all."""
    rows = [signal_head(pulse.now, look), *(signal_row(each, pulse, look) for each in signals)]
    if pulse.pools:
        rows += [blank(), pool_head(pulse.pools[0], look)]
        rows += [pool_row(each, look) for each in pulse.pools[: 8 if look.tall else 3]]
    rows.append(blank())
    rows += _tallies("causes", "CAUSES 24h", pulse.causes, look, "nothing failed in 24h")
    rows += _tallies("owners", "OWNERS now", pulse.owners, look, "no run that waits or runs names one")
    return rows + (host_rows(pulse.hosts, look, lines=5 if look.tall else 2) if hosts else [])


def blank() -> PulseRow:
    return PulseRow(Row((("", "text"),)))


def right(text: str, width: int) -> str:
    return pad(text, width, right=True)


def signal_head(now: float, look: Look) -> PulseRow:
    clock = format.clock(now, now)[:5]
    minutes = SPANS[look.span] / MARKS / 60
    each = f"{minutes:g}min" if minutes < 60 else format.age(minutes * 60)
    title = cut(f"{look.span}, one mark = {each}", max(0, look.marks - len(clock) - 1))
    middle = pad(title, look.marks - len(clock)) + clock if look.marks > len(clock) else " " * look.marks
    text = pad("SIGNAL", 2 + LEAD) + middle + right("NOW", NOW_WIDE) + right("USUAL", USUAL_WIDE)
    return PulseRow(Row(((text, "muted"),), head=True))


def seconds(value: float | None) -> str:
    if value is None:
        return format.NOTHING
    return f"{value * 1000:.0f}ms" if value < 1 else f"{value:.1f}s"


def _value(signal: Signal, value: float | None) -> str:
    if value is None:
        return format.NOTHING
    if signal.id == "p95":
        return seconds(value)
    return format.count_cell(value)


def signal_row(signal: Signal, pulse: Pulse, look: Look) -> PulseRow:
    token = "failed" if signal.outside else "text"
    sign = {"running": State.RUNNING}.get(signal.id)
    mark = "!" if signal.outside else format.symbol(sign, look.ascii) if sign else " "
    spark = format.sparkline(signal.marks, look.ascii)[MARKS - look.marks :]
    pieces: list[Piece] = [
        (f"{mark} ", token),
        (pad(signal.title, LEAD), token),
        (spark, token if signal.outside else "muted"),
        (right(_value(signal, signal.now), NOW_WIDE), token),
        (right(_value(signal, signal.usual), USUAL_WIDE), "muted"),
    ]
    entry = Entry(signal.id, signal.title, signal.kind, signal.filter, said=_said(signal, pulse))
    return PulseRow(Row(tuple(pieces), red=signal.outside, full=entry.said), entry)


def _said(signal: Signal, pulse: Pulse) -> str:
    now = _value(signal, signal.now)
    if signal.id == "hosts":
        return f"{now} hosts are not up; the marks are what this session has seen"
    if signal.id == "p95":
        return f"19 of 20 answers come within {now}; the marks are what this session has seen"
    said = f"{now} {signal.title}"
    if signal.id == "failed":
        said = f"{now} failed in the last hour" if signal.now is not None else "the last hour is not loaded"
        found = ", ".join(f"{each.count} {each.title}" for each in pulse.failed_hour[:2])
        said += f": {found}" if found and signal.now else ""
    if signal.usual is None:
        return f"{said}; usual: needs {FEWEST_DAYS} loaded days, has {len(signal.days)}"
    span = f"{min(signal.days):g}-{max(signal.days):g}"
    return f"{said}; usual now: {signal.usual:g} ({len(signal.days)} days, {span})"


def pool_head(first: PoolUse, look: Look) -> PulseRow:
    legend = "used #  slack =  | reserved" if look.ascii else "█used ▒slack │resv"
    unit = first.capacity.kind if first.capacity else ""
    text = pad("POOL", 2 + LEAD) + pad(cut(f"{unit} {legend}".strip(), look.marks), look.marks)
    return PulseRow(Row(((text + right("USED", NOW_WIDE) + right("WAIT", USUAL_WIDE), "muted"),)))


def pool_row(use: PoolUse, look: Look) -> PulseRow:
    token = "waiting" if use.full else "text"
    name = cut(safe(use.name), LEAD - 1, ascii=look.ascii)
    bar = format.pool_bar(use.capacity, look.marks, look.ascii) if use.capacity else " " * look.marks
    pieces: list[Piece] = [
        ("! " if use.full else "  ", token),
        (pad(name, LEAD), token),
        (bar, token if use.full else "muted"),
        (right(format.percent(use.share), NOW_WIDE), token),
        (right(format.count(use.waiting), USUAL_WIDE), "text"),
    ]
    said = f"{safe(use.name)}  {use.ref.context}"
    if use.capacity is not None:
        found = use.capacity
        said += f"  {_amount(found.allocation)} of {_amount(found.limit)} {safe(found.kind)}"
    entry = Entry(f"pool {use.ref}", safe(use.name), Kind.RUN, parent=use.ref, said=said)
    return PulseRow(Row(tuple(pieces), red=use.full, full=said), entry)


def _amount(value: float | None) -> str:
    return format.NOTHING if value is None else f"{value:g}"


def _tallies(id: str, head: str, tallies: Sequence[Tally], look: Look, none: str) -> list[PulseRow]:
    lead = (pad(head, LEAD), "muted")
    if not tallies:
        return [PulseRow(Row((lead, (none, "muted"))))]
    if look.tall:
        return [_tally_line(id, head, each, first=each is tallies[0]) for each in tallies[:6]] + [blank()]
    entry = Entry(id, head.split()[0].lower(), Kind.RUN, items=tuple(tallies))
    at = min((look.chosen or {}).get(id, 0), len(tallies) - 1)
    pieces: list[Piece] = [lead]
    for index, each in enumerate(tallies):
        on = look.cursor == id and index == at
        more = len(tallies) - index - 1
        title = cut(safe(each.title, 200), MOST_TITLE, ascii=look.ascii)
        item: list[Piece] = [(title, "key" if on else "text")]
        item.insert(*((1, (f" {each.count}", "muted")) if id == "owners" else (0, (f"{each.count} ", "muted"))))
        room = look.width - (12 if more else 0)
        if width_of(pieces) + width_of(item) > room and index:
            pieces.append((f"{more + 1} others", "muted"))
            entry = replace(entry, items=tuple(tallies[:index]))
            break
        pieces += [*item, ("   ", "text")]
    at = min(at, len(entry.items) - 1)
    said = f"{entry.items[at].count} runs: {safe(entry.items[at].title, 60)}"
    return [PulseRow(Row(tuple(pieces), full=said), replace(entry, said=said))]


def _tally_line(id: str, head: str, tally: Tally, *, first: bool) -> PulseRow:
    title = safe(tally.title, 60)
    said = f"{tally.count} runs: {title}"
    pieces: list[Piece] = [
        (pad(head if first else "", LEAD), "muted"),
        (right(str(tally.count), 5) + "  ", "text"),
    ]
    entry = Entry(f"{id} {tally.title}", title, Kind.RUN, items=(tally,), said=said)
    return PulseRow(Row((*pieces, (title, "text")), full=said), entry)


def host_rows(hosts: Sequence[State], look: Look, *, lines: int, counted: tuple[Piece, ...] = ()) -> list[PulseRow]:
    """One mark per host or group, in at most so many lines; `counted` stands in the head where there is room."""
    wide = max(1, look.width - 1)
    marks, each = host_marks(hosts, wide * lines)
    about = f"one mark = {each} hosts, the worst of them" if each > 1 else "one mark = one host, the worst first"
    words = "  ".join(f"{len(list(found))} {state.value}" for state, found in groupby(hosts))
    said = f"{len(hosts)} hosts: {words}; {about}"
    entry = Entry("all-hosts", "hosts", Kind.HOST, said=said)
    lead: tuple[Piece, ...] = ((pad(f"HOSTS {format.count(len(hosts))}", LEAD), "muted"),)
    lead += counted or ((about, "muted"),)
    rows = [PulseRow(Row(lead, red=bool(hosts) and hosts[0] is State.DOWN, full=said), entry)]
    for start in range(0, len(marks), wide):
        pieces = [
            (format.symbol(state, look.ascii) * len(list(found)), format.state_token(state))
            for state, found in groupby(marks[start : start + wide])
        ]
        rows.append(PulseRow(Row(((" ", "text"), *pieces))))
    return rows
