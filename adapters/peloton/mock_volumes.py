"""VolumeService as the API describes it; a real server answers `unimplemented`."""

from __future__ import annotations

from adapters.mock.fleet.model import Job, Pod
from adapters.peloton.mock_jobs import job_for_read
from adapters.peloton.mock_wire import Call, Map, Message, not_found, value_of, wrap

SUFFIX = "-volume"


def _volumes(call: Call, job: Job) -> dict[str, Message]:
    gone = call.cluster.memory.setdefault("peloton-volumes-gone", set())
    found = {}
    for _, pod in sorted(job.pods.items()):
        if pod.job.specs[pod.run.version].volume_mb and pod.name + SUFFIX not in gone:
            found[pod.name + SUFFIX] = _info(call, pod)
    return found


def _info(call: Call, pod: Pod) -> Message:
    state = "VOLUME_STATE_CREATED" if pod.run.host else "VOLUME_STATE_INITIALIZED"
    return {
        "volumeId": wrap(pod.name + SUFFIX),
        "podName": wrap(pod.name),
        "hostname": pod.run.host,
        "state": state,
        "desiredState": "VOLUME_STATE_CREATED",
        "sizeMb": pod.job.specs[pod.run.version].volume_mb,
        "containerPath": "/data",
        "createTime": call.time(pod.runs[0].created),
        "updateTime": call.time(pod.run.created),
    }


def list_volumes(call: Call) -> Message:
    return {"volumes": Map(_volumes(call, job_for_read(call)))}


def _find(call: Call) -> Message:
    volume_id = value_of(call.body, "volumeId")
    job_id = volume_id.removesuffix(SUFFIX).rpartition("-")[0]
    job = call.fleet.find(job_id)
    found = _volumes(call, job).get(volume_id) if job else None
    if found is None:
        raise not_found(f"volume {volume_id} not found")
    return found


def get_volume(call: Call) -> Message:
    return {"result": _find(call)}


def delete_volume(call: Call) -> Message:
    _find(call)
    call.cluster.memory["peloton-volumes-gone"].add(value_of(call.body, "volumeId"))
    return {}


METHODS = {"ListVolumes": list_volumes, "GetVolume": get_volume, "DeleteVolume": delete_volume}
