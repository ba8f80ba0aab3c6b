"""The keys about the object under the cursor, for screens that show objects of any kind."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.model import Kind, Ref, Resource
from adapters.port import KindSpec, Query
from tui.core.text import safe
from tui.screens.base import GridScreen


class ObjectKeys(GridScreen):
    """`current_object()` is what they are about."""

    def _object(self) -> Resource | None:
        found = self.current_object()
        if found is None:
            self.message("there is no object here", "muted")
        return found

    def spec_of(self, ref: Ref) -> KindSpec | None:
        schema = self.services.schemas.get(ref.context)
        return schema.kinds.get(ref.kind) if schema is not None else None

    def targets(self) -> list[Ref]:
        found = self.current_object()
        return [found.ref] if found is not None else []

    def shown(self, refs: Sequence[Ref]) -> dict[Ref, Resource]:
        found = self.current_object()
        return {found.ref: found} if found is not None and found.ref in refs else {}

    def do_describe(self) -> None:
        if (found := self._object()) is not None:
            self.console.open_document(found.ref, "describe")

    def do_raw(self) -> None:
        if (found := self._object()) is not None:
            self.console.open_document(found.ref, "yaml")

    def do_logs(self) -> None:
        if (found := self._object()) is not None:
            self._logs(found, None)

    def _logs(self, found: Resource, attempt: int | None) -> None:
        spec = self.spec_of(found.ref)
        if spec is not None and not spec.logs.supported:
            why = spec.logs.reason or f"this backend has none for {found.ref.kind.plural}"
            self.message(f"no logs: {why}", "muted")
        else:
            self.console.open_logs([found.ref], attempt)

    def do_attempts(self) -> None:
        found = self._object()
        attempt = getattr(found, "attempt", None)
        if found is not None and (attempt is None or attempt < 2):
            self.message("no earlier try is known here", "muted")
        elif found is not None and attempt is not None:
            self._logs(found, attempt - 1)

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
        spec = self.spec_of(found.ref)
        under = [kind for kind in (Kind.RUN, Kind.POD) if spec is not None and kind in spec.children]
        if found.ref.kind in (Kind.HOST, Kind.POOL) and under:
            self.list_under(found, under[0])
        else:
            self.message(f"nothing here uses a {found.ref.kind.value}", "muted")

    def list_under(self, found: Resource, kind: Kind) -> None:
        trail = (found.ref.kind.plural, safe(found.name, 200))
        self.console.open_list(kind, [found.ref.context], Query(parent=found.ref), trail=trail)

    def do_owner(self) -> None:
        found = self._object()
        if found is not None and found.parent is None:
            self.message(f"{safe(found.name, 60)} belongs to nothing above it", "muted")
        elif found is not None and found.parent is not None:
            self.console.open_detail(found.parent)

    def do_copy_id(self) -> None:
        if (found := self._object()) is not None:
            self.console.copy(found.ref.id)
            self.message("copied the id", "muted")

    def do_menu(self) -> None:
        from tui.screens.menu import MenuSheet

        if (found := self._object()) is not None:
            self.open_sheet(MenuSheet(self, found, self.targets()))
