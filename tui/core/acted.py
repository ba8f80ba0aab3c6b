"""Who acted since a time, from the journal of this machine: plans, with what became of their targets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

from adapters.model import Ref, Timestamp
from tui.core.filter_values import moment
from tui.core.format import iso
from tui.core.journal import Entry, Journal

UNDER_WAY = "under way"


@dataclass(frozen=True, slots=True)
class Acted:
    """One plan. `refs` are those of `targets` that are objects; `endings` are in the order of the targets."""

    at: Timestamp
    user: str
    action: str
    reason: str
    targets: tuple[str, ...]
    refs: tuple[Ref, ...]
    endings: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.targets[0]


def acted_since(journal: Journal, since: Timestamp, contexts: Collection[str]) -> list[Acted]:
    """Oldest first. Reads the files of the journal: call it in a thread. Raises OSError."""
    first = (iso(since) or "")[:7]
    plans: dict[str, list[Entry]] = {}
    for entry in chain.from_iterable(journal.records(month) for month in journal.months() if month >= first):
        at = moment(entry.time)
        if at is not None and at > since and entry.target.partition("/")[0] in contexts:
            plans.setdefault(entry.plan, []).append(entry)
    return [_acted(entries) for entries in plans.values()]


def _acted(entries: list[Entry]) -> Acted:
    first = entries[0]
    return Acted(
        moment(first.time) or 0.0,
        first.user,
        first.action,
        first.reason,
        tuple(entry.target for entry in entries),
        tuple(ref for entry in entries if (ref := _ref(entry.target)) is not None),
        tuple(entry.ending or UNDER_WAY for entry in entries),
    )


def _ref(target: str) -> Ref | None:
    try:
        return Ref.parse(target)
    except ValueError:
        return None
