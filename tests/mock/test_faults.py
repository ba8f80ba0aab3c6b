"""Faults: how they are written, and what a client meets."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mock.faults import KINDS, FaultError, Faults, parse
from adapters.mock.server import MockServer
from tests.mock.calling import Caller

RUNS = "/apis/v2beta1/runs"


@pytest.mark.parametrize(
    ("text", "backend", "path", "kind", "value", "probability"),
    [
        ("kfp:/apis/*:status=503", "kfp", "/apis/*", "status", 503, 1),
        ("kfp:/apis/v2beta1/runs/*:terminate:lost", "kfp", "/apis/v2beta1/runs/*:terminate", "lost", 0, 1),
        ("*:*:latency=300ms@0.5", "*", "*", "latency", 0.3, 0.5),
        ("*:*:latency=2", "*", "*", "latency", 2, 1),
        ("peloton:/api/v1:rate-limit", "peloton", "/api/v1", "rate-limit", 5, 1),
        ("kfp:*:truncate=10", "kfp", "*", "truncate", 10, 1),
    ],
)
def test_a_fault_is_read(text: str, backend: str, path: str, kind: str, value: float, probability: float) -> None:
    fault = parse(text)
    found = (fault.backend, fault.path, fault.kind, fault.value, fault.probability)
    assert found == (backend, path, kind, value, probability)
    assert parse(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "backend:path-glob:kind"),
        ("kfp:status=503", "backend:path-glob:kind"),
        ("kfp:*:latncy=1", "nearest: latency"),
        ("kfp:*:status", "needs an HTTP status"),
        ("kfp:*:status=200", "not an HTTP status"),
        ("kfp:*:status=abc", "not an HTTP status"),
        ("kfp:*:status=503ms", "not an HTTP status"),
        ("kfp:*:latency=-1", "not seconds"),
        ("kfp:*:reset=1", "takes no value"),
        ("kfp:*:reset@0", "probability '0'"),
        ("kfp:*:reset@2", "probability '2'"),
        ("kfp:*:reset@often", "probability 'often'"),
    ],
)
def test_a_fault_that_cannot_be_read_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(FaultError) as raised:
        parse(text)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse(text)
    except FaultError:
        return
    assert text.count(":") >= 2


def test_chance_is_seeded_and_counts() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(["kfp:*:reset@0.3"], seed=seed)
        return [bool(faults.strike("kfp", "/x")) for _ in range(300)]

    assert struck(1) == struck(1) != struck(2)
    assert 50 < sum(struck(1)) < 130


def test_a_fault_may_strike_only_so_often() -> None:
    faults = Faults()
    faults.add(parse("kfp:*:reset", times=2))
    assert [len(faults.strike("kfp", "/x")) for _ in range(4)] == [1, 1, 0, 0]
    assert faults.active() == []
    assert not faults.strike("peloton", "/x")


def test_a_wrong_fault_leaves_the_present_ones() -> None:
    faults = Faults(["kfp:*:reset"])
    with pytest.raises(FaultError):
        faults.replace(["kfp:*:reset", "kfp:*:nope"])
    assert faults.active() == ["kfp:*:reset"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, 16), (403, 7), (409, 10), (429, 8), (500, 13), (502, 13), (503, 14)]
)
def test_a_status_comes_in_the_envelope_of_the_api(status: int, code: int) -> None:
    answer = Caller(faults=(f"kfp:{RUNS}:status={status}",)).get(RUNS)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_faults_strike_only_their_path_and_backend() -> None:
    mock = Caller(faults=(f"kfp:{RUNS}:status=503", "peloton:*:status=500"))
    assert mock.get(RUNS).status_code == 503
    assert mock.get("/apis/v2beta1/healthz").status_code == 200


def test_bodies_are_spoiled() -> None:
    assert "<html>" in Caller(faults=(f"kfp:{RUNS}:html",)).get(RUNS).text
    assert Caller(faults=(f"kfp:{RUNS}:html=502",)).get(RUNS).status_code == 502
    assert Caller(faults=(f"kfp:{RUNS}:empty",)).get(RUNS).content == b""
    assert Caller(faults=(f"kfp:{RUNS}:redirect",)).get(RUNS).status_code == 302
    limited = Caller(faults=(f"kfp:{RUNS}:rate-limit=7",)).get(RUNS)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    malformed = Caller(faults=(f"kfp:{RUNS}:malformed",)).get(RUNS)
    assert malformed.status_code == 200
    with pytest.raises(ValueError, match=r"Invalid control character|Expecting|Extra data"):
        json.loads(malformed.content)


def test_a_write_that_is_lost_was_executed_and_one_that_is_reset_was_not() -> None:
    with MockServer(seed=7, clock="virtual", backends=["kfp"]) as mock, httpx.Client(base_url=mock.url) as client:
        runs = client.get(RUNS, params={"page_size": 200}).json()["runs"]
        first, second = [run["run_id"] for run in runs if run["state"] == "RUNNING"][:2]
        mock.faults.replace([f"kfp:{RUNS}/*:terminate:reset"])
        with pytest.raises(httpx.TransportError):
            client.post(f"{RUNS}/{first}:terminate")
        assert client.get(f"{RUNS}/{first}").json()["state"] == "RUNNING"
        mock.faults.replace([f"kfp:{RUNS}/*:terminate:lost"])
        with pytest.raises(httpx.TransportError):
            client.post(f"{RUNS}/{second}:terminate")
        assert client.get(f"{RUNS}/{second}").json()["state"] == "CANCELING"


def test_a_truncated_body_ends_before_its_length() -> None:
    with MockServer(seed=7, clock="virtual", backends=["kfp"]) as mock, httpx.Client(base_url=mock.url) as client:
        mock.faults.replace([f"kfp:{RUNS}:truncate=100"])
        with pytest.raises(httpx.RemoteProtocolError, match="received 100 bytes"):
            client.get(RUNS)


def test_slow_bodies_arrive_whole_and_latency_waits() -> None:
    mock = Caller()
    whole = mock.get(RUNS).content
    for kind in ("slow=50ms", "latency=10ms"):
        mock.app.state.faults.replace([f"kfp:{RUNS}:{kind}"])
        assert mock.get(RUNS).content == whole


def test_every_kind_is_tried_above() -> None:
    assert set(KINDS) == {
        *("latency", "status", "rate-limit", "reset", "lost", "truncate", "malformed", "html", "redirect"),
        *("empty", "slow"),
    }
