"""Jobs as the server in front of dsub told of them, until 2022: no tasks, but logs, events and the script."""

from __future__ import annotations

from typing import Any

from adapters.jobmanager.mock_wire import Refused, iso
from adapters.jobmanager.mock_world import Job, World

BUCKET = "atlas-dsub"
DETAIL = {"Running": 'Started running "user-command"', "Succeeded": "Success", "Aborted": "Operation canceled"}
LOGS = (("Controller Log", ".log"), ("Error Log", "-stderr.log"), ("Output Log", "-stdout.log"))


def row(world: World, job: Job) -> dict[str, Any]:
    index = job.index
    status, outline = world.status(index), world.outline(job)
    start, end = world.start(index), world.end(index)
    submission = world.submission(index)
    base = f"gs://{BUCKET}/logs/{world.id(job).replace('+', '-')}"
    events = [(submission, "created")]
    events += [(start, "start")] if start is not None else []
    events += [(end, {"Succeeded": "ok", "Aborted": "canceled"}.get(status, "fail"))] if end is not None else []
    return {
        "id": world.id(job),
        "name": world.name(job),
        "status": status,
        "submission": iso(submission),
        "start": iso(start),
        "end": iso(end),
        "labels": world.labels(job),
        "extensions": {
            "userId": outline.owner,
            "statusDetail": _detail(world, job, status),
            "logs": {name: f"{base}{tail}" for name, tail in LOGS},
            "lastUpdate": iso(max(moment for moment, _ in events)),
            "envs": {"OWNER": outline.owner, "WORKLOAD": outline.workload.name},
            "sourceFile": _script(outline.workload.name),
            "events": [{"time": iso(moment), "content": content} for moment, content in events],
        },
    }


def _detail(world: World, job: Job, status: str) -> str:
    story = world.outline(job).story
    if status == "Failed" and story is not None:
        return f"Error in job - code {story.exit_code or 9}: {story.message}"
    return DETAIL.get(status, "VM starting (awaiting worker checkin)")


def _script(name: str) -> str:
    return f'#!/bin/bash\nset -o errexit\npython -m atlas.{name.replace("-", "_")} --data "${{DATA}}"\n'


def metadata(world: World, job_id: str) -> dict[str, Any]:
    job = find(world, job_id)
    found = row(world, job)
    found |= {"inputs": {"DATA": "gs://atlas-lake/events"}, "outputs": {"OUT": f"gs://{BUCKET}/out"}}
    if found["status"] == "Failed":
        found["failures"] = [{"failure": found["extensions"]["statusDetail"], "timestamp": found["end"]}]
    return found


def find(world: World, job_id: str) -> Job:
    """Raises Refused: 400 for what is no id of dsub's, 404 for one that is not there."""
    if job_id.count("+") != 3:
        raise Refused(400, f"Job ID {job_id} is not in the format <project>+<job-id>+<task-id>+<attempt>")
    job = world.find(job_id)
    if job is None:
        raise Refused(404, f"Job {job_id} does not exist")
    return job
