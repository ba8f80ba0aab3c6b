"""KFP's error bodies: both gateways' envelopes, the artifact handler's, and plain routing errors."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.errors import AdapterError, Conflict, Forbidden, Invalid, NotFound, Unauthorized, Unsupported
from adapters.http import ErrorInfo
from adapters.model import Json

INVALID, NOT_FOUND, EXISTS, DENIED, PRECONDITION, ABORTED, UNIMPLEMENTED, INTERNAL = 3, 5, 6, 7, 9, 10, 12, 13
UNAUTHENTICATED = 16
BY_CODE: Mapping[int, type[AdapterError]] = {
    INVALID: Invalid,
    NOT_FOUND: NotFound,
    EXISTS: Conflict,
    DENIED: Forbidden,
    PRECONDITION: Conflict,
    ABORTED: Conflict,
    UNIMPLEMENTED: Unsupported,
    UNAUTHENTICATED: Unauthorized,
}
NO_CALL = "this server has no such call"
NO_CALL_HINT = "is the url that of the KFP API, with its path prefix?"
ROUTING_WORDS = {404: "Not Found", 405: "Method Not Allowed", 501: "Method Not Allowed"}


def read_error(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    """What the server says is wrong; None when the body is not KFP's."""
    try:
        body: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return _plain(status, raw)
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("error_message"), str):
        return ErrorInfo(_presentable(str(body["error_message"])))
    message = body.get("message") or body.get("error")
    if not isinstance(message, str):
        return None
    code = body.get("code")
    details = body.get("details")
    if not details and message == ROUTING_WORDS.get(status):
        return ErrorInfo(f"{NO_CALL} ({status} {message})", str(code or ""), Unsupported, hint=NO_CALL_HINT)
    sentence = _external(details) or _last_of_chain(message)
    kind = BY_CODE.get(code) if isinstance(code, int) else None
    if code == INTERNAL and sentence == "Internal Server Error":
        sentence = f"internal server error: {_last_of_chain(message)}"
    return ErrorInfo(_presentable(sentence), str(code) if code is not None else None, kind, hint=_hint(message))


def _plain(status: int, raw: bytes) -> ErrorInfo | None:
    """The old gateway's and Go's own routing errors are bare text."""
    text = raw[:100].decode("utf-8", "replace").strip()
    if status in (404, 405, 501) and text in ("Not Found", "404 page not found", "Method Not Allowed"):
        return ErrorInfo(f"{NO_CALL} ({status} {text})", kind=Unsupported, hint=NO_CALL_HINT)
    return None


def _external(details: Json) -> str | None:
    """details[0] is made to be shown: `message` of the current envelope, `error_message` of the oldest."""
    if isinstance(details, list) and details and isinstance(details[0], dict):
        for key in ("message", "error_message"):
            text = details[0].get(key)
            if isinstance(text, str) and text:
                return text
    return None


def _last_of_chain(message: str) -> str:
    """`message` wraps inner errors with colons; from the last `…Error:` on it says what happened."""
    head, found, tail = message.rpartition("Error: ")
    return tail if found and head and tail else message


def _presentable(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 500 else f"{words[:499]}…"


def _hint(message: str) -> str:
    return "set namespace in this context" if "empty namespace" in message else ""
