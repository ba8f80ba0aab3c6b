"""What create, update and edit accept: checked, and put where the present server keeps it."""

from __future__ import annotations

from typing import Any

from adapters.clearml.mock_task import STATUSES, TYPES, blank
from adapters.clearml.mock_wire import Refused, invalid
from adapters.clearml.mock_world import World

CREATED_WITH = (
    *("name", "type", "tags", "system_tags", "comment", "parent", "project", "execution", "script", "hyperparams"),
    *("configuration", "models", "container", "runtime", "report"),
)
MERGED = frozenset({"execution", "script", "container"})
UPDATED = ("name", "tags", "system_tags", "comment", "project", "report")


def check_name(value: Any) -> str:
    name = str(value).strip()
    if len(name) < 3:
        raise Refused(400, 800, "String value is too short", field="name")
    return name


def check(world: World, data: dict[str, Any], *, own_id: str = "") -> None:
    """Refuse what no task can hold."""
    if data.get("name") is not None:
        check_name(data["name"])
    if data.get("type") is not None and data["type"] not in TYPES:
        raise invalid("type", f"Invalid value {data['type']!r}")
    if data.get("status") is not None and data["status"] not in STATUSES:
        raise invalid("status", f"Invalid value {data['status']!r}")
    if data.get("project") and str(data["project"]) not in world.projects:
        raise Refused(400, 16, "invalid id", project=data["project"])
    parent = data.get("parent")
    if parent and (parent == own_id or world.find(parent) is None):
        raise Refused(400, 16, "invalid id", parent=parent)
    for name in ("tags", "system_tags"):
        if data.get(name) is not None and not isinstance(data[name], list):
            raise invalid(name, "Input should be a valid list")
    for name in ("execution", "script", "hyperparams", "configuration", "models", "container", "runtime"):
        if data.get(name) is not None and not isinstance(data[name], dict):
            raise invalid(name, "Input should be a valid dictionary")


def stored(data: dict[str, Any], user: str) -> dict[str, Any]:
    """The stored fields of a new task."""
    made = blank(check_name(data["name"]), str(data["type"]), user)
    merge(made, data)
    return made


def merge(stored: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Put the given fields where they belong; what was changed, by its dotted name."""
    changed: dict[str, Any] = {}
    for name in CREATED_WITH:
        value = data.get(name)
        if value is None:
            continue
        if name == "name":
            stored[name] = check_name(value)
        elif name in MERGED:
            stored[name] = {**stored.get(name, {}), **value}
        else:
            stored[name] = value
        changed[name] = stored[name]
    if data.get("output_dest") is not None:
        stored["output"] = {**stored["output"], "destination": data["output_dest"]}
        changed["output.destination"] = data["output_dest"]
    _modernise(stored)
    return changed


def _modernise(stored: dict[str, Any]) -> None:
    """Legacy places are emptied into present ones."""
    execution = stored["execution"]
    sections: dict[str, Any] = dict(stored["hyperparams"])
    for name, value in (execution.get("parameters") or {}).items():
        section, key = ("TF_DEFINE", name[10:]) if name.startswith("TF_DEFINE/") else ("Args", name)
        item = {"section": section, "name": key, "value": str(value), "type": "legacy", "description": ""}
        sections[section] = {**sections.get(section, {}), key: item}
    execution = {**execution, "parameters": {}}
    command = execution.pop("docker_cmd", None)
    if command:
        image, _, arguments = str(command).partition(" ")
        stored["container"] = {**stored["container"], "image": image, "arguments": arguments}
    model = execution.pop("model", None)
    if model:
        stored["models"] = {**stored["models"], "input": [{"name": "input", "model": model}]}
    execution.pop("queue", None)
    stored["execution"], stored["hyperparams"] = execution, sections
