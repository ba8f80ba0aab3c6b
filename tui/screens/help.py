"""Help, made from the live key map; and the list of what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.model import State
from tui.core import format
from tui.core.text import cut, pad, safe
from tui.keys import KeySpec, shown
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.core.services import Note
    from tui.screens.base import GridScreen

GROUPS = (("MOVE", "LOOK", "ACT"), ("FIND", "TABLE", "SESSION"))
COLUMN = 25
KEYS_WIDTH = 9
STATES = (
    *(State.FAILED, State.LOST, State.RUNNING, State.ABORTING, State.ABORTED, State.QUEUED, State.PENDING),
    *(State.PAUSED, State.SUCCEEDED, State.SKIPPED, State.UNKNOWN, State.UP, State.DRAINING, State.DRAINED),
)


class HelpSheet(LinesSheet):
    """Every key that does something on this screen, and every symbol."""

    tall = True

    def __init__(self, host: GridScreen) -> None:
        super().__init__()
        self.host = host
        keys = host.services.keys
        crumbs = host.head.crumbs
        where = f"{crumbs[-1]} in {crumbs[0]}" if len(crumbs) > 1 else "".join(crumbs)
        self.title_left = f"HELP  {safe(where, 100)}"
        self.title_right = "from the live key map" + (f"; {keys.rebound} rebound by you" if keys.rebound else "")
        here = [spec for spec in keys.here(host.where) if spec.keys and self._works(spec)]
        self.rows = [*self._groups(here), [], *self._symbols()]

    def _works(self, spec: KeySpec) -> bool:
        """Only what does something here is offered."""
        host = self.host
        return hasattr(host, spec.method) or hasattr(host.app, spec.method) or spec.action or spec.id == "saved-1"

    def _groups(self, specs: Sequence[KeySpec]) -> list[list[Piece]]:
        rows: list[list[Piece]] = []
        for trio in GROUPS:
            blocks = [_block(group, [spec for spec in specs if spec.group == group]) for group in trio]
            height = max(len(block) for block in blocks)
            if rows:
                rows.append([])
            for line in range(height):
                pieces: list[Piece] = []
                for block in blocks:
                    key, text = block[line] if line < len(block) else ("", "")
                    head = line == 0
                    pieces.append(
                        (pad(key, KEYS_WIDTH) if not head else pad(key, COLUMN), "muted" if head else "key")
                    )
                    if not head:
                        pieces.append((pad(cut(text, COLUMN - KEYS_WIDTH - 1), COLUMN - KEYS_WIDTH), "text"))
                rows.append(pieces)
        return rows

    def _symbols(self) -> list[list[Piece]]:
        ascii = self.host.services.ascii
        rows: list[list[Piece]] = []
        for start in range(0, len(STATES), 7):
            pieces: list[Piece] = []
            for state in STATES[start : start + 7]:
                pieces += [*format.state_spans(state, ascii), ("  ", "text")]
            rows.append(pieces)
        gutter = "* marked  ~ stale  + new  ' changed"
        rows.append([("gutter  ", "muted"), (gutter, "text"), ("     - the server did not say", "muted")])
        return rows

    def wanted_lines(self, most: int) -> int:
        return most

    def hints(self) -> Sequence[Hint]:
        return (("esc", "close", True), ("j k", "scroll", True))

    def press(self, key: str, character: str | None) -> bool:
        turned = {"j": "down", "k": "up", "g": "home", "G": "end", "q": "escape", "?": "escape"}.get(key, key)
        return super().press(turned, character)


def _block(group: str, specs: Sequence[KeySpec]) -> list[tuple[str, str]]:
    """A head and its lines; keys of the same meaning share one."""
    lines = [(group, "")]
    merged: dict[str, list[str]] = {}
    for spec in specs:
        name = "saved filters" if spec.id.startswith("saved-") else spec.title
        if spec.id.startswith("saved-") and spec.id != "saved-1":
            continue
        keys = ["1-9"] if spec.id == "saved-1" else [shown(key) for key in spec.keys]
        merged.setdefault(name, []).extend(keys)
    for title, keys in merged.items():
        text = " ".join(keys)
        while len(text) > KEYS_WIDTH - 1 and len(keys) > 1:
            keys = keys[:-1]
            text = " ".join(keys)
        lines.append((text, title))
    return lines


class NotesSheet(LinesSheet):
    """What was said in red, newest last."""

    def __init__(self, notes: Sequence[Note]) -> None:
        super().__init__()
        self.title_left = "ERRORS  of this session"
        self.title_right = str(len(notes))
        now = notes[-1].time if notes else 0.0
        self.rows = [
            [(f" {format.clock(note.time, now)}  ", "muted"), (safe(note.text), "text")] for note in notes
        ] or [[(" nothing went wrong so far", "muted")]]
        self.cursor = None

    def press(self, key: str, character: str | None) -> bool:
        turned = {"j": "down", "k": "up", "q": "escape", "!": "escape"}.get(key, key)
        return super().press(turned, character)
