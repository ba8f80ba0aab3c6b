"""From the server's words to the shared ones: states, times, references, units, errors."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.clearml import mapping, wire
from adapters.clearml.errors import read_error
from adapters.clearml.places import to_pool
from adapters.clearml.workers import to_host
from adapters.errors import AdapterError, Conflict, Forbidden, Invalid, NotFound, Unauthorized, Unsupported
from adapters.model import Kind, Ref, Run, State
from tests.unit.clearml.server import DATA, NATIVE, RUN, refusal, row


def task(**changes: Any) -> wire.TaskRow:
    return wire.read("clearml", row(**changes), wire.TaskRow)


def run(**changes: Any) -> Run:
    return mapping.to_run("clearml", task(**changes), "gpu-a100", 7)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", State.DRAFT),
        ("queued", State.QUEUED),
        ("in_progress", State.RUNNING),
        ("stopped", State.ABORTED),
        ("closed", State.ABORTED),
        ("failed", State.FAILED),
        ("completed", State.SUCCEEDED),
        ("publishing", State.SUCCEEDED),
        ("published", State.SUCCEEDED),
        ("unknown", State.UNKNOWN),
        ("hibernating", State.UNKNOWN),
    ],
)
def test_states(status: str, state: State) -> None:
    assert (run(status=status).state, run(status=status).native_state) == (state, status)


def test_stopping_is_a_message_of_a_running_task() -> None:
    assert run(status_message="stopping").state is State.ABORTING
    assert run(status_message="Stopping").native_state == "in_progress"
    for status in ("queued", "completed", "stopped"):  # a stop succeeds there too, and means nothing
        assert run(status=status, status_message="stopping").state is not State.ABORTING


def test_a_whole_row() -> None:
    found = run()
    assert found.ref == RUN
    assert (found.name, found.owner, found.group) == ("resnet50-aug-sweep-031", "ana", "vision/resnet50")
    assert (found.host, found.pool, found.message) == ("gpu-a100-0417:0", "gpu-a100", "pulled by agent")
    assert found.parent == Ref("clearml", Kind.RUN, "b530efdca01448c5aaf6a81a59304047")
    assert (found.created, found.started, found.finished) == (1787406000.0, 1787406251.505, None)
    assert dict(found.labels) == {"nightly": "", "aug": ""}
    extra = found.extra
    assert (extra["task_type"], extra["iteration"], extra["runtime"], extra["percent"]) == (
        "training",
        4100,
        2867,
        41,
    )
    assert (extra["tags"], extra["archived"]) == ("nightly, aug", False)
    assert extra["metric.train/loss"] == 0.41
    assert not any(key.startswith("metric.:monitor") for key in extra)


def test_a_task_of_which_little_is_said() -> None:
    found = mapping.to_run("clearml", wire.read("clearml", {"id": "x"}, wire.TaskRow))
    assert (found.name, found.state, found.native_state) == ("x", State.UNKNOWN, "unknown")
    assert (found.owner, found.group, found.parent, found.created, found.started, found.finished) == (None,) * 6
    assert (found.host, found.pool, found.message, found.progress) == (None,) * 4
    assert all(found.extra[key] is None for key in ("iteration", "runtime", "percent", "tags", "updated"))


def test_references_are_ids_or_objects() -> None:
    found = run(user="u1", project="p1", parent="t1", execution={"queue": "q1"})
    assert (found.owner, found.group, found.parent and found.parent.id) == ("u1", "p1", "t1")
    assert run(user={}, project="", parent={"id": ""}).parent is None


def test_a_deleted_parent_leads_nowhere() -> None:
    assert run(parent="__DELETED__b530").parent is None


def test_wrong_types_are_missing() -> None:
    found = run(last_iteration="many", tags="nightly", created=[1], last_metrics=[], runtime={"progress": "soon"})
    assert (found.extra["iteration"], found.extra["tags"], found.created, found.extra["percent"]) == (None,) * 4
    metrics = {"a": {"b": {"metric": "m", "variant": "v", "value": float("nan")}, "c": "?", "d": {"metric": "x"}}}
    assert not any(key.startswith("metric.") for key in run(last_metrics=metrics).extra)


@pytest.mark.parametrize(
    ("status", "changed", "completed", "started", "ended"),
    [
        ("failed", 2000000030, None, 2000000000, 2000000030),  # only `stopped` and `completed` set `completed`
        ("stopped", 2000000030, 2000000010, 2000000000, 2000000030),  # that of the try before
        ("completed", 2000000030, 2000000030, 2000000000, 2000000030),
        ("published", 2000000090, 2000000030, 2000000000, 2000000030),
        ("closed", 2000000090, None, 2000000000, None),
        ("closed", 2000000090, 1999999000, 2000000000, None),
        ("in_progress", 2000000040, 2000000030, 2000000000, None),  # `completed` outlives a restart
        ("queued", 2000000040, 2000000030, 2000000000, None),
    ],
)
def test_when_it_ended(status: str, changed: int, completed: int | None, started: int, ended: int | None) -> None:
    found = run(status=status, status_changed=changed, completed=completed, started=started)
    assert found.finished == ended


def test_an_earlier_try_does_not_show_in_a_queued_task() -> None:
    found = run(status="queued")
    assert (found.started, found.host, found.message, found.pool) == (None, None, "7th in gpu-a100", "gpu-a100")
    assert run(status="created").pool is None  # execution.queue outlives the queueing


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (1112, "1,112th")],
)
def test_places(number: int, text: str) -> None:
    assert mapping.place(number) == text


def test_what_it_says_is_said_once() -> None:
    forced = "Forced stop (non-responsive)"
    assert run(status="stopped", status_reason=forced, status_message=forced).message == forced
    failed = run(status="failed", status_message="", status_reason="exit code 1", output={"error": "ValueError: x"})
    assert failed.message == "exit code 1; ValueError: x"
    assert run(status_message="", status_reason="").message is None


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("2026-11-21T04:21:54.505000+00:00", 1795234914.505),
        ("2026-11-21T04:21:54.505000", 1795234914.505),
        (1795234914505, 1795234914.505),
        (1795234914, 1795234914.0),
        ("1970-01-01T00:00:00+00:00", None),
        ("soon", None),
        ("", None),
        (0, None),
        (True, None),
    ],
)
def test_times(given: Any, seconds: float | None) -> None:
    assert wire.instant(given) == seconds


def test_events_are_the_moments_the_task_still_knows() -> None:
    found = mapping.events(
        RUN, task(status="failed", status_reason="exit code 1", status_message=None, status_changed=2000000000)
    )
    assert [(event.native_state, event.text) for event in found] == [
        ("created", "created"),
        ("in_progress", "started on gpu-a100-0417:0"),
        ("failed", "became failed: exit code 1"),
    ]
    assert [event.time for event in found] == sorted(event.time or 0 for event in found)
    assert mapping.events(RUN, wire.read("c", {"id": NATIVE}, wire.TaskRow)) == []
    assert mapping.events(RUN, task())[-1].text == "started on gpu-a100-0417:0: pulled by agent"
    published = mapping.events(
        RUN, task(status="published", completed=2000000000, published=2000000005, status_changed=2000000005)
    )
    assert [event.text for event in published][-2:] == ["its worker ended it", "became published: pulled by agent"]


def test_a_worker() -> None:
    busy, idle = (wire.read("c", worker, wire.Worker) for worker in DATA["workers"])
    host = to_host("clearml", busy, {"cpu_usage": 83.4, "memory_used": 3.0, "memory_free": 1.0})
    assert (host.ref.id, host.state, host.native_state, host.ip) == (
        "gpu-a100-0417:0",
        State.UP,
        "busy",
        "10.0.0.1",
    )
    assert (host.group, host.owner) == ("gpu-a100", "agent")
    assert (host.extra["task_name"], host.extra["task_id"], host.extra["running_time"]) == ("nine", "t9", 2867.5)
    assert (host.extra["cpu_percent"], host.extra["gpu_percent"], host.extra["memory_percent"]) == (83, None, 75)
    still = to_host("clearml", idle, {})
    assert (still.native_state, still.message, still.group) == ("idle", "it listens to no queue", None)
    assert still.extra["task_name"] is None


def test_a_queue() -> None:
    queue = wire.read("c", DATA["queues"][0], wire.Queue)
    pool = to_pool("clearml", queue)
    assert (pool.name, pool.waiting, pool.running) == ("gpu-a100", 3, None)
    assert pool.started == wire.instant("2026-08-22T13:59:00+00:00")  # not of the first entry: they were moved
    assert (pool.extra["workers"], pool.extra["busy"], pool.extra["next"]) == (2, 1, "first")
    assert pool.message is None
    nobody = wire.read("c", {**DATA["queues"][0], "workers": []}, wire.Queue)
    assert to_pool("c", nobody).message == "no worker listens to it"
    plain = {**DATA["queues"][0], "workers": None, "entries": [{"task": "t-one", "added": "x"}]}
    old = to_pool("c", wire.read("c", plain, wire.Queue))
    assert (old.extra["workers"], old.extra["next"], old.started) == (None, "t-one", None)


@pytest.mark.parametrize(
    ("code", "subcode", "message", "kind", "sentence"),
    [
        (400, 12, "Validation error (error for field 'task'. field is required!)", Invalid, "field is required!"),
        (400, 16, "Invalid value for fields", Invalid, "Invalid value for fields (400/16)"),
        (400, 101, "Invalid task id: id=X, company=C", NotFound, "Invalid task id: id=X, company=C (400/101)"),
        (
            *(
                400,
                110,
                "Invalid task status (Invalid status change): current_status=completed, new_status=stopped",
            ),
            *(Conflict, "it is completed, which cannot become stopped (400/110)"),
        ),
        (400, 121, "lost", Conflict, "somebody else changed it at the same moment (400/121)"),
        (400, 123, "Task cannot be deleted: x", Conflict, "Task cannot be deleted: x (400/123)"),
        (400, 701, "Invalid queue id: id=x", NotFound, "(400/701)"),
        (400, 703, "x", Conflict, "it is not in that queue (400/703)"),
        (400, 706, "x", Conflict, "it is in a queue already (400/706)"),
        (400, 707, "x", Invalid, "the server has no default queue; name one (400/707)"),
        (400, 801, "Value combination already exists", Conflict, "(400/801)"),
        (400, 999, "something new", Invalid, "something new (400/999)"),
        (401, 20, "x", Unauthorized, "the server wants a login (401/20)"),
        (401, 30, "Invalid token (revoked)", Unauthorized, "the login has expired (401/30)"),
        (403, 21, "x", Forbidden, "it is public, and cannot be changed (403/21)"),
        (404, 0, "Unable to find endpoint for name a.b and version 2.1", Unsupported, "no such call (404/0"),
        (500, 1, "Internal server error: \n boom", None, "Internal server error: boom (500/1)"),
    ],
)
def test_errors(code: int, subcode: int, message: str, kind: type[AdapterError] | None, sentence: str) -> None:
    raw = refusal(code, subcode, message).content
    info = read_error(code, {}, raw)
    assert info is not None
    assert info.code == f"{code}/{subcode}"
    assert sentence in info.sentence
    assert f"{code}/{subcode}" in info.sentence
    assert info.kind in (kind, None)
    assert info.executed is not (kind is Unsupported)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b'{"meta":[]}', b'{"meta":{"result_msg":3}}', b"[" * 5000])
def test_other_peoples_errors_are_left_to_the_client(raw: bytes) -> None:
    assert read_error(502, {}, raw) is None
