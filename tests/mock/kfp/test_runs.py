"""KFP's RunService: what actions do, when they are refused, and what the answers look like."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from adapters.kfp.mock_nodes import fnv32a
from adapters.mock.stories import STORIES, STORY
from tests.mock.calling import Caller

V2 = "/apis/v2beta1"
RUNS = f"{V2}/runs"
NOBODY = "00000000-0000-4000-8000-000000000000"
STATES = ("PENDING", "RUNNING", "PAUSED", "CANCELING", "SUCCEEDED", "FAILED", "CANCELED", "SKIPPED")


def listed(mock: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mock.get(RUNS, params={"page_size": 200, "sort_by": "created_at desc"}).json()[
        "runs"
    ]
    return found


def a_run(mock: Caller, state: str) -> str:
    return next(str(run["run_id"]) for run in listed(mock) if run["state"] == state)


def got(mock: Caller, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = mock.get(f"{RUNS}/{run_id}").json()
    return found


def said(answer: httpx.Response) -> tuple[int, int, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["details"][0]["message"]


# Actions


@pytest.mark.parametrize("state", STATES)
def test_terminate(state: str) -> None:
    mock = Caller()
    run_id = a_run(mock, state)
    answer = mock.post(f"{RUNS}/{run_id}:terminate")
    if state not in ("PENDING", "RUNNING", "PAUSED"):
        assert said(answer) == (400, 3, f"Failed to terminate a run {run_id}. Row not found")
        return
    assert (answer.status_code, answer.json()) == (200, {})
    run = got(mock, run_id)
    assert run["state"] == "CANCELING"
    assert "CANCELING" not in [entry["state"] for entry in run["state_history"]]
    assert run["finished_at"].startswith("1970")
    assert mock.post(f"{RUNS}/{run_id}:terminate").status_code == 400
    mock.advance(6)
    if got(mock, run_id)["state"] == "CANCELING":
        assert got(mock, run_id)["state_history"][-1]["state"] == "CANCELING"
    mock.advance(60)
    run = got(mock, run_id)
    assert run["state"] in ("FAILED", "CANCELED")
    assert not run["finished_at"].startswith("1970")


def test_terminated_runs_end_failed_mostly_and_now_and_then_canceled() -> None:
    mock = Caller(runs=600)
    live = [run["run_id"] for run in listed(mock) if run["state"] in ("PENDING", "RUNNING")]
    for run_id in live:
        mock.post(f"{RUNS}/{run_id}:terminate")
    mock.advance(120)
    ends = [got(mock, run_id)["state"] for run_id in live]
    assert set(ends) == {"FAILED", "CANCELED"}
    assert ends.count("FAILED") > len(ends) * 0.7


@pytest.mark.parametrize("state", STATES)
def test_retry(state: str) -> None:
    mock = Caller()
    run_id = a_run(mock, state)
    before = got(mock, run_id)
    answer = mock.post(f"{RUNS}/{run_id}:retry")
    if state not in ("FAILED", "CANCELED"):
        assert said(answer) == (409, 10, "Workflow must be Failed/Error to retry")
        return
    assert (answer.status_code, answer.json()) == (200, {})
    after = got(mock, run_id)
    assert after["state"] == "RUNNING"
    assert after["state_history"][:-1] == before["state_history"]
    assert after["state_history"][-1]["state"] == "RUNNING"
    assert after["finished_at"] == "1970-01-01T00:00:00Z"
    mock.advance(12 * 3600)
    assert got(mock, run_id)["state"] in ("SUCCEEDED", "FAILED")


def test_archive_and_unarchive_are_idempotent_and_do_not_stop_the_run() -> None:
    mock = Caller()
    run_id = a_run(mock, "RUNNING")
    for verb, state in (("archive", "ARCHIVED"), ("archive", "ARCHIVED"), ("unarchive", "AVAILABLE")):
        assert mock.post(f"{RUNS}/{run_id}:{verb}").json() == {}
        assert (got(mock, run_id)["storage_state"], got(mock, run_id)["state"]) == (state, "RUNNING")
    mock.post(f"{RUNS}/{run_id}:archive")
    assert mock.post(f"{RUNS}/{run_id}:terminate").status_code == 200


def test_unarchive_in_an_archived_experiment_is_refused() -> None:
    mock = Caller()
    experiments = mock.get(f"{V2}/experiments").json()["experiments"]
    archived = {each["experiment_id"] for each in experiments if each["storage_state"] == "ARCHIVED"}
    run = next(run for run in listed(mock) if run["experiment_id"] in archived)
    assert run["storage_state"] == "ARCHIVED"
    answer = mock.post(f"{RUNS}/{run['run_id']}:unarchive")
    assert said(answer)[:2] == (400, 9)
    assert "must be un-archived first" in said(answer)[2]
    mock.post(f"{V2}/experiments/{run['experiment_id']}:unarchive")
    assert mock.post(f"{RUNS}/{run['run_id']}:unarchive").status_code == 200


@pytest.mark.parametrize("state", STATES)
def test_delete_works_in_any_state_and_only_once(state: str) -> None:
    mock = Caller()
    run_id = a_run(mock, state)
    assert mock.delete(f"{RUNS}/{run_id}").json() == {}
    assert said(mock.delete(f"{RUNS}/{run_id}")) == (404, 5, f"Run {run_id} not found")
    assert mock.get(f"{RUNS}/{run_id}").status_code == 404
    assert mock.get(RUNS).json()["total_size"] == 59


@pytest.mark.parametrize("verb", ["terminate", "retry", "archive", "unarchive"])
def test_an_unknown_run_is_not_found(verb: str) -> None:
    assert said(Caller().post(f"{RUNS}/{NOBODY}:{verb}")) == (404, 5, f"Run {NOBODY} not found")


# Envelopes and routing


def test_errors_wrap_a_short_text_in_a_long_one() -> None:
    body = Caller().get(f"{RUNS}/{NOBODY}").json()
    assert set(body) == {"code", "message", "details"}
    assert body["message"].startswith("Failed to get a run: ")
    assert body["message"].endswith(f"ResourceNotFoundError: Run {NOBODY} not found")
    assert body["details"][0]["@type"] == "type.googleapis.com/google.rpc.Status"


def test_older_servers_repeat_the_message_under_error() -> None:
    body = Caller(options={"kfp": {"old_gateway": True}}).get(f"{RUNS}/{NOBODY}").json()
    assert next(iter(body)) == "error"
    assert body["error"] == body["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", RUNS, 501),
        ("PATCH", f"{RUNS}/{NOBODY}", 501),
        ("POST", f"{RUNS}/{NOBODY}", 501),
        ("DELETE", f"{V2}/healthz", 501),
        ("GET", f"{V2}/nope", 404),
        ("GET", "/apis/v1beta1/runs", 404),
        ("GET", f"{V2}/runs/{NOBODY}/nope", 404),
        ("GET", "/apis/", 404),
        ("GET", f"{RUNS}/", 404),
    ],
)
def test_routing_errors(method: str, path: str, status: int) -> None:
    answer = Caller().ask(method, path)
    text = {404: {"code": 5, "message": "Not Found"}, 501: {"code": 12, "message": "Method Not Allowed"}}[status]
    assert (answer.status_code, answer.json()) == (status, text)
    old = Caller(options={"kfp": {"old_gateway": True}}).ask(method, path)
    assert old.status_code == {404: 404, 501: 405}[status]
    assert old.headers["content-type"].startswith("text/plain")


def test_health() -> None:
    assert Caller().get(f"{V2}/healthz").json() == {
        "commit_sha": "7b70c7b95f",
        "tag_name": "2.17.0",
        "multi_user": False,
        "pipeline_store": "database",
    }
    assert "pipeline_store" not in Caller().get("/apis/v1beta1/healthz").json()


# Creating


def test_a_clone_of_every_run_is_accepted_and_runs() -> None:
    mock = Caller()
    for run in listed(mock)[:25]:
        keep = {"pipeline_spec", "pipeline_version_reference", "runtime_config", "experiment_id"}
        made = mock.post(RUNS, json={key: run[key] for key in keep & set(run)} | {"display_name": "clone"}).json()
        assert (made["state"], made["storage_state"]) == ("PENDING", "AVAILABLE")
        assert made["service_account"] == "pipeline-runner"
        assert [entry["state"] for entry in made["state_history"]] == ["PENDING"]
        assert made["scheduled_at"] == made["created_at"]
        assert "run_details" not in made
        assert {key: made.get(key) for key in keep} == {key: run.get(key) for key in keep}
        assert listed(mock)[0]["display_name"] == "clone"
    mock.advance(60)
    assert "run_details" in got(mock, made["run_id"])
    mock.advance(8 * 3600)
    assert got(mock, made["run_id"])["state"] in ("SUCCEEDED", "FAILED")


def test_field_names_may_be_camel_case_and_unknown_ones_are_refused() -> None:
    mock = Caller()
    spec = next(run["pipeline_spec"] for run in listed(mock) if "pipeline_spec" in run)
    assert mock.post(RUNS, json={"displayName": "x", "pipelineSpec": spec}).status_code == 200
    answer = mock.post(RUNS, json={"display_name": "x", "pipeline_spec": spec, "colour": "red"})
    assert (answer.status_code, answer.json()["code"], "details" in answer.json()) == (400, 3, False)
    for body in (b"{", b"[]", b'"x"'):
        assert mock.post(RUNS, content=body).status_code == 400


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"display_name": ""}, 500, 13),
        ({"experiment_id": "nope"}, 404, 5),
        ({"pipeline_spec": None}, 500, 13),
        ({"pipeline_spec": {"pipelineInfo": {"name": "x"}}}, 500, 13),
        ({"pipeline_spec": None, "pipeline_version_reference": {"pipeline_version_id": "nope"}}, 500, 13),
        ({"runtime_config": {"parameters": {"nope": 1}}}, 400, 3),
        ({"runtime_config": {"parameters": {"day": 1}}}, 400, 3),
        ({"runtime_config": {"parameters": {"learning_rate": "x"}}}, 400, 3),
        ({"runtime_config": {"parameters": {"learning_rate": True}}}, 400, 3),
        ({"plugins_output": {"x": {}}}, 409, 10),
    ],
)
def test_what_create_refuses(change: dict[str, Any], status: int, code: int) -> None:
    mock = Caller()
    spec = next(run["pipeline_spec"] for run in listed(mock) if "pipeline_spec" in run)
    answer = mock.post(RUNS, json={"display_name": "x", "pipeline_spec": spec} | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if code == 13:
        assert said(answer)[2] == "Internal Server Error"


def test_a_missing_parameter_is_refused_and_a_run_without_experiment_goes_to_the_default() -> None:
    mock = Caller()
    spec = {
        "pipelineInfo": {"name": "own"},
        "root": {
            "dag": {"tasks": {"a": {}, "b": {"dependentTasks": ["a"]}}},
            "inputDefinitions": {"parameters": {"must": {"parameterType": "STRING"}}},
        },
    }
    assert mock.post(RUNS, json={"display_name": "x", "pipeline_spec": spec}).status_code == 400
    config = {"parameters": {"must": "yes"}}
    made = mock.post(RUNS, json={"display_name": "x", "pipeline_spec": spec, "runtime_config": config}).json()
    home = mock.get(f"{V2}/experiments/{made['experiment_id']}").json()
    assert home["display_name"] == "Default"
    mock.advance(8 * 3600)
    names = {task["display_name"] for task in got(mock, made["run_id"])["run_details"]["task_details"]}
    assert {"root", "root-driver", "a", "a-driver", "executor"} <= names


# Tasks, logs, artifacts


def details(run: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.get("run_details", {}).get("task_details", [])
    return found


def test_task_details_hold_just_what_a_real_server_fills() -> None:
    filled = {"run_id", "task_id", "display_name", "create_time", "start_time", "end_time"}
    for run in listed(Caller()):
        assert ("run_details" in run) == (run["state_history"][-1]["state"] != "PENDING" or len(details(run)) > 0)
        nodes = {child["pod_name"] for task in details(run) for child in task.get("child_tasks", ())}
        for task in details(run):
            assert filled <= set(task) <= filled | {"state", "state_history", "child_tasks"}
            assert all(set(child) == {"pod_name"} for child in task.get("child_tasks", ()))
            assert task["create_time"] == run["created_at"]
        if details(run):
            assert len(nodes) == len(details(run)) - 1
            assert len({task["task_id"] for task in details(run)}) == len(details(run))


def test_a_failed_run_shows_where_it_failed_and_what_was_left_out() -> None:
    mock = Caller()
    failed = [run for run in listed(mock) if run["state"] == "FAILED"]
    assert all(any(task.get("state") == "FAILED" for task in details(run)) for run in failed)
    omitted = [task for run in failed for task in details(run) if "state" not in task]
    assert omitted
    assert all(task["start_time"] == task["end_time"] for task in omitted)


def test_a_running_node_has_no_end() -> None:
    mock = Caller()
    running = [task for task in details(got(mock, a_run(mock, "RUNNING"))) if task.get("state") == "RUNNING"]
    assert running
    assert {task["end_time"] for task in running} == {"0001-01-01T00:00:00Z"}


def node_ids(run: dict[str, Any]) -> dict[str, str]:
    """Full Argo node name to node id, worked out as Argo does: from the workflow's name and a hash."""
    workflow = next(
        task["display_name"]
        for task in details(run)
        if task["display_name"] not in ("root", "executor") and any(
            child["pod_name"].startswith(task["display_name"] + "-") for child in task.get("child_tasks", ())
        )
    )  # fmt: skip
    names = [f"{workflow}.root-driver", f"{workflow}.root"]
    for task in details(run):
        step = f"{workflow}.root.{task['display_name']}"
        names += [step, *(f"{step}.executor{attempt}" for attempt in ("", "(0)", "(1)"))]
    known = {child["pod_name"] for task in details(run) for child in task.get("child_tasks", ())}
    found = {name: f"{workflow}-{fnv32a(name)}" for name in names}
    return {name: node for name, node in found.items() if node in known}


def log(mock: Caller, run_id: str, pod: str, method: str = "GET") -> httpx.Response:
    return mock.ask(method, f"/apis/v1alpha1/runs/{run_id}/nodes/{pod}/log", params={"follow": "true"})


def executors(run: dict[str, Any]) -> list[str]:
    """The node ids of the containers of the steps; a step tried twice has two, under a node without a pod."""
    nodes = node_ids(run)
    names = [name for name in nodes if ".executor" in name]
    return [nodes[name] for name in names if f"{name}(0)" not in names]


def test_logs_are_read_by_pod_name_or_node_id_and_explain_the_failure() -> None:
    mock = Caller()
    explained = set()
    for run in listed(mock):
        story = STORY.get(mock.cluster.truths["kfp"](run["run_id"])["story"])
        if run["state"] != "FAILED" or story is None or not story.started:
            continue
        texts = []
        for node in executors(run):
            workflow, number = node.rsplit("-", 1)
            by_pod = log(mock, run["run_id"], f"{workflow}-system-container-impl-{number}")
            assert by_pod.status_code == 200
            assert by_pod.text == log(mock, run["run_id"], node).text
            texts.append(by_pod.text)
        assert any(story.lines[-1] in text for text in texts), (run["display_name"], story.id)
        explained.add(story.id)
    assert explained == {story.id for story in STORIES if story.started}


def test_a_log_grows_and_what_was_read_stays() -> None:
    mock = Caller()
    run = got(mock, next(run["run_id"] for run in listed(mock) if run["display_name"].startswith("llama")))
    node = next(node for name, node in node_ids(run).items() if name.endswith("tokenise.executor"))
    before = log(mock, run["run_id"], node).text
    mock.advance(30)
    after = log(mock, run["run_id"], node).text
    assert len(after) > len(before) > 0
    assert after.startswith(before)


def test_a_log_that_cannot_be_had_is_a_200_with_an_error_in_its_body() -> None:
    mock = Caller()
    run_id = a_run(mock, "SUCCEEDED")
    for run, pod in ((run_id, "nope"), (NOBODY, "nope"), (run_id, run_id)):
        answer = log(mock, run, pod, "POST")
        assert answer.status_code == 200
        assert set(json.loads(answer.text)) == {"error_message", "error_details"}
    pulled = next(run for run in listed(mock) if mock.cluster.truths["kfp"](run["run_id"])["story"] == "image-pull")
    texts = [log(mock, pulled["run_id"], node).text for node in node_ids(pulled).values()]
    assert any("ImagePullBackOff" in text for text in texts)


def test_artifacts_are_base64_and_have_an_error_style_of_their_own() -> None:
    mock = Caller()
    run = got(mock, a_run(mock, "SUCCEEDED"))
    node = executors(run)[0]
    path = f"{RUNS}/{run['run_id']}/nodes/{node}/artifacts"
    data = mock.get(f"{path}/main-logs:read").json()["data"]
    assert base64.b64decode(data).decode() == log(mock, run["run_id"], node).text
    missing = mock.get(f"{path}/nope:read")
    assert (missing.status_code, set(missing.json())) == (404, {"error_message", "error_details"})
    assert missing.headers["content-type"].startswith("text/plain")
    old = Caller(options={"kfp": {"old_gateway": True}}).get(f"{path}/nope:read")
    assert said(old)[:2] == (404, 5)
