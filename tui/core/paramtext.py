"""The parameters of an action as a text for an editor, and back."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from adapters.actions import ParamSpec
from adapters.model import Json
from adapters.names import nearest
from tui.core.objecttext import NotAnObject, read_object
from tui.core.params import BadParam, read_value
from tui.core.text import safe

MARK = "#! "
"""What begins a line about the text that was read before; it is taken out again."""

MOST_LINES = 2000
WIDTH = 100


def write_params(
    head: str, params: Sequence[ParamSpec], values: Mapping[str, Json], raw: Json = None, problem: str = ""
) -> str:
    """YAML with a comment for each parameter. `raw`, the object itself, follows as a comment to copy from."""
    lines = [MARK + line for line in textwrap.wrap(safe(problem), WIDTH)]
    lines += ["# " + line for line in textwrap.wrap(safe(head), WIDTH)]
    for param in params:
        lines += ["", *("# " + line for line in textwrap.wrap(safe(_about(param)), WIDTH))]
        value = values.get(param.id)
        if value is None and raw is not None and param.path:
            value = _at(raw, param.path)
        lines += _yaml({param.id: value})
    if raw is not None:
        lines += ["", "# ── the object as the server has it ──", *("# " + line for line in _yaml(raw)[:MOST_LINES])]
    return "\n".join(lines) + "\n"


def again(text: str, problem: str) -> str:
    """The same text, under what is wrong with it."""
    rest = [line for line in text.splitlines() if not line.startswith(MARK)]
    return "\n".join([*(MARK + line for line in textwrap.wrap(safe(problem), WIDTH)), *rest]) + "\n"


def read_params_text(text: str, params: Sequence[ParamSpec]) -> dict[str, Json]:
    """The parameters that have a value. Raises BadParam."""
    try:
        found = read_object(text)
    except NotAnObject as error:
        raise BadParam(str(error)) from None
    known = {param.id: param for param in params}
    for name in found:
        if name not in known:
            raise BadParam(f"no parameter {name!r}{nearest(name, known)}; there are {', '.join(known)}")
    values: dict[str, Json] = {name: value for name, value in found.items() if value not in (None, "")}
    for name, value in values.items():
        read_value(known[name], value)
    return values


def _about(param: ParamSpec) -> str:
    needed = "needed; " if param.required else ""
    choices = f"one of {', '.join(param.choices)}; " if param.choices else ""
    return f"{needed}{choices}{param.help}".removesuffix("; ") or param.title


def _at(raw: Json, path: str) -> Json:
    for key in path.split("."):
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def _yaml(value: Json) -> list[str]:
    """Letters beyond ASCII are escaped: what is seen in the editor is what is sent."""
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, default_flow_style=False, width=110)).splitlines()
