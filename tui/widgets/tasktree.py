"""The task tree of a run with its bars: the pane that run detail opens with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.message import Message
from textual.strip import Strip

from adapters.model import FAULTY, Ref, Resource
from tui.core.format import age, clock, state_token, symbol
from tui.core.text import cell_len, cut, pad, safe
from tui.core.tries import Try
from tui.styles.tokens import active
from tui.widgets import draw, tree
from tui.widgets.draw import Piece, width_of
from tui.widgets.lines import Line, LineList, gutter, piece
from tui.widgets.timeline import Axis, Window, axis_of, bar

MAX_MARKS = 8


class TaskTree(LineList):
    """Tasks as a tree, a bar each. The cursor stays on its task over refreshes."""

    title = "TASK"
    empty, empty_token = "", "muted"
    """What is said where there is nothing."""

    class Open(Message):
        """Enter on a task that has no children of its own kind."""

        def __init__(self, pane: TaskTree, task: Resource) -> None:
            super().__init__()
            self.pane = pane
            self.task = task

        @property
        def control(self) -> TaskTree:
            return self.pane

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: list[tree.TreeRow] = []
        self.now = 0.0
        self._tasks: tuple[Resource, ...] = ()
        self._shut: set[str] = set()
        self._unfolded: set[str] = set()
        self._tries: Mapping[Ref, Sequence[Try]] = {}
        self._folds = True
        self.window = Window()
        self._times = False
        self._placed = False

    def show(
        self,
        tasks: Iterable[Resource],
        now: float,
        *,
        complete: bool = True,
        tries: Mapping[Ref, Sequence[Try]] | None = None,
        folds: bool = True,
    ) -> None:
        """Draw these tasks (or whatever has times) as of `now`. Until they are `complete` and seen, the cursor is
        put on what needs a look; afterwards only the user moves it."""
        self._tasks = tuple(tasks)
        self.now = now
        self._tries, self._folds = tries or {}, folds
        self._rebuild()
        if not self._placed and self.rows:
            self._placed = complete
            self.cursor = tree.first_to_look_at(self.rows)
            self.clamp()
            self.post_message(self.Rested(self))

    def _rebuild(self) -> None:
        key = self.rows[self.cursor].key if self.cursor < len(self.rows) else None
        self.rows = tree.build(
            self._tasks, closed=self._shut, unfolded=self._unfolded, tries=self._tries, folds=self._folds
        )
        self.cursor = next((i for i, row in enumerate(self.rows) if row.key == key), self.cursor)
        self.clamp()
        self.refresh()

    @property
    def row(self) -> tree.TreeRow | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def current(self) -> Resource | None:
        return self.row.resource if self.row else None

    def go_to(self, ref: Ref) -> bool:
        """Put the cursor on a task, opening whatever hides it; whether it is there."""
        by_ref = {task.ref: task for task in self._tasks}
        if ref not in by_ref:
            return False
        above = by_ref[ref].parent
        for _ in range(len(by_ref)):
            if above not in by_ref:
                break
            self._shut.discard(str(above))
            above = by_ref[above].parent
        self._rebuild()
        for index, row in enumerate(self.rows):
            if ref in row.refs:
                self.move_to(index)
                return True
        return False

    # What LineList asks.

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def heads(self) -> int:
        return 1

    def render_line(self, y: int) -> Strip:
        if self.rows or y != 1:
            return super().render_line(y)
        return draw.line([piece("  "), piece(safe(self.empty), self.empty_token)], self.size.width)

    def is_red(self, index: int) -> bool:
        return self.rows[index].state in FAULTY

    def _widths(self, width: int) -> tuple[int, bool, bool, int]:
        """Columns of TASK, whether TRY and DUR are there, columns of the bar."""
        has_try, has_dur = width >= 60, width >= 44
        fixed = 2 + 2 + (5 if has_try else 0) + (8 if has_dur else 0)
        room = width - fixed
        needed = max((2 + cell_len(row.guide) + cell_len(row.label) for row in self.rows), default=18)
        least = 24 if width >= 96 else 18
        name = max(min(least, room), min(needed, 40, room - max(room // 2, 24)))
        return name, has_try, has_dur, max(0, room - name)

    def _axis(self, width: int) -> Axis | None:
        whole = axis_of(self.rows, self.now, width)
        return self.window.of(whole) if whole is not None else None

    def head(self, row: int, width: int) -> Line:
        if not self.rows:
            return [piece(f"  {self.title}", "muted")]
        name, has_try, has_dur, room = self._widths(width - 1)
        axis = self._axis(room)
        text = "  " + pad(self.title, name) + "  "
        text += "TRY" + "  " if has_try else ""
        text += ("START " if self._times else "   DUR") + "  " if has_dur else ""
        if axis is None:
            return [piece(text, "muted")]
        before, after = self._beyond(axis)
        lead = [piece(text[:-1], "muted"), piece("‹" if before else " ", "accent")]
        return [*lead, piece(axis.labels(), "muted"), piece("›" if after else " ", "accent")]

    def _beyond(self, axis: Axis) -> tuple[bool, bool]:
        """Whether there is more before and after what is shown."""
        whole = axis_of(self.rows, self.now, axis.width)
        if whole is None or self.window.part is None:
            return False, False
        return axis.start > whole.start, axis.end < whole.end

    @property
    def zoomed(self) -> str:
        """Which part of the axis is shown, and how much larger; nothing when it is all of it."""
        whole, axis = axis_of(self.rows, self.now, 1), self._axis(1)
        if whole is None or axis is None or self.window.part is None:
            return ""
        larger = (whole.end - whole.start) / max(axis.end - axis.start, 1e-9)
        start = clock(axis.start, self.now).removesuffix("Z")
        return f"{larger:.3g}x {start} to {clock(axis.end, self.now)}"

    def line(self, index: int, width: int, *, selected: bool) -> Line:
        row = self.rows[index]
        name, has_try, has_dur, room = self._widths(width)
        ascii = active().ascii
        glyph = symbol(row.state, ascii=ascii)
        cells = [*gutter(selected), piece(glyph, state_token(row.state)), piece(" ")]
        cells += self._label(row, name - 2, ascii)
        cells.append(piece("  "))
        if has_try:
            tries = "-" if row.attempt is None else str(row.attempt)
            cells.append(piece(pad(cut(tries, 3), 3, right=True) + "  ", "text"))
        if has_dur:
            cells.append(piece(pad(self._when(row), 6, right=True) + "  ", "text"))
        axis = self._axis(room)
        if axis is not None:
            cells += bar(row, axis, self.now, ascii=ascii)
        return cells

    def _when(self, row: tree.TreeRow) -> str:
        if row.start is None:
            return "-"
        if self._times:
            return cut(clock(row.start, self.now), 6).replace("Z", "")
        end = row.end if row.end is not None else (self.now if row.live else None)
        return "-" if end is None else age(max(0.0, end - row.start))

    def _label(self, row: tree.TreeRow, width: int, ascii: bool) -> list[Piece]:
        guide = _ascii_guide(row.guide) if ascii else row.guide
        cells = [piece(guide, "muted")]
        tail = (" +" if ascii else " ▸") if row.closed else ""
        room = width - cell_len(guide) - cell_len(tail)
        if not row.is_fold:
            name = cut(row.label, max(1, room), ascii=ascii)
            return [*cells, piece(name), piece(tail, "accent"), piece(" " * (room - cell_len(name)))]
        shown = row.members[: max(0, min(MAX_MARKS, room - cell_len(row.label) - 2))]
        cells.append(piece(cut(row.label, max(1, room), ascii=ascii)))
        cells.append(piece("  "))
        cells += [piece(symbol(state, ascii=ascii), state_token(state)) for state in shown]
        return [*cells, piece(" " * max(0, width - width_of(cells)))]

    # What keys do.

    def open(self) -> None:
        if self.row is not None:
            self.open_line(self.cursor)

    def open_line(self, index: int) -> None:
        row = self.rows[index]
        if row.is_fold:
            self._unfolded.add(row.key)
            self._rebuild()
        elif row.has_children:
            self._shut.symmetric_difference_update({row.key})
            self._rebuild()
        elif row.resource is not None:
            self.post_message(self.Open(self, row.resource))

    def fold(self) -> None:
        """Fold the row, or go up to the row that holds it."""
        row = self.row
        if row is None:
            return
        if row.has_children and not row.closed:
            self._shut.add(row.key)
            self._rebuild()
        elif row.resource is not None and row.resource.parent is not None:
            above = str(row.resource.parent)
            self.move_to(next((i for i, each in enumerate(self.rows) if each.key == above), self.cursor))

    def unfold(self) -> None:
        row = self.row
        if row is not None and (row.is_fold or row.closed):
            self.open_line(self.cursor)

    def zoom(self) -> None:
        """The axis covers only the cursor's row, with a little around it; again: the whole run."""
        row, whole = self.row, axis_of(self.rows, self.now, 1)
        inside = axis_of([row], self.now, 1) if row is not None else None
        if self.window.part is not None or inside is None or whole is None:
            self.window = Window()
        else:
            margin = (inside.end - inside.start) * 0.1
            self.window.show(whole, inside.start - margin, inside.end + margin)
        self.refresh()

    def scale(self, factor: float) -> bool:
        """Show more or less of the axis, around the middle of the cursor's row; False where it stays as it is."""
        whole = axis_of(self.rows, self.now, 1)
        inside = axis_of([self.row], self.now, 1) if self.row is not None else None
        around = (inside.start + inside.end) / 2 if inside is not None else None
        changed = whole is not None and self.window.scale(whole, factor, around)
        self.refresh()
        return changed

    def scroll_time(self, share: float) -> bool:
        """Move the part that is shown by a share of itself; False where there is nothing more."""
        whole = axis_of(self.rows, self.now, 1)
        changed = whole is not None and self.window.scroll(whole, share)
        self.refresh()
        return changed

    def move_to(self, index: int) -> None:
        self._placed = True
        super().move_to(index)

    def flip_times(self) -> None:
        self._times = not self._times
        self.refresh()


def _ascii_guide(guide: str) -> str:
    return guide.translate(str.maketrans("├└│", "+`|"))
