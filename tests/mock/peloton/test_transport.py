"""YARPC over HTTP: headers, complaints in their order, codes, the JSON dialect."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.peloton.mock import routes
from tests.mock.peloton.client import SERVICES, Failed, Peloton, tables

pytestmark = pytest.mark.anyio

QUERY_HOSTS = f"{SERVICES['Host']}::QueryHosts"
QUERY_JOBS = f"{SERVICES['Job']}::QueryJobs"
GET_JOB = f"{SERVICES['Job']}::GetJob"
UNKNOWN_JOB = {"jobId": {"value": "00000000-0000-4000-8000-000000000000"}}


async def test_success_echoes_the_service_and_is_compact(mock: Peloton) -> None:
    response = await mock.send(QUERY_HOSTS)
    assert response.status_code == 200
    assert response.headers["Rpc-Status"] == "success"
    assert response.headers["Rpc-Service"] == "peloton-apiserver"
    assert response.headers["Content-Type"] == "application/json"
    assert b": " not in response.content


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (
            ("Rpc_Service", "Rpc_Procedure", "Rpc_Caller", "Rpc_Encoding"),
            "missing service name, procedure, caller name, encoding",
        ),
        (("Rpc_Caller",), "missing caller name"),
        (("Rpc_Encoding", "Rpc_Service"), "missing service name, encoding"),
        (("Context_TTL_MS",), "missing TTL"),
        (("Context_TTL_MS", "Rpc_Caller"), "missing caller name"),
    ],
)  # fmt: skip
async def test_missing_headers_are_named_in_order(mock: Peloton, left_out: tuple[str, ...], words: str) -> None:
    response = await mock.send(QUERY_HOSTS, **dict.fromkeys(left_out))
    assert response.status_code == 400
    assert response.text == words + "\n"
    assert response.headers["Rpc-Error-Code"] == "invalid-argument"
    assert response.headers["Rpc-Status"] == "success"
    assert response.headers["Content-Type"] == "text/plain; charset=utf8"


@pytest.mark.parametrize("ttl", ["abc", "-1", "1.5"])
async def test_a_ttl_is_a_number(mock: Peloton, ttl: str) -> None:
    response = await mock.send(QUERY_HOSTS, Context_TTL_MS=ttl)
    expected = f'invalid TTL "{ttl}" for service "peloton-apiserver" and procedure "{QUERY_HOSTS}"\n'
    assert (response.status_code, response.text) == (400, expected)


async def test_only_post(mock: Peloton) -> None:
    response = await mock.http.get("/api/v1")
    assert response.status_code == 404
    assert response.text == "request method was GET but only POST is allowed\n"


@pytest.mark.parametrize("path", ["/api/v1/", "/", "/api/v1/jobs"])
async def test_only_the_exact_path(mock: Peloton, path: str) -> None:
    response = await mock.http.post(path)
    assert response.status_code == 404
    assert "Rpc-Error-Code" not in response.headers


@pytest.mark.parametrize(
    ("daemon", "service", "served"),
    [
        ("peloton-jobmgr", "Job", True),
        ("peloton-jobmgr", "Pod", True),
        ("peloton-jobmgr", "Host", False),
        ("peloton-resmgr", "Pool", True),
        ("peloton-resmgr", "Job", False),
        ("peloton-hostmgr", "Host", True),
        ("peloton-hostmgr", "Pool", False),
        ("peloton-apiserver", "Pool", True),
        ("peloton-apiserver", "Volume", True),
    ],
)
async def test_each_daemon_has_its_own_services(mock: Peloton, daemon: str, service: str, served: bool) -> None:
    method = {
        "Job": "GetJob",
        "Pod": "GetPod",
        "Host": "QueryHosts",
        "Pool": "QueryResourcePools",
        "Volume": "GetVolume",
    }
    procedure = f"{SERVICES[service]}::{method[service]}"
    response = await mock.send(procedure, Rpc_Service=daemon)
    assert (response.status_code != 501) is served
    if not served:
        assert response.text == f'unrecognized procedure "{procedure}" for service "{daemon}"\n'


async def test_an_unknown_daemon_is_told_which_there_are(mock: Peloton) -> None:
    response = await mock.send(QUERY_HOSTS, Rpc_Service="peloton")
    assert response.status_code == 501
    assert response.text.startswith(
        'unrecognized service name "peloton", available services: "peloton-apiserver", '
    )


@pytest.mark.parametrize(
    "procedure",
    ["x", f"{SERVICES['Job']}::Nope", "peloton.api.v1alpha.respool.svc.ResourcePoolService::QueryResourcePools"],
)
async def test_an_unknown_procedure_is_unimplemented(mock: Peloton, procedure: str) -> None:
    response = await mock.send(procedure)
    assert response.status_code == 501
    assert response.headers["Rpc-Error-Code"] == "unimplemented"


async def test_another_encoding_is_an_unknown_procedure(mock: Peloton) -> None:
    response = await mock.send(QUERY_HOSTS, Rpc_Encoding="thrift")
    assert response.status_code == 501
    assert response.text.startswith("unrecognized procedure")


@pytest.mark.parametrize(("service", "method"), [("Job", "ListJobs"), ("Job", "ListPods"), ("Watch", "Watch")])
async def test_streams_need_grpc(mock: Peloton, service: str, method: str) -> None:
    response = await mock.send(f"{SERVICES[service]}::{method}")
    assert (response.status_code, response.text) == (501, "transport http does not handle Streaming handlers\n")


async def test_every_method_of_the_seed_is_served(mock: Peloton) -> None:
    for service, methods in tables()["services"].items():
        for method, described in methods.items():
            if described["seed"] and not described["stream"]:
                response = await mock.send(f"{service}::{method}")
                assert "unrecognized" not in response.text, method


async def test_rpc_status_tells_little(mock: Peloton) -> None:
    """It is `error` only where the handler itself refused; whatever apiserver relays is a success."""
    direct = await mock.send(GET_JOB, UNKNOWN_JOB, Rpc_Service="peloton-jobmgr")
    relayed = await mock.send(GET_JOB, UNKNOWN_JOB)
    assert direct.status_code == relayed.status_code == 404
    assert direct.headers["Rpc-Error-Code"] == relayed.headers["Rpc-Error-Code"] == "not-found"
    assert (direct.headers["Rpc-Status"], relayed.headers["Rpc-Status"]) == ("error", "success")


async def test_the_error_moves_to_a_header_on_request(mock: Peloton) -> None:
    response = await mock.send(GET_JOB, UNKNOWN_JOB, Rpc_Accepts_Both_Response_Error="true")
    assert response.status_code == 404
    assert response.content == b""
    assert response.headers["Rpc-Both-Response-Error"] == "true"
    assert "Job runtime not found" in response.headers["Rpc-Error-Message"]


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"nobody":{"knows":1}}', b'{"spec":null}'])
async def test_empty_null_and_unknown_are_fine(mock: Peloton, body: bytes) -> None:
    response = await mock.send(QUERY_JOBS, body)
    assert response.status_code == 200
    assert len(response.json()["records"]) == 10


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_message(mock: Peloton, body: bytes) -> None:
    response = await mock.send(QUERY_JOBS, body)
    assert response.status_code == 400
    assert response.text.startswith(
        f'failed to decode "json" request body for procedure "{QUERY_JOBS}" of service '
    )
    assert 'from caller "tests"' in response.text


@pytest.mark.parametrize("body", [{"spec": 3}, {"spec": {"owner": 3}}, {"spec": {"pagination": {"limit": -1}}}])
async def test_a_field_of_another_type(mock: Peloton, body: object) -> None:
    assert (await mock.send(QUERY_JOBS, body)).status_code == 400


async def test_keys_may_be_snake_case_and_numbers_strings(mock: Peloton) -> None:
    body = {"spec": {"pagination": {"limit": "3", "max_limit": "5"}, "job_states": [3]}}
    answer = (await mock.send(QUERY_JOBS, body)).json()
    assert len(answer["records"]) == 3
    assert answer["pagination"] == {"limit": 3, "total": 5}


async def test_enums_go_in_as_numbers_and_as_names(mock: Peloton) -> None:
    for state in (4, "JOB_STATE_SUCCEEDED"):
        answer = (await mock.send(QUERY_JOBS, {"spec": {"jobStates": [state]}})).json()
        assert {record["status"]["state"] for record in answer["records"]} == {"JOB_STATE_SUCCEEDED"}
        assert answer["spec"]["jobStates"] == ["JOB_STATE_SUCCEEDED"]


async def test_a_real_server_refuses_enum_names() -> None:
    strict = Peloton(strict_enums=True)
    response = await strict.send(QUERY_JOBS, {"spec": {"jobStates": ["JOB_STATE_RUNNING"]}})
    assert response.status_code == 400
    words = 'unknown value "JOB_STATE_RUNNING" for enum peloton.api.v1alpha.job.stateless.JobState\n'
    assert response.text.endswith(words)
    assert (await strict.send(QUERY_JOBS, {"spec": {"jobStates": [3]}})).status_code == 200


async def test_an_enum_name_that_is_none_is_always_refused(mock: Peloton) -> None:
    for state in ("RUNNING", "JOB_STATE_NOPE", True, 1.5):
        assert (await mock.send(QUERY_JOBS, {"spec": {"jobStates": [state]}})).status_code == 400


async def test_zero_values_vanish_and_current_instance_0_does_not(mock: Peloton) -> None:
    job = await mock.job("feature-cache")
    await mock.write("RestartJob", job, restartSpec={"batchSize": 1})
    mock.clock.advance(2)
    status = await mock.workflow(job)
    assert status["instancesCurrent"] == [0]
    assert "numInstancesFailed" not in status


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 401),
        ({"Rpc_Header_Username": "ana"}, 401),
        ({"Rpc_Header_Username": "ana", "Rpc_Header_Password": "no"}, 401),
        ({"Rpc_Header_Username": "ana", "Rpc_Header_Password": "right"}, 200),
    ],
)
async def test_basic_auth(headers: dict[str, str], code: int) -> None:
    mock = Peloton(users={"ana": "right"})
    response = await mock.send(QUERY_HOSTS, **headers)
    assert response.status_code == code
    if code == 401:
        assert response.headers["Rpc-Error-Code"] == "unauthenticated"
        assert response.text == "invalid Username/Password combination\n"


async def test_health_and_cancel(mock: Peloton) -> None:
    assert (await mock.http.get("/health")).text == "OK\n"
    with pytest.raises(Failed) as refused:
        await mock.call("Watch", "Cancel", watchId="job_1")
    assert (refused.value.code, refused.value.text) == ("not-found", "invalid watch id")


def test_routes_are_plain_routes() -> None:
    found = routes(SimCluster(clock=SimClock(virtual=True)))
    assert all(isinstance(route, Route) for route in found)
    assert {route.path for route in found} == {
        "/api/v1",
        "/health",
        "/files/browse",
        "/files/read",
        "/files/download",
    }
