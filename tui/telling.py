"""`tell`: a line, the bell and a notice of the desktop when an object ends, whatever screen is shown then."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from adapters.model import FAULTY, Resource, State
from tui.clipboard import osc9
from tui.core.format import age
from tui.core.tell import MOST, End, Tells, cannot_end
from tui.core.text import safe

if TYPE_CHECKING:
    from tui.navigation import Navigator
    from tui.screens.base import GridScreen

BURST = 0.3
"""What ends within so many seconds is one line and one bell."""

LATER = 0.5
"""A line does not cover what somebody is about to confirm: it waits so many seconds, and looks again."""

LONGEST = 120
BAD = FAULTY | {State.ABORTED}


class Teller:
    """What the app does when something that was waited for ends."""

    def __init__(self, app: Navigator) -> None:
        self.app = app
        services = app.services
        self.tells: Tells = services.tells
        self.tells.on_end = self._ended
        self._ends: list[End] = []
        self._said = ""
        self._timer: Timer | None = None

    def _ended(self, end: End) -> None:
        self._ends.append(end)
        if self._timer is None:
            self._timer = self.app.set_timer(BURST, self._tell)

    def _tell(self) -> None:
        ends, self._ends, self._timer = self._ends, [], None
        now = self.app.services.clock()
        for end in ends:
            self.app.keep(line(end, now))
        text = line(ends[0], now) if len(ends) == 1 else summary(ends)
        driver = self.app._driver
        if driver is not None:
            driver.write(osc9(f"runyard: {notice(ends)}", os.environ) + "\x07")
        self._show(text, _token(ends))
        if self.app.grid is not None:
            self.app.grid.tells_changed()

    def _show(self, text: str, token: str) -> None:
        grid = self.app.grid
        if grid is not None and grid.asking:
            self.app.set_timer(LATER, lambda: self._show(text, token))
        elif grid is not None:
            grid.peek.say([(text, token)])  # it is among the notes already


def _token(ends: Sequence[End]) -> str:
    return "failed" if any(end.now is None or end.now.state in BAD for end in ends) else "ok"


def line(end: End, now: float) -> str:
    """`run ocr-train in lab: failed after 41m18s: OOMKilled`."""
    head = f"{end.ref.kind.value} {safe(end.name, 60)} in {end.ref.context}"
    if end.now is None:
        return f"{head}: gone"
    took = end.now.duration(now)
    after = f" after {age(took)}" if took is not None else ""
    cause = f": {safe(end.now.message)}" if end.now.message and end.now.state in BAD else ""
    return f"{head}: {end.now.state.value}{after}{cause}"


def summary(ends: Sequence[End]) -> str:
    """`3 ended: 2 succeeded, 1 failed`."""
    counts = Counter(end.now.state.value if end.now is not None else "gone" for end in ends)
    return f"{len(ends)} ended: {', '.join(f'{count} {word}' for word, count in counts.most_common())}"


def notice(ends: Sequence[End]) -> str:
    """For the desktop: our words and a name, nothing else that a backend says."""
    if len(ends) > 1:
        return summary(ends)
    end = ends[0]
    return f"{end.ref.kind.value} {safe(end.name, LONGEST)} {end.now.state.value if end.now else 'is gone'}"


def toggle(screen: GridScreen) -> None:
    """Wait for the end of the marked objects, else of the one under the cursor; or no longer, if that was so."""
    tells = screen.services.tells
    refs = screen.targets()
    shown = screen.shown(refs)
    rows = [row for ref in refs if (row := shown.get(ref)) is not None]
    if not rows:
        screen.message("there is no object here", "muted")
    elif all(row.ref in tells for row in rows):
        tells.drop(row.ref for row in rows)
        screen.message(f"nothing is told of {_what(rows)} any more", "muted")
    else:
        waited = [row for row in rows if not cannot_end(row)]
        before = len(tells)
        tells.add(waited)
        left = sum(row.ref not in tells for row in waited)
        if not waited:
            screen.message(f"{_what(rows)}: {cannot_end(rows[0])}", "muted")
        elif left:
            screen.message(f"{MOST} are waited for already; {left} of these are not", "waiting")
        else:
            screen.message(f"you will be told when {_what(waited)} ends", "text")
        if not before and len(tells):
            screen.app.run_worker(tells.watch(), group="tells", exclusive=True, exit_on_error=False)
    screen.tells_changed()


def _what(rows: Sequence[Resource]) -> str:
    return safe(rows[0].name, 60) if len(rows) == 1 else f"each of {len(rows)}"
