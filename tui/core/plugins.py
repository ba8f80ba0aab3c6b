"""External commands of the config: a row's values as arguments and as environment, never as a shell string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from adapters.frozen import dataclass
from adapters.model import Kind, Resource

if TYPE_CHECKING:
    from tui.core.services import ContextInfo

VARIABLES: Mapping[str, str] = {
    "CONTEXT": "context",
    "BACKEND": "backend",
    "URL": "address of the context",
    "REF": "reference",
    "KIND": "kind",
    "ID": "id",
    "NAME": "name",
    "STATE": "state",
    "NATIVE_STATE": "state in the backend's word",
    "OWNER": "owner",
    "GROUP": "group",
    "POOL": "pool",
    "HOST": "host",
    "PARENT": "object it belongs to",
    "ATTEMPT": "attempt",
    "FILTER": "filter",
}
"""What a command may name as `$NAME` or `${NAME}`, and in the environment is called RUNYARD_NAME."""

PREFIX = "RUNYARD_"
NAMED = re.compile(r"\$(?:(\$)|\{([A-Za-z_]+)\}|([A-Za-z_]+))")


class PluginRefused(ValueError):
    """A few words: why the command is not run for this row."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """`kinds`, `backends`, `contexts`: where it is offered, empty for everywhere. `safe`: it changes nothing.

    `danger` asks for a name to be typed, `confirm` for one key. `background`: without the terminal. `many`: once
    for each marked row; otherwise several are refused.
    """

    name: str
    command: tuple[str, ...]
    title: str
    key: str = ""
    kinds: frozenset[Kind] = frozenset()
    backends: frozenset[str] = frozenset()
    contexts: frozenset[str] = frozenset()
    confirm: bool = False
    danger: bool = False
    background: bool = False
    safe: bool = False
    many: bool = False

    @property
    def action(self) -> str:
        """What the journal calls it."""
        return f"plugin:{self.name}"

    def offered(self, row: Resource, backend: str) -> str | None:
        """Why it is not offered for a row; None when it is."""
        for allowed, found, many in (
            (self.kinds, row.ref.kind, row.ref.kind.plural),
            (self.contexts, row.ref.context, row.ref.context),
            (self.backends, backend, backend),
        ):
            if allowed and found not in allowed:
                return f"is not for {many}"
        return None

    def arguments(self, values: Mapping[str, str | None]) -> tuple[str, ...]:
        """The command with a row's values, each within the one argument that names it. Raises PluginRefused."""
        return tuple(NAMED.sub(lambda found: _value(found, values), word) for word in self.command)


def values_of(row: Resource, info: ContextInfo, filter: str = "") -> dict[str, str | None]:
    """The variables of a row. A host is its own host."""
    attempt = getattr(row, "attempt", None)
    return {
        "CONTEXT": row.ref.context,
        "BACKEND": info.backend,
        "URL": info.url,
        "REF": str(row.ref),
        "KIND": row.ref.kind.value,
        "ID": row.ref.id,
        "NAME": row.name,
        "STATE": row.state.value,
        "NATIVE_STATE": row.native_state,
        "OWNER": row.owner,
        "GROUP": row.group,
        "POOL": row.name if row.ref.kind is Kind.POOL else row.pool,
        "HOST": row.host or (row.name if row.ref.kind is Kind.HOST else None),
        "PARENT": row.parent.id if row.parent is not None else None,
        "ATTEMPT": None if attempt is None else str(attempt),
        "FILTER": filter,
    }


def environment(values: Mapping[str, str | None]) -> dict[str, str]:
    """RUNYARD_* of what could be an argument as well: a script that uses it unchecked is no worse off."""
    return {PREFIX + name: text for name, text in values.items() if text and against(name, text) is None}


def against(name: str, text: str | None) -> str | None:
    """Why a value cannot be an argument; None when it can."""
    title = VARIABLES[name]
    if not text:
        return "no filter is set" if name == "FILTER" else f"no {title} in this row"
    if text.startswith("-"):
        return f"its {title} begins with '-': a program would take it for an option"
    if not text.isprintable():
        return f"its {title} holds control characters"
    return None


def unknown_variables(word: str) -> list[str]:
    """What a word of a command names that is no variable. RUNYARD_* is left to what is run."""
    named = (found[2] or found[3] for found in NAMED.finditer(word) if not found[1])
    return [name for name in named if name not in VARIABLES and not name.startswith(PREFIX)]


def has_variable(word: str) -> bool:
    return any((found[2] or found[3]) in VARIABLES for found in NAMED.finditer(word))


def _value(found: re.Match[str], values: Mapping[str, str | None]) -> str:
    if found[1]:
        return "$"
    name = found[2] or found[3]
    if name not in VARIABLES:
        return found[0]
    text = values.get(name)
    why = against(name, text)
    if why is not None or text is None:
        raise PluginRefused(why or "")
    return text
