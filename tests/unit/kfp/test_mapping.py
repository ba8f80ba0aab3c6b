"""Payloads of real servers become domain objects; every trap of the API is here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.kfp import mapping, wire
from adapters.kfp.argo import Nodes, fnv1a, pods_of
from adapters.kfp.tree import arrange
from adapters.model import Kind, Progress, Ref, State
from tests.unit.kfp.server import fixture


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def failed_run() -> wire.FullRun:
    return wire.read(wire.FullRun, fixture("run_failed"))


def steps_of(run: wire.RunRow) -> Any:
    assert run.run_details is not None
    return arrange(run.run_details.task_details)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING", State.PENDING),
        ("RUNNING", State.RUNNING),
        ("SUCCEEDED", State.SUCCEEDED),
        ("SKIPPED", State.SKIPPED),
        ("FAILED", State.FAILED),
        ("CANCELING", State.ABORTING),
        ("CANCELED", State.ABORTED),
        ("PAUSED", State.PAUSED),
        ("RUNTIME_STATE_UNSPECIFIED", State.UNKNOWN),
        ("HIBERNATING", State.UNKNOWN),
    ],
)
def test_states(word: str, state: State) -> None:
    assert mapping.to_state(word) == (state, word)


def test_a_missing_state_is_the_enums_zero_value_and_a_number_its_name() -> None:
    assert mapping.to_state(None) == (State.UNKNOWN, "RUNTIME_STATE_UNSPECIFIED")
    assert mapping.to_state("5") == (State.FAILED, "FAILED")
    assert mapping.to_state("77") == (State.UNKNOWN, "77")


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "", None, "yesterday", "2026-99-99T00:00:00Z"]
)
def test_unset_and_unreadable_times_are_none(text: str | None) -> None:
    assert wire.instant(text) is None


def test_times_are_utc_seconds() -> None:
    assert wire.instant("2026-08-22T14:25:06Z") == at("2026-08-22T14:25:06")
    assert wire.instant("2026-08-22T16:25:06.5+02:00") == at("2026-08-22T14:25:06") + 0.5
    assert wire.instant("2026-08-22T14:25:06") == at("2026-08-22T14:25:06")


def test_a_failed_run() -> None:
    row = wire.read(wire.RunRow, fixture("run_failed"))
    experiment = wire.Experiment(experiment_id="e-fraud", display_name="fraud", namespace="team-a")
    run = mapping.to_run("prod", row, experiment)
    assert run.ref == Ref("prod", Kind.RUN, "0b3e7a52-41d0-4c8e-9a77-5f1d2c6b9c41")
    assert (run.name, run.state, run.native_state) == ("fraud-gbdt-nightly-0822", State.FAILED, "FAILED")
    assert run.group == "fraud"
    assert run.owner is None  # a service account is no owner, and the API names none
    assert run.created == at("2026-08-22T13:43:48")
    assert run.started == at("2026-08-22T13:43:50")
    assert run.finished == at("2026-08-22T14:25:06")
    assert run.progress == Progress(1, 3)  # read; train; evaluate
    assert run.message == "train: FAILED"
    assert mapping.cause(row, steps_of(row)) is None
    assert run.extra["namespace"] == "team-a"
    assert run.extra["service_account"] == "pipeline-runner"
    assert run.extra["pipeline_version"] == "v-31"
    assert run.extra["archived"] is False


def test_rows_of_a_page() -> None:
    page = wire.read(wire.RunPage, json.dumps(fixture("page")).encode())
    running, broken, archived = (mapping.to_run("k", row, None) for row in page.runs)
    assert running.finished is None
    assert running.duration(at("2026-08-22T14:01:09")) == 60.0
    assert (broken.name, broken.state, broken.message) == (
        "r2",
        State.UNKNOWN,
        "Failed to convert run model to API",
    )
    assert broken.created is None
    assert broken.group == "e-gone"  # the id, while its name is not known
    assert archived.extra["archived"] is True
    assert (archived.state, archived.started) == (State.ABORTING, at("2026-08-22T13:00:00"))
    assert page.total_size == 7
    assert page.next_page_token.endswith("+/==")


def test_the_tree_is_found_by_argos_node_ids() -> None:
    steps = steps_of(failed_run())
    shape = [(step.name, step.parent.name if step.parent else None) for step in steps]
    assert shape == [
        ("ingest", None),
        ("read", "ingest"),
        ("train", None),
        ("try 1", "train"),
        ("try 2", "train"),
        ("evaluate", None),
    ]
    train = steps[2]
    assert train.attempt == 2
    assert [part.display_name for part in train.parts] == ["train-driver", "executor"]


def test_pods_are_named_by_node_id_and_template() -> None:
    steps = {step.name: step for step in steps_of(failed_run())}
    node = fnv1a("fraud-gbdt-x7k2p.root.train.executor(1)")
    assert steps["try 2"].pods == [f"fraud-gbdt-x7k2p-system-container-impl-{node}", f"fraud-gbdt-x7k2p-{node}"]
    assert steps["read"].pods[0].startswith("fraud-gbdt-x7k2p-system-container-impl-")
    assert steps["ingest"].pods == []  # a group has no pod
    assert steps["evaluate"].pods == []  # it never ran


def test_fnv1a_is_the_published_function() -> None:
    assert [fnv1a(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]
    assert fnv1a("bar", fnv1a("foo")) == fnv1a("foobar")
    nodes = Nodes([f"wf-{fnv1a('wf.root.a')}"])
    assert nodes.has("wf.root.a")
    assert not nodes.has("wf.root.b")
    assert pods_of("strange") == ["strange"]


def test_parents_named_by_the_server_win() -> None:
    run = wire.read(wire.FullRun, fixture("run_rich"))
    shape = {step.name: step.parent.name if step.parent else None for step in steps_of(run)}
    assert shape == {"phase-1": None, "train": "phase-1", "notify": None, "odd id": None, "inside": "odd id"}


def test_without_any_parent_the_list_is_flat_by_start() -> None:
    tasks = [
        wire.Task(task_id="2", display_name="late", start_time="2026-08-22T12:00:00Z"),
        wire.Task(task_id="3", display_name="never", start_time="1970-01-01T00:00:00Z"),
        wire.Task(task_id="1", display_name="early", start_time="2026-08-22T11:00:00Z"),
    ]
    assert [step.name for step in arrange(tasks)] == ["early", "late", "never"]


def test_cycles_and_strangers_do_not_hang_or_lose_tasks() -> None:
    tasks = [
        wire.Task(task_id="a", display_name="a", parent_task_id="b"),
        wire.Task(task_id="b", display_name="b", parent_task_id="a"),
        wire.Task(task_id="c", display_name="c", parent_task_id="c"),
        wire.Task(task_id="c", display_name="twin", parent_task_id="gone"),
        wire.Task(),
    ]
    assert len(arrange(tasks)) == 5


@pytest.mark.parametrize("name", ["train-driver", "root-driver", "executor"])
def test_a_step_of_kfp_that_alone_failed_is_shown(name: str) -> None:
    steps = arrange(
        [
            wire.Task(task_id="1", display_name=name, state="FAILED", start_time="2026-08-22T11:00:00Z"),
            wire.Task(task_id="2", display_name="train", start_time="2026-08-22T12:00:00Z"),
        ]
    )
    assert name in [step.name for step in steps]


def test_a_pending_executor_is_told() -> None:
    steps = arrange(
        [
            wire.Task(task_id="1", display_name="train", state="RUNNING", start_time="2026-08-22T11:00:00Z"),
            wire.Task(task_id="2", display_name="executor", state="PENDING", start_time="2026-08-22T11:00:01Z"),
        ]
    )
    task = mapping.to_task("k", "r", steps[0], None)
    assert (len(steps), task.state, task.message) == (1, State.RUNNING, "its executor is PENDING")


def test_tasks() -> None:
    run = wire.read(wire.FullRun, fixture("run_rich"))
    tasks = {task.name: task for task in (mapping.to_task("k", run.run_id, step, "eval") for step in steps_of(run))}
    train = tasks["train"]
    assert train.ref == Ref("k", Kind.TASK, "r-rich/b")
    assert train.parent == Ref("k", Kind.TASK, "r-rich/a")
    assert tasks["phase-1"].parent == Ref("k", Kind.RUN, "r-rich")
    assert train.message == "OOMKilled, exit 137"
    assert (train.extra["pod"], train.extra["execution_id"]) == ("train-pod-1", "42")
    assert (tasks["notify"].state, tasks["notify"].started, tasks["notify"].finished) == (State.SKIPPED, None, None)
    assert tasks["odd id"].ref.id == "r-rich/d%2Fe"
    assert mapping.split_task_id("r-rich/d%2Fe") == ("r-rich", "d/e")
    assert mapping.split_task_id("no-slash") is None


def test_an_omitted_task_never_ran_and_a_task_is_queued_from_its_driver_on() -> None:
    created, moment = "2026-08-22T13:43:48Z", "2026-08-22T14:25:04Z"
    rows = [
        {
            "task_id": "1",
            "display_name": "left-out",
            "create_time": created,
            "start_time": moment,
            "end_time": moment,
        },
        {"task_id": "2", "display_name": "train", "state": "RUNNING", "create_time": created, "start_time": moment},
        {"task_id": "3", "display_name": "later", "state": "PENDING", "create_time": created},
    ]
    run = wire.read(wire.FullRun, json.dumps({"run_id": "r", "run_details": {"task_details": rows}}).encode())
    tasks = {task.name: task for task in (mapping.to_task("c", "r", step, None) for step in steps_of(run))}
    assert (tasks["left-out"].started, tasks["left-out"].finished) == (None, at(moment[:-1]))
    assert tasks["train"].created == at(moment[:-1])  # not the workflow's creation, which all of them carry
    assert tasks["later"].created == at(created[:-1])


def test_the_cause_is_the_first_failed_tasks_error() -> None:
    run = wire.read(wire.FullRun, fixture("run_rich"))
    assert mapping.cause(run, steps_of(run)) == "train: OOMKilled, exit 137"
    assert mapping.to_run("k", run, None).extra["pipeline"] == "eval-sweep"


def test_events_are_oldest_first_and_of_run_and_tasks() -> None:
    run = failed_run()
    events = mapping.run_events("k", run)
    times = [event.time for event in events if event.time is not None]
    assert times == sorted(times)
    assert {event.ref.kind for event in events} == {Kind.RUN, Kind.TASK}
    assert events[0].text == "fraud-gbdt-nightly-0822: pending"


def test_a_wrong_field_counts_as_missing_and_loses_no_row() -> None:
    body = fixture("page")
    body["runs"][0] |= {"state": {"a": 1}, "display_name": None, "state_history": "no", "run_details": [1]}
    body["runs"][1]["run_id"] = 17
    page = wire.read(wire.RunPage, json.dumps(body).encode())
    assert [row.run_id for row in page.runs] == ["r1", "17", "r3"]
    assert (page.runs[0].state, page.runs[0].display_name, page.runs[0].state_history) == (None, "", [])


def test_text_that_cannot_be_encoded_is_mended() -> None:
    page = wire.read(wire.RunPage, b'{"runs":[{"run_id":"a","display_name":"x\\ud800y"},{"run_id":"\xff"}]}')
    assert [row.run_id for row in page.runs] == ["a", "\ufffd"]
    page.runs[0].display_name.encode()


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b'"x"', b"{", b'{"runs":5}', b'{"runs":[1]}', b'{"runs":[{}]}', b'{"foo":1}', b"<html>"],
)
def test_what_is_no_page_is_refused(raw: bytes) -> None:
    with pytest.raises(wire.NotTheApi):
        wire.read(wire.RunPage, raw)


def test_an_empty_object_is_an_empty_page() -> None:
    page = wire.read(wire.RunPage, b"{}")
    assert (page.runs, page.total_size, page.next_page_token) == ([], None, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TASK_KEYS = [
    "display_name",
    "state",
    "start_time",
    "end_time",
    "parent_task_id",
    "child_tasks",
    "error",
    "pod_name",
]
TASK = st.dictionaries(st.sampled_from(TASK_KEYS), JSON, max_size=6).flatmap(
    lambda body: st.sampled_from(["1", "2", "3"]).map(lambda native: {**body, "task_id": native})
)
RUN = st.fixed_dictionaries(
    {"run_id": st.text(min_size=1, max_size=10)},
    optional={name: JSON for name in wire.FullRun.model_fields if name not in ("run_id", "run_details")}
    | {"run_details": JSON | st.fixed_dictionaries({"task_details": st.lists(TASK, max_size=5)})},
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RUN)
def test_no_run_of_any_shape_breaks_the_mapping(body: dict[str, Any]) -> None:
    row = wire.read(wire.RunPage, json.dumps({"runs": [body]}).encode()).runs[0]
    run = mapping.to_run("k", row, None)
    assert run.ref.id == row.run_id
    assert Ref.parse(str(run.ref)) == run.ref
    full = wire.read(wire.FullRun, json.dumps(body).encode())
    mapping.run_events("k", full)
    for step in steps_of(full) if full.run_details else []:
        task = mapping.to_task("k", row.run_id, step, None)
        assert Ref.parse(str(task.ref)) == task.ref
        assert mapping.split_task_id(task.ref.id) == (row.run_id, step.id)


@given(st.text(max_size=30))
def test_any_state_word_maps(word: str) -> None:
    state, native = mapping.to_state(word)
    assert isinstance(state, State)
    assert native
