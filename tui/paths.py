"""Where runyard keeps its files: the XDG folders, and the one variable that names the config."""

from __future__ import annotations

import os
from pathlib import Path

APP = "runyard"
_apart = ""


def keep_apart(name: str) -> None:
    """From now on state and logs are in folders of their own: what was tried on a demo is nobody's history."""
    global _apart
    _apart = name


def _folder(variable: str, fallback: str) -> Path:
    """An XDG folder; the standard says that a relative one is ignored."""
    given = os.environ.get(variable, "")
    base = Path(given) if given.startswith("/") else Path.home() / fallback
    return base / APP


def config_path(given: str | None = None) -> tuple[Path, bool]:
    """The config file, and whether somebody named it (then it must exist)."""
    named = given or os.environ.get("RUNYARD_CONFIG")
    if named:
        return Path(named).expanduser(), True
    return _folder("XDG_CONFIG_HOME", ".config") / "config.toml", False


def state_folder() -> Path:
    return _folder("XDG_STATE_HOME", ".local/state") / _apart


def journal_folder() -> Path:
    return state_folder() / "journal"


def state_file() -> Path:
    return state_folder() / "state.toml"


def looks_folder() -> Path:
    return state_folder() / "looks"


def spool_folder() -> Path:
    return _folder("XDG_CACHE_HOME", ".cache") / _apart / "logs"
