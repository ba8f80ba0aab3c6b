"""The filter language: words and typed terms, AND-ed by blanks, with `or`, `-` and parentheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.model import Resource
from adapters.port import Term
from tui.core.values import DEFAULT_FIELDS, Field


class FilterError(ValueError):
    """A filter that cannot be read: `column` is where, counted from 0; `nearest` a name that exists, or ""."""

    def __init__(self, message: str, column: int, nearest: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Filter:
    text: str
    terms: tuple[Term, ...]
    test: Callable[[Resource, str, float], bool]
    live: bool

    def matches(self, resource: Resource, now: float) -> bool:
        return True


def parse(text: str, fields: Mapping[str, Field] = DEFAULT_FIELDS) -> Filter:
    """Raises FilterError."""
    return Filter(text, (), lambda resource, hay, now: True, False)


def completions(text: str, cursor: int, fields: Mapping[str, Field] = DEFAULT_FIELDS) -> list[str]:
    return []
