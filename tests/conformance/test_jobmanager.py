"""What Job Manager's adapter asks and its mock answers, held against the API's own definition (repaired)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.endpoint import Effect, endpoints
from adapters.errors import AdapterError
from adapters.jobmanager.adapter import JobManagerAdapter
from adapters.jobmanager.api import JobManagerApi
from adapters.jobmanager.settings import JobManagerSettings
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import MockServer, build_app
from adapters.model import Json, Kind, State
from adapters.permit import Permit
from adapters.port import Op, Query, Term
from tests.conformance import peers
from tests.conformance.schema import ALSO_SENT, DEFINITION, swagger
from tests.conformance.swagger import mistakes

pytestmark = pytest.mark.anyio

OPERATIONS: dict[str, dict[str, Any]] = DEFINITION["operations"]
NEEDS_MORE = ("AbortJob", "GetShardAttempts", "GetOperationDetails", "TailFileContents")
"""Answer 200 only where the mock is told to be another server, or to what only a look at a job tells."""
SAMPLES: dict[str, Json] = {"timeFrame": "DAYS_7", "labels": {"flag": "archive"}, "index": "0"}


class Judge(httpx.AsyncBaseTransport):
    """Lets pass what is asked and answered, and notes what the definition has against it."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        raw = await answer.aread()
        name = operation_of(request)
        self.seen[name] += 1
        self.wrong += [f"{name}: {each}" for each in against(name, request, answer.status_code, raw)]
        return httpx.Response(answer.status_code, headers=answer.headers, content=raw)


def operation_of(request: httpx.Request) -> str:
    """The first that matches, those with a fixed path before GetJob, as the server orders them."""
    path = request.url.raw_path.decode().partition("?")[0].removeprefix(DEFINITION["prefix"])
    for name in sorted(OPERATIONS, key=lambda name: OPERATIONS[name]["path"].count("{")):
        pattern = re.sub(r"\{\w+\}", "[^/]+", OPERATIONS[name]["path"])
        if request.method == OPERATIONS[name]["method"] and re.fullmatch(pattern, path):
            return name
    raise AssertionError(f"{request.method} {path} is not in the definition")


def against(name: str, request: httpx.Request, status: int, raw: bytes) -> list[str]:
    operation, found = OPERATIONS[name], []
    given = dict(request.url.params)
    found += [f"no parameter {each}" for each in given if each not in operation["query"]]
    for each, spec in operation["query"].items():
        if each in given:
            found += mistakes(given[each], {"type": "string", **spec, "required": ()}, {}, each)
        elif spec["required"]:
            found.append(f"lacks the parameter {each}")
    if operation["body"]:
        assert request.headers["content-type"] == "application/json"
        found += schema_mistakes(json.loads(request.content), operation["body"])
    if status == 200 and operation["success"]:
        found += schema_mistakes(json.loads(raw), operation["success"])
    if status not in {*operation["codes"], *ALSO_SENT.get(name, ())}:
        found.append(f"answers {status}")
    return found


def schema_mistakes(value: Any, name: str) -> list[str]:
    return list(mistakes(value, {"$ref": name}, DEFINITION["definitions"], name))


@pytest.fixture(params=["cromwell", "dsub"])
def app(request: pytest.FixtureRequest) -> Any:
    cluster = SimCluster(seed=7, runs=40, hosts=12, clock=SimClock(virtual=True))
    options = {"family": request.param, "project": "atlas" if request.param == "dsub" else None}
    return build_app(cluster, backends=["jobmanager"], options={"jobmanager": options})


@pytest.fixture
async def pair(app: Any) -> AsyncIterator[tuple[JobManagerAdapter, Judge]]:
    judge = Judge(app)
    settings = JobManagerSettings(url="http://mock.test", retries=0, requests_per_second=1e6, project="atlas")
    adapter = JobManagerAdapter("jm", settings, transport=judge)
    yield adapter, judge
    await adapter.aclose()


async def test_everything_asked_and_answered_is_as_defined(pair: tuple[JobManagerAdapter, Judge]) -> None:
    adapter, judge = pair
    await adapter.describe()
    await adapter.health()
    runs = (await adapter.list(Kind.RUN, limit=40)).items
    times = Term("created", Op.GE, ("1787400000",)), Term("finished", Op.LE, ("1787409000",))
    texts = Term("name", Op.EQ, (runs[0].name,)), Term("state", Op.EQ, ("failed", "paused"))
    await adapter.list(Kind.RUN, Query(terms=(*times, *texts)), limit=7)
    for run in runs:
        await adapter.detail(run.ref)
        for task in (await adapter.list(Kind.TASK, Query(parent=run.ref), limit=100)).items[:4]:
            await adapter.detail(task.ref)
        for source in (await adapter.log_sources(run.ref))[:1]:
            try:
                await adapter.read_log(source)
            except AdapterError:
                continue
    live = next(run for run in runs if run.state is State.RUNNING)
    for action in ("archive", "abort", "abort"):
        try:
            await adapter.perform(action, live.ref, {}, Permit("p", "r", action, live.ref))
        except AdapterError:
            continue
    assert judge.wrong == []
    assert set(judge.seen) >= {"GetCapabilities", "Health", "QueryJobs", "GetJob", "AbortJob", "TailFileContents"}


async def test_every_operation_is_as_defined_when_called_by_its_name(app: Any) -> None:
    judge = Judge(app)
    settings = JobManagerSettings(url="http://mock.test", retries=0, requests_per_second=1e6)
    adapter = JobManagerAdapter("jm", settings, transport=judge)
    for method in adapter.methods():
        params = {name: SAMPLES.get(name, "abc") for name, words in method.params if "optional" not in words}
        permit = Permit("p", "r", method.name, "jm") if method.effect == "write" else None
        try:
            await adapter.call(method.name, params, permit)
        except AdapterError:
            continue
    await adapter.aclose()
    assert set(judge.seen) == set(OPERATIONS)
    assert judge.wrong == []


def test_the_api_class_is_the_definition() -> None:
    declared = {each.name: each.effect for each in endpoints(JobManagerApi).values()}
    assert set(declared) == set(OPERATIONS)
    writes = {name for name, effect in declared.items() if effect is Effect.WRITE}
    assert writes == {"AbortJob", "UpdateJobLabels"}


def test_the_judge_sees_what_is_wrong() -> None:
    job = {"id": "x", "status": "Running", "submission": "2026-08-22T14:00:00+00:00"}
    assert schema_mistakes(job, "JobMetadataResponse") == []
    broken: list[dict[str, Any]] = [
        {"status": "Frobnicating"},
        {"submission": "2026-08-22T14:00:00"},
        {"submission": "yesterday"},
        {"labels": []},
        {"extensions": {"tasks": [{"attempts": "1"}]}},
        {"extensions": {"tasks": [{"attempts": True}]}},
        {"next_page_token": ""},
    ]
    for wrong in broken:
        assert schema_mistakes({**job, **wrong}, "JobMetadataResponse"), wrong
    assert schema_mistakes({"id": "x"}, "JobMetadataResponse")
    assert schema_mistakes({"id": "x", "name": "no blanks"}, "QueryJobsRequest") != []


@pytest.mark.slow
def test_whatever_is_sent_the_answer_is_one_of_the_definition(tmp_path: Path) -> None:
    """Hundreds of right and wrong requests to each operation, made by schemathesis from the definition."""
    with MockServer(seed=7, runs=25, hosts=4, clock="virtual", backends=["jobmanager"]) as server:
        url = f"{server.url}{DEFINITION['prefix']}"
        found = httpx.post(f"{url}/jobs/query", json={"pageSize": 25}).json()["results"]
        jobs = [httpx.get(f"{url}/jobs/{job['id']}").json() for job in found]
        names = Counter(task["name"] for job in jobs for task in job["extensions"].get("tasks", []))
        known = {
            "id": [job["id"] for job in jobs],
            "task": [name for name, _ in names.most_common(2)],
            "index": ["0", "1", "x"],
        }
        document = tmp_path / "swagger.json"
        document.write_text(json.dumps(swagger(known)), encoding="utf-8")
        told = peers.ask("schemathesis", "schemathesis_client.py", tmp_path, str(document), url)
    assert told["failures"] == {}
    assert set(told["answers"]) == set(OPERATIONS)
    for name, answers in told["answers"].items():
        assert "200" in answers or name in NEEDS_MORE, (name, answers)
    assert sum(sum(answers.values()) for answers in told["answers"].values()) > 500
