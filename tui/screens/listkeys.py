"""The keys of a list: moving, marking, looking, jumping. What they work on is in `list`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from adapters.model import Kind, Ref, Resource
from adapters.port import KindSpec, Query
from tui.core.text import safe
from tui.keys import KeySpec
from tui.screens.base import GridScreen
from tui.screens.hints import opens_title
from tui.screens.listmodel import ListModel
from tui.widgets.table import ResourceTable

PLAIN = re.compile(r"[\w./:@-]+")
"""What a filter takes as a value without quotes."""


class ListKeys(GridScreen):
    """Everything a key does on a list."""

    kind: Kind
    contexts: tuple[str, ...]
    model: ListModel
    table: ResourceTable
    trail: tuple[str, ...]
    filter_text = ""
    wide = False
    resource = "gpu"
    _range_from: Ref | None = None

    # what the list offers

    def reload(self) -> None:
        """Order or content changed here, not on the server."""
        raise NotImplementedError

    def say(self) -> None:
        raise NotImplementedError

    def apply_filter(self, text: str) -> str:
        raise NotImplementedError

    def spec(self, ref: Ref | None = None) -> KindSpec | None:
        """How the backend of that object (or of the first context) has this kind."""
        context = ref.context if ref is not None else self.contexts[0]
        schema = self.services.schemas.get(context)
        return schema.kinds.get(ref.kind if ref is not None else self.kind) if schema is not None else None

    @property
    def current(self) -> Resource | None:
        return self.model.row(self.table.cursor)

    def current_object(self) -> Resource | None:
        return self.current

    def offers(self, spec: KeySpec) -> bool:
        return self.kind is Kind.POOL or not spec.id.startswith("resource-")

    def opens(self) -> str:
        found = self.current
        return opens_title(found, self.spec(found.ref)) if found is not None else "open"

    def _kinds(self, context: str) -> Collection[Kind]:
        schema = self.services.schemas.get(context)
        return schema.kinds if schema is not None else ()

    def _object(self) -> Resource | None:
        found = self.current
        if found is None:
            self.message("there is no object here", "muted")
        return found

    # moving

    def do_down(self) -> None:
        self.table.move(1)

    def do_up(self) -> None:
        self.table.move(-1)

    def do_top(self) -> None:
        self.table.move_to(0)

    def do_bottom(self) -> None:
        self.table.move_to(len(self.model.refs) - 1)

    def do_page_down(self) -> None:
        self.table.page(1)

    def do_page_up(self) -> None:
        self.table.page(-1)

    def do_left(self) -> None:
        if self.kind is Kind.POOL and not self.wide:
            self._fold(True)
        else:
            self.table.scroll_columns(-1)

    def do_right(self) -> None:
        if self.kind is Kind.POOL and not self.wide:
            self._fold(False)
        else:
            self.table.scroll_columns(1)

    def _fold(self, fold: bool) -> None:
        pool = self.current
        if pool is None:
            return
        if not fold:
            self.model.folded.discard(pool.ref)
        elif pool.ref in self.model.folded or not self._has_children(pool.ref):
            if pool.parent is not None:
                self.table.select(pool.parent)
            return
        else:
            self.model.folded.add(pool.ref)
        self.reload()

    def _has_children(self, ref: Ref) -> bool:
        return any((row := self.model.row(each)) is not None and row.parent == ref for each in self.model.refs)

    def do_next_fault(self) -> None:
        self._hop(1)

    def do_previous_fault(self) -> None:
        self._hop(-1)

    def _hop(self, step: int) -> None:
        index = self.model.next_fault(self.table.cursor_index, step)
        if index is None:
            self.message(f"no red {self.kind.value} here", "muted")
        else:
            self.table.move_to(index)

    # looking

    def do_open(self) -> None:
        found = self._object()
        if found is None:
            return
        spec = self.spec(found.ref)
        opens = spec.opens if spec is not None else None
        if opens is None or opens is Kind.TASK:
            self.console.open_detail(found.ref)
        else:
            self._open_under(found, opens)

    def _open_under(self, parent: Resource, kind: Kind) -> None:
        trail = (*self.trail, self.kind.plural, safe(parent.name, 200))
        self.console.open_list(kind, [parent.ref.context], Query(parent=parent.ref), trail=trail)

    def do_describe(self) -> None:
        if (found := self._object()) is not None:
            self.console.open_document(found.ref, "describe")

    def do_raw(self) -> None:
        if (found := self._object()) is not None:
            self.console.open_document(found.ref, "yaml")

    def do_logs(self) -> None:
        refs = self.targets()
        if not refs:
            self.message("there is no object here", "muted")
            return
        spec = self.spec(refs[0])
        if spec is not None and not spec.logs.supported:
            self.message(
                f"no logs: {spec.logs.reason or 'this backend has none for ' + refs[0].kind.plural}", "muted"
            )
            return
        self.console.open_logs(refs)

    def do_attempts(self) -> None:
        found = self._object()
        if found is None:
            return
        attempt = getattr(found, "attempt", None)
        if attempt is not None and attempt < 2:
            self.message(f"{safe(found.name, 60)} had no earlier try", "muted")
        elif attempt is None:
            self.console.open_detail(found.ref)
        else:
            self.console.open_logs([found.ref], attempt - 1)

    def do_why(self) -> None:
        self._tab("Why")

    def do_events(self) -> None:
        self._tab("Events")

    def do_timeline(self) -> None:
        self._tab("Timeline")

    def _tab(self, tab: str) -> None:
        if (found := self._object()) is not None:
            self.console.open_detail(found.ref, tab)

    def do_host(self) -> None:
        found = self._object()
        if found is None:
            return
        schema = self.services.schemas.get(found.ref.context)
        if schema is not None and Kind.HOST in schema.absent:
            self.message(schema.absent[Kind.HOST], "muted")
        elif not found.host:
            self.message(f"no host is known for {safe(found.name, 60)}", "muted")
        else:
            self.console.open_list(Kind.HOST, [found.ref.context], goto=found.host)

    def do_used_by(self) -> None:
        found = self._object()
        if found is None:
            return
        spec = self.spec(found.ref)
        under = [kind for kind in (Kind.RUN, Kind.POD) if spec is not None and kind in spec.children]
        if self.kind in (Kind.HOST, Kind.POOL) and under:
            self._open_under(found, under[0])
        else:
            self.message(f"nothing here uses a {self.kind.value}", "muted")

    def do_owner(self) -> None:
        found = self._object()
        if found is None:
            return
        if found.parent is None and found.pool and Kind.POOL in self._kinds(found.ref.context):
            self.console.open_list(Kind.POOL, [found.ref.context], goto=found.pool)
        elif found.parent is None:
            self.message(f"{safe(found.name, 60)} belongs to nothing above it", "muted")
        elif found.parent.kind is self.kind:
            self.table.select(found.parent)
        else:
            self.console.open_detail(found.parent)

    def do_warp(self) -> None:
        """Only what shares the pool or the group of this row; again shows all."""
        found = self._object()
        if found is None:
            return
        named = [("pool", found.pool), ("group", found.group), ("host", found.host)]
        field, value = next(((field, value) for field, value in named if value), ("", ""))
        if not value:
            self.message(f"{safe(found.name, 60)} has no pool, group or host", "muted")
            return
        text = f"{field}={value}" if PLAIN.fullmatch(value) else f'{field}="{value}"'
        problem = self.apply_filter("" if self.filter_text == text else text)
        if problem:
            self.message(problem, "failed")

    # marks

    def do_mark(self) -> None:
        ref = self.table.cursor
        if ref is None:
            return
        if ref in self.model.marks:
            del self.model.marks[ref]
        else:
            self.model.marks[ref] = None
            self._range_from = ref
        self.table.move(1)
        self._marked()

    def do_mark_range(self) -> None:
        """From the last mark to the cursor."""
        start = self.model.index(self._range_from) if self._range_from is not None else None
        here = self.table.cursor_index
        if start is None:
            return self.do_mark()
        for ref in self.model.refs[min(start, here) : max(start, here) + 1]:
            self.model.marks[ref] = None
        self._marked()

    def do_mark_all(self) -> None:
        self.model.marks.update(dict.fromkeys(self.model.refs))
        self._marked()

    def do_mark_invert(self) -> None:
        """Of the rows shown; marks that a filter hides stay as they are."""
        shown = dict.fromkeys(self.model.refs)
        hidden = {ref: None for ref in self.model.marks if ref not in shown}
        self.model.marks = {**hidden, **{ref: None for ref in shown if ref not in self.model.marks}}
        self._marked()

    def do_unmark(self) -> None:
        self.model.marks.clear()
        self._range_from = None
        self._marked()

    def do_retry_cause(self) -> None:
        from tui.screens.retrycauses import open_causes

        open_causes(self)

    def tells_changed(self) -> None:
        self.table.repaint_changed()
        self.update_peek()

    def _marked(self) -> None:
        self.table.repaint_changed()
        self.say()
        self.update_peek()

    def targets(self) -> list[Ref]:
        if self.model.marks:
            return self.model.marked()
        return [self.table.cursor] if self.table.cursor is not None else []

    def shown(self, refs: Sequence[Ref]) -> Mapping[Ref, Resource]:
        return {ref: row for ref in refs if (row := self.model.row(ref)) is not None}

    def hidden(self, refs: Sequence[Ref]) -> int:
        return sum(1 for ref in refs if self.model.index(ref) is None)
