"""What writes and the looks before them answer: new ids, new versions, what a replace would touch."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from adapters.peloton.wire import InstanceRange, Wire, Wrapped


class CreatedJob(Wire):
    job_id: Wrapped = ""
    version: Wrapped = ""


class ReplaceDiff(Wire):
    """Which instances a new spec adds, removes, updates and leaves alone."""

    instances_added: tuple[InstanceRange, ...] = ()
    instances_removed: tuple[InstanceRange, ...] = ()
    instances_updated: tuple[InstanceRange, ...] = ()
    instances_unchanged: tuple[InstanceRange, ...] = ()


class PoolId(Wire):
    """v0 calls it `id` in a lookup and `result` after a creation."""

    respool_id: Wrapped = Field("", validation_alias=AliasChoices("respoolId", "id", "result"))
