"""The mock's end of the wire: the JSON dialect of Peloton's servers, their enums, codes and errors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.mock.cluster import SimCluster
    from adapters.mock.fleet import Fleet

Message = dict[str, Any]

STATUS: Mapping[str, int] = {
    "cancelled": 499, "unknown": 500, "invalid-argument": 400, "deadline-exceeded": 504, "not-found": 404,
    "already-exists": 409, "permission-denied": 403, "resource-exhausted": 429, "failed-precondition": 400,
    "aborted": 409, "out-of-range": 400, "unimplemented": 501, "internal": 500, "unavailable": 503,
    "data-loss": 500, "unauthenticated": 401,
}  # fmt: skip


class RpcError(Exception):
    """An error with a YARPC code. `framework` ones never reached a handler, and say `Rpc-Status: success`."""

    def __init__(self, code: str, message: str, *, framework: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.framework = framework


def not_found(message: str) -> RpcError:
    return RpcError("not-found", message)


def invalid(message: str) -> RpcError:
    return RpcError("invalid-argument", message)


def aborted(message: str) -> RpcError:
    return RpcError("aborted", message)


@dataclass(frozen=True, slots=True)
class Options:
    """How the server is set up."""

    strict_enums: bool = False
    users: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it: the cluster brought up to now, and the decoded body."""

    cluster: SimCluster
    fleet: Fleet
    body: Message

    def time(self, moment: float | None) -> str | None:
        """RFC 3339 with nanoseconds as Go prints them, in the reader's time."""
        return None if moment is None else rfc3339_nano(self.cluster.clock.stamp(moment))

    def nanos(self, moment: float) -> str:
        return str(int(self.cluster.clock.stamp(moment) * 1000) * 1_000_000)


class Map(dict[str, Any]):
    """A map field: its zero values are kept, unlike those of a message."""


class Enum:
    """An enum of the API; names go without their prefix inside the mock."""

    def __init__(self, full_name: str, prefix: str, names: str) -> None:
        self.full_name = full_name
        self.prefix = prefix
        self.names = names.split()

    def name(self, value: object, strict: bool) -> str:
        """The full name for what a client sent. Raises ValueError in the words of the real decoder."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError(f"cannot unmarshal {value!r} into {self.full_name}")
        if isinstance(value, int):
            return self.prefix + self.names[value] if 0 <= value < len(self.names) else str(value)
        known = value.startswith(self.prefix) and value[len(self.prefix) :] in self.names
        if strict or not known:
            raise ValueError(f'unknown value "{value}" for enum {self.full_name}')
        return value


_API = "peloton.api.v1alpha."
JOB_STATE = Enum(
    _API + "job.stateless.JobState", "JOB_STATE_",
    "INVALID INITIALIZED PENDING RUNNING SUCCEEDED FAILED KILLED KILLING UNINITIALIZED DELETED",
)  # fmt: skip
POD_STATE = Enum(
    _API + "pod.PodState", "POD_STATE_",
    "INVALID INITIALIZED PENDING READY PLACING PLACED LAUNCHING LAUNCHED STARTING RUNNING SUCCEEDED FAILED LOST "
    "KILLING KILLED PREEMPTING DELETED RESERVED",
)  # fmt: skip
HOST_STATE = Enum(_API + "host.HostState", "HOST_STATE_", "INVALID UNKNOWN UP DRAINING DRAINED DOWN")
ORDER = Enum(_API + "query.OrderBy.Order", "ORDER_BY_", "INVALID ASC DESC")
RESERVATION = Enum(_API + "respool.ReservationType", "RESERVATION_TYPE_", "INVALID ELASTIC STATIC")
POLICY = Enum(_API + "respool.SchedulingPolicy", "SCHEDULING_POLICY_", "INVALID PRIORITY_FIFO")
CONSTRAINT = Enum(_API + "pod.Constraint.Type", "CONSTRAINT_TYPE_", "INVALID LABEL AND OR")
CONSTRAINT_KIND = Enum(_API + "pod.LabelConstraint.Kind", "LABEL_CONSTRAINT_KIND_", "INVALID POD HOST")
CONDITION = Enum(
    _API + "pod.LabelConstraint.Condition", "LABEL_CONSTRAINT_CONDITION_", "INVALID LESS_THAN EQUAL GREATER_THAN"
)
CHECK = Enum(_API + "pod.HealthCheckSpec.HealthCheckType", "HEALTH_CHECK_TYPE_", "UNKNOWN COMMAND HTTP GRPC")
CONTAINER = Enum("mesos.v1.ContainerInfo.Type", "", "INVALID DOCKER MESOS")
NETWORK = Enum("mesos.v1.ContainerInfo.DockerInfo.Network", "", "INVALID HOST BRIDGE NONE USER")

# Where enums stand in requests: the message's own key (empty: any) and the field.
_ENUM_FIELDS: Mapping[tuple[str, str], Enum] = {
    ("", "jobStates"): JOB_STATE,
    ("", "podStates"): POD_STATE,
    ("", "hostStates"): HOST_STATE,
    ("orderBy", "order"): ORDER,
    ("resources", "type"): RESERVATION,
    ("spec", "policy"): POLICY,
    ("constraint", "type"): CONSTRAINT,
    ("constraints", "type"): CONSTRAINT,
    ("labelConstraint", "kind"): CONSTRAINT_KIND,
    ("labelConstraint", "condition"): CONDITION,
    ("livenessCheck", "type"): CHECK,
    ("readinessCheck", "type"): CHECK,
    ("container", "type"): CONTAINER,
    ("docker", "network"): NETWORK,
}

_SNAKE = re.compile(r"_([a-z0-9])")


def decode(value: Any, strict: bool, key: str = "") -> Any:
    """A request in one shape: keys in lowerCamelCase, enums as full names. Raises ValueError."""
    if isinstance(value, list):
        return [decode(item, strict, key) for item in value]
    if not isinstance(value, dict):
        return value
    message: Message = {}
    for raw, item in value.items():
        field = _SNAKE.sub(lambda match: match[1].upper(), raw)
        enum = _ENUM_FIELDS.get(("", field)) or _ENUM_FIELDS.get((key, field))
        if enum is None:
            message[field] = decode(item, strict, field)
        elif isinstance(item, list):
            message[field] = [enum.name(each, strict) for each in item]
        elif item is not None:
            message[field] = enum.name(item, strict)
    return message


def encode(value: Any) -> Any:
    """A response as the real server prints it: what is zero, empty or None is left out, empty messages stay."""
    if isinstance(value, Map):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items() if not _zero(item)}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _zero(value: Any) -> bool:
    if isinstance(value, Map | list | tuple | str):
        return not value
    return value is None or (isinstance(value, bool | int | float) and not value)


def part(message: Message, name: str) -> Message:
    """A sub-message; absent and null are empty."""
    found = message.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise invalid(f"json: cannot unmarshal {_go_type(found)} into Go struct field .{name}")
    return found


def parts(message: Message, name: str) -> Sequence[Message]:
    """A list of sub-messages."""
    found = _items(message, name)
    for item in found:
        if not isinstance(item, dict):
            raise invalid(f"json: cannot unmarshal {_go_type(item)} into Go struct field .{name}")
    return found


def texts(message: Message, name: str) -> Sequence[str]:
    """A list of strings, or of enum names."""
    found = _items(message, name)
    for item in found:
        if not isinstance(item, str):
            raise invalid(f"json: cannot unmarshal {_go_type(item)} into Go struct field .{name} of type string")
    return found


def _items(message: Message, name: str) -> Sequence[Any]:
    found = message.get(name)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise invalid(f"json: cannot unmarshal {_go_type(found)} into Go struct field .{name}")
    return found


def text(message: Message, name: str) -> str:
    found = message.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise invalid(f"json: cannot unmarshal {_go_type(found)} into Go struct field .{name} of type string")
    return found


def uint(message: Message, name: str) -> int:
    found = message.get(name)
    if found is None:
        return 0
    try:
        number = int(found)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number < 2**32 or isinstance(found, bool) or (isinstance(found, float) and not found.is_integer()):
        raise invalid(f"json: cannot unmarshal {_go_type(found)} into Go struct field .{name} of type uint32")
    return number


def number_of(message: Message, name: str) -> float:
    found = message.get(name)
    if found is None:
        return 0.0
    try:
        number = math.nan if isinstance(found, bool) else float(found)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise invalid(f"json: cannot unmarshal {_go_type(found)} into Go struct field .{name} of type float64")
    return number


def flag(message: Message, name: str) -> bool:
    return message.get(name) is True


def value_of(message: Message, name: str) -> str:
    """The text inside a wrapper such as JobID."""
    return text(part(message, name), "value")


def wrap(value: str) -> Message | None:
    """A wrapper message; None, so nothing on the wire, where there is no value."""
    return {"value": value} if value else None


def _go_type(value: Any) -> str:
    kinds = {str: "string", bool: "bool", dict: "object", list: "array"}
    return kinds.get(type(value), "number")


def rfc3339_nano(moment: float) -> str:
    whole, micros = divmod(round(moment * 1_000_000), 1_000_000)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def rfc3339(moment: float) -> str:
    """To the second, as pod events have it."""
    return f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"


def timestamp(moment: float) -> str:
    """A google.protobuf.Timestamp: 3, 6 or 9 digits after the point."""
    micros = round(moment * 1_000_000)
    digits = f"{micros % 1_000_000:06d}"
    fraction = digits[:3] if digits.endswith("000") else digits
    return f"{datetime.fromtimestamp(micros // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def parse_timestamp(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment.timestamp()
    except (TypeError, ValueError, OverflowError):
        raise invalid(f"bad Timestamp: {value!r}") from None
