"""Who asks: access keys, bearer tokens (HS256), the cookie; and the people and company of the installation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from adapters.clearml.mock_wire import LATEST, SEED, Refused
from adapters.mock.chance import Draw
from adapters.mock.clock import SimClock
from adapters.mock.names import OWNERS

ACCESS_KEY = "RUNYARDMOCKACCESSKEY0"
SECRET_KEY = "runyard-mock-secret"
COOKIE = "clearml_token_basic"
COMPANY, COMPANY_NAME = "d1bd92a3b039400cbafc60a7a5b1e52b", "atlas"
OPERATOR = "operator"
LIFE = 30 * 24 * 3600
SERVER_VERSION, SERVER_BUILD = "2.0.0-613", "613"
OPEN = frozenset({"debug.ping", "server.info", "login.supported_modes"})
_SIGNING = b"runyard mock"


def hex_id(*parts: int | str) -> str:
    draw = Draw(*parts)
    return f"{draw.number('high'):016x}{draw.number('low'):016x}"


@cache
def user_id(name: str) -> str:
    return hex_id("clearml user", name)


@cache
def queue_id(name: str) -> str:
    return hex_id("queue", name)


NAMES = (OPERATOR, *OWNERS)
USER_NAMES = {user_id(name): name for name in NAMES}


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _signature(text: str) -> str:
    made = hmac.new(_SIGNING, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


class Guard:
    """Checks credentials. `life` is how long tokens live, in seconds of the readers' clock."""

    def __init__(self, clock: SimClock, *, seed_era: bool, life: float, key: str, secret: str) -> None:
        self._clock = clock
        self._seed_era = seed_era
        self._life = life
        self._keys = {key: secret}
        self.revoked: set[str] = set()
        self._sessions = 0
        # Clients compare the end of a token with their own clock, however far the simulated one is from it.
        self._apart = max(0.0, time.time() - clock.now()) if clock.virtual else 0.0

    def now(self) -> float:
        return self._clock.stamp(self._clock.now()) + self._apart

    def check(self, endpoint: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> dict[str, Any]:
        """The claims of who asks; empty for an open endpoint. Raises Refused."""
        given = headers.get("authorization", "")
        if not given and cookies.get(COOKIE):
            return self._bearer(cookies[COOKIE])
        if not given:
            if endpoint in OPEN:
                return {}
            raise Refused(401, 20)
        kind, _, value = given.partition(" ")
        if kind == "Basic":
            return self._basic(value.strip())
        if kind == "Bearer":
            return self._bearer(value.strip())
        raise Refused(401, 10, type=kind)

    def _basic(self, value: str) -> dict[str, Any]:
        try:
            key, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise Refused(401, 21, "malformed credentials") from None
        if not colon:
            raise Refused(401, 21, "malformed credentials")
        if self._keys.get(key) != secret:
            raise Refused(401, 22, "failed to locate provided credentials")
        return {"identity": self.identity(), "auth_type": "Basic", "session_id": ""}

    def _bearer(self, token: str) -> dict[str, Any]:
        head, _, sign = token.rpartition(".")
        if not head or not hmac.compare_digest(_signature(head), sign):
            raise Refused(
                401, 30, "Signature verification failed" if token.count(".") == 2 else "Not enough segments"
            )
        body = head.partition(".")[2]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if claims["exp"] <= self.now():
            raise Refused(401, 30, "expired")
        if claims["session_id"] in self.revoked:
            raise Refused(401, 30, "revoked")
        return claims

    def identity(self) -> dict[str, Any]:
        return {
            "user": user_id(OPERATOR),
            "company": COMPANY,
            "role": "user",
            "user_name": OPERATOR,
            "company_name": COMPANY_NAME,
        }

    def token(self, expiration: float | None = None) -> str:
        self._sessions += 1
        now = self.now()
        version = SEED if self._seed_era else LATEST
        claims = {
            "identity": self.identity(),
            "env": "<unknown>",
            "auth_type": "Bearer",
            "session_id": hex_id("session", self._sessions),
            "iat": int(now),
            "exp": int(now + (self._life if expiration is None else expiration)),
            "api_version": f"{version[0]}.{version[1]}",
            "server_version": "0.12.0" if self._seed_era else SERVER_VERSION,
            "server_build": SERVER_BUILD,
            "feature_set": "basic",
        }
        text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{text}.{_signature(text)}"
