"""The tasks service, reading and writing of documents: lists, create, clone, update, edit, requirements."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from adapters.clearml.mock_auth import COMPANY
from adapters.clearml.mock_fields import UPDATED, check, merge, stored
from adapters.clearml.mock_lists import understand, window
from adapters.clearml.mock_projects import add
from adapters.clearml.mock_render import document, joined, project, projection
from adapters.clearml.mock_task import TYPES, Task
from adapters.clearml.mock_wire import Call, Refused, invalid
from adapters.clearml.mock_world import World


def find(world: World, call: Call) -> Task:
    """The task that the call names. Raises Refused with 101."""
    task_id = call.text("task")
    found = world.find(task_id)
    if found is None:
        raise Refused(400, 101, id=task_id, company=COMPANY)
    return found


class TaskService:
    """Documents. `world` is asked anew each time: a reset replaces it."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    # Reading

    def get_by_id(self, call: Call) -> Any:
        world, task_id = self._world(), call.text("task")
        found = world.find(task_id)
        if found is None:
            raise Refused(400, 101, ids=f"({task_id})", company=COMPANY)
        return {"task": project(document(world, found, call.version), projection(call))}

    def get_all(self, call: Call) -> Any:
        world, names = self._world(), projection(call)
        first, last, scroll = window(call, world)
        found = world.lists.select(understand(call, world), first, last)
        tasks = [project(document(world, task, call.version), names) for task in found]
        return {"tasks": tasks} if scroll is None else {"tasks": tasks, "scroll_id": scroll}

    def get_all_ex(self, call: Call) -> Any:
        """Like get_all, but with the id always there and references as objects."""
        world, names = self._world(), projection(call, joined=True)
        first, last, scroll = window(call, world)
        found = world.lists.select(understand(call, world), first, last)
        chosen = names if names is None else [_reference(name) for name in names]
        tasks = []
        for task in found:
            made = dict(project(document(world, task, call.version), chosen))
            made["id"] = task.id
            tasks.append(joined(world, made, names))
        return {"tasks": tasks} if scroll is None else {"tasks": tasks, "scroll_id": scroll}

    def get_types(self, call: Call) -> Any:
        return {"types": list(TYPES)}

    # Making

    def validate(self, call: Call) -> Any:
        world = self._world()
        for name in ("name", "type"):
            call.text(name)
        check(world, call.data)
        return {}

    def create(self, call: Call) -> Any:
        self.validate(call)
        world = self._world()
        return {"id": self._add(world, stored(call.data, call.user), call).id}

    def _add(self, world: World, fields: dict[str, Any], call: Call) -> Task:
        from adapters.mock.chance import Draw

        task_id = world.new_id()
        made = Task(task_id, Draw("task", task_id).key, world.now, lambda: fields)
        made.changed_by = call.user
        return world.keep(made)

    def clone(self, call: Call) -> Any:
        world = self._world()
        source = find(world, call)
        fields = copy.deepcopy(source.fields)
        given = call.data
        changes = {
            "name": given.get("new_task_name"),
            "comment": given.get("new_task_comment"),
            "tags": given.get("new_task_tags"),
            "system_tags": given.get("new_task_system_tags"),
            "parent": given.get("new_task_parent"),
            "project": given.get("new_task_project"),
            "hyperparams": given.get("hyperparams"),
            "configuration": given.get("configuration"),
            "container": given.get("new_task_container"),
            "execution": given.get("execution_overrides"),
        }
        check(world, changes)
        answer: dict[str, Any] = {}
        if name := given.get("new_project_name"):
            if changes["project"]:
                raise invalid("new_project_name", "either new_task_project or new_project_name")
            made = add(world.projects, str(name), world.now, call.user)
            changes["project"], answer["new_project"] = made.id, {"id": made.id, "name": made.name}
        if changes["name"] is None:
            fields["name"] = f"Clone of {fields['name']}"
        kept = [tag for tag in fields["system_tags"] if tag not in ("development", "archived")]
        artifacts = [each for each in fields["execution"].get("artifacts", []) if each.get("mode") == "input"]
        fields |= {"system_tags": kept, "user": call.user, "parent": fields.get("parent") or source.id}
        fields["execution"] = {**fields["execution"], "artifacts": artifacts}
        fields["output"] = {k: v for k, v in fields["output"].items() if k == "destination"}
        fields["models"] = {**fields["models"], "output": []}
        for name in ("last_metrics", "last_iteration"):
            fields.pop(name, None)
        merge(fields, changes)
        new = self._add(world, fields, call)
        if source.place is not None:
            new.work = _recipe_work(world, source)
        return {"id": new.id, **answer}

    # Changing

    def _update(self, world: World, data: dict[str, Any], task: Task) -> dict[str, Any]:
        changes = {name: data[name] for name in UPDATED if data.get(name) is not None}
        changed = {}
        if changes or data.get("output__error") is not None or data.get("created") is not None:
            task = world.keep(task)
            changed = merge(task.fields, changes)
        if data.get("output__error") is not None:
            task.fields["output"] = {**task.fields["output"], "error": data["output__error"]}
            changed["output.error"] = data["output__error"]
        return changed

    def update(self, call: Call) -> Any:
        world = self._world()
        task = find(world, call)
        check(world, {name: call.data.get(name) for name in UPDATED})
        changed = self._update(world, call.data, task)
        return {"updated": int(bool(changed)), "fields": changed}

    def update_batch(self, call: Call) -> Any:
        world, lines = self._world(), call.batch or []
        for line in lines:
            if world.find(str(line.get("task"))) is None:
                raise Refused(400, 101, ids=f"({line.get('task')})", company=COMPANY)
            check(world, {name: line.get(name) for name in UPDATED})
        done = [self._update(world, line, found) for line in lines if (found := world.find(line["task"]))]
        return {"updated": sum(1 for changed in done if changed)}

    def edit(self, call: Call) -> Any:
        world = self._world()
        task, data = find(world, call), call.data
        check(world, data, own_id=task.id)
        if task.status != "created" and not call.flag("force"):
            raise Refused(400, 110, expected="created", status=task.status)
        task = world.keep(task)
        changed = merge(task.fields, data)
        now = world.now
        if data.get("status") is not None:
            world.set(task, data["status"], now, "", "", call.user)
            changed["status"] = data["status"]
        task.updated = max(task.updated, now)
        task.changed_by = call.user
        return {"updated": int(bool(changed)), "fields": {**changed, "last_update": world.told(now)}}

    def set_requirements(self, call: Call) -> Any:
        world = self._world()
        task = find(world, call)
        needed = call.need("requirements")
        if not isinstance(needed, dict):
            raise invalid("requirements", "Input should be a valid dictionary")
        task = world.keep(task)
        task.fields["script"] = {**task.fields["script"], "requirements": needed}
        task.updated = max(task.updated, world.now)
        return {"updated": 1, "fields": {"script.requirements": needed, "last_update": world.told(task.updated)}}

    def edit_hyper_params(self, call: Call) -> Any:
        return self._edit_parts(call, "hyperparams", call.data.get("replace_hyperparams", "none"))

    def edit_configuration(self, call: Call) -> Any:
        return self._edit_parts(call, "configuration", "all" if call.flag("replace_configuration") else "none")

    def _edit_parts(self, call: Call, what: str, replace: str) -> Any:
        """A flat list of items with section and name (hyperparams), or with a name (configuration)."""
        world = self._world()
        task = world.keep(find(world, call))
        items = [item for item in call.items(what) if isinstance(item, dict)]
        found: dict[str, Any] = {} if replace == "all" else copy.deepcopy(task.fields[what])
        if replace == "section":
            found = {name: value for name, value in found.items() if name not in {i.get("section") for i in items}}
        for item in items:
            if what == "configuration":
                found[str(item.get("name"))] = item
            else:
                found.setdefault(str(item.get("section")), {})[str(item.get("name"))] = item
        task.fields[what] = found
        task.updated = max(task.updated, world.now)
        return {"updated": 1}

    def add_or_update_artifacts(self, call: Call) -> Any:
        world = self._world()
        task = world.keep(find(world, call))
        new = [each for each in call.items("artifacts") if isinstance(each, dict)]
        names = {(each.get("key"), each.get("mode", "output")) for each in new}
        old = task.fields["execution"].get("artifacts", [])
        kept = [each for each in old if (each.get("key"), each.get("mode", "output")) not in names]
        task.fields["execution"] = {**task.fields["execution"], "artifacts": [*kept, *new]}
        return {"updated": 1, "added": [each.get("key") for each in new]}

    def add_or_update_model(self, call: Call) -> Any:
        world = self._world()
        task = world.keep(find(world, call))
        side = "input" if call.data.get("type") == "input" else "output"
        entry = {"name": call.text("name"), "model": call.text("model")}
        kept = [each for each in task.fields["models"].get(side, []) if each["name"] != entry["name"]]
        task.fields["models"] = {**task.fields["models"], side: [*kept, entry]}
        return {"updated": 1}

    def move(self, call: Call) -> Any:
        world, ids = self._world(), call.ids()
        name = call.maybe("project_name")
        target = add(world.projects, name, world.now, call.user).id if name else call.text("project")
        if target not in world.projects:
            raise Refused(400, 401, id=target, company=COMPANY)
        for task_id in ids:
            if task := world.find(task_id):
                world.keep(task).fields["project"] = target
        return {"project_id": target}

    def update_tags(self, call: Call) -> Any:
        world, updated = self._world(), 0
        new, old = call.items("add_tags"), call.items("remove_tags")
        for task_id in call.ids():
            if task := world.find(task_id):
                task = world.keep(task)
                kept = [tag for tag in task.fields["tags"] if tag not in old]
                task.fields["tags"] = list(dict.fromkeys([*kept, *new]))
                updated += 1
        return {"updated": updated}

    def ping(self, call: Call) -> Any:
        """Never fails, not even for a task that is not there."""
        world = self._world()
        if task := world.find(call.text("task")):
            task = world.keep(task)
            task.updated = max(task.updated, world.now)
        return {}


def _reference(name: str) -> str:
    top, dot, _ = name.partition(".")
    return top if dot and top in ("company", "user", "project", "parent") else name


def _recipe_work(world: World, source: Task) -> Any:
    """What a clone will do: the same as its source, once more."""
    from dataclasses import replace

    work = source.work[-1] if source.work else world.life.planned(source)
    return (replace(work, begin=0.0, end=max(60.0, work.end - work.begin), until=0.0, course=None),)
