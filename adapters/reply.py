"""Answers of a server: whole, bounded, and turned into JSON or into one sentence."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from adapters.errors import AdapterError, BadPayload
from adapters.frozen import dataclass
from adapters.model import Json

M = TypeVar("M", bound=BaseModel)
NO_CONTENT = 204
SECRET_HEADER = re.compile(r"(?i)auth|cookie|token|password|secret|api-?key")
SHORTEST_SECRET = 4
"""What is shorter cannot be blotted out without blotting out everything."""


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
            return loads(self._body())
        except (ValueError, RecursionError):
            raise bad_payload(self.context, self.raw) from None

    def model(self, kind: type[M]) -> M:
        """The body as a wire model; BadPayload when it does not fit. A 204 is no list without rows."""
        try:
            return kind.model_validate_json(self.raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            raise bad_payload(self.context, self.raw, f"{where}: {first['msg']}") from None

    def _body(self) -> bytes:
        return b"{}" if self.status == NO_CONTENT else self.raw


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


def loads(raw: bytes) -> Json:
    """JSON whose texts can all be encoded again: broken UTF-8 and lone surrogates become replacement characters.

    Raises ValueError, and RecursionError for absurdly deep nesting.
    """
    found = jsonlib.loads(raw.decode("utf-8", "replace"))
    if b"\\ud" in raw.lower():
        found = jsonlib.loads(jsonlib.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    return found  # type: ignore[no-any-return]


def without_secrets(raw: bytes, headers: Mapping[str, str], secret: Iterable[str]) -> bytes:
    """An error body without the credentials of its request: some servers and proxies repeat what they were sent.

    `secret` names the headers that are secret beside those whose names say so.
    """
    named = {name.lower() for name in secret}
    for name, value in headers.items():
        if name.lower() in named or SECRET_HEADER.search(name):
            pieces = {value, *(part.partition("=")[2] for part in value.split("; ")), value.rpartition(" ")[2]}
            for piece in sorted(pieces, key=len, reverse=True):
                if len(piece) >= SHORTEST_SECRET:
                    raw = raw.replace(piece.encode(), b"***")
    return raw


def plain_sentence(status: int, raw: bytes) -> str:
    """A sentence for an error body that the backend's own reader does not understand."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "unknown status"
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
    """For a 2xx answer that is not what the API promises."""
    text = raw[:200].lstrip()
    if not text:
        why = "it is empty"
    elif text.startswith(b"<"):
        why = "it is an HTML page, most likely from a proxy or a login"
    return BadPayload(f"{context}: the answer cannot be read: {why}", hint="is the url that of the API?")
