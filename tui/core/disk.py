"""Whether a folder can be written, said before anything is lost: full, read-only, somebody else's, no folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LEAST_FREE = 256 * 1024


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that was not there; it is there no more when it could not be written to its end. Raises OSError."""
    with path.open("xb") as file:
        try:
            yield file
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def trouble(folder: Path) -> str | None:
    """Why nothing could be kept in a folder that is there or could be made; None when it can, as far as it shows
    without writing."""
    try:
        nearest = folder
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        if not nearest.is_dir():
            return f"{nearest} is no folder"
        found = os.statvfs(nearest)
    except OSError as error:
        return error.strerror or str(error)
    if found.f_flag & os.ST_RDONLY:
        return "the file system is read-only"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} may not be written"
    if found.f_bavail * found.f_frsize < LEAST_FREE:
        return "the disk is full"
    return None
