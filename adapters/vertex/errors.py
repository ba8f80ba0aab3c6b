"""Google's error envelope, as one sentence of the right kind."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.errors import (
    AdapterError,
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
from adapters.http import ErrorInfo
from adapters.model import Json

# In the order of google.rpc.Code.
BY_STATUS: Mapping[str, type[AdapterError]] = {
    "CANCELLED": Unavailable,
    "UNKNOWN": Unavailable,
    "INVALID_ARGUMENT": Invalid,
    "DEADLINE_EXCEEDED": Timeout,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": Conflict,
    "PERMISSION_DENIED": Forbidden,
    "RESOURCE_EXHAUSTED": RateLimited,
    "FAILED_PRECONDITION": Conflict,
    "ABORTED": Conflict,
    "OUT_OF_RANGE": Invalid,
    "UNIMPLEMENTED": Unsupported,
    "INTERNAL": Unavailable,
    "UNAVAILABLE": Unavailable,
    "DATA_LOSS": Unavailable,
    "UNAUTHENTICATED": Unauthorized,
}
RPC_CODES = dict(enumerate(BY_STATUS, start=1))
LONGEST = 500


def read_error(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    """What the server says is wrong; None when the body is not Google's."""
    try:
        body: Json = json.loads(raw)
    except (ValueError, RecursionError):
        if status == 404 and raw.lstrip()[:1] == b"<":
            hint = "is the url that of Vertex AI, and the region the url's?"
            return ErrorInfo("this address has no such call (404)", kind=Unsupported, hint=hint)
        return None
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    name = error.get("status")
    word = name if isinstance(name, str) else ""
    details = [each for each in _list(error.get("details")) if isinstance(each, dict)]
    sentence = _presentable(f"{error['message']}{_violations(str(error['message']), details)}")
    if word:
        sentence = f"{sentence} ({word})"
    reason = next((str(each["reason"]) for each in details if isinstance(each.get("reason"), str)), None)
    return ErrorInfo(
        sentence,
        reason or word or str(error.get("code", "")) or None,
        BY_STATUS.get(word),
        hint=_hint(word, reason, str(error["message"])),
    )


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _violations(message: str, details: list[dict[str, Json]]) -> str:
    """What BadRequest says beyond the message: which field it is about."""
    found = []
    for detail in details:
        for each in _list(detail.get("fieldViolations")):
            if not isinstance(each, dict):
                continue
            field, why = each.get("field"), each.get("description")
            if isinstance(why, str) and why and why not in message:
                found.append(f"{field}: {why}" if field else why)
            elif isinstance(field, str) and field and field not in message:
                found.append(f"at {field}")
    return f"; {'; '.join(found)}" if found else ""


def _presentable(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _hint(status: str, reason: str | None, message: str) -> str:
    if status == "UNAUTHENTICATED":
        return "the access token is missing, wrong or expired; `gcloud auth login` gives a new one"
    if reason == "SERVICE_DISABLED":
        return "the API is not enabled in this project"
    if status == "PERMISSION_DENIED":
        return "are project and region right, and has the account roles/aiplatform.user?"
    if status == "RESOURCE_EXHAUSTED" and "quota" in message.lower():
        return "a quota of the project is used up"
    return ""


def operation_error(context: str, code: int, message: str) -> AdapterError:
    """An operation that has failed, as the error it would have been."""
    word = RPC_CODES.get(code, "")
    kind = BY_STATUS.get(word, Unavailable)
    return kind(f"{context}: {_presentable(message) or 'the operation failed'} ({word or code})", code=word or None)
