"""Task documents as a version and an endpoint return them: projection, references, what older versions expect."""

from __future__ import annotations

from typing import Any

from adapters.clearml.mock_auth import COMPANY, COMPANY_NAME, USER_NAMES
from adapters.clearml.mock_lists import REFERENCES, TASK_FIELDS
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import Call, Refused, Version
from adapters.clearml.mock_world import World


def projection(call: Call, known: frozenset[str] = TASK_FIELDS, *, joined: bool = False) -> list[str] | None:
    """only_fields, checked; None for everything. `joined` endpoints may look into references."""
    names = [str(name) for name in call.items("only_fields")]
    if not names:
        return None
    made = []
    for name in names:
        bare = name.lstrip("-")
        top, dot, _ = bare.partition(".")
        if top not in known or (dot and top in REFERENCES and not joined):
            raise Refused(400, 14, field=bare)
        if bare.startswith("execution.parameters"):
            name = name.replace("execution.parameters", "hyperparams.Args", 1)
        made.append(name)
    return made


def project(document: dict[str, Any], names: list[str] | None) -> dict[str, Any]:
    if names is None:
        return document
    excluded = [name[1:] for name in names if name.startswith("-")]
    wanted = [name for name in names if not name.startswith("-")]
    made: dict[str, Any] = {}
    if wanted:
        for name in wanted:
            _copy(document, made, name.split("."))
    else:
        made = {name: value for name, value in document.items() if name not in excluded}
        for name in excluded:
            top, _, rest = name.partition(".")
            if rest and isinstance(made.get(top), dict):
                made[top] = {key: value for key, value in made[top].items() if key != rest}
    return made


def _copy(source: dict[str, Any], target: dict[str, Any], path: list[str]) -> None:
    value = source.get(path[0])
    if value is None:
        return
    if len(path) == 1 or not isinstance(value, dict):
        target[path[0]] = value
        return
    inner = target.setdefault(path[0], {})
    if inner is not value:
        _copy(value, inner, path[1:])


def document(world: World, task: Task, version: Version) -> dict[str, Any]:
    return downgrade(task.document(world.now, world.told), version)


def downgrade(made: dict[str, Any], version: Version) -> dict[str, Any]:
    """What a request of that version gets: older ones find newer fields in their old places."""
    if version >= (2, 13):
        return made
    execution, container = dict(made.get("execution", {})), made.get("container", {})
    if version < (2, 9):
        sections = made.pop("hyperparams", {})
        execution["parameters"] = {
            (name if section == "Args" else f"{section}/{name}"): item.get("value", "")
            for section, items in sections.items()
            for name, item in items.items()
        }
    if container.get("image"):
        execution["docker_cmd"] = " ".join(filter(None, (container["image"], container.get("arguments"))))
    models = made.get("models", {})
    if models.get("input"):
        execution["model"] = models["input"][0]["model"]
    if models.get("output"):
        made["output"] = {**made.get("output", {}), "model": models["output"][-1]["model"]}
    return {**made, "execution": execution}


def joined(world: World, made: dict[str, Any], names: list[str] | None) -> dict[str, Any]:
    """References as objects, with those of their fields that were asked for."""
    wanted: dict[str, set[str]] = {}
    for name in names or ():
        top, dot, rest = name.partition(".")
        if dot and top in REFERENCES:
            wanted.setdefault(top, set()).add(rest)
    for top in REFERENCES:
        key = made.get(top)
        if isinstance(key, str):
            made[top] = {"id": key}
            found = _named(world, top, key) if wanted.get(top) else {}
            made[top] |= {name: found[name] for name in wanted.get(top, ()) if name in found}
    return made


def _named(world: World, top: str, key: str) -> dict[str, Any]:
    if top == "user":
        return {"name": USER_NAMES.get(key, key)}
    if top == "company":
        return {"name": COMPANY_NAME if key == COMPANY else key}
    if top == "project":
        found = world.projects.get(key)
        return {"name": found.name, "basename": found.name.rpartition("/")[2]} if found is not None else {}
    parent = world.find(key)
    if parent is None:
        return {}
    return {"name": parent.fields["name"], "project": {"id": parent.fields.get("project")}}
