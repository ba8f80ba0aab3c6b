"""Filters that are kept on the numbers of a list."""

from __future__ import annotations

from tui.core.saved import NUMBERS, saved_filters
from tui.core.text import pad, safe
from tui.screens.listcopy import ListCopy


class ListSaved(ListCopy):
    """`1` to `9` apply what is saved; `:save-filter 3` saves what is applied, for this kind of list."""

    def _saved(self) -> dict[str, str]:
        return saved_filters(self.services.saved, self.services.memory, self.kind)

    def saved_filter(self, number: int) -> None:
        text = self._saved().get(str(number))
        if text is None:
            self.message(f"no saved filter {number}; :save-filter {number} saves the one that is applied", "muted")
            return
        problem = self.apply_filter("" if text == self.filter_text else text)
        if problem:
            self.message(f"saved filter {number}: {problem}", "failed")

    def do_save_filter(self) -> None:
        from tui.screens.choose import ChooseSheet

        saved = self._saved()
        choices = [(number, f"{number}  {safe(saved.get(number, '-'))}") for number in NUMBERS]
        self.open_sheet(ChooseSheet(f"SAVE  {pad(self._said(), 40)} on", choices, self.verb_save_filter))

    def verb_save_filter(self, text: str) -> None:
        """`:save-filter 3`; where no filter is applied, that number is free again."""
        number = text.strip()
        if number not in NUMBERS or len(number) != 1:
            self.message("save-filter takes a number from 1 to 9", "failed")
            return
        if self._kept(lambda: self.services.memory.keep_filter(self.kind, number, self.filter_text)):
            done = f"{number} is {self._said()}" if self.filter_text else f"{number} is free again"
            self.message(f"{done}, in every list of {self.kind.plural}", "muted")

    def _said(self) -> str:
        return safe(self.filter_text, 100) if self.filter_text else "no filter"

    def verb_filter(self, text: str) -> None:
        """`:filter state=failed`: as if it had been typed behind the filter key."""
        problem = self.apply_filter(text)
        if problem:
            self.message(f"filter not applied: {problem}", "failed")
        else:
            self.push_filter()

    def push_filter(self) -> None:
        raise NotImplementedError
