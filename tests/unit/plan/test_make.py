"""Making a plan: everything is re-read, nothing is written, and what cannot be done says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.errors import NotFound, Unavailable
from adapters.model import Json, Kind, Ref, State
from tests.unit.plan.fakes import FakeAdapter, run
from tui.core.journal import Journal
from tui.core.plan import OPEN, Confirm, Guard, Outcome
from tui.core.planner import Planner, PlanRefused

pytestmark = pytest.mark.anyio


def planner(adapter: FakeAdapter, guard: Guard = OPEN, *others: FakeAdapter) -> Planner:
    adapters = {each.context: each for each in (adapter, *others)}
    return Planner(adapters, Journal(None), lambda context: guard, clock=lambda: 1000.0)


async def test_one_unprotected_target_is_confirmed_by_a_key() -> None:
    adapter = FakeAdapter(rows=[run("a")])
    plan = await planner(adapter).make("abort", [run("a").ref])
    (target,) = plan.targets
    assert (plan.confirm, plan.phrase, target.outcome) == (Confirm.KEY, "name-a", Outcome.NOT_STARTED)
    assert target.preview is not None
    assert target.preview.call == "POST a:abort"
    assert adapter.sent == []


async def test_danger_alone_is_still_one_key() -> None:
    plan = await planner(FakeAdapter(rows=[run("a")])).make("delete", [run("a").ref])
    assert plan.danger
    assert plan.confirm is Confirm.KEY


async def test_several_targets_are_typed() -> None:
    plan = await planner(FakeAdapter(rows=[run("a"), run("b")])).make("abort", [run("a").ref, run("b").ref])
    assert (plan.confirm, plan.phrase) == (Confirm.TYPED, "abort 2")


async def test_several_of_which_one_can_be_done_is_one() -> None:
    adapter = FakeAdapter(rows=[run("a"), run("b", State.FAILED)])
    plan = await planner(adapter).make("abort", [run("a").ref, run("b").ref])
    assert (plan.confirm, plan.phrase) == (Confirm.KEY, "name-a")


@pytest.mark.parametrize(
    "guard", [Guard(protected=True), Guard(confirm_typed=True), Guard(protected_names=("x", "name-*"))]
)
async def test_protection_by_context_by_wish_and_by_name_is_typed(guard: Guard) -> None:
    plan = await planner(FakeAdapter(rows=[run("a")]), guard).make("abort", [run("a").ref])
    assert plan.confirm is Confirm.TYPED


async def test_a_name_nobody_can_type_is_not_the_phrase() -> None:
    from dataclasses import replace

    hostile = replace(run("a"), name="a\u202eb")
    plan = await planner(FakeAdapter(rows=[hostile])).make("abort", [hostile.ref])
    assert plan.phrase == "abort 1"


async def test_an_illegal_state_says_why() -> None:
    plan = await planner(FakeAdapter(rows=[run("a", State.FAILED)])).make("abort", [run("a").ref])
    (target,) = plan.cannot
    assert (target.outcome, target.reason) == (Outcome.ILLEGAL, "it has already ended")
    assert plan.to_json() == {
        "action": "abort",
        "targets": [{"ref": "one/run/a", "outcome": "illegal", "message": "it has already ended", "created": None}],
    }


async def test_a_missing_object_is_a_target_that_failed() -> None:
    plan = await planner(FakeAdapter()).make("abort", [run("a").ref])
    (target,) = plan.targets
    assert (target.outcome, type(target.error)) == (Outcome.FAILED, NotFound)


async def test_a_dead_backend_costs_only_its_own_targets() -> None:
    dead = FakeAdapter("two")
    dead.down = Unavailable("two: no answer")
    adapter = FakeAdapter(rows=[run("a")])
    plan = await planner(adapter, OPEN, dead).make("abort", [run("a").ref, run("b", context="two").ref])
    assert [target.legal for target in plan.targets] == [True, False]
    assert plan.targets[1].reason == "could not be read: two: no answer"


@pytest.mark.parametrize("word", ["terminate", "cancel", "stop", "kill", "ABORT"])
async def test_aliases_are_resolved_per_backend(word: str) -> None:
    plan = await planner(FakeAdapter(rows=[run("a")])).make(word, [run("a").ref])
    assert plan.action == "abort"


async def test_an_own_stop_is_not_taken_for_abort() -> None:
    from adapters.actions import ActionSpec

    own = [ActionSpec(name, name, frozenset({Kind.RUN}), "") for name in ("abort", "stop")]
    plan = await planner(FakeAdapter(rows=[run("a")], actions=own)).make("stop", [run("a").ref])
    assert plan.action == "stop"


async def test_abort_finds_a_backend_that_calls_it_stop() -> None:
    from adapters.actions import ActionSpec

    own = [ActionSpec("stop", "Stop", frozenset({Kind.RUN}), "")]
    plan = await planner(FakeAdapter(rows=[run("a")], actions=own)).make("abort", [run("a").ref])
    assert plan.action == "stop"


@pytest.mark.parametrize(
    ("action", "words"),
    [("abrot", "nearest: abort"), ("fly", "it has abort, delete"), ("drain", "no action 'drain' for a run")],
)
async def test_an_action_that_is_not_there_is_refused_with_what_is(action: str, words: str) -> None:
    with pytest.raises(PlanRefused, match=words):
        await planner(FakeAdapter(rows=[run("a")])).make(action, [run("a").ref])


async def test_a_kind_that_is_not_there_is_refused_with_the_reason() -> None:
    with pytest.raises(PlanRefused, match="Fake has no hosts"):
        await planner(FakeAdapter()).make("drain", [Ref("one", Kind.HOST, "h")])


async def test_unknown_contexts_and_no_targets_are_refused() -> None:
    with pytest.raises(PlanRefused, match="no context 'onne'; nearest: one"):
        await planner(FakeAdapter()).make("abort", [Ref("onne", Kind.RUN, "a")])
    with pytest.raises(PlanRefused, match="at least one target"):
        await planner(FakeAdapter()).make("abort", [])


async def test_a_target_named_twice_is_one() -> None:
    plan = await planner(FakeAdapter(rows=[run("a")])).make("abort", [run("a").ref] * 2)
    assert len(plan.targets) == 1


async def test_a_context_level_action_names_its_context() -> None:
    plan = await planner(FakeAdapter()).make("create", ["one"])
    (target,) = plan.targets
    assert (target.label, target.legal, target.resource) == ("one", True, None)


async def test_parameters_are_read_once_and_wrong_ones_refused() -> None:
    make = planner(FakeAdapter(rows=[run("a")])).make
    plan = await make("restart", [run("a").ref], {"batch": "3", "force": "yes"})
    assert plan.targets[0].legal
    wrong: list[tuple[dict[str, Json], str]] = [
        ({}, "restart needs batch: how many at a time"),
        ({"batch": "x"}, "batch is a number"),
        ({"bathc": 1, "batch": 1}, "no parameter 'bathc'; nearest: batch"),
        ({"batch": 1, "force": "maybe"}, "force is true or false"),
    ]
    for params, words in wrong:
        with pytest.raises(PlanRefused, match=words):
            await make("restart", [run("a").ref], params)


async def test_what_moved_since_it_was_shown_is_said() -> None:
    adapter = FakeAdapter(rows=[run("a", State.PAUSED)])
    plan = await planner(adapter).make("abort", [run("a").ref], shown={run("a").ref: run("a")})
    assert plan.targets[0].message == "it was shown as running, it is paused now"


class TestGuards:
    """Each guardrail, and an attempt to get past it."""

    async def test_read_only(self) -> None:
        plan = await planner(FakeAdapter(rows=[run("a")]), Guard(read_only=True)).make("abort", [run("a").ref])
        assert (plan.can, plan.targets[0].reason) == ((), "one is read-only")

    async def test_read_only_is_held_at_the_permit_even_for_a_plan_made_before(self, tmp_path: Path) -> None:
        adapter = FakeAdapter(rows=[run("a")])
        closed = False
        log = Journal(tmp_path, read_only=lambda context: "closed" if closed else None)
        maker = Planner({"one": adapter}, log)
        plan = await maker.make("abort", [run("a").ref])
        closed = True
        ran = await maker.run(plan)
        assert (ran.targets[0].outcome, ran.targets[0].message) == (Outcome.NOT_STARTED, "closed")
        assert adapter.permits == []

    @pytest.mark.parametrize("word", ["abort", "terminate", "stop"])
    async def test_deny_holds_for_aliases(self, word: str) -> None:
        plan = await planner(FakeAdapter(rows=[run("a")]), Guard(deny=("ab*",))).make(word, [run("a").ref])
        assert plan.targets[0].reason == "the config of one denies abort"

    async def test_deny_holds_for_raw_writes(self) -> None:
        plan = await planner(FakeAdapter(), Guard(deny=("delete",))).make_call("one", "PokeRun")
        assert plan.can == ()

    async def test_protected_names_protect_against_raw_writes(self) -> None:
        plan = await planner(FakeAdapter(), Guard(protected_names=("rank-*",))).make_call("one", "PokeRun")
        assert plan.confirm is Confirm.TYPED

    async def test_max_targets(self) -> None:
        adapter = FakeAdapter(rows=[run("a"), run("b")])
        with pytest.raises(PlanRefused, match="allows 1"):
            await planner(adapter, Guard(max_targets=1)).make("abort", [run("a").ref, run("b").ref])

    async def test_a_required_reason(self) -> None:
        adapter = FakeAdapter(rows=[run("a")])
        maker = planner(adapter, Guard(require_reason=True))
        plan = await maker.make("abort", [run("a").ref], reason="  ")
        assert plan.needs_reason
        with pytest.raises(PlanRefused, match="needs a reason"):
            await maker.run(plan)
        assert (await maker.run(plan.with_reason("OPS-1"))).ok
