"""List queries as a KFP server reads them: page tokens, sort_by, and filters that are decoded twice."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from adapters.kfp.mock_wire import Call, Refused, invalid, snake

PAGE_DEFAULT, PAGE_MOST = 20, 200
OPERATIONS = {
    0: "OPERATION_UNSPECIFIED",
    1: "EQUALS",
    2: "NOT_EQUALS",
    3: "GREATER_THAN",
    5: "GREATER_THAN_EQUALS",
    6: "LESS_THAN",
    7: "LESS_THAN_EQUALS",
    8: "IN",
    9: "IS_SUBSTRING",
}
_SCALARS = ("int_value", "long_value", "string_value", "timestamp_value")
_ARRAYS = ("int_values", "long_values", "string_values")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Value = int | str
Key = Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class Keys:
    """What a resource can be sorted and filtered by: name to a function of the row.

    `aliases` are other names of the same keys; times are among the keys as whole seconds (`times`).
    `unpaged` ones sort the first page only. `moving` ones change with time alone.
    """

    model: str
    keys: Mapping[str, Key]
    aliases: Mapping[str, str]
    times: frozenset[str]
    unpaged: frozenset[str] = frozenset()
    moving: frozenset[str] = frozenset()

    def find(self, name: str) -> tuple[str, Key] | None:
        name = self.aliases.get(name, name)
        if name.startswith("metric:"):
            return name, lambda row: 0
        key = self.keys.get(name)
        return (name, key) if key is not None else None


@dataclass(frozen=True, slots=True)
class Predicate:
    name: str
    key: Key
    operation: str
    values: tuple[Value, ...]

    def holds(self, row: Any) -> bool:
        found = self.key(row)
        value = self.values[0] if self.values else ""
        match self.operation:
            case "IN":
                return found in self.values
            case "IS_SUBSTRING":
                return str(value) in str(found)
            case "EQUALS":
                return found == value
            case "NOT_EQUALS":
                return found != value
        if type(found) is not type(value):
            found, value = str(found), str(value)
        match self.operation:
            case "GREATER_THAN":
                return found > value  # type: ignore[operator]  # the types were made equal above
            case "GREATER_THAN_EQUALS":
                return found >= value  # type: ignore[operator]
            case "LESS_THAN":
                return found < value  # type: ignore[operator]
            case _:
                return found <= value  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list request, understood. `after` is the (sort value, id) of the first row of this page."""

    size: int
    sort: str
    descending: bool
    predicates: tuple[Predicate, ...]
    filter: Any  # as JSON, for the token
    after: tuple[Value, str] | None

    def token(self, keys: Keys, value: Value, key: str) -> str:
        if self.sort in keys.unpaged:
            raise invalid(f"cannot sort by field {self.sort} on type Run", "Failed to create a page token")
        body = {
            "SortByFieldName": self.sort,
            "SortByFieldValue": value,
            "SortByFieldPrefix": f"{keys.model}s.",
            "KeyFieldName": "UUID",
            "KeyFieldValue": key,
            "KeyFieldPrefix": f"{keys.model}s.",
            "IsDesc": self.descending,
            "ModelName": keys.model,
            "Filter": self.filter,
        }
        return base64.b64encode(json.dumps(body).encode()).decode()


def understand(call: Call, keys: Keys) -> Listing:
    """Read page_size, page_token, sort_by and filter. Raises Refused."""
    size = call.whole("page_size")
    if size < 0:
        raise invalid(f"The page size should be greater than 0. Got {size}", "Failed to create list options")
    size = min(size or PAGE_DEFAULT, PAGE_MOST)
    sort_by, filter_text = call.query.get("sort_by", ""), call.query.get("filter", "")
    token_text = call.query.get("page_token", "")
    if not token_text:
        sort, descending = _sort(sort_by, keys)
        predicates, tree = _filter(filter_text, keys)
        return Listing(size, sort, descending, predicates, tree, None)
    token = _read_token(token_text, keys)
    sort, descending, tree = token["SortByFieldName"], token["IsDesc"], token["Filter"]
    same = not sort_by or _sort(sort_by, keys) == (sort, descending)
    if not same or (filter_text and _filter(filter_text, keys)[1] != tree):
        raise invalid("page token does not match the supplied sort by and/or filtering criteria")
    predicates = _predicates(tree or {}, keys)
    return Listing(size, sort, descending, predicates, tree, (token["SortByFieldValue"], token["KeyFieldValue"]))


def _read_token(text: str, keys: Keys) -> dict[str, Any]:
    try:
        token = json.loads(base64.b64decode(text, validate=True))
        fits = (
            token["ModelName"] == keys.model
            and isinstance(token["KeyFieldValue"], str)
            and isinstance(token["SortByFieldValue"], int | str)
            and isinstance(token["IsDesc"], bool)
            and keys.find(token["SortByFieldName"]) is not None
            and "Filter" in token
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise invalid("Invalid page token")
    return dict(token)


def _sort(text: str, keys: Keys) -> tuple[str, bool]:
    words = text.lower().split()
    if not words:
        return "created_at", False
    if len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise invalid(f"Received invalid sort by format {text!r}; it should be '<field> [asc|desc]'")
    found = keys.find(words[0])
    if found is None:
        raise invalid(f"Invalid sorting field: {words[0]!r}")
    return found[0], words[1:] == ["desc"]


def _filter(text: str, keys: Keys) -> tuple[tuple[Predicate, ...], Any]:
    if not text:
        return (), None
    if _BAD_ESCAPE.search(text):
        raise invalid(f"failed to decode the filter: invalid URL escape in {text!r}")
    try:
        tree = json.loads(unquote_plus(text))
    except ValueError:
        raise invalid("failed to parse valid filter: it is not JSON") from None
    if not isinstance(tree, dict) or set(tree) - {"predicates"}:
        raise invalid("failed to parse valid filter: only predicates are known")
    return _predicates(tree, keys), tree


def _predicates(tree: dict[str, Any], keys: Keys) -> tuple[Predicate, ...]:
    read = tree.get("predicates", [])
    if not isinstance(read, list):
        raise invalid("failed to parse valid filter: predicates is not a list")
    return tuple(_predicate(each, keys) for each in read)


def _predicate(given: Any, keys: Keys) -> Predicate:
    if not isinstance(given, dict):
        raise invalid("failed to parse valid filter: a predicate is not an object")
    fields = {snake(name): value for name, value in given.items()}
    for name in fields:
        if name not in ("key", "operation", *_SCALARS, *_ARRAYS):
            raise invalid(f'failed to parse valid filter: unknown field "{name}"')
    found = keys.find(str(fields.get("key", "")).lower())
    if found is None:
        raise invalid(f"no support for filtering on unrecognized field {fields.get('key')!r}")
    operation = fields.get("operation")
    operation = str(OPERATIONS.get(operation) if isinstance(operation, int) else operation)
    if operation not in OPERATIONS.values() or operation == "OPERATION_UNSPECIFIED":
        raise invalid(f"invalid filter operation {fields.get('operation')!r}")
    given_values = [name for name in (*_SCALARS, *_ARRAYS) if name in fields]
    if len(given_values) != 1:
        raise invalid("a predicate needs exactly one value")
    values = _values(given_values[0], fields[given_values[0]], operation)
    name, key = found
    if name in keys.times:
        return Predicate(name, key, operation, tuple(_seconds(value) for value in values))
    if isinstance(key, _Folded):
        values = tuple(str(value).casefold() for value in values)
    return Predicate(name, key, operation, values)


def _values(name: str, value: Any, operation: str) -> tuple[Value, ...]:
    many = name in _ARRAYS
    if many != (operation == "IN"):
        raise invalid(f"cannot use {name} with operation {operation}")
    if operation == "IS_SUBSTRING" and name != "string_value":
        raise invalid("IS_SUBSTRING needs a string_value")
    if many and not (isinstance(value, dict) and isinstance(value.get("values", []), list)):
        raise invalid(f"{name} is not an object with values")
    read = value.get("values", []) if many else [value]
    try:
        return tuple(int(each) if name.startswith(("int", "long")) else _text(name, each) for each in read)
    except (TypeError, ValueError):
        raise invalid(f"{name} {value!r} cannot be read") from None


def _text(name: str, value: Any) -> Value:
    if not isinstance(value, str):
        raise ValueError(name)
    if name == "timestamp_value":
        return int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp())
    return value


def _seconds(value: Value) -> int:
    try:
        return int(value)
    except ValueError:
        raise invalid(f"{value!r} is not a time in seconds") from None


class _Folded:
    """A text key compared as MySQL's default collation does: without regard to case."""

    def __init__(self, key: Key) -> None:
        self.key = key

    def __call__(self, row: Any) -> Value:
        return str(self.key(row)).casefold()


def folded(key: Key) -> Key:
    return _Folded(key)


__all__ = ["Keys", "Listing", "Predicate", "Refused", "folded", "understand"]
