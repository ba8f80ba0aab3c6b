"""Job specs between the API's JSON and what the fleet runs."""

from __future__ import annotations

from typing import Any

from adapters.mock.fleet.model import Fate, Resources, Spec
from adapters.peloton.mock_wire import (
    Message,
    flag,
    invalid,
    number_of,
    part,
    parts,
    text,
    texts,
    uint,
    value_of,
    wrap,
)

CONTAINER = "main"
BROKEN = "broken"


def labels(pairs: tuple[tuple[str, str], ...]) -> list[Message]:
    return [{"key": key, "value": value} for key, value in pairs]


def render(spec: Spec, revision: Message) -> Message:
    """A JobSpec; as its client wrote it where one did."""
    if spec.document is not None:
        return {**spec.document, "revision": revision}
    return {
        "revision": revision,
        "name": spec.name,
        "owner": spec.owner,
        "owningTeam": spec.team,
        "ldapGroups": [f"{spec.team}-oncall"] if spec.team else [],
        "description": spec.description,
        "labels": labels(spec.labels),
        "instanceCount": spec.instances,
        "sla": sla(spec),
        "defaultSpec": pod_spec(spec),
        "respoolId": wrap(spec.pool),
    }


def sla(spec: Spec) -> Message:
    return {
        "priority": spec.priority,
        "preemptible": spec.preemptible,
        "revocable": spec.revocable,
        "maximumUnavailableInstances": spec.max_unavailable,
    }


def pod_spec(spec: Spec, pod_name: str = "", instance: int | None = None) -> Message:
    """The PodSpec of an instance, or of all of them."""
    if spec.document is not None:
        document = dict(spec.document)
        special = part(part(document, "instanceSpec"), str(instance))
        chosen: Message = {**part(document, "defaultSpec"), **special}
    else:
        chosen = {
            "labels": labels(spec.labels),
            "containers": [_container(spec)],
            "restartPolicy": {"maxFailures": spec.max_failures},
            "volume": {"containerPath": "/data", "sizeMb": spec.volume_mb} if spec.volume_mb else None,
            "preemptionPolicy": {"killOnPreempt": True} if spec.kill_on_preempt else None,
            "killGracePeriodSeconds": spec.grace,
            "revocable": spec.revocable,
        }
    return {**chosen, "podName": wrap(pod_name)} if pod_name else chosen


def _container(spec: Spec) -> Message:
    check = {
        "enabled": True,
        "initialIntervalSecs": 5,
        "intervalSecs": 10,
        "timeoutSecs": 5,
        "maxConsecutiveFailures": 3,
    }
    return {
        "name": CONTAINER,
        "resource": {
            "cpuLimit": spec.resources.cpu,
            "memLimitMb": spec.resources.memory,
            "diskLimitMb": spec.resources.disk,
            "fdLimit": 65_536,
            "gpuLimit": spec.resources.gpu,
        },
        "container": {"type": "DOCKER", "docker": {"image": spec.image, "network": "HOST"}},
        "command": {"shell": True, "value": spec.command},
        "livenessCheck": {
            **check,
            "type": "HEALTH_CHECK_TYPE_HTTP",
            "httpCheck": {"scheme": "http", "path": "/health"},
        }
        if spec.health_check
        else None,
        "ports": [{"name": port, "envName": f"{port.upper()}_PORT"} for port in spec.ports],
    }


def parse(document: Message) -> Spec:
    """What a client's spec means for the fleet. Raises RpcError where a real server would refuse it."""
    default = part(document, "defaultSpec")
    for instance in part(document, "instanceSpec"):
        part(part(document, "instanceSpec"), instance)
    containers = parts(default, "containers")
    container = containers[0] if containers else {}
    limits = part(container, "resource")
    terms = part(document, "sla")
    pairs = tuple((text(label, "key"), text(label, "value")) for label in parts(document, "labels"))
    count = uint(document, "instanceCount")
    if count > 10_000:
        raise invalid("Job has more than 10000 instances")
    return Spec(
        name=text(document, "name"),
        pool=value_of(document, "respoolId"),
        instances=count,
        owner=text(document, "owner"),
        team=text(document, "owningTeam"),
        description=text(document, "description"),
        labels=pairs,
        image=_image(container),
        command=text(part(container, "command"), "value") or text(part(container, "entrypoint"), "value"),
        resources=_resources(limits),
        batch=("workload", "batch") in pairs,
        priority=uint(terms, "priority"),
        preemptible=flag(terms, "preemptible"),
        revocable=flag(terms, "revocable") or flag(default, "revocable"),
        max_unavailable=uint(terms, "maximumUnavailableInstances"),
        max_failures=uint(part(default, "restartPolicy"), "maxFailures"),
        kill_on_preempt=flag(part(default, "preemptionPolicy"), "killOnPreempt"),
        health_check=bool(part(container, "livenessCheck")) and flag(part(container, "livenessCheck"), "enabled"),
        grace=uint(default, "killGracePeriodSeconds"),
        ports=tuple(text(port, "name") for port in parts(container, "ports")),
        volume_mb=uint(part(default, "volume"), "sizeMb"),
        document=_kept(document, pairs),
    )


def _kept(document: Message, pairs: tuple[tuple[str, str], ...]) -> Message:
    """The spec to hand out again: the fields a JobSpec has, in the types they have."""
    plain = {name: text(document, name) for name in ("name", "owner", "owningTeam", "description")}
    return {
        **plain,
        "ldapGroups": list(texts(document, "ldapGroups")),
        "labels": labels(pairs),
        "instanceCount": uint(document, "instanceCount"),
        **{
            name: part(document, name)
            for name in ("sla", "defaultSpec", "instanceSpec", "respoolId")
            if name in document
        },
    }


def _resources(limits: Message) -> Resources:
    return Resources(
        number_of(limits, "cpuLimit") or 0.1,
        number_of(limits, "gpuLimit"),
        number_of(limits, "memLimitMb") or 64.0,
        number_of(limits, "diskLimitMb") or 64.0,
    )


def _image(container: Message) -> str:
    info = part(container, "container")
    mesos: Any = part(part(part(info, "mesos"), "image"), "docker")
    return text(container, "image") or text(part(info, "docker"), "image") or text(mesos, "name")


def fate_of(spec: Spec, before: Fate | None = None) -> Fate:
    """How pods of a spec that a client wrote will fare: an image whose tag says `broken` fails at its start."""
    if BROKEN in spec.image.rpartition(":")[2]:
        return Fate(story="bad-argument", fails_after=4, work="service")
    if before is not None and not before.story and not before.unhealthy:
        return before
    return Fate(seconds=600, work="train" if spec.resources.gpu else "data") if spec.batch else Fate()
