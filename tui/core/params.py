"""Reading an action's parameters: from text or JSON to what its ParamSpecs ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import Json
from adapters.names import nearest

RANGES = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")
YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0"})


class BadParam(ValueError):
    """One sentence: which parameter, and what is wrong with it."""


def read_params(spec: ActionSpec, given: Mapping[str, Json]) -> dict[str, Json]:
    """The parameters as the action's own types, with its defaults. Raises BadParam."""
    known = {param.id: param for param in spec.params}
    for name in given:
        if name not in known:
            takes = f"; it takes {', '.join(known)}" if known else "; it takes none"
            raise BadParam(f"{spec.id} has no parameter {name!r}{nearest(name, known) or takes}")
    read: dict[str, Json] = {}
    for name, param in known.items():
        value = given.get(name, param.default)
        if value is None or value == "":
            if param.required:
                raise BadParam(f"{spec.id} needs {name}: {param.help or param.title}")
            continue
        read[name] = read_value(param, value)
    return read


def read_value(param: ParamSpec, value: Json) -> Json:
    """One value, coerced from text where it is text. Raises BadParam."""
    match param.type:
        case ParamType.NUMBER:
            return _number(param, value)
        case ParamType.BOOL:
            return _bool(param, value)
        case ParamType.JSON:
            return _json(param, value)
        case ParamType.RANGES:
            return _ranges(param, value)
        case ParamType.LABELS:
            return _labels(param, value)
    text = str(value) if isinstance(value, str | int | float) else json.dumps(value)
    if param.choices and text not in param.choices:
        raise BadParam(
            f"{param.id} is one of {', '.join(param.choices)}, not {text!r}{nearest(text, param.choices)}"
        )
    return text


def _number(param: ParamSpec, value: Json) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadParam(f"{param.id} is a number, not {value!r}")
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        number = float(value)
    except ValueError:
        raise BadParam(f"{param.id} is a number, not {value!r}") from None
    if number - number != 0:  # infinite, or not a number
        raise BadParam(f"{param.id} is a number, not {value!r}")
    return number


def _bool(param: ParamSpec, value: Json) -> Json:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in YES or word in NO:
        return word in YES
    raise BadParam(f"{param.id} is true or false, not {value!r}")


def _json(param: ParamSpec, value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        raise BadParam(f"{param.id} is JSON, as in '{{\"key\": 1}}'; this does not parse: {value[:60]!r}") from None


def _ranges(param: ParamSpec, value: Json) -> Json:
    text = str(value).replace(" ", "")
    if not RANGES.fullmatch(text):
        raise BadParam(f"{param.id} is like 0-4,7, not {value!r}")
    for part in text.split(","):
        first, _, last = part.partition("-")
        if last and int(last) < int(first):
            raise BadParam(f"{param.id}: {part} ends before it begins")
    return text


def _labels(param: ParamSpec, value: Json) -> Json:
    if isinstance(value, dict):
        return ",".join(f"{key}={inner}" for key, inner in value.items())
    text = str(value)
    if not all("=" in part and part.split("=")[0].strip() for part in text.split(",")):
        raise BadParam(f"{param.id} is like a=b,c=d, not {value!r}")
    return text
