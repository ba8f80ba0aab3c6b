"""`X`: the first error line behind a failure, with its context, and how it was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.model import FAULTY, Kind, Ref, Resource
from tui.core.glimpse import of_lines
from tui.core.loglines import Level
from tui.core.sgr import pieces as sgr_pieces
from tui.core.text import safe
from tui.core.why import Finding, explain
from tui.widgets.draw import Piece
from tui.widgets.keybar import Hint
from tui.widgets.logview import TIME_WIDTH, stamp, without_stamp, wrapped
from tui.widgets.sheet import LinesSheet
from tui.widgets.tree import build, first_to_look_at

if TYPE_CHECKING:
    from tui.screens.detail import DetailScreen


MOST_CHUNKS = 6
"""Screen lines of the chosen line: it is the answer, so it is not cut at the edge."""


class WhySheet(LinesSheet):
    """Reads the logs of the first failed part, then of the next ones, and shows what it found."""

    def __init__(self, detail: DetailScreen) -> None:
        super().__init__()
        self.of = detail
        self.findings: list[Finding] = []
        self.done = False
        found = detail.found
        self.title_left = f"WHY  {safe(found.name if found else detail.ref.id, 60)}"
        self.title_right = "searching the logs"

    def on_mount(self) -> None:
        self._say()
        self.run_worker(self._search(), group="why", exit_on_error=False)

    async def _search(self) -> None:
        owner = self.of
        candidates = self.candidates()
        if candidates:
            self.findings = await explain(owner.adapter, owner.services.spool, candidates)
            for each in self.findings:
                keep, find = owner.services.glimpses.keep, owner.services.store.find
                keep([each.resource.ref], of_lines(each.context), find)
        self.done = True
        self._say()

    def candidates(self) -> list[Resource]:
        """Failed leaves of the task tree, the first to look at leading; else failed children; else the object."""
        owner = self.of
        tasks = owner.children_of(Kind.TASK)
        if tasks is not None and tasks.rows:
            rows = build(tasks.rows.values())
            first = first_to_look_at(rows)
            leaves = [row.resource for row in rows if row.resource and not row.has_children and row.state in FAULTY]
            lead = rows[first].resource
            ordered = sorted(leaves, key=lambda each: (each is not lead, each.finished or float("inf")))
            if ordered:
                return ordered
        failed = [part for part in owner.parts() if part.state in FAULTY]
        if failed:
            return sorted(failed, key=lambda each: each.finished or float("inf"))
        found = owner.found
        return [found] if found is not None else []

    def _say(self) -> None:
        if not self.is_mounted:
            return
        self.rows = self._lines()
        self.title_right = "" if self.done else "searching the logs"
        self.of.size_sheet()
        self.of.sheet_changed()
        self.refresh()

    def _lines(self) -> list[Sequence[Piece]]:
        detail = self.of.detail
        cause = safe(detail.cause) if detail and detail.cause else ""
        rows: list[Sequence[Piece]] = [
            _labelled("server", cause or "reports no cause", "text" if cause else "muted")
        ]
        for finding in self.findings:
            found = finding.resource
            rows.append(
                _labelled(
                    found.ref.kind.value,
                    f"{safe(found.name)}  {safe(found.native_state)}  {safe(found.message or '')}",
                )
            )
            rows.append(_labelled("chosen", safe(finding.said), "muted" if finding.line is not None else "waiting"))
            if finding.context:
                rows.append([])
            for line in finding.context:
                chosen = line.number == finding.line
                red = line.level is Level.ERROR
                lead: Piece = ("✗ " if red else "  ", "failed")
                at = stamp(line.time) if line.time is not None else f"line {line.number + 1}"
                number: Piece = (f"{at:<{TIME_WIDTH}}  ", "muted")
                body = sgr_pieces(without_stamp(line), "bold" if chosen else "text", 2000)
                width = max(20, self.of.size.width - TIME_WIDTH - 6)
                chunks = wrapped(body, width)[:MOST_CHUNKS] if chosen else [body]
                rows.append([(" ", "text"), lead, number, *chunks[0]])
                rows += [[(" " * (TIME_WIDTH + 5), "text"), *chunk] for chunk in chunks[1:]]
        if self.done and not self.findings:
            rows.append(_labelled("", "nothing has failed here, so no log was searched", "muted"))
        elif not self.done:
            rows.append(_labelled("", "reading the log of what failed first", "muted"))
        return rows

    @property
    def chosen_line(self) -> Finding | None:
        return next((each for each in self.findings if each.line is not None), None)

    def hints(self) -> Sequence[Hint]:
        opens: tuple[Hint, ...] = (("enter", "log there", True),) if self.findings else ()
        return (*opens, ("esc", "close", True))

    def press(self, key: str, character: str | None) -> bool:
        if key in ("enter", "l") and self.findings:
            finding = self.chosen_line or self.findings[0]
            self.close()
            self._open(finding.resource.ref, finding)
            return True
        if key in ("j", "k"):
            self.move(1 if key == "j" else -1)
            return True
        if key in ("q", "X"):
            self.close()
            return True
        return super().press(key, character)

    def _open(self, ref: Ref, finding: Finding) -> None:
        from tui.screens.logs import LogsScreen

        attempt = finding.source.attempt if finding.source is not None else None
        source = finding.source.name if finding.source is not None else ""
        self.app.push_screen(LogsScreen((ref,), attempt=attempt, source=source, line=finding.line))


def _labelled(label: str, text: str, token: str = "text") -> list[Piece]:
    return [(" ", "text"), (f"{label:<9}", "muted"), (text, token)]
