"""Persistent volumes: where the API has them, they belong to the pods of a job. Real servers do not serve them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.errors import AdapterError, NotFound, Unsupported
from adapters.frozen import dataclass
from adapters.model import Json, Kind, Ref, State, Volume
from adapters.peloton import wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.ids import split_pod_name
from adapters.peloton.mapping import MB, filled
from adapters.peloton.reads import Reader, parsed
from adapters.peloton.states import seconds, short
from adapters.sections import Detail, Fields, unclaimed

STATES: Mapping[str, State] = {
    "INITIALIZED": State.PENDING,
    "CREATED": State.UP,
    "DELETED": State.ABORTED,
}
NOBODY = "no-such-volume"


@dataclass(frozen=True, slots=True)
class Volumes:
    context: str
    api: PelotonApi
    reader: Reader

    async def of_job(self, job: str) -> Sequence[Volume]:
        """The job's volumes by pod. Raises Unsupported, in words, where the cluster has no volume service."""
        try:
            found = (await self.api.list_volumes(job)).volumes
        except Unsupported as error:
            raise self.reader.lacks(Kind.VOLUME, error) from None
        self.reader.absent.pop(Kind.VOLUME, None)
        volumes = [self._volume(info, key, await self._name(info)) for key, info in found.items()]
        return sorted(volumes, key=lambda volume: (len(volume.name), volume.name, volume.ref))

    async def get(self, ref: Ref) -> tuple[Volume, wire.VolumeInfo, Json]:
        try:
            raw = (await self.api.get_volume(ref.id)).json()
        except Unsupported as error:
            raise self.reader.lacks(Kind.VOLUME, error) from None
        info = parsed(wire.VolumeResponse, raw, self.context).result
        if info is None:
            raise NotFound(f"{self.context}: no volume {ref.id!r}")
        return self._volume(info, ref.id, await self._name(info)), info, raw

    async def probe(self) -> None:
        """Whether the cluster serves volumes: Unsupported when it does not."""
        try:
            await self.get(Ref(self.context, Kind.VOLUME, NOBODY))
        except NotFound:
            self.reader.absent.pop(Kind.VOLUME, None)

    async def detail(self, ref: Ref) -> Detail:
        volume, info, raw = await self.get(ref)
        rows = {
            "id": volume.ref.id,
            "pod": info.pod_name or None,
            "host": volume.host,
            "path in the container": info.container_path or None,
            "size": volume.size,
            "goal": short(info.desired_state) or None,
            "created": info.create_time or None,
            "updated": info.update_time or None,
        }
        whole = raw if isinstance(raw, dict) else {}
        claimed = frozenset(
            f"result.{key}"
            for key in ("volumeId", "hostname", "containerPath", "sizeMb", "createTime", "updateTime")
        )
        return Detail(volume, (Fields("Volume", tuple(rows.items())), unclaimed(whole, claimed)), whole)

    async def _name(self, info: wire.VolumeInfo) -> str | None:
        """The pod's name as it is shown elsewhere; None where its job cannot be read."""
        job, instance = split_pod_name(info.pod_name)
        try:
            name = await self.reader.job_name(job) if job and instance else None
        except AdapterError:
            name = None
        return f"{name}-{instance}" if name else None

    def _volume(self, info: wire.VolumeInfo, key: str, pod: str | None) -> Volume:
        job, instance = split_pod_name(info.pod_name)
        goal, state = short(info.desired_state), short(info.state)
        return Volume(
            ref=Ref(self.context, Kind.VOLUME, info.volume_id or key),
            name=" ".join(part for part in (pod or info.pod_name or key, info.container_path) if part),
            state=STATES.get(state, State.UNKNOWN),
            native_state=info.state or "VOLUME_STATE_INVALID",
            parent=Ref(self.context, Kind.RUN, job) if job and instance else None,
            created=seconds(info.create_time),
            message=f"goal is {goal}" if goal and goal != state else None,
            host=info.hostname or None,
            size=info.size_mb * MB if info.size_mb else None,
            extra=filled(pod=info.pod_name, container_path=info.container_path, desired_state=goal),
        )
