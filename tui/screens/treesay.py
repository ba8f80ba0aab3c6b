"""What the lines of the tree screen say: where one is, how fresh it is, what is red, what keys do."""

from __future__ import annotations

from adapters.errors import AdapterError, NotFound
from adapters.model import FAULTY, Ref, Resource, State
from tui.core.format import clock, count, short_id, symbol
from tui.core.store import Snapshot
from tui.core.text import safe
from tui.core.treemodel import Folds, Node, Tree
from tui.screens import detailview
from tui.screens.listtext import freshness
from tui.screens.objectkeys import ObjectKeys
from tui.screens.panes import PaneScreen
from tui.widgets.draw import Piece
from tui.widgets.keybar import FIXED, Hint
from tui.widgets.nodelist import NodeList

_FIXED = [hint for hint in FIXED if hint[1] != "filter"]


class TreeSay(ObjectKeys, PaneScreen):
    """Reads what the screen keeps; `TreeScreen` keeps it."""

    roots: tuple[Ref, ...]
    folds: Folds
    grown: Tree
    nodes: NodeList
    found: dict[Ref, Resource]
    error: AdapterError | None

    def snapshots(self) -> list[Snapshot]:
        raise NotImplementedError

    def now(self) -> float:
        raise NotImplementedError

    def current_object(self) -> Resource | None:
        """The object of the line; of a try its pod, of a remark nothing."""
        node = self.nodes.current
        if node is None or node.tried is None:
            return node.resource if node is not None else None
        return next((each.resource for each in self.grown.nodes if each.path == node.path[:-1]), None)

    def say(self) -> None:
        self.set_crumbs([*self._crumbs(), "tree"], self._guard())
        snapshots = self.snapshots()
        now = self.services.clock()
        if self.error is not None and not self.found:
            gone = isinstance(self.error, NotFound)
            self.set_freshness([("not found" if gone else "not read", "failed")])
            self.set_counts_text([(safe(self.error.sentence), "failed")])
            return
        paused = self.services.paused
        fresh = freshness(snapshots, now, paused=paused) if snapshots else f"as of {clock(now, now)}"
        self.set_freshness(fresh if self.found else "loading")
        self.set_counts_text(self._status(), self._counted())

    def _guard(self) -> str:
        guard = self.services.info(self.ref.context).guard
        words = (("protected", guard.protected), ("read-only", guard.read_only))
        return " ".join(word for word, on in words if on)

    def _crumbs(self) -> list[str]:
        name = self.found[self.ref].name if self.ref in self.found else short_id(safe(self.ref.id, 200))
        more = f" and {len(self.roots) - 1} more" if len(self.roots) > 1 else ""
        return [self.ref.context, self.ref.kind.plural, safe(name, 200) + more]

    def _status(self) -> list[Piece]:
        found = self.found.get(self.ref)
        if found is None or len(self.roots) > 1:
            return [(f"{len(self.roots)} {self.ref.kind.plural}", "text")]
        return detailview.status(found, (), self.now())

    def _counted(self) -> list[Piece]:
        objects = [node for node in self.grown.nodes if node.resource is not None]
        red = sum(1 for node in objects if node.state in FAULTY)
        pieces: list[Piece] = [(f"{count(len(objects))} shown", "muted")]
        if red:
            pieces += [("   " + symbol(State.FAILED, self.services.ascii), "failed"), (f" {count(red)}", "text")]
        return pieces

    def update_peek(self) -> None:
        node = self.nodes.current
        if node is None or self.sheet is not None:
            return
        found = self.current_object()
        if found is None:
            self.set_peek([[(node.note, node.token)]])
        elif node.tried is not None:
            said = [part for part in (node.tried.native, node.tried.host, node.tried.said) if part]
            told = safe("  ".join(said)) or "the server does not tell of it"
            self.set_peek(f"try {node.tried.number}  {told}")
        else:
            self.set_peek([detailview.peek(found, self.now()), [(safe(str(found.ref)), "muted")]])
        self._say_keys(node)

    def _say_keys(self, node: Node) -> None:
        shown = self.services.keys.key
        hints: list[Hint] = [(shown("open"), self.opens(), True)]
        found = self.current_object()
        spec = self.spec_of(found.ref) if found is not None else None
        if node.unfolds:
            key = "left" if node.open else "right"
            hints.append((shown(key), "fold" if node.open else "unfold", True))
            deep = node.path in self.folds.deep
            hints.append((shown("unfold-all"), "none below" if deep else "all below", True))
        if spec is not None and spec.logs.supported:
            hints.append((shown("logs"), "logs", True))
        self.key_hints([*hints, (shown("next-fault"), "next red", True)], _FIXED)

    def opens(self) -> str:
        node = self.nodes.current
        if node is None or (node.state is None and node.opens is None):
            return "unfold"
        if node.opens is not None:
            return node.opens.plural
        return "its log" if node.tried is not None else node.resource.ref.kind.value if node.resource else "open"
