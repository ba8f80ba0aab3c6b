"""The one HTTP client of a context, and the only module that imports httpx.

Reads are retried; a write goes out once, and only with a permit. Everything that goes wrong becomes one
`AdapterError` with a sentence.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import adapters.lean  # noqa: F401  # before httpx

# isort: split
import httpx

from adapters.endpoint import Effect
from adapters.errors import (
    AdapterError,
    BadPayload,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Timeout,
    Unauthorized,
    Unavailable,
    Unsupported,
)
from adapters.model import Json
from adapters.permit import Permit, PermitRefused
from adapters.port import Stats
from adapters.reply import ErrorInfo, ErrorReader, Reply, bad_payload, plain_sentence, without_secrets
from adapters.retry import RetryPolicy, retry_after_seconds, worth_retrying
from adapters.servertime import ahead, server_time
from adapters.settings import ContextSettings

__all__ = ["ErrorInfo", "ErrorReader", "HttpClient", "Reply", "Transport", "bad_payload"]

Transport = httpx.AsyncBaseTransport
AuthHeaders = Callable[[], Awaitable[Mapping[str, str]]]

MAX_BODY = 64 * 1024 * 1024
MAX_ERROR_BODY = 256 * 1024
USER_AGENT = "runyard"
BURST = 1.0
"""Seconds' worth of requests that may start at once before the rate is held."""

BY_STATUS: Mapping[int, type[AdapterError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Unsupported,
    407: Unauthorized,
    408: Timeout,
    409: Conflict,
    412: Conflict,
    429: RateLimited,
    501: Unsupported,
    504: Timeout,
}
GAVE_UP_WAITING = frozenset({408, 499, 504})
"""Whoever answers so did not see the end of the request: a write may have been carried out."""


@dataclass(slots=True)
class _Call:
    """One request of a caller, whatever the number of tries. `sent`: bytes may have left the machine."""

    method: str
    url: str
    effect: Effect
    params: Mapping[str, str] | None
    body: bytes | None
    headers: dict[str, str]
    authenticate: bool
    max_body: int
    deadline: float
    permit: Permit | None
    sent: bool = field(default=False)


class HttpClient:
    """One client per context: timeouts, bounded concurrency and rate, retries of reads, stats."""

    def __init__(
        self,
        settings: ContextSettings,
        *,
        context: str,
        error_reader: ErrorReader,
        auth: AuthHeaders | None = None,
        transport: Transport | None = None,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self.context = context
        self.stats = Stats()
        self._read_error = error_reader
        self._auth = auth
        self._rng = rng or random.Random()
        self._sleep = sleep
        self._policy = RetryPolicy(retries=settings.retries)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._next_start = 0.0
        self._own = frozenset(_origin(address) for address in settings.addresses())
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    async def request(
        self,
        method: str,
        path: str,
        *,
        effect: Effect,
        permit: Permit | None = None,
        params: Mapping[str, str] | None = None,
        json: Json = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        authenticate: bool = True,
        max_body: int = MAX_BODY,
    ) -> Reply:
        """Send it and return the 2xx answer; `path` is appended to the context's url unless it is absolute.

        `timeout` bounds the whole call, retries included. An address that is not the context's own gets no
        credentials. Raises AdapterError; PermitRefused when a write comes without a fresh permit.
        """
        if effect is Effect.WRITE:
            if permit is None:
                raise PermitRefused(f"{method} {path} is a write and has no permit")
            permit.spend()
        sent = dict(headers or {})
        if json is not None:
            sent.setdefault("Content-Type", "application/json")
            content = jsonlib.dumps(json, separators=(",", ":")).encode()
        url = path if path.startswith(("http://", "https://")) else self.settings.url + path
        origin = _origin(url)
        if not origin[0]:
            raise Invalid(f"{self.context}: {url} is not an address that can be asked", executed=False)
        whole = timeout or self.settings.call_timeout
        call = _Call(
            method,
            url,
            effect,
            params,
            content,
            sent,
            authenticate and origin in self._own,
            max_body,
            time.monotonic() + whole,
            permit,
        )
        try:
            async with asyncio.timeout(whole):
                return await self._tries(call)
        except TimeoutError:
            raise self._noted(self._out_of_time(call, whole)) from None

    def _out_of_time(self, call: _Call, whole: float) -> Timeout:
        if call.effect is Effect.WRITE and call.sent:
            hint = "it may have been carried out; look before you repeat it"
            return Timeout(f"{self.context}: no answer within {whole:g} s", hint=hint, executed=None)
        executed = None if call.sent else False
        return Timeout(f"{self.context}: no answer within {whole:g} s", executed=executed)

    async def _tries(self, call: _Call) -> Reply:
        attempt = 0
        renewed = False
        while True:
            try:
                return await self._once(call)
            except AdapterError as error:
                self._noted(error)
                renewable = error.status == 401 and self._forget_secrets()
                if call.effect is Effect.WRITE:
                    raise
                if renewable and not renewed:
                    renewed = True
                    continue
                if attempt >= self._policy.retries or not worth_retrying(error):
                    raise
                delay = self._policy.delay(attempt, self._rng, error.retry_after)
                if time.monotonic() + delay >= call.deadline:
                    raise
            await self._sleep(delay)
            attempt += 1

    async def _once(self, call: _Call) -> Reply:
        headers = {**await self._identity(), **call.headers} if call.authenticate else call.headers
        async with self._slots:
            await self._pace()
            client = self._open()
            if call.permit is not None:
                call.permit.check()
            self.stats.requests += 1
            self.stats.in_flight += 1
            call.sent = True
            began = time.monotonic()
            try:
                async with client.stream(
                    call.method, call.url, params=call.params, content=call.body, headers=headers
                ) as response:
                    raw = await self._body(response, call)
            except httpx.HTTPError as error:
                raise transport_error(self.context, call.url, error) from None
            except (httpx.InvalidURL, UnicodeError) as error:
                raise Invalid(f"{self.context}: the request cannot be sent: {error}", executed=False) from None
            finally:
                self.stats.in_flight -= 1
                client.cookies.clear()  # only configured cookies are sent
            took = time.monotonic() - began
            self.stats.ahead = ahead(response.headers, took, time.time()) or 0.0
            self.stats.latencies.append(took)
            del self.stats.latencies[:-20]
        if not response.is_success:
            raise self._status_error(response, without_secrets(raw, headers, self.settings.headers))
        if call.effect is Effect.WRITE and raw.lstrip()[:1] == b"<":
            page = bad_payload(self.context, raw)  # a proxy's or a login's page: nobody knows whether it was done
            page.executed = None
            raise page
        return Reply(response.status_code, response.headers, raw, self.context)

    async def _body(self, response: httpx.Response, call: _Call) -> bytes:
        """The whole body; of an error only as much as a sentence needs."""
        limit = call.max_body if response.is_success else MAX_ERROR_BODY
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit and response.is_success:
                raise BadPayload(f"{self.context}: the answer is over {limit / 2**20:g} MiB and was not read")
            if size > limit:
                break
        return b"".join(chunks)

    async def _identity(self) -> dict[str, str]:
        """Configured headers and cookies, and what the backend's login adds."""
        settings = self.settings
        try:
            found = {name: await secret.read() for name, secret in settings.headers.items()}
            if settings.cookies:
                pairs = [f"{name}={await secret.read()}" for name, secret in settings.cookies.items()]
                found["Cookie"] = "; ".join(pairs)
            if self._auth is not None:
                found.update(await self._auth())
        except Unauthorized as error:
            raise Unauthorized(f"{self.context}: {error.sentence}", hint=error.hint, executed=False) from None
        return found

    def _forget_secrets(self) -> bool:
        """After a 401: whether a secret command may now say something else."""
        forgotten = [secret.forget() for secret in self.settings.secrets()]
        return any(forgotten)

    async def _pace(self) -> None:
        gap = 1.0 / self.settings.requests_per_second
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + gap
        if start - now > BURST:
            await self._sleep(start - now - BURST)

    def _open(self) -> httpx.AsyncClient:
        if self._closed:
            raise Unavailable(f"{self.context}: the connection is closed", executed=False)
        if self._client is None:
            try:
                self._client = _new_client(self.settings, self._transport)
            except (OSError, ValueError, ImportError) as error:
                raise Invalid(
                    f"{self.context}: the certificates or the proxy cannot be used: {error}", executed=False
                ) from None
        return self._client

    def _status_error(self, response: httpx.Response, raw: bytes) -> AdapterError:
        status = response.status_code
        info = self._read_error(status, response.headers, raw)
        kind = info.kind if info and info.kind else BY_STATUS.get(status)
        if kind is None:
            kind = Unavailable if status >= 500 else Unauthorized if 300 <= status < 400 else Invalid
        executed: bool | None = True
        if kind is Unauthorized or (info is not None and not info.executed):
            executed = False
        elif status in GAVE_UP_WAITING or (status >= 500 and info is None and kind is not Unsupported):
            executed = None
        return kind(
            f"{self.context}: {info.sentence if info else plain_sentence(status, raw)}",
            hint=info.hint if info else "",
            status=status,
            code=info.code if info else None,
            request_id=response.headers.get("x-request-id"),
            retry_after=retry_after_seconds(
                response.headers.get("retry-after"), server_time(response.headers) or time.time()
            ),
            executed=executed,
        )

    def _noted(self, error: AdapterError) -> AdapterError:
        self.stats.errors += 1
        self.stats.last_error = error.sentence
        self.stats.last_error_at = time.time()
        return error

    async def aclose(self) -> None:
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what decides whether an address is the context's own; no scheme if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        return parts.scheme, (parts.hostname or "").lower(), port
    except ValueError:
        return "", url, None


def _new_client(settings: ContextSettings, transport: Transport | None) -> httpx.AsyncClient:
    verify: ssl.SSLContext | bool = settings.verify
    if settings.is_loopback() and all(address.startswith("http://") for address in settings.addresses()):
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody; reading all the authorities costs 20 ms
    if settings.ca_file or settings.client_cert:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if not settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if settings.client_cert:
            context.load_cert_chain(settings.client_cert, settings.client_key)
        verify = context
    return httpx.AsyncClient(
        transport=transport,
        verify=verify,
        proxy=settings.proxy.get_secret_value() if settings.proxy else None,
        trust_env=not settings.is_loopback(),  # HTTP_PROXY is not meant for this machine
        follow_redirects=False,
        timeout=httpx.Timeout(
            connect=settings.connect_timeout,
            read=settings.read_timeout,
            write=settings.read_timeout,
            pool=settings.pool_timeout,
        ),
        limits=httpx.Limits(max_connections=settings.concurrency),
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
    )


def transport_error(context: str, url: str, error: httpx.HTTPError) -> AdapterError:
    """The AdapterError for a failure below HTTP. `executed` is False where the request cannot have left."""
    where = httpx.URL(url)
    place = f"{where.host}:{where.port}" if where.port else where.host
    hint = "is it running, is the url right?"
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Timeout(f"{context}: {place} did not accept a connection in time", hint=hint, executed=False)
        case httpx.TimeoutException():
            return Timeout(f"{context}: {place} did not answer in time", executed=None)
        case httpx.ProxyError():
            return Unavailable(f"{context}: the proxy does not pass it on: {error}", executed=False)
        case httpx.ConnectError():
            reason = _connect_reason(str(error))
            return Unavailable(f"{context}: no answer: {place} {reason}", hint=hint, executed=False)
        case httpx.DecodingError():
            return BadPayload(f"{context}: {place} sent a body that cannot be decoded", executed=None)
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return Invalid(f"{context}: the request cannot be sent: {error}", executed=False)
        case _:
            broke = f"{context}: the connection to {place} broke before the answer was whole"
            return Unavailable(broke, executed=None)


def _connect_reason(text: str) -> str:
    if "refused" in text.lower() or text == "All connection attempts failed":
        return "refused the connection"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "shows a certificate that is not trusted; ca_file names the authority to trust"
    if "Name or service not known" in text or "name resolution" in text or "nodename" in text:
        return "is a name that cannot be resolved"
    return f"cannot be connected to: {text}"
