"""The lines of the tree screen: branch, sign, name, then kind, native word, try, duration and note."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.model import Kind, Pool, Resource
from tui.core.cells import native_word
from tui.core.format import NOTHING, age, clock, state_token, symbol
from tui.core.text import cell_len, cut, pad, safe
from tui.core.treemodel import Node, Path
from tui.core.tries import number_of
from tui.styles.tokens import active
from tui.widgets.lines import Line, LineList, gutter, piece

KIND, NATIVE, TRY, TIME, NOTE_FROM = 6, 13, 3, 6, 110
CLOCK = 12


class NodeList(LineList):
    """The cursor stays on its object when lines come and go; when that goes away, on what it was below."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.nodes: Sequence[Node] = ()
        self.now = 0.0
        self.clock_times = False

    def show(self, nodes: Sequence[Node], now: float) -> None:
        before = self.current
        offset = self.cursor - self.top
        self.nodes, self.now = nodes, now
        if before is not None:
            self.cursor = self._place(before.path)
            self.top = self.cursor - offset  # what is read stays where it is on the screen
        self.clamp()
        self.refresh()
        after = self.current
        if before is None or after is None or before.path != after.path:
            self.post_message(self.Rested(self))

    def _place(self, path: Path) -> int:
        places = {node.path: index for index, node in enumerate(self.nodes)}
        for length in range(len(path), 0, -1):
            if path[:length] in places:
                return places[path[:length]]
        return self.cursor

    def place_of(self, path: Path) -> int | None:
        return next((index for index, node in enumerate(self.nodes) if node.path == path), None)

    @property
    def current(self) -> Node | None:
        return self.nodes[self.cursor] if 0 <= self.cursor < len(self.nodes) else None

    # What LineList asks.

    @property
    def count(self) -> int:
        return len(self.nodes)

    @property
    def heads(self) -> int:
        return 1

    def is_red(self, index: int) -> bool:
        return self.nodes[index].red

    def _name_width(self, width: int) -> tuple[int, bool, bool, bool]:
        """Columns of the name; whether KIND, NATIVE and NOTE are there."""
        kind, native, note = width >= 56, width >= 68, width >= NOTE_FROM
        fixed = 2 + (KIND + 2 if kind else 0) + (NATIVE + 2 if native else 0) + TRY + 2 + self._time_width + 2
        room = max(8, width - fixed)
        if note:
            needed = max((cell_len(node.guide) + 2 + cell_len(_name(node)) for node in self.nodes), default=0)
            room = min(room - 20, max(40, needed))
        return room, kind, native, note

    @property
    def _time_width(self) -> int:
        return CLOCK if self.clock_times else TIME

    def head(self, row: int, width: int) -> Line:
        room, kind, native, note = self._name_width(width - 1)
        text = "  " + pad("OBJECT", room) + "  "
        text += pad("KIND", KIND) + "  " if kind else ""
        text += pad("NATIVE", NATIVE) + "  " if native else ""
        text += "TRY  " + pad("STARTED" if self.clock_times else "DUR", self._time_width, right=True)
        return [piece(text + ("  NOTE" if note else ""), "muted")]

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        node = self.nodes[index]
        ascii = active().ascii
        cells = gutter(selected)
        room, kind, native, note = self._name_width(width)
        state = node.state
        if state is None:
            return [*cells, piece("  " + node.guide, "muted"), piece(node.note, node.token)]
        cells += [piece(symbol(state, ascii=ascii), state_token(state)), piece(" " + node.guide, "muted")]
        tail = _fold_mark(node, ascii)
        left = room - cell_len(node.guide) - 2 - cell_len(tail)
        name = cut(_name(node), max(1, left), ascii=ascii)
        cells += [piece(name), piece(tail, "accent"), piece(" " * max(0, left - cell_len(name)) + "  ")]
        if kind:
            cells.append(piece(pad(_kind(node), KIND) + "  ", "muted"))
        if native:
            cells.append(piece(pad(cut(_native(node), NATIVE, ascii=ascii), NATIVE) + "  ", _word_token(node)))
        tries = "" if node.tried or node.resource is None else number_of(node.resource)
        cells.append(piece(pad("" if tries is None else str(tries), TRY, right=True) + "  ", "text"))
        cells.append(piece(pad(self._time(node), self._time_width, right=True), "text"))
        if note:
            cells.append(piece("  " + _note(node), "muted"))
        return cells

    def _time(self, node: Node) -> str:
        if self.clock_times:
            start = node.tried.start if node.tried else node.resource.started if node.resource else None
            return clock(start, self.now)
        if node.tried is not None:
            return age(node.tried.lasted(self.now))
        found = node.resource
        if found is None or found.ref.kind in (Kind.HOST, Kind.POOL):  # they neither start nor end
            return ""
        return age(found.duration(self.now))


def _name(node: Node) -> str:
    if node.tried is not None:
        return f"try {node.tried.number}"
    return (safe(node.resource.name) if node.resource is not None else node.note) or NOTHING


def _kind(node: Node) -> str:
    return "try" if node.tried is not None else node.resource.ref.kind.value if node.resource is not None else ""


def _native(node: Node) -> str:
    said = node.tried.native if node.tried is not None else node.resource.native_state if node.resource else ""
    return safe(native_word(said), 60) or NOTHING


def _word_token(node: Node) -> str:
    """Waiting and failed colour the word as well; everything else leaves red alone on the screen."""
    token = state_token(node.state) if node.state is not None else "muted"
    return token if token in ("failed", "waiting") else "muted"


def _note(node: Node) -> str:
    if node.tried is not None:
        return safe("  ".join(part for part in (node.tried.host or "", node.tried.said) if part))
    found = node.resource
    if found is None:
        return ""
    told = (_held(found), found.host if found.host != found.name else "", found.message)
    return safe("  ".join(part for part in told if part))


def _held(found: Resource) -> str:
    """What a pool or a host has to do, as far as its own row tells."""
    if isinstance(found, Pool):
        counts = ((found.running, "run"), (found.waiting, "wait"))
    else:
        counts = ((getattr(found, "pods", None), "pods"), (None, ""))
    return ", ".join(f"{number} {word}" for number, word in counts if number is not None)


def _fold_mark(node: Node, ascii: bool) -> str:
    if not node.unfolds or node.open:
        return ""
    return " +" if ascii else " ▸"
