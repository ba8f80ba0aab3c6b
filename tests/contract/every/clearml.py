"""ClearML: every method of the tasks service."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.errors import Invalid, NotFound
from adapters.model import Json, Kind, State
from tests.contract.every.drive import Drive, drives


async def tasks(drive: Drive, *states: str, **more: Json) -> list[Any]:
    """Tasks in these states, as the server tells them."""
    answer = await drive.call("tasks.get_all", status=list(states) or None, page=0, page_size=100, **more)
    assert answer["tasks"], states
    return list(answer["tasks"])


async def one(drive: Drive, *states: str) -> str:
    """The id of a task in one of these states that nothing hides."""
    for task in await tasks(drive, *states):
        if "archived" not in task.get("system_tags", []):
            return str(task["id"])
    raise AssertionError(f"no task is {states}")


async def now(drive: Drive, task: str) -> Any:
    return (await drive.call("tasks.get_by_id", task=task))["task"]


async def status(drive: Drive, task: str) -> str:
    return str((await now(drive, task))["status"])


async def draft(drive: Drive) -> str:
    return str((await drive.call("tasks.create", name="made by hand", type="training"))["id"])


@drives("clearml.tasks.get_by_id")
async def get_by_id(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.FAILED)
    task = await now(drive, row.ref.id)
    assert (task["id"], task["name"], task["status"]) == (row.ref.id, row.name, "failed")


@drives("clearml.tasks.get_all")
async def get_all(drive: Drive) -> None:
    found = await tasks(drive, "failed", only_fields=["id", "status", "project"])
    assert {task["status"] for task in found} == {"failed"}
    assert all(isinstance(task.get("project", ""), str) for task in found)


@drives("clearml.tasks.get_all_ex")
async def get_all_ex(drive: Drive) -> None:
    answer = await drive.call("tasks.get_all_ex", only_fields=["id", "project.name"], page=0, page_size=5)
    assert len(answer["tasks"]) == 5
    assert any(task["project"]["name"] for task in answer["tasks"] if "project" in task)


@drives("clearml.tasks.create")
async def create(drive: Drive) -> None:
    task = await now(drive, await draft(drive))
    assert (task["name"], task["status"]) == ("made by hand", "created")


@drives("clearml.tasks.validate")
async def validate(drive: Drive) -> None:
    before = len(await drive.rows(Kind.RUN))
    await drive.call("tasks.validate", name="not made", type="training")
    with pytest.raises(Invalid):
        await drive.call("tasks.validate", name="not made", type="no such type")
    assert len(await drive.rows(Kind.RUN)) == before


@drives("clearml.tasks.update")
async def update(drive: Drive) -> None:
    task = await one(drive, "in_progress")
    answer = await drive.call("tasks.update", task=task, name="renamed", tags=["a", "b"])
    assert answer["updated"] == 1
    again = await now(drive, task)
    assert (again["name"], sorted(again["tags"])) == ("renamed", ["a", "b"])


@drives("clearml.tasks.update_batch")
async def update_batch(drive: Drive) -> None:
    two = [task["id"] for task in await tasks(drive, "failed", "completed")][:2]
    await drive.call("tasks.update_batch", updates=[{"task": task, "comment": f"of {task}"} for task in two])
    assert [(await now(drive, task))["comment"] for task in two] == [f"of {task}" for task in two]


@drives("clearml.tasks.edit")
async def edit(drive: Drive) -> None:
    task = await draft(drive)
    await drive.call("tasks.edit", task=task, more={"script": {"entry_point": "train.py"}})
    assert (await now(drive, task))["script"]["entry_point"] == "train.py"


@drives("clearml.tasks.set_requirements")
async def set_requirements(drive: Drive) -> None:
    task = await draft(drive)
    await drive.call("tasks.set_requirements", task=task, requirements={"pip": "torch==2.4"})
    assert (await now(drive, task))["script"]["requirements"] == {"pip": "torch==2.4"}


@drives("clearml.tasks.reset")
async def reset(drive: Drive) -> None:
    task = await one(drive, "failed")
    await drive.call("tasks.reset", task=task)
    again = await now(drive, task)
    assert again["status"] == "created"
    assert not again.get("started")


@drives("clearml.tasks.delete")
async def delete(drive: Drive) -> None:
    task = await draft(drive)
    assert (await drive.call("tasks.delete", task=task))["deleted"]
    with pytest.raises(NotFound):
        await now(drive, task)


@drives("clearml.tasks.started")
async def started(drive: Drive) -> None:
    task = await draft(drive)
    await drive.call("tasks.started", task=task)
    again = await now(drive, task)
    assert again["status"] == "in_progress"
    assert again["started"]


@drives("clearml.tasks.stop")
async def stop(drive: Drive) -> None:
    """Only the worker ends it; until then the server notes the wish."""
    row = await drive.one(Kind.RUN, State.RUNNING)
    await drive.call("tasks.stop", task=row.ref.id)
    assert (await drive.adapter.get(row.ref)).state in (State.ABORTING, State.ABORTED)
    drive.cluster.clock.advance(600)
    assert await status(drive, row.ref.id) == "stopped"


@drives("clearml.tasks.stopped")
async def stopped(drive: Drive) -> None:
    task = await one(drive, "in_progress")
    await drive.call("tasks.stopped", task=task, status_message="by hand")
    again = await now(drive, task)
    assert (again["status"], again["status_message"]) == ("stopped", "by hand")


@drives("clearml.tasks.failed")
async def failed(drive: Drive) -> None:
    task = await one(drive, "in_progress")
    await drive.call("tasks.failed", task=task, status_reason="by hand")
    again = await now(drive, task)
    assert (again["status"], again["status_reason"]) == ("failed", "by hand")


@drives("clearml.tasks.completed")
async def completed(drive: Drive) -> None:
    task = await one(drive, "in_progress")
    await drive.call("tasks.completed", task=task)
    again = await now(drive, task)
    assert again["status"] == "completed"
    assert again["completed"]


@drives("clearml.tasks.close")
async def close(drive: Drive) -> None:
    task = await one(drive, "in_progress")
    await drive.call("tasks.stopped", task=task)
    await drive.call("tasks.close", task=task)
    assert await status(drive, task) == "closed"


@drives("clearml.tasks.publish")
async def publish(drive: Drive) -> None:
    task = await one(drive, "completed")
    await drive.call("tasks.publish", task=task)
    again = await now(drive, task)
    assert again["status"] == "published"
    assert again["published"]


@drives("clearml.tasks.enqueue")
async def enqueue(drive: Drive) -> None:
    task = await draft(drive)
    queue = (await drive.rows(Kind.POOL))[0]
    await drive.call("tasks.enqueue", task=task, queue=queue.ref.id)
    again = await now(drive, task)
    assert (again["status"], again["execution"]["queue"]) == ("queued", queue.ref.id)


@drives("clearml.tasks.dequeue")
async def dequeue(drive: Drive) -> None:
    task = await draft(drive)
    await drive.call("tasks.enqueue", task=task)
    await drive.call("tasks.dequeue", task=task)
    assert await status(drive, task) == "created"


@drives("clearml.tasks.ping")
async def ping(drive: Drive) -> None:
    task = await draft(drive)
    await drive.call("tasks.started", task=task)
    before = (await now(drive, task))["last_update"]
    drive.cluster.clock.advance(60)
    await drive.call("tasks.ping", task=task)
    assert (await now(drive, task))["last_update"] > before
