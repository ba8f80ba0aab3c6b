"""A new task made of the fields of another, with some of its parameters changed."""

from __future__ import annotations

from adapters.errors import Invalid
from adapters.model import Json

COPIED = (
    *("name", "type", "comment", "project", "tags", "output_dest", "execution", "script", "hyperparams"),
    *("configuration", "container"),
)
LEFT_OUT = frozenset({"development", "archived"})
OUTPUT_ONLY = frozenset({"queue", "framework"})


def copied(raw: dict[str, Json]) -> dict[str, Json]:
    """The body of tasks.create. Its parent is the source's parent or the source; output artifacts stay behind."""
    body: dict[str, Json] = {key: raw[key] for key in COPIED if raw.get(key)}
    body["parent"] = raw.get("parent") or raw.get("id")
    execution = raw.get("execution")
    if isinstance(execution, dict):
        artifacts = execution.get("artifacts")
        kept: list[Json] = [
            entry
            for entry in (artifacts if isinstance(artifacts, list) else [])
            if isinstance(entry, dict) and entry.get("mode") == "input"
        ]
        body["execution"] = {
            **{key: value for key, value in execution.items() if key not in OUTPUT_ONLY},
            "artifacts": kept,
        }
    models = raw.get("models")
    if isinstance(models, dict) and models.get("input"):
        body["models"] = {"input": models["input"]}
    system = raw.get("system_tags")
    body["system_tags"] = [tag for tag in (system if isinstance(system, list) else []) if tag not in LEFT_OUT]
    return body


def parameters(context: str, given: Json) -> dict[str, str]:
    """`Section/name` to value. A bare name is one of the section Args. Raises Invalid."""
    if given in (None, ""):
        return {}
    if not isinstance(given, dict):
        raise Invalid(f'{context}: parameters is an object like {{"Args/lr": 0.1}}', executed=False)
    return {
        name if "/" in name else f"Args/{name}": value if isinstance(value, str) else str(value)
        for name, value in given.items()
    }


def with_parameters(body: dict[str, Json], changed: dict[str, str], *, sections: bool) -> dict[str, Json]:
    """Old servers have no sections; there parameters belong to the execution."""
    if not changed:
        return body
    if not sections:
        execution = body.get("execution")
        execution = dict(execution) if isinstance(execution, dict) else {}
        before = execution.get("parameters")
        plain: dict[str, Json] = {name.removeprefix("Args/"): value for name, value in changed.items()}
        execution["parameters"] = {**(before if isinstance(before, dict) else {}), **plain}
        return {**body, "execution": execution}
    found = body.get("hyperparams")
    all_sections: dict[str, Json] = dict(found) if isinstance(found, dict) else {}
    for path, value in changed.items():
        section, _, name = path.partition("/")
        entries = all_sections.get(section)
        entries = dict(entries) if isinstance(entries, dict) else {}
        old = entries.get(name)
        entry: dict[str, Json] = dict(old) if isinstance(old, dict) else {"section": section, "name": name}
        entries[name] = {**entry, "value": value}
        all_sections[section] = entries
    return {**body, "hyperparams": all_sections}
