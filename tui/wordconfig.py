"""What the config says of words and numbers: aliases of commands, and filters saved on 1 to 9."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from adapters import registry
from adapters.model import parse_kind
from tui.configfile import Problem

if TYPE_CHECKING:
    from adapters.port import Schema

NUMBERS = "123456789"


def checked_filters(filters: Mapping[str, str | Mapping[str, str]]) -> dict[str, str | dict[str, str]]:
    """Filters by number, and by kind and number. Raises ValueError: not a number or kind, not a filter."""
    checked: dict[str, str | dict[str, str]] = {}
    for key, value in filters.items():
        if isinstance(value, str):
            checked[_number(key)] = _filter(key, value)
        else:
            kind = parse_kind(key).plural
            checked[kind] = {_number(number): _filter(f"{key}.{number}", text) for number, text in value.items()}
    return checked


def _number(key: str) -> str:
    if key not in NUMBERS or len(key) != 1:
        raise ValueError(f"{key!r} is not a key from 1 to 9")
    return key


def _filter(key: str, text: str) -> str:
    from tui.core.query import FilterError, parse
    from tui.core.values import fields_for

    try:
        try:
            parse(text)
        except FilterError:
            parse(text, fields_for(_schemas()))
    except FilterError as error:
        raise ValueError(f"{key}: {error}") from None
    return text


def _schemas() -> list[Schema]:
    """Of every backend: a filter may be about a field that only one of them has."""
    return [registry.backend(name).schema for name in registry.names()]


def read_aliases(
    body: Mapping[str, Any], contexts: Iterable[str], verbs: Iterable[str], file: str, problems: list[Problem]
) -> dict[str, str]:
    """[aliases]: a word, and the command line it stands for."""
    from tui.core.commandline import alias_problem

    aliases: dict[str, str] = {}
    names, words = list(contexts), list(verbs)
    for name, meant in body.items():
        what = alias_problem(name, meant, names, words) if isinstance(meant, str) else 'is a command, as in "runs"'
        if what:
            problems.append(Problem(file, f"aliases.{name}", what))
        else:
            aliases[name] = meant
    return aliases
