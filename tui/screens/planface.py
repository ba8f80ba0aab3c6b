"""How the plan sheet looks, from its state alone: title, lines, the bottom line with the buttons, the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from textual.strip import Strip

from adapters.model import NOTHING, Json, Ref, Resource
from tui.core.plan import Confirm, Plan
from tui.core.text import safe
from tui.screens import planview
from tui.screens.planform import Form, caret
from tui.widgets import draw
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.peek import RIGHT
from tui.widgets.prompt import LineEdit
from tui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


EDITOR_KEY = "ctrl-t"


class Phase(StrEnum):
    READING = "reading"
    ASKING = "asking"
    REFUSED = "refused"
    RUNNING = "running"
    ENDED = "ended"


class PlanFace(Sheet):
    """The state of the sheet and its drawing.

    The focus is a name: `field:N`, `phrase`, `cancel`, `go`, and while it runs `stop`.
    """

    def __init__(self, action: str, refs: Sequence[Ref | str], params: Mapping[str, Json] = NOTHING) -> None:
        super().__init__()
        self.action = action
        self.refs = tuple(refs)
        self.phase = Phase.READING
        self.plan: Plan | None = None
        self.problem = ""
        self.form: Form | None = None
        self.phrase = LineEdit()
        self.on = "cancel"
        self.view = "plan"  # plan, all or raw
        self.first = 0
        self.hidden = 0
        self.moved = False
        self.filling = False
        self.red_line: int | None = None
        self.up = False
        self._given = dict(params)
        self._made_with: dict[str, Json] | None = None
        self._drawn_at: float | None = None
        self._stop = asyncio.Event()
        self._shown: dict[Ref, Resource] = {}
        self._drawn_buttons: dict[str, str] = {}

    @property
    def host(self) -> GridScreen:
        return cast("GridScreen", self.grid)

    @property
    def stops(self) -> list[str]:
        """What tab goes through."""
        if self.phase is Phase.RUNNING:
            return ["stop"]
        if self.phase is not Phase.ASKING:
            return ["cancel"]
        fields = [f"field:{index}" for index in range(len(self.form.fields if self.form else []))]
        typed = ["phrase"] if self.plan is not None and self.plan.confirm is Confirm.TYPED else []
        return [*fields, *typed, "cancel", *(["go"] if self._armed else [])]

    @property
    def _armed(self) -> bool:
        """Whether the button may be pressed: all is filled in, and what had to be typed was typed exactly."""
        plan = self.plan
        if self.phase is not Phase.ASKING or plan is None or self.form is None or not plan.can:
            return False
        if self.form.problem() or self.form.values() != self._made_with:
            return False
        return plan.confirm is Confirm.KEY or self.phrase.text == plan.phrase

    def _created(self) -> Ref | None:
        made = [target.created for target in (self.plan.targets if self.plan else ()) if target.created]
        return made[0] if len(made) == 1 else None

    @property
    def editable(self) -> bool:
        """Whether there are parameters to be edited, and nothing was started yet."""
        asking = self.phase in (Phase.ASKING, Phase.REFUSED)
        return asking and self.form is not None and bool(self.form.params)

    def redraw(self) -> None:
        if not self.up:
            return
        plan = self.plan
        now = self.host.services.clock()
        self.title_left = planview.title(plan) if plan else f"PLAN  {safe(self.action)} {self._what()}"
        reading = f"re-reading {len(self.refs)}…" if self.phase is Phase.READING else ""
        self.title_right = reading or (planview.title_right(plan, now) if plan else "")
        self.host.size_sheet()
        self.host.sheet_changed()
        self.refresh()

    def _what(self) -> str:
        kinds = [ref.kind.value for ref in self.refs if isinstance(ref, Ref)]
        return f"{len(self.refs)} {kinds[0] if kinds else 'object'}{'s' if len(self.refs) != 1 else ''}"

    @property
    def by_key(self) -> bool:
        """Whether `y` starts it. Not after an object moved under the open plan, until the focus is moved: letters
        meant for a field would go to Cancel then."""
        return self._armed and not self.moved and self.plan is not None and self.plan.confirm is Confirm.KEY

    @property
    def again(self) -> tuple[Ref, ...]:
        """Once it has ended, what of it is worth a new plan."""
        plan = self.plan
        if self.phase is not Phase.ENDED or plan is None or plan.method is not None or plan.external:
            return ()
        return tuple(ref for ref in plan.remainder() if ref.id)

    @property
    def started(self) -> bool:
        return self.phase in (Phase.RUNNING, Phase.ENDED)

    def lines(self, width: int) -> list[list[Piece]]:
        """Everything under the title."""
        plan = self.plan
        if plan is None:
            said = self.problem or (
                "" if self.phase is Phase.ASKING else "re-reading the objects before anything is asked"
            )
            rows = [planview.labelled("", said, "failed" if self.problem else "muted")] if said else []
            return [*rows, *self._form_lines(width)]
        if self.view == "raw":
            return planview.raw(plan)
        rows = planview.summary(plan, self.hidden, started=self.started)
        if self.problem and self.phase is not Phase.REFUSED:
            rows.append(planview.labelled("problem", self.problem, "failed"))
        rows += self._table(plan, width)
        if not self.started:
            found = planview.notes(plan)
            rows += [[], *found] if found and len(rows) > 4 else found
            rows += self._form_lines(width)
        return rows

    def _table(self, plan: Plan, width: int) -> list[list[Piece]]:
        if len(plan.targets) == 1 and self.started:
            return [planview.result(plan.targets[0])]
        if len(plan.targets) > 1:
            latest = self.host.services.store.find
            table = planview.target_rows(plan, width, started=self.started, latest=latest)
            listed = [each for t in plan.can if t.preview for each in t.preview.affected]
            if self.view == "all" and listed:
                table += [[], *planview.affected_rows(listed, width)]
        else:
            preview = plan.targets[0].preview
            table = planview.affected_rows(preview.affected, width) if preview else []
        return [[], *table] if table else []

    def _form_lines(self, width: int) -> list[list[Piece]]:
        fields = self.form.fields if self.form else []
        return [each.line(width, focused=self.on == f"field:{index}") for index, each in enumerate(fields)]

    def wanted_lines(self, most: int) -> int:
        if not self.up:
            return min(most, 2)
        return min(most, 1 + len(self.lines(self.host.size.width)))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return draw.title(self.title_left, self.title_right, width)
        rows = self._visible(self.lines(width), self.size.height - 1)
        selected = self.started and self.red_line == self.first + y - 1
        return draw.line(rows[y - 1] if y <= len(rows) else (), width, ground="surface", selected=selected)

    def hop(self, step: int) -> bool:
        """To the next or previous line of the results that is red; False, and stay, where there is none."""
        rows = self.lines(self.size.width) if self.started else []
        red = [at for at, row in enumerate(rows) if planview.is_red(row)]
        here = self.red_line if self.red_line is not None else -1 if step > 0 else len(rows)
        ahead = [at for at in red if (at > here if step > 0 else at < here)]
        if not ahead:
            return False
        self.red_line = at = ahead[0 if step > 0 else -1]
        room = self.size.height - 2
        if not self.first <= at < self.first + room:
            self.first = max(0, at - room // 2)
        return True

    def field_at(self, y: int) -> str:
        """The field that is drawn on a line of the sheet, or an empty string."""
        width = self.size.width
        rows, fields = self._visible(self.lines(width), self.size.height - 1), self._form_lines(width)
        return f"field:{fields.index(rows[y - 1])}" if 0 < y <= len(rows) and rows[y - 1] in fields else ""

    def button_at(self, text: str) -> str:
        """What is drawn as this text on the bottom line: a button, else what must be typed."""
        name = self._drawn_buttons.get(text.strip(" []"), "")
        return name or ("phrase" if "phrase" in self.stops and text.strip() else "")

    def _visible(self, rows: list[list[Piece]], room: int) -> list[list[Piece]]:
        """The part that fits; what the operator must fill in is always in view."""
        if len(rows) <= room:
            self.first = 0
            return rows
        fields = self._form_lines(self.size.width) if not self.started and self.view != "raw" else []
        fixed = min(len(fields), room // 2)
        scrolled = rows[: len(rows) - len(fields)] if fields else rows
        room -= fixed + 1
        self.first = max(0, min(self.first, len(scrolled) - room))
        more = len(scrolled) - self.first - room
        note: list[Piece] = [(f"    {more} lines more below" if more else "    that is all", "muted")]
        at = int(self.on[6:]) if self.on.startswith("field:") else 0
        start = max(0, min(at - fixed + 1, len(fields) - fixed))
        return [*scrolled[self.first : self.first + room], note, *fields[start : start + fixed]]

    def peek(self) -> Sequence[Sequence[Piece]]:
        if not self.up:
            return ()
        blank: list[list[Piece]] = [[] for _ in range(max(0, self.host.peek.size.height - 1))]
        return [*blank, self._bottom()]

    def _bottom(self) -> list[Piece]:
        plan = self.plan
        self._drawn_buttons.clear()
        if self.phase is Phase.READING or plan is None or self.phase is Phase.REFUSED:
            cannot: Piece = ("nothing will be sent", "muted") if self.phase is Phase.REFUSED else ("", "text")
            return [cannot, RIGHT, *self._button("cancel", "Close" if self.phase is Phase.REFUSED else "Cancel")]
        if self.phase is Phase.RUNNING:
            stopping = self._stop.is_set()
            return [*planview.progress(plan), RIGHT, *self._button("stop", "Stopping" if stopping else "Stop here")]
        if self.phase is Phase.ENDED:
            return [*planview.progress(plan), RIGHT, *self._button("cancel", "Close")]
        buttons = [*self._button("cancel", "Cancel"), ("  ", "text"), *self._button("go", planview.button(plan))]
        if plan.confirm is Confirm.TYPED:
            lead: Piece = (f"type {plan.phrase} › ", "accent" if self.on == "phrase" else "text")
            return [lead, *caret(self.phrase, 16, focused=self.on == "phrase"), RIGHT, *buttons]
        problem = self.form.problem() if self.form else ""
        return [(safe(problem), "waiting") if problem else ("", "text"), RIGHT, *buttons]

    def _button(self, name: str, title: str) -> list[Piece]:
        self._drawn_buttons[title] = name
        if name == "go" and not self._armed:
            return [(f"  {title}  ", "muted")]
        token = "danger" if name == "go" else "bold"
        return [(f"[ {title} ]", token)] if self.on == name else [(f"  {title}  ", "text")]

    def hints(self) -> Sequence[Hint]:
        plan = self.plan
        if self.phase is Phase.READING:
            return (("esc", "cancel", True),)
        if self.phase is Phase.RUNNING:
            return (("enter", "press", True), ("d", self._all(), True), ("y", "raw", True))
        editor: tuple[Hint, ...] = (("^t", "in editor", True),) if self.editable else ()
        looks: tuple[Hint, ...] = (*editor, ("d", self._all(), True), ("y", "raw", True), ("c", "as command", True))
        if plan is None and self.phase is Phase.ASKING:
            return (("tab", "next", True), ("esc", "cancel", True), *editor)
        if plan is None or self.phase is Phase.REFUSED:
            return (("esc", "close", True), *(looks if plan else editor))
        if self.phase is Phase.ENDED:
            opens: tuple[Hint, ...] = (("o", "open what was made", True),) if self._created() else ()
            more: tuple[Hint, ...] = ((".", f"plan {len(self.again)} again", True),) if self.again else ()
            return (("enter", "close", True), *more, *opens, *looks)
        ways: tuple[Hint, ...] = (("tab", "next", True), ("enter", "press", True), ("esc", "cancel", True))
        if plan.confirm is Confirm.KEY:
            return (("y", planview.verb(plan), self.by_key), *ways, *editor, ("d", self._all(), True), looks[-1])
        return (*ways, *looks)

    def _all(self) -> str:
        plan = self.plan
        if plan is not None and len(plan.targets) == 1:
            return "all affected"
        return f"all {len(self.refs)}"
