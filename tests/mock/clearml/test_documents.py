"""Creating, cloning, updating and editing tasks; what older versions see; the server of the seed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.mock.clearml.server import KEYS, Api

LINES = {"content-type": "application/json-lines"}


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(runs=20)


def test_create(api: Api) -> None:
    project = api("projects.get_all")["projects"][0]["id"]
    body: dict[str, Any] = {"comment": "mine", "project": project, "tags": ["a"], "output_dest": "s3://out"}
    found = api.task(api.create("  a name  ", **body))
    assert found["name"] == "a name"
    assert found["status"] == "created"
    assert (found["comment"], found["project"], found["tags"]) == ("mine", project, ["a"])
    assert found["output"] == {"destination": "s3://out"}
    assert api.create("twice") != api.create("twice")  # names are not unique


@pytest.mark.parametrize(
    ("wrong", "subcode"),
    [
        ({"name": "ab"}, 800),
        ({"name": "  a  "}, 800),
        ({"name": None}, 12),
        ({"type": None}, 12),
        ({"type": "dancing"}, 12),
        ({"project": "nope"}, 16),
        ({"parent": "nope"}, 16),
        ({"tags": "red"}, 12),
        ({"script": "main.py"}, 12),
    ],
)
def test_create_and_validate_refuse_the_same(api: Api, wrong: dict[str, Any], subcode: int) -> None:
    body = {"name": "a good name", "type": "training", **wrong}
    assert api.codes("tasks.create", **body) == (400, subcode)
    assert api.codes("tasks.validate", **body) == (400, subcode)


def test_validate_makes_nothing(api: Api) -> None:
    before = len(api.tasks())
    assert api("tasks.validate", name="a good name", type="testing") == {}
    assert len(api.tasks()) == before


def test_legacy_parameters_become_hyperparams(api: Api) -> None:
    execution = {
        "parameters": {"rate": 0.1, "TF_DEFINE/steps": 5},
        "docker_cmd": "image:1 --ipc=host -v /a:/a",
        "model": "abc",
    }
    task = api.create(execution=execution)
    new = api.task(task)
    assert new["hyperparams"]["Args"]["rate"] == {
        "section": "Args", "name": "rate", "value": "0.1", "type": "legacy", "description": "",
    }  # fmt: skip
    assert new["hyperparams"]["TF_DEFINE"]["steps"]["value"] == "5"
    assert new["execution"]["parameters"] == {}
    assert new["container"] == {"image": "image:1", "arguments": "--ipc=host -v /a:/a"}
    assert new["models"]["input"][0]["model"] == "abc"
    old = api("v2.8/tasks.get_by_id", task=task)["task"]
    assert old["execution"]["parameters"] == {"rate": "0.1", "TF_DEFINE/steps": "5"}
    assert "hyperparams" not in old
    between = api("v2.12/tasks.get_by_id", task=task)["task"]
    assert between["execution"]["docker_cmd"] == "image:1 --ipc=host -v /a:/a"
    assert between["execution"]["model"] == "abc"
    assert between["hyperparams"] == new["hyperparams"]


def test_clone(api: Api) -> None:
    source = api.tasks(status=["completed"])[0]
    made = api("tasks.clone", task=source["id"], new_task_name="the clone")
    assert set(made) == {"id"}
    found = api.task(made["id"])
    assert (found["name"], found["status"], found["parent"]) == ("the clone", "created", source["id"])
    assert found["hyperparams"] == source["hyperparams"]
    assert "started" not in found
    assert found["last_metrics"] == {}
    assert api.task(api("tasks.clone", task=found["id"])["id"])["parent"] == source["id"]  # the source's own parent
    tagged = api.create(system_tags=["development", "archived", "kept"])
    assert api.task(api("tasks.clone", task=tagged)["id"])["system_tags"] == ["kept"]
    placed = api("tasks.clone", task=tagged, new_project_name="brand/new")
    assert placed["new_project"]["name"] == "brand/new"
    assert api.task(placed["id"])["project"] == placed["new_project"]["id"]
    assert api.codes("tasks.clone", task="nope") == (400, 101)


def test_a_clone_runs_like_its_source(api: Api) -> None:
    failed = next(task for task in api.tasks(status=["failed"]) if "KeyError" in task["status_message"])
    clone = api("tasks.clone", task=failed["id"])["id"]
    api("tasks.enqueue", task=clone)
    api.advance(4 * 3600)
    assert api.task(clone)["status_message"] == failed["status_message"]


def test_update_works_in_any_status_and_drops_other_fields(api: Api) -> None:
    task = api.tasks(status=["published"])[0]
    assert api("tasks.update", task=task["id"], status="created", hyperparams={}) == {"updated": 0, "fields": {}}
    answer = api("tasks.update", task=task["id"], name="renamed", output__error="it broke")
    assert answer == {"updated": 1, "fields": {"name": "renamed", "output.error": "it broke"}}
    found = api.task(task["id"])
    assert (found["name"], found["output"]["error"]) == ("renamed", "it broke")
    assert found["last_update"] == task["last_update"]
    assert found["status"] == "published"
    assert api.codes("tasks.update", task=task["id"], name="x") == (400, 800)


def test_update_batch_is_all_or_nothing(api: Api) -> None:
    first, second = api.create(), api.create()

    def batch(*lines: dict[str, Any]) -> Any:
        content = "\n".join(json.dumps(line) for line in lines).encode()
        return api.ask("POST", "/tasks.update_batch", content=content, headers=LINES, auth=KEYS).json()

    assert batch({"task": first, "name": "one"}, {"task": second, "name": "two"})["data"] == {"updated": 2}
    failed = batch({"task": first, "name": "changed"}, {"task": "nope", "name": "other"})
    assert failed["meta"]["result_subcode"] == 101
    assert api.task(first)["name"] == "one"


def test_edit_wants_a_draft(api: Api) -> None:
    task = api.create(script={"repository": "r", "branch": "b"}, hyperparams={"Args": {"a": {"value": "1"}}})
    answer = api("tasks.edit", task=task, script={"branch": "c"}, hyperparams={"General": {}})
    assert answer["updated"] == 1
    found = api.task(task)
    assert (found["script"]["repository"], found["script"]["branch"]) == ("r", "c")  # merged
    assert found["hyperparams"] == {"General": {}}  # replaced whole
    done = api.tasks(status=["completed"])[0]["id"]
    assert api.codes("tasks.edit", task=done, comment="x") == (400, 110)
    assert api("tasks.edit", task=done, comment="x", force=True)["updated"] == 1


def test_requirements_and_parts(api: Api) -> None:
    task = api.create()
    answer = api("tasks.set_requirements", task=task, requirements={"pip": "torch"})
    assert answer["updated"] == 1
    assert api.task(task)["script"]["requirements"] == {"pip": "torch"}
    assert api.codes("tasks.set_requirements", task=task) == (400, 12)
    item = {"section": "Args", "name": "lr", "value": "1"}
    assert api("tasks.edit_hyper_params", task=task, hyperparams=[item]) == {"updated": 1}
    assert api.task(task)["hyperparams"]["Args"]["lr"]["value"] == "1"
    api("tasks.update_tags", ids=[task], add_tags=["x", "y"], remove_tags=[])
    api("tasks.update_tags", ids=[task], add_tags=[], remove_tags=["x"])
    assert api.task(task)["tags"] == ["y"]
    target = api("tasks.move", ids=[task], project_name="far/away")["project_id"]
    assert api.task(task)["project"] == target
    assert "training" in api("tasks.get_types")["types"]


def test_projects(api: Api) -> None:
    made = api("projects.create", name="top/middle/leaf", description="d")["id"]
    found = {project["name"]: project for project in api("projects.get_all")["projects"]}
    assert found["top/middle/leaf"]["parent"] == found["top/middle"]["id"]
    assert found["top/middle/leaf"]["basename"] == "leaf"
    assert "parent" not in found["top"]
    assert api.codes("projects.create", name="top/middle/leaf") == (400, 801)
    task = api.create(project=made)
    assert api.codes("projects.delete", project=found["top"]["id"]) == (400, 402)
    assert api("projects.delete", project=found["top"]["id"], force=True)["deleted"] == 3
    assert "project" not in api.task(task)
    assert api.codes("projects.get_by_id", project=made) == (400, 401)


def test_project_statistics() -> None:
    api = Api()
    found = {each["name"]: each for each in api("projects.get_all_ex", include_stats=True)["projects"]}
    fraud = found["fraud"]
    stats = fraud["stats"]["active"]
    tasks = api.tasks(project=[fraud["id"]], include_subprojects=True, system_tags=["-archived"])
    assert stats["total_tasks"] == len(tasks) > 0
    assert len(stats["status_count"]) == 10
    assert stats["status_count"]["failed"] == sum(1 for task in tasks if task["status"] == "failed")
    assert [each["name"] for each in fraud["sub_projects"]] == ["fraud/fraud-gbdt-nightly"]
    shallow = {each["name"] for each in api("projects.get_all_ex", shallow_search=True)["projects"]}
    assert "fraud" in shallow
    assert not any("/" in name for name in shallow)


def test_models_of_finished_trainings(api: Api) -> None:
    task = next(task for task in Api().tasks(status=["completed"], type=["training"]) if task["models"]["output"])
    key = task["models"]["output"][0]["model"]
    found = Api()("models.get_by_id", model=key)["model"]
    assert (found["task"], found["ready"]) == (task["id"], False)
    assert api.codes("models.get_by_id", model="nope") == (400, 201)
    made = api("models.create", name="mine", uri="s3://x")["id"]
    api("models.set_ready", model=made)
    assert api("models.get_by_id", model=made)["model"]["ready"] is True


def test_publishing_makes_the_model_ready() -> None:
    api = Api()
    task = next(task for task in api.tasks(status=["completed"], type=["training"]) if task["models"]["output"])
    key = task["models"]["output"][0]["model"]
    api("tasks.publish", task=task["id"])
    assert api("models.get_by_id", model=key)["model"]["ready"] is True


# The server of the seed


@pytest.fixture(scope="module")
def old() -> Api:
    return Api(runs=20, options={"seed_era": True})


def test_the_envelope_had_no_error_data(old: Api) -> None:
    meta = old.raw("tasks.get_by_id", {"task": "nope"}).json()["meta"]
    assert "error_data" not in meta
    assert meta["endpoint"]["requested_version"] == "2.4"


@pytest.mark.parametrize("name", ["tasks.clone", "tasks.stop_many", "tasks.archive", "tasks.get_types"])
def test_what_came_later_is_not_there(old: Api, name: str) -> None:
    assert old.raw(f"v2.31/{name}").status_code == 404
    assert old.raw("tasks.completed", {"task": "x"}).status_code == 400


def test_stricter_transitions(old: Api) -> None:
    script = {"repository": "r", "entry_point": "e"}
    task = old.create(script=script)
    bare = old.create()
    assert old.codes("tasks.enqueue", task=bare) == (400, 102)
    assert old("tasks.enqueue", task=task)["queued"] == 1
    assert old.codes("tasks.enqueue", task=task) == (400, 110)
    assert old.codes("tasks.stopped", task=task) == (400, 110)
    assert old("tasks.dequeue", task=task)["fields"]["status"] == "created"
    assert "queue" not in old.task(task)["execution"]
    assert old.codes("tasks.dequeue", task=task) == (400, 101)
    failed = old.tasks(status=["failed"])[0]["id"]
    assert old.codes("tasks.enqueue", task=failed) == (400, 110)


def test_old_documents(old: Api) -> None:
    found = old.tasks(status=["completed"])[0]
    assert found["execution"]["parameters"]["data"].startswith("s3://")
    assert "hyperparams" not in found
    assert "docker_cmd" in found["execution"]
