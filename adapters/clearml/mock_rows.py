"""get_all for what is few: queues, projects, models, users as rows of JSON, filtered, sorted, paged, projected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from adapters.clearml.mock_filters import predicates
from adapters.clearml.mock_lists import CONTROL, PAGE_MOST, Downwards, dig, order_of
from adapters.clearml.mock_render import project, projection
from adapters.clearml.mock_wire import Call

_TIMES = ("created", "last_update", "last_change")


def listed(
    call: Call, rows: Iterable[dict[str, Any]], known: frozenset[str], *, hidden_tag: str = "", ex: bool = False
) -> list[dict[str, Any]]:
    """Those that match; `hidden_tag` hides a row unless an id or a name is asked for."""
    tests = predicates({name: value for name, value in call.data.items() if name not in CONTROL and value != []})
    if hidden_tag and not any(call.data.get(name) for name in ("id", "name", "search_hidden")):
        rows = [row for row in rows if hidden_tag not in row.get("system_tags", ())]
    found = [row for row in rows if all(test(lambda name, row=row: _value(row, name)) for test in tests)]  # type: ignore[misc]
    for name, descending in reversed(order_of(call, known)):
        found.sort(key=lambda row: _key(dig(row.get(name.partition(".")[0]), name.partition(".")[2]), descending))
    page, size = call.whole("page", 0, 0), min(call.whole("page_size", PAGE_MOST, 1), PAGE_MOST)
    names = None if ex else projection(call, known)
    return [project(row, names) for row in found[page * size : (page + 1) * size]]


def _value(row: dict[str, Any], name: str) -> Any:
    top, _, rest = name.partition(".")
    value = dig(row.get(top), rest)
    return datetime.fromisoformat(value).timestamp() if name in _TIMES and isinstance(value, str) else value


def _key(value: Any, descending: bool) -> tuple[bool, Any]:
    plain = value if isinstance(value, int | float | str) else str(value)
    return value is None, 0 if value is None else Downwards(plain) if descending else plain
