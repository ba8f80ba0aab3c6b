"""Job Manager's error bodies: problem documents of connexion, and the plain text of its health."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from adapters.errors import AdapterError, Conflict, Forbidden, NotFound, Unavailable, Unsupported
from adapters.http import ErrorInfo

LONGEST = 500
NOT_IN_PROGRESS = re.compile(r"couldn't abort|no workflow with that id is in progress", re.IGNORECASE)
UNHANDLED = re.compile(r"^the server encountered an internal error|^internal server error$", re.IGNORECASE)
WRONG_PATH = re.compile(r"requested url was not found", re.IGNORECASE)
NO_PROJECT = re.compile(r"projectid|project_id", re.IGNORECASE)


def read_error(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    """What the server says is wrong; None when the body is not Job Manager's."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        text = raw[:100].decode("utf-8", "replace").strip()
        return ErrorInfo("internal server error", str(status)) if status == 500 and UNHANDLED.match(text) else None
    if not isinstance(body, dict):
        return None
    said = next((body[key] for key in ("detail", "title", "message") if isinstance(body.get(key), str)), "")
    sentence = " ".join(said.split())
    if not sentence:
        return None
    sentence = sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 1]}…"
    kind: type[AdapterError] | None = None
    hint = ""
    if status == 500 and UNHANDLED.match(sentence):
        sentence = "internal server error, without a reason"
    elif status == 404 and WRONG_PATH.search(sentence):
        sentence, hint = "this server has no such call (404)", "is the url that of Job Manager, with its prefix?"
    elif status == 401:
        hint = "the token is sent as Authentication: Bearer; set token in this context"
    elif status == 400 and NO_PROJECT.search(sentence):
        hint = "set project in this context to one that the server knows"
    elif status == 403 and NOT_IN_PROGRESS.search(sentence):
        kind = Conflict
    return ErrorInfo(sentence, str(status), kind, hint=hint)


def not_there(error: AdapterError) -> bool:
    """Whether it says that the call itself is not there: 501, an unhandled exception, or no such path."""
    if isinstance(error, Unsupported):
        return True
    if isinstance(error, NotFound):
        return "no such call" in error.sentence
    return crashed(error)


def crashed(error: AdapterError) -> bool:
    """A 500: what is not implemented looks the same as what went wrong."""
    return isinstance(error, Unavailable) and error.status == 500


def truer_read(error: AdapterError, context: str, job_id: str) -> AdapterError:
    """GetJob has no parameter but the id: what it calls a bad request is an id that cannot be."""
    if error.status != 400:
        return error
    said = error.sentence.removeprefix(f"{context}: ")
    return NotFound(f"{context}: no job {job_id[:80]}", hint=said, status=error.status, code=error.code)


def truer_abort(error: AdapterError, context: str) -> AdapterError:
    """Refusals have many codes: 412 by the book, 403 or 404 from Cromwell. A 500 says nothing about the job."""
    if isinstance(error, Forbidden | NotFound | Conflict) and NOT_IN_PROGRESS.search(error.sentence):
        sentence = f"{context}: it is not in progress any more, so it cannot be aborted"
        said = error.sentence.removeprefix(f"{context}: ")
        return Conflict(sentence, hint=said, status=error.status, code=error.code)
    return unsure(error)


def unsure(error: AdapterError) -> AdapterError:
    """Of a write that ended in a 5xx nobody can know whether it was carried out."""
    if isinstance(error, Unavailable) and error.status is not None and error.executed:
        error.executed = None
    return error
