"""The plan sheet: what will be done to what, confirmed with care, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual._time import get_time

from adapters.errors import AdapterError
from adapters.model import Json, Ref
from tui.core.params import BadParam
from tui.core.plan import Confirm, Outcome, Plan
from tui.core.planner import PlanRefused, find_action
from tui.handover import NotHandedOver
from tui.screens import planview
from tui.screens.planeditor import edit_params
from tui.screens.planface import EDITOR_KEY, Phase, PlanFace
from tui.screens.planform import Form
from tui.widgets.prompt import LineEdit

GUARD = 0.3
"""Seconds after drawing in which keys are dropped: nobody has read the sheet by then."""

WATCH_EVERY = 2.0
WATCHED = 20
"""Up to so many targets are looked at again while the sheet is open; all are before their own request."""

MOST_PHRASE = 60


class PlanSheet(PlanFace):
    """Makes the plan, asks, carries it out. Only `_start` sends anything, and only `_armed` leads to it."""

    # Making the plan.

    def on_unmount(self) -> None:
        self.up = False

    def on_mount(self) -> None:
        self.up = True
        refs = [ref for ref in self.refs if isinstance(ref, Ref)]
        self._shown = dict(self.host.shown(refs))
        self.hidden = self.host.hidden(refs)
        self.redraw()
        self.run_worker(self._open(), group="plan", exit_on_error=False)
        self.set_interval(WATCH_EVERY, self._look_again)

    async def _open(self) -> None:
        """Find the action's parameters, then make the plan unless some are still to be filled in."""
        specs = []
        for target in self.refs:
            adapter = self.host.services.adapters.get(target.context if isinstance(target, Ref) else target)
            if adapter is None:
                continue
            try:
                schema = await adapter.describe()
            except AdapterError:
                continue
            spec = find_action(schema, self.action, target.kind if isinstance(target, Ref) else None)
            if spec is not None and spec not in specs:
                specs.append(spec)
        self.form = Form.of(specs, self._given)
        if self.form.complete:
            await self._make()
        else:
            self.phase, self.on = Phase.ASKING, "field:0"
            self._shield()

    async def _make(self) -> None:
        """Re-read everything; afterwards the focus is on Cancel and keys are dropped for a moment."""
        assert self.form is not None
        values = self.form.values()
        self.phase, self.problem = Phase.READING, ""
        self.redraw()
        try:
            plan = await self._planned(values)
        except PlanRefused as refusal:
            self.plan, self.phase, self.problem = None, Phase.REFUSED, str(refusal)
            if self.form.fields:
                self.phase = Phase.ASKING
        except Exception as defect:  # a sheet that hangs in "reading" says less than a sentence
            self.plan, self.phase = None, Phase.REFUSED
            self.problem = f"no plan could be made: {type(defect).__name__}: {defect}"
        else:
            self.plan, self.phase, self._made_with = plan, Phase.ASKING, values
            if plan.needs_reason or plan.confirm is Confirm.TYPED:
                self.form.ask_reason(plan.needs_reason)
            if not plan.can:
                self.phase = Phase.REFUSED
                self.problem = plan.targets[0].reason if len(plan.targets) == 1 else "nothing here can be done"
        if not self.filling or self.moved:
            self.on = "cancel"
        self.filling = False
        self._shield()

    async def _in_editor(self) -> None:
        """The parameters in `$EDITOR`; the plan is made anew of what comes back, and asked about as any other."""
        assert self.form is not None
        try:
            if await edit_params(self, self.form):
                if self.form.complete:
                    await self._make()
                else:
                    self.plan, self._made_with, self.phase, self.on = None, None, Phase.ASKING, "field:0"
        except (NotHandedOver, BadParam) as error:
            self.host.message(str(error), "failed")
        self._shield()

    async def _planned(self, values: Mapping[str, Json]) -> Plan:
        return await self.host.services.planner.make(self.action, self.refs, values, shown=self._shown)

    def _shield(self) -> None:
        """From the next drawing on, drop keys for a moment."""
        self._drawn_at = None
        self.redraw()
        self.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        self._drawn_at = get_time()

    def _ready(self, pressed_at: float) -> bool:
        return self._drawn_at is not None and pressed_at >= self._drawn_at + GUARD

    def _look_again(self) -> None:
        if self.phase is Phase.ASKING and self.plan is not None and len(self.plan.targets) <= WATCHED:
            self.run_worker(self._compare(self.plan), group="look", exclusive=True, exit_on_error=False)

    async def _compare(self, plan: Plan) -> None:
        """Make the plan anew if one of its objects has moved while it was being read."""
        for target in plan.targets:
            if target.resource is None:
                continue
            try:
                now = await self.host.services.adapters[target.ref.context].get(target.ref)
            except AdapterError:
                continue
            if self.plan is not plan or self.phase is not Phase.ASKING:
                return
            if (now.state, now.version) != (target.resource.state, target.resource.version):
                self._shown[target.ref] = target.resource
                self.moved = True
                await self._make()
                return

    def guard_changed(self) -> None:
        """What was drawn is no longer what may be done."""
        if self.phase in (Phase.ASKING, Phase.REFUSED) and self.form is not None and self.form.complete:
            self.moved = True
            self.run_worker(self._make(), group="plan", exclusive=True, exit_on_error=False)

    # Confirming.

    def _start(self) -> None:
        assert self.plan is not None
        if not self._armed:
            return
        reason = self.form.reason.text.strip() if self.form and self.form.reason else ""
        self.plan = self.plan.with_reason(reason)
        self.phase, self.on, self.view, self.first = Phase.RUNNING, "stop", "plan", 0
        self.red_line = None
        # The app owns this worker: a sheet that is closed must not cut off a request that is under way.
        self.app.run_worker(self._run(self.plan), group=f"plan-{self.plan.id}", exit_on_error=False)
        self._shield()

    async def _run(self, plan: Plan) -> None:
        services, host = self.host.services, self.host
        services.running[plan.id] = self._stop
        try:
            plan = await self._carried_out(plan)
        except PlanRefused as refusal:
            self.problem = str(refusal)
        finally:
            del services.running[plan.id]
        self.plan, self.phase, self.on = plan, Phase.ENDED, "cancel"
        remainder = plan.remainder()
        if remainder and plan.method is None:
            host.console.last_plan = (self.action, remainder)
        host.plan_ended(plan)
        for target in plan.targets:
            if target.outcome is not Outcome.NOT_STARTED and target.ref.id:
                await services.sync.touch(target.ref)
        if self.up:
            self._shield()

    async def _carried_out(self, plan: Plan) -> Plan:
        return await self.host.services.planner.run(plan, on_change=self._progress, stop=self._stop)

    def _progress(self, plan: Plan) -> None:
        self.plan = plan
        if self.up:
            self.redraw()

    # Keys.

    def press(self, key: str, character: str | None) -> bool:
        self.host.peek.say(None)
        if self.phase is Phase.READING:
            if key == "escape":
                self.close()
            return True
        if not self._ready(self.host.pressed_at):
            return True
        if self.on not in self.stops:
            self.on = "stop" if self.phase is Phase.RUNNING else "cancel"
        if self._begins_phrase(character):
            self.on = "phrase"
        if not self._common(key):
            if self.phase is Phase.ASKING and self._edited() is not None:
                self._edit(key, character)
            else:
                self._plain(key)
        if self.up:
            self.redraw()
        return True

    def _begins_phrase(self, character: str | None) -> bool:
        """Whether this key begins what must be typed: then it is typed, although Cancel still has the focus."""
        plan = self.plan
        if plan is None or plan.confirm is not Confirm.TYPED or self.phase is not Phase.ASKING:
            return False
        return self.on == "cancel" and not self.moved and not self.phrase.text and character == plan.phrase[:1]

    def _common(self, key: str) -> bool:
        """Keys that mean the same wherever the focus is."""
        if key in ("tab", "shift-tab"):
            stops = self.stops
            self.moved = False
            remade = self._leave()
            self.on = stops[(stops.index(self.on) + (1 if key == "tab" else -1)) % len(stops)]
            # Who goes on to the next field goes on typing, and a letter must not meet the question.
            self.filling = remade and self.on.startswith("field:")
        elif key == "escape" and self.phase is not Phase.RUNNING:
            if self.view != "plan":
                self.view, self.first = "plan", 0
            else:
                self.close()
        elif key == "enter":
            self._enter()
        elif key == EDITOR_KEY and self.editable:
            self.run_worker(self._in_editor(), group="editor", exclusive=True, exit_on_error=False)
        elif key in ("up", "down", "pageup", "pagedown"):
            page = max(1, self.size.height - 2)
            self.first += {"up": -1, "down": 1, "pageup": -page, "pagedown": page}[key]
        else:
            return False
        return True

    def _enter(self) -> None:
        """Press what has the focus; in a field go on to the next stop, which never starts anything."""
        if self.on == "cancel":
            self.close()
        elif self.on == "go":
            self._start()
        elif self.on == "stop":
            self._stop.set()
        elif self.on.startswith("field:") and self.form and self.form.fields[int(self.on[6:])].problem():
            return  # tab goes on nevertheless
        else:
            changed = self._leave()
            stops = self.stops
            if not changed:
                self.on = "go" if self.on == "phrase" and self._armed else stops[stops.index(self.on) + 1]

    def _plain(self, key: str) -> None:
        """Letters, while no field has the focus."""
        plan = self.plan
        if key == "y" and self.by_key:
            self._start()
        elif key in ("d", "y") and plan is not None:
            wanted = "all" if key == "d" else "raw"
            self.view, self.first = ("plan" if self.view == wanted else wanted), 0
        elif key == "c" and plan is not None:
            self.host.console.copy(planview.command(plan))
            self.host.message("copied the command that does this", "muted")
        elif key == "o" and self.phase is Phase.ENDED and (created := self._created()) is not None:
            self.close()
            self.host.console.open_detail(created)
        elif key in ("e", "E") and self.started:
            if not self.hop(1 if key == "e" else -1):
                self.host.message("nothing red " + ("below" if key == "e" else "above"), "muted")
        elif key == "." and self.again:
            self.close()
            self.host.open_sheet(PlanSheet(self.action, self.again, self._made_with or self._given))
        elif key == "q" and self.phase is not Phase.RUNNING:
            self.close()

    def _edited(self) -> LineEdit | None:
        if self.on == "phrase":
            return self.phrase
        if self.on.startswith("field:") and self.form is not None:
            return self.form.fields[int(self.on[6:])].edit
        return None

    def _edit(self, key: str, character: str | None) -> None:
        if self.on == "phrase":
            if len(self.phrase.text) < MOST_PHRASE or key == "backspace":
                self.phrase.press(key, character)
        elif self.form is not None:
            self.form.fields[int(self.on[6:])].press(key, character)

    def _leave(self) -> bool:
        """The plan is made anew when a parameter has changed; whether it is."""
        stale = self.form is not None and self.form.values() != self._made_with
        if self.on.startswith("field:") and stale and self.form is not None and self.form.complete:
            self.phase = Phase.READING
            self.run_worker(self._make(), group="plan", exclusive=True, exit_on_error=False)
            return True
        return False

    def paste(self, text: str) -> bool:
        """Into a field; what must be typed to confirm is not pasted with its line end."""
        edit = self._edited() if self.phase is Phase.ASKING and self._ready(get_time()) else None
        if edit is not None:
            edit.insert(text.replace("\n", " "))
            self.redraw()
        return edit is not None

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.host.pressed_at = self.host.console.pointed_at
        name = self.field_at(event.y)
        again = name == self.on
        if self._point(name) and again and self.form is not None and not self.form.fields[int(name[6:])].typed:
            self._edit("space", None)
            self.redraw()

    def pointed(self, text: str) -> bool:
        return self._point(self.button_at(text))

    def _point(self, name: str) -> bool:
        """A click gives the focus; on a button it is enter as well, under the same rules: one that is not armed is
        no stop, and after an object moved the first click only shows where the focus goes."""
        if name not in self.stops or self.phase is Phase.READING or not self._ready(self.host.pressed_at):
            return False
        self.host.peek.say(None)
        moved, self.moved = self.moved, False
        remade = self._leave()
        self.on = name
        if name in ("cancel", "go", "stop") and not moved and not remade:
            self._enter()
        if self.up:
            self.redraw()
        return True

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.first += 3
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.first = max(0, self.first - 3)
        self.refresh()
