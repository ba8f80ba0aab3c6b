"""What detail, log and document screens share: an object, panes that take the moving keys, crumbs, saving."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from adapters.errors import AdapterError
from adapters.model import Ref
from adapters.port import Adapter
from tui.core.format import short_id
from tui.core.text import safe
from tui.screens.base import GridScreen
from tui.widgets.lines import LineList

DEEPEST = 6


class PaneScreen(GridScreen):
    """A screen whose keys go to `pane`; `ref` is the object it is about."""

    def __init__(self, ref: Ref) -> None:
        super().__init__()
        self.ref = ref
        self.names: dict[Ref, str] = {}

    @property
    def pane(self) -> LineList:
        raise NotImplementedError

    @property
    def adapter(self) -> Adapter:
        return self.services.adapters[self.ref.context]

    def targets(self) -> list[Ref]:
        return [self.ref]

    def crumbs(self, *tail: str) -> None:
        """Context, the kind of the topmost object, the objects down to this one, then `tail`."""
        guard = "protected" if self.services.info(self.ref.context).guard.protected else ""
        trail: list[Ref] = []
        above: Ref | None = self.ref
        while above is not None and above not in trail and len(trail) < DEEPEST:
            trail.insert(0, above)
            found = self.services.store.find(above)
            above = found.parent if found is not None else None
        names = [self._name_of(ref) for ref in trail]
        self.set_crumbs([self.ref.context, trail[0].kind.plural, *names, *tail], guard)

    def about(self) -> Sequence[str]:
        return [self.ref.context]

    def _name_of(self, ref: Ref) -> str:
        found = self.services.store.find(ref)
        known = found.name if found is not None and found.name else self.names.get(ref)
        return safe(known, 200) if known else short_id(safe(ref.id, 200))

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
