"""How a Job Manager server answers: problem documents, times with an offset, and what it makes of a body."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

STATUSES = ("Submitted", "OnHold", "Running", "Aborting", "Failed", "Succeeded", "Aborted")
TERMINAL = frozenset({"Failed", "Succeeded", "Aborted"})
TIME_FRAMES: Mapping[str, float] = {
    "HOURS_1": 3600.0,
    "HOURS_8": 8 * 3600.0,
    "HOURS_24": 86400.0,
    "DAYS_7": 7 * 86400.0,
    "DAYS_30": 30 * 86400.0,
    "ALL_TIME": float("inf"),
}
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
UNHANDLED = (
    "The server encountered an internal error and was unable to complete your request. Either the server is "
    "overloaded or there is an error in the application."
)
NO_SUCH_PATH = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    "and try again."
)


class Refused(Exception):
    """An answer that is an error: its status, and the `detail` of the problem document."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def crash() -> Refused:
    """An exception that nobody handles."""
    return Refused(500, UNHANDLED)


def problem(error: Refused) -> Response:
    title = TITLES.get(error.status, "Error")
    body = {"type": "about:blank", "title": title, "detail": error.detail, "status": error.status}
    headers = dict(error.headers) if error.headers else None
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


def unhealthy() -> Response:
    return PlainTextResponse("Internal Server Error", 500)


def no_content() -> Response:
    return Response(status_code=204)


def said(body: Mapping[str, Any]) -> Response:
    """A 200; what is None is left out, at every depth."""
    return JSONResponse(_without_none(body))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


def iso(moment: float | None) -> str | None:
    """Never a `Z`; without a fraction where there is none."""
    if moment is None:
        return None
    whole, millis = divmod(round(moment * 1000), 1000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return f"{text}.{millis:03d}000+00:00" if millis else f"{text}+00:00"


def understood(text: str, *, keeps_offset: bool) -> float:
    """A time as sent. Cromwell's server takes the clock on the wall for UTC, whatever the offset says."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, f"'{text}' is not a 'date-time'") from None
    aware = moment if keeps_offset and moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp()


def token(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def opened(text: str) -> dict[str, Any]:
    """What a page token says; any other text crashes the server."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise crash() from None
    if not isinstance(found, dict):
        raise crash()
    return found


@dataclass(slots=True)
class Call:
    """One request as a handler sees it."""

    method: str
    path: dict[str, str]
    query: dict[str, str]
    headers: Mapping[str, str]
    raw: bytes = b""

    def body(self) -> dict[str, Any]:
        """A required JSON body."""
        kind = self.headers.get("content-type", "application/json").split(";")[0].strip()
        if kind != "application/json":
            raise Refused(415, f"Invalid Content-type ({kind}), expected JSON data")
        if not self.raw.strip():
            raise Refused(400, "RequestBody is required")
        try:
            found = json.loads(self.raw)
        except ValueError:
            raise Refused(400, "Request body is not valid JSON") from None
        if not isinstance(found, dict):
            raise Refused(400, f"{found!r} is not of type 'object'")
        return found

    def needed(self, name: str) -> str:
        if name not in self.query:
            raise Refused(400, f"Missing query parameter '{name}'")
        return self.query[name]


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "array": list,
    "object": dict,
    "boolean": bool,
}
QUERY = {
    "start": "string",
    "end": "string",
    "submission": "string",
    "status": "array",
    "labels": "object",
    "id": "string",
    "name": "string",
    "pageSize": "integer",
    "pageToken": "string",
    "extensions": "object",
}
EXTENSIONS = {"projectId": "string", "userId": "string", "hideArchived": "boolean"}
PATTERNS = {"id": r"^[a-zA-Z0-9][a-zA-Z0-9_-]+$", "name": r"^[a-zA-Z][a-zA-Z0-9_-]*$"}


def check_query(body: Mapping[str, Any]) -> None:
    """The rules of the definition for a body of /jobs/query; unknown keys are nobody's business."""
    _typed(body, QUERY)
    for place, status in enumerate(body.get("status", ())):
        if status not in STATUSES:
            raise Refused(400, f"{status!r} is not one of {list(STATUSES)!r} - 'status.{place}'")
    for name, pattern in PATTERNS.items():
        if name in body and not re.search(pattern, body[name]):
            raise Refused(400, f"{body[name]!r} does not match {pattern!r} - '{name}'")
    _typed(body.get("extensions", {}), EXTENSIONS, "extensions.")


def check_labels(body: Mapping[str, Any]) -> dict[str, str]:
    """The labels of an update."""
    _typed(body, {"labels": "object"})
    labels = body.get("labels", {})
    for key, value in labels.items():
        if not isinstance(value, str):
            raise Refused(400, f"{value!r} is not of type 'string' - 'labels.{key}'")
        for word in (key, value):
            if len(word) > 255:
                raise Refused(
                    400, f"Invalid label: `{word[:20]}...` is {len(word)} characters. The maximum is 255."
                )
        if not key:
            raise Refused(400, "Invalid label: `` is 0 characters. The minimum is 1.")
    return dict(labels)


def _typed(given: Mapping[str, Any], kinds: Mapping[str, str], where: str = "") -> None:
    for name, kind in kinds.items():
        if name not in given:
            continue
        value = given[name]
        if not isinstance(value, _KINDS[kind]) or (kind == "integer" and isinstance(value, bool)):
            raise Refused(400, f"{value!r} is not of type '{kind}' - '{where}{name}'")
