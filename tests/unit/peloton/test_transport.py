"""YARPC over HTTP: the headers, numeric enums, wrappers, errors by Rpc-Error-Code, v0 where v1alpha is missing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.endpoint import Effect, endpoints
from adapters.errors import (
    AdapterError,
    BadPayload,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Timeout,
    Unauthorized,
    Unavailable,
    Unsupported,
)
from adapters.model import Kind
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.api import PelotonApi
from adapters.peloton.rpc import RPCS
from adapters.permit import PermitRefused
from adapters.port import Query
from tests.unit.peloton.fake import POOLS, RUN, Fake, failure, job, permit, uuid

pytestmark = pytest.mark.anyio


async def test_headers_of_every_request(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", {})
    await lab.health()
    headers = fake.last("QueryJobs").headers
    assert headers["Rpc-Caller"] == "runyard"
    assert headers["Rpc-Service"] == "peloton-apiserver"
    assert headers["Rpc-Procedure"] == "peloton.api.v1alpha.job.stateless.svc.JobService::QueryJobs"
    assert headers["Rpc-Encoding"] == "json"
    assert int(headers["Context-TTL-MS"]) == 20_000
    assert "Rpc-Header-Username" not in headers


async def test_pool_service_has_no_svc_in_its_name(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", {})
    await lab.list(Kind.POOL)
    procedure = fake.last("QueryResourcePools").procedure
    assert procedure == "peloton.api.v1alpha.respool.ResourcePoolService::QueryResourcePools"


async def test_daemons_are_addressed_by_their_own_names(fake: Fake) -> None:
    fake.on("QueryJobs", {}).on("QueryHosts", {})
    adapter = fake.adapter(url="http://jm:5292", resmgr_url="http://rm:5290", hostmgr_url="http://hm:5291")
    await adapter.list(Kind.RUN)
    await adapter.list(Kind.HOST)
    seen = {(asked.url.host, asked.headers["Rpc-Service"]) for asked in fake.asked}
    assert seen >= {("jm", "peloton-jobmgr"), ("rm", "peloton-resmgr"), ("hm", "peloton-hostmgr")}
    await adapter.aclose()


async def test_a_context_without_a_host_manager_says_which_key_is_missing(fake: Fake) -> None:
    adapter = fake.adapter(url="http://jm:5292", resmgr_url="http://rm:5290")
    with pytest.raises(Unsupported, match="hostmgr_url"):
        await adapter.list(Kind.HOST)
    assert fake.count("QueryHosts") == 0
    schema = await adapter.describe()
    assert "hostmgr_url" in schema.absent[Kind.HOST]
    assert Kind.POOL in schema.kinds
    await adapter.aclose()


async def test_the_wrong_daemon_is_no_proof_that_a_service_is_missing(fake: Fake) -> None:
    text = 'unrecognized service name "peloton-apiserver", available services: "peloton-jobmgr"'
    for method in ("QueryJobs", "QueryHosts", "QueryResourcePools"):
        fake.on(method, failure("unimplemented", text))
    adapter = fake.adapter()
    with pytest.raises(Invalid, match="unrecognized service name") as caught:
        await adapter.health()
    assert "this address is peloton-jobmgr" in caught.value.hint
    assert Kind.HOST in (await adapter.describe()).kinds
    await adapter.aclose()


async def test_login_goes_in_application_headers(fake: Fake) -> None:
    fake.on("QueryJobs", {})
    adapter = fake.adapter(username="ana", password="s3cret")
    await adapter.health()
    headers = fake.last("QueryJobs").headers
    assert (headers["Rpc-Header-Username"], headers["Rpc-Header-Password"]) == ("ana", "s3cret")
    await adapter.aclose()


async def test_states_are_sent_as_numbers(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", {})
    await lab.list(Kind.RUN, Query(active=True))
    states = fake.last("QueryJobs").body["spec"]["jobStates"]
    assert sorted(states) == [1, 2, 3, 7, 8]


async def test_a_free_call_gets_numbers_and_wrappers(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryPods", {"pods": []})
    params: Any = {"jobId": uuid(1), "spec": {"podStates": ["POD_STATE_LOST", 3]}}
    assert await lab.call("QueryPods", params) == {"pods": []}
    body = fake.last("QueryPods").body
    assert body == {"jobId": {"value": uuid(1)}, "spec": {"podStates": [12, 3]}}


async def test_a_write_without_a_permit_is_never_sent(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("StopJob", {})
    with pytest.raises(PermitRefused):
        await lab.call("StopJob", {"jobId": uuid(1), "version": "1-1-1"})
    assert fake.count("StopJob") == 0


@pytest.mark.parametrize(
    ("method", "params", "body"),
    [
        ("GetJob", {"job_id": "j", "summary_only": "true"}, {"jobId": {"value": "j"}, "summaryOnly": True}),
        ("GetJob", {"jobId": {"value": "j"}}, {"jobId": {"value": "j"}}),
        ("GetJobIDFromJobName", {"jobName": 7}, {"jobName": "7"}),
        ("GetPod", {"podName": "p", "limit": "3"}, {"podName": {"value": "p"}, "limit": 3}),
        ("QueryHosts", {"hostStates": '["HOST_STATE_UP", 5]'}, {"hostStates": [2, 5]}),
        ("GetVolume", {"volumeId": "v"}, {"volumeId": {"value": "v"}}),
        ("LookupResourcePoolID", {"path": "/ml"}, {"path": {"value": "/ml"}}),
    ],
)
async def test_parameters_are_taken_at_their_meaning(
    fake: Fake, lab: PelotonAdapter, method: str, params: Any, body: Any
) -> None:
    fake.on(method, {})
    await lab.call(method, params)
    assert fake.last(method).body == body


@pytest.mark.parametrize(
    ("method", "params", "told"),
    [
        ("GetJob", {}, "needs jobId"),
        ("GetJob", {"jobID": "j", "x": 1}, "no parameter 'x'"),
        ("GetJob", {"jobId": "j", "sumaryOnly": True}, "nearest: summaryOnly"),
        ("GetPod", {"podName": "p", "limit": "many"}, "limit is number, not 'many'"),
        ("GetJob", {"jobId": "j", "summaryOnly": "perhaps"}, "summaryOnly is true or false"),
        ("GetJob", {"jobId": ["j"]}, "jobId is text"),
        ("QueryJobs", {"spec": "{nonsense"}, "spec is a JSON object or list"),
    ],
)
async def test_parameters_that_make_no_sense_are_refused_unsent(
    fake: Fake, lab: PelotonAdapter, method: str, params: Any, told: str
) -> None:
    with pytest.raises(Invalid, match=told) as caught:
        await lab.call(method, params)
    assert caught.value.executed is False
    assert not fake.asked


async def test_unknown_method_names_the_nearest(lab: PelotonAdapter) -> None:
    with pytest.raises(Unsupported, match="StopJob"):
        await lab.call("StopJobs", {})


def test_every_procedure_is_declared_once_and_with_the_same_effect() -> None:
    declared = {found.name: found for found in endpoints(PelotonApi).values()}
    assert set(declared) <= set(RPCS)
    for name, found in declared.items():
        assert (found.effect, found.seed) == (RPCS[name].effect, RPCS[name].seed), name
    writes = {name for name, rpc in RPCS.items() if rpc.effect is Effect.WRITE}
    reads = ("Get", "Query", "List", "Browse", "Lookup", "Watch")
    assert {name for name in RPCS if not name.startswith(reads)} == writes


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("cancelled", Unavailable),
        ("unknown", Unavailable),
        ("invalid-argument", Invalid),
        ("deadline-exceeded", Timeout),
        ("not-found", NotFound),
        ("already-exists", Conflict),
        ("permission-denied", Forbidden),
        ("resource-exhausted", RateLimited),
        ("failed-precondition", Conflict),
        ("aborted", Conflict),
        ("out-of-range", Invalid),
        ("unimplemented", Unsupported),
        ("internal", Unavailable),
        ("unavailable", Unavailable),
        ("data-loss", BadPayload),
        ("unauthenticated", Unauthorized),
    ],
)
async def test_errors_are_judged_by_their_code(
    fake: Fake, lab: PelotonAdapter, code: str, kind: type[AdapterError]
) -> None:
    fake.on("QueryJobs", failure(code, "what the server says"))
    with pytest.raises(kind, match="lab: what the server says") as caught:
        await lab.health()
    assert type(caught.value) is kind
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["JobSVC.StopJob is not supported on non-leader", "call to non-leader node"])
async def test_a_standby_proves_that_nothing_was_done(fake: Fake, lab: PelotonAdapter, text: str) -> None:
    fake.on("GetJob", {"summary": job(1)}).on("StopJob", failure("unavailable", text))
    with pytest.raises(Unavailable) as caught:
        await lab.perform("abort", RUN, {}, permit(RUN))
    assert caught.value.executed is False
    assert "standby" in caught.value.hint
    assert fake.count("StopJob") == 1


async def test_a_handler_that_ran_out_of_time_leaves_the_outcome_unknown(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", {"summary": job(1)}).on("StopJob", failure("deadline-exceeded", "timeout"))
    with pytest.raises(Timeout) as caught:
        await lab.perform("abort", RUN, {}, permit(RUN))
    assert caught.value.executed is None


async def test_the_wrapping_of_inner_errors_is_not_shown(fake: Fake, lab: PelotonAdapter) -> None:
    text = "fail to get job runtime: code:not-found message:Job runtime not found 17"
    fake.on("QueryJobs", failure("not-found", text))
    with pytest.raises(NotFound, match="fail to get job runtime: Job runtime not found 17"):
        await lab.health()


async def test_an_error_whose_text_is_in_a_header(fake: Fake, lab: PelotonAdapter) -> None:
    headers = {"Rpc-Error-Code": "aborted", "Rpc-Both-Response-Error": "true", "Rpc-Error-Message": "no room"}
    fake.on("QueryJobs", httpx.Response(409, headers=headers))
    with pytest.raises(Conflict, match="no room"):
        await lab.health()


async def test_a_wrong_path_is_plain_404(fake: Fake) -> None:
    adapter = fake.adapter(url="http://peloton:5297/prefix")
    with pytest.raises(NotFound, match="404 page not found"):
        await adapter.health()
    await adapter.aclose()


async def test_v0_serves_hosts_and_pools_where_v1alpha_does_not() -> None:
    v0_pool = {
        "resourcePools": [
            {
                "id": {"value": "pool-ads"},
                "config": {"name": "ads", "resources": [{"kind": "gpu", "limit": 8, "reservation": 4}]},
                "usage": [{"kind": "gpu", "allocation": 2}],
                "path": {"value": "/ads"},
            }
        ]
    }
    host = {"hostname": "h1", "state": "HOST_STATE_UP", "currentPool": "shared"}
    fake = Fake().on("QueryJobs", {})
    fake.on("peloton.api.respool.ResourceManager::Query", v0_pool)
    fake.on("peloton.api.v0.host.svc.HostService::QueryHosts", {"hostInfos": [host]})
    fake.on("peloton.api.v0.host.svc.HostService::StartMaintenance", {})
    adapter = fake.adapter()
    (pool,) = (await adapter.list(Kind.POOL)).items
    (found,) = (await adapter.list(Kind.HOST)).items
    assert (pool.name, found.group) == ("/ads", "shared")
    await adapter.perform("drain", found.ref, {}, permit(found.ref))
    assert fake.count("StartMaintenance") == 1, "a write is not tried on the service known to be missing"
    assert Kind.HOST in (await adapter.describe()).kinds
    await adapter.aclose()


async def test_a_cluster_without_the_services_says_so_and_drops_the_kinds() -> None:
    fake = Fake().on("QueryJobs", {"records": [job(1)]})
    adapter = fake.adapter()
    with pytest.raises(Unsupported, match="does not serve HostService"):
        await adapter.list(Kind.HOST)
    schema = await adapter.describe()
    assert Kind.HOST not in schema.kinds
    assert Kind.POOL not in schema.kinds
    assert "HostService" in schema.absent[Kind.HOST]
    assert schema.action("drain") is None
    assert schema.action("abort", Kind.RUN) is not None
    (run,) = (await adapter.list(Kind.RUN)).items
    assert run.pool == "pool-ads", "without a tree a pool is known by its id"
    await adapter.aclose()


async def test_describing_a_dead_backend_does_not_fail() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    fake = Fake()
    adapter = fake.adapter()
    await adapter.aclose()
    from adapters.peloton.settings import PelotonSettings

    settings = PelotonSettings(backend="peloton", url="http://peloton:5297", retries=0)
    dead = PelotonAdapter("lab", settings, transport=httpx.MockTransport(refuse))
    assert set((await dead.describe()).kinds) == set(Kind) - {Kind.TASK}
    with pytest.raises(Unavailable, match="refused"):
        await dead.health()
    await dead.aclose()


async def test_v0_pool_errors_inside_a_200(fake: Fake) -> None:
    fake = Fake().on("QueryJobs", {})
    fake.on("peloton.api.respool.ResourceManager::Query", {"resourcePools": POOLS["respools"][:1]})
    fake.on("peloton.api.respool.ResourceManager::GetResourcePool", {"error": {"notFound": {"message": "gone"}}})
    adapter = fake.adapter()
    await adapter.list(Kind.POOL)
    with pytest.raises(NotFound, match="gone"):
        await adapter.call("GetResourcePool", {"respoolId": "x"})
    await adapter.aclose()
