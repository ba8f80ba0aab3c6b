"""The form that adds a context: it checks before it writes, and until then nobody is contacted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from adapters import registry
from adapters.discovery import Found
from adapters.errors import AdapterError
from tui.config import ConfigError, ContextConfig, build_adapter, parse
from tui.contextfile import NotAdded, add_context
from tui.core.text import pad, safe
from tui.paths import config_path
from tui.screens.choose import ChooseSheet
from tui.screens.contextfields import ContextFields, Line
from tui.screens.planform import caret
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.core.services import Services
    from tui.screens.base import GridScreen

CHECK, ADD = "check", "add"
LABEL = 20
PATIENCE = 20.0
"""Seconds that a check may take."""


def found_here() -> list[Found]:
    """What the settings of this machine suggest; it contacts nobody."""
    return registry.discover(os.environ, Path.home())


def ask(screen: GridScreen) -> None:
    """By hand, or from what is found here; where nothing is found there is nothing to choose."""
    found = found_here()
    if not found:
        screen.open_sheet(ContextForm(screen))
        return
    offers = {str(number): each for number, each in enumerate(found)}
    there = {info.url: info.name for info in screen.services.contexts.values()}
    choices = [("hand", "by hand")]
    for id, each in offers.items():
        url = each.body.get("url")
        known = f"  there as {there[url]}" if isinstance(url, str) and url in there else ""
        choices.append((id, f"{pad(each.title, 20)}  {safe(each.says, 200)}{known}"))
    screen.open_sheet(
        ChooseSheet("NEW CONTEXT from", choices, lambda id: screen.open_sheet(ContextForm(screen, offers.get(id))))
    )


def target(services: Services) -> Path:
    """The file that a context is added to: the one that was read, else where one is looked for."""
    return services.config.path or config_path()[0]


class ContextForm(LinesSheet):
    """Typing fills in the line of the cursor, ← and → choose; the last two lines are buttons."""

    tall = True

    def __init__(self, host: GridScreen, found: Found | None = None) -> None:
        super().__init__()
        self.host = host
        self.fields = ContextFields(found, host.services.adapters)
        self.problems: dict[str, str] = {}
        self.checked: tuple[str, dict[str, object]] | None = None
        self.path = target(host.services)
        self.title_left = "NEW CONTEXT" + (f"  from {found.title}" if found is not None else "")
        self.title_right = "nobody is contacted before you say so"
        self.at = 0
        missing = self.fields.missing()
        self.go_to(missing.key if missing is not None else CHECK)

    # lines

    def stops(self) -> list[str]:
        return [*(line.key for line in self.fields.lines()), CHECK, ADD]

    def go_to(self, key: str) -> None:
        stops = self.stops()
        self.at = stops.index(key) if key in stops else 0
        self.draw()

    @property
    def line(self) -> Line | None:
        lines = self.fields.lines()
        return lines[self.at] if self.at < len(lines) else None

    def draw(self) -> None:
        lines = self.fields.lines()
        self.rows = [*(self._row(line, index == self.at) for index, line in enumerate(lines)), [], *self._buttons()]
        self.cursor = self.at if self.at < len(lines) else self.at + 1
        if self.is_mounted:
            self.show_cursor()
            self.grid.sheet_changed()
            self.refresh()

    def _row(self, line: Line, focused: bool) -> list[Piece]:
        room = max(12, min(44, (self.size.width or 80) - LABEL - 34))
        token = "accent" if focused else "text" if line.required else "muted"
        pieces: list[Piece] = [(f" {pad(line.key, LABEL)} ", token)]
        if line.choices:
            shown = line.text or "-"
            pieces.append((pad(f"‹ {shown} ›" if focused else shown, room), "accent" if focused else "text"))
        else:
            pieces += caret(line.drawn, room, focused=focused)
        problem = self.problems.get(line.key)
        note = problem or line.note or ("required" if line.required else "")
        return [*pieces, (f"  {safe(note, 200)}", "waiting" if problem else "muted")]

    def _buttons(self) -> list[list[Piece]]:
        count = len(self.fields.lines())
        what = {CHECK: "asks it once whether it answers", ADD: f"checks, then writes to {safe(str(self.path))}"}
        rows: list[list[Piece]] = []
        for at, (id, said) in enumerate(what.items()):
            button = pad(f"[ {id.title()} ]", LABEL)
            rows.append([(f" {button} ", "accent" if self.at == count + at else "text"), (said, "muted")])
        return rows

    def on_resize(self) -> None:
        self.draw()

    def wanted_lines(self, most: int) -> int:
        return most

    def hints(self) -> Sequence[Hint]:
        return (("↑ ↓", "line", True), ("← →", "choose", True), ("^s", "check, add", True), ("esc", "leave", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        said = self.problems.get("")
        if said:
            return [[(safe(said, 400), "failed")]]
        return [[("headers and cookies are given in the file; secrets are never shown", "muted")]]

    # keys

    def press(self, key: str, character: str | None) -> bool:
        steps = {"down": 1, "tab": 1, "up": -1, "shift-tab": -1}
        if key in steps:
            self.at = max(0, min(self.at + steps[key], len(self.stops()) - 1))
        elif key == "escape":
            self.close()
            return True
        elif key == "ctrl-s":
            self.go_to(ADD)
            self.carry_out()
        elif key == "enter":
            self.carry_out() if self.line is None else self.press("down", None)
        else:
            self._edit(key, character)
        self.draw()
        return True

    def _edit(self, key: str, character: str | None) -> None:
        line = self.line
        if line is None:
            return
        if not line.choices:
            line.edit.press(key, character)
        elif key in ("left", "right", "space"):
            line.step(-1 if key == "left" else 1)
            if line is self.fields.backend:
                self.fields.rebuild()
        self.problems.pop(line.key, None)
        self.problems.pop("", None)

    def paste(self, text: str) -> bool:
        if self.line is not None and not self.line.choices:
            self.line.edit.insert(text.strip().replace("\n", " "))
            self.draw()
        return True

    def chosen(self, index: int) -> None:
        count = len(self.fields.lines())
        self.at = index if index < count else max(count, index - 1)
        if self.line is None:
            self.carry_out()
        self.draw()

    # checking and adding

    def carry_out(self) -> None:
        """Press the button of the cursor: what cannot be right is said first, without asking anybody."""
        add = self.stops()[self.at] == ADD
        context = self._read()
        if context is None:
            return
        what = (context.name, self.fields.body())
        if add and self.checked == what:
            self._add(context)
            return
        self.host.message(f"asking {context.name} …", "muted")
        self._check(context, what, add=add)

    def _read(self) -> ContextConfig | None:
        """The context as the config would read it; None, and the cursor where it is wrong."""
        self.problems = {}
        missing = self.fields.missing()
        name = self.fields.name.text
        if missing is not None:
            self._wrong(missing, "is missing")
            return None
        if name in self.host.services.adapters:
            self._wrong(self.fields.name, "there is one of that name")
            return None
        try:
            return parse({"contexts": {name: self.fields.body()}}).contexts[name]
        except ConfigError as error:
            first = error.problems[0]
            key = first.key.removeprefix(f"contexts.{name}").lstrip(".")
            where = self.fields.line_of(key) if key else self.fields.name if "name" in first.what else None
            self._wrong(where, first.what)
            return None

    def _wrong(self, line: Line | None, what: str) -> None:
        self.problems[line.key if line is not None else ""] = what
        if line is not None:
            self.host.message(f"{line.key}: {safe(what, 300)}", "failed")
            self.go_to(line.key)
        else:
            self.host.message(safe(what, 300), "failed")

    @work(group="check-context", exclusive=True, exit_on_error=True)
    async def _check(self, context: ContextConfig, what: tuple[str, dict[str, object]], *, add: bool) -> None:
        problem, said = await _asked(context)
        if add or not problem:
            self.checked = what
        again = "; Add once more adds it as it is" if problem and add else ""
        if problem:
            self.host.message(f"{safe(problem, 300)}{again}", "failed")
        elif add:
            self._add(context)
        else:
            self.host.message(said, "ok")

    def _add(self, context: ContextConfig) -> None:
        try:
            add_context(self.path, context.name, self.fields.body())
        except NotAdded as error:
            self.host.message(safe(str(error), 400), "failed")
            return
        self.close()
        self.host.console.use_new_contexts([context], self.path)


async def _asked(context: ContextConfig) -> tuple[str, str]:
    """One cheap request: what is wrong, else what to say."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        adapter = build_adapter(context)
    except Exception as error:  # whatever keeps it from being opened is the operator's to know
        return str(error) or type(error).__name__, ""
    try:
        async with asyncio.timeout(PATIENCE):
            health = await adapter.health()
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s", ""
    except AdapterError as error:
        return f"{error.sentence}{f'; {error.hint}' if error.hint else ''}", ""
    finally:
        await adapter.aclose()
    if not health.ok:
        return health.note or "it says that it is not well", ""
    version = f", version {safe(health.version, 40)}" if health.version else ""
    return "", f"{context.name} answers in {(loop.time() - began) * 1000:.0f}ms{version}"
