"""What a machine already says about a backend: its client's config files and environment variables.

Finding contacts nobody. What is found is only offered; nothing of it is used before somebody says yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pydantic import SecretStr

LARGEST = 2**20
SHORTEST_TOLD = 12
"""Of a shorter key even its end would give too much away."""


@dataclass(frozen=True, slots=True)
class Found:
    """A context that could be made of what is there.

    `title` is where it was found, `says` what may be shown of it. `body` holds keys of the context as the config
    has them; a secret that only a file of another program holds is a SecretStr. `missing` are required keys
    that nothing said.
    """

    backend: str
    title: str
    says: str
    body: Mapping[str, str | bool | SecretStr] = field(repr=False)
    missing: tuple[str, ...] = ()


Finder: TypeAlias = Callable[[Mapping[str, str], Path], Iterable[Found]]
"""Looks at an environment and a home folder."""


def told(key: str) -> str:
    """What may be shown of a key that tells it from others: `key …3F9Q`."""
    return f"key …{key[-4:]}" if len(key) >= SHORTEST_TOLD and key[-4:].isalnum() else "key found"


def read_small(path: Path) -> str | None:
    """A config file's text; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError, ValueError):
        return None


def located(text: str, home: Path) -> Path:
    """A path as somebody wrote it in a variable."""
    return home / text[2:] if text.startswith("~/") else Path(text)


def shown_path(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
