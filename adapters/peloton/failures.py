"""What Peloton's errors mean: judged by Rpc-Error-Code, never by Rpc-Status, which says success on many."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.errors import (
    AdapterError,
    BadPayload,
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

CODES: Mapping[str, type[AdapterError]] = {
    "cancelled": Unavailable,
    "unknown": Unavailable,
    "invalid-argument": Invalid,
    "deadline-exceeded": Timeout,
    "not-found": NotFound,
    "already-exists": Conflict,
    "permission-denied": Forbidden,
    "resource-exhausted": RateLimited,
    "failed-precondition": Conflict,
    "aborted": Conflict,
    "out-of-range": Invalid,
    "unimplemented": Unsupported,
    "internal": Unavailable,
    "unavailable": Unavailable,
    "data-loss": BadPayload,
    "unauthenticated": Unauthorized,
}

WRAPPED = re.compile(r"code:([a-z-]+) message:")
NOT_LEADER = re.compile(r"non-leader|not the leader|not supported on non", re.IGNORECASE)
NO_WORKFLOW = "does not have workflow"
LOCKED = re.compile(r"All (read|write) APIs are locked down")
OTHER_SERVICE = re.compile(r'unrecognized service name "[^"]*", available services: "([^"]*)"')
NO_LEADER_HINT = "it is a standby; use the leader's address, or the apiserver's"


def read_error(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    """The error a daemon answered with; None when it is not YARPC's (a proxy's page, a Mesos agent's 404)."""
    code = headers.get("rpc-error-code", "")
    text = headers.get("rpc-error-message") or raw[:4000].decode("utf-8", "replace")
    inner = WRAPPED.findall(text)
    if not code:
        if not inner:
            return _agent(status, text) if "rpc-service" not in headers else None
        code = inner[-1]
    if code == "internal" and inner:
        code = inner[-1]  # StartMaintenance with `hostnames` folds every failure into internal
    kind = CODES.get(code)
    sentence = " ".join(WRAPPED.sub("", text).split()) or f"answered {code} without a word"
    hint, executed = "", True
    if found := OTHER_SERVICE.search(text):
        # Not Unsupported: the call may well be there, at the name this daemon answers to.
        kind, executed = Invalid, False
        hint = f"this address is {found.group(1)}; set service, resmgr_url and hostmgr_url accordingly"
    elif code == "unavailable" and NOT_LEADER.search(text):
        hint, executed = NO_LEADER_HINT, False
    elif found := LOCKED.search(text):
        hint, executed = f"an administrator has locked the {found.group(1)} APIs", False
    elif code == "unavailable" and NO_WORKFLOW in text:
        kind = NotFound  # and not worth asking again
    elif code == "aborted" and "entity version" in text:
        sentence = f"the job has changed since it was read ({sentence})"
        hint = "look at it again, then decide again"
    elif code == "aborted" and "not stopped" in text:
        hint = "stop it first and wait until it is KILLED, or delete it with force"
    elif code == "aborted" and "violate SLA" in text:
        hint = "the job's SLA forbids it now; check_sla=false overrides"
    return ErrorInfo(sentence[:400], code, kind, executed, hint)


def _agent(status: int, text: str) -> ErrorInfo | None:
    if status == 404 and "request method was" not in text:
        return ErrorInfo("not there: " + (" ".join(text.split())[:200] or "404"), "404", NotFound)
    return None
