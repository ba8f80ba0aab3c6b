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
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

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
from adapters.retry import RETRIED_STATUSES, RetryPolicy, retry_after_seconds
from adapters.settings import ContextSettings

M = TypeVar("M", bound=BaseModel)
Transport = httpx.AsyncBaseTransport

MAX_BODY = 64 * 1024 * 1024
USER_AGENT = "runyard"


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer, whole in memory and bounded. `raw` equal means nothing changed."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    context: str

    def json(self) -> Json:
        """The body as JSON; BadPayload when it is not."""
        try:
            return jsonlib.loads(self.raw or b"{}")  # type: ignore[no-any-return]
        except (ValueError, RecursionError):
            raise bad_payload(self.context, self.raw) from None

    def model(self, kind: type[M]) -> M:
        """The body as a wire model; BadPayload when it does not fit."""
        try:
            return kind.model_validate_json(self.raw or b"{}")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            raise bad_payload(self.context, self.raw, f"{where}: {first['msg']}") from None


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """What a backend's error body says: `sentence` presentable, `code` its own code or subcode.

    `kind` overrides the class that the HTTP status would give; `executed=False` is proof that a write
    was not carried out (such as "not the leader").
    """

    sentence: str
    code: str | None = None
    kind: type[AdapterError] | None = None
    executed: bool = True
    hint: str = ""


ErrorReader = Callable[[int, Mapping[str, str], bytes], ErrorInfo | None]
AuthHeaders = Callable[[], Awaitable[Mapping[str, str]]]

BY_STATUS: Mapping[int, type[AdapterError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
    501: Unsupported,
}


class HttpClient:
    """One client per context: timeouts, bounded concurrency and rate, retries of reads, stats."""

    def __init__(
        self,
        settings: ContextSettings,
        *,
        context: str,
        error_reader: ErrorReader,
        auth: AuthHeaders | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
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
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

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

        `timeout` bounds the whole call, retries included. Raises AdapterError; PermitRefused when a write
        comes without a fresh permit.
        """
        if effect is Effect.WRITE:
            if permit is None:
                raise PermitRefused(f"{method} {path} is a write and has no permit")
            permit.spend()
        body = content if json is None else jsonlib.dumps(json, separators=(",", ":")).encode()
        sent = dict(headers or {})
        if json is not None:
            sent.setdefault("Content-Type", "application/json")
        url = path if path.startswith(("http://", "https://")) else self.settings.url + path
        whole = timeout or self.settings.call_timeout
        try:
            async with asyncio.timeout(whole):
                return await self._tries(method, url, params, body, sent, effect, authenticate, max_body)
        except TimeoutError:
            raise self._noted(
                Timeout(f"{self.context}: no answer within {whole:g} s", hint="it is tried again", executed=None)
            ) from None

    async def _tries(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: dict[str, str],
        effect: Effect,
        authenticate: bool,
        max_body: int,
    ) -> Reply:
        attempt = 0
        while True:
            try:
                return await self._once(method, url, params, body, headers, authenticate, max_body)
            except AdapterError as error:
                self._noted(error)
                if effect is Effect.WRITE or attempt >= self._policy.retries or not _worth_retrying(error):
                    raise
                await self._sleep(self._policy.delay(attempt, self._rng, error.retry_after))
                attempt += 1

    async def _once(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: dict[str, str],
        authenticate: bool,
        max_body: int,
    ) -> Reply:
        if authenticate:
            headers = {**await self._identity(), **headers}
        async with self._slots:
            await self._pace()
            self.stats.requests += 1
            self.stats.in_flight += 1
            began = time.monotonic()
            try:
                client = self._open()
                async with client.stream(method, url, params=params, content=body, headers=headers) as response:
                    raw = await _bounded(response, max_body, self.context)
            except httpx.HTTPError as error:
                raise transport_error(self.context, url, error) from None
            except httpx.InvalidURL:
                raise Invalid(
                    f"{self.context}: {url} is not an address that can be asked", executed=False
                ) from None
            finally:
                self.stats.in_flight -= 1
            self.stats.latencies.append(time.monotonic() - began)
            del self.stats.latencies[:-20]
        if not 200 <= response.status_code < 300:
            raise self._status_error(response, raw)
        return Reply(response.status_code, response.headers, raw, self.context)

    async def _identity(self) -> dict[str, str]:
        """Configured headers and cookies, and what the backend's login adds."""
        settings = self.settings
        found = {name: await secret.read() for name, secret in settings.headers.items()}
        if settings.cookies:
            pairs = [f"{name}={await secret.read()}" for name, secret in settings.cookies.items()]
            found["Cookie"] = "; ".join(pairs)
        if self._auth is not None:
            found.update(await self._auth())
        return found

    async def _pace(self) -> None:
        gap = 1.0 / self.settings.requests_per_second
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + gap
        if start - now > 1.0:
            await asyncio.sleep(start - now - 1.0)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            settings = self.settings
            verify: ssl.SSLContext | bool = settings.verify
            if settings.verify and settings.url.startswith("https") and (settings.ca_file or settings.client_cert):
                verify = ssl.create_default_context(cafile=settings.ca_file)
                if settings.client_cert:
                    verify.load_cert_chain(settings.client_cert, settings.client_key)
            self._client = httpx.AsyncClient(
                transport=self._transport,
                verify=verify,
                proxy=settings.proxy,
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
        return self._client

    def _status_error(self, response: httpx.Response, raw: bytes) -> AdapterError:
        status = response.status_code
        info = self._read_error(status, response.headers, raw)
        kind = info.kind if info and info.kind else BY_STATUS.get(status)
        if kind is None:
            kind = Unavailable if status >= 500 else Unauthorized if 300 <= status < 400 else Invalid
        sentence = info.sentence if info else plain_sentence(status, raw)
        return kind(
            f"{self.context}: {sentence}",
            hint=info.hint if info else "",
            status=status,
            code=info.code if info else None,
            request_id=response.headers.get("x-request-id"),
            retry_after=retry_after_seconds(response.headers.get("retry-after"), time.time()),
            executed=not (kind is Unauthorized or (info is not None and not info.executed)),
        )

    def _noted(self, error: AdapterError) -> AdapterError:
        self.stats.errors += 1
        self.stats.last_error = error.sentence
        self.stats.last_error_at = time.time()
        return error

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None


async def _bounded(response: httpx.Response, limit: int, context: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            raise BadPayload(f"{context}: the answer is over {limit // 2**20} MiB and was not read", executed=True)
        chunks.append(chunk)
    return b"".join(chunks)


def _worth_retrying(error: AdapterError) -> bool:
    if error.status is not None:
        return error.status in RETRIED_STATUSES
    return isinstance(error, Unavailable | Timeout)


def transport_error(context: str, url: str, error: httpx.HTTPError) -> AdapterError:
    """The AdapterError for a failure below HTTP."""
    where = httpx.URL(url)
    place = f"{where.host}:{where.port}" if where.port else where.host
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Timeout(f"{context}: {place} did not accept a connection in time", executed=False)
    if isinstance(error, httpx.TimeoutException):
        return Timeout(f"{context}: {place} did not answer in time", executed=None)
    if isinstance(error, httpx.ConnectError):
        reason = "refused the connection" if "refused" in str(error).lower() or "111" in str(error) else str(error)
        return Unavailable(
            f"{context}: no answer: {place} {reason}", hint="is it running, is the url right?", executed=False
        )
    if isinstance(error, httpx.DecodingError):
        return BadPayload(f"{context}: {place} sent a body that cannot be decoded", executed=None)
    return Unavailable(f"{context}: the connection to {place} broke before the answer was whole", executed=None)


def plain_sentence(status: int, raw: bytes) -> str:
    """A sentence for an error body that the backend's own reader does not understand."""
    phrase = httpx.codes.get_reason_phrase(status) or "unknown status"
    text = raw[:2000].decode("utf-8", "replace").strip()
    if 300 <= status < 400:
        return f"redirected ({status}), most likely to a login page"
    if not text:
        return f"answered {status} {phrase} without a word"
    if text.startswith("<"):
        return f"answered {status} {phrase} with an HTML page, most likely from a proxy on the way"
    first = " ".join(text.split())
    return f"answered {status} {phrase}: {first[:200]}"


def bad_payload(context: str, raw: bytes, why: str = "it is not JSON") -> BadPayload:
    text = raw[:200].lstrip()
    if text.startswith(b"<"):
        why = "it is an HTML page, most likely from a proxy or a login"
    return BadPayload(f"{context}: the answer cannot be read: {why}", hint="is the url that of the API?")
