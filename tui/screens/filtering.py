"""The filter while it is being typed: live on what is loaded, esc gives everything back exactly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui.core.cells import cell
from tui.core.columns import find
from tui.core.query import completions
from tui.core.text import cut
from tui.core.values import fields_for
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.list import ListScreen

MOST_VALUES = 500


class ProblemSheet(LinesSheet):
    """One line directly above the prompt that points at what cannot be read."""

    titled = False

    def __init__(self, text: str, column: int) -> None:
        super().__init__()
        self.tell(text, column)

    def tell(self, text: str, column: int) -> None:
        self.rows = [[(" " * (column + 2), "text"), ("▾ ", "accent"), (text, "waiting")]]
        self.refresh()


class FilterPrompt:
    """One visit to the filter line."""

    def __init__(self, screen: ListScreen) -> None:
        self.screen = screen
        self.problem = ""
        self._before = screen.filter_text
        self._place = (screen.table.cursor, screen.table.top)
        self._history = -1
        self._fields = fields_for(screen._schemas(), screen.kind)

    def start(self) -> None:
        self.prompt = self.screen.prompt(
            "/ ",
            self._before,
            on_change=self._changed,
            on_done=self._done,
            on_key=self._key,
            hints=(
                ("enter", "keep", True),
                ("esc", "back to all" if not self._before else "as it was", True),
                ("tab", "complete", True),
            ),
        )
        self.screen.say()

    def _changed(self, text: str) -> None:
        self.problem = self.screen.apply_filter(text)
        error = self.screen.filter_error if self.problem else None
        if error is not None:
            self.screen.apply_filter(self._before)  # not what was typed so far: that meant something else
            where = min(error.column, max(0, self.screen.size.width - len(error.message) - 6))
            hint = f"; nearest: {error.nearest}" if error.nearest and "nearest" not in error.message else ""
            self._point(cut(error.message + hint, self.screen.size.width - 6), where)
        elif isinstance(self.screen.sheet, ProblemSheet):
            self.screen.close_sheet()
        found = self._completions()
        start = self._word_start()
        typed = self.prompt.edit.text[start : self.prompt.edit.cursor]
        at_end = self.prompt.edit.cursor == len(self.prompt.edit.text)
        best = found[0] if found and at_end and typed and found[0].startswith(typed) else ""
        self.prompt.ghost = best[len(typed) :]
        self.screen.say()

    def _point(self, text: str, column: int) -> None:
        if isinstance(self.screen.sheet, ProblemSheet):
            self.screen.sheet.tell(text, column)
        else:
            self.screen.open_sheet(ProblemSheet(text, column))

    def _word_start(self) -> int:
        edit = self.prompt.edit
        return max(edit.text.rfind(" ", 0, edit.cursor), edit.text.rfind("(", 0, edit.cursor)) + 1

    def _completions(self) -> list[str]:
        found = completions(self.prompt.edit.text, self.prompt.edit.cursor, self._fields, self._known)
        fields = self._fields
        return sorted(found, key=lambda word: word in fields and fields[word].id != word)  # aliases come last

    def _known(self, field: str) -> Iterable[str]:
        """Values of a field among the first rows."""
        model, column = self.screen.model, find(self.screen.table.columns, field)
        rows = [row for ref in model.refs[:MOST_VALUES] if (row := model.row(ref)) is not None]
        if column is not None:
            texts = (cell(column, row, 0.0).text.strip() for row in rows)
        else:
            texts = (str(self._fields[field].get(row, 0.0) or "") for row in rows)
        return sorted({text for text in texts if text and text != "-"})

    def _key(self, key: str) -> bool:
        if key != "tab":
            return False
        found = self._completions()
        if found:
            edit = self.prompt.edit
            start = self._word_start()
            word = found[0]
            if len(found) == 1 and word.isidentifier():
                word += "="
            edit.text = edit.text[:start] + word + edit.text[edit.cursor :]
            edit.cursor = start + len(word)
        return True

    def _done(self, text: str | None) -> None:
        screen = self.screen
        screen.filtering = None
        if isinstance(screen.sheet, ProblemSheet):
            screen.close_sheet()
        if text is None:
            screen.restore_place(*self._place)
            screen.apply_filter(self._before)
        elif self.problem:
            screen.apply_filter(self._before)
            screen.restore_place(*self._place)
            screen.message(f"filter not applied: {self.problem}", "failed")
        else:
            screen.push_filter()
        screen.say()
        screen.update_peek()
