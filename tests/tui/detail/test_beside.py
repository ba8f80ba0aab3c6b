"""Beside the tasks: why, the parameters against the last good run; and what a drain of a host would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from adapters.errors import AdapterError, Forbidden, Unavailable
from adapters.model import Kind, Pod, Ref, Run, State
from adapters.sections import Detail, Fields
from tests.tui.conftest import Open
from tests.tui.detail.world import BEGAN, PARAMS, RUN, World, drain_world, failed_run
from tests.tui.fake import Tester
from tui.core.glimpse import Glimpse
from tui.core.logspool import SpoolLine
from tui.core.plan import Guard
from tui.screens.detail import DetailScreen

pytestmark = pytest.mark.anyio

WIDE = (160, 48)


def earlier(name: str, state: State = State.SUCCEEDED, days: int = 1, **more: object) -> Run:
    began = BEGAN - 86400 * days
    return replace(
        failed_run(),
        ref=Ref("prod-kfp", Kind.RUN, name),
        name=name,
        state=state,
        native_state=state.value.upper(),
        created=began,
        started=began,
        finished=began + 100,
        **more,  # type: ignore[arg-type]
    )


class Nightly(World):
    """Other runs of the family, each with parameters of its own."""

    def __init__(self, others: Sequence[Run]) -> None:
        super().__init__(rows=[*World().rows.values(), *others])
        self.params_of: dict[str, Fields] = {}
        self.denied: AdapterError | None = None

    async def detail(self, ref: Ref) -> Detail:
        found = await super().detail(ref)
        if ref == RUN or ref.kind is not Kind.RUN:
            return found
        if self.denied is not None:
            raise self.denied
        return replace(found, sections=(self.params_of.get(ref.id, found.sections[0]), *found.sections[1:]))


def side(t: Tester) -> list[str]:
    """What stands right of the tree."""
    return [line.partition("│")[2].strip() for line in t.lines if "│" in line[90:]]


async def opened(t: Tester) -> None:
    t.app.open_detail(RUN)
    await t.see("│ Why")
    await t.until(lambda: any(each.startswith("Params 11") for each in side(t)))


async def test_the_parameters_are_compared_with_the_last_good_run(console: Open) -> None:
    world = Nightly(
        [
            earlier("fraud-gbdt-nightly-0820", days=2),
            earlier("fraud-gbdt-nightly-0821"),
            earlier("fraud-gbdt-nightly-0819", State.FAILED, days=3),
            earlier("rank-nightly-0821"),
        ]
    )
    before = {**dict(PARAMS), "max_rows": 80000000, "image": "fraud:2.30", "gone": True}
    world.params_of["fraud-gbdt-nightly-0821"] = Fields("Params", tuple(before.items()))
    async with console(world, size=WIDE) as t:
        await opened(t)
        await t.see("changed against fraud-gbdt-nightly-0821: 3")
        lines = [each.split() for each in side(t) if each.startswith("' ")]
        assert lines == [
            ["'", "max_rows", "120000000", "was", "80000000"],
            ["'", "image", "fraud:2.31", "was", "fraud:2.30"],
            ["'", "gone", "-", "was", "true"],
        ]
        assert ["learning_rate", "0.05"] in [each.split() for each in side(t)]
        assert "2 of the last 4 runs like it failed" in side(t)


async def test_a_good_run_of_the_same_name_is_told_by_its_time(console: Open) -> None:
    world = Nightly([replace(earlier("again"), name=failed_run().name)])
    async with console(world, size=WIDE) as t:
        await opened(t)
        await t.see("changed against that of 08-21 13:43Z: 0")


async def test_without_a_good_run_that_is_said_and_nothing_is_marked(console: Open) -> None:
    async with console(Nightly([earlier("rank-nightly-0821")]), size=WIDE) as t:
        await opened(t)
        await t.see("- no earlier good run like it was found")
        assert not any(each.startswith("' ") for each in side(t))


async def test_a_good_run_that_no_list_has_is_asked_for_and_a_refusal_is_said(console: Open) -> None:
    world = Nightly([earlier("fraud-gbdt-nightly-0821")])
    async with console(world, view=Kind.HOST, size=WIDE) as t:  # no list of runs is open
        await opened(t)
        await t.see("changed against fraud-gbdt-nightly-0821: 0")
    world.denied = Forbidden("not yours")
    async with console(world, size=WIDE) as t:
        await opened(t)
        await t.see("not compared: not yours")


async def test_what_was_read_of_the_log_is_beside_the_cause(console: Open) -> None:
    async with console(World(), size=WIDE) as t:
        line = SpoolLine(number=1, text="MemoryError: cannot allocate", time=None)
        t.app.services.glimpses.keep([RUN], Glimpse((line,)), lambda ref: None)
        await opened(t)
        assert "MemoryError: cannot allocate" in side(t)


# What a drain would do.

HOST = Ref("peloton", Kind.HOST, "gpu-a100-0417")


async def drained(t: Tester) -> DetailScreen:
    t.app.open_detail(HOST)
    await t.see("If drained")
    screen = t.app.screen
    assert isinstance(screen, DetailScreen)
    screen.show_tab("drain")
    await t.see("[If drained]")
    return screen


async def test_a_host_says_what_a_drain_would_do(console: Open) -> None:
    world = drain_world()
    async with console(world) as t:
        await drained(t)
        await t.see("affects   11 pods of 4 runs, 4 owners")
        await t.see("C opens the plan")
        await t.see("rank-serving allows 1 unavailable pod")
        await t.see("! asr-ft-nightly")
        assert not world.performed
        await t.press("e", "C")  # on a run of the table: the drain is still that of the host
        await t.see("PLAN  drain host gpu-a100-0417")
        await t.press("escape")


async def test_why_it_cannot_be_drained_or_told(console: Open) -> None:
    world = drain_world()
    async with console(world, guard={"peloton": Guard(read_only=True)}) as t:
        await drained(t)
        await t.see("it cannot be drained now: peloton is read-only")
    world.rows[HOST] = replace(world.rows[HOST], state=State.DOWN)
    async with console(world) as t:
        await drained(t)
        await t.see("it cannot be drained now: ")
    async with console(world) as t:
        t.app.open_detail(HOST)
        await t.see("If drained")
        world.error = Unavailable("refused by 10.2.0.9")
        assert isinstance(t.app.screen, DetailScreen)
        t.app.screen.show_tab("drain")
        await t.see("refused by 10.2.0.9")
        world.error = None
        await t.press("ctrl+r")
        await t.see("affects   11 pods")


async def test_what_is_no_host_has_no_such_tab(console: Open) -> None:
    pod = Pod(ref=Ref("peloton", Kind.POD, "p"), name="p", state=State.RUNNING, native_state="", parent=HOST)
    world = drain_world()
    world.rows[pod.ref] = pod
    async with console(world) as t:
        t.app.open_detail(pod.ref)
        await t.see("› p ")
        await t.see("Raw")
        assert not any("If drained" in line for line in t.lines)
