"""How a KFP api-server answers: envelopes, status codes, times, and the words of its enums."""

from __future__ import annotations

import base64
import json
import math
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from adapters.mock.behaviour import Phase

EPOCH_ZERO = "1970-01-01T00:00:00Z"
NO_TIME = "0001-01-01T00:00:00Z"

STATE: dict[Phase, str] = {
    Phase.PENDING: "PENDING",
    Phase.RUNNING: "RUNNING",
    Phase.PAUSED: "PAUSED",
    Phase.ABORTING: "CANCELING",
    Phase.ABORTED: "CANCELED",
    Phase.SUCCEEDED: "SUCCEEDED",
    Phase.FAILED: "FAILED",
    Phase.SKIPPED: "SKIPPED",
}

# gRPC code -> HTTP status, as grpc-gateway maps them.
HTTP = dict(enumerate((499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401), start=1))
# The code behind an HTTP status that a fault asks for.
CODE = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 499: 1, 501: 12, 503: 14, 504: 4}


class Refused(Exception):
    """A gRPC status. `text` is what the caller is meant to read, `chain` what the server wraps around it.

    `bare` statuses come from the gateway itself and have no details.
    """

    def __init__(self, code: int, text: str, chain: str = "", *, bare: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.chain = chain
        self.bare = bare


def invalid(text: str, chain: str = "") -> Refused:
    return Refused(3, text, f"{chain}: InvalidInputError: {text}" if chain else f"InvalidInputError: {text}")


def not_found(what: str, key: str, chain: str) -> Refused:
    text = f"{what} {key} not found"
    return Refused(5, text, f"{chain}: ResourceNotFoundError: {text}")


def internal(chain: str) -> Refused:
    return Refused(13, "Internal Server Error", f"{chain}: InternalServerError")


def refusal(error: Refused, *, old: bool) -> Response:
    """The error envelope; servers before 2.14 repeat the message under `error`."""
    message = error.chain or error.text
    body: dict[str, Any] = {"error": message} if old else {}
    body |= {"code": error.code, "message": message}
    if not error.bare:
        detail = {"@type": "type.googleapis.com/google.rpc.Status", "code": error.code, "message": error.text}
        body["details"] = [detail]
    status = 408 if old and error.code == 1 else HTTP[error.code]
    headers = {"www-authenticate": message} if status == 401 and not old else None
    return JSONResponse(body, status, headers)


def no_route(allowed: bool, *, old: bool) -> Response:
    """An /apis path that is unknown, or known with another method."""
    if old:
        text = "Method Not Allowed" if allowed else "Not Found"
        return PlainTextResponse(f"{text}\n", 405 if allowed else 404)
    if allowed:
        return JSONResponse({"code": 12, "message": "Method Not Allowed"}, 501)
    return JSONResponse({"code": 5, "message": "Not Found"}, 404)


def old_style_error(message: str, details: str) -> bytes:
    """What the hand-written HTTP handlers (log, artifact) write instead of an envelope."""
    return json.dumps({"error_message": message, "error_details": details}).encode()


@lru_cache(maxsize=65536)
def rfc3339(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


_PLAIN = re.compile(r"[\w .:/+()-]*", re.ASCII)


def quoted(text: str) -> str:
    """A JSON string literal."""
    return f'"{text}"' if _PLAIN.fullmatch(text) else json.dumps(text)


_CAMEL = re.compile(r"(?<!^)([A-Z])")


@lru_cache(maxsize=1024)
def snake(name: str) -> str:
    return _CAMEL.sub(r"_\1", name).lower()


@dataclass(slots=True)
class Call:
    """One request as a handler sees it: names in snake case, path parameters among them."""

    method: str
    path: dict[str, str]
    query: dict[str, str]
    raw: bytes = b""
    known: frozenset[str] = field(default_factory=frozenset)

    def whole(self, name: str) -> int:
        text = self.query.get(name, "")
        if not text:
            return 0
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or abs(value) >= 1 << 31:
            raise Refused(
                3, f'parsing field "{name}": strconv.ParseInt: parsing "{text}": invalid syntax', bare=True
            )
        return value

    def body(self, known: frozenset[str]) -> dict[str, Any]:
        """The body as a message with these fields; an empty one is an empty message."""
        if not self.raw.strip():
            return {}
        try:
            read = json.loads(self.raw)
        except ValueError as error:
            raise Refused(3, f"proto: syntax error: {error}", bare=True) from None
        if not isinstance(read, dict):
            raise Refused(3, "proto: syntax error: unexpected token", bare=True)
        message = {}
        for name, value in read.items():
            if snake(name) not in known:
                raise Refused(3, f'proto: (line 1:2): unknown field "{name}"', bare=True)
            if value is not None:
                message[snake(name)] = value
        return message


def bearable(value: float) -> int:
    """Whole seconds of a time that may be infinite."""
    return 0 if math.isinf(value) else math.floor(value)


def base64_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
