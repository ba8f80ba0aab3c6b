"""Paths, versions, verbs, bodies and the envelope."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.clearml.server import KEYS, Api


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


def meta(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["meta"]
    return found


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_any_verb_works_with_a_body(api: Api, method: str) -> None:
    answer = api.raw("v2.23/tasks.get_all", {"page_size": 3, "method": "get"}, method=method)
    assert answer.status_code == 200
    assert len(answer.json()["data"]["tasks"]) == 3


@pytest.mark.parametrize("path", ["tasks.get_all", "tasks.get_all/", "v2.1/tasks.get_all", "v999.0/tasks.get_all/"])
def test_paths_with_and_without_version(api: Api, path: str) -> None:
    assert api.raw(path, {"page_size": 1}).status_code == 200


@pytest.mark.parametrize("path", ["v2/tasks.get_all", "v2.1/tasks"])
def test_paths_that_are_none(api: Api, path: str) -> None:
    answer = api.raw(path)
    assert answer.status_code == 400
    assert meta(answer)["result_subcode"] == 0
    assert meta(answer)["result_msg"].startswith("Invalid request path")


@pytest.mark.parametrize(
    ("path", "name", "version"),
    [
        ("tasks.fly", "tasks.fly", "2.31"),
        ("v2.5/nothing.get_all", "nothing.get_all", "2.5"),
        ("v2.1/tasks.completed", "tasks.completed", "2.1"),
        ("v2.12/tasks.stop_many", "tasks.stop_many", "2.12"),
    ],
)
def test_unknown_endpoints_are_404_with_the_envelope(api: Api, path: str, name: str, version: str) -> None:
    answer = api.raw(path)
    assert answer.status_code == 404
    assert meta(answer)["result_code"] == 404
    assert meta(answer)["result_subcode"] == 0
    assert meta(answer)["result_msg"] == f"Unable to find endpoint for name {name} and version {version}"


def test_the_envelope(api: Api) -> None:
    answer = api.raw("tasks.get_all", {"page_size": 1})
    found = meta(answer)
    assert found["id"] == found["trx"]
    assert len(found["id"]) == 32
    assert found["endpoint"] == {"name": "tasks.get_all", "requested_version": "2.31", "actual_version": "1.0"}
    assert (found["result_code"], found["result_subcode"], found["result_msg"]) == (200, 0, "OK")
    assert found["error_stack"] == ""
    assert found["error_data"] == {}


def test_the_envelope_of_an_error(api: Api) -> None:
    answer = api.raw("v2.20/tasks.get_by_id", {"task": "nope"})
    found = meta(answer)
    assert answer.status_code == 400
    assert answer.json()["data"] == {}
    assert found["error_stack"] is None
    assert found["error_data"] == {}
    assert found["endpoint"]["requested_version"] == "2.20"
    assert found["result_msg"].startswith("Invalid task id: ids=(nope), company=")


def test_versions_are_numbers_below_2_1(api: Api) -> None:
    endpoint = meta(api.raw("v2.0/tasks.get_all"))["endpoint"]
    assert endpoint["requested_version"] == 2.0
    assert endpoint["actual_version"] == 1.0


@pytest.mark.parametrize("header", ["X-Clearml-Trx", "X-Trains-Trx"])
def test_the_transaction_is_echoed(api: Api, header: str) -> None:
    answer = api.ask("POST", "/debug.ping", headers={header: "abc-1"})
    assert meta(answer)["trx"] == "abc-1"
    assert meta(answer)["id"] != "abc-1"


def test_bodies(api: Api) -> None:
    assert api.ask("POST", "/tasks.get_all", content=b"{", auth=KEYS).status_code == 400
    array = api.ask("POST", "/tasks.get_all", content=b"[1]", auth=KEYS)
    assert array.status_code == 500
    assert meta(array)["result_msg"] == "Data should be a dict"
    typed = {"content-type": "text/plain"}
    body = b'{"page_size": 2}'
    plain = api.ask("POST", "/tasks.get_all", content=body, headers=typed, auth=KEYS)
    assert len(plain.json()["data"]["tasks"]) == 2
    assert len(api.ask("GET", "/tasks.get_all", auth=KEYS).json()["data"]["tasks"]) == 60


def test_the_query_lies_over_the_body(api: Api) -> None:
    answer = api.raw("tasks.get_all?page_size=2&search_hidden=true", {"page_size": 7})
    assert len(answer.json()["data"]["tasks"]) == 2


def test_encoded_requests_are_refused_in_plain_text(api: Api) -> None:
    answer = api.ask("POST", "/debug.ping", content=b"{}", headers={"content-encoding": "gzip"})
    assert answer.status_code == 415
    assert answer.headers["content-type"].startswith("text/plain")
    options = api.ask("OPTIONS", "/tasks.get_all")
    assert (options.status_code, options.content) == (200, b"")


def test_batches_need_their_content_type(api: Api) -> None:
    line = b'{"task": "x", "name": "longer"}\n'
    assert api.ask("POST", "/tasks.update_batch", content=line, auth=KEYS).status_code == 400
    lines = {"content-type": "application/json-lines"}
    empty = api.ask("POST", "/tasks.update_batch", content=b"", headers=lines, auth=KEYS)
    assert empty.json()["data"] == {"updated": 0}


def test_paths_of_other_apis_are_left_alone(api: Api) -> None:
    for path in (
        "/v2/entries:list",
        "/apis/v2beta1/runs",
        "/v1/projects/a.b/locations",
        "/api/v1/jobs",
        "/files/read",
    ):
        assert api.ask("POST", path).text == "404 page not found\n"


def test_a_fault_speaks_in_the_envelope() -> None:
    api = Api(faults=("clearml:*:status=503",))
    answer = api.raw("tasks.get_all")
    assert answer.status_code == 503
    assert meta(answer)["result_code"] == 503


def test_debug_ping_and_server_info(api: Api) -> None:
    assert api("debug.ping", hello=1)["hello"] == 1
    assert api("server.info")["api_version"] == "2.31"
    assert "api_version" not in api("v2.11/server.info")
    assert api.codes("server.endpoints") == (403, 20)
