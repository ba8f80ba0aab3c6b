"""The get_all filters: lists with operators, regular expressions, words, ranges of times and numbers."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.clearml.mock_wire import Refused, invalid

Get = Callable[[str], Any]
"""The value of a field by its dotted name; times are told seconds, lists are lists, None is unset."""
Predicate = Callable[[Get], bool]

LISTS = frozenset(
    {
        *("id", "user", "tags", "system_tags", "type", "status", "project", "parent", "company", "execution.queue"),
        *("last_worker", "models.input.model", "models.output.model", "queue", "basename"),
    }
)
MOMENTS = ("status_changed", "last_update", "last_change")
RANGES = ("created", "started", "completed", "active_duration", "last_iteration")
PATTERNS = ("name", "comment", "report")
_OPERATION = re.compile(r"\s*(>=|<=|>|<|==|=)?\s*(.*)", re.DOTALL)
_WORD = re.compile(r"\w+")
_MULTIPLE = {"_any_": any, "_or_": any, "_all_": all, "_and_": all}


def predicates(data: Mapping[str, Any]) -> list[Predicate]:
    """What a row must fulfil; unknown keys are no filter. Raises Refused."""
    found: list[Predicate] = []
    for name, value in data.items():
        if value is None:
            continue
        if name in LISTS or name.startswith(("hyperparams.", "execution.parameters.")):
            found += _listed(name, value)
        elif name in PATTERNS:
            found.append(_matches((name,), _compiled(value, 0), any))
        elif name in MOMENTS:
            found += _moments(name, value)
        elif name in RANGES or name.startswith("last_metrics."):
            found.append(_between(name, value))
        elif name in _MULTIPLE:
            found.append(_multiple(name, value))
        elif name == "search_text" and str(value).strip():
            found.append(_words(str(value)))
        elif name == "filters":
            found += _nested(value)
    return found


def _values(get: Get, name: str) -> Sequence[Any]:
    value = get(name)
    return value if isinstance(value, list) else () if value is None else (value,)


def _listed(name: str, value: Any) -> list[Predicate]:
    given = list(value) if isinstance(value, list | tuple) else [value]
    include: list[Any] = []
    exclude: list[Any] = []
    every = negated = False
    for place, item in enumerate(given):
        if isinstance(item, str) and item.startswith("__$"):
            if item == "__$not":
                negated = True
            elif item in ("__$all", "__$and", "__$any", "__$or"):
                every = item in ("__$all", "__$and") if place == 0 or not include else every
            else:
                raise Refused(400, 16, "unsupported operator", operator=item)
            continue
        if isinstance(item, str) and item.startswith("-") and len(item) > 1:
            exclude.append(item[1:])
        else:
            (exclude if negated else include).append(item)
        negated = False
    if not include and not exclude:
        return []

    def holds(get: Get) -> bool:
        has = _values(get, name)
        if any((not has) if item is None else item in has for item in exclude):
            return False
        tests = ((not has) if item is None else item in has for item in include)
        return not include or (all(tests) if every else any(tests))

    return [holds]


def _compiled(pattern: Any, flags: int) -> re.Pattern[str]:
    if not isinstance(pattern, str):
        raise invalid("pattern", "Input should be a valid string")
    try:
        with warnings.catch_warnings():  # `[[` may mean something else one day
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(pattern, flags)
    except re.error as error:
        raise Refused(400, 21, pattern=pattern, error=error) from None


def _matches(names: Iterable[str], pattern: re.Pattern[str], of: Callable[[Iterable[bool]], bool]) -> Predicate:
    names = tuple(names)

    def holds(get: Get) -> bool:
        return of(any(pattern.search(str(each)) for each in _values(get, name)) for name in names)

    return holds


def _multiple(name: str, value: Any) -> Predicate:
    if not isinstance(value, dict) or not isinstance(value.get("fields"), list):
        raise Refused(400, 16, "missing key in pattern data", field=name, key="fields")
    names = [str(each) for each in value["fields"]]
    of = _MULTIPLE[name]
    if "pattern" in value:
        return _matches(names, _compiled(value["pattern"], re.IGNORECASE), of)
    if "datetime" not in value:
        raise Refused(400, 16, "missing key in pattern data", field=name, key="pattern")
    tests = [_moments(each, value["datetime"]) for each in names]
    return lambda get: of(all(test(get) for test in each) for each in tests)


def _moment(text: Any) -> float | None:
    if not isinstance(text, str) or not text[:4].isdigit() or "-" not in text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _moments(name: str, value: Any) -> list[Predicate]:
    """Whatever cannot be read is ignored, as the server does."""
    given = list(value) if isinstance(value, list | tuple) else [value]
    read = []
    for item in given:
        found = _OPERATION.fullmatch(str(item))
        assert found is not None
        moment = _moment(found[2])
        if moment is not None:
            read.append((found[1] or "", moment))
    if len(given) == 2 and [operation for operation, _ in read] == ["", ""]:
        read = [(">=", read[0][1]), ("<=", read[1][1])]
    return [_compared(name, operation, moment) for operation, moment in read]


def _compared(name: str, operation: str, moment: float) -> Predicate:
    def holds(get: Get) -> bool:
        value = get(name)
        if value is None:
            return False
        value = round(value, 3)  # the database keeps milliseconds
        match operation:
            case ">=":
                return bool(value >= moment)
            case ">":
                return bool(value > moment)
            case "<=":
                return bool(value <= moment)
            case "<":
                return bool(value < moment)
        return bool(value == moment)

    return holds


def _between(name: str, value: Any) -> Predicate:
    if not isinstance(value, list) or len(value) != 2:
        raise invalid(name, "expected a list of two values: [min, max]")
    times = name in ("created", "started", "completed")
    low, high = (_moment(item) if times and isinstance(item, str) else item for item in value)
    if any(item is not None and not isinstance(item, int | float) for item in (low, high)):
        raise invalid(name, "expected a list of two values: [min, max]")

    def holds(get: Get) -> bool:
        found = get(name)
        if found is None:
            return False
        return (low is None or found >= low) and (high is None or found <= high)

    return holds


def _words(text: str) -> Predicate:
    wanted = {word.lower() for word in _WORD.findall(text)}
    fields = ("name", "id", "comment", "script.repository", "script.entry_point")

    def holds(get: Get) -> bool:
        return any(wanted & {word.lower() for word in _WORD.findall(str(get(name) or ""))} for name in fields)

    return holds


def _nested(value: Any) -> list[Predicate]:
    """`filters: {tags: {any: {include, exclude}, all: {include, exclude}}}`."""
    if not isinstance(value, dict):
        raise invalid("filters", "Input should be a valid dictionary")
    found: list[Predicate] = []
    for name, groups in value.items():
        for operation, lists in (groups or {}).items():
            if operation not in ("any", "all") or not isinstance(lists, dict):
                raise invalid("filters", f"unknown operation {operation}")
            mark = "__$all" if operation == "all" else "__$any"
            include, exclude = list(lists.get("include") or []), list(lists.get("exclude") or [])
            found += _listed(name, [mark, *include]) if include else []
            if exclude and operation == "all":
                found.append(_not(_listed(name, [mark, *exclude])[0]))
            elif exclude:
                found += _listed(name, [item for each in exclude for item in ("__$not", each)])
    return found


def _not(predicate: Predicate) -> Predicate:
    return lambda get: not predicate(get)
