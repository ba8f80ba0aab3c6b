"""Parameters from the command line: `--set key=value` and `-f FILE`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.actions import ActionSpec, ParamType
from adapters.model import Json
from tui.core.objecttext import NotAnObject, read_any
from tui.oneshot.failure import Failure

MOST = 8 * 1024 * 1024


def read_settings(pairs: Sequence[str]) -> dict[str, Json]:
    """`key=value` pairs; values are text, the action's parameters say what they become."""
    found: dict[str, Json] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise Failure(f"--set takes key=value, not {pair!r}")
        found[key.strip()] = value
    return found


def read_file(name: str | None) -> dict[str, Json]:
    """A JSON or YAML object from a file, `-` from standard input."""
    if name is None:
        return {}
    try:
        text = sys.stdin.read(MOST + 1) if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from None
    if len(text) > MOST:
        raise Failure(f"{name} is over {MOST // 2**20} MiB")
    try:
        value = read_any(text)
    except NotAnObject as error:
        raise Failure(f"{name} is {error}") from None
    if not isinstance(value, dict):
        raise Failure(f"{name} holds no object", "it takes {key: value, ...} as JSON or YAML")
    return value


def for_action(specs: Sequence[ActionSpec], settings: dict[str, Json], body: dict[str, Json]) -> dict[str, Json]:
    """What a file gives: values by parameter name, or the one JSON parameter of the action as a whole."""
    known = {param.id for spec in specs for param in spec.params}
    wholes = {param.id for spec in specs for param in spec.params if param.type is ParamType.JSON}
    if body and len(wholes) == 1 and not set(body) <= known:
        body = {wholes.pop(): body}
    return {**body, **settings}
