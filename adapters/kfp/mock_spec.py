"""Pipeline specs: those of the seeded pipelines, and what is read from those that clients send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from adapters.kfp.mock_wire import invalid
from adapters.mock.names import Step, Workload

SDK = "kfp-2.14.3"
_MINUTES = 1.0
_TYPES: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}


@cache
def spec_of(workload: Workload) -> str:
    """The compiled pipeline of a workload, as JSON text."""
    components, executors, tasks = {}, {}, {}
    for step in workload.steps:
        limits: dict[str, Any] = {"cpuLimit": 8.0, "memoryLimit": 32.0}
        if step.kind == "train" and workload.gpus:
            limits["accelerator"] = {"count": str(workload.gpus), "type": "nvidia.com/gpu"}
        components[f"comp-{step.name}"] = {
            "executorLabel": f"exec-{step.name}",
            "inputDefinitions": {"parameters": {"day": {"parameterType": "STRING"}}},
        }
        executors[f"exec-{step.name}"] = {
            "container": {
                "image": "registry.atlas.example/ml/trainer:2026.8",
                "command": ["python", "-m", "atlas.pipelines.main"],
                "args": ["--step", step.name, "--day", "{{$.inputs.parameters['day']}}", "--out", "/mnt/scratch"],
                "resources": limits,
            }
        }
        tasks[step.name] = {
            "cachingOptions": {"enableCache": True},
            "componentRef": {"name": f"comp-{step.name}"},
            "inputs": {"parameters": {"day": {"componentInputParameter": "day"}}},
            "taskInfo": {"name": step.name},
        } | ({"dependentTasks": list(step.after)} if step.after else {})
    inputs = {
        "day": {"defaultValue": "today", "parameterType": "STRING", "isOptional": True},
        "learning_rate": {"defaultValue": 0.0003, "parameterType": "NUMBER_DOUBLE", "isOptional": True},
    }
    spec = {
        "components": components,
        "deploymentSpec": {"executors": executors},
        "pipelineInfo": {"name": workload.name, "description": f"{workload.name}, owned by {workload.owners[0]}"},
        "root": {"dag": {"tasks": tasks}, "inputDefinitions": {"parameters": inputs}},
        "schemaVersion": "2.1.0",
        "sdkVersion": SDK,
    }
    return json.dumps(spec, separators=(",", ":"))


def _inner(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pipeline itself, where the Struct also holds a platform spec."""
    inner = spec.get("pipeline_spec")
    return inner if isinstance(inner, dict) else spec


def workload_from(spec: Mapping[str, Any]) -> Workload | None:
    """The steps of a pipeline that a client sent; None where it is no pipeline."""
    spec = _inner(spec)
    try:
        name = str(spec["pipelineInfo"]["name"])
        tasks: Mapping[str, Any] = spec["root"]["dag"]["tasks"]
        steps: list[Step] = []
        left = dict(tasks)
        while left:
            known = {step.name for step in steps}
            ready = [key for key, task in left.items() if set(task.get("dependentTasks", ())) <= known]
            for key in ready:
                steps.append(Step(key, _kind(key), _MINUTES, tuple(left.pop(key).get("dependentTasks", ()))))
            if not ready:
                return None
    except (KeyError, TypeError, AttributeError):
        return None
    return Workload(name, "", "", ("",), tuple(steps)) if steps else None


def _kind(name: str) -> str:
    for word, kind in (("train", "train"), ("tune", "train"), ("eval", "eval"), ("publish", "publish")):
        if word in name:
            return kind
    return "data"


def check_parameters(spec: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raises Refused for missing, extra or wrongly typed runtime parameters."""
    definitions = _inner(spec).get("root", {}).get("inputDefinitions", {}).get("parameters", {})
    extra = sorted(set(given) - set(definitions))
    if extra:
        raise invalid(f"parameters {extra} are not defined in the pipeline", "Failed to create a new run")
    for name, definition in definitions.items():
        if name not in given:
            if "defaultValue" not in definition and not definition.get("isOptional"):
                raise invalid(
                    f"parameter {name} is not optional, yet has neither default value nor user provided value"
                )
            continue
        types = _TYPES.get(definition.get("parameterType", ""), (object,))
        value = given[name]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types and object not in types):
            kind = definition.get("parameterType")
            raise invalid(f"input parameter {name} requires type {kind}, but the parameter value is not of it")
