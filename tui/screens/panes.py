"""What detail, log and document screens share: an object, panes that take the moving keys, crumbs, saving."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from adapters.errors import AdapterError
from adapters.model import Ref
from adapters.port import Adapter
from tui.core.text import safe
from tui.screens.base import GridScreen
from tui.widgets.lines import LineList

SIDE = 16


class PaneScreen(GridScreen):
    """A screen whose keys go to `pane`; `ref` is the object it is about."""

    def __init__(self, ref: Ref) -> None:
        super().__init__()
        self.ref = ref

    @property
    def pane(self) -> LineList:
        raise NotImplementedError

    @property
    def adapter(self) -> Adapter:
        return self.services.adapters[self.ref.context]

    def targets(self) -> list[Ref]:
        return [self.ref]

    def crumbs(self, *tail: str) -> None:
        guard = self.services.info(self.ref.context).guard
        words = [word for word, on in (("protected", guard.protected), ("read-only", guard.read_only)) if on]
        self.set_crumbs([self.ref.context, self.ref.kind.plural, *(safe(word) for word in tail)], " ".join(words))

    def failed(self, error: AdapterError) -> None:
        """An error in one line: what happened, and what to do next."""
        hint = f"; {error.hint}" if error.hint else ""
        self.message(f"✗ {safe(error.sentence + hint)}", "failed")

    # Moving.

    def do_down(self) -> None:
        self.pane.step(1)

    def do_up(self) -> None:
        self.pane.step(-1)

    def do_top(self) -> None:
        self.pane.to_first()

    def do_bottom(self) -> None:
        self.pane.to_last()

    def do_page_down(self) -> None:
        self.pane.page(1)

    def do_page_up(self) -> None:
        self.pane.page(-1)

    def do_next_fault(self) -> None:
        self._hop(1)

    def do_previous_fault(self) -> None:
        self._hop(-1)

    def _hop(self, step: int) -> None:
        if not self.pane.hop(step):
            self.message("nothing red " + ("below" if step > 0 else "above"), "muted")


def save_path(ref: Ref, parts: Sequence[str], suffix: str) -> Path:
    """A file of the current directory that does not exist yet, named after the object."""
    words = "-".join([ref.context, ref.id, *parts])
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", words).strip("-.")[:120] or "object"
    number = 0
    while True:
        path = Path(f"runyard-{stem}{f'-{number}' if number else ''}{suffix}")
        if not path.exists():
            return path
        number += 1
