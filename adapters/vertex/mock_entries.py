"""Cloud Logging's entries:list over the logs of the jobs: its filter, order, page tokens and limits."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from adapters.vertex.mock_filter import FilterError, Restriction, Test, Truth, compared, parse
from adapters.vertex.mock_logs import SERVICE, SEVERITIES, Entry, JobLog
from adapters.vertex.mock_wire import Refused, invalid, nanoseconds
from adapters.vertex.mock_world import World

PAGE_DEFAULT, PAGE_MOST, FILTER_MOST = 50, 1000, 20_000
ORDERS = {"": False, "timestamp": False, "timestamp asc": False, "timestamp desc": True}
FAR_PAST = -(1 << 62)
NEWEST = 20  # how many jobs are searched where the filter names none
KEYS = frozenset({"resourceNames", "projectIds", "filter", "orderBy", "pageSize", "pageToken"})


@dataclass(slots=True)
class Query:
    """A filter, understood: its test, the jobs it names, and from when on anything can match (microseconds)."""

    test: Test
    jobs: list[str]
    since: int


def understand(text: str) -> Query:
    """Raises Refused."""
    jobs: list[str] = []
    bounds: list[int] = []

    def test_of(given: Restriction) -> Test:
        if given.field == "resource.labels.job_id" and given.op == "=":
            jobs.append(given.value)
        if given.field == "timestamp" and given.op in (">", ">=", "="):
            bounds.append(_time(given.value))
        return _test(given)

    if len(text) > FILTER_MOST:
        raise invalid(f"The filter is longer than {FILTER_MOST} characters.")
    try:
        test = parse(text, test_of)
    except FilterError as error:
        raise invalid(f"Unparseable filter: {error}") from None
    since = min(bounds, default=FAR_PAST * 1000) // 1000
    if bounds and test(Entry(at=since - 1)) is not False:
        since = FAR_PAST  # times are but one way to match
    return Query(test, list(dict.fromkeys(jobs)), since)


def _time(text: str) -> int:
    try:
        return nanoseconds(text)
    except ValueError:
        raise FilterError(f"{text!r} is not a timestamp") from None


def _test(given: Restriction) -> Test:
    field, op, value = given.field, given.op, given.value
    if field in ("timestamp", "receiveTimestamp"):
        wanted = _time(value)
        return lambda entry: (
            None
            if entry.at is None
            else compared(op, (entry.at if field == "timestamp" else entry.received) * 1000, wanted)
        )
    if field == "severity":
        if value.upper() not in SEVERITIES:
            raise FilterError(f"{value!r} is not a severity")
        level = SEVERITIES[value.upper()]
        return lambda entry: None if entry.severity is None else compared(op, SEVERITIES[entry.severity], level)
    get = _TEXTS.get(field)
    if get is None:
        if field.partition(".")[0] in ("jsonPayload", "protoPayload", "labels", "operation", "resource"):
            return lambda entry: False
        raise FilterError(f"there is no field {field!r} in a log entry")
    if op in ("=~", "!~"):
        return _matching(get, value, op == "=~")
    if op == ":":
        return lambda entry: None if (found := get(entry)) is None else value.casefold() in found.casefold()
    return lambda entry: None if (found := get(entry)) is None else compared(op, found, value)


def _matching(get: Callable[[Entry], str | None], pattern: str, positive: bool) -> Test:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise FilterError(f"{pattern!r} is no regular expression: {error}") from None

    def test(entry: Entry) -> Truth:
        found = get(entry)
        return None if found is None else bool(expression.search(found)) == positive

    return test


_TEXTS: dict[str, Callable[[Entry], str | None]] = {
    "resource.type": lambda entry: "ml_job",
    "resource.labels.job_id": lambda entry: entry.job,
    "resource.labels.task_name": lambda entry: entry.node,
    "insertId": lambda entry: entry.insert_id,
    "jsonPayload.message": lambda entry: entry.message if entry.node != SERVICE else "",
    "textPayload": lambda entry: entry.message if entry.node == SERVICE else "",
    "labels.ml.googleapis.com/job_state": lambda entry: entry.state or "",
}


def list_entries(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to entries:list. Raises Refused."""
    for key in body:
        if key not in KEYS:
            raise invalid(f'Invalid JSON payload received. Unknown name "{key}": Cannot find field.')
    _check_resources(world, body)
    text, order = str(body.get("filter", "")), str(body.get("orderBy", ""))
    if order not in ORDERS:
        raise invalid(f"Invalid order_by: {order!r}")
    size = body.get("pageSize", PAGE_DEFAULT) or PAGE_DEFAULT
    if not isinstance(size, int) or not 0 < size <= PAGE_MOST:
        raise invalid(f"page_size must be between 1 and {PAGE_MOST}", "page_size")
    query, descending = understand(text), ORDERS[order]
    digest = zlib.crc32(json.dumps([text, descending]).encode())
    token = body.get("pageToken")
    if token:
        after = _after(str(token), digest)
    elif query.jobs and digest % 3 == 0:
        # The search of the real service may come up empty and yet go on.
        return {"nextPageToken": _token(digest, None)}
    else:
        after = None
    matching = (entry for entry in _entries(world, query, after, descending) if query.test(entry))
    found = list(islice(matching, size + 1))
    made: dict[str, Any] = {}
    if found:
        made["entries"] = [entry.to_json(world.project) for entry in found[:size]]
    if len(found) > size:
        made["nextPageToken"] = _token(digest, found[size - 1].order)
    return made


def _check_resources(world: World, body: dict[str, Any]) -> None:
    names = body.get("resourceNames") or [f"projects/{name}" for name in body.get("projectIds", [])]
    if not isinstance(names, list) or not 0 < len(names) <= 100:
        raise invalid("resource_names must contain 1 to 100 names", "resource_names")
    for name in names:
        kind, _, project = str(name).partition("/")
        if kind != "projects" or project.split("/")[0] not in (world.project, world.number):
            raise Refused(
                "PERMISSION_DENIED",
                f"Permission 'logging.logEntries.list' denied on resource '{name}' (or it may not exist).",
            )


def _entries(world: World, query: Query, after: tuple[int, str] | None, descending: bool) -> Iterator[Entry]:
    since = query.since if after is None or descending else max(query.since, after[0])
    indices = [index for job in query.jobs if (index := world.find(job)) is not None]
    if not query.jobs:
        indices = list(islice(world.timeline.descending(), NEWEST))
    logs = (JobLog(world, index).entries(since, descending=descending) for index in indices)
    for entry in merge(*logs, key=lambda entry: entry.order, reverse=descending):
        if after is None or (entry.order < after if descending else entry.order > after):
            yield entry


def _token(digest: int, order: tuple[int, str] | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([digest, order]).encode()).decode()


def _after(token: str, digest: int) -> tuple[int, str] | None:
    try:
        asked, order = json.loads(base64.urlsafe_b64decode(token))
        after = None if order is None else (int(order[0]), str(order[1]))
    except (ValueError, TypeError, IndexError):
        raise invalid("page_token is invalid", "page_token") from None
    if asked != digest:
        raise invalid("page_token doesn't match arguments from the request", "page_token")
    return after
