"""What is asked, in the words real servers take: enums as numbers, ids in their wrappers, values of their type."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from adapters.errors import Invalid
from adapters.model import Json
from adapters.names import nearest
from adapters.peloton.rpc import Rpc


def _numbers(prefix: str, names: str) -> dict[str, int]:
    return {f"{prefix}{name}": number for number, name in enumerate(names.split())}


ENUM_NUMBERS: Mapping[str, int] = {
    **_numbers(
        "JOB_STATE_", "INVALID INITIALIZED PENDING RUNNING SUCCEEDED FAILED KILLED KILLING UNINITIALIZED DELETED"
    ),
    **_numbers(
        "POD_STATE_",
        "INVALID INITIALIZED PENDING READY PLACING PLACED LAUNCHING LAUNCHED STARTING RUNNING SUCCEEDED FAILED LOST"
        " KILLING KILLED PREEMPTING DELETED RESERVED",
    ),
    **_numbers("HOST_STATE_", "INVALID UNKNOWN UP DRAINING DRAINED DOWN"),
    **_numbers("ORDER_BY_", "INVALID ASC DESC"),
    **_numbers("RESERVATION_TYPE_", "INVALID ELASTIC STATIC"),
    **_numbers("SCHEDULING_POLICY_", "INVALID PRIORITY_FIFO"),
    **_numbers("CONSTRAINT_TYPE_", "INVALID LABEL AND OR"),
    **_numbers("LABEL_CONSTRAINT_KIND_", "INVALID POD HOST"),
    **_numbers("LABEL_CONSTRAINT_CONDITION_", "INVALID LESS_THAN EQUAL GREATER_THAN"),
    **_numbers("HEALTH_CHECK_TYPE_", "UNKNOWN COMMAND HTTP GRPC"),
    **_numbers("VOLUME_TYPE_", "INVALID EMPTY_DIR HOST_PATH"),
    **_numbers("PORT_TYPE_", "INVALID STATIC DYNAMIC_ENV_VAR DYNAMIC_TEMPLATE_VAR"),
    **_numbers("CONTAINER_TYPE_", "INVALID DOCKER MESOS"),
    **_numbers("EXECUTOR_TYPE_", "INVALID DEFAULT CUSTOM"),
    **_numbers("NETWORK_TYPE_", "INVALID HOST BRIDGE NONE USER"),
}
MESOS_NUMBERS: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("container", "type"): {"DOCKER": 1, "MESOS": 2},
    ("docker", "network"): {"HOST": 1, "BRIDGE": 2, "NONE": 3, "USER": 4},
    ("volumes", "mode"): {"RW": 1, "RO": 2},
    ("variables", "type"): {"UNKNOWN": 0, "VALUE": 1, "SECRET": 2},
}
"""Enums of mesos.v1, whose names carry no prefix: by the message's key and the field's."""

ENUM_KEYS = frozenset({"jobStates", "podStates", "hostStates", "order", "type", "kind", "condition", "policy"})
WRAPPED_KEYS = frozenset(
    {
        "jobId",
        "jobIds",
        "version",
        "podName",
        "podNames",
        "podId",
        "respoolId",
        "path",
        "respool",
        "parent",
        "volumeId",
    }
)
"""Fields that hold an id, a version or a path: `{"value": "..."}` on the wire."""

PLAIN_PATHS = frozenset({"secrets", "httpCheck", "hostPath"})
"""Messages whose `path` is a plain text."""

VERBATIM = frozenset({"revision", "labels", "environment", "opaqueData"})
"""Messages whose fields only look like ids: a Revision's `version` is a number."""


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest) if head else name


def as_request(value: Json, key: str = "", above: str = "") -> Json:
    """The request as real servers want it: enum names become numbers (names are refused), bare ids are wrapped."""
    if isinstance(value, dict):
        if key in VERBATIM:
            return value
        return {inner: as_request(held, camel(inner), key) for inner, held in value.items()}
    if isinstance(value, list):
        return [as_request(item, key, above) for item in value]
    if isinstance(value, str):
        if key in ENUM_KEYS and value in ENUM_NUMBERS:
            return ENUM_NUMBERS[value]
        if value in MESOS_NUMBERS.get((above, key), {}):
            return MESOS_NUMBERS[above, key][value]
        if key in WRAPPED_KEYS and not (key == "path" and above in PLAIN_PATHS):
            return {"value": value}
    return value


def body_of(context: str, rpc: Rpc, given: Mapping[str, Json]) -> dict[str, Json]:
    """The message of a call by hand: known fields only, each of its type. Raises Invalid."""
    expected = dict(rpc.params)
    named = {name.lower(): name for name in expected}
    body: dict[str, Json] = {}
    for name, value in given.items():
        known = named.get(camel(name).lower())
        if known is None:
            takes = nearest(name, expected) or f"; it takes {', '.join(expected) or 'none'}"
            raise Invalid(f"{context}: {rpc.name} has no parameter {name!r}{takes}", executed=False)
        if value is not None:
            body[known] = _typed(context, known, value, expected[known].partition(",")[0])
    _refuse_missing(context, rpc, body)
    return body


def _refuse_missing(context: str, rpc: Rpc, body: Iterable[str]) -> None:
    missing = [name for name in rpc.required if name not in body]
    if missing:
        raise Invalid(f"{context}: {rpc.name} needs {', '.join(missing)}", executed=False)


def _typed(context: str, name: str, value: Json, kind: str) -> Json:
    match kind:
        case "text" if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        case "text" if isinstance(value, str) or (isinstance(value, dict) and set(value) == {"value"}):
            return value
        case "number" if isinstance(value, str) and value.strip().isdecimal():
            return int(value)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case "true or false" if isinstance(value, bool):
            return value
        case "true or false" if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        case "JSON" if isinstance(value, dict | list):
            return value
        case "JSON" if isinstance(value, str):
            return _parsed(context, name, value)
    raise Invalid(f"{context}: {name} is {kind}, not {value!r}", executed=False)


def _parsed(context: str, name: str, text: str) -> Json:
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | list):
        raise Invalid(f"{context}: {name} is a JSON object or list, not {text[:60]!r}", executed=False)
    return found
