"""A method of a backend's API as an operator types it: found by name, parameters from text to its own types."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from adapters.actions import ParamSpec, ParamType
from adapters.model import Json
from adapters.names import nearest
from adapters.port import MethodSpec
from tui.core.params import BadParam, read_value

OPTIONAL = ", optional"
TYPES = {"text": ParamType.TEXT, "number": ParamType.NUMBER, "true or false": ParamType.BOOL}
BEGINS_JSON = ("{", "[", '"')
SHORT = {"true or false": "yes/no"}
PARAM = re.compile(r" (\w+)=")
WORDS = {"true": True, "false": False, "null": None}


def find_method(methods: Sequence[MethodSpec], name: str) -> MethodSpec | None:
    """The method of that name, whatever its case."""
    exact = next((spec for spec in methods if spec.name == name), None)
    return exact or next((spec for spec in methods if spec.name.lower() == name.lower()), None)


def nearest_method(methods: Sequence[MethodSpec], name: str) -> str:
    """`; nearest: GetRun`, or nothing."""
    folded = {spec.name.lower(): spec.name for spec in methods}
    near = nearest(name.lower(), folded)
    return f"; nearest: {folded[near.removeprefix('; nearest: ')]}" if near else ""


def is_optional(words: str) -> bool:
    return words.endswith(OPTIONAL)


def read_call(spec: MethodSpec, given: Mapping[str, Json]) -> dict[str, Json]:
    """The parameters as the method takes them. Raises BadParam: one is unknown, missing, or of a wrong type."""
    known = dict(spec.params)
    for name in given:
        if name not in known:
            takes = f"; it takes {', '.join(known)}" if known else "; it takes none"
            raise BadParam(f"{spec.name} has no parameter {name!r}{nearest(name, known) or takes}")
    missing = [name for name, words in known.items() if not is_optional(words) and name not in given]
    if missing:
        raise BadParam(f"{spec.name} needs {', '.join(missing)}")
    return {name: _typed(name, known[name], value) for name, value in given.items()}


def whole_body(spec: MethodSpec, body: dict[str, Json]) -> dict[str, Json]:
    """What a file gives: values by parameter name, or the one JSON parameter as a whole (the one needed first)."""
    known = dict(spec.params)
    of_json = [name for name, words in known.items() if words.removesuffix(OPTIONAL) == "JSON"]
    wholes = [name for name in of_json if not is_optional(known[name])] or of_json
    return {wholes[0]: body} if body and len(wholes) == 1 and not set(body) <= set(known) else body


def _typed(name: str, words: str, value: Json) -> Json:
    kind = TYPES.get(words.removesuffix(OPTIONAL))
    if kind is ParamType.TEXT:
        return value
    if kind is not None:
        return read_value(ParamSpec(name, name, kind), value)
    return _json(name, value)


def _json(name: str, value: Json) -> Json:
    """Text that looks like JSON must be JSON; a bare word is itself, so that `status=failed` needs no quotes."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text in WORDS:
        return WORDS[text]
    if not text.startswith(BEGINS_JSON):
        return _number(text) if text else value
    return read_value(ParamSpec(name, name, ParamType.JSON), text)


def _number(text: str) -> Json:
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, int | float) else text


def split_pairs(text: str) -> dict[str, Json]:
    """`a=1 b={"c": "d e"}`: pairs at blanks; a value that begins like JSON goes on to its end. Raises BadParam."""
    pairs: dict[str, Json] = {}
    rest = text.strip()
    while rest:
        name, equals, after = rest.partition("=")
        if not equals or not name or " " in name:
            raise BadParam(f"parameters are key=value, not {rest.split(' ', 1)[0]!r}")
        value, rest = _first_value(name, after)
        pairs[name] = value
    return pairs


def _first_value(name: str, text: str) -> tuple[str, str]:
    if not text.startswith(BEGINS_JSON):
        value, _, rest = text.partition(" ")
        return value, rest.strip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        raise BadParam(f"{name} is JSON that does not parse: {text[:60]!r}") from None
    if text[end : end + 1] not in ("", " "):
        raise BadParam(f"{name}: a blank is missing after {text[:end]!r}")
    value = text[:end]
    # A quoted value is the text in it, for parameters that are plain text.
    return (json.loads(value) if value.startswith('"') else value), text[end:].strip()


def call_text(method: str, params: Mapping[str, Json]) -> str:
    """The call on one line, as a plan shows it."""
    shown = [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in params.items()]
    return " ".join([method, *shown])


def completions(methods: Sequence[MethodSpec], before: str, word: str) -> list[tuple[str, str]]:
    """(word, what it is) for the word under the cursor of a call; `before` is what stands in front of it."""
    if not before.strip():
        low = word.lower()
        found = {spec.name: spec.effect for spec in methods if low in spec.name.lower()}
        return sorted(found.items(), key=lambda each: (not each[0].lower().startswith(low), each[0]))
    name, _, rest = before.strip().partition(" ")
    spec = find_method(methods, name)
    if spec is None:
        return []
    given = set(PARAM.findall(f" {rest}"))
    return [
        (f"{param}=", SHORT.get(words.removesuffix(OPTIONAL), words))
        for param, words in spec.params
        if param not in given and param.lower().startswith(word.lower())
    ]
