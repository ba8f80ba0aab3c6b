"""A batch of mixed failures: named groups with counts, retried by group, reported by object, the rest again."""

from __future__ import annotations

import pytest

from adapters.actions import ActionResult
from adapters.errors import Unavailable
from adapters.model import Ref, Run, State
from adapters.permit import Permit
from adapters.port import Params
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester
from tui.core.plan import Guard, Outcome
from tui.core.retrycauses import OWN_CODE, failures_by_cause, own_code
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase
from tui.screens.retrycauses import CauseSheet

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)


def batch() -> list[Run]:
    """200 failures of four causes, and some that have not failed."""
    messages = [
        *(f"pod-{n}: OOMKilled, exit 137, used {n}Gi" for n in range(120)),
        *(f"Failed to pull image reg/x:{n}: ErrImagePull" for n in range(50)),
        *(f"Traceback (most recent call last): line {n} ValueError: bad row {n}" for n in range(25)),
        *([None] * 5),
    ]
    rows = [run("lab", State.FAILED, f"f-{n:03}", message=text) for n, text in enumerate(messages)]
    return [*rows, *(run("lab", State.RUNNING, f"r-{n}") for n in range(6))]


class Flaky(FakeAdapter):
    """The first retry of every tenth does not get through."""

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        if ref.id.endswith("0") and (action, ref) not in self.performed:
            permit.spend()
            self.performed.append((action, ref))
            raise Unavailable("refused", executed=None)
        return await super().perform(action, ref, params, permit)


def sheet(t: Tester) -> CauseSheet:
    assert isinstance(t.screen.sheet, CauseSheet)
    return t.screen.sheet


def loaded(t: Tester) -> bool:
    return len(t.screen.model.refs) == 206


async def plan(t: Tester) -> PlanSheet:
    await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is Phase.ASKING)
    found = t.screen.sheet
    assert isinstance(found, PlanSheet)
    await t.until(lambda: found._ready(float("inf")))
    return found


@pytest.mark.presses("retry-cause", "R")
async def test_two_hundred_failures_become_groups_and_one_plan(console: Open) -> None:
    adapter = Flaky("lab", batch())
    async with console(adapter, size=(120, 40)) as t:
        await t.until(lambda: loaded(t))
        await t.press("R")
        await t.see("200 failed of 206 shown")
        await t.see("[x]     120  out of memory")
        await t.see("[x]      50  image pull")
        await t.see("[x]       5  no cause said")
        assert next(line for line in t.lines if OWN_CODE in line).startswith("  [ ]      25  ValueError: bad row N")
        await t.see("retries 175, asks first")
        await t.press("j", "space")
        await t.see("retries 125, asks first")
        await t.press("enter")
        asked = await plan(t)
        assert asked.plan is not None
        assert len(asked.plan.can) == 125
        await t.type("retry 125")
        await t.press("enter", "enter")
        await t.until(lambda: asked.phase is Phase.ENDED, 20.0)
        counts = asked.plan.counts()
        assert counts == {Outcome.DONE: 112, Outcome.UNKNOWN: 13} or sum(counts.values()) == 125
        left = asked.plan.remainder()
        assert {ref.id[-1] for ref in left} == {"0"}
        await t.press("escape")
        assert set(t.screen.model.marks) == set(left), "what was not done stays marked"
        await t.press("full_stop")
        again = await plan(t)
        assert again.plan is not None
        assert {target.ref for target in again.plan.targets} == set(left)
        await t.type(again.plan.phrase)
        await t.press("enter", "enter")
        await t.until(lambda: again.phase is Phase.ENDED, 20.0)
        assert again.plan.ok


async def test_only_what_the_filter_shows_or_is_marked(console: Open) -> None:
    async with console(FakeAdapter("lab", batch()), size=(120, 40)) as t:
        await t.until(lambda: loaded(t))
        t.screen.apply_filter("message~image")
        await t.until(lambda: len(t.screen.model.refs) == 50)
        await t.press("R")
        await t.see("50 failed of 50 shown")
        await t.press("escape")
        await t.press("space", "space", "R")
        await t.see("2 failed of 2 marked")


async def test_own_code_is_retried_when_somebody_says_so(console: Open) -> None:
    rows = [run("lab", State.FAILED, "one", message="KeyError: 'x'")]
    async with console(FakeAdapter("lab", rows)) as t:
        await t.until(lambda: t.cursor)
        await t.press("colon")
        await t.type("retry-cause")
        await t.press("enter")
        await t.see(OWN_CODE)
        await t.press("enter")
        await t.see("no group is taken; space takes one")
        await t.press("space", "enter")
        asked = await plan(t)
        assert asked.refs == (rows[0].ref,)


async def test_a_click_takes_a_group(console: Open) -> None:
    rows = [run("lab", State.FAILED, "one", message="KeyError: 'x'")]
    async with console(FakeAdapter("lab", rows)) as t:
        await t.until(lambda: t.cursor)
        await t.press("R")
        await t.see(OWN_CODE)
        await t.click("KeyError")
        await t.see("retries 1, asks first")


async def test_what_cannot_be_retried_says_why(console: Open) -> None:
    rows = [
        run("lab", State.FAILED, "one", message="OOMKilled"),
        run("lab", State.LOST, "two", message="OOMKilled"),
    ]
    async with console(FakeAdapter("lab", rows), size=(120, 40)) as t:
        await t.until(lambda: t.cursor)
        await t.press("R")
        await t.see("1 cannot: it is lost (LOST)")
        await t.see("retries 1, asks first")


async def test_read_only_leaves_nothing_to_choose(console: Open) -> None:
    rows = [run("lab", State.FAILED, "one", message="OOMKilled")]
    async with console(FakeAdapter("lab", rows), guard={"lab": Guard(read_only=True)}, size=(120, 40)) as t:
        await t.until(lambda: t.cursor)
        await t.press("R")
        await t.see("lab is read-only")
        await t.press("space", "enter")
        assert isinstance(t.screen.sheet, CauseSheet)


async def test_nothing_failed(console: Open) -> None:
    async with console(FakeAdapter("lab", [run("lab", State.RUNNING, "one")])) as t:
        await t.until(lambda: t.cursor)
        await t.press("R")
        await t.see("none of these 1 runs has failed")


async def test_a_group_of_b_is_marked_and_retried(console: Open) -> None:
    async with console(FakeAdapter("lab", batch()), size=(120, 40)) as t:
        await t.until(lambda: loaded(t))
        await t.press("B")
        await t.see("GROUP by")
        for _ in range(5):
            if any("GROUP by cause" in line for line in t.lines):
                break
            await t.press("right")
        await t.see("out of memory")
        await t.press("space")
        await t.see("120 marked: out of memory")
        await t.press("escape", "r")
        asked = await plan(t)
        assert len(asked.refs) == 120


@pytest.mark.parametrize(
    ("message", "own"),
    [
        ("train: OOMKilled, exit 137", False),
        ("Traceback (most recent call last): MemoryError", True),
        ("Traceback (most recent call last): RuntimeError: CUDA out of memory", False),
        ("ModuleNotFoundError: No module named 'foo'", True),
        ("step x exited with code 1", True),
        ("exit code: 137", False),
        ("exit code 12", False),
        ("Segmentation fault (core dumped)", True),
        ("ConnectionError: reset by peer", False),
        ("NCCL timeout", False),
        ("host lost", False),
        ("", False),
        (None, False),
    ],
)
def test_what_is_the_codes_own_fault(message: str | None, own: bool) -> None:
    assert own_code(message) is own


def test_groups_are_ordered_with_what_is_off_last() -> None:
    groups = failures_by_cause(batch(), lambda row: None)
    assert [(group.title.split(":")[0], len(group.refs), bool(group.off)) for group in groups] == [
        ("out of memory", 120, False),
        ("image pull", 50, False),
        ("no cause said", 5, False),
        ("ValueError", 25, True),
    ]
