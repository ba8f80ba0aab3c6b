"""How an api module declares its endpoints: name, effect, and nothing else.

Reads and writes are not HTTP verbs: Peloton posts everything, ClearML writes by GET with a body.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from adapters.frozen import dataclass

F = TypeVar("F", bound=Callable[..., Any])


class Effect(StrEnum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`name` is the method's name in the API's own definition; `seed` says that it is in the user's seed."""

    name: str
    effect: Effect
    seed: bool = True


def endpoint(name: str, effect: Effect, *, seed: bool = True) -> Callable[[F], F]:
    """Mark an api method. A write must take a keyword `permit` and hand it to `HttpClient.request`."""

    def mark(method: F) -> F:
        method.__endpoint__ = Endpoint(name, effect, seed)  # type: ignore[attr-defined]
        return method

    return mark


def endpoints(api: type) -> dict[str, Endpoint]:
    """Every declared endpoint of an api class: python method name to declaration."""
    return {
        name: member.__endpoint__
        for name, member in vars(api).items()
        if callable(member) and hasattr(member, "__endpoint__")
    }
