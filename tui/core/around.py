"""Looking round: hosts and pools are read now and then though no screen shows them, or nobody could tell later
what has become of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from adapters.model import Kind, Timestamp
from tui.core.looks import Look, look_at
from tui.core.services import Services
from tui.core.store import Key, Snapshot
from tui.core.sync import Subscription

KINDS = (Kind.RUN, Kind.HOST, Kind.POOL)
PLACES = (Kind.HOST, Kind.POOL)
FIRST = 60.0
EVERY = 900.0
PATIENCE = 120.0


class Around:
    """`check` is called every now and then; a list that a screen keeps true is not read for this."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._due = services.clock() + FIRST
        self._until = 0.0
        self._claims: list[Subscription] = []
        self._places: dict[str, Look] = {}

    def check(self, scope: Collection[str]) -> None:
        now = self._services.clock()
        if self._claims:
            self._take_in(now)
        elif now >= self._due and not self._services.paused:
            self._due, self._until = now + EVERY, now + PATIENCE
            self._claims = [
                self._services.sync.subscribe(name, kind, hidden=True)
                for name in scope
                for kind in PLACES
                if name in self._services.schemas and kind in self._services.schemas[name].kinds
            ]

    def _take_in(self, now: Timestamp) -> None:
        """Keep what has been read, and give up what does not answer."""
        for claim in list(self._claims):
            snapshot = self._services.store.snapshot(claim.key)
            if snapshot.complete or snapshot.error is not None or now >= self._until:
                self._remember(claim.key.context, snapshot, now)
                claim.release()
                self._claims.remove(claim)

    def _remember(self, context: str, snapshot: Snapshot, now: Timestamp) -> None:
        seen, known = look_at([snapshot], now), self._places.get(context, Look(now))
        self._places[context] = replace(
            known, at=now, hosts=seen.hosts or known.hosts, pools=seen.pools or known.pools
        )

    def lists(self, contexts: Collection[str]) -> dict[str, list[Snapshot]]:
        store = self._services.store
        return {name: [store.snapshot(Key(name, kind)) for kind in KINDS] for name in contexts}

    def looks(self, lists: Mapping[str, Sequence[Snapshot]], now: Timestamp) -> dict[str, Look]:
        """The looks at these lists. Only reads, so that a thread may do it; they are long."""
        found: dict[str, Look] = {}
        for name, snapshots in lists.items():
            look, places = look_at(snapshots, now), self._places.get(name, Look(now))
            found[name] = replace(
                look,
                hosts=look.hosts if look.hosts is not None else places.hosts,
                pools=look.pools if look.pools is not None else places.pools,
            )
        return found

    def close(self) -> None:
        for claim in self._claims:
            claim.release()
        self._claims.clear()
