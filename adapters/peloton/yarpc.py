"""YARPC over HTTP/JSON: one procedure to the daemon that serves it, or to v0 where v1alpha is not served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from adapters.endpoint import Effect
from adapters.errors import AdapterError, Conflict, Invalid, NotFound, Unsupported
from adapters.http import HttpClient, Reply
from adapters.model import Json
from adapters.names import nearest
from adapters.peloton import wire
from adapters.peloton.request import as_request
from adapters.peloton.rpc import HOST, POOL, RPCS, V0, V0_KEYS, V0_NAMES, Rpc
from adapters.peloton.settings import Daemon, PelotonSettings
from adapters.permit import Permit

M = TypeVar("M", bound=wire.Wire)
WRITE = Effect.WRITE

V0_ERRORS: Mapping[str, type[AdapterError]] = {
    "notFound": NotFound,
    "invalidPath": NotFound,
    "alreadyExists": Conflict,
    "isBusy": Conflict,
    "isNotLeaf": Conflict,
    "notDeleted": Conflict,
}


class Yarpc:
    """Calls go to the daemon that serves them. Where a v1alpha service has no implementation, as on all real
    clusters for hosts and pools, v0's is asked instead, and remembered."""

    def __init__(self, client: HttpClient, settings: PelotonSettings) -> None:
        self._client = client
        self._settings = settings
        self._v0: set[str] = set()

    async def login(self) -> Mapping[str, str]:
        """The application headers that carry the login; both or none."""
        settings = self._settings
        if settings.username is None or settings.password is None:
            return {}
        return {
            "Rpc-Header-Username": settings.username,
            "Rpc-Header-Password": await settings.password.read(),
        }

    def speaks_v0(self, service: str) -> bool:
        return service in self._v0

    async def call(self, name: str, body: Mapping[str, Json], permit: Permit | None = None) -> Reply:
        """One procedure by its name. Raises Unsupported for an unknown one, before anything is sent."""
        rpc = RPCS.get(name)
        if rpc is None:
            raise Unsupported(f"Peloton has no method {name!r} here{nearest(name, RPCS)}", executed=False)
        if rpc.service in self._v0:
            return await self._post(rpc, body, permit, v0=True)
        try:
            return await self._post(rpc, body, permit, v0=False)
        except Unsupported as error:
            if rpc.service not in V0 or rpc.effect is WRITE or error.status is None or name == "ListHostPools":
                raise
            reply = await self._post(rpc, body, permit, v0=True)
            self._v0.add(rpc.service)
            return reply

    async def _post(self, rpc: Rpc, body: Mapping[str, Json], permit: Permit | None, *, v0: bool) -> Reply:
        daemon = self._daemon(rpc)
        service, method = rpc.service, rpc.name
        sent = {key: as_request(value, key) for key, value in body.items()}
        if v0:
            service, method = V0[service], V0_NAMES.get(method, method)
            sent = {V0_KEYS.get(rpc.name, {}).get(key, key): value for key, value in sent.items()}
        headers = {
            "Rpc-Caller": self._settings.caller,
            "Rpc-Service": daemon.service,
            "Rpc-Procedure": f"{service}::{method}",
            "Rpc-Encoding": "json",
            "Context-TTL-MS": str(max(1, int(self._settings.call_timeout * 1000))),
        }
        reply = await self._client.request(
            "POST",
            f"{daemon.url}/api/v1",
            effect=rpc.effect,
            permit=permit,
            json=sent,
            headers=headers,
        )
        if v0 and rpc.service == POOL:
            _raise_v0(self._client.context, reply)
        return reply

    def _daemon(self, rpc: Rpc) -> Daemon:
        settings = self._settings
        found = {HOST: settings.hosts, POOL: settings.pools}.get(rpc.service, settings.jobs)
        if found is None:
            what, key = ("hosts", "hostmgr_url") if rpc.service == HOST else ("pools", "resmgr_url")
            raise Unsupported(
                f"{self._client.context}: {what} need {key} in the config", hint=f"add {key}", executed=False
            )
        return found

    async def _read(self, kind: type[M], name: str, body: Mapping[str, Json]) -> M:
        return (await self.call(name, body)).model(kind)


def _raise_v0(context: str, reply: Reply) -> None:
    """v0's pool errors come as 200 with an `error` object."""
    found = reply.json()
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict) or not error:
        return
    code, told = next(iter(error.items()))
    message = told.get("message") if isinstance(told, dict) else told
    kind = V0_ERRORS.get(code, Invalid)
    raise kind(f"{context}: {message or code}", code=code)
