"""Job and pool specs as an operator writes them: read from a parameter, completed, compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from adapters.errors import Invalid
from adapters.model import Json
from adapters.peloton.request import as_request, camel
from adapters.port import Params

Message: TypeAlias = dict[str, Json]

UPDATE_FLAGS = ("rollback_on_failure", "start_paused", "in_place", "start_pods")
UPDATE_NUMBERS = ("batch_size", "max_instance_retries", "max_tolerable_instance_failures")
CREATE_FLAGS, CREATE_NUMBERS = ("start_paused",), UPDATE_NUMBERS
MOST_CHANGES = 12
IGNORED = frozenset({"revision", "changeLog"})
"""What the server writes into a spec by itself."""


def read(context: str, params: Params) -> Message:
    """The request that the `spec` parameter holds: it is a spec, or a whole request with the spec inside.

    Keys come out in lowerCamelCase on the first two levels, as servers take either spelling. Raises Invalid.
    """
    given = params.get("spec")
    if not isinstance(given, dict) or not given:
        raise Invalid(f"{context}: spec is an object, as in -f job.yaml", executed=False)
    document = _camelled(given)
    inner = document.get("spec")
    if "spec" not in document:
        return {"spec": document}
    if not isinstance(inner, dict) or not inner:
        raise Invalid(f"{context}: the spec in the file is no object", executed=False)
    return {**document, "spec": _camelled(inner)}


def _camelled(message: Mapping[str, Json]) -> Message:
    return {camel(key): value for key, value in message.items()}


def steering(
    context: str, params: Params, numbers: tuple[str, ...], flags: tuple[str, ...], given: Json
) -> Message:
    """An UpdateSpec or CreateSpec: what the file says, and over it what the parameters say."""
    spec = _camelled(given) if isinstance(given, dict) else {}
    for name in numbers:
        value = params.get(name)
        if value not in (None, ""):
            spec[camel(name)] = whole_number(context, name, value)
    for name in flags:
        if params.get(name):
            spec[camel(name)] = True
    return spec


def whole_number(context: str, name: str, given: Json) -> int:
    if isinstance(given, bool) or not isinstance(given, int | float | str) or not str(given).isdecimal():
        said = name.replace("_", " ")
        raise Invalid(f"{context}: the {said} is a whole number, not {given!r}", executed=False)
    return int(given)


def value_of(wrapped: Json) -> str:
    """The text of an id, bare or in its wrapper."""
    inner = wrapped.get("value") if isinstance(wrapped, dict) else wrapped
    return inner if isinstance(inner, str) else ""


def changes(before: Json, after: Json) -> list[tuple[str, Json, Json]]:
    """(path, before, after) of what differs as the server reads it: enums are numbers, what is absent is zero."""
    old, new = dict(_leaves(as_request(before))), dict(_leaves(as_request(after)))
    return [
        (path, old.get(path), new.get(path))
        for path in dict.fromkeys([*old, *new])
        if (old.get(path) or None) != (new.get(path) or None)
    ]


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        if set(value) == {"value"}:
            yield path, value["value"]
            return
        for key, inner in value.items():
            if key not in IGNORED or path:
                yield from _leaves(inner, f"{path}.{camel(key)}" if path else camel(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{_name(inner, number)}]")
    else:
        yield path, value


def _name(item: Json, number: int) -> str:
    """What tells one entry of a list from another: its kind, name or key, else its place."""
    if isinstance(item, dict):
        for key in ("kind", "name", "key"):
            if isinstance(item.get(key), str) and item[key]:
                return str(item[key])
    return str(number)


def change_notes(found: list[tuple[str, Json, Json]]) -> list[tuple[str, str]]:
    """A note for each change, bounded."""
    notes = [("change", f"{path}: {_said(old)} -> {_said(new)}") for path, old, new in found[:MOST_CHANGES]]
    if len(found) > MOST_CHANGES:
        notes.append(("change", f"and {len(found) - MOST_CHANGES} more values"))
    return notes


def _said(value: Json) -> str:
    if value in (None, "", False) or value == 0:
        return "none" if value in (None, "") else str(value).lower()
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def over(before: Mapping[str, Json], wanted: Message) -> Message:
    """A pool's spec with the wanted keys over those it has; of its resources each is taken by its kind.

    The server takes a spec as a whole, so a resource left out would lose its limits.
    """
    merged: Message = {key: value for key, value in before.items() if key not in IGNORED}
    merged.update(wanted)
    if "resources" in wanted:
        known = {_name(each, at): each for at, each in enumerate(_list(before.get("resources")))}
        for at, each in enumerate(_list(wanted["resources"])):
            name = _name(each, at)
            have = known.get(name)
            known[name] = {**have, **each} if isinstance(have, dict) and isinstance(each, dict) else each
        merged["resources"] = list(known.values())
    return merged


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
