"""Adding a context to the user's config file: behind what stands there, every byte of which is kept."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from tui.configfile import ConfigError, read_toml
from tui.core.private import make_private


class NotAdded(Exception):
    """Why a context was not added; nothing has changed."""


def context_text(name: str, body: Mapping[str, Any]) -> str:
    """The table of a context as it stands in the file."""
    return tomli_w.dumps({"contexts": {name: dict(body)}})


def add_context(path: Path, name: str, body: Mapping[str, Any]) -> None:
    """Append `[contexts.<name>]`; the file is replaced as a whole and is then for its owner alone (0600).

    A reader sees the old or the new file, never half. Raises NotAdded: the file is wrong already, has the name,
    or cannot be written.
    """
    try:
        target = path.resolve()  # a link to it, as dotfiles have, stays one
        before = _before(target, name)
        after = before + context_text(name, body)
        _check(after, before, name, body)
        make_private(target.parent)
        _replace(target, after)
    except OSError as error:
        raise NotAdded(f"cannot write {path}: {error.strerror or error}") from None


def _before(path: Path, name: str) -> str:
    if not path.exists():
        return ""
    try:
        known = read_toml(path).get("contexts", {})
        text = path.read_bytes().decode("utf-8")
    except (ConfigError, UnicodeDecodeError) as error:
        raise NotAdded(str(error)) from None
    if isinstance(known, Mapping) and name in known:
        raise NotAdded(f"{path} has a context {name!r} already")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + gap


def _check(after: str, before: str, name: str, body: Mapping[str, Any]) -> None:
    """What was there must mean what it meant; an inline `contexts = {}`, say, cannot be added to."""
    wanted = tomllib.loads(before)
    contexts = wanted.setdefault("contexts", {})
    try:
        if not isinstance(contexts, dict):
            raise NotAdded("contexts is no table there; add the context with an editor")
        contexts[name] = tomllib.loads(tomli_w.dumps(dict(body)))
        understood = tomllib.loads(after) == wanted
    except tomllib.TOMLDecodeError:
        understood = False
    if not understood:
        raise NotAdded("the file is written in a way that cannot be added to; use an editor")


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
