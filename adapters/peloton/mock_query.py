"""QueryJobs and QueryPods: filters, order and paging with their caps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from adapters.mock.fleet.history import Header
from adapters.mock.fleet.model import Job, Pod, Spec
from adapters.mock.fleet.states import JOB_ENDED
from adapters.peloton import mock_render, mock_spec
from adapters.peloton.mock_wire import (
    Call,
    Message,
    RpcError,
    invalid,
    not_found,
    parse_timestamp,
    part,
    parts,
    text,
    texts,
    timestamp,
    uint,
    value_of,
    wrap,
)

DEFAULT_LIMIT, DEFAULT_MAX = 10, 100
WEEK = 7 * 86400.0
SLACK = 1.0
ENDED_NAMES = frozenset(f"JOB_STATE_{state}" for state in JOB_ENDED)
Found = Job | Header


@dataclass(frozen=True, slots=True)
class Page:
    offset: int
    limit: int
    most: int

    @classmethod
    def of(cls, message: Message) -> Page:
        return cls(
            uint(message, "offset"),
            uint(message, "limit") or DEFAULT_LIMIT,
            uint(message, "maxLimit") or DEFAULT_MAX,
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of time as clients know it, both ends included; None where it is open.

    Times are compared as they are printed, to the microsecond, so that two windows meet without loss.
    """

    low: float | None
    high: float | None

    def around(self, call: Call) -> tuple[float | None, float | None]:
        """Newest and oldest simulated moment that can be inside, a little generous."""
        clock = call.cluster.clock
        return (
            None if self.high is None else clock.unstamp(self.high + SLACK),
            None if self.low is None else clock.unstamp(self.low - SLACK),
        )

    def holds(self, call: Call, moment: float | None) -> bool:
        if self.low is None and self.high is None:
            return True
        if moment is None:
            return False
        micros = round(call.cluster.clock.stamp(moment) * 1e6)
        return (self.low is None or micros >= round(self.low * 1e6)) and (
            self.high is None or micros <= round(self.high * 1e6)
        )


ANY_TIME = Bounds(None, None)


def query_jobs(call: Call) -> Message:
    spec = part(call.body, "spec")
    pagination = part(spec, "pagination")
    page = Page.of(pagination)
    found = _first(_matching(call, spec), page.most) if not _order(spec) else _sorted_jobs(call, spec)[: page.most]
    chosen = found[page.offset : page.offset + page.limit]
    return {
        "records": [mock_render.job_summary(call, call.fleet.whole(job)) for job in chosen],
        "pagination": {"offset": page.offset, "limit": page.limit, "total": len(found)},
        "spec": _echo(spec),
    }


def _first(found: Iterator[Found], count: int) -> list[Found]:
    return [job for job, _ in zip(found, range(count), strict=False)]


def _order(spec: Message) -> list[tuple[str, bool]]:
    """(property, descending); empty for newest first, which is the default."""
    wanted = [
        (value_of(each, "property"), each.get("order") == "ORDER_BY_DESC")
        for each in parts(part(spec, "pagination"), "orderBy")
    ]
    return [] if wanted == [("creation_time", True)] else wanted


_JOB_KEYS: dict[str, Callable[[Found], Any]] = {
    "creation_time": lambda job: job.created,
    "completion_time": lambda job: job.completed or 0.0,
    "name": lambda job: job.spec.name,
    "owner": lambda job: job.spec.owner,
    "state": lambda job: job.state.value,
    "job_state": lambda job: job.state.value,
    "instance_count": lambda job: job.spec.instances,
}


def _sorted_jobs(call: Call, spec: Message) -> list[Found]:
    found = list(_matching(call, spec))
    for name, descending in reversed(_order(spec)):
        key = _JOB_KEYS.get(name)
        if key is None:
            raise RpcError("internal", f"fail to query jobs: unsupported order by property {name}")
        found.sort(key=key, reverse=descending)
    return found


def _matching(call: Call, spec: Message) -> Iterator[Found]:
    """The jobs that pass every filter of a QuerySpec, newest first."""
    states = set(texts(spec, "jobStates"))
    owner, name = text(spec, "owner"), text(spec, "name").lower()
    values = [text(label, "value") for label in parts(spec, "labels")]
    words = [word.lower() for word in texts(spec, "keywords")]
    created = _range(call, part(spec, "creationTimeRange"))
    completed = _range(call, part(spec, "completionTimeRange"))
    if states & ENDED_NAMES and created == completed == ANY_TIME:
        created = Bounds(call.cluster.clock.stamp(call.fleet.world.now - WEEK), None)
    pool = call.fleet.world.pools.find(value_of(spec, "respool")) if value_of(spec, "respool") else None
    past = not states or bool(states & ENDED_NAMES)
    for job in call.fleet.newest_first(*created.around(call), past=past):
        job_spec = job.spec
        if (
            (not states or f"JOB_STATE_{job.state}" in states)
            and (not owner or job_spec.owner == owner)
            and name in job_spec.name.lower()
            and (pool is None or job_spec.pool == pool.id)
            and all(any(value == mine for _, mine in job_spec.labels) for value in values)
            and created.holds(call, job.created)
            and completed.holds(call, job.completed)
            and (not words or _mentions(job_spec, words))
        ):
            yield job


def _range(call: Call, message: Message) -> Bounds:
    low, high = (
        parse_timestamp(message[bound]) if message.get(bound) is not None else None for bound in ("min", "max")
    )
    if low is not None and high is not None and low > high:
        raise invalid("invalid time range: min is later than max")
    return Bounds(low, high)


def _mentions(spec: Spec, words: Iterable[str]) -> bool:
    """Each word stands somewhere in the configuration."""
    fields = (spec.name, spec.owner, spec.team, spec.description, spec.image, spec.command)
    everything = " ".join([*fields, *(word for pair in spec.labels for word in pair)]).lower()
    return all(word in everything for word in words)


def _echo(spec: Message) -> Message:
    """The query as understood; times as a google.protobuf.Timestamp prints them."""
    page = part(spec, "pagination")
    order = [
        {"order": each.get("order"), "property": {"value": value_of(each, "property")}}
        for each in parts(page, "orderBy")
    ]
    paging = {"offset": uint(page, "offset"), "limit": uint(page, "limit"), "maxLimit": uint(page, "maxLimit")}
    labels = [{"key": text(label, "key"), "value": text(label, "value")} for label in parts(spec, "labels")]
    return {
        "pagination": {**paging, "orderBy": order} if spec.get("pagination") is not None else None,
        "labels": labels,
        "keywords": texts(spec, "keywords"),
        "jobStates": texts(spec, "jobStates"),
        "respool": wrap(value_of(spec, "respool")),
        "owner": text(spec, "owner"),
        "name": text(spec, "name"),
        "creationTimeRange": _echo_range(spec, "creationTimeRange"),
        "completionTimeRange": _echo_range(spec, "completionTimeRange"),
    }


def _echo_range(spec: Message, name: str) -> Message | None:
    if spec.get(name) is None:
        return None
    bounds = ((bound, part(spec, name).get(bound)) for bound in ("min", "max"))
    return {bound: timestamp(parse_timestamp(value)) for bound, value in bounds if value is not None}


_POD_KEYS: dict[str, Callable[[Pod], Any]] = {
    "creation_time": lambda pod: pod.run.created,
    "host": lambda pod: pod.run.host,
    "instanceId": lambda pod: pod.instance,
    "message": lambda pod: pod.run.message,
    "name": lambda pod: pod.name,
    "reason": lambda pod: pod.run.reason,
    "state": lambda pod: pod.state.value,
}


def query_pods(call: Call) -> Message:
    """Cut by the pagination inside `spec`; the one beside it is only echoed."""
    job_id = value_of(call.body, "jobId")
    job = call.fleet.find(job_id)
    if job is None:
        raise not_found(f"failed to get job runtime: code:not-found message:Job runtime not found {job_id}")
    spec = part(call.body, "spec")
    pagination = part(spec, "pagination")
    states, hosts = set(texts(spec, "podStates")), set(texts(spec, "hosts"))
    names = {text(name, "value") for name in parts(spec, "names")}
    found = [
        pod
        for _, pod in sorted(job.pods.items())
        if (not states or f"POD_STATE_{pod.state}" in states)
        and (not hosts or pod.run.host in hosts)
        and (not names or mock_spec.CONTAINER in names)
    ]
    for each in reversed(parts(pagination, "orderBy")):
        key = _POD_KEYS.get(value_of(each, "property"))
        if key is None:
            raise RpcError(
                "internal", f"fail to query pods: unsupported order by property {value_of(each, 'property')}"
            )
        found.sort(key=key, reverse=each.get("order") == "ORDER_BY_DESC")
    offset, limit = uint(pagination, "offset"), uint(pagination, "limit") or DEFAULT_LIMIT
    beside = part(call.body, "pagination")
    return {
        "pods": [mock_render.pod_info(call, pod) for pod in found[offset : offset + limit]],
        "pagination": {"offset": uint(beside, "offset"), "limit": uint(beside, "limit"), "total": len(found)},
    }
