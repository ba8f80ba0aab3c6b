"""A log in another program: what is shown now as a private copy in `$PAGER` or `$EDITOR`, at the same line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from tui.core.format import count
from tui.core.logtext import write_rows
from tui.handover import NotHandedOver, editor, hand_over, pager, program
from tui.screens.loglook import LogLooking
from tui.screens.panes import save_path

TAKES_A_LINE = frozenset(
    (
        "less",
        "more",
        "most",
        "vi",
        "vim",
        "nvim",
        "view",
        "nano",
        "emacs",
        "emacsclient",
        "micro",
        "kak",
        "ne",
        "joe",
    )
)
"""Programs that begin at the line which `+N` names."""


SAID_EVERY = 50_000


class LogOpening(LogLooking):
    """The file is the owner's alone and is removed when the program has ended."""

    def do_pager(self) -> None:
        self._hand_over(pager)

    def do_editor(self) -> None:
        self._hand_over(editor)

    def _hand_over(self, words: Callable[[], list[str]]) -> None:
        if self.rows is None:
            self.message("there is no log yet", "muted")
            return
        self.run_worker(self._open_copy(words), group="hand-over", exclusive=True, exit_on_error=True)

    def _written(self, done: int, whole: int) -> None:
        if done % SAID_EVERY == 0:
            self.message(f"writing a copy: {count(done)} of {count(whole)} lines", "muted")

    async def _open_copy(self, words: Callable[[], list[str]]) -> None:
        rows, view = self.rows, self.view
        if rows is None:
            return
        try:
            argv = words()
            program(argv)
            with tempfile.TemporaryDirectory(prefix="runyard-") as folder:  # mode 0700
                path = Path(folder) / save_path(self.ref, ["log"], ".log").name
                await write_rows(rows, view.sources, path, self._written)
                line = [f"+{view.cursor + 1}"] if Path(argv[0]).name in TAKES_A_LINE else []
                await hand_over(self.app, [*argv, *line, str(path)])
        except NotHandedOver as error:
            self.message(str(error), "failed")
        except OSError as error:
            self.message(f"no copy of the log could be written: {error.strerror or error}", "failed")
        else:
            self.message(f"{Path(argv[0]).name} had a copy; it is removed", "muted")
