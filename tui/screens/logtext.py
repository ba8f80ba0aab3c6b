"""What a log screen says about its log: line 2, and line H-1."""

from __future__ import annotations

from tui.core.format import age, clock, count, size
from tui.core.logrows import LogRows
from tui.core.logsearch import LogSearch
from tui.core.text import safe
from tui.screens.logfeed import LogFeed
from tui.widgets.draw import Piece
from tui.widgets.logview import LogView
from tui.widgets.peek import RIGHT


def status(feed: LogFeed, rows: LogRows | None, now: float) -> list[Piece]:
    """`stdout  try 3 of 3   48,210 lines 9.1Mi   ✗ 12   ! 31   all from 14:00:57Z`."""
    source = feed.sources[0]
    several = f"{len(feed.logs)} logs, merged by time" if len(feed.logs) > 1 else safe(source.name, 40)
    tried = ""
    if len(feed.logs) == 1 and source.attempt is not None:
        of = f" of {feed.attempts}" if feed.attempts else ""
        tried = f"  try {source.attempt}{of}"
    lines = sum(log.count - log.markers for log in feed.logs)
    errors, warnings = (sum(len(getattr(log, name)) for log in feed.logs) for name in ("errors", "warnings"))
    pieces: list[Piece] = [(several, "text"), (tried, "text")]
    if feed.parts > len(feed.logs):
        pieces.append((f"   {len(feed.logs)} of {count(feed.parts)} logs", "muted"))
    pieces.append(
        (f"   {count(lines)} line{'' if lines == 1 else 's'} {size(sum(log.size for log in feed.logs))}", "text")
    )
    for sign, number, token in (("✗", errors, "failed"), ("!", warnings, "waiting")):
        pieces += [(f"   {sign} ", token if number else "muted"), (count(number), "text" if number else "muted")]
    if rows is not None and rows.needle:
        pieces.append((f"   only {count(rows.count)} with {safe(rows.needle, 40)}", "waiting"))
    elif feed.first_time is not None:
        pieces.append((f"   all from {clock(feed.first_time, now)}", "muted"))
    return pieces


def bottom(feed: LogFeed, view: LogView, search: LogSearch | None, problem: str, now: float) -> list[Piece]:
    """`= paused, 1,204 newer lines below   /nccl 3 of 7            14:31:58 is 8s ago`."""
    pieces: list[Piece] = []
    if problem:
        pieces += [("✗ ", "failed"), (problem, "failed"), ("   ", "text")]
    if not view.following:
        pending = view.pending
        below = f", {count(pending)} newer line{'' if pending == 1 else 's'} below" if pending else ""
        pieces += [("= ", "waiting"), (f"paused{below}", "text")]
    elif not problem:
        pieces.append(("stopped" if feed.stopped else "the log has ended" if feed.ended else "following", "muted"))
    if search is not None:
        place = search.place(view.cursor)
        said = f"   /{safe(search.needle, 40)} {place or '-'} of {count(len(search.hits))}"
        pieces.append((said, "text" if search.hits else "waiting"))
    row = view.current
    if row is not None and row.line.time is not None and now >= row.line.time:
        when = clock(row.line.time, now).rstrip("Z")
        pieces += [RIGHT, (f"{when} is {age(now - row.line.time)} ago", "muted")]
    return pieces
