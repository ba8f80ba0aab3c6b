"""KFP beside runs: experiments, pipelines and versions, recurring runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.calling import Caller

V2 = "/apis/v2beta1"
EXPERIMENTS = f"{V2}/experiments"


def experiment(mock: Caller, name: str) -> dict[str, Any]:
    listed = mock.get(EXPERIMENTS, params={"page_size": 100}).json()["experiments"]
    found: dict[str, Any] = next(each for each in listed if each["display_name"] == name)
    return found


def test_experiments_are_paged_sorted_and_filtered_like_runs() -> None:
    mock = Caller()
    first = mock.get(EXPERIMENTS, params={"page_size": 3}).json()
    second = mock.get(EXPERIMENTS, params={"page_size": 3, "page_token": first["next_page_token"]}).json()
    created = [each["created_at"] for each in first["experiments"] + second["experiments"]]
    assert created == sorted(created)
    assert first["experiments"][0]["display_name"] == "Default"
    # What the python client sends: a numeric operation and a camelCase value.
    text = '{"predicates": [{"operation": 1, "key": "display_name", "stringValue": "default"}]}'
    found = mock.get(EXPERIMENTS, params={"filter": text, "namespace": ""}).json()
    assert [each["display_name"] for each in found["experiments"]] == ["Default"]
    other = mock.get(f"{V2}/runs", params={"page_token": first["next_page_token"]})
    assert other.status_code == 400


def test_an_experiment_is_created_once() -> None:
    mock = Caller()
    made = mock.post(EXPERIMENTS, json={"display_name": "new", "namespace": ""}).json()
    assert made["storage_state"] == "AVAILABLE"
    assert mock.get(f"{EXPERIMENTS}/{made['experiment_id']}").json() == made
    again = mock.post(EXPERIMENTS, json={"display_name": "new"})
    assert (again.status_code, again.json()["code"]) == (409, 6)
    assert mock.post(EXPERIMENTS, json={"display_name": ""}).status_code == 400


def test_archiving_an_experiment_archives_its_runs_and_not_the_other_way_round() -> None:
    mock = Caller()
    key = experiment(mock, "eval")["experiment_id"]
    runs = {"experiment_id": key, "page_size": 200}
    mock.post(f"{EXPERIMENTS}/{key}:archive")
    assert {run["storage_state"] for run in mock.get(f"{V2}/runs", params=runs).json()["runs"]} == {"ARCHIVED"}
    mock.post(f"{EXPERIMENTS}/{key}:unarchive")
    assert experiment(mock, "eval")["storage_state"] == "AVAILABLE"
    assert {run["storage_state"] for run in mock.get(f"{V2}/runs", params=runs).json()["runs"]} == {"ARCHIVED"}


def test_the_default_experiment_cannot_be_deleted() -> None:
    mock = Caller()
    answer = mock.delete(f"{EXPERIMENTS}/{experiment(mock, 'Default')['experiment_id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, 10)
    key = experiment(mock, "vision")["experiment_id"]
    assert mock.delete(f"{EXPERIMENTS}/{key}").json() == {}
    assert mock.get(f"{EXPERIMENTS}/{key}").status_code == 404
    assert mock.get(f"{V2}/runs").status_code == 200


def test_a_run_made_from_a_version_leads_to_its_spec() -> None:
    mock = Caller()
    runs = mock.get(f"{V2}/runs", params={"page_size": 200}).json()["runs"]
    run = next(run for run in runs if "pipeline_version_reference" in run)
    reference = run["pipeline_version_reference"]
    pipeline = f"{V2}/pipelines/{reference['pipeline_id']}"
    version = mock.get(f"{pipeline}/versions/{reference['pipeline_version_id']}").json()
    assert version["pipeline_spec"]["pipelineInfo"]["name"] == mock.get(pipeline).json()["display_name"]
    name = mock.get(pipeline).json()["name"]
    assert mock.get(f"{V2}/pipelines/names/{name}").json() == mock.get(pipeline).json()
    assert len(mock.get(f"{pipeline}/versions").json()["pipeline_versions"]) == 2
    latest = mock.post(
        f"{V2}/runs",
        json={"display_name": "x", "pipeline_version_reference": {"pipeline_id": reference["pipeline_id"]}},
    ).json()
    assert latest["pipeline_version_reference"]["pipeline_id"] == reference["pipeline_id"]


@pytest.mark.parametrize(
    "path", ["experiments/x", "pipelines/x", "pipelines/names/x", "pipelines/x/versions", "recurringruns/x"]
)
def test_what_is_unknown_is_not_found(path: str) -> None:
    answer = Caller().get(f"{V2}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, 5)


def test_recurring_runs_are_in_camel_case_and_their_integers_are_strings() -> None:
    mock = Caller()
    body = mock.get(f"{V2}/recurringruns").json()
    assert set(body) == {"recurringRuns", "total_size"}
    first = body["recurringRuns"][0]
    assert first["max_concurrency"] == "1"
    path = f"{V2}/recurringruns/{first['recurring_run_id']}"
    mock.post(f"{path}:disable")
    assert (mock.get(path).json()["mode"], mock.get(path).json()["status"]) == ("DISABLE", "DISABLED")
    mock.post(f"{path}:enable")
    assert mock.get(path).json() == first
    runs = mock.get(f"{V2}/runs", params={"page_size": 200}).json()["runs"]
    assert any(run.get("recurring_run_id") == first["recurring_run_id"] for run in runs)
    mock.delete(path)
    assert mock.get(path).status_code == 404
