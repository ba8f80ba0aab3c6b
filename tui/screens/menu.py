"""The action menu: everything that can be done to the object, and why something cannot. Only enter acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from adapters.model import Kind, Ref, Resource
from tui.core import format
from tui.core.tell import cannot_end
from tui.core.text import cut, pad, safe
from tui.screens.menuentries import Entry, action_entries, context_entries, legal_first, plugin_entries
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.sheet import LinesSheet

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

LOOKS = {
    "open": "what is inside it",
    "logs": "its output, followed while it grows",
    "describe": "every field the server gives",
    "raw": "the object as the server has it",
    "why": "the cause, and where it was found",
    "timeline": "its parts on one time axis",
    "events": "what happened to it",
    "attempts": "logs of earlier tries",
    "host": "the host it is on",
    "used-by": "what uses it",
    "owner": "what it belongs to",
    "tree": "what is below it, unfolded step by step",
    "tell": "a line, the bell and a notice when it ends",
    "retry-cause": "what failed here, in groups to choose from",
}
NAMES = {
    "timeline": "Timeline",
    "used-by": "Used by",
    "describe": "Describe",
    "raw": "Raw",
    "why": "Explain",
    "tell": "Tell me",
}
NOTHING_ELSE: Mapping[str, str] = MappingProxyType({})
USUAL_LINES = 13
KEY, TITLE, VERB = 5, 15, 10
VERBS_FROM = 70


class MenuSheet(LinesSheet):
    """Letters search; legal actions first, illegal ones last and dim."""

    def __init__(
        self, host: GridScreen, current: Resource, targets: Sequence[Ref], without: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.without = without
        self.host, self.current, self.targets = host, current, list(targets)
        self.typed = ""
        self.cursor = 0
        mark = format.symbol(current.state, host.services.ascii)
        name = safe(current.name, 200)
        self.title_left = f"ACTIONS  {name}  {mark} {current.state.value}"
        if len(self.targets) > 1:
            self.title_left = f"ACTIONS  {len(self.targets)} marked"
        self.title_right = "type to find"
        acts = [*action_entries(host, current, self.targets), *plugin_entries(host)]
        self.entries = [*legal_first(acts), *self._looks(), *context_entries(host, [current.ref.context])]
        self._fill()

    def _looks(self) -> list[Entry]:
        services = self.host.services
        found = []
        schema = services.schemas.get(self.current.ref.context)
        spec = schema.kinds.get(self.current.ref.kind) if schema is not None else None
        for id, what in LOOKS.items():
            key = services.keys.spec(id)
            handler = getattr(self.host, f"do_{id.replace('-', '_')}", None)
            if key is None or handler is None or id in self.without:
                continue
            why = ""
            if id == "logs" and spec is not None and not spec.logs.supported:
                why = spec.logs.reason or "there are none"
            elif id == "host" and schema is not None and Kind.HOST in schema.absent:
                why = schema.absent[Kind.HOST]
            elif id == "tell":
                why = cannot_end(self.current) if len(self.targets) < 2 else ""
            elif id == "events" and spec is not None and not spec.events.supported:
                why = spec.events.reason or "there are none"
            title = NAMES.get(id, key.title[:1].upper() + key.title[1:])
            act = None if why else handler
            found.append(Entry(services.keys.key(id), title, f"- {why}" if why else what, key.verb or id, act))
        return found

    @property
    def matching(self) -> list[Entry]:
        typed = self.typed.lower()
        if not typed:
            return self.entries
        return [entry for entry in self.entries if typed in f"{entry.title} {entry.verb} {entry.what}".lower()]

    def _fill(self) -> None:
        whole = self.host.size.width or 80
        self.verbs = whole >= VERBS_FROM
        width = max(12, whole - KEY - TITLE - 6 - (VERB + 2 if self.verbs else 0))
        head = f"  {'KEY':<{KEY}}  {'ACTION':<{TITLE}}  {pad('WHAT IT DOES, OR WHY NOT', width)}"
        head += "  :VERB" if self.verbs else ""
        self.heads = [[(head, "muted")]]
        self.rows = [self._row(entry, width) for entry in self.matching]
        self.cursor = min(self.cursor or 0, max(0, len(self.rows) - 1))
        self.first = 0
        self.title_right = f"find {self.typed}" if self.typed else "type to find"

    def _row(self, entry: Entry, width: int) -> list[Piece]:
        live = entry.act is not None
        what = pad(cut(safe(entry.what), width), width)
        danger = what.startswith("danger:")
        pieces: list[Piece] = [(f" {pad(entry.key, KEY)}  ", "key" if live else "muted")]
        pieces.append((f"{pad(entry.title, TITLE)}  ", "text" if live else "muted"))
        if danger and live:
            pieces += [("danger", "failed"), (what[6:], "text")]
        else:
            pieces.append((what, "text" if live else "muted"))
        if self.verbs:
            pieces.append((f"  {entry.verb}", "muted"))
        return pieces

    def wanted_lines(self, most: int) -> int:
        """A height that does not jump while something is searched for."""
        return min(most, max(USUAL_LINES, 2 + len(self.entries)))

    def hints(self) -> Sequence[Hint]:
        return (("enter", "choose", True), ("esc", "close", True))

    def peek(self) -> Sequence[Sequence[Piece]]:
        if not self.matching:
            return [[(f"nothing is called {self.typed}", "muted")]]
        entry = self.matching[self.cursor or 0]
        if entry.act is None:
            return [[(f"{entry.title} {entry.what}", "muted")]]
        if entry.context:
            return [[(f"{entry.title} in {entry.context}, asks first. ", "text"), (safe(entry.what), "muted")]]
        if entry.verb in LOOKS:
            return [[(f"{entry.title}: {entry.what}", "text")]]
        many = f"{len(self.targets)} {self.current.ref.kind.plural}" if len(self.targets) > 1 else "1 object"
        if entry.verb in self.host.services.config.plugins:
            return [[(f"{entry.title}: {many}. ", "text"), (safe(entry.what), "muted")]]
        return [[(f"{entry.title}: {many}, asks first. ", "text"), (safe(entry.what), "muted")]]

    def chosen(self, index: int) -> None:
        entry = self.matching[index]
        if entry.act is None:
            self.host.message(f"{entry.title} {entry.what}", "waiting")
            return
        self.close()
        entry.act()

    def press(self, key: str, character: str | None) -> bool:
        if key == "backspace" and self.typed:
            self.typed = self.typed[:-1]
            self._fill()
        elif character is not None and character.isprintable() and (character != " " or self.typed):
            self.typed += character
            self._fill()
        elif not super().press(key, character):
            return False
        if self.host.sheet is self:
            self.host.sheet_changed()
            self.refresh()
        return True


class ContextMenu(MenuSheet):
    """What can be done without an object: actions of contexts, and `looks` at them, by the ids of keys."""

    def __init__(self, host: GridScreen, contexts: Sequence[str], looks: Mapping[str, str] = NOTHING_ELSE) -> None:
        LinesSheet.__init__(self)
        self.host, self.targets, self.typed, self.cursor = host, [], "", 0
        self.title_left = f"ACTIONS  in {contexts[0] if len(contexts) == 1 else f'{len(contexts)} contexts'}"
        self.entries = legal_first(context_entries(host, contexts))
        for id, what in looks.items():
            key = host.services.keys.spec(id)
            handler = getattr(host, key.method, None) or getattr(host.app, key.method, None) if key else None
            if key is not None and handler is not None:
                title = key.title[:1].upper() + key.title[1:]
                self.entries.append(Entry(host.services.keys.key(id), title, what, key.verb or id, handler))
        self._fill()

    def peek(self) -> Sequence[Sequence[Piece]]:
        if not self.matching:
            said = f"nothing is called {self.typed}" if self.typed else "nothing can be done here without an object"
            return [[(said, "muted")]]
        entry = self.matching[self.cursor or 0]
        if entry.act is not None and not entry.context:
            return [[(f"{entry.title}: {entry.what}", "text")]]
        return super().peek()
