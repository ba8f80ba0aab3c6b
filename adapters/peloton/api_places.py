"""HostService, ResourcePoolService, VolumeService and the Mesos agents' files, one method for each call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from adapters.endpoint import Effect, endpoint
from adapters.http import Reply
from adapters.model import Json
from adapters.peloton import wire, wire_writes
from adapters.peloton.rpc import POOL
from adapters.peloton.yarpc import Yarpc
from adapters.permit import Permit

READ, WRITE = Effect.READ, Effect.WRITE

AGENT_READ_LIMIT = 65_536
"""The most a Mesos agent gives at once: 16 pages."""


class PlacesApi(Yarpc):
    # --- hosts and pools -----------------------------------------------------------------------------------

    @endpoint("QueryHosts", READ)
    async def query_hosts(self, states: Sequence[int] = ()) -> Reply:
        return await self.call("QueryHosts", {"hostStates": list(states)})

    @endpoint("ListHostPools", READ, seed=False)
    async def host_pools(self) -> wire.HostPoolsResponse:
        return await self._read(wire.HostPoolsResponse, "ListHostPools", {})

    @endpoint("StartMaintenance", WRITE)
    async def start_maintenance(self, host: str, *, permit: Permit) -> None:
        """The seed knows `hostnames`, newer servers `hostname` as well; each ignores what it lacks."""
        await self.call("StartMaintenance", {"hostname": host, "hostnames": [host]}, permit)

    @endpoint("CompleteMaintenance", WRITE)
    async def complete_maintenance(self, host: str, *, permit: Permit) -> None:
        await self.call("CompleteMaintenance", {"hostname": host, "hostnames": [host]}, permit)

    @endpoint("QueryResourcePools", READ)
    async def query_pools(self) -> wire.PoolsResponse:
        return await self._read(wire.PoolsResponse, "QueryResourcePools", {})

    @endpoint("GetResourcePool", READ)
    async def get_pool(self, pool: str) -> Reply:
        return await self.call("GetResourcePool", {"respoolId": pool, "includeChildPools": False})

    @endpoint("LookupResourcePoolID", READ)
    async def pool_id(self, path: str) -> str:
        """The id of the pool at a path; NotFound where there is none."""
        return (await self._read(wire_writes.PoolId, "LookupResourcePoolID", {"path": path})).respool_id

    @endpoint("CreateResourcePool", WRITE)
    async def create_pool(self, pool: str, spec: Mapping[str, Json], *, permit: Permit) -> str:
        """The new pool's id, `pool` where one is given; its parent stands in the spec."""
        body: dict[str, Json] = {**({"respoolId": pool} if pool else {}), "spec": dict(spec)}
        return (await self.call("CreateResourcePool", body, permit)).model(wire_writes.PoolId).respool_id

    @endpoint("UpdateResourcePool", WRITE)
    async def update_pool(self, pool: str, spec: Mapping[str, Json], *, force: bool, permit: Permit) -> None:
        """The whole spec is replaced. `force` skips the server's checks; older servers ignore it."""
        body: dict[str, Json] = {"respoolId": pool, "spec": dict(spec), **({"Force": True} if force else {})}
        await self.call("UpdateResourcePool", body, permit)

    @endpoint("DeleteResourcePool", WRITE)
    async def delete_pool(self, pool: str, path: str, *, permit: Permit) -> None:
        """v0 deletes by path, v1alpha by id."""
        body: dict[str, Json] = {"path": path} if self.speaks_v0(POOL) else {"respoolId": pool}
        await self.call("DeleteResourcePool", body, permit)

    # --- volumes -------------------------------------------------------------------------------------------

    @endpoint("ListVolumes", READ)
    async def list_volumes(self, job: str) -> wire.VolumesResponse:
        return await self._read(wire.VolumesResponse, "ListVolumes", {"jobId": job})

    @endpoint("GetVolume", READ)
    async def get_volume(self, volume: str) -> Reply:
        return await self.call("GetVolume", {"volumeId": volume})

    @endpoint("DeleteVolume", WRITE)
    async def delete_volume(self, volume: str, *, permit: Permit) -> None:
        await self.call("DeleteVolume", {"volumeId": volume}, permit)

    @endpoint("Cancel", WRITE)
    async def cancel_watch(self, watch: str, *, permit: Permit) -> None:
        await self.call("Cancel", {"watchId": watch}, permit)

    # --- Mesos agents: plain HTTP, no Rpc headers, and never the context's credentials ---------------------

    async def agent_browse(self, agent: str, path: str) -> Reply:
        return await self._agent(agent, "browse", {"path": path})

    async def agent_read(self, agent: str, path: str, offset: int, length: int) -> Reply:
        """Up to 64 KiB from a byte offset; offset -1 gives no data and the size as `offset`."""
        wanted = {"path": path, "offset": str(offset)}
        if offset >= 0:
            wanted["length"] = str(min(length, AGENT_READ_LIMIT))
        return await self._agent(agent, "read", wanted)

    async def agent_download(self, agent: str, path: str) -> Reply:
        return await self._agent(agent, "download", {"path": path})

    async def _agent(self, agent: str, what: str, params: dict[str, str]) -> Reply:
        return await self._client.request(
            "GET",
            f"http://{quote(agent, safe=':[].-')}/files/{what}",
            effect=READ,
            params=params,
            authenticate=False,
        )
