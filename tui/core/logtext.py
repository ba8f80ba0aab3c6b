"""The lines of a log view as a plain text file, for a pager or an editor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tui.core.logrows import LogRow, LogRows
from tui.core.sgr import without_colors
from tui.core.text import safe

SLICE = 1000
LONGEST = 100_000


def text_of(row: LogRow, sources: Sequence[str]) -> str:
    """One line, made harmless: a pager may hand on what it does not know, and so may an editor."""
    text = safe(without_colors(row.line.text).expandtabs(8), LONGEST)
    if row.line.marker:
        return f"--- {text.removeprefix('--- ')}"
    return f"{safe(sources[row.log]):<12}  {text}" if sources else text


async def write_rows(
    rows: LogRows,
    sources: Sequence[str],
    path: Path,
    on_progress: Callable[[int, int], None] = lambda done, whole: None,
) -> None:
    """Write the rows that are shown now to a new file, for its owner alone. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        upto = rows.count
        for start in range(0, upto, SLICE):
            file.writelines(text_of(row, sources) + "\n" for row in rows.some(start, min(upto, start + SLICE)))
            on_progress(start, upto)
            await asyncio.sleep(0)
