"""What the server fetches from elsewhere: the end of a log, and what Google says of an operation."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from adapters.jobmanager.mock_calls import Shard, Task, ended
from adapters.jobmanager.mock_cromwell import BUCKET, View, view
from adapters.jobmanager.mock_wire import Call, Refused, crash, no_content, said
from adapters.jobmanager.mock_world import World
from adapters.mock.behaviour import Phase, Span


def tail_file(world: World, call: Call) -> Response:
    """The last `window` bytes of an object; nothing at all where no service account can be had."""
    if world.options.dsub:
        raise crash()
    bucket, name = call.needed("bucket"), call.needed("object")
    if not world.options.outside_auth:
        return no_content()
    raw = _object(world, bucket, name)
    if raw is None:
        raise Refused(404, f"No such object: {bucket}/{name}")
    if not raw:
        raise crash()  # a range of an empty object cannot be satisfied
    part = raw[-world.options.window :]
    try:
        contents = part.decode()
    except UnicodeDecodeError:
        raise crash() from None
    return said({"contents": contents, "truncated": len(part) == world.options.window})


def _object(world: World, bucket: str, name: str) -> bytes | None:
    parts = name.split("/")
    if bucket != BUCKET or len(parts) < 5 or world.find(parts[2]) is None:
        return None
    shown = view(world, parts[2])
    for task, shard, span in shown.tries():
        if shown.places(task, shard, span).get("backendLog") == f"gs://{bucket}/{name}":
            never_ran = span.story is not None and not span.story.started
            return None if never_ran else shown.log(task, shard, span).encode()
    return None


def operation_details(world: World, call: Call) -> Response:
    """The backend's own metadata, as text; the id is that of the job."""
    if world.options.dsub:
        raise crash()
    job_id = call.needed("job")
    if "operation" not in call.query:
        raise crash()
    if not world.options.outside_auth:
        return no_content()
    shown = view(world, job_id)
    for task, shard, span in shown.tries():
        if shown.places(task, shard, span).get("operationId") == call.query["operation"]:
            return said({"id": job_id, "details": json.dumps(_operation(shown, task, shard, span))})
    raise Refused(404, f"Operation {call.query['operation']} not found")


def _operation(shown: View, task: Task, shard: Shard, span: Span) -> dict[str, Any]:
    gpus = shown.world.outline(shown.job).workload.gpus if task.step.kind == "train" else 0
    machine: dict[str, Any] = {
        "machineType": "a2-highgpu-8g" if gpus else "n2-standard-8",
        "preemptible": len(shard.tries) > 1,
        "bootDiskSizeGb": 100,
        "serviceAccount": {"email": "cromwell-runner@atlas-batch.iam.gserviceaccount.com"},
    }
    if gpus:
        machine["accelerators"] = [{"type": "nvidia-tesla-a100", "count": str(gpus)}]
    places = shown.places(task, shard, span)
    metadata: dict[str, Any] = {
        "@type": "type.googleapis.com/google.cloud.lifesciences.v2beta.Metadata",
        "createTime": shown.told(span.queued),
        "startTime": shown.told(span.start),
        "endTime": shown.told(ended(span, shown.now)),
        "labels": {"cromwell-workflow-id": f"cromwell-{shown.id}", "wdl-task-name": task.step.name},
        "pipeline": {"resources": {"regions": ["europe-west4"], "virtualMachine": machine}},
    }
    found: dict[str, Any] = {"name": places["operationId"], "metadata": metadata, "done": shown.now >= span.end}
    if shown.now >= span.end and span.outcome is Phase.FAILED and span.story is not None:
        found["error"] = {"code": 9, "message": f"Execution failed: {span.story.message}"}
    return found
