"""The journal's screen: what was changed, newest first, found, exported, and planned again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import NOW, FakeAdapter, Tester
from tests.tui.keys.proof import press
from tui.core.journal import Journal
from tui.screens import plan as plan_module
from tui.screens.detail import DetailScreen
from tui.screens.journal import JournalScreen
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio


def ref(name: str) -> Ref:
    return Ref("prod", Kind.RUN, name)


def written(folder: Path) -> Journal:
    """Three plans: one done, one of three of which one failed and one was never begun, one of a call."""
    now = [NOW - 3600.0]

    def clock() -> float:
        now[0] += 60.0
        return now[0]

    log = Journal(folder / "journal", clock=clock)
    log.outcome(log.issue("plan-one", "retry", ref("a"), {"only": "x"}, "OPS-1"), "done", "accepted", ref("a2"))
    names = [str(ref(name)) for name in "abc"]
    log.outcome(log.issue("plan-two", "abort", ref("a"), {}, targets=names), "done")
    log.outcome(log.issue("plan-two", "abort", ref("b"), {}, targets=names), "failed", "no permission")
    log.end("plan-two", {names[2]: ("not-started", "")})
    log.outcome(log.issue("plan-api", "TerminateRun", "prod", {"run_id": "x"}), "failed", "=no")
    return Journal(folder / "journal", clock=lambda: NOW)


def world() -> FakeAdapter:
    return FakeAdapter("prod", [run("prod", State.RUNNING, name) for name in "abc"])


async def opened(t: Tester) -> JournalScreen:
    await t.until(lambda: t.app.screen.table.cursor)  # type: ignore[attr-defined]
    await press(t, "W")
    await t.until(lambda: isinstance(t.app.screen, JournalScreen) and t.app.screen.model.refs)
    screen = t.app.screen
    assert isinstance(screen, JournalScreen)
    await t.until(lambda: screen.current)
    return screen


async def asked(t: Tester, screen: JournalScreen) -> PlanSheet:
    """The plan that `.` opens, once it takes keys."""
    await press(t, ".")
    await t.until(lambda: isinstance(screen.sheet, PlanSheet) and screen.sheet.phase is Phase.ASKING)
    sheet = screen.sheet
    assert isinstance(sheet, PlanSheet)
    await t.until(lambda: sheet._drawn_at is not None)
    return sheet


@pytest.mark.presses("journal", "W")
async def test_plans_are_shown_the_newest_first(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=written(tmp_path), size=(120, 24)) as t:
        screen = await opened(t)
        assert [plan.id for plan in screen.model.plans.values()] == ["plan-api", "plan-two", "plan-one"]
        assert "3 plans, 5 targets" in t.lines[1]
        assert "✗ 1 failed, 1 not-started, 1 done" in t.lines[4] or "✗ 1 failed" in t.lines[4]
        assert "3 objects, run a" in t.lines[4]
        assert "retry" in t.lines[5]
        assert "✓ done" in t.lines[5]
        assert "OPS-1" in t.lines[5]
        await press(t, "escape")
        await t.see("3 runs")


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 10), (160, 48)])
async def test_it_fits(console: Open, tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(world(), journal=written(tmp_path), size=size) as t:
        await opened(t)
        await t.see("abort")
        await press(t, "G")
        await press(t, "enter")
        await t.see("acc")
        assert all(len(line) == size[0] for line in t.lines)


async def test_the_filter(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=written(tmp_path)) as t:
        screen = await opened(t)
        await press(t, "/")
        await t.type("outcome=failed action=abort")
        await t.see("1 of 3 plans")
        await press(t, "enter")
        await t.see("/ outcome=failed action=abort")
        assert [plan.id for plan in screen.model.plans.values()] == ["plan-two"]
        await press(t, "/")
        await t.type(" outcom=x")
        await t.see("no field outcom")
        await press(t, "enter")
        await t.see("filter not applied")
        assert screen.filter.text == "outcome=failed action=abort"
        await press(t, "escape")
        await t.see("3 plans")
        await press(t, "/")
        await t.type("nobody")
        await press(t, "enter")
        await t.see("no plan is as the filter wants it")


async def test_a_plan_with_what_became_of_each_target(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=written(tmp_path), size=(120, 24)) as t:
        await opened(t)
        await press(t, "j")
        await press(t, "enter")
        await t.see("PLAN  abort 3 objects in prod")
        rows = [line for line in t.lines if any(word in line for word in ("✓ done", "✗ failed", "not-started "))]
        assert [line.split()[-3:] for line in rows[-1:]] == [["nothing", "was", "sent"]]
        await t.see("no permission")
        await press(t, "j")
        await press(t, "enter")
        await t.until(lambda: isinstance(t.app.screen, DetailScreen))
        assert t.app.screen.ref == ref("b")  # type: ignore[attr-defined]


async def test_what_was_left_becomes_a_new_plan_that_asks(
    console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)
    adapter = world()
    async with console(adapter, journal=written(tmp_path)) as t:
        screen = await opened(t)
        await press(t, "j")
        await press(t, "enter")
        await t.see("plan 2 again")
        sheet = await asked(t, screen)
        assert sheet.refs == (ref("b"), ref("c"))
        assert adapter.performed == []
        await t.press("y", "enter")  # several want more than a key
        assert adapter.performed == []
        sheet = await asked(t, screen)
        await press(t, "shift-tab")
        await t.type("abort 2")
        await t.press("enter", "enter")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert sorted(each.id for _, each in adapter.performed) == ["b", "c"]
        await t.press("escape")
        await t.until(lambda: len(screen.plans) == 4)  # what was just done is there
        assert screen.plans[0].counts() == {"done": 2}


async def test_nothing_left_says_so(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=written(tmp_path)) as t:
        screen = await opened(t)
        await press(t, "G")
        await press(t, ".")
        await t.see("nothing of plan plan-one is left to be done")
        assert screen.sheet is None


async def test_read_only_refuses_the_rest_as_well(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=written(tmp_path)) as t:
        screen = await opened(t)
        await press(t, "ctrl-o")
        await press(t, "j")
        await press(t, ".")
        await t.until(lambda: isinstance(screen.sheet, PlanSheet) and screen.sheet.phase is Phase.REFUSED)


async def test_what_is_unknown_is_looked_at_again(console: Open, tmp_path: Path) -> None:
    log = Journal(tmp_path / "journal", clock=lambda: NOW)
    log.outcome(log.issue("plan-x", "abort", ref("a"), {}), "unknown", "no answer in 15 s")
    async with console(world(), journal=log) as t:
        await opened(t)
        await press(t, "enter")
        await t.see("now running (RUNNING); no answer in 15 s")


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
async def test_export(console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.chdir(tmp_path)
    async with console(world(), journal=written(tmp_path)) as t:
        await opened(t)
        if ending == "csv":
            await press(t, "ctrl-s")
        else:
            await press(t, ":")
            await t.type(f"export journal.{ending}")
            await press(t, "enter")
        await t.see("5 targets in")
    text = (tmp_path / f"journal.{ending}").read_text()
    if ending == "csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert rows[0]["message"] == "'=no"
    else:
        rows = json.loads(text) if ending == "json" else [json.loads(line) for line in text.splitlines()]
    assert [row["outcome"] for row in rows] == ["failed", "done", "failed", "not-started", "done"]
    assert rows[2]["target"] == "prod/run/b"


async def test_another_console_s_plan_appears(console: Open, tmp_path: Path) -> None:
    log = written(tmp_path)
    async with console(world(), journal=log) as t:
        screen = await opened(t)
        await press(t, "j")
        before = screen.current
        other = Journal(log.directory, clock=lambda: NOW)
        other.issue("plan-new", "abort", ref("c"), {})
        await press(t, "ctrl-r")
        await t.until(lambda: len(screen.plans) == 4)
        assert screen.current == before  # the cursor stays on its plan
        await press(t, "g")
        await press(t, ".")
        await t.see("plan plan-new is still under way")


async def test_faults_are_hopped_to_and_ids_copied(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=written(tmp_path)) as t:
        screen = await opened(t)
        await press(t, "G")
        await press(t, "E")
        assert screen.current is not None
        assert screen.current.id == "plan-two"
        await press(t, "c")
        assert t.app.clipboard == "plan-two"
        await press(t, ":")
        await t.type("cli")
        await press(t, "enter")
        assert t.app.clipboard == "runyard journal"


async def test_an_empty_journal_says_so(console: Open, tmp_path: Path) -> None:
    async with console(world(), journal=Journal(tmp_path / "none")) as t:
        await t.see("3 runs")
        await press(t, ":")
        await t.type("journal")
        await press(t, "enter")
        await t.see("nothing was changed yet")
        await press(t, "enter")
        await press(t, ".")


@pytest.mark.parametrize("text", ["[/red]", "\x1b[31mred\x07", "x" * 5000, "‮evil"])
async def test_hostile_text(console: Open, tmp_path: Path, text: str) -> None:
    log = Journal(tmp_path / "journal", clock=lambda: NOW)
    log.outcome(log.issue("plan-x", text, ref(text), {text: text}, text), "failed", text)
    async with console(world(), journal=log) as t:
        screen = await opened(t)
        for key in ("enter", "c", "escape", "."):
            await press(t, key)
            assert all("\x1b" not in line and "\x07" not in line and "‮" not in line for line in t.lines)
            assert len(t.lines) == 24
        assert isinstance(screen, JournalScreen)
