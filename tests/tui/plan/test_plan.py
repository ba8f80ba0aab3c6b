"""The plan sheet: its mock-ups, its keys, and attempts to get something done without being asked properly."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.actions import ActionResult, Preview
from adapters.errors import Forbidden, Timeout
from adapters.model import Kind, Ref, State
from adapters.permit import Permit
from adapters.port import Params
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.detail.world import World, drain_world
from tests.tui.fake import SCHEMA, Tester
from tui.core.plan import Guard
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio

HOST = Ref("peloton", Kind.HOST, "gpu-a100-0417")
PROTECTED = {"peloton": Guard(protected=True, require_reason=True)}


@pytest.fixture(autouse=True)
def short_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests only wait for it; those that try to break through keep it as it is."""
    if "typed_ahead" not in request.node.name and "mashing" not in request.node.name:
        monkeypatch.setattr(plan_module, "GUARD", 0.05)


def sheet(t: Tester) -> PlanSheet:
    assert isinstance(t.screen.sheet, PlanSheet)
    return t.screen.sheet


async def ready(t: Tester) -> PlanSheet:
    """Wait until the sheet takes keys."""
    await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is not Phase.READING)
    await t.until(lambda: sheet(t)._drawn_at is not None)
    await asyncio.sleep(plan_module.GUARD)
    return sheet(t)


async def opened(t: Tester, action: str, *refs: Ref) -> PlanSheet:
    await t.until(lambda: t.screen.model.refs)
    t.app.open_plan(action, refs)
    return await ready(t)


def fleet(*names: str, context: str = "prod-kfp", **more: object) -> World:
    rows = [run(context, State.RUNNING, name, **more) for name in names]  # type: ignore[arg-type]
    return World(context, rows, SCHEMA)


def ref(name: str, context: str = "prod-kfp") -> Ref:
    return Ref(context, Kind.RUN, name)


async def test_a_drain_is_the_mock_up(console: Open) -> None:
    async with console(drain_world(), view=Kind.HOST, guard=PROTECTED) as t:
        await opened(t, "drain", HOST)
        lines = t.lines
    at = next(i for i, line in enumerate(lines) if line.startswith(" PLAN"))
    assert lines[at].startswith(" PLAN  drain host gpu-a100-0417 in peloton, protected     re-read 14:32:07Z: up ")
    assert [line.rstrip() for line in lines[at + 1 : at + 12]] == [
        " call     HostService.StartMaintenance hostname=gpu-a100-0417, then watch it",
        " undo     none while it drains; CompleteMaintenance is legal only once down",
        " affects  11 pods of 4 runs, 4 owners",
        "",
        "    RUN                    POOL          OWNER     PODS  WHAT WILL HAPPEN",
        "  ! asr-ft-nightly         /ml/speech    tomas        1  killed, no restart",
        "  ! ctr-train-0822         /ml/ads       ana          3  restart, waits: full",
        "    rank-serving           /ml/serving   serving      6  1 at a time: SLA",
        "    feature-cache          /infra/data   infra        1  restarts elsewhere",
        "",
        " slow     rank-serving allows 1 unavailable pod; may stay draining for long",
    ]
    assert lines[22] == " type gpu-a100-0417 › ________________                    [ Cancel ]    Drain   "
    assert lines[23].rstrip().endswith("? help")
    assert "required here" in "\n".join(lines)


async def test_the_whole_way_of_a_protected_drain(console: Open) -> None:
    world = drain_world()
    async with console(world, view=Kind.HOST, guard=PROTECTED) as t:
        shown = await opened(t, "drain", HOST)
        assert shown.on == "cancel"
        await t.press("tab")
        assert shown.on == "field:0"
        await t.type("disk errors, OPS-4411")
        await t.press("tab")
        assert shown.on == "phrase"
        await t.type("gpu-a100-0417")
        assert "go" in shown.stops
        await t.press("enter")
        assert shown.on == "go"
        assert world.performed == []
        await t.press("enter")
        await t.until(lambda: shown.phase is Phase.ENDED)
        assert world.performed == [("drain", HOST)]
        assert shown.plan is not None
        assert shown.plan.reason == "disk errors, OPS-4411"
        await t.see("✓ 1 done")
        await t.see("accepted")


async def test_what_must_be_typed_can_be_typed_at_once(console: Open) -> None:
    world = drain_world()
    async with console(world, view=Kind.HOST, guard=PROTECTED) as t:
        shown = await opened(t, "drain", HOST)
        assert shown.on == "cancel"
        await t.type("gpu-a100-0417")
        assert (shown.on, shown.phrase.text) == ("phrase", "gpu-a100-0417")
        await t.press("enter")
        assert world.performed == []  # the reason is required here, and enter in a field starts nothing


async def test_other_letters_on_cancel_type_nothing(console: Open) -> None:
    world = drain_world()
    async with console(world, view=Kind.HOST, guard=PROTECTED) as t:
        shown = await opened(t, "drain", HOST)
        await t.type("xpu")
        assert (shown.on, shown.phrase.text) == ("cancel", "")


async def test_y_confirms_one_unprotected_target(console: Open) -> None:
    world = fleet("a")
    async with console(world) as t:
        shown = await opened(t, "abort", ref("a"))
        assert shown.by_key
        await t.press("y")
        await t.until(lambda: shown.phase is Phase.ENDED)
        assert world.performed == [("abort", ref("a"))]


async def test_enter_on_the_button_confirms_as_well(console: Open) -> None:
    world = fleet("a")
    async with console(world) as t:
        await opened(t, "abort", ref("a"))
        await t.press("tab", "enter")
        await t.until(lambda: world.performed)


@pytest.mark.parametrize("key", ["enter", "escape", "q"])
async def test_the_focus_is_on_cancel(console: Open, key: str) -> None:
    world = fleet("a")
    async with console(world) as t:
        await opened(t, "abort", ref("a"))
        await t.press(key)
        await t.until(lambda: t.screen.sheet is None)
        assert world.performed == []


# Attempts to break through.


async def test_what_is_typed_ahead_confirms_nothing(console: Open) -> None:
    """ctrl-d and then y, y, y before anything could have been read."""
    world = fleet("a")
    async with console(world) as t:
        await t.until(lambda: t.screen.model.refs)
        await t.pilot.press("ctrl+d", "y", "y", "y", "tab", "enter")
        await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and sheet(t).phase is Phase.ASKING)
        assert world.performed == []
        assert sheet(t).on == "cancel"


async def test_keys_that_waited_in_the_queue_are_judged_by_when_they_were_pressed(console: Open) -> None:
    """A key handled long after the drawing, but pressed before it, is dropped."""
    world = fleet("a")
    async with console(world) as t:
        shown = await opened(t, "abort", ref("a"))
        assert shown._drawn_at is not None
        t.screen.pressed_at = shown._drawn_at + plan_module.GUARD / 2
        shown.press("y", "y")
        await t.pilot.pause()
        assert world.performed == []
        t.screen.pressed_at = shown._drawn_at + plan_module.GUARD
        shown.press("y", "y")
        await t.until(lambda: world.performed)


async def test_nothing_starts_while_the_plan_is_being_made(console: Open) -> None:
    world, gate = fleet("a"), asyncio.Event()
    real = world.preview

    async def slow(action: str, ref: Ref, params: Params) -> Preview:
        await gate.wait()
        return await real(action, ref, params)

    world.preview = slow  # type: ignore[method-assign]
    async with console(world) as t:
        await t.until(lambda: t.screen.model.refs)
        await t.press("ctrl+d")
        await t.see("re-reading")
        await asyncio.sleep(plan_module.GUARD)
        await t.press("y", "enter", "tab", "enter", "y")
        assert world.performed == []
        assert sheet(t).phase is Phase.READING
        gate.set()
        await ready(t)
        assert sheet(t).on == "cancel"
        assert world.performed == []


async def test_mashing_enter_cancels(console: Open) -> None:
    world = fleet("a")
    async with console(world) as t:
        await t.until(lambda: t.screen.model.refs)
        await t.press("ctrl+d", *["enter"] * 10)
        await asyncio.sleep(plan_module.GUARD)
        if t.app.screen is t.app.screen_stack[1] and t.screen.sheet is not None:
            await t.press(*["enter"] * 5)
        assert world.performed == []


@pytest.mark.parametrize(
    "keys",
    [
        ["y"],
        ["y", "y", "enter"],
        ["tab", *"gpu-a100-0417", "tab", "tab", "enter"],  # the name in the reason
        ["shift+tab", *"gpu-a100-0418", "enter", "tab", "enter"],
        ["shift+tab", *"GPU-A100-0417", "enter", "enter"],
        ["shift+tab", *"gpu-a100-041", "enter", "enter"],
        ["shift+tab", *"gpu-a100-0417", "enter", "enter"],  # right, but the reason is missing
        ["shift+tab", *"gpu-a100-0417", "space", "enter", "enter"],
        ["shift+tab", "y", "e", "s", "enter", "enter"],
    ],
)
async def test_a_protected_context_wants_name_and_reason(console: Open, keys: list[str]) -> None:
    world = drain_world()
    async with console(world, view=Kind.HOST, guard=PROTECTED) as t:
        await opened(t, "drain", HOST)
        await t.press(*keys)
        assert world.performed == []


async def test_several_want_the_count_typed(console: Open) -> None:
    world = fleet("a", "b", "c")
    async with console(world) as t:
        shown = await opened(t, "abort", ref("a"), ref("b"), ref("c"))
        await t.see("type abort 3 ›")
        await t.press("y")
        assert shown.view == "raw"
        await t.press("escape")
        assert shown.view == "plan"
        await t.press("shift+tab")
        await t.type("abort 2")
        await t.press("enter", "enter")
        assert world.performed == []
        shown = await opened(t, "abort", ref("a"), ref("b"), ref("c"))
        await t.press("shift+tab")
        await t.type("abort 3")
        await t.press("enter", "enter")
        await t.until(lambda: shown.phase is Phase.ENDED)
        assert sorted(each.id for _, each in world.performed) == ["a", "b", "c"]


async def test_an_object_that_moves_changes_its_line_and_takes_the_focus_back(
    console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "WATCH_EVERY", 0.05)
    world = fleet("a")
    async with console(world) as t:
        shown = await opened(t, "abort", ref("a"))
        await t.press("tab")
        assert shown.on == "go"
        before = shown.plan
        world.rows[ref("a")] = replace(world.rows[ref("a")], state=State.PAUSED, native_state="PAUSED")
        await t.until(lambda: shown.plan is not None and shown.plan is not before and shown.phase is Phase.ASKING)
        assert shown.on == "cancel"
        assert not shown._ready(0.0)
        await t.see("it was shown as running, it is paused now")
        await ready(t)
        await t.press("y")  # meant for the plan that was read before
        assert world.performed == []
        await t.press("shift+tab", "enter")
        await t.until(lambda: world.performed)


async def test_an_object_that_ends_meanwhile_cannot_be_acted_on(
    console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "WATCH_EVERY", 0.05)
    world = fleet("a")
    async with console(world) as t:
        shown = await opened(t, "abort", ref("a"))
        world.rows[ref("a")] = replace(world.rows[ref("a")], state=State.SUCCEEDED, native_state="SUCCEEDED")
        await t.until(lambda: shown.phase is Phase.REFUSED)
        await ready(t)
        await t.see("cannot   it has already ended")
        await t.press("y", "tab")
        assert world.performed == []


async def test_read_only_refuses(console: Open) -> None:
    world = fleet("a")
    async with console(world, guard={"prod-kfp": Guard(read_only=True)}) as t:
        shown = await opened(t, "abort", ref("a"))
        assert shown.phase is Phase.REFUSED
        await t.see("prod-kfp is read-only")
        await t.press("y", "tab", "enter")
        assert world.performed == []


# While it runs, and afterwards.


class Slow(World):
    """Each write waits for its turn; some fail."""

    def __init__(self, *names: str) -> None:
        super().__init__("prod-kfp", [run("prod-kfp", State.RUNNING, name) for name in names], SCHEMA)
        self.turn = asyncio.Semaphore(0)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        await self.turn.acquire()
        if ref.id == "bad":
            permit.spend()
            raise Forbidden("403 not allowed")
        if ref.id == "late":
            permit.spend()
            raise Timeout("no answer in 15s", executed=None)
        return await super().perform(action, ref, params, permit)


async def start(t: Tester, *names: str) -> PlanSheet:
    shown = await opened(t, "abort", *(ref(name) for name in names))
    await t.press("shift+tab")
    await t.type(f"abort {len(names)}")
    await t.press("enter", "enter")
    await t.until(lambda: shown.phase in (Phase.RUNNING, Phase.ENDED))
    return shown


async def test_results_appear_one_by_one_and_it_can_be_stopped(console: Open) -> None:
    names = [f"r{i}" for i in range(8)]
    world = Slow(*names)
    async with console(world) as t:
        shown = await start(t, *names)
        await t.see("0 of 8")
        await t.see("[ Stop here ]")
        await t.see("under way")
        world.turn.release()
        await t.see("1 of 8   ✓ 1 done")
        await asyncio.sleep(plan_module.GUARD)
        await t.press("escape")  # does not leave it alone
        assert t.screen.sheet is shown
        await t.press("enter")
        await t.see("Stopping")
        for _ in names:
            world.turn.release()
        await t.until(lambda: shown.phase is Phase.ENDED)
        assert 1 < len(world.performed) < 8
        await t.see("not started")


async def test_what_failed_or_is_unknown_is_planned_again(console: Open) -> None:
    world = Slow("good", "bad", "late")
    async with console(world) as t:
        for _ in range(3):
            world.turn.release()
        shown = await start(t, "good", "bad", "late")
        await t.until(lambda: shown.phase is Phase.ENDED)
        await t.see("✗ bad")
        await t.see("? late")
        lines = [line[2:8].strip() for line in t.lines if line[2:3] in "✗?✓" and line[2:3].strip()]
        assert [each.split()[-1] for each in lines[-3:]] == ["bad", "late", "good"]
        await ready(t)
        await t.press("enter")
        await t.until(lambda: t.screen.sheet is None)
        await t.press(".")
        again = await ready(t)
        assert {each.id for each in again.refs if isinstance(each, Ref)} == {"bad", "late"}


async def test_e_hops_between_the_results_that_are_red(console: Open) -> None:
    names = ("bad", "late", *(f"good-{index}" for index in range(30)))
    world = Slow(*names)
    async with console(world, size=(80, 24)) as t:
        for _ in names:
            world.turn.release()
        shown = await start(t, *names)
        await t.until(lambda: shown.phase is Phase.ENDED)
        await ready(t)
        await t.press("pagedown", "pagedown")
        await t.gone("✗ bad")
        await t.press("e")
        await t.see("✗ bad")
        first = shown.red_line
        await t.press("e")
        assert shown.red_line == (first or 0) + 1
        await t.press("e")
        await t.see("nothing red below")
        await t.press("E")
        assert shown.red_line == first
        await t.press("E")
        await t.see("nothing red above")


async def test_closing_the_console_s_sheet_does_not_cut_off_a_request(console: Open) -> None:
    world = Slow("a", "b")
    async with console(world) as t:
        shown = await start(t, "a", "b")
        t.screen.close_sheet()
        world.turn.release()
        world.turn.release()
        await t.until(lambda: len(world.performed) == 2)
        assert shown.phase in (Phase.RUNNING, Phase.ENDED)


# Fields, looks.


async def test_parameters_make_the_plan_anew_and_a_wrong_one_blocks_it(console: Open) -> None:
    world = World()
    name = next(each for each in world.rows if each.kind is Kind.RUN)
    async with console(world) as t:
        shown = await opened(t, "clone", name)
        assert shown.on == "field:0"
        await t.see("required here")
        await t.type("x")
        await t.press("enter")
        assert shown.on == "field:0"
        await t.press("backspace")
        await t.type("3")
        await t.press("enter")
        await ready(t)
        assert shown.plan is not None
        assert shown.plan.params["count"] == "3"
        assert shown.on == "cancel"
        await t.press("tab", "tab", "tab")
        assert shown.on == "field:1"
        await t.press("space")
        await t.see("‹ fast ›")
        assert not shown._armed
        await t.press("tab")
        await ready(t)
        assert shown.plan.params["mode"] == "fast"
        assert shown.on == "field:2"
        await t.press("y")
        assert shown.phase is Phase.ASKING, "a letter for the next field confirms nothing"
        await t.press("tab", "tab", "tab", "y")
        await t.until(lambda: world.performed)


async def test_d_shows_all_and_y_raw_and_c_copies(console: Open) -> None:
    names = [f"run-{i:02d}" for i in range(40)]
    async with console(fleet(*names)) as t:
        shown = await opened(t, "abort", *(ref(name) for name in names))
        await t.press("d")
        assert shown.view == "all"
        await t.see("more below")
        await t.press("pagedown", "pagedown", "pagedown", "pagedown")
        await t.see("run-39")
        await t.press("d", "y")
        assert shown.view == "raw"
        await t.see('"action": "abort"')
        await t.press("c")
        assert t.app.clipboard.startswith("runyard do abort prod-kfp/run/run-00 ")


@pytest.mark.parametrize("name", ["[/red]", "\x1b[31mred\x07", "x" * 10_000, "مرحبا ‮evil", "日本語" * 30])
async def test_hostile_names_cannot_break_the_sheet(console: Open, name: str) -> None:
    world = fleet("a", "b")
    for each in ("a", "b"):
        world.rows[ref(each)] = replace(world.rows[ref(each)], name=name, owner=name, message=name)
    world.previews["abort"] = Preview(name, name, (), ((name, name),))
    async with console(world, guard={"prod-kfp": Guard(protected=True)}) as t:
        for refs in ([ref("a")], [ref("a"), ref("b")]):
            shown = await opened(t, "abort", *refs)
            for key in ("d", "y", "y"):
                await t.press(key)
                assert all("\x1b" not in line and "\x07" not in line and "‮" not in line for line in t.lines)
                assert len(t.lines) == 24
            assert world.performed == []
            await t.press("escape", "escape")
            await t.until(lambda shown=shown: t.screen.sheet is not shown)  # type: ignore[misc]
