"""The login: a token got with the keys and renewed before it expires, and the version both sides speak."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable

from adapters.clearml.settings import ClearmlSettings
from adapters.endpoint import Effect
from adapters.errors import Unauthorized
from adapters.frozen import dataclass
from adapters.http import HttpClient, bad_payload
from adapters.model import Json

Version = tuple[int, int]
NEWEST: Version = (2, 31)
"""The newest API version whose answers are known here."""

UNSAID: Version = (2, 9)
"""What the official client takes a server for that does not say its version."""

RENEW_BEFORE = 300.0
"""Seconds before the end of a token at which the next one is got; at most a tenth of its life."""


@dataclass(frozen=True, slots=True)
class Token:
    """One bearer token; `renew_at` and `expires` are epoch seconds, None where the token does not say."""

    text: str
    version: Version | None = None
    expires: float | None = None
    renew_at: float | None = None

    @classmethod
    def read(cls, text: str, now: float) -> Token:
        """A token and what its claims say; any text is a token."""
        claims = claims_of(text)
        expires = claims.get("exp")
        version = parse_version(claims.get("api_version"))
        if not isinstance(expires, int | float) or isinstance(expires, bool):
            return cls(text, version)
        left = expires - now
        # A clock that is far off would make every token look expired; then the server's 401 is what counts.
        renew_at = expires - min(RENEW_BEFORE, left / 10) if left > 0 else None
        return cls(text, version, float(expires), renew_at)


def claims_of(text: str) -> dict[str, Json]:
    """The claims of a JWT, unverified; empty for anything else."""
    parts = text.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def parse_version(text: Json) -> Version | None:
    major, dot, minor = text.partition(".") if isinstance(text, str) else ("", "", "")
    return (int(major), int(minor)) if dot and major.isdecimal() and minor.isdecimal() else None


class Session:
    """Logs in when it is first needed. Requests that come meanwhile wait for the same login."""

    def __init__(
        self, settings: ClearmlSettings, http: HttpClient, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._token: Token | None = None
        self._lock = asyncio.Lock()
        self._asked = parse_version(settings.api_version)
        self._offered: Version | None = None
        self._refused = ""
        http.stats.auth = (
            "token" if settings.access_key or settings.token else "cookie" if settings.cookies else "none"
        )

    @property
    def with_keys(self) -> bool:
        return self._settings.access_key is not None

    @property
    def prefix(self) -> str:
        """The version part of a path. Without one the server takes its newest, which may be too new."""
        version = self._asked or (min(self._offered, NEWEST) if self._offered else None)
        return f"/v{version[0]}.{version[1]}" if version else ""

    def at_least(self, major: int, minor: int) -> bool:
        """Whether requests are of that version or a later one. Known after the first request."""
        known = [version for version in (self._asked, self._offered) if version]
        return (min(known) if known else UNSAID) >= (major, minor)

    def offered(self, version: Json) -> None:
        """What the server says of itself, where the token did not."""
        self._offered = self._offered or parse_version(version)

    async def headers(self) -> dict[str, str]:
        """What identifies the caller. Raises AdapterError when the login fails."""
        if not self.with_keys and self._settings.token is None:
            return {}
        token = self._token
        if token is None or (self.with_keys and token.renew_at is not None and self._clock() >= token.renew_at):
            token = await self._renewed(token)
        return {"Authorization": f"Bearer {token.text}"}

    async def _renewed(self, old: Token | None) -> Token:
        async with self._lock:
            if self._token is not None and self._token is not old:
                return self._token
            text = await (self._login() if self.with_keys else self._ready_made())
            token = Token.read(text, self._clock())
            self._offered = token.version or self._offered
            self._token = token
            self._http.stats.auth_expires = token.expires
            return token

    async def _ready_made(self) -> str:
        assert self._settings.token is not None
        try:
            return await self._settings.token.read()
        except Unauthorized as error:
            raise Unauthorized(f"{self._http.context}: {error.sentence}", hint=error.hint, executed=False) from None

    async def _login(self) -> str:
        """`auth.login` with the keys. The path has no version, because none is known yet."""
        assert self._settings.access_key is not None
        assert self._settings.secret_key is not None
        try:
            key, secret = await self._settings.access_key.read(), await self._settings.secret_key.read()
        except Unauthorized as error:
            raise Unauthorized(f"{self._http.context}: {error.sentence}", hint=error.hint, executed=False) from None
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        reply = await self._http.request(
            "POST", "/auth.login", effect=Effect.READ, json={}, headers={"Authorization": f"Basic {basic}"}
        )
        body = reply.json()
        data = body.get("data") if isinstance(body, dict) else None
        token = data.get("token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise bad_payload(self._http.context, reply.raw, "a login without a token")
        return token

    def forget(self, headers: dict[str, str]) -> bool:
        """After a 401 on these headers: whether trying again may help. The refused token is dropped."""
        if self._token is None or headers.get("Authorization") != f"Bearer {self._token.text}":
            return bool(headers)  # somebody has renewed it meanwhile
        refused, self._token = self._token.text, None
        if self.with_keys:
            return True
        source = self._settings.token
        repeated = refused == self._refused
        self._refused = refused
        return source is not None and not source.literal and not repeated
