"""What runyard remembers between sessions: a TOML file of its own, written atomically. Losing it loses nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from tui.core.private import make_private


def load_state(path: Path) -> dict[str, Any]:
    """What was saved; nothing when there is no file or it cannot be understood."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else who asks for this changes the file meanwhile. Where there are no locks it goes without."""
    make_private(path.parent)
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file as a whole; a reader sees the old or the new one, never half. Raises OSError."""
    make_private(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            tomli_w.dump(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
