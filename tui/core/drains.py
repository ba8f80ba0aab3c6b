"""How far a drain has come: the pods that have left a host since its drain was first seen.

No backend says it, so it is counted here; for a host that was already draining, or down, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from adapters.model import Host, Progress, Ref, Resource, State


class Drains:
    """Remembers, per host, the most pods it had while draining."""

    def __init__(self) -> None:
        self._most: dict[Ref, int] = {}

    def told(self, resources: Iterable[Resource]) -> Iterator[Resource]:
        """The same objects; hosts of a drain that was seen get `progress`: pods gone, of how many."""
        for resource in resources:
            yield self._host(resource) if isinstance(resource, Host) else resource

    def _host(self, host: Host) -> Host:
        if host.pods is None or host.progress is not None:
            return host
        if host.state is State.UP:
            # What it has when its drain begins is what it had just before: the first pods may leave at once.
            self._most[host.ref] = host.pods
            return host
        most = self._most.get(host.ref)
        if host.state is State.DRAINING:
            most = self._most[host.ref] = max(host.pods, most or 0)
        if not most:
            return host
        return replace(host, progress=Progress(most - host.pods, most))
