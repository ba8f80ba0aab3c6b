"""Comparisons by type: how a value written in a filter is read, and the test it becomes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from adapters.fields import FieldType
from adapters.model import ENDED, WAITING, Progress, Resource, State
from adapters.names import nearest
from adapters.port import Op
from tui.core.filter_parse import Compare, FilterError
from tui.core.values import Field

Test: TypeAlias = Callable[[Resource, str, float], bool]
"""(object, its searchable text, now) -> whether it matches"""

MISSING = "-"
ORDERED = {Op.GT: operator.gt, Op.GE: operator.ge, Op.LT: operator.lt, Op.LE: operator.le}

STATE_GROUPS: dict[str, frozenset[State]] = {
    "active": frozenset({State.RUNNING, State.ABORTING}) | WAITING,
    "waiting": WAITING,
    "ended": ENDED,
}

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)i?b?", re.IGNORECASE)
_COUNT = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)([kmg]?)", re.IGNORECASE)
_PARTS = re.compile(r"(\d+)/(\d+)")


def seconds(text: str) -> float | None:
    """`2h`, `1h30m`, `90s`, `0.5d`, or plain seconds."""
    if _DURATION.fullmatch(text.lower()):
        return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text.lower()))
    try:
        return float(text) if text[:1].isdigit() else None
    except ValueError:
        return None


def size(text: str) -> float | None:
    """`4G`, `4Gi`, `512M`, or plain bytes; units are binary."""
    found = _SIZE.fullmatch(text)
    return None if not found else float(found[1]) * 1024 ** ("", *"kmgtp").index(found[2].lower())


def number(text: str) -> float | None:
    found = _COUNT.fullmatch(text)
    return None if not found else float(found[1].replace(",", "")) * 1000 ** ("", *"kmg").index(found[2].lower())


def moment(text: str) -> float | None:
    """A date or time of day in ISO form, UTC unless it says otherwise: seconds since the epoch."""
    try:
        found = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def share(text: str) -> float | None:
    """`50%`, `0.5` or `6/24`, as a share of 1."""
    parts = _PARTS.fullmatch(text)
    if parts:
        return int(parts[1]) / int(parts[2]) if int(parts[2]) else 0.0
    value = number(text.removesuffix("%"))
    return None if value is None else value / 100 if text.endswith("%") else value


def truth(text: str) -> float | None:
    return {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}.get(text.lower())


_READ: dict[FieldType, tuple[Callable[[str], float | None], str]] = {
    FieldType.NUMBER: (number, "a number, as 3 or 12.9k"),
    FieldType.DURATION: (seconds, "a duration, as 90s, 2h or 1d12h"),
    FieldType.SIZE: (size, "a size, as 512M or 4G"),
    FieldType.PROGRESS: (share, "a share, as 50% or 6/24"),
    FieldType.BOOL: (truth, "yes or no"),
}


def states(node: Compare) -> tuple[State, ...]:
    """The states named, groups resolved, in the order of State. Raises FilterError."""
    wanted: set[State] = set()
    for text, column in node.values:
        word = text.lower()
        if word in STATE_GROUPS:
            wanted |= STATE_GROUPS[word]
        elif word in [state.value for state in State]:
            wanted.add(State(word))
        else:
            near = nearest(word, [*(state.value for state in State), *STATE_GROUPS])
            raise FilterError(f"no state {text}{near}", column, near.removeprefix("; nearest: "))
    return tuple(state for state in State if state in wanted)


def scalar(field: Field, text: str, column: int) -> float:
    """The number that a value of this type stands for. Raises FilterError."""
    read, example = _READ[field.type]
    found = read(text)
    if found is None:
        raise FilterError(f"{field.id} wants {example}", column)
    return found


def pattern(text: str, column: int) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterError(f"not a regular expression: {error}", column) from None


def state_test(field: Field, node: Compare) -> Test:
    get = field.get
    if node.op in (Op.MATCH, Op.NOT_MATCH):
        return match_test(field, node)
    if node.op in ORDERED:
        raise FilterError(f"states have no order; write {field.id}={node.values[0][0]}", node.start)
    wanted, equal = states(node), node.op is Op.EQ
    return lambda resource, hay, now: (get(resource, now) in wanted) is equal


def text_test(field: Field, node: Compare) -> Test:
    if node.op in ORDERED:
        raise FilterError(f"{field.id} is text, which has no {node.op.value}; use = or ~", node.start)
    if node.op in (Op.MATCH, Op.NOT_MATCH):
        return match_test(field, node)
    get, equal = field.get, node.op is Op.EQ
    wanted = frozenset(text.casefold() for text, _ in node.values)
    with_missing = bool(wanted & {"", MISSING})

    def test(resource: Resource, hay: str, now: float) -> bool:
        value = get(resource, now)
        return (with_missing if not value else value.casefold() in wanted) is equal

    return test


def match_test(field: Field, node: Compare) -> Test:
    get, found = field.get, node.op is Op.MATCH
    search = pattern(*node.values[0]).search

    def test(resource: Resource, hay: str, now: float) -> bool:
        value = get(resource, now)
        return (value is not None and search(_written(value)) is not None) is found

    return test


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value[:1000]
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def number_test(field: Field, node: Compare) -> Test:
    if node.op in (Op.MATCH, Op.NOT_MATCH):
        if field.type is FieldType.NUMBER:
            return match_test(field, node)
        raise FilterError(f"{field.id} is no text; use = or > or <", node.start)
    if node.op in ORDERED:
        return _ordered(field, node.op, scalar(field, *node.values[0]))
    wanted = frozenset(
        None if text in ("", MISSING) else scalar(field, text, column) for text, column in node.values
    )
    get, equal, whole = field.get, node.op is Op.EQ, field.type is FieldType.DURATION

    def test(resource: Resource, hay: str, now: float) -> bool:
        value = _number(get(resource, now))
        return ((int(value) if whole and value is not None else value) in wanted) is equal

    return test


def time_test(field: Field, node: Compare) -> Test:
    """A duration counts back from now, so `created<2h` is younger than two hours; a date is a date."""
    text, column = node.values[0]
    if text in ("", MISSING) and node.op in (Op.EQ, Op.NE):
        get, missing = field.get, node.op is Op.EQ
        return lambda resource, hay, now: (get(resource, now) is None) is missing
    if node.op not in ORDERED:
        raise FilterError(f"{field.id} is a time; use > or <", node.start)
    back = seconds(text)
    if back is not None:
        ago = Field(field.id, FieldType.DURATION, _ago(field))
        return _ordered(ago, node.op, back)
    fixed = moment(text)
    if fixed is None:
        raise FilterError(f"{field.id} wants a time, as 2h (ago) or 2026-08-21 or 2026-08-21T14:00Z", column)
    return _ordered(field, node.op, fixed)


def _ago(field: Field) -> Callable[[Any, float], float | None]:
    get = field.get

    def ago(resource: Any, now: float) -> float | None:
        value = get(resource, now)
        return None if value is None else now - value

    return ago


def _ordered(field: Field, op: Op, limit: float) -> Test:
    get, compare = field.get, ORDERED[op]
    if field.type is FieldType.PROGRESS:

        def progress_test(resource: Resource, hay: str, now: float) -> bool:
            value = _number(get(resource, now))
            return value is not None and compare(value, limit)

        return progress_test

    def test(resource: Resource, hay: str, now: float) -> bool:
        value = get(resource, now)
        return value is not None and compare(value, limit)

    return test


def _number(value: Any) -> float | None:
    if isinstance(value, Progress):
        return value.done / value.total if value.total > 0 else 0.0
    return None if value is None else float(value)


def fuzzy_test(word: str) -> Test:
    """The letters of the word in their order, anywhere in the name."""
    letters = word.casefold()

    def test(resource: Resource, hay: str, now: float) -> bool:
        name = resource.name.casefold()
        at = -1
        for letter in letters:
            at = name.find(letter, at + 1)
            if at < 0:
                return False
        return True

    return test


def every(tests: Iterable[Test]) -> Test:
    parts = tuple(tests)
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda resource, hay, now: first(resource, hay, now) and second(resource, hay, now)
    return lambda resource, hay, now: all(test(resource, hay, now) for test in parts)


def either(tests: Iterable[Test]) -> Test:
    parts = tuple(tests)
    return lambda resource, hay, now: any(test(resource, hay, now) for test in parts)
