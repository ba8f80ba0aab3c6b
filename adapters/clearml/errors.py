"""ClearML's errors: nearly all are HTTP 400, told apart by a subcode, with words for people in result_msg."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from adapters.errors import AdapterError, Conflict, Forbidden, Invalid, NotFound, Unauthorized, Unsupported
from adapters.http import ErrorInfo
from adapters.model import Json

TASK_MISSING, STATUS, LOST_RACE, CANNOT_DELETE = (400, 101), (400, 110), (400, 121), (400, 123)
NOT_IN_QUEUE, ALREADY_QUEUED, EXPIRED, NO_STATS = (400, 703), (400, 706), (401, 30), (400, 1005)

BY_SUBCODE: Mapping[tuple[int, int], type[AdapterError]] = {
    TASK_MISSING: NotFound,
    (400, 201): NotFound,
    (400, 401): NotFound,
    (400, 701): NotFound,
    (400, 1001): NotFound,
    NO_STATS: NotFound,
    STATUS: Conflict,
    LOST_RACE: Conflict,
    CANNOT_DELETE: Conflict,
    (400, 402): Conflict,
    (400, 702): Conflict,
    NOT_IN_QUEUE: Conflict,
    ALREADY_QUEUED: Conflict,
    (400, 801): Conflict,
    (403, 21): Forbidden,
}
PLAINER: Mapping[tuple[int, int], str] = {
    LOST_RACE: "somebody else changed it at the same moment",
    NOT_IN_QUEUE: "it is not in that queue",
    ALREADY_QUEUED: "it is in a queue already",
    EXPIRED: "the login has expired",
    (400, 707): "the server has no default queue; name one",
    (400, 708): "the server has more than one default queue; name one",
    (401, 20): "the server wants a login",
    (401, 22): "the access key or the secret is not accepted",
    (403, 21): "it is public, and cannot be changed",
}
HINTS: Mapping[tuple[int, int], str] = {
    EXPIRED: "log in again: give the context a new token, or an access key, with which it renews its login",
    (401, 20): "give the context access_key and secret_key, or a token",
    (401, 22): "make new credentials in the web UI, under settings, workspace",
    CANNOT_DELETE: "force deletes it all the same",
}
CHANGE = re.compile(r"current_status=(\w+), new_status=(\w+)")
NO_ENDPOINT = "Unable to find endpoint"


def read_error(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    """What the envelope says is wrong; None when there is none."""
    try:
        body: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    meta = body.get("meta") if isinstance(body, dict) else None
    if not isinstance(meta, dict) or not isinstance(meta.get("result_msg"), str):
        return None
    subcode = meta.get("result_subcode")
    return error_info(status, subcode if isinstance(subcode, int) else 0, str(meta["result_msg"]))


def error_info(code: int, subcode: int, message: str) -> ErrorInfo:
    """The same for one failed item of a bulk call, which has code, subcode and words of its own."""
    key, name = (code, subcode), f"{code}/{subcode}"
    words = " ".join(message.split())
    if code == 404 or NO_ENDPOINT in words:
        return ErrorInfo(
            f"this server has no such call ({name}: {words[:200]})",
            name,
            Unsupported,
            executed=False,
            hint="is the url that of the apiserver, not of the web UI?",
        )
    change = CHANGE.search(words)
    sentence = PLAINER.get(key) or (words if len(words) <= 500 else f"{words[:499]}…") or "an error without words"
    if key == STATUS and change:
        sentence = f"it is {change[1]}, which cannot become {change[2]}"
    return ErrorInfo(f"{sentence} ({name})", name, _kind(key), hint=HINTS.get(key, ""))


def _kind(key: tuple[int, int]) -> type[AdapterError] | None:
    if key[0] == 401:
        return Unauthorized
    return BY_SUBCODE.get(key, Invalid if key[0] == 400 else None)


def of_item(context: str, info: ErrorInfo, status: int) -> AdapterError:
    """The AdapterError for a failed item of a bulk call: the call itself was answered with 200."""
    kind = info.kind or Invalid
    return kind(f"{context}: {info.sentence}", hint=info.hint, status=status, code=info.code)
