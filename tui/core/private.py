"""Folders that are for their owner's eyes only, whatever the umask says."""

from __future__ import annotations

import errno
import os
from pathlib import Path

OWNER_ONLY = 0o700


def make_private(folder: Path) -> None:
    """Make the folder and those above it that are missing, each for the owner alone. Raises OSError.

    `Path.mkdir(parents=True, mode=...)` gives the mode to the last one only.
    """
    missing: list[Path] = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=OWNER_ONLY, exist_ok=True)
    if not missing and not folder.is_dir():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
