"""The control plane: reset, advance, faults, the truth, and what arrived."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.calling import Caller

RUNS = "/apis/v2beta1/runs"


def states(mock: Caller) -> Any:
    return mock.get("/_mock/state").json()["backends"]["kfp"]["states"]


def test_state_tells_the_truth_about_all_and_about_one() -> None:
    mock = Caller()
    assert sum(states(mock).values()) == 60
    run = mock.get(RUNS, params={"sort_by": "created_at desc"}).json()["runs"][0]
    asked = {"backend": "kfp", "id": run["run_id"]}
    told = mock.get("/_mock/state", params=asked).json()["backends"]["kfp"]
    assert (told["state"], told["commands"]) == ("PENDING", [])
    mock.post(f"{RUNS}/{run['run_id']}:terminate")
    told = mock.get("/_mock/state", params=asked).json()["backends"]["kfp"]
    assert told["state"] == "CANCELING"
    assert [command for _, command in told["commands"]] == ["abort"]
    assert mock.get("/_mock/state", params={"backend": "kfp", "id": "nope"}).json()["backends"]["kfp"] is None


def test_advance_moves_everything() -> None:
    mock = Caller()
    before = states(mock)
    now = mock.get("/_mock/state").json()["now"]
    assert mock.post("/_mock/advance", json={"seconds": 4 * 3600}).json()["now"] == now + 4 * 3600
    assert states(mock) != before
    assert "RUNNING" not in states(mock)


def test_reset_forgets_and_may_change_the_world() -> None:
    mock = Caller()
    first = mock.get(RUNS).json()["runs"][0]["run_id"]
    before = states(mock)
    mock.delete(f"{RUNS}/{first}")
    assert states(mock) != before
    mock.post("/_mock/reset")
    assert states(mock) == before
    assert mock.get(f"{RUNS}/{first}").status_code == 200
    told = mock.post("/_mock/reset", json={"runs": 5, "seed": 9}).json()
    assert (told["runs"], told["seed"], told["backends"]["kfp"]["runs"]) == (5, 9, 5)


def test_faults_are_listed_added_replaced_and_cleared() -> None:
    mock = Caller()
    assert mock.get("/_mock/faults").json() == {"faults": []}
    mock.post("/_mock/faults", json={"faults": [f"kfp:{RUNS}:status=503"]})
    assert mock.get(RUNS).status_code == 503
    added = mock.post("/_mock/faults", json={"add": "kfp:*:status=500", "times": 1}).json()
    assert added == {"faults": [f"kfp:{RUNS}:status=503", "kfp:*:status=500"]}
    assert mock.get("/apis/v2beta1/healthz").status_code == 500
    assert mock.get("/apis/v2beta1/healthz").status_code == 200
    mock.delete("/_mock/faults")
    assert mock.get(RUNS).status_code == 200


def test_requests_tell_what_arrived_and_how_often() -> None:
    mock = Caller()
    mock.get(RUNS, params={"page_size": 2})
    mock.post(RUNS, json={"display_name": ""}, headers={"kubeflow-userid": "ana@x"})
    mock.get("/nowhere")
    told = mock.get("/_mock/requests").json()
    assert told["count"] == 3
    listed, created, stray = told["requests"]
    assert (listed["method"], listed["query"], listed["status"]) == ("GET", "page_size=2", 200)
    assert (created["body"], created["status"], created["backend"]) == ('{"display_name":""}', 500, "kfp")
    assert created["headers"]["kubeflow-userid"] == "ana@x"
    assert (stray["backend"], stray["status"]) == ("", 404)
    assert mock.get("/_mock/requests", params={"method": "POST", "path": "*/runs"}).json()["count"] == 1
    assert mock.delete("/_mock/requests").json()["count"] == 0
    assert mock.get("/_mock/requests").json()["count"] == 0


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/_mock/advance", {}, "needs seconds"),
        ("/_mock/advance", {"seconds": -1}, "only moves forward"),
        ("/_mock/advance", {"seconds": "soon"}, "'soon'"),
        ("/_mock/advance", {"second": 1}, "nearest: seconds"),
        ("/_mock/reset", {"runs": "many"}, "not a whole number"),
        ("/_mock/reset", {"runs": -1}, "below zero"),
        ("/_mock/faults", {"faults": ["kfp:*:nope"]}, "no kind 'nope'"),
        ("/_mock/faults", {"add": "x"}, "backend:path-glob"),
    ],
)
def test_a_wrong_request_gets_a_sentence(path: str, body: dict[str, Any], says: str) -> None:
    answer = Caller().post(path, json=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_a_body_that_is_no_object_gets_a_sentence() -> None:
    mock = Caller()
    assert "not JSON" in mock.post("/_mock/reset", content=b"{").json()["error"]
    assert "not a JSON object" in mock.post("/_mock/reset", content=b"[1]").json()["error"]
    assert "no backend 'kpf'; nearest: kfp" in mock.get("/_mock/state?backend=kpf").json()["error"]
