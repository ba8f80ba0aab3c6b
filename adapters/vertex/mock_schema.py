"""The messages of CustomJob v1 as data: reading bodies, writing enums as names or numbers, field masks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from adapters.vertex.mock_wire import Refused, duration, nanoseconds

JOB_STATES = tuple(
    f"JOB_STATE_{word}"
    for word in (
        *("UNSPECIFIED", "QUEUED", "PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLING", "CANCELLED"),
        *("PAUSED", "EXPIRED", "UPDATING", "PARTIALLY_SUCCEEDED"),
    )
)
ENUMS: dict[str, dict[int, str]] = {
    "JobState": dict(enumerate(JOB_STATES)),
    "AcceleratorType": dict(
        enumerate(
            (
                *("ACCELERATOR_TYPE_UNSPECIFIED", "NVIDIA_TESLA_K80", "NVIDIA_TESLA_P100", "NVIDIA_TESLA_V100"),
                *("NVIDIA_TESLA_P4", "NVIDIA_TESLA_T4", "TPU_V2", "TPU_V3", "NVIDIA_TESLA_A100"),
                *("NVIDIA_A100_80GB", "TPU_V4_POD", "NVIDIA_L4", "TPU_V5_LITEPOD", "NVIDIA_H100_80GB"),
                *("NVIDIA_H100_MEGA_80GB", "NVIDIA_H200_141GB", "NVIDIA_B200", "NVIDIA_GB200"),
                "NVIDIA_RTX_PRO_6000",
            )
        )
    ),
    "Strategy": {
        0: "STRATEGY_UNSPECIFIED",
        1: "ON_DEMAND",
        2: "LOW_COST",
        3: "STANDARD",
        4: "SPOT",
        6: "FLEX_START",
    },
    "ReservationType": {
        0: "TYPE_UNSPECIFIED",
        1: "NO_RESERVATION",
        2: "ANY_RESERVATION",
        3: "SPECIFIC_RESERVATION",
    },
}


def _fields(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


# Message -> json name -> type; a trailing [] repeats, {} is a map of strings, the rest are messages and scalars.
MESSAGES: dict[str, dict[str, str]] = {
    "CustomJob": _fields(
        "name:string displayName:string jobSpec:CustomJobSpec state:JobState createTime:time startTime:time "
        "endTime:time updateTime:time error:Status labels:{} encryptionSpec:EncryptionSpec webAccessUris:{} "
        "satisfiesPzs:bool satisfiesPzi:bool"
    ),
    "CustomJobSpec": _fields(
        "workerPoolSpecs:WorkerPoolSpec[] scheduling:Scheduling serviceAccount:string network:string "
        "baseOutputDirectory:GcsDestination tensorboard:string enableWebAccess:bool reservedIpRanges:string[] "
        "persistentResourceId:string enableDashboardAccess:bool experiment:string experimentRun:string "
        "protectedArtifactLocationId:string models:string[] pscInterfaceConfig:PscInterfaceConfig"
    ),
    "WorkerPoolSpec": _fields(
        "machineSpec:MachineSpec replicaCount:int64 nfsMounts:NfsMount[] diskSpec:DiskSpec "
        "containerSpec:ContainerSpec pythonPackageSpec:PythonPackageSpec lustreMounts:LustreMount[]"
    ),
    "ContainerSpec": _fields("imageUri:string command:string[] args:string[] env:EnvVar[]"),
    "PythonPackageSpec": _fields(
        "executorImageUri:string packageUris:string[] pythonModule:string args:string[] env:EnvVar[]"
    ),
    "MachineSpec": _fields(
        "machineType:string acceleratorType:AcceleratorType acceleratorCount:int32 tpuTopology:string "
        "reservationAffinity:ReservationAffinity gpuPartitionSize:string"
    ),
    "Scheduling": _fields(
        "timeout:duration restartJobOnWorkerRestart:bool strategy:Strategy disableRetries:bool "
        "maxWaitDuration:duration"
    ),
    "ReservationAffinity": _fields("reservationAffinityType:ReservationType key:string values:string[]"),
    "DiskSpec": _fields("bootDiskType:string bootDiskSizeGb:int32"),
    "EnvVar": _fields("name:string value:string"),
    "NfsMount": _fields("server:string path:string mountPoint:string"),
    "LustreMount": _fields("instanceIp:string volumeHandle:string filesystem:string mountPoint:string"),
    "GcsDestination": _fields("outputUriPrefix:string"),
    "EncryptionSpec": _fields("kmsKeyName:string"),
    "PscInterfaceConfig": _fields("networkAttachment:string dnsPeeringConfigs:DnsPeeringConfig[]"),
    "DnsPeeringConfig": _fields("domain:string targetProject:string targetNetwork:string"),
    "Status": _fields("code:int32 message:string"),
}
_SNAKE = re.compile(r"_([a-z0-9])")
LIMITS = {"int32": 1 << 31, "int64": 1 << 63}


def camel(name: str) -> str:
    return _SNAKE.sub(lambda match: match[1].upper(), name)


def read(message: str, given: Any, path: str) -> dict[str, Any]:
    """A JSON message as protobuf's parser takes it, in lowerCamelCase, defaults left out. Raises Refused."""
    if not isinstance(given, dict):
        raise _wrong(path, f'Starting an object on a scalar field or the reverse: "{given}"')
    fields, found = MESSAGES[message], {}
    for name, value in given.items():
        known = name if name in fields else camel(name)
        if known not in fields:
            raise _wrong(path, f"Unknown name \"{name}\" at '{path}': Cannot find field.")
        if value is None:
            continue
        kind, where = fields[known], f"{path}.{name}"
        if kind.endswith("[]"):
            if not isinstance(value, list):
                value = [value]
            each = [_scalar(kind[:-2], inner, f"{where}[{place}]") for place, inner in enumerate(value)]
            found[known] = each
        else:
            found[known] = _scalar(kind, value, where)
    return {name: value for name, value in found.items() if value or fields[name] in MESSAGES}


def _scalar(kind: str, value: Any, path: str) -> Any:
    if kind in MESSAGES:
        return read(kind, value, path)
    if kind in ENUMS:
        return _enum(kind, value, path)
    try:
        return _READERS[kind](value)
    except (ValueError, TypeError):
        raise _wrong(path, f"Invalid value at '{path}' (TYPE_{kind.upper()}), \"{value}\"") from None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _whole(kind: str) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
            raise ValueError(value)
        number = int(value)
        if not -LIMITS[kind] <= number < LIMITS[kind]:
            raise ValueError(value)
        return number

    return convert


def _map(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(inner, str) for inner in value.values()):
        raise ValueError(value)
    return dict(value)


def _time(value: Any) -> str:
    nanoseconds(value)
    return str(value)


def _duration(value: Any) -> str:
    seconds = duration(value)
    return f"{seconds:.0f}s" if seconds == int(seconds) else f"{seconds:.3f}s"


_READERS: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "bool": _bool,
    "int32": _whole("int32"),
    "int64": lambda value: str(_whole("int64")(value) or ""),
    "duration": _duration,
    "time": _time,
    "{}": _map,
}


def _enum(kind: str, value: Any, path: str) -> str | int:
    """A name or a number; a number nobody knows stays one."""
    names = ENUMS[kind]
    if isinstance(value, str) and not value.lstrip("-").isdecimal():
        if value in names.values():
            return value if value != names[0] else ""
        raise _wrong(path, f"Invalid value at '{path}' (TYPE_ENUM), \"{value}\"")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _wrong(path, f"Invalid value at '{path}' (TYPE_ENUM), {value}")
    number = int(value)
    return "" if number == 0 else names.get(number, number)


def _wrong(path: str, text: str) -> Refused:
    message = f"Invalid JSON payload received. {text}" if text.startswith("Unknown") else text
    violation = {"field": path, "description": message}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return Refused("INVALID_ARGUMENT", message, detail)


def numbered(message: str, found: dict[str, Any]) -> dict[str, Any]:
    """The same message with its enums as numbers, for `$alt=json;enum-encoding=int`."""
    made: dict[str, Any] = {}
    for name, value in found.items():
        kind = MESSAGES[message].get(name, "")
        if kind in ENUMS:
            numbers = {word: number for number, word in ENUMS[kind].items()}
            made[name] = numbers.get(value, value)
        elif kind in MESSAGES:
            made[name] = numbered(kind, value)
        elif kind[:-2] in MESSAGES:
            made[name] = [numbered(kind[:-2], inner) for inner in value]
        else:
            made[name] = value
    return made


def masked(found: dict[str, Any], mask: str, message: str = "CustomJob") -> dict[str, Any]:
    """Only the paths of a FieldMask, camelCase or snake_case. Raises Refused for a path that there is not."""
    paths = [[camel(part) for part in path.split(".")] for path in mask.split(",") if path.strip()]
    if not paths or ["*"] in paths:
        return found
    return _masked(found, paths, message)


def _masked(found: dict[str, Any], paths: list[list[str]], message: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for head in dict.fromkeys(path[0] for path in paths):
        kind = MESSAGES[message].get(head)
        if kind is None:
            raise Refused("INVALID_ARGUMENT", f"Request contains an invalid argument: read_mask path {head!r}.")
        rest = [path[1:] for path in paths if path[0] == head]
        if head not in found:
            continue
        whole = [] in rest or kind not in MESSAGES
        made[head] = found[head] if whole else _masked(found[head], rest, kind)
    return made
