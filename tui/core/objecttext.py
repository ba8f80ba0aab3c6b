"""Objects written by people: JSON, YAML or TOML."""

from __future__ import annotations

import json
import tomllib

from adapters.model import Json


class NotAnObject(ValueError):
    """A few words: why the text is none."""


def read_any(text: str) -> Json:
    """JSON, else YAML, whose dates and other types become what JSON has. Raises NotAnObject."""
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        pass
    import yaml

    try:
        return json.loads(json.dumps(yaml.safe_load(text), default=str))  # type: ignore[no-any-return]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise NotAnObject(f"neither JSON nor YAML: {where}{error.problem or 'cannot be read'}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotAnObject(f"neither JSON nor YAML: {first}") from None


def read_object(text: str) -> dict[str, Json]:
    """An object in any of the three; nothing at all is an empty one. Raises NotAnObject."""
    try:
        found = read_any(text)
    except NotAnObject as error:
        found, wrong = None, str(error)
    else:
        if found is None:
            return {}
        wrong = "it holds no object; write name: value"
    if isinstance(found, dict):
        return found
    try:  # YAML takes most of TOML for one long string
        return json.loads(json.dumps(tomllib.loads(text), default=str))  # type: ignore[no-any-return]
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        raise NotAnObject(wrong) from None
