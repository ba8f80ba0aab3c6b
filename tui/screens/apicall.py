"""`:api METHOD key=value...`: reads open their answer, writes open the plan sheet, no method lists them all."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adapters.errors import AdapterError
from adapters.model import Json, Kind, Ref
from adapters.port import MethodSpec
from tui.core.apicall import OPTIONAL, find_method, nearest_method, read_call, split_pairs
from tui.core.format import clock
from tui.core.params import BadParam
from tui.core.plan import Plan
from tui.core.text import pad, safe
from tui.screens.document import DocumentScreen
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase
from tui.screens.planform import Form
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sections import Row, text_rows

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

HINTS: tuple[Hint, ...] = (("^r", "again", True), ("n N", "match", True), ("^s", "save", True))


def call(screen: GridScreen, contexts: Sequence[str], text: str) -> None:
    """Carry out what was typed after `:api`; what is wrong with it is said in the message line."""
    name, _, rest = text.partition(" ")
    try:
        context, spec = chosen(screen, contexts, name)
        if spec is None:
            screen.app.open_screen(MethodsScreen(context))  # type: ignore[attr-defined]
            return
        params = read_call(spec, split_pairs(rest))
    except BadParam as wrong:
        screen.message(str(wrong), "failed")
        return
    if spec.effect == "read":
        screen.app.open_screen(AnswerScreen(context, spec, params))  # type: ignore[attr-defined]
    else:
        screen.open_sheet(CallSheet(context, spec, params))


def chosen(screen: GridScreen, contexts: Sequence[str], name: str) -> tuple[str, MethodSpec | None]:
    """The context that is meant, and its method; no method without a name. Raises BadParam."""
    adapters = screen.services.adapters
    here = dict.fromkeys(ref.context for ref in screen.targets())
    wanted = list(contexts) or list(here) or list(screen.console.scope) or list(adapters)
    if not wanted:
        raise BadParam("there is no context yet; :add-context adds one")
    if not name:
        return wanted[0], None
    for names in (wanted, [] if contexts else list(adapters)):
        found = {each: spec for each in names if (spec := find_method(adapters[each].methods(), name)) is not None}
        if len(found) > 1:
            raise BadParam(f"{name} is in {', '.join(found)}; say which, as in :api @{next(iter(found))} {name}")
        for context, spec in found.items():
            return context, spec
    known = [spec for each in wanted for spec in adapters[each].methods()]
    raise BadParam(f"{', '.join(wanted)}: no method {name!r}{nearest_method(known, name)}")


class AnswerScreen(DocumentScreen):
    """What a method that reads answered, as JSON."""

    hints = HINTS
    live = False

    def __init__(self, context: str, spec: MethodSpec, params: Mapping[str, Json]) -> None:
        super().__init__(Ref(context, Kind.RUN, spec.name), mode="json")
        self.spec = spec
        self.params = dict(params)
        self._text = ""

    def targets(self) -> list[Ref]:
        return []

    def _title(self) -> None:
        self.set_crumbs([self.ref.context, "api", safe(self.spec.name)], "")

    async def _read(self) -> None:
        try:
            answer = await self.adapter.call(self.spec.name, self.params)
        except AdapterError as error:
            self.failed(error)
            self.set_freshness("not read" if not self._text else "out of date")
            return
        self._text = await asyncio.to_thread(json.dumps, answer, indent=2, ensure_ascii=False)
        now = self.services.clock()
        self.set_freshness(f"as of {clock(now, now)}")
        self._show()

    def _show(self) -> None:
        rows = text_rows(self._text)
        self.view.show(lambda width: rows)
        self._counts()

    def _turn(self, mode: str) -> None:
        self.message("an answer has no other form", "muted")

    def saved(self) -> tuple[str, str]:
        return ".json", self._text + "\n"

    def command_line(self) -> str:
        return command_line(self.ref.context, self.spec, self.params)


class MethodsScreen(DocumentScreen):
    """Every method of a backend and what it takes."""

    hints = HINTS[1:]
    live = False

    def __init__(self, context: str) -> None:
        super().__init__(Ref(context, Kind.RUN, "api"), mode="methods")

    def targets(self) -> list[Ref]:
        return []

    def _title(self) -> None:
        self.set_crumbs([self.ref.context, "api"], "")

    async def _read(self) -> None:
        self.set_freshness("")
        self._show()

    def _show(self) -> None:
        methods = self.adapter.methods()
        width = max((len(spec.name) for spec in methods), default=0)
        rows = [row for spec in methods for row in method_rows(spec, width)]
        self.view.show(lambda _: rows)
        self.call_after_refresh(self._counts)

    def _turn(self, mode: str) -> None:
        self.message("a list of methods has no other form", "muted")

    def command_line(self) -> str:
        return f"runyard api {shlex.quote(self.ref.context)}"


def method_rows(spec: MethodSpec, width: int) -> list[Row]:
    """`GetRun   read   one run with all its tasks`, and a line for each parameter."""
    name, summary = pad(safe(spec.name), width), safe(spec.summary)
    token = "waiting" if spec.effect == "write" else "muted"
    head: tuple[Piece, ...] = ((name, "bold"), (f"  {spec.effect:<5}  ", token), (summary, "text"))
    rows = [Row(head, full=f"{spec.name}  {spec.effect}  {spec.summary}")]
    for param, words in spec.params:
        kind = words.removesuffix(OPTIONAL)
        needed = "" if words.endswith(OPTIONAL) else ", needed"
        pieces: tuple[Piece, ...] = (("  ", "text"), (safe(param), "accent"), (f"  {safe(kind)}{needed}", "muted"))
        rows.append(Row(pieces, full=f"  {param}  {kind}{needed}"))
    return rows


class CallSheet(PlanSheet):
    """The plan of one write method."""

    def __init__(self, context: str, spec: MethodSpec, params: Mapping[str, Json]) -> None:
        super().__init__(spec.name, (context,), params)
        self.context = context

    async def _open(self) -> None:
        self.form = Form([])
        await self._make()

    async def _planned(self, values: Mapping[str, Json]) -> Plan:
        return await self.host.services.planner.make_call(self.context, self.action, self._given)

    def lines(self, width: int) -> list[list[Piece]]:
        """With the server's answer, once there is one."""
        rows = super().lines(width)
        result = self.plan.targets[0].result if self.plan is not None else None
        if self.phase is not Phase.ENDED or self.view != "plan" or result is None:
            return rows
        answer = json.dumps(result, indent=2, ensure_ascii=False).split("\n")
        return [*rows, [], *([(" ", "text"), (safe(line), "text")] for line in answer)]


def command_line(context: str, spec: MethodSpec, params: Mapping[str, Json]) -> str:
    """The `runyard api ...` that does the same."""
    words = ["runyard", "api", context, spec.name]
    for name, value in params.items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return " ".join(shlex.quote(word) for word in words)
