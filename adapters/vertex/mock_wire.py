"""How Google's API front ends answer: the error envelope, times, durations, JSON bodies, project checks."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from starlette.responses import Response

# Canonical name -> google.rpc.Code, HTTP status.
CODES: dict[str, tuple[int, int]] = {
    "CANCELLED": (1, 499),
    "UNKNOWN": (2, 500),
    "INVALID_ARGUMENT": (3, 400),
    "DEADLINE_EXCEEDED": (4, 504),
    "NOT_FOUND": (5, 404),
    "ALREADY_EXISTS": (6, 409),
    "PERMISSION_DENIED": (7, 403),
    "RESOURCE_EXHAUSTED": (8, 429),
    "FAILED_PRECONDITION": (9, 400),
    "ABORTED": (10, 409),
    "OUT_OF_RANGE": (11, 400),
    "UNIMPLEMENTED": (12, 501),
    "INTERNAL": (13, 500),
    "UNAVAILABLE": (14, 503),
    "DATA_LOSS": (15, 500),
    "UNAUTHENTICATED": (16, 401),
}
# What a fault that asks for an HTTP status is called.
BY_HTTP = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:?\d\d)")
_DURATION = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?s")


class Refused(Exception):
    """A canonical error. `details` are google.rpc messages, each with its @type."""

    def __init__(self, status: str, message: str, *details: dict[str, Any], http: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.http = http or CODES[status][1]


def invalid(message: str, field: str | None = None) -> Refused:
    if field is None:
        return Refused("INVALID_ARGUMENT", message)
    violation = {"field": field, "description": message}
    return Refused(
        "INVALID_ARGUMENT",
        message,
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]},
    )


def error_info(reason: str, domain: str = "googleapis.com", **metadata: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    }


def refusal(error: Refused) -> Response:
    body: dict[str, Any] = {"code": error.http, "message": error.message, "status": error.status}
    if error.details:
        body["details"] = list(error.details)
    headers = {"www-authenticate": 'Bearer realm="https://accounts.google.com/"'} if error.http == 401 else None
    return reply({"error": body}, error.http, headers)


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    made = Response(text, status, headers, media_type="application/json; charset=UTF-8")
    made.headers["vary"] = "X-Origin"
    return made


def no_route(path: str) -> Response:
    """A path that no API knows: the front end's own page."""
    page = (
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n"
        f"  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>{_escaped(path)}</code> was "
        "not found on this server.  <ins>That’s all we know.</ins>\n"
    )
    return Response(page, 404, media_type="text/html; charset=UTF-8")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def json_body(raw: bytes) -> dict[str, Any]:
    """The body as an object; an empty one is an empty object. Raises Refused."""
    if not raw.strip():
        return {}
    try:
        read = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise invalid(f"Invalid JSON payload received. {str(error).split(':')[0]}.") from None
    if not isinstance(read, dict):
        raise invalid('Invalid JSON payload received. Unknown name "": Root element must be a message.')
    return read


@lru_cache(maxsize=65536)
def rfc3339(micros: int) -> str:
    """Microseconds since the epoch as 0, 3 or 6 fraction digits, as protobuf's JSON has them."""
    seconds, rest = divmod(micros, 1_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if not rest:
        return f"{whole}Z"
    return f"{whole}.{rest // 1000:03d}Z" if rest % 1000 == 0 else f"{whole}.{rest:06d}Z"


def nanoseconds(text: str) -> int:
    """An RFC 3339 time as nanoseconds since the epoch; ValueError without a zone."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    day, clock, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
    return int(moment.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))


def duration(text: Any) -> float:
    """`604800s` as seconds; ValueError for anything else."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(text)
    return float(f"{match[1]}.{match[2] or 0}")
