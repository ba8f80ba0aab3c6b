"""Running a plan: one journalled request a target, re-read just before, and an honest outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.errors import AdapterError, Conflict, Forbidden, Invalid, NotFound, Timeout, Unavailable, Unsupported
from adapters.model import Ref, State
from tests.unit.plan.fakes import FakeAdapter, run
from tui.core import execution
from tui.core.journal import Journal
from tui.core.plan import Outcome, Plan
from tui.core.planner import Planner

pytestmark = pytest.mark.anyio

A, B, C = run("a"), run("b"), run("c")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PAUSE_BEFORE_SECOND_TRY", 0.0)


@pytest.fixture
def log(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def outcomes(plan: Plan) -> list[str]:
    return [target.outcome.value for target in plan.targets]


def raising(*errors: AdapterError | None) -> Callable[[Ref], None]:
    """Raises each of them in turn, then nothing."""
    left = list(errors)

    def hook(ref: Ref) -> None:
        error = left.pop(0) if left else None
        if error is not None:
            raise error

    return hook


async def plan_and_run(adapter: FakeAdapter, log: Journal, action: str = "abort") -> Plan:
    planner = Planner({"one": adapter}, log)
    return await planner.run(await planner.make(action, list(adapter.rows)))


async def test_it_is_done_and_journalled(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    plan = await plan_and_run(adapter, log)
    assert (outcomes(plan), plan.targets[0].message, plan.ok) == (["done"], "accepted", True)
    assert adapter.sent == [("abort", "a")]
    (entry,) = log.records()
    assert (entry.plan, entry.record) == (plan.id, adapter.permits[0].record)
    assert (entry.target, entry.outcome, entry.message) == ("one/run/a", "done", "accepted")


async def test_what_is_created_is_named(log: Journal) -> None:
    plan = await plan_and_run(FakeAdapter(rows=[A]), log, "clone")
    assert plan.to_json()["targets"] == [
        {"ref": "one/run/a", "outcome": "done", "message": "accepted", "created": "one/run/a-2"}
    ]
    assert log.records()[0].created == "one/run/a-2"


async def test_the_intention_is_on_disk_when_the_request_leaves(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    seen: list[tuple[str, str | None]] = []
    adapter.before_write = lambda ref: seen.extend((entry.target, entry.outcome) for entry in log.records())
    await plan_and_run(adapter, log)
    assert seen == [("one/run/a", None)]


async def test_each_target_is_reread_just_before_its_own_request(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A, B])
    planner = Planner({"one": adapter}, log, parallel=1)
    plan = await planner.make("abort", [A.ref, B.ref])
    adapter.before_write = lambda ref: adapter.move(B.ref, State.SUCCEEDED)
    ran = await planner.run(plan)
    assert outcomes(ran) == ["done", "skipped"]
    assert ran.targets[1].message == "it has changed: was running (RUNNING), is succeeded (SUCCEEDED)"
    assert len(log.records()) == 1


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PAUSED])
async def test_a_moved_state_is_skipped(log: Journal, state: State) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    plan = await planner.make("abort", [A.ref])
    adapter.move(A.ref, state)
    assert outcomes(await planner.run(plan)) == ["skipped"]
    assert adapter.sent == []
    assert log.records() == []


async def test_a_moved_version_is_skipped(log: Journal) -> None:
    adapter = FakeAdapter(rows=[run("a", version="1-1-1")])
    planner = Planner({"one": adapter}, log)
    plan = await planner.make("abort", [A.ref])
    adapter.move(A.ref, State.RUNNING, version="2-1-1")
    ran = await planner.run(plan)
    assert outcomes(ran) == ["skipped"]
    assert ran.targets[0].message == "it has changed: version 1-1-1 is now 2-1-1"


async def test_what_is_gone_is_skipped(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    plan = await planner.make("abort", [A.ref])
    adapter.rows.clear()
    assert outcomes(await planner.run(plan)) == ["skipped"]


async def test_a_reread_that_fails_sends_nothing(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    plan = await planner.make("abort", [A.ref])
    adapter.before_read = raising(Unavailable("one: no answer"))
    ran = await planner.run(plan)
    assert (outcomes(ran), ran.targets[0].message) == (["failed"], "nothing was sent: one: no answer")
    assert adapter.sent == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Conflict("one: it has ended"), "illegal"),
        (Unsupported("one: no such call", executed=False), "illegal"),
        (Invalid("one: bad"), "failed"),
        (Forbidden("one: not allowed", status=403), "failed"),
        (NotFound("one: no run a"), "failed"),
        (Unavailable("one: answered 500", status=500), "failed"),
    ],
)
async def test_what_the_server_answered_about_is_not_repeated(
    log: Journal, error: AdapterError, outcome: str
) -> None:
    adapter = FakeAdapter(rows=[A])
    adapter.before_write = raising(error)
    plan = await plan_and_run(adapter, log)
    assert (outcomes(plan), plan.targets[0].message) == ([outcome], error.sentence)
    assert len(adapter.permits) == 1
    assert log.records()[0].outcome == outcome


async def test_a_conflict_with_somebody_faster_shows_what_changed_and_is_asked_again(log: Journal) -> None:
    adapter = FakeAdapter(rows=[run("a", version="1-1-1")])

    def faster(ref: Ref) -> None:
        adapter.move(ref, State.RUNNING, version="2-1-1")
        raise Conflict("one: unexpected version", executed=True)

    adapter.before_write = faster
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["skipped"]
    told = "one: unexpected version; it has changed: version 1-1-1 is now 2-1-1"
    assert (plan.targets[0].message, log.records()[0].message) == (told, told)
    assert plan.targets[0].resource is not None
    assert plan.targets[0].resource.version == "2-1-1"
    assert len(adapter.permits) == 1
    assert plan.remainder() == (A.ref,)


async def test_a_timeout_is_unknown_and_says_what_the_object_shows(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])

    def late(ref: Ref) -> None:
        adapter.move(ref, State.ABORTING)
        raise Timeout("one: no answer within 20 s", executed=None)

    adapter.before_write = late
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["unknown"]
    assert plan.targets[0].message == "one: no answer within 20 s; re-read: it is aborting (ABORTING)"
    assert len(adapter.permits) == 1
    assert log.records()[0].outcome == "unknown"


async def test_a_reset_whose_reread_fails_as_well_says_so(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])

    def broken(ref: Ref) -> None:
        adapter.before_read = raising(Unavailable("one: still down"))
        raise Unavailable("one: the connection broke", executed=None)

    adapter.before_write = broken
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["unknown"]
    assert "re-read failed as well: one: still down" in plan.targets[0].message


async def test_proof_that_it_was_not_executed_allows_one_more_try_with_its_own_line(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    adapter.before_write = raising(Unavailable("one: not the leader", executed=False))
    plan = await plan_and_run(adapter, log)
    assert (outcomes(plan), plan.targets[0].attempts) == (["done"], 2)
    assert [entry.outcome for entry in log.records()] == ["failed", "done"]
    assert len({permit.record for permit in adapter.permits}) == 2


async def test_there_is_no_third_try(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    refused = Unavailable("one: refused", executed=False)
    adapter.before_write = raising(refused, refused, None)
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["failed"]
    assert (len(adapter.permits), adapter.sent) == (2, [])


async def test_the_second_try_rereads_first(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])

    def refused(ref: Ref) -> None:
        adapter.move(ref, State.SUCCEEDED)
        raise Unavailable("one: not the leader", executed=False)

    adapter.before_write = refused
    assert outcomes(await plan_and_run(adapter, log)) == ["skipped"]
    assert len(adapter.permits) == 1


async def test_an_unwritable_journal_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("in the way")
    adapter = FakeAdapter(rows=[A])
    plan = await plan_and_run(adapter, Journal(tmp_path / "journal"))
    assert outcomes(plan) == ["failed"]
    assert "cannot be written" in plan.targets[0].message
    assert adapter.permits == []


async def test_an_outcome_that_cannot_be_journalled_is_still_told(log: Journal, tmp_path: Path) -> None:
    adapter = FakeAdapter(rows=[A])

    def lose_the_journal(ref: Ref) -> None:
        for file in (tmp_path / "journal").iterdir():
            file.unlink()
            file.mkdir()

    adapter.before_write = lose_the_journal
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["done"]
    assert "could not be journalled" in plan.targets[0].message


async def test_parallelism_is_bounded(log: Journal) -> None:
    adapter = FakeAdapter(rows=[run(str(n)) for n in range(20)])
    adapter.gate = asyncio.Event()
    planner = Planner({"one": adapter}, log, parallel=3)
    task = asyncio.create_task(planner.run(await planner.make("abort", list(adapter.rows))))
    for _ in range(3):
        await adapter.arrived.acquire()
    adapter.gate.set()
    assert (await task).ok
    assert adapter.most_running == 3


async def test_stopping_midway_leaves_the_rest_not_started(log: Journal) -> None:
    adapter = FakeAdapter(rows=[run(str(n)) for n in range(6)])
    planner = Planner({"one": adapter}, log, parallel=2)
    plan = await planner.make("abort", list(adapter.rows))
    stop, adapter.gate = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(planner.run(plan, stop=stop))
    for _ in range(2):
        await adapter.arrived.acquire()
    stop.set()
    adapter.gate.set()
    ran = await task
    assert outcomes(ran) == ["done", "done", "not-started", "not-started", "not-started", "not-started"]
    assert ran.remainder() == tuple(target.ref for target in plan.targets[2:])


async def test_the_remainder_is_what_could_still_be_done(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A, B, run("d", State.FAILED)])
    adapter.before_write = lambda ref: raising(Forbidden("no") if ref == B.ref else None)(ref)
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["done", "failed", "illegal"]
    assert plan.remainder() == (B.ref,)
    assert not plan.ok


async def test_every_change_is_reported(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    seen: list[tuple[bool, Outcome]] = []
    await planner.run(
        await planner.make("abort", [A.ref]),
        on_change=lambda plan: seen.append((plan.targets[0].running, plan.targets[0].outcome)),
    )
    assert seen == [(True, Outcome.NOT_STARTED), (False, Outcome.DONE)]


async def test_running_it_again_repeats_nothing(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    ran = await planner.run(await planner.make("abort", [A.ref]))
    assert (await planner.run(ran)).ok
    assert len(adapter.sent) == 1


async def test_a_defect_in_one_target_does_not_stop_the_others(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A, B])

    def defect(ref: Ref) -> None:
        if ref == A.ref:
            raise ZeroDivisionError("oops")

    adapter.before_write = defect
    plan = await plan_and_run(adapter, log)
    assert outcomes(plan) == ["unknown", "done"]
    assert [entry.outcome for entry in log.records()].count("unknown") == 1


async def test_being_cancelled_in_the_middle_leaves_an_unknown_outcome(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    plan = await planner.make("abort", [A.ref])
    adapter.gate = asyncio.Event()
    task = asyncio.create_task(planner.run(plan))
    await adapter.arrived.acquire()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(entry.outcome, entry.message) for entry in log.records()] == [
        ("unknown", "interrupted: CancelledError")
    ]


async def test_parameters_and_reason_reach_adapter_and_journal(log: Journal) -> None:
    adapter = FakeAdapter(rows=[A])
    planner = Planner({"one": adapter}, log)
    plan = await planner.make("restart", [A.ref], {"batch": "3"}, reason="OPS-1")
    await planner.run(plan)
    assert adapter.params == [{"batch": 3, "force": False}]
    assert log.records()[0].reason == "OPS-1"


async def test_context_level_actions_and_raw_calls_go_through_a_permit_too(log: Journal) -> None:
    adapter = FakeAdapter()
    planner = Planner({"one": adapter}, log)
    created = await planner.run(await planner.make("create", ["one"]))
    called = await planner.run(await planner.make_call("one", "PokeRun", {"n": 1}))
    assert created.targets[0].created == Ref("one", A.ref.kind, "-2")
    assert called.targets[0].result == {"method": "PokeRun", "n": 1}
    assert [(entry.action, entry.target) for entry in log.records()] == [("create", "one"), ("PokeRun", "one")]
