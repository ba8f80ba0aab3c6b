"""What the ids in a run are called: experiments, pipelines and their versions, remembered.

Runs carry only ids. Neither names nor namespaces can change in v2beta1, so what was read stays true.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from adapters.errors import AdapterError, RateLimited, Timeout, Unavailable
from adapters.http import Reply, bad_payload
from adapters.kfp import wire
from adapters.kfp.api import KfpApi

MAX_PAGES = 5
PAGE_SIZE = 200
LOOKUPS = 20
FORGET_MISSING = 60.0


def parse(reply: Reply, model: type[wire.M]) -> wire.M:
    """The answer as a wire model; BadPayload when it is something else."""
    try:
        return wire.read(model, reply.raw)
    except wire.NotTheApi as why:
        raise bad_payload(reply.context, reply.raw, str(why)) from None


class Names:
    """Lookups that do not fail: what cannot be read has no name, and is asked again a minute later."""

    def __init__(self, api: KfpApi, namespace: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._namespace = namespace
        self._clock = clock
        self._experiments: dict[str, wire.Experiment] = {}
        self._missing: dict[str, float] = {}
        self._pipelines: dict[tuple[str, str | None], str | None] = {}
        self._listed = False
        self._lock = asyncio.Lock()

    def experiment(self, experiment_id: str | None) -> wire.Experiment | None:
        """As it was last read; the archive state may be older than the name."""
        return self._experiments.get(experiment_id or "")

    def experiment_ids(self) -> list[tuple[str, str]]:
        """Name and id of every known experiment."""
        return [(found.display_name, found.experiment_id) for found in self._experiments.values()]

    async def learn(self, experiment_ids: Iterable[str | None]) -> None:
        """Make these known: by listing all experiments the first time, then one by one."""
        wanted = {native for native in experiment_ids if native}
        if not self._unknown(wanted):
            return
        async with self._lock:
            if not self._listed:
                try:
                    await self._list_all()
                except (Unavailable, Timeout, RateLimited):
                    self._missing.update(dict.fromkeys(wanted, self._clock()))
                    return
                except AdapterError:
                    pass  # a server may forbid the list and yet name each one
            unknown = self._unknown(wanted)[:LOOKUPS]
            await asyncio.gather(*(self._look_up(native) for native in unknown))

    async def learn_all(self) -> None:
        """Make every experiment known, once. Raises AdapterError."""
        async with self._lock:
            if not self._listed:
                await self._list_all()

    async def _list_all(self) -> None:
        """Read the first thousand experiments. Raises AdapterError."""
        token: str | None = None
        for _ in range(MAX_PAGES):
            reply = await self._api.list_experiments(
                namespace=self._namespace, page_token=token, page_size=PAGE_SIZE, sort_by="created_at desc"
            )
            page = parse(reply, wire.ExperimentPage)
            self._experiments.update({found.experiment_id: found for found in page.experiments})
            token = page.next_page_token
            if not token:
                break
        self._listed = True

    async def refresh(self, experiment_id: str) -> wire.Experiment | None:
        """Read one experiment again, for its archive state."""
        await self._look_up(experiment_id)
        return self.experiment(experiment_id)

    async def pipeline(self, pipeline_id: str, version_id: str | None = None) -> str | None:
        """The name of a pipeline, or of one of its versions."""
        key = (pipeline_id, version_id)
        if key not in self._pipelines:
            try:
                reply = await (
                    self._api.get_pipeline_version(pipeline_id=pipeline_id, pipeline_version_id=version_id)
                    if version_id
                    else self._api.get_pipeline(pipeline_id=pipeline_id)
                )
                found = parse(reply, wire.Named)
            except AdapterError:
                return None
            self._pipelines[key] = found.display_name or found.name
        return self._pipelines[key]

    def _unknown(self, wanted: set[str]) -> list[str]:
        now = self._clock()
        return sorted(
            native
            for native in wanted
            if native not in self._experiments
            and self._missing.get(native, -FORGET_MISSING) <= now - FORGET_MISSING
        )

    async def _look_up(self, experiment_id: str) -> None:
        try:
            found = parse(await self._api.get_experiment(experiment_id=experiment_id), wire.Experiment)
        except AdapterError:
            self._missing[experiment_id] = self._clock()
        else:
            self._experiments[experiment_id] = found
