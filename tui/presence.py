"""Whether somebody is at the terminal: what fails meanwhile is counted in its title, and told when they are back.

Away is who has turned to another window, or has pressed no key for a while. What was seen last is kept as the
read mark of the digest when the absence was long enough, and when the console ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from textual import events

from adapters.model import FAULTY, Kind, Ref, State
from tui.core import format
from tui.core.around import Around
from tui.core.looks import Look
from tui.core.store import Diff, Key, Snapshot
from tui.core.sync import Subscription
from tui.navigation import Navigator
from tui.title import Title

IDLE = 300.0
"""Seconds without a key after which nobody is taken to be there."""

COUNTS = 300.0
"""An absence of so many seconds is one: what was there before it has been looked at."""

TOLD = 60.0
"""After so many seconds it is said how long it was, even if nothing happened."""

CHECK = 15.0
SIGNS_OF_LIFE = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)
AFTER_KEY = 0.3
"""A key clears what is said, and so does the move of the cursor that it makes: it is said after these."""


@dataclass
class Absence:
    """Since when, the lists as they were then, and which runs have failed meanwhile. `claims` keep the runs true
    that no screen shows."""

    since: float
    lists: Mapping[str, Sequence[Snapshot]]
    failed: dict[Ref, None] = field(default_factory=dict)
    claims: list[Subscription] = field(default_factory=list)
    kept: bool = False


class PresentApp(Navigator, inherit_bindings=False):
    """The part of the app that knows whether somebody is there."""

    absence: Absence | None = None
    _seen_at = 0.0
    _unlisten: Callable[[], None] = staticmethod(lambda: None)

    @cached_property
    def around(self) -> Around:
        return Around(self.services)

    @cached_property
    def terminal_title(self) -> Title:
        return Title(self._control, os.environ)

    def _control(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    def on_mount(self) -> None:
        self._seen_at = self.services.clock()
        self._unlisten = self.services.store.listen(self._heard)
        self.set_interval(CHECK, self.check_presence)

    async def on_unmount(self) -> None:
        self._unlisten()
        self.around.close()
        self.terminal_title.show("")

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, SIGNS_OF_LIFE) and not event.is_forwarded:
            self._seen_at = self.services.clock()
            if self.absence is not None:
                self.set_timer(AFTER_KEY, self.back)
        await super().on_event(event)

    def on_app_blur(self) -> None:
        self.leave(self.services.clock())

    def on_app_focus(self) -> None:
        self._seen_at = self.services.clock()
        self.back()

    def exit(self, *args: Any, **options: Any) -> None:
        self._keep_last()
        super().exit(*args, **options)

    # leaving and coming back

    def check_presence(self) -> None:
        """Who presses no key is away; who is away for long has looked before that."""
        now, absence = self.services.clock(), self.absence
        self.around.check(self.scope)
        if absence is None:
            if now - self._seen_at >= IDLE:
                self.leave(self._seen_at)
            return
        if now - absence.since >= TOLD and not absence.claims:
            absence.claims = [
                self.services.sync.subscribe(name, Kind.RUN, hidden=True)
                for name in self.scope
                if name in self.services.schemas and Kind.RUN in self.services.schemas[name].kinds
            ]
        if now - absence.since >= COUNTS:
            self._keep_absence(absence)

    def leave(self, since: float) -> None:
        if self.absence is not None:
            return
        self.absence = Absence(since, self.around.lists(self.services.adapters))
        for key in self.services.store.held:
            self._count(key, self.services.store.snapshot(key).changed)

    def back(self) -> None:
        absence, self.absence = self.absence, None
        if absence is None:
            return
        self.terminal_title.show("")
        for claim in absence.claims:
            claim.release()
        seconds = self.services.clock() - absence.since
        if seconds >= COUNTS:
            self._keep_absence(absence)
        failed, key = len(absence.failed), self.services.keys.key("digest")
        if failed or seconds >= TOLD:
            said = f"{failed} failed" if failed else "nothing failed"
            self._say(f"away {format.age(seconds)}: {said}  {key}", "failed" if failed else "muted")

    def _heard(self, key: Key, diff: Diff) -> None:
        self._count(key, (*diff.added, *diff.changed))

    def _count(self, key: Key, refs: Sequence[Ref] | Mapping[Ref, object]) -> None:
        """Runs that failed while nobody looked, in the title."""
        absence = self.absence
        if absence is None or key.kind is not Kind.RUN or not refs:
            return
        snapshot, before = self.services.store.snapshot(key), len(absence.failed)
        for ref in refs:
            if _failed_since(snapshot, ref, absence.since):
                absence.failed[ref] = None
        if len(absence.failed) != before:
            contexts = list(dict.fromkeys(ref.context for ref in absence.failed))
            more = f" +{len(contexts) - 1}" if len(contexts) > 1 else ""
            mark = format.symbol(State.FAILED, self.services.ascii)
            self.terminal_title.show(f"{mark}{len(absence.failed)} {contexts[0]}{more}")

    # read marks

    def looked(self, contexts: Sequence[str]) -> None:
        """Somebody has seen what there is of these contexts."""
        self._keep(self.around.lists(contexts), self.services.clock())

    def _keep_absence(self, absence: Absence) -> None:
        if not absence.kept:
            absence.kept, lists, absence.lists = True, absence.lists, {}
            self._keep(lists, absence.since)

    def _keep_last(self) -> None:
        """The console ends: what was seen last is the read mark."""
        absence = self.absence
        if absence is None or self._seen_at > absence.since:
            self._write(self.around.looks(self.around.lists(self.services.adapters), self.services.clock()))
        elif not absence.kept:
            absence.kept = True
            self._write(self.around.looks(absence.lists, absence.since))

    def _keep(self, lists: Mapping[str, Sequence[Snapshot]], at: float) -> None:
        def keep() -> None:
            self._write(self.around.looks(lists, at))

        self.run_worker(asyncio.to_thread(keep), group="looks", exit_on_error=False)

    def _write(self, looks: Mapping[str, Look]) -> None:
        for name, look in looks.items():
            with contextlib.suppress(OSError):  # losing it loses nothing but a comparison
                self.services.looks.keep(name, look)


def _failed_since(snapshot: Snapshot, ref: Ref, since: float) -> bool:
    """By the time it says; a run that says none, by what it was when somebody last looked at its row."""
    row, mark = snapshot.rows.get(ref), snapshot.changed.get(ref)
    if row is None or row.state not in FAULTY:
        return False
    if row.finished is not None:
        return row.finished > since
    return mark is not None and mark.since > since and mark.state_from not in FAULTY
