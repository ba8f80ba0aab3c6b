"""The config in `$EDITOR`, while nothing is configured; what is in it afterwards is used at once."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from tui import handover
from tui.config import ConfigError, load
from tui.core.text import safe
from tui.oneshot.config import write_start
from tui.oneshot.failure import Failure

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


async def edit_config(screen: GridScreen, path: Path) -> None:
    """Where there is no file, it begins as an example in which nothing says anything yet."""
    try:
        with contextlib.suppress(FileExistsError):
            write_start(path)
        code = await handover.hand_over(screen.app, [*handover.editor(), str(path)])
    except (handover.NotHandedOver, OSError, Failure) as error:
        screen.message(safe(str(error), 300), "failed")
        return
    if code:
        screen.message(f"the editor has ended with {handover.exit_text(code)}", "failed")
        return
    try:
        config = load(path)
    except ConfigError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        screen.message(safe(f"{error.problems[0]}{more}", 400), "failed")
        return
    if config.contexts:
        screen.console.use_new_contexts(list(config.contexts.values()), path)
    else:
        screen.message(f"there is no context in {path} yet: take the '# ' off one and set its url", "waiting")
