"""Peloton's streams over gRPC in JSON, without generated code: ListJobs, ListPods, Watch. grpcio is an extra."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapters.endpoint import Effect, endpoint
from adapters.errors import AdapterError, BadPayload, Unavailable, Unsupported
from adapters.model import Json
from adapters.peloton.failures import CODES
from adapters.peloton.request import as_request
from adapters.peloton.rpc import RPCS
from adapters.peloton.settings import PelotonSettings
from adapters.permit import PermitRefused
from adapters.reply import loads

if TYPE_CHECKING:
    import grpc

READ = Effect.READ
LARGEST = 64 * 2**20
PING_EVERY = 330
"""Seconds between two pings of an idle stream: Go's servers hang up on clients that ping within five minutes."""

MOST_MESSAGES = 100_000
WATCHED_FOR = 5.0
NOT_SET = "Peloton streams over gRPC only; grpc_url in the config names that port"
NOT_INSTALLED = "Peloton's streams need grpcio: pip install 'runyard[grpc]'"


class Streams:
    """One channel, opened when it is first needed."""

    def __init__(self, context: str, settings: PelotonSettings) -> None:
        self._context = context
        self._settings = settings
        self._channel: grpc.aio.Channel | None = None

    @property
    def wanted(self) -> bool:
        return self._settings.grpc_url is not None

    @endpoint("ListJobs", READ)
    def list_jobs(self) -> AsyncIterator[dict[str, Json]]:
        """A JobSummary a message, in no order."""
        return self.messages("ListJobs", {})

    @endpoint("ListPods", READ)
    def list_pods(self, job: str) -> AsyncIterator[dict[str, Json]]:
        """A PodSummary a message, in no order; none for an unknown job."""
        return self.messages("ListPods", {"jobId": job})

    @endpoint("Watch", READ)
    def watch(self, wanted: Mapping[str, Json]) -> AsyncIterator[dict[str, Json]]:
        """First the watch's id alone, then changes as they happen, until the server ends it."""
        return self.messages("Watch", wanted)

    async def check(self) -> None:
        """Raises Unsupported where nothing streams, Unavailable when the port does not answer."""
        await self._open()

    async def messages(
        self, method: str, body: Mapping[str, Json], seconds: float | None = None
    ) -> AsyncIterator[dict[str, Json]]:
        """What a procedure streams; without an end unless `seconds` says so. Raises AdapterError."""
        rpc = RPCS[method]
        if rpc.effect is not READ:
            raise PermitRefused(f"{method} is a write, and streams have no permit")
        channel = await self._open()
        import grpc

        request = json.dumps(as_request(dict(body)), separators=(",", ":")).encode()
        stream: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{rpc.service}/{rpc.name}")
        call = stream(request, metadata=await self._metadata(), timeout=seconds)
        try:
            async for raw in call:
                yield self._message(raw)
        except grpc.aio.AioRpcError as error:
            raise self._failure(error) from None
        finally:
            call.cancel()

    async def collect(self, method: str, body: Mapping[str, Json]) -> Json:
        """All of a stream that ends, or what a watch sends within its `seconds`."""
        if method != "Watch":
            key = "jobs" if method == "ListJobs" else "pods"
            items: list[Json] = []
            async for message in self.messages(method, body, self._settings.call_timeout):
                found = message.get(key)
                items += found if isinstance(found, list) else []
                if len(items) >= MOST_MESSAGES:
                    raise BadPayload(f"{self._context}: {method} gave over {MOST_MESSAGES:,} items and was ended")
            return {key: items}
        given = {name: value for name, value in body.items() if name != "seconds"}
        seconds = body.get("seconds")
        patience = float(seconds) if isinstance(seconds, int | float) and seconds > 0 else WATCHED_FOR
        return {"messages": await self._within(patience, given)}

    async def _within(self, seconds: float, body: Mapping[str, Json]) -> list[Json]:
        found: list[Json] = []
        messages = self.messages("Watch", body)
        with contextlib.suppress(TimeoutError):
            async with contextlib.aclosing(messages), asyncio.timeout(seconds):  # type: ignore[type-var]
                async for message in messages:
                    found.append(message)
        return found

    # --- the channel ---------------------------------------------------------------------------------------

    async def _open(self) -> grpc.aio.Channel:
        """The channel, once it is ready."""
        if self._settings.grpc_url is None:
            raise Unsupported(f"{self._context}: {NOT_SET}", hint="add grpc_url", executed=False)
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C core would write over the screen
        try:
            import grpc
        except ImportError:
            raise Unsupported(f"{self._context}: {NOT_INSTALLED}", executed=False) from None
        if self._channel is None:
            self._channel = self._new_channel(grpc)
        await self._ready(self._channel, grpc.ChannelConnectivity)
        return self._channel

    async def _ready(self, channel: grpc.aio.Channel, states: type[grpc.ChannelConnectivity]) -> None:
        """Wait for the connection; one that was refused is told at once, though gRPC would go on trying."""
        place = self._settings.grpc_url
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                while (now := channel.get_state(try_to_connect=True)) is not states.READY:
                    if now in (states.TRANSIENT_FAILURE, states.SHUTDOWN):
                        break
                    await channel.wait_for_state_change(now)
                else:
                    return
        except TimeoutError:
            pass
        raise Unavailable(
            f"{self._context}: no answer: {place} takes no gRPC connection",
            hint="is grpc_url the gRPC port of the daemon at url?",
            executed=False,
        )

    def _new_channel(self, library: Any) -> grpc.aio.Channel:
        settings = self._settings
        where = urlsplit(settings.grpc_url or "")
        options = [
            ("grpc.max_receive_message_length", LARGEST),
            ("grpc.keepalive_time_ms", PING_EVERY * 1000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.enable_http_proxy", 0 if settings.is_loopback() else 1),
            ("grpc.initial_reconnect_backoff_ms", 1000),
            ("grpc.max_reconnect_backoff_ms", 10_000),
            ("grpc.primary_user_agent", "runyard"),
        ]
        if where.scheme != "grpcs":
            found: grpc.aio.Channel = library.aio.insecure_channel(where.netloc, options=options)
            return found
        if not settings.verify:
            raise Unsupported(f"{self._context}: verify = false is not possible over gRPC", executed=False)
        try:
            credentials = library.ssl_channel_credentials(
                *(_file(path) for path in (settings.ca_file, settings.client_key, settings.client_cert))
            )
        except OSError as error:
            raise Unsupported(
                f"{self._context}: the certificates cannot be used: {error}", executed=False
            ) from None
        secure: grpc.aio.Channel = library.aio.secure_channel(where.netloc, credentials, options=options)
        return secure

    async def _metadata(self) -> tuple[tuple[str, str], ...]:
        """YARPC's envelope, the login without its HTTP prefix, and the configured headers."""
        settings = self._settings
        found = {name.lower(): await secret.read() for name, secret in settings.headers.items()}
        found |= {"rpc-caller": settings.caller, "rpc-service": settings.jobs.service, "rpc-encoding": "json"}
        if settings.username is not None and settings.password is not None:
            found |= {"username": settings.username, "password": await settings.password.read()}
        return tuple(found.items())

    def _message(self, raw: bytes) -> dict[str, Json]:
        try:
            found = loads(raw)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise BadPayload(f"{self._context}: a streamed message is not a JSON object")
        return found

    def _failure(self, error: grpc.aio.AioRpcError) -> AdapterError:
        """A gRPC status as the error that its HTTP twin would be."""
        code = error.code().name.lower().replace("_", "-")
        kind = CODES.get(code, Unavailable)
        told = " ".join((error.details() or "").split())[:400] or f"the stream ended with {code}"
        return kind(f"{self._context}: {told}", code=code)

    async def aclose(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()


def _file(path: str | None) -> bytes | None:
    return Path(path).expanduser().read_bytes() if path else None
