"""Help, made from the live key map; and the list of what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adapters.model import Resource, State
from tui.core import format
from tui.core.text import cut, pad, safe
from tui.keys import KeySpec, shown
from tui.screens.hints import NOT_HERE
from tui.widgets.draw import Piece, width_of
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.core.services import Note
    from tui.screens.base import GridScreen

GROUPS = (("MOVE", "LOOK", "ACT"), ("FIND", "TABLE", "SESSION"))
COLUMNS = ((25, 9), (28, 7), (26, 7))
"""Width of a column and, within it, of its keys."""

STATES = (
    *(State.FAILED, State.LOST, State.RUNNING, State.ABORTING, State.ABORTED, State.QUEUED, State.PENDING),
    *(State.PAUSED, State.SUCCEEDED, State.SKIPPED, State.UNKNOWN, State.UP, State.DRAINING, State.DRAINED),
)


LINES: Mapping[str, Sequence[tuple[str, str]]] = {
    "MOVE": (
        ("down up", "row"),
        ("top bottom", "first, last"),
        ("page-down page-up", "page"),
        ("left right", "columns, fold"),
        ("next-fault previous-fault", "next red, prev"),
        ("history-back history-forward history-last", "back, on, last"),
        ("log-beginning log-end log-1m log-5m log-15m log-30m log-1h", "start, end, ago"),
        ("next-bookmark previous-bookmark at", "bookmark, time"),
        ("back", "up one level"),
    ),
    "LOOK": (
        ("open", "{open}"),
        ("describe raw", "all fields, raw"),
        ("logs attempts tree", "logs, tries, tree"),
        ("why events timeline", "why, events, time"),
        ("host used-by owner", "host, users, owner"),
        ("unfold-all", "unfold all"),
        ("next-pane previous-pane", "next pane"),
        ("follow wrap marker", "follow, wrap, mark"),
        ("bookmark all-sources", "bookmark, all logs"),
        ("pager editor", "in pager, editor"),
        ("minute-back minute-on", "a minute back, on"),
        ("errors pulse digest", "errors, pulse, news"),
        ("look-earlier look-later", "other look"),
    ),
    "ACT": (
        ("retry retry-cause", "retry"),
        ("abort", "abort"),
        ("delete", "delete"),
        ("drain", "drain"),
        ("undrain", "undrain"),
        ("menu again tell", "act, again, tell"),
        ("mark", "mark, {range} range"),
        ("mark-all unmark", "mark shown, clear"),
        ("login mark-invert diff", "log in, invert, diff"),
        ("resource-left resource-right", "resource of pools"),
    ),
    "FIND": (
        ("filter", "filter"),
        ("saved-1", "saved filters"),
        ("all-contexts", "all contexts"),
        ("command aliases", "go, aliases"),
        ("warp group", "same pool, groups"),
        ("next-match previous-match", "next match, previous"),
        ("matches-only", "only matches"),
    ),
    "TABLE": (
        ("sort-name sort-age sort-state", "sort name age state"),
        ("sort-by columns export", "order, cols, export"),
        ("wide faults", "wide, only faults"),
        ("copy-id copy-scope copy-cell", "copy id, scope, cell"),
        ("copy save", "copy, save"),
        ("zoom zoom-in zoom-out", "zoom: row, in, out"),
        ("time-back time-on", "earlier, later"),
        ("span-shorter span-longer", "span: less, more"),
        ("times", "ages or clock times"),
    ),
    "SESSION": (
        ("pause read-only", "pause, read-only"),
        ("refresh journal", "refresh, journal"),
        ("header footer", "header, footer"),
        ("zone crumbs", "UTC or not, crumbs"),
        ("help interrupt", "help, twice: quit"),
    ),
}
"""Which keys share a line, and what it says; what is not live on a screen is left out of it."""

JOINED = {"saved-1": "1-9", "log-beginning": "1 0 2-6", "next-pane": "tab"}
"""Rows of keys that are told as one."""


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
        self.live = {spec.id: spec for spec in keys.here(host.where) if spec.keys and self._works(spec)}
        self.rows = [*self._groups(), *self._plugins(), [], *self._symbols()]
        if len(self.rows) > host.room_for(self.tall) - 1:
            self.rows = [row for row in self.rows if row]

    def _works(self, spec: KeySpec) -> bool:
        """Only what does something here is offered."""
        host = self.host
        if not host.offers(spec):
            return False
        if spec.plugin:
            row = host.current_object()
            backend = host.services.info(row.ref.context).backend if row is not None else ""
            return row is not None and host.services.config.plugins[spec.id].offered(row, backend) is None
        own = hasattr(host, spec.method) or hasattr(host.app, spec.method)
        if spec.action:
            return host.action_title(spec.id, "")[0] != NOT_HERE
        return own or spec.id == "saved-1"

    def _groups(self) -> list[list[Piece]]:
        rows: list[list[Piece]] = []
        for trio in GROUPS:
            blocks = [self._block(group, *size) for group, size in zip(trio, COLUMNS, strict=True)]
            if rows:
                rows.append([])
            for line in range(max(len(block) for block in blocks)):
                pieces: list[Piece] = []
                for block, (width, _) in zip(blocks, COLUMNS, strict=True):
                    pieces += block[line] if line < len(block) else [(" " * width, "text")]
                rows.append(pieces)
        return rows

    def _block(self, group: str, width: int, keys: int) -> list[list[Piece]]:
        """A head and its lines, each exactly one column wide."""
        head: list[Piece] = [(group, "muted")]
        target = self.host.current_object()
        if group == "ACT" and target is not None:
            head += [(" on ", "muted"), *format.state_spans(target.state, self.host.services.ascii)]
        lines = [head]
        told: set[str] = set()
        for ids, title in LINES[group]:
            live = [self.live[id] for id in ids.split() if id in self.live]
            told.update(spec.id for spec in live)
            if live:
                lines.append(self._line(live, title, target, width, keys))
        for spec in self.live.values():
            if spec.group == group and spec.id not in told and not _told_elsewhere(spec.id):
                lines.append(self._line([spec], spec.title, target, width, keys))
        return [[*line, (" " * max(0, width - width_of(line)), "text")] for line in lines]

    def _line(
        self, live: Sequence[KeySpec], title: str, target: Resource | None, width: int, keys: int
    ) -> list[Piece]:
        first = [shown(spec.keys[0]) for spec in live]
        more = [shown(key) for spec in live for key in spec.keys[1:]]
        if live[0].id in JOINED:
            first, more = [JOINED[live[0].id]], []
        text = " ".join(first)
        for key in more:
            if len(f"{text} {key}") < keys:
                text = f"{text} {key}"
        token = "text"
        named = {"{open}": self.host.opens(), "{range}": self.host.services.keys.key("mark-range")}
        for name, value in named.items():
            title = title.replace(name, value)
        if live[0].action and target is not None:
            title, allowed = self.host.action_title(live[0].id, title)
            token = "text" if allowed else "muted"
        return [(pad(text, keys - 1) + " ", "key"), (cut(title, width - keys - 1), token)]

    def _plugins(self) -> list[list[Piece]]:
        """The operator's own commands, three to a line."""
        own = [spec for spec in self.live.values() if spec.plugin]
        rows: list[list[Piece]] = [[], [("PLUGINS", "muted")]] if own else []
        for start in range(0, len(own), len(COLUMNS)):
            pieces: list[Piece] = []
            for spec, (width, keys) in zip(own[start:], COLUMNS, strict=False):
                line = self._line([spec], spec.title, None, width, keys)
                pieces += [*line, (" " * max(0, width - width_of(line)), "text")]
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
        gutter = f"* marked  ~ stale  + new  ' changed  {'b' if ascii else '♪'} tells"
        rows.append([("gutter  ", "muted"), (gutter, "text"), ("   - the server did not say", "muted")])
        return rows

    def wanted_lines(self, most: int) -> int:
        return most

    def hints(self) -> Sequence[Hint]:
        return (("esc", "close", True), ("j k", "scroll", True))

    def fixed_hints(self) -> Sequence[Hint]:
        return ()

    def press(self, key: str, character: str | None) -> bool:
        turned = {"j": "down", "k": "up", "g": "home", "G": "end", "q": "escape", "?": "escape"}.get(key, key)
        return super().press(turned, character)


def _told_elsewhere(id: str) -> bool:
    return (
        id == "mark-range"
        or id.startswith("saved-")
        or any(id in ids.split() for lines in LINES.values() for ids, _ in lines)
    )


class NotesSheet(LinesSheet):
    """What was said in red, newest last."""

    def __init__(self, notes: Sequence[Note], waited: Sequence[str] = ()) -> None:
        super().__init__()
        self.title_left = "ERRORS  of this session"
        self.title_right = str(len(notes))
        now = notes[-1].time if notes else 0.0
        self.rows = [
            [(f" {format.clock(note.time, now)}  ", "muted"), (safe(note.text), "text")] for note in notes
        ] or [[(" nothing went wrong so far", "muted")]]
        if waited:
            what = "this ends" if len(waited) == 1 else f"these {len(waited)} end"
            self.rows = [*self.rows, [], [(f" you will be told when {what}", "muted")]]
            self.rows += [[(f"   {safe(name, 100)}", "text")] for name in waited]
        self.cursor = None

    def press(self, key: str, character: str | None) -> bool:
        turned = {"j": "down", "k": "up", "q": "escape", "!": "escape"}.get(key, key)
        return super().press(turned, character)
