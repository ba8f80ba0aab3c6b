"""What the real service writes, as rows: every trap of its JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.model import Pod, Ref, Run, State
from adapters.vertex import mapping, wire
from tests.unit.vertex.server import FAILED, job

STATES = {
    "QUEUED": State.QUEUED,
    "PENDING": State.PENDING,
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "CANCELLING": State.ABORTING,
    "CANCELLED": State.ABORTED,
    "PAUSED": State.PAUSED,
    "EXPIRED": State.FAILED,
    "UPDATING": State.RUNNING,
    "PARTIALLY_SUCCEEDED": State.SUCCEEDED,
    "UNSPECIFIED": State.UNKNOWN,
    "FROBNICATING": State.UNKNOWN,
}


def read(**fields: Any) -> wire.CustomJob:
    return wire.read(wire.CustomJob, job(**fields))


def run(**fields: Any) -> Run:
    return mapping.to_run("vertex", read(**fields), "us-central1", "owner")


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_states(word: str, state: State) -> None:
    found = run(state=f"JOB_STATE_{word}")
    assert (found.state, found.native_state) == (state, f"JOB_STATE_{word}")


@pytest.mark.parametrize(("number", "word"), [(3, "RUNNING"), (6, "CANCELLING"), (11, "PARTIALLY_SUCCEEDED")])
def test_states_may_be_numbers(number: int, word: str) -> None:
    for number_or_text in (number, str(number)):
        assert run(state=number_or_text).native_state == f"JOB_STATE_{word}"
    assert run(state=99).native_state == "99"
    assert run(state=99).state is State.UNKNOWN


def test_a_missing_state_is_the_zero_value() -> None:
    raw = job()
    del raw["state"]
    found = mapping.to_run("vertex", wire.read(wire.CustomJob, raw), "r", "owner")
    assert (found.state, found.native_state) == (State.UNKNOWN, "JOB_STATE_UNSPECIFIED")


def test_a_row() -> None:
    found = run()
    assert found.ref == Ref.parse("vertex/run/777")
    assert (found.name, found.owner, found.group) == ("llama-sft-8xh100-0822", "mei", "us-central1")
    assert (found.pool, found.gpus) == ("a3-highgpu-8g", 8)
    assert found.created == 1787407200.123456
    assert found.started == 1787407260.0
    assert found.finished is None
    assert found.progress is None
    assert found.message is None
    assert found.extra["pools"] == "1×a3-highgpu-8g + 2×n1-highcpu-16"
    assert found.extra["accelerators"] == "8×NVIDIA_H100_80GB"
    assert found.extra["replicas"] == 3
    assert found.extra["strategy"] == "SPOT"
    assert found.extra["timeout"] == 604800.0
    assert found.extra["image"] == "gcr.io/atlas/train:1"


def test_gpus_are_replicas_times_accelerators_and_tpus_are_none() -> None:
    pool = job()["jobSpec"]["workerPoolSpecs"][0]
    tpu = {
        "machineSpec": {"machineType": "ct5lp", "acceleratorType": 12, "acceleratorCount": 4},
        "replicaCount": "2",
    }
    found = run(jobSpec={"workerPoolSpecs": [pool, {**pool, "replicaCount": 3}, tpu]})
    assert found.gpus == 32
    assert found.extra["accelerators"] == "32×NVIDIA_H100_80GB + 8×TPU_V5_LITEPOD"


def test_an_empty_pool_keeps_its_place() -> None:
    found = mapping.pools(read())
    assert [(pool.index, pool.name, pool.replicas, pool.role) for pool in found] == [
        (0, "workerpool0", 1, "primary"),
        (2, "workerpool2", 2, "parameter servers"),
    ]
    assert found[1].nodes == ["workerpool2-0", "workerpool2-1"]
    assert mapping.find_node(read(), "workerpool1-0") is None
    assert mapping.find_node(read(), "workerpool2-2") is None
    assert mapping.find_pool(read(), "workerpool1") is None


@pytest.mark.parametrize("given", [3, "3", 3.0])
def test_replica_counts_are_text_or_numbers(given: Any) -> None:
    found = run(jobSpec={"workerPoolSpecs": [{"replicaCount": given, "machineSpec": {"machineType": "m"}}]})
    assert found.extra["replicas"] == 3


@pytest.mark.parametrize("given", [None, "three", [], {}, "0", -4])
def test_a_replica_count_that_is_none_gives_no_replicas(given: Any) -> None:
    found = run(jobSpec={"workerPoolSpecs": [{"replicaCount": given}]})
    assert found.extra["replicas"] is None
    assert found.gpus is None
    assert found.pool is None


def test_a_cancelled_job_has_an_error_and_has_not_failed() -> None:
    found = read(state="JOB_STATE_CANCELLED", error={"code": 1, "message": "CANCELED"})
    assert mapping.to_run("vertex", found, "r", "owner").state is State.ABORTED
    assert mapping.cause(found) is None
    assert mapping.cause(read(**FAILED)) == FAILED["error"]["message"]


def test_parts_show_the_jobs_state_as_derived() -> None:
    found = read(**FAILED)
    pool = mapping.find_pool(found, "workerpool2")
    assert pool is not None
    task = mapping.to_task("vertex", found, pool, "r")
    pods = [mapping.to_pod("vertex", found, pool, node, "r") for node in pool.nodes]
    assert {part.native_state for part in (task, *pods)} == {"derived"}
    assert {part.state for part in (task, *pods)} == {State.FAILED}
    assert str(task.ref) == "vertex/task/777/workerpool2"
    assert [str(pod.ref) for pod in pods] == ["vertex/pod/777/workerpool2-0", "vertex/pod/777/workerpool2-1"]
    assert (task.parent, pods[0].parent) == (mapping.run_ref("vertex", "777"), task.ref)
    assert (pods[0].pool, pods[0].host, pods[0].extra["image"]) == ("n1-highcpu-16", None, "gcr.io/vertex/reduce:1")


def test_only_the_replica_that_the_error_names_has_its_exit_status() -> None:
    found = read(**FAILED)
    assert mapping.culprit(found) == "workerpool2-1"
    pool = mapping.find_pool(found, "workerpool2")
    assert pool is not None
    innocent, guilty = (mapping.to_pod("vertex", found, pool, node, "r") for node in pool.nodes)
    assert isinstance(guilty, Pod)
    assert (innocent.exit_code, innocent.message) == (None, None)
    assert guilty.exit_code == 137
    assert guilty.message == FAILED["error"]["message"]


def test_refs_survive_hostile_parts() -> None:
    for part in ("a/b", "[/red]", "ä %2F", ".."):
        ref = mapping.part_ref("vertex", Ref.parse("v/pod/x").kind, "7/7", part)
        assert Ref.parse(str(ref)) == ref
        assert mapping.split_id(ref.id) == ("7/7", part)
    assert mapping.split_id("777") is None
    assert mapping.split_id("777/a/b") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": None, "error": None, "webAccessUris": None, "jobSpec": None, "startTime": None},
        {"labels": ["x"], "error": "boom", "webAccessUris": 3, "jobSpec": "none", "startTime": 12},
        {"labels": {"a": 1, "b": None}, "jobSpec": {"workerPoolSpecs": [None, 3, "x"], "scheduling": []}},
        {"createTime": "yesterday", "updateTime": {}, "displayName": ["x"], "newField": {"deep": [1]}},
    ],
)
def test_fields_of_the_wrong_type_are_missing(fields: dict[str, Any]) -> None:
    found = run(**fields)
    assert found.ref.id == "777"
    assert found.state is State.RUNNING
    assert found.extra["pools"] is None or "jobSpec" not in fields


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([*job(**FAILED), "webAccessUris", "jobSpec"])
SPEC_KEYS = st.sampled_from(["workerPoolSpecs", "scheduling", "serviceAccount", "enableWebAccess", "experiment"])
POOL_KEYS = st.sampled_from(["machineSpec", "replicaCount", "diskSpec", "containerSpec", "pythonPackageSpec"])


@given(
    st.dictionaries(KEYS, ANY_JSON, max_size=4),
    st.dictionaries(SPEC_KEYS, ANY_JSON, max_size=3),
    st.dictionaries(POOL_KEYS, ANY_JSON, max_size=3),
)
def test_any_json_is_a_row_or_no_answer(fields: dict[str, Any], spec: dict[str, Any], pool: dict[str, Any]) -> None:
    raw = job(jobSpec={"workerPoolSpecs": [pool, *job()["jobSpec"]["workerPoolSpecs"]], **spec}) | fields
    try:
        found = wire.read(wire.CustomJob, raw)
    except wire.NotTheApi as why:
        assert "name" in str(why)  # noqa: PT017  # the only way to be no job
        return
    row = mapping.to_run("vertex", found, "r", "owner")
    for each in mapping.pools(found)[:3]:
        mapping.to_task("vertex", found, each, "r")
        for node in each.nodes[:2]:
            assert mapping.find_node(found, node) == each
            assert mapping.to_pod("vertex", found, each, node, "r").state is row.state


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("2026-08-22T14:00:00Z", 1787407200 * 10**9),
        ("2026-08-22T14:00:00.5Z", 1787407200_500_000_000),
        ("2026-08-22T14:00:00.123456789Z", 1787407200_123_456_789),
        ("2026-08-22T16:00:00.000000001+02:00", 1787407200_000_000_001),
        ("", None),
        ("soon", None),
    ],
)
def test_times_keep_their_nanoseconds(text: str, nanos: int | None) -> None:
    assert wire.nanoseconds(text) == nanos


def test_durations() -> None:
    assert wire.seconds("604800s") == 604800.0
    assert wire.seconds("1.500s") == 1.5
    assert wire.seconds("a while") is None
    assert wire.seconds(None) is None
