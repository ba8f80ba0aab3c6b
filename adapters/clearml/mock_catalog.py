"""The projects and models services: a tree of projects with counts of what is in them, and what tasks made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adapters.clearml.mock_auth import COMPANY
from adapters.clearml.mock_projects import Project, add, under
from adapters.clearml.mock_recipes import model_id, model_index
from adapters.clearml.mock_rows import listed
from adapters.clearml.mock_seeded import WHOLE
from adapters.clearml.mock_task import STATUSES, Task
from adapters.clearml.mock_wire import Call, Refused
from adapters.clearml.mock_world import World

PROJECT_FIELDS = frozenset(
    {
        *("id", "name", "basename", "description", "parent", "user", "company", "created", "last_update", "tags"),
        *("system_tags", "featured", "default_output_destination", "stats", "sub_projects", "path"),
    }
)
MODEL_FIELDS = frozenset(
    {
        *(
            "id",
            "name",
            "user",
            "company",
            "created",
            "last_update",
            "task",
            "parent",
            "project",
            "comment",
            "tags",
        ),
        *(
            "system_tags",
            "framework",
            "design",
            "labels",
            "uri",
            "ready",
            "ui_cache",
            "metadata",
            "stats",
            "last_change",
        ),
    }
)
_MODELS_LISTED = 2000


class ProjectService:
    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def _find(self, call: Call) -> Project:
        project_id = call.text("project")
        found = self._world().projects.get(project_id)
        if found is None:
            raise Refused(400, 401, id=project_id, company=COMPANY)
        return found

    def get_all(self, call: Call) -> Any:
        world = self._world()
        rows = [project_json(world, each) for each in world.projects.values()]
        return {"projects": listed(call, rows, PROJECT_FIELDS, hidden_tag="hidden")}

    def get_all_ex(self, call: Call) -> Any:
        world = self._world()
        rows = [project_json(world, each) for each in world.projects.values()]
        if call.flag("shallow_search") and not call.data.get("parent") and not call.data.get("id"):
            rows = [row for row in rows if "parent" not in row]
        found = listed(call, rows, PROJECT_FIELDS, hidden_tag="hidden", ex=True)
        counts = self._counts(world) if call.flag("include_stats") else {}
        for row in found:
            below = under(world, [row["id"]])
            row |= {"company": {"id": row["company"]}, "user": {"id": row["user"]}}
            row["sub_projects"] = [{"id": key, "name": world.projects[key].name} for key in below[1:]]
            if call.flag("include_stats"):
                row["stats"] = {"active": self._stats(world, [counts.get(key, []) for key in below])}
        return {"projects": found}

    def _counts(self, world: World) -> dict[str, list[Task]]:
        """The tasks that are neither archived nor hidden, by project."""
        found: dict[str, list[Task]] = {}
        for task in everything(world):
            if not {"archived", "hidden"} & set(task.fields["system_tags"]):
                found.setdefault(task.fields.get("project") or "", []).append(task)
        return found

    def _stats(self, world: World, groups: list[list[Task]]) -> dict[str, Any]:
        now = world.now
        tasks = [task for group in groups for task in group]
        status = dict.fromkeys(STATUSES, 0)
        for task in tasks:
            status[task.status] += 1
        begun = [task.started for task in tasks if task.started is not None]
        day = sum(1 for task in tasks if task.status == "completed" and (task.completed or 0) > now - 86400)
        stats: dict[str, Any] = {
            "status_count": status,
            "total_tasks": len(tasks),
            "total_runtime": sum(task.duration(now) or 0 for task in tasks),
            "completed_tasks_24h": day,
        }
        return {**stats, "last_task_run": world.told(max(begun))} if begun else stats

    def get_by_id(self, call: Call) -> Any:
        return {"project": project_json(self._world(), self._find(call))}

    def create(self, call: Call) -> Any:
        world, name = self._world(), call.text("name").strip().strip("/")
        if len(name) < 3:
            raise Refused(400, 800, "String value is too short", field="name")
        if any(each.name == name for each in world.projects.values()):
            raise Refused(400, 801, name=name, company=COMPANY)
        made = add(world.projects, name, world.now, call.user)
        made.description = str(call.data.get("description") or "")
        made.tags, made.system_tags = call.items("tags"), call.items("system_tags")
        return {"id": made.id}

    def update(self, call: Call) -> Any:
        found = self._find(call)
        fields: dict[str, Any] = {}
        for name in ("description", "tags", "system_tags"):
            if call.data.get(name) is not None:
                fields[name] = call.text(name) if name == "description" else call.items(name)
                setattr(found, name, fields[name])
        return {"updated": int(bool(fields)), "fields": fields}

    def delete(self, call: Call) -> Any:
        world, found = self._world(), self._find(call)
        ids = set(under(world, [found.id]))
        inside = [task for task in everything(world) if task.fields.get("project") in ids]
        if inside and not call.flag("force"):
            raise Refused(400, 402, "use force=true to delete", id=found.id)
        for task in inside:
            world.keep(task).fields.pop("project", None)
        for key in ids:
            world.projects.pop(key, None)
        return {"deleted": len(ids), "disassociated_tasks": len(inside), "urls": None}


def everything(world: World) -> Iterator[Task]:
    """Every task there is, steps excepted."""
    yield from list(world.kept.values())
    seeds = world.seeds
    for index in seeds.timeline.descending():
        if index < seeds.count and not seeds.live(index):
            task = world.pure((index, WHOLE))
            if task.id not in world.kept and task.id not in world.gone:
                yield task


def project_json(world: World, project: Project) -> dict[str, Any]:
    made = {
        "id": project.id,
        "name": project.name,
        "basename": project.name.rpartition("/")[2],
        "description": project.description,
        "user": project.user,
        "company": COMPANY,
        "created": world.told(project.created),
        "last_update": world.told(project.updated),
        "tags": project.tags,
        "system_tags": project.system_tags,
    }
    return {**made, "parent": project.parent} if project.parent else made


class ModelService:
    """What seeded trainings made, and what clients create."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def _row(self, world: World, key: str) -> dict[str, Any] | None:
        if key in world.models:
            return {**world.models[key], "ready": key in world.ready_models}
        index = model_index(key)
        task_id = world.seeds.id((index, WHOLE)) if index is not None and index < world.seeds.count else ""
        task = world.find(task_id)
        if task is None or not any(each["model"] == key for each in task.fields["models"].get("output", [])):
            return None
        made = world.told(task.completed or task.updated)
        return {
            "id": key,
            "name": task.fields["name"],
            "user": task.fields["user"],
            "company": COMPANY,
            "created": made,
            "last_update": made,
            "task": task.id,
            "project": task.fields["project"],
            "framework": "PyTorch",
            "uri": f"s3://atlas-ckpt/{task.key & 0xFFFFFF:06x}.pt",
            "ready": key in world.ready_models or task.status == "published",
            "labels": {},
            "tags": [],
            "system_tags": [],
        }

    def _find(self, call: Call) -> dict[str, Any]:
        key = call.text("model")
        found = self._row(self._world(), key)
        if found is None:
            raise Refused(400, 201, id=key, company=COMPANY)
        return found

    def get_by_id(self, call: Call) -> Any:
        return {"model": self._find(call)}

    def get_all(self, call: Call) -> Any:
        world = self._world()
        ids = call.items("id")
        if ids:
            keys = [str(each) for each in ids]
        else:
            newest = (index for index in world.timeline.descending() if index < world.seeds.count)
            keys = [
                *world.models,
                *(model_id(index) for index, _ in zip(newest, range(_MODELS_LISTED), strict=False)),
            ]
        rows = [row for key in keys if (row := self._row(world, key)) is not None]
        return {"models": listed(call, rows, MODEL_FIELDS)}

    def create(self, call: Call) -> Any:
        world = self._world()
        key, now = world.new_id(), world.told(world.now)
        given = {name: value for name, value in call.data.items() if name in MODEL_FIELDS and value is not None}
        start = {"id": key, "user": call.user, "company": COMPANY, "created": now, "last_update": now, "uri": ""}
        world.models[key] = {
            "labels": {},
            "tags": [],
            "system_tags": [],
            **given,
            **start,
            "uri": given.get("uri", ""),
        }
        if call.flag("ready"):
            world.ready_models.add(key)
        return {"id": key, "created": True}

    def update(self, call: Call) -> Any:
        found = self._find(call)
        fields = {
            name: value
            for name, value in call.data.items()
            if name in MODEL_FIELDS and name not in ("id", "company", "created") and value is not None
        }
        self._world().models[found["id"]] = {**found, **fields}
        return {"updated": int(bool(fields)), "fields": fields}

    def set_ready(self, call: Call) -> Any:
        found = self._find(call)
        self._world().ready_models.add(found["id"])
        return {"updated": 1}

    def delete(self, call: Call) -> Any:
        found = self._find(call)
        self._world().models.pop(found["id"], None)
        return {"deleted": True, "url": found.get("uri")}
