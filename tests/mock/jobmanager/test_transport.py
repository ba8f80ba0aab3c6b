"""How the server speaks: paths, problem documents, content types, login, names, times."""

from __future__ import annotations

import re

import pytest

from tests.mock.jobmanager.asking import BASE, JobManager, said

NOBODY = "00000000-0000-4000-8000-000000000000"


def test_only_paths_under_the_prefix_are_its_own() -> None:
    mock = JobManager()
    assert mock.get("/capabilities").status_code == 404
    assert said(mock.get(f"{BASE}/nonsense"))[0] == 404
    assert said(mock.get(f"{BASE}/jobs/a/b/c/d/e"))[0] == 404


def test_fixed_paths_come_before_ids() -> None:
    mock = JobManager()
    assert said(mock.get(f"{BASE}/jobs/query")) == (404, "Unrecognized workflow ID: query")
    assert said(mock.get(f"{BASE}/jobs/tailFile"))[0] == 400
    assert said(mock.get(f"{BASE}/jobs/operationDetails"))[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/jobs/x", "GET"),
        ("GET", "/jobs/x/abort", "POST"),
        ("PUT", "/capabilities", "GET"),
        ("DELETE", "/jobs/query", "POST, GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(method: str, path: str, allowed: str) -> None:
    answer = JobManager().ask(method, BASE + path)
    assert said(answer)[0] == 405
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/jobs/query", f"/jobs/{NOBODY}/updateLabels"])
def test_bodies_are_json(path: str) -> None:
    mock = JobManager()
    plain = {"content-type": "text/plain"}
    assert said(mock.post(BASE + path, content=b"{}", headers=plain))[0] == 415
    assert said(mock.post(BASE + path)) == (400, "RequestBody is required")
    asked = {"content-type": "application/json"}
    assert said(mock.post(BASE + path, content=b"", headers=asked)) == (400, "RequestBody is required")
    assert said(mock.post(BASE + path, content=b"{", headers=asked))[0] == 400
    assert said(mock.post(BASE + path, content=b"[]", headers=asked))[0] == 400


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"pageSize": "3"}, "'3' is not of type 'integer' - 'pageSize'"),
        ({"pageSize": True}, "True is not of type 'integer' - 'pageSize'"),
        ({"status": "Running"}, "'Running' is not of type 'array' - 'status'"),
        ({"status": ["Done"]}, "'Done' is not one of"),
        ({"id": "x"}, "'x' does not match"),
        ({"name": "9lives"}, "'9lives' does not match"),
        ({"extensions": {"hideArchived": "yes"}}, "'yes' is not of type 'boolean' - 'extensions.hideArchived'"),
        ({"start": "yesterday"}, "'yesterday' is not a 'date-time'"),
    ],
)
def test_a_query_that_breaks_the_definition(body: dict[str, object], detail: str) -> None:
    status, told = said(JobManager().query(**body))
    assert (status, told[: len(detail)]) == (400, detail)


def test_unknown_keys_of_a_body_are_ignored() -> None:
    assert JobManager().query(frobnicate=1, page_size=3).json()["totalSize"] == 60


def test_names_are_camel_case_and_nothing_is_null() -> None:
    mock = JobManager()
    job = mock.get(f"{BASE}/jobs/{mock.one('Failed')}")
    assert "null" not in job.text
    assert "_" not in "".join(re.findall(r'"(\w+)":', job.text.split('"inputs"')[0]))
    row = mock.query(pageSize=1).json()["results"][0]
    assert row["extensions"] == {}
    fields = mock.get(f"{BASE}/capabilities").json()["displayFields"]
    assert all({"editable", "bulkEditable", "primary", "filterable"} <= set(field) for field in fields)
    assert "fieldType" not in fields[0]


def test_times_have_an_offset_and_no_z() -> None:
    mock = JobManager()
    text = mock.get(f"{BASE}/jobs/{mock.one('Succeeded')}").text
    times = re.findall(r'"(\d{4}-[^"]+)"', text)
    assert times
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", each) for each in times)
    assert any("." in each for each in times)
    assert any("." not in each for each in times)


def test_the_token_is_read_from_authentication_only() -> None:
    mock = JobManager(token="t0ken")
    assert mock.get(f"{BASE}/capabilities").json()["authentication"]["isRequired"] is True
    assert mock.get(f"{BASE}/health").status_code == 200
    assert said(mock.query())[0] == 401
    path = f"{BASE}/jobs/query"
    assert said(mock.post(path, json={}, headers={"Authorization": "Bearer t0ken"}))[0] == 401
    assert said(mock.post(path, json={}, headers={"Authentication": "Bearer other"}))[0] == 401
    assert mock.post(path, json={}, headers={"Authentication": "Bearer t0ken"}).status_code == 200


def test_health_that_fails_is_plain_text() -> None:
    assert JobManager().get(f"{BASE}/health").json() == {"available": True}
    answer = JobManager(healthy=False).get(f"{BASE}/health")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["content-type"].startswith("text/plain")


def test_faults_are_problem_documents_too() -> None:
    assert said(JobManager(faults=("jobmanager:*:status=503",)).query()) == (503, "injected by a fault")


def test_capabilities_are_those_of_a_configuration() -> None:
    told = {"displayFields": [{"field": "name", "display": "Sample"}], "queryExtensions": []}
    assert JobManager(capabilities=told).get(f"{BASE}/capabilities").json() == told
    login = JobManager(outside_auth=False).get(f"{BASE}/capabilities").json()
    assert "authentication" not in login
    assert "projectId" in JobManager(project="p").get(f"{BASE}/capabilities").json()["queryExtensions"]
