"""A small validator of Swagger 2 definitions, and a strict one: a key that is not defined is a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
OFFSET = re.compile(r".*([+-]\d\d:\d\d|Z)")


def mistakes(value: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """What is wrong with a value, one sentence each."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"]]
    kind = schema.get("type", "object")
    is_one: bool = isinstance(value, TYPES[kind])
    if not is_one or (kind != "boolean" and type(value) is bool):
        yield f"{at} is {value!r}, not a {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {value!r}, none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} is {value!r}, not like {schema['pattern']}"
    if schema.get("format") == "date-time":
        yield from _time(value, at)
    if kind == "array":
        for place, each in enumerate(value):
            yield from mistakes(each, schema["items"], definitions, f"{at}[{place}]")
    if kind == "object" and "properties" in schema:
        yield from _object(value, schema, definitions, at)


def _object(
    value: dict[str, Any], schema: Mapping[str, Any], definitions: Mapping[str, Any], at: str
) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at} lacks {name}"
    for name, each in value.items():
        if name not in schema["properties"]:
            yield f"{at}.{name} is not defined"
        else:
            yield from mistakes(each, schema["properties"][name], definitions, f"{at}.{name}")


def _time(value: str, at: str) -> Iterator[str]:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        yield f"{at} is {value!r}, no time"
    if not OFFSET.fullmatch(value):
        yield f"{at} is {value!r}, a time without an offset"
