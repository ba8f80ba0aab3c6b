"""customJobs.list: its filter, pages and read mask."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any

from adapters.vertex.mock_filter import FilterError, Restriction, Test, Truth, compared, parse, wildcard
from adapters.vertex.mock_schema import ENUMS, JOB_STATES, camel, masked
from adapters.vertex.mock_wire import invalid, nanoseconds
from adapters.vertex.mock_world import World

PAGE_DEFAULT, PAGE_MOST = 100, 100


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the filter sees it; without an index only its state is known."""

    index: int | None
    known_state: str = ""


def understand(world: World, text: str) -> tuple[Test, frozenset[str]]:
    """The filter's test, and the states that can match. Raises Refused."""
    try:
        test = parse(text, lambda given: _test(world, given))
    except FilterError as error:
        raise invalid(f"Invalid filter: {error}") from None
    states = frozenset(state for state in JOB_STATES if test(Row(None, state)) is not False)
    return test, states


def _test(world: World, given: Restriction) -> Test:
    field, op, value = given.field, given.op, given.value
    if field == "state":
        return _state(world, op, value)
    if field == "display_name":
        return _display_name(world, op, value)
    if field == "create_time":
        return _create_time(world, op, value)
    if field.startswith("labels.") and len(field) > len("labels."):
        return _label(world, field.removeprefix("labels."), op, value)
    near = "; field names are in snake_case" if any(letter.isupper() for letter in field) else ""
    raise FilterError(f"field {field!r} is not supported{near}")


def _state(world: World, op: str, value: str) -> Test:
    if op not in ("=", "!=") or value not in ENUMS["JobState"].values():
        raise FilterError(f"state {op} {value!r} is not supported")

    def test(row: Row) -> Truth:
        found = row.known_state if row.index is None else world.state(row.index)
        return (found == value) == (op == "=")

    return test


def _display_name(world: World, op: str, value: str) -> Test:
    if op not in ("=", "!=", ":"):
        raise FilterError(f"operator {op!r} is not supported for display_name")
    pattern = wildcard(value)

    def test(row: Row) -> Truth:
        if row.index is None:
            return None
        found = world.display_name(row.index)
        return bool(pattern.fullmatch(found)) if op == ":" else compared(op, found, value)

    return test


def _create_time(world: World, op: str, value: str) -> Test:
    try:
        wanted = nanoseconds(value)
    except ValueError:
        raise FilterError(f"{value!r} is not an RFC 3339 time") from None
    compared(op, 0, 0)

    def test(row: Row) -> Truth:
        if row.index is None:
            return None
        return compared(op, world.told(world.timeline.created(row.index)) * 1000, wanted)

    return test


def _label(world: World, key: str, op: str, value: str) -> Test:
    if op not in ("=", "!=", ":"):
        raise FilterError(f"operator {op!r} is not supported for labels")

    def test(row: Row) -> Truth:
        if row.index is None:
            return None
        found = world.labels(row.index).get(key)
        if op == ":":
            return found is not None and bool(wildcard(value).fullmatch(found))
        return (found == value) == (op == "=")

    return test


def list_jobs(world: World, query: dict[str, str], *, mine: bool) -> dict[str, Any]:
    """The answer, enums by name; `mine` says that this region has jobs. Raises Refused."""
    given = {camel(name): value for name, value in query.items()}
    text, size = given.get("filter", ""), _size(given.get("pageSize", ""))
    test, states = understand(world, text)
    after = _after(given.get("pageToken", ""), text)
    mask = given.get("readMask", "")
    masked({}, mask)
    if not mine:
        return {}
    found = world.select(lambda index: test(Row(index)), states, after, size + 1)
    made: dict[str, Any] = {}
    if found:
        made["customJobs"] = [masked(world.render(index), mask) for index in found[:size]]
    if len(found) > size:
        made["nextPageToken"] = _token(world.order(found[size]), text)
    return made


def _size(text: str) -> int:
    try:
        size = int(text or 0)
    except ValueError:
        raise invalid(f"Invalid value at 'page_size' (TYPE_INT32), \"{text}\"", "page_size") from None
    if size < 0:
        raise invalid("page_size must not be negative.", "page_size")
    return min(size or PAGE_DEFAULT, PAGE_MOST)


def _token(order: tuple[int, str], text: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([*order, zlib.crc32(text.encode())]).encode()).decode()


def _after(token: str, text: str) -> tuple[int, str] | None:
    if not token:
        return None
    try:
        created, job, digest = json.loads(base64.urlsafe_b64decode(token))
        after = int(created), str(job)
    except (ValueError, TypeError):
        raise invalid("The page token is invalid.", "page_token") from None
    if digest != zlib.crc32(text.encode()):
        raise invalid("The page token is for another filter.", "page_token")
    return after


def counts(world: World) -> dict[str, int]:
    """How many jobs are in each state."""
    found: dict[str, int] = {}
    for index in world.timeline.ascending():
        state = world.state(index)
        found[state] = found.get(state, 0) + 1
    return found
