"""How a ClearML apiserver answers: the envelope, its error subcodes and their words, dates, versions, bodies."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from starlette.responses import Response

Version = tuple[int, int]
LATEST: Version = (2, 31)
SEED: Version = (2, 4)

# HTTP status, subcode -> the default message.
MESSAGES: Mapping[tuple[int, int], str] = {
    (400, 0): "Bad request",
    (400, 12): "Validation error",
    (400, 14): "Fields not defined for object",
    (400, 16): "Invalid value for fields",
    (400, 17): "Batch request contains no items",
    (400, 18): "Batch request validation error",
    (400, 21): "Malformed regular expression",
    (400, 101): "Invalid task id",
    (400, 102): "Task validation error",
    (400, 110): "Invalid task status",
    (400, 121): "Failed changing task status. probably someone changed it before you",
    (400, 123): "Task cannot be deleted",
    (400, 131): "Events not added",
    (400, 201): "Invalid model id",
    (400, 401): "Invalid project id",
    (400, 402): "Project has associated tasks",
    (400, 701): "Invalid queue id",
    (400, 702): "Queue is not empty",
    (400, 703): "Invalid queue id or task not in queue",
    (400, 706): "Failed adding task to queue since task is already queued",
    (400, 707): "No queue is tagged as the default queue for this company",
    (400, 708): "More than one queue is tagged as the default queue for this company",
    (400, 800): "Data validation error",
    (400, 801): "Value combination already exists (unique field already contains this value)",
    (400, 1001): "Invalid worker id",
    (400, 1005): "Worker stats not found",
    (401, 10): "Unauthorized (bad authentication header type)",
    (401, 20): "Unauthorized (missing credentials)",
    (401, 21): "Unauthorized (malformed credentials)",
    (401, 22): "Unauthorized (invalid credentials)",
    (401, 30): "Invalid token",
    (403, 20): "Forbidden (not allowed for role)",
    (403, 21): "Forbidden (modification not allowed)",
    (500, 0): "General error",
    (500, 1): "Internal server error",
    (500, 100): "General data error",
}


class Refused(Exception):
    """An API error: `Default message (extra): key=value, ...`; `text` replaces the default message."""

    def __init__(self, code: int, subcode: int = 0, extra: str = "", *, text: str = "", **values: object) -> None:
        message = text or MESSAGES.get((code, subcode), "Error")
        if extra:
            message += f" ({extra})"
        if values:
            message += f": {', '.join(f'{name}={value}' for name, value in values.items())}"
        super().__init__(message)
        self.code = code
        self.subcode = subcode
        self.message = message


def invalid(field_name: str, why: str) -> Refused:
    return Refused(400, 12, f"error for field '{field_name}'. {why}")


@dataclass(slots=True)
class Call:
    """One request: what was asked of which version, by whom. `data` is the body with the query merged in."""

    service: str
    action: str
    version: Version
    data: dict[str, Any]
    batch: list[dict[str, Any]] | None = None
    user: str = ""
    worker: str = ""
    session: str = ""
    cookie: str | None = None
    minimum: Version = (1, 0)

    @property
    def name(self) -> str:
        return f"{self.service}.{self.action}"

    def need(self, name: str) -> Any:
        """A value that must be there."""
        value = self.data.get(name)
        if value is None:
            raise invalid(name, "field is required!")
        return value

    def text(self, name: str) -> str:
        value = self.need(name)
        if not isinstance(value, str):
            raise invalid(name, "Input should be a valid string")
        return value

    def maybe(self, name: str) -> str | None:
        return None if self.data.get(name) is None else self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.data.get(name)
        return default if value is None else value if isinstance(value, bool) else str(value).lower() == "true"

    def whole(self, name: str, default: int, least: int | None = None, most: int | None = None) -> int:
        value = self.data.get(name)
        if value is None:
            return default
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise invalid(name, "Input should be a valid integer") from None
        if least is not None and number < least:
            raise invalid(name, f"Value must be greater than or equal to {least}")
        if most is not None and number > most:
            raise invalid(name, f"Value must be less than or equal to {most}")
        return number

    def items(self, name: str) -> list[Any]:
        """A list that may be missing; a single text is a list of one."""
        value = self.data.get(name)
        if value is None or isinstance(value, list):
            return value or []
        if isinstance(value, str):
            return [value]
        raise invalid(name, "Input should be a valid list")

    def mapping(self, name: str) -> dict[str, Any]:
        """An object that may be missing."""
        value = self.data.get(name)
        if value is None or isinstance(value, dict):
            return value or {}
        raise invalid(name, "Input should be a valid dictionary")

    def ids(self, name: str = "ids") -> list[str]:
        value = self.data.get(name)
        if not isinstance(value, list) or not value:
            raise invalid(
                name, "List is too short. Expecting at least 1 items" if value == [] else "field is required!"
            )
        return [str(each) for each in value]


def parse_version(text: str) -> Version | None:
    whole, dot, part = text.partition(".")
    return (int(whole), int(part)) if dot and whole.isdigit() and part.isdigit() else None


def version_json(version: Version, asked: Version) -> str | float:
    """Text; a number for requests below 2.1."""
    text = f"{version[0]}.{version[1]}"
    return float(text) if asked < (2, 1) else text


def envelope(
    call: Call | None, *, request_id: str, trx: str, data: Any, error: Refused | None, seed_era: bool
) -> bytes:
    asked = call.version if call is not None else LATEST
    meta: dict[str, Any] = {
        "id": request_id,
        "trx": trx,
        "endpoint": {
            "name": call.name if call is not None else "",
            "requested_version": version_json(asked, asked),
            "actual_version": version_json(call.minimum if call is not None else (1, 0), asked),
        },
        "result_code": error.code if error is not None else 200,
        "result_subcode": error.subcode if error is not None else 0,
        "result_msg": error.message if error is not None else "OK",
        "error_stack": None if error is not None else "",
    }
    if not seed_era:
        meta["error_data"] = {}
    return json.dumps({"meta": meta, "data": {} if error is not None else data}, separators=(",", ":")).encode()


def json_response(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


@lru_cache(maxsize=65536)
def _day_and_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def iso(moment: float) -> str:
    """Milliseconds are kept, as in the database; without any there is no fraction at all."""
    whole, milliseconds = divmod(round(moment * 1000), 1000)
    fraction = f".{milliseconds:03d}000" if milliseconds else ""
    return f"{_day_and_time(whole)}{fraction}+00:00"


def merged(body: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Query arguments lie over the body, with booleans and digits converted."""
    made = dict(body)
    for name, text in query.items():
        lowered = text.lower()
        made[name] = lowered == "true" if lowered in ("true", "false") else int(text) if text.isdigit() else text
    return made
