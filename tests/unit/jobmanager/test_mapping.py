"""The server's JSON as domain objects: nothing invented, nothing crashes, made-up times are not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.jobmanager import mapping, wire
from adapters.model import Progress, Ref, State
from tests.unit.jobmanager.server import SERVER_START, SUBMITTED, row

NOON = 1_787_400_000.0


def job(**more: Any) -> wire.Job:
    return wire.Job.model_validate(row(**more))


def run(**more: Any) -> Any:
    return mapping.to_run("jm", job(**more))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Submitted", State.PENDING),
        ("OnHold", State.PAUSED),
        ("Running", State.RUNNING),
        ("Aborting", State.ABORTING),
        ("Failed", State.FAILED),
        ("Succeeded", State.SUCCEEDED),
        ("Aborted", State.ABORTED),
        ("Hibernating", State.UNKNOWN),
    ],
)
def test_every_status_has_a_state_and_keeps_its_word(word: str, state: State) -> None:
    found = run(status=word)
    assert (found.state, found.native_state) == (state, word)


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-22T12:00:00+00:00",
        "2026-08-22T12:00:00Z",
        "2026-08-22T14:00:00.000000+02:00",
        "2026-08-22T12:00:00",
        "2026-08-22T12:00:00.000+00:00",
    ],
)
def test_times_with_and_without_offset_and_fraction(text: str) -> None:
    assert wire.instant(text) == NOON


def test_what_is_sent_is_utc() -> None:
    assert wire.moment(NOON) == "2026-08-22T12:00:00.000Z"
    assert wire.instant(wire.moment(NOON)) == NOON


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-45", "9999999-01-01"])
def test_times_that_are_none(text: str | None) -> None:
    assert wire.instant(text) is None


@pytest.mark.parametrize("status", ["Submitted", "OnHold"])
def test_the_start_of_what_waits_is_made_up(status: str) -> None:
    assert run(status=status, start=SERVER_START).started is None
    assert run(status=status, start="2026-08-22T15:00:00+00:00").started is None


def test_a_start_before_the_submission_is_the_servers() -> None:
    assert run(status="Running", start=SERVER_START).started is None
    assert run(status="Running", start=SUBMITTED).started == NOON + 7200


def test_an_end_does_not_end_what_goes_on() -> None:
    assert run(status="Running", start=SUBMITTED, end=SUBMITTED).finished is None
    assert run(status="Failed", start=SUBMITTED, end=SUBMITTED).finished == NOON + 7200
    assert run(status="Failed", start=SUBMITTED).finished is None


def test_a_bare_row() -> None:
    found = mapping.to_run("jm", wire.Row.model_validate({"id": "x", "status": "Running"}))
    assert (found.name, found.owner, found.group, found.created, found.progress) == ("x", None, None, None, None)
    assert found.labels == {}


@pytest.mark.parametrize(
    "broken",
    [
        {"labels": ["a"], "extensions": []},
        {"extensions": {"tasks": {"a": 1}, "events": "x", "logs": [1]}},
        {"extensions": {"tasks": [1, None, {"name": 3, "shards": [None, {"shardIndex": "x"}]}]}},
        {"failures": [{"failure": None}, 7], "inputs": None, "outputs": 3},
        {"start": 12, "end": [], "submission": {}, "name": None},
        {"labels": {"a": 1, "b": None, "c": {"d": 1}}},
    ],
)
def test_values_of_the_wrong_type_are_missing_ones(broken: dict[str, Any]) -> None:
    found = job(**broken)
    assert mapping.to_run("jm", found).state is State.RUNNING
    assert len(mapping.to_tasks("jm", found, None)) in (0, 1)


def test_labels_are_texts() -> None:
    assert run(labels={"a": "x", "b": 3, "c": None, "d": {"e": 1}}).labels == {"a": "x", "b": "3", "d": '{"e": 1}'}


def test_the_project_of_dsub_is_in_the_id() -> None:
    assert run(id="atlas+job--ana+task-1+1").group == "atlas"
    assert run(id="+job--ana+task-1+1").group is None
    assert mapping.to_run("jm", job(), "asked").group == "asked"


def test_what_a_list_says_of_the_owner_and_the_status() -> None:
    found = run(extensions={"userId": "ana", "statusDetail": "VM starting", "lastUpdate": SUBMITTED})
    assert (found.owner, found.message, found.extra["last_update"]) == ("ana", "VM starting", NOON + 7200)


def test_a_sub_workflow_has_a_parent() -> None:
    found = run(extensions={"parentJobId": "job-0"})
    assert found.parent == mapping.run_ref("jm", "job-0")
    assert found.extra["parent_job"] == "job-0"


SCATTERED = {
    "name": "align",
    "executionStatus": "Running",
    "attempts": 3,
    "shards": [
        {"shardIndex": 0, "executionStatus": "Succeeded", "attempts": 1, "start": SUBMITTED, "end": SUBMITTED},
        {"shardIndex": 1, "executionStatus": "Running", "attempts": 2, "start": SUBMITTED, "end": SERVER_START},
        {"shardIndex": 2, "executionStatus": "QueuedInCromwell", "start": SERVER_START},
    ],
}


def test_shards_are_tasks_under_their_task() -> None:
    found = job(extensions={"tasks": [SCATTERED, {"name": "merge", "executionStatus": "Done", "attempts": 1}]})
    tasks = mapping.to_tasks("jm", found, "p")
    assert [task.ref.id for task in tasks] == [
        "job-1/align",
        *(f"job-1/align/{n}" for n in range(3)),
        "job-1/merge",
    ]
    assert [task.attempt for task in tasks] == [None, 1, 2, None, 1]
    assert tasks[0].progress == Progress(1, 3)
    assert tasks[0].extra["shards"] == 3
    assert {task.parent for task in tasks[1:4]} == {tasks[0].ref}
    assert tasks[2].finished is None
    assert tasks[3].started is None
    assert tasks[3].state is State.QUEUED
    assert tasks[4].state is State.SUCCEEDED
    assert mapping.to_run("jm", found).progress == Progress(2, 4)


@pytest.mark.parametrize(
    ("failures", "cause"),
    [
        ([], None),
        ([{"failure": "exit 1"}], "exit 1"),
        ([{"failure": "exit 1", "taskName": "align", "shardIndex": -1}], "align: exit 1"),
        ([{"failure": "exit 1", "taskName": "align", "shardIndex": 3}], "align shard 3: exit 1"),
        (
            [{"failure": "Task wf.align:3:1 failed", "taskName": "align", "shardIndex": 3}],
            "Task wf.align:3:1 failed",
        ),
        ([{"failure": " "}, {"failure": "a\n  b"}], "a b"),
    ],
)
def test_the_cause_is_the_first_failure_in_the_servers_words(failures: Any, cause: str | None) -> None:
    assert mapping.cause(job(failures=failures)) == cause
    assert run(status="Failed", failures=failures).message == cause


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20), st.none() | st.integers(0, 10**6))
def test_refs_of_tasks_are_read_back(job_id: str, name: str, index: int | None) -> None:
    ref = mapping.task_ref("jm", job_id, name, index)
    assert Ref.parse(str(ref)) == ref
    assert mapping.split_task_id(ref.id) == (job_id, name, index)


@pytest.mark.parametrize("native", ["", "a", "a/", "/b", "a/b/c", "a/b/1/2", "a/b/-1", "a/b/²"])
def test_ids_that_are_no_tasks(native: str) -> None:
    assert mapping.split_task_id(native) is None


def test_display_fields_are_found_by_their_path() -> None:
    found = job(
        labels={"flag": "archive", "a.b": "c"}, extensions={"lastUpdate": SUBMITTED, "envs": {}}, end=SUBMITTED
    )
    assert mapping.value_at(found, "labels.flag") == "archive"
    assert mapping.value_at(found, "labels.a.b") == "c"
    assert mapping.value_at(found, "labels.none") is None
    assert mapping.value_at(found, "extensions.lastUpdate", is_time=True) == NOON + 7200
    assert mapping.value_at(found, "extensions.envs") is None
    assert mapping.value_at(found, "id") == "job-1"
    assert mapping.value_at(found, "frobnicate.deep.path") is None
    assert json.dumps(dict(mapping.to_run("jm", found, None, {"labels.flag": False}).extra))
