"""What a seeded task was made of: name, project, script, hyperparameters, container, tags, models."""

from __future__ import annotations

from typing import Any

from adapters.clearml.mock_auth import hex_id, user_id
from adapters.clearml.mock_task import blank
from adapters.clearml.mock_work import TYPE
from adapters.mock.behaviour import Outline, Phase
from adapters.mock.chance import Draw, mix, scramble, unscramble
from adapters.mock.names import Step, Workload

DAY = 86400.0
_MODELS = 0x5EED
IMAGE = "registry.atlas.example/ml/trainer:2026.8"
PACKAGES = "clearml==2.1.12\nnumpy==2.2.6\ntorch==2.7.1\npandas==2.2.3\n"
_RATES = ("0.0003", "0.0001", "0.001", "5e-05")


def project_name(workload: Workload) -> str:
    return f"{workload.group}/{workload.name}"


def project_id(name: str) -> str:
    return hex_id("clearml project", name)


def model_id(index: int) -> str:
    """The id of what that run made; it hides the index."""
    head = scramble(index, _MODELS)
    return f"{head:08x}{mix(head) & 0xFFFFFFFF:08x}{mix(head ^ _MODELS):016x}"


def model_index(model: str) -> int | None:
    try:
        index = unscramble(int(model[:8], 16), _MODELS)
    except ValueError:
        return None
    return index if model_id(index) == model else None


def task_type(workload: Workload, pipeline: bool, step: Step | None) -> str:
    if pipeline:
        return "controller"
    if step is not None:
        return TYPE.get(step.kind, "custom")
    kinds = {each.kind for each in workload.steps}
    return "training" if "train" in kinds else "testing" if "eval" in kinds else "data_processing"


def recipe(
    outline: Outline, draw: Draw, role: str | None, pipeline: bool, start: float, step: Step | None = None
) -> dict[str, Any]:
    """The stored fields. Old ordinary tasks may be archived; what people run themselves is tagged development."""
    workload = outline.workload
    made = blank(step.name if step else outline.name, task_type(workload, pipeline, step), user_id(outline.owner))
    made["project"] = project_id(project_name(workload))
    made["tags"] = [workload.group, *(["nightly"] if "nightly" in workload.name else [])]
    made["script"] = {
        "binary": "python",
        "repository": f"ssh://git@git.atlas.example/ml/{workload.group}.git",
        "branch": "main",
        "version_num": f"{draw.number('commit'):016x}{draw.number('commit2') & 0xFFFFFFFF:08x}",
        "entry_point": "pipeline.py" if pipeline else "main.py",
        "working_dir": workload.name.replace("-", "_"),
        "requirements": {"pip": PACKAGES},
        "diff": "",
    }
    made["hyperparams"] = _hyperparams(workload, draw)
    made["container"] = {"image": IMAGE, "arguments": "--ipc=host --shm-size=32g"}
    made["system_tags"] = _system_tags(outline, draw, role, pipeline, start)
    if outline.story is not None and outline.story.id == "bad-argument":
        made["comment"] = "first try of the new learning rate"
    elif draw.unit("comment") < 0.15:
        made["comment"] = f"scheduled by {outline.owner}"
    if outline.outcome is Phase.SUCCEEDED and made["type"] == "training" and outline.ended <= start:
        model = {"name": workload.name, "model": model_id(outline.index)}
        made["models"] = {"input": [], "output": [model]}
        made["output"] = {"destination": "s3://atlas-ckpt", "model": model["model"]}
    return made


def _system_tags(outline: Outline, draw: Draw, role: str | None, pipeline: bool, start: float) -> list[str]:
    tags = ["pipeline"] if pipeline else []
    if role is None and draw.unit("local") < 0.12:
        tags.append("development")
    if role is None and start - outline.created > DAY and draw.unit("archived") < 0.05:
        tags.append("archived")
    return tags


def _hyperparams(workload: Workload, draw: Draw) -> dict[str, Any]:
    values = {"data": f"s3://atlas-lake/{workload.group}/", "seed": str(draw.number("seed") % 1000)}
    if any(step.kind == "train" for step in workload.steps):
        values |= {
            "epochs": str(3 + draw.number("epochs") % 30),
            "batch_size": str(2 ** (4 + draw.number("batch") % 5)),
            "learning_rate": draw.pick("rate", _RATES),
        }
    return {
        "Args": {
            name: {"section": "Args", "name": name, "value": value, "type": _kind(value), "description": ""}
            for name, value in values.items()
        }
    }


def _kind(value: str) -> str:
    return "int" if value.isdigit() else "float" if value[0].isdigit() else "str"
