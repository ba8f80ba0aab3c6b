"""What a list says around its rows: lines 1 and 2, the notice of an empty body, peek and keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer
from textual.widget import Widget

from adapters.model import Kind, Pool, Resource
from adapters.port import Query
from tui.core.query import FilterError
from tui.core.store import Snapshot
from tui.core.text import safe
from tui.core.view import TableView
from tui.screens import listtext
from tui.screens.base import PEEK_DELAY
from tui.screens.filtering import FilterPrompt
from tui.screens.hints import object_hints, table_hints
from tui.screens.listsaved import ListSaved
from tui.widgets.draw import Piece
from tui.widgets.notice import NoticeView

MOST_COUNTED = 20_000
"""Up to so many rows are counted again to say which part of a filter is the one that excludes everything."""


class ListSay(ListSaved):
    """Everything a list says; it only reads what `ListScreen` keeps."""

    view: TableView
    notice: NoticeView
    asked: Query
    title_word: str
    filtering: FilterPrompt | None = None
    filter_error: FilterError | None = None
    pushed = False
    _new_above = 0
    _resting: Timer | None = None

    def _tick(self) -> None:
        """Only what is out of date counts seconds; an idle table writes nothing."""
        snapshots = self.model.snapshots.values()
        if self.is_current and any(s.stale_since is not None or s.error is not None for s in snapshots):
            self.say()
            self.update_peek()

    def say(self) -> None:
        """Lines 1, 2 and H, and what stands in the body when there are no rows."""
        if not self.is_mounted:
            return
        name = self.contexts[0] if len(self.contexts) == 1 else self._scope_name()
        guard = self._guard()
        crumbs = [name, *self.trail, self.title_word]
        self.set_crumbs(crumbs, guard)
        snapshots = list(self.model.snapshots.values())
        paused = self.services.paused
        if snapshots:
            self.set_freshness(listtext.freshness(snapshots, self.services.clock(), paused=paused))
        else:
            self.set_freshness("")
        self._say_counts(snapshots)
        self._say_rows(snapshots)
        self._say_keys()

    def _scope_name(self) -> str:
        return "all" if set(self.contexts) >= set(self.services.adapters) else ",".join(self.contexts)

    def _guard(self) -> str:
        if len(self.contexts) != 1:
            return self.console.banner
        return "protected" if self.services.info(self.contexts[0]).guard.protected else self.console.banner

    def about(self) -> Sequence[str]:
        return self.contexts

    def _say_counts(self, snapshots: Sequence[Snapshot]) -> None:
        if not self.supporting():
            self.set_counts_text([("not offered by this backend", "muted")])
            return
        counts = self.view.counts()
        filtered = self.view.filter is not None
        total = listtext.total_text(self.kind, counts, snapshots, filtered=filtered)
        note = self._note(snapshots)
        if self.kind is Kind.POOL:
            pools = [row for ref in self.view.refs if isinstance(row := self.model.row(ref), Pool)]
            text = listtext.pool_counts(pools, total, self.resource, ascii=self.services.ascii)
            self.set_counts_text(text, note)
        elif filtered and counts.shown == 0:
            self.set_counts_text([(total, "text")], note)
        else:
            self.set_counts(listtext.slots(total, counts, ascii=self.services.ascii), note)

    def _note(self, snapshots: Sequence[Snapshot]) -> list[Piece]:
        """The right of line 2: what hides, what is new, what is marked; the most surprising first."""
        parts: list[Piece] = []
        if self.filtering is not None and self.filtering.problem:
            return [("filter not applied", "waiting")]
        if self._new_above:
            parts.append((f"{self._new_above} new above", "accent"))
        if self.model.faults_only:
            parts.append(("only faults", "waiting"))
        if self.view.filter is not None and self.filtering is None:
            parts.append((f"/ {safe(self.view.filter.text, 60)}", "accent"))
            parts += self._by_server(snapshots)
        if self.model.marks and self.peek.size.height >= 4:
            parts.append((self._marks_text(), "text"))
        for snapshot in snapshots:
            if snapshot.note:
                parts.append((safe(snapshot.note, 60), "muted"))
                break
        else:
            capped = [s for s in snapshots if not s.complete and not s.loading and s.rows and s.error is None]
            if capped:
                loaded = sum(s.loaded for s in capped)
                parts.append((f"sorted over {loaded:,} loaded", "muted"))
        result: list[Piece] = []
        for part in parts:
            result += [("   ", "text"), part] if result else [part]
        return result

    def _by_server(self, snapshots: Sequence[Snapshot]) -> list[Piece]:
        """Which part of the filter servers have evaluated; all of it is applied here as well."""
        applied = [{term.field for term in snapshot.applied} for snapshot in snapshots if snapshot.applied]
        if not self.pushed or not applied:
            return []
        some = f" in {len(applied)} of {len(snapshots)}" if len(applied) < len(snapshots) else ""
        return [(f"server: {', '.join(sorted(set().union(*applied)))}{some}", "muted")]

    def _marks_text(self) -> str:
        return f"{len(self.model.marks)} marked, {self.model.hidden_marks()} hidden"

    def _say_rows(self, snapshots: Sequence[Snapshot]) -> None:
        empty = not self.model.refs
        if empty:
            self.notice.show(self._why_empty(snapshots).lines)
        for widget in (self.notice, self.table):
            shown = self.wanted(widget) and not self.small.display and not (self.sheet and self.sheet.tall)
            if widget.display != shown:
                widget.display = shown

    def wanted(self, widget: Widget) -> bool:
        """Sentences stand where the rows would be, when there are none."""
        if widget not in (self.notice, self.table):
            return True
        return (widget is self.notice) == (not self.model.refs)

    def _why_empty(self, snapshots: Sequence[Snapshot]) -> listtext.Notice:
        if not self.supporting():
            known = self.services.schemas
            absent = {
                name: known[name].absent.get(self.kind, f"{name} has no {self.kind.plural}") for name in known
            }
            there = dict.fromkeys(kind for name in self.contexts if name in known for kind in known[name].kinds)
            return listtext.unsupported({n: absent[n] for n in self.contexts if n in absent}, list(there))
        if self.view.filter is not None and self.view.total:
            complete = all(snapshot.complete for snapshot in snapshots)
            others = len(self.services.adapters)
            found = self._parts_alone(snapshots) if self.view.total <= MOST_COUNTED else None
            return listtext.no_match(self.kind, self.view.filter, self.view.total, complete, others, found)
        if self.model.faults_only and self.view.refs:
            again = self.services.keys.key("faults")
            red = ((f"  No red {self.kind.value}. ", "text"), (again, "key"), (" shows all", "muted"))
            return listtext.Notice(((), red))
        return listtext.nothing_here(self.kind, snapshots, self._of())

    def _of(self) -> str:
        """`on gpu-a100-0402`: whose children these are."""
        parent = self.asked.parent
        if parent is None:
            return ""
        found = self.services.store.find(parent)
        name = safe(found.name, 80) if found is not None else self.trail[-1] if self.trail else parent.id
        return f"{'on' if parent.kind is Kind.HOST else 'in'} {name}"

    def _parts_alone(self, snapshots: Sequence[Snapshot]) -> tuple[int, str] | None:
        """The part of the filter that matches most by itself, when another part excludes all of that."""
        found: list[tuple[int, str]] = []
        for part in self.view.filter.parts if self.view.filter is not None else ():
            rows = (row for snapshot in snapshots for row in snapshot.rows.values())
            count = sum(1 for row in rows if part.matches(row, self.model.now(row.ref.context)))
            found.append((count, part.text))
        return max(found, default=None) if len(found) > 1 else None

    def _say_keys(self) -> None:
        hints = object_hints(self, self.current, self.model.marked() if self.model.marks else [])
        self.key_hints(hints, more=table_hints(self.services.keys))

    def update_peek(self) -> None:
        """Peek and keys follow shortly after the cursor rests, so that holding `j` costs two lines a step."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(PEEK_DELAY, self._peek_now)

    def _peek_now(self) -> None:
        if not self.is_mounted or self.sheet is not None:
            return
        self._say_keys()
        current = self.current
        lead: list[Piece] = [(f"{self._marks_text()}   ", "text")] if self.model.marks else []
        if current is not None and current.ref in self.services.tells:
            lead += [(f"{'' if self.services.ascii else '♪ '}tells when it ends   ", "accent")]
        problem = self._trouble(current)
        if problem:
            self.set_peek([[*lead, *problem]])
        elif current is None:
            self.set_peek([lead] if lead else [])
        else:
            change = self.model.change(current.ref)
            lines = listtext.peek_lines(
                current,
                change,
                self.model.now(current.ref.context),
                self.peek.size.height,
                ascii=self.services.ascii,
                lead=lead,
                glimpse=self.services.glimpses.get(current.ref),
            )
            self.set_peek(lines)

    def _trouble(self, current: Resource | None) -> list[Piece]:
        """The failure of the context of the cursor row, or of any while there is no row."""
        snapshots = self.model.snapshots.values()
        if current is not None:
            found = self.model.snapshot(current.ref.context)
            snapshots = [found] if found is not None else []  # type: ignore[assignment]
        failed = next((s for s in snapshots if s.error is not None and (s.stale_since or s.as_of is None)), None)
        if failed is None:
            return []
        health = self.services.sync.contexts().get(failed.key.context)
        return listtext.trouble(failed.error, health, self.services.clock(), ascii=self.services.ascii)
