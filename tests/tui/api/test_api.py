"""`:api`: methods and parameters are completed, reads open their answer, writes go through a plan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Json, State
from adapters.permit import Permit
from adapters.port import MethodSpec, Params
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester, screen_text
from tui.core.commandline import read, scoped
from tui.core.plan import Guard
from tui.screens import plan as plan_module
from tui.screens.apicall import AnswerScreen, CallSheet, MethodsScreen
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio

METHODS = (
    MethodSpec("GetRun", "read", "one run with its tasks", (("run_id", "text"),)),
    MethodSpec("ListRuns", "read", "runs", (("page_size", "number, optional"), ("filter", "JSON, optional"))),
    MethodSpec("StopRun", "write", "ends a run", (("run_id", "text"), ("force", "true or false, optional"))),
)


class Calls(FakeAdapter):
    """A backend with three methods; `called` is what it was asked."""

    def __init__(self, context: str = "prod-kfp", methods: Sequence[MethodSpec] = METHODS) -> None:
        super().__init__(context, [run(context, State.RUNNING, "first")])
        self.offered = methods
        self.called: list[tuple[str, dict[str, Json]]] = []
        self.permits: list[Permit] = []
        self.answer: Json = {"run_id": "r1", "name": "[/red] x"}

    def methods(self) -> Sequence[MethodSpec]:
        return self.offered

    async def call(self, method: str, params: Params, permit: Permit | None = None) -> Json:
        self._check()
        self.called.append((method, dict(params)))
        if permit is not None:
            permit.spend()
            self.permits.append(permit)
        return self.answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.05)
    monkeypatch.chdir(tmp_path)


async def command(t: Tester, text: str) -> None:
    """Type a command and enter it; pasted, since some keys have no name."""
    await t.until(lambda: any("first" in line for line in t.lines))
    await t.press("colon")
    prompt = t.app.screen.peek.prompt  # type: ignore[attr-defined]
    prompt.edit.insert(text)
    prompt.on_change(prompt.edit.text)
    await t.press("enter")


async def sheet(t: Tester) -> CallSheet:
    await t.until(lambda: isinstance(t.screen.sheet, CallSheet) and t.screen.sheet.phase is not Phase.READING)
    found = t.screen.sheet
    assert isinstance(found, CallSheet)
    await t.until(lambda: found._drawn_at is not None)
    await asyncio.sleep(plan_module.GUARD)
    return found


async def test_a_read_opens_its_answer(console: Open) -> None:
    kfp = Calls()
    async with console(kfp) as t:
        await command(t, 'api ListRuns page_size=5 filter={"a":  "b  c"}')
        await t.see("prod-kfp › api › ListRuns")
        await t.see('"name": "[/red] x"')
        assert isinstance(t.app.screen, AnswerScreen)
        assert kfp.called == [("ListRuns", {"page_size": 5, "filter": {"a": "b  c"}})]
        assert t.app.screen.command_line().startswith("runyard api prod-kfp ListRuns --set page_size=5 --set")
        kfp.answer = {"run_id": "r2"}
        await t.press("ctrl+r")
        await t.see('"run_id": "r2"')
        await t.press("ctrl+s")
        await t.see("saved as")
        (saved,) = Path().glob("runyard-*.json")
        assert json.loads(saved.read_text()) == {"run_id": "r2"}
        await t.press("q")
        await t.see("first")


async def test_an_answer_that_does_not_come_is_said(console: Open) -> None:
    kfp = Calls()
    async with console(kfp) as t:
        await t.see("first")
        kfp.error = Unavailable("prod-kfp: no answer", hint="it is tried again")
        await command(t, "api getrun run_id=x")
        await t.see("prod-kfp: no answer")
        await t.see("not read")


async def test_methods_and_parameters_are_completed(console: Open) -> None:
    async with console(Calls()) as t:
        await t.see("first")
        await t.press("colon")
        await t.type("ap")
        await t.see(" :api")
        await t.press("tab")
        await t.type("stop")
        await t.see("write")
        await t.press("tab")
        await t.see(":api StopRun")
        await t.see("run_id=")
        await t.type("fo")
        await t.see("yes/no")
        await t.see(":api StopRun force=")
        await t.press("tab")
        await t.type("yes r")
        await t.see(":api StopRun force=yes run_id=")


async def test_a_write_is_planned_and_done_once(console: Open) -> None:
    kfp = Calls()
    kfp.answer = {"version": "2-1-1"}
    async with console(kfp) as t:
        await command(t, "api StopRun run_id=r1 force=yes")
        shown = await sheet(t)
        await t.see("PLAN  StopRun in prod-kfp")
        await t.see("call     StopRun run_id=r1 force=true")
        await t.see("affects  whatever StopRun does there")
        assert shown.on == "cancel"
        assert kfp.called == []
        await t.press("y")
        await t.until(lambda: shown.phase is Phase.ENDED)
        assert kfp.called == [("StopRun", {"run_id": "r1", "force": True})]
        assert [permit.action for permit in kfp.permits] == ["StopRun"]
        await t.see("1 done")
        await t.see('"version": "2-1-1"')


async def test_enter_on_a_write_cancels_it(console: Open) -> None:
    kfp = Calls()
    async with console(kfp) as t:
        await command(t, "api StopRun run_id=r1")
        await sheet(t)
        await t.press("enter")
        await t.until(lambda: t.screen.sheet is None)
        assert kfp.called == []


@pytest.mark.parametrize(
    ("guard", "said"),
    [
        (Guard(read_only=True), "prod-kfp is read-only"),
        (Guard(deny=("StopRun",)), "denies StopRun"),
        (Guard(deny=("delete",)), "so raw writes as well"),
    ],
)
async def test_what_is_denied_is_not_offered(console: Open, guard: Guard, said: str) -> None:
    kfp = Calls()
    async with console(kfp, guard={"prod-kfp": guard}) as t:
        await command(t, "api StopRun run_id=r1")
        await sheet(t)
        await t.see(said)
        await t.press("y")
        await t.press("tab")
        await t.press("enter")
        assert kfp.called == []


async def test_in_a_protected_context_its_name_is_typed(console: Open) -> None:
    kfp = Calls()
    async with console(kfp, guard={"prod-kfp": Guard(protected=True)}) as t:
        await command(t, "api StopRun run_id=r1")
        shown = await sheet(t)
        await t.press("y")
        assert kfp.called == []
        assert shown.plan is not None
        await t.see(f"type {shown.plan.phrase}")


async def test_every_method_is_listed(console: Open) -> None:
    async with console(Calls()) as t:
        await command(t, "api")
        assert isinstance(t.app.screen, MethodsScreen)
        await t.see("StopRun   write  ends a run")
        await t.see("force  true or false")
        await t.see("run_id  text, needed")
        await t.see("8 lines")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api GetRnu run_id=1", "nearest: GetRun"),
        ("api GetRun", "GetRun needs run_id"),
        ("api GetRun rnu_id=1", "no parameter 'rnu_id'; nearest: run_id"),
        ("api ListRuns page_size=many", "page_size is a number"),
        ("api ListRuns filter={", "JSON that does not parse"),
        ("api @nope GetRun run_id=1", "no context 'nope'"),
    ],
)
async def test_what_is_wrong_is_said(console: Open, text: str, said: str) -> None:
    kfp = Calls()
    async with console(kfp) as t:
        await command(t, text)
        await t.see(said)
        assert kfp.called == []


async def test_of_several_contexts_one_must_be_meant(console: Open) -> None:
    one, two = Calls("one"), Calls("two", METHODS[:1])
    two.rows = {}
    async with console(one, two) as t:
        await command(t, "api ListRuns")
        await t.see("one › api › ListRuns")
        await t.press("q")
        await command(t, "api @two GetRun run_id=z")
        await t.see("two › api › GetRun")
        assert two.called == [("GetRun", {"run_id": "z"})]
        await t.press("q")
        await command(t, "api @one,two GetRun run_id=z")
        await t.see("GetRun is in one, two; say which, as in :api @one GetRun")
        assert "".join(screen_text(t.app))


def test_blanks_within_json_are_kept() -> None:
    assert scoped(" @a,b  @c  rest  of it ") == (["a", "b", "c"], "rest  of it")
    assert read('api @a M x={"k":  1}', ["a"], []).filter == 'M x={"k":  1}'
    assert read("runs @a  x   y", ["a"], []).filter == "x   y"
