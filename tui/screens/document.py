"""Describe and raw: everything the server says about an object, as text that can be searched, copied, saved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import yaml
from textual.app import ComposeResult

from adapters.errors import AdapterError
from adapters.model import ENDED, Ref
from adapters.sections import Detail
from tui import keys
from tui.core.disk import new_file
from tui.core.format import clock
from tui.screens.describe import describe_rows
from tui.screens.panes import PaneScreen, save_path
from tui.widgets.document import DocumentView
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sections import Row, text_rows

SLOWER = 5
"""An object that has ended is read again so many times less often."""

HINTS: tuple[Hint, ...] = (("d", "fields", True), ("y", "raw", True), ("n N", "match", True), ("^s", "save", True))
FIXED: tuple[Hint, ...] = (("/", "find", True), (":", "go", True), ("?", "help", True))


class DocumentScreen(PaneScreen):
    """`mode` is `describe` or `yaml`; `d` and `y` change it."""

    where = keys.DOCUMENT
    hints: Sequence[Hint] = HINTS
    live = True
    """Whether it is read again by itself."""

    def __init__(self, ref: Ref, mode: str = "describe") -> None:
        super().__init__(ref)
        self.mode = mode
        self.view = DocumentView(id="document")
        self.detail: Detail | None = None
        self._yaml = ""
        self._told = False

    @property
    def pane(self) -> DocumentView:
        return self.view

    def body(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self._title()
        self.set_freshness("loading")
        self.key_hints(self.hints, FIXED)
        if self.live:
            self.run_worker(self._keep_reading(), group="read", exclusive=True, exit_on_error=False)
        else:
            self.do_refresh()

    def _title(self) -> None:
        self.crumbs("raw" if self.mode == "yaml" else "describe")

    def do_refresh(self) -> None:
        self._told = False
        self.run_worker(self._read(), group="refresh", exclusive=True, exit_on_error=False)

    async def _keep_reading(self) -> None:
        """Again and again while it is on the screen; what has ended seldom."""
        while True:
            if (self.is_current and not self.services.paused) or self.detail is None:
                await self._read()
            ended = self.detail is not None and self.detail.resource.state in ENDED
            await asyncio.sleep(self.services.sync.interval(self.ref.context) * (SLOWER if ended else 1))

    async def _read(self) -> None:
        try:
            detail = await self.adapter.detail(self.ref)
        except AdapterError as error:
            if not self._told:
                self.failed(error)
            self._told = True
            self.set_freshness("not read" if self.detail is None else "out of date")
            return
        self._told = False
        now = self.services.clock()
        self.set_freshness(f"as of {clock(now, now)}")
        if detail != self.detail:
            self._yaml = await asyncio.to_thread(as_yaml, detail)
        elif self.mode == "yaml":
            return
        self.detail = detail
        self._show()

    def _show(self) -> None:
        detail = self.detail
        if detail is None:
            return
        now = self.services.clock()
        self.names[self.ref] = detail.resource.name
        self._title()
        if self.mode == "yaml":
            rows = yaml_rows(self._yaml)
            self.view.show(lambda width: rows)
        else:
            schema = self.services.schemas.get(self.ref.context)
            spec = schema.kinds.get(self.ref.kind) if schema is not None else None
            self.view.show(lambda width: describe_rows(detail, width, now, spec))
        self._counts()

    def _counts(self) -> None:
        view, size = self.view, f"{self.view.count:,} lines"
        found: list[Piece] = []
        if view.needle:
            found = [(f"/{view.needle} {view.place} of {len(view.hits)}", "text" if view.hits else "waiting")]
        self.set_counts_text([(size, "text")], found)

    def on_line_list_rested(self) -> None:
        self._counts()

    # Keys.

    def do_describe(self) -> None:
        self._turn("describe")

    def do_raw(self) -> None:
        self._turn("yaml")

    def _turn(self, mode: str) -> None:
        if self.mode != mode:
            self.mode = mode
            self.view.left = 0
            self.view.move_to(0)
            self._show()

    def do_filter(self) -> None:
        before = self.view.cursor

        def done(text: str | None) -> None:
            if text is None:
                self.view.search("")
                self.view.move_to(before)
            elif not self.view.hits and text:
                self.message(f"no line has {text!r}", "waiting")
            self._counts()

        def change(text: str) -> None:
            self.view.search(text)
            self._counts()

        self.prompt("/ ", self.view.needle, on_change=change, on_done=done)

    def do_left(self) -> None:
        self.view.fold()

    def do_right(self) -> None:
        self.view.unfold()

    def do_next_match(self) -> None:
        self.view.next_hit(1)

    def do_previous_match(self) -> None:
        self.view.next_hit(-1)

    def do_copy(self) -> None:
        self.console.copy(self.view.text_of(self.view.cursor))
        self.message("copied the line", "muted")

    def do_save(self) -> None:
        suffix, text = self.saved()
        path = save_path(self.ref, [self.mode], suffix)
        try:
            with new_file(path) as file:
                file.write(text.encode("utf-8", "replace"))
        except OSError as error:
            self.message(f"✗ not saved: {error.strerror or error}", "failed")
        else:
            self.message(f"saved as {path}", "muted")

    def saved(self) -> tuple[str, str]:
        """What a file of this gets: its suffix and its text."""
        if self.mode == "yaml":
            return ".yaml", self._yaml
        return ".txt", "\n".join(self.view.texts()) + "\n"


def as_yaml(detail: Detail) -> str:
    """The server's own JSON as YAML; keys stay in its order."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(detail.raw, Dumper=dumper, sort_keys=False, allow_unicode=True, width=4096))


def yaml_rows(text: str) -> list[Row]:
    """Keys muted, so that values stand out."""
    rows = []
    for row in text_rows(text.rstrip("\n")):
        line = row.full
        at = line.find(": ")
        key = at + 1 if at > 0 else (len(line) if line.endswith(":") else 0)
        rows.append(Row(((line[:key], "muted"), (line[key:], "text")), full=line))
    return rows
