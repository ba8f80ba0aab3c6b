"""Everything a server says about a run or a task, as sections."""

from __future__ import annotations

import json
from collections.abc import Sequence

from adapters.kfp import wire
from adapters.kfp.mapping import below, cause, step_message
from adapters.kfp.tree import Step
from adapters.model import Json, Resource
from adapters.sections import Detail, Fields, Section, Table, Text, unclaimed

RUN_CLAIMED = frozenset(
    {"runtime_config.parameters", "state_history", "run_details.task_details", "pipeline_spec", "plugins_output"}
)
TASK_CLAIMED = frozenset({"state_history", "inputs", "outputs"})


def run_detail(resource: Resource, run: wire.FullRun, steps: Sequence[Step], raw: dict[str, Json]) -> Detail:
    sections: list[Section] = []
    params = run.runtime_config.parameters if run.runtime_config else {}
    if params:
        sections.append(Fields("Params", tuple(params.items())))
    sections.append(_events([(run.display_name or run.run_id, run.state_history), *_histories(steps)]))
    plugins = _plugins(raw.get("plugins_output"))
    if plugins:
        sections.append(Table("Outputs", ("PLUGIN", "NAME", "VALUE"), plugins))
    artifacts = [row for step in steps for row in _artifacts(step)]
    if artifacts:
        sections.append(Table("Artifacts", ("TASK", "", "NAME", "IDS"), tuple(artifacts)))
    if raw.get("pipeline_spec"):
        sections.append(Text("Spec", json.dumps(raw["pipeline_spec"], indent=2, ensure_ascii=False)))
    sections.append(unclaimed(raw, RUN_CLAIMED))
    return Detail(resource, tuple(sections), raw, cause(run, steps))


def task_detail(resource: Resource, step: Step, run_raw: dict[str, Json]) -> Detail:
    raw = _task_raw(run_raw, step.task)
    sections: list[Section] = [_events(_histories([step, *below(step)]))]
    artifacts = [row for found in [step, *below(step)] for row in _artifacts(found)]
    if artifacts:
        sections.append(Table("Artifacts", ("TASK", "", "NAME", "IDS"), tuple(artifacts)))
    if step.parts:
        rows = tuple(
            (part.display_name, part.state, part.start_time, part.end_time, part.task_id) for part in step.parts
        )
        sections.append(Table("KFP steps", ("NAME", "STATE", "START", "END", "ID"), rows))
    sections.append(unclaimed(raw, TASK_CLAIMED))
    return Detail(resource, tuple(sections), raw, step_message(step))


def _task_raw(run_raw: dict[str, Json], task: wire.Task) -> dict[str, Json]:
    """The server's own JSON of a task, found by what identifies it."""
    details = run_raw.get("run_details")
    entries = details.get("task_details") if isinstance(details, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("task_id") == task.task_id and task.task_id:
            return entry
        if isinstance(entry, dict) and not task.task_id and entry.get("display_name") == task.display_name:
            return entry
    return {}


def _histories(steps: Sequence[Step]) -> list[tuple[str, Sequence[wire.RuntimeStatus]]]:
    found: list[tuple[str, Sequence[wire.RuntimeStatus]]] = []
    for step in steps:
        for task in (step.task, *step.parts):
            name = step.name if task is step.task else task.display_name
            found.append((name, task.state_history if isinstance(task, wire.FullTask) else ()))
    return found


def _events(histories: Sequence[tuple[str, Sequence[wire.RuntimeStatus]]]) -> Table:
    rows = [
        (entry.update_time, entry.state, name, entry.error.message if entry.error else None)
        for name, history in histories
        for entry in history
    ]
    rows.sort(key=lambda row: wire.instant(row[0]) or float("inf"))
    return Table("Events", ("TIME", "STATE", "OBJECT", "TEXT"), tuple(rows))


def _artifacts(step: Step) -> list[tuple[Json, ...]]:
    rows: list[tuple[Json, ...]] = []
    for task in (step.task, *step.parts):
        if isinstance(task, wire.FullTask):
            for way, found in (("in", task.inputs), ("out", task.outputs)):
                rows += [(step.name, way, name, ", ".join(of.artifact_ids)) for name, of in found.items()]
    return rows


def _plugins(outputs: Json) -> tuple[tuple[Json, ...], ...]:
    """What plugins put out (2.17 and later): their entries, then their state."""
    rows: list[tuple[Json, ...]] = []
    for plugin, output in outputs.items() if isinstance(outputs, dict) else ():
        if not isinstance(output, dict):
            rows.append((plugin, "", output))
            continue
        entries = output.get("entries")
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            rows.append((plugin, name, entry.get("value") if isinstance(entry, dict) else entry))
        rows += [(plugin, key, value) for key, value in output.items() if key != "entries"]
    return tuple(rows)
