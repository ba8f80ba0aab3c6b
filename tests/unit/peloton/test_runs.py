"""Jobs as runs: complete lists although pages and totals are capped, server filters, states, messages."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.errors import Invalid, NotFound
from adapters.model import Kind, Progress, Ref, Run, State
from adapters.peloton import mapping, states, wire
from adapters.peloton.adapter import PelotonAdapter
from adapters.peloton.pools import PoolTree
from adapters.peloton.request import ENUM_NUMBERS
from adapters.port import ANY, Op, Page, Query, SortKey, Term
from adapters.sections import Fields
from tests.unit.peloton.fake import RUN, Body, Fake, failure, job, stamp, uuid

pytestmark = pytest.mark.anyio


def serve(jobs: list[Body], *, hard_cap: int | None = None, inclusive: bool = True) -> Any:
    """QueryJobs over these jobs with the server's caps: limit 10, maxLimit 100, total cut at maxLimit.

    `hard_cap` is a server that does not let maxLimit be raised.
    """

    def handler(body: Body) -> Body:
        spec = body["spec"]
        page = spec.get("pagination", {})
        most = page.get("maxLimit") or 100
        if hard_cap is not None:
            most = min(most, hard_cap)
        top = states.nanoseconds(spec["creationTimeRange"]["max"]) or 0

        def within(found: Body) -> bool:
            at = states.nanoseconds(found["status"]["creationTime"]) or 0
            wanted = spec.get("jobStates")
            number = states_number(found)
            return (at <= top if inclusive else at < top) and (not wanted or number in wanted)

        matches = [found for found in jobs if within(found)]
        matches.sort(key=lambda found: found["status"]["creationTime"], reverse=True)
        matches = matches[:most]
        start = page.get("offset", 0)
        records = matches[start : start + min(page.get("limit") or 10, most)]
        return {"records": records, "pagination": {"total": len(matches)}} if matches else {}

    return handler


def states_number(found: Body) -> int:
    return ENUM_NUMBERS[found["status"]["state"]]


async def walk(lab: PelotonAdapter, kind: Kind = Kind.RUN, query: Query = ANY, limit: int = 100) -> list[Page]:
    pages: list[Page] = []
    cursor = None
    while True:
        pages.append(await lab.list(kind, query, cursor=cursor, limit=limit))
        assert len(pages[-1].items) <= limit
        cursor = pages[-1].cursor
        if cursor is None:
            return pages
        assert len(pages) < 2000, "the list does not end"


def ids(pages: list[Page]) -> list[str]:
    return [item.ref.id for page in pages for item in page.items]


@pytest.mark.parametrize("limit", [30, 100])
@pytest.mark.parametrize("hard_cap", [None, 100])
@pytest.mark.parametrize("inclusive", [True, False])
async def test_450_jobs_come_whole_once_and_newest_first(
    fake: Fake, lab: PelotonAdapter, limit: int, hard_cap: int | None, inclusive: bool
) -> None:
    fake.on("QueryJobs", serve([job(n) for n in range(450)], hard_cap=hard_cap, inclusive=inclusive))
    found = ids(await walk(lab, limit=limit))
    assert found == [uuid(n) for n in reversed(range(450))]


async def test_pages_of_one(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on(
        "QueryJobs", serve([job(n // 2) for n in range(0, 24, 2)] + [job(100 + n, created=3.0) for n in range(5)])
    )
    found = ids(await walk(lab, limit=1))
    assert len(found) == len(set(found)) == 17


async def test_jobs_created_in_the_same_moment_are_all_listed(fake: Fake, lab: PelotonAdapter) -> None:
    jobs = [job(n, created=5.0) for n in range(230)] + [job(1000 + n) for n in range(150)]
    fake.on("QueryJobs", serve(jobs))
    found = ids(await walk(lab, limit=50))
    assert len(found) == len(set(found)) == 380


async def test_both_caps_and_a_time_range_are_always_named(fake: Fake, lab: PelotonAdapter) -> None:
    """Without a range, terminal states would be cut to the last 7 days."""
    fake.on("QueryJobs", {})
    await lab.list(Kind.RUN, Query(terms=(Term("state", Op.EQ, ("failed",)),)))
    spec = fake.last("QueryJobs").body["spec"]
    assert spec["jobStates"] == [5]
    assert spec["creationTimeRange"]["min"] == "1970-01-01T00:00:00.000000000Z"
    assert spec["creationTimeRange"]["max"] == "2200-01-01T00:00:00.000000000Z"
    assert spec["pagination"]["limit"] == 50
    assert spec["pagination"]["maxLimit"] > 50


async def test_a_total_is_given_only_when_the_cap_cannot_have_cut_it(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", serve([job(n) for n in range(30)]))
    assert (await lab.list(Kind.RUN)).total == 30
    fake.on("QueryJobs", serve([job(n) for n in range(300)]))
    assert (await lab.list(Kind.RUN)).total is None


async def test_filters_the_server_can_do(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", {})
    terms = (
        Term("owner", Op.EQ, ("ana",)),
        Term("name", Op.MATCH, ("train",)),
        Term("state", Op.EQ, ("running", "lost")),
        Term("pool", Op.EQ, ("/ml/ads",)),
    )
    page = await lab.list(Kind.RUN, Query(terms=terms))
    spec = fake.last("QueryJobs").body["spec"]
    assert page.applied == frozenset(terms)
    assert spec["keywords"] == ["ana", "train"]
    assert spec["jobStates"] == [3]
    assert spec["respool"] == {"value": "/ml/ads"}


async def test_filters_that_would_not_be_a_superset_stay_here(fake: Fake, lab: PelotonAdapter) -> None:
    """An unknown pool path is ignored by the server, `unknown` has no number, patterns are not keywords."""
    fake.on("QueryJobs", {})
    terms = (
        Term("pool", Op.EQ, ("/nowhere",)),
        Term("state", Op.EQ, ("unknown", "failed")),
        Term("name", Op.MATCH, ("a.*b",)),
        Term("owner", Op.NE, ("ana",)),
    )
    page = await lab.list(Kind.RUN, Query(terms=terms))
    assert page.applied == frozenset()
    assert set(fake.last("QueryJobs").body["spec"]) == {"creationTimeRange", "pagination"}


async def test_a_state_no_job_can_have_asks_nobody(fake: Fake, lab: PelotonAdapter) -> None:
    page = await lab.list(Kind.RUN, Query(terms=(Term("state", Op.EQ, ("lost",)),)))
    assert (page.items, page.cursor) == ((), None)
    assert fake.count("QueryJobs") == 0


async def test_runs_of_a_pool_include_those_of_the_pools_below(fake: Fake, lab: PelotonAdapter) -> None:
    other = job(2, respoolId={"value": "elsewhere"})
    fake.on("QueryJobs", serve([job(1), other]))
    under = Query(parent=Ref("lab", Kind.POOL, "pool-ml"))
    assert ids(await walk(lab, query=under)) == [uuid(1)]
    assert "respool" not in fake.last("QueryJobs").body["spec"]
    await lab.list(Kind.RUN, Query(parent=Ref("lab", Kind.POOL, "pool-ads")))
    assert fake.last("QueryJobs").body["spec"]["respool"] == {"value": "/ml/ads"}


async def test_newest_first_is_the_only_order(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("QueryJobs", {})
    assert (await lab.list(Kind.RUN, Query(sort=(SortKey("created", True),)))).sorted
    assert not (await lab.list(Kind.RUN, Query(sort=(SortKey("name"),)))).sorted


async def test_a_cursor_from_elsewhere_is_refused(fake: Fake, lab: PelotonAdapter) -> None:
    with pytest.raises(Invalid, match="cursor"):
        await lab.list(Kind.RUN, cursor="banana")


async def test_a_run(fake: Fake, lab: PelotonAdapter) -> None:
    sla = {"priority": 3, "maximumUnavailableInstances": 1}
    update = {"type": "WORKFLOW_TYPE_UPDATE", "state": "WORKFLOW_STATE_PAUSED", "creationTime": stamp(5)}
    labels = [{"key": "team", "value": "ads"}]
    found = job(1, labels=labels, sla=sla, status={"workflowStatus": update})
    fake.on("QueryJobs", {"records": [found]})
    (run,) = (await lab.list(Kind.RUN)).items
    assert isinstance(run, Run)
    assert run.ref == RUN
    assert (run.state, run.native_state) == (State.RUNNING, "JOB_STATE_RUNNING")
    assert (run.owner, run.pool, run.group) == ("ana", "/ml/ads", "/ml/ads")
    assert run.progress == Progress(3, 4)
    assert run.message == "1 pod failed, update paused"
    assert run.labels == {"team": "ads"}
    assert run.version == "1-1-1"
    assert run.created == run.started == 1_560_000_001.0
    assert run.finished is None
    assert run.gpus is None, "the summary does not say"
    assert run.extra["max_unavailable"] == 1
    assert run.extra["workflow_state"] == "PAUSED"


STATE_TABLE = [
    ("UNINITIALIZED", State.PENDING),
    ("INITIALIZED", State.PENDING),
    ("PENDING", State.PENDING),
    ("RUNNING", State.RUNNING),
    ("SUCCEEDED", State.SUCCEEDED),
    ("FAILED", State.FAILED),
    ("KILLING", State.ABORTING),
    ("KILLED", State.ABORTED),
    ("DELETED", State.ABORTED),
    ("BRAND_NEW", State.UNKNOWN),
]


@pytest.mark.parametrize(("native", "state"), STATE_TABLE)
def test_job_states(native: str, state: State) -> None:
    run = mapping.run("lab", wire.JobSummary.model_validate(job(1, native)), PoolTree())
    assert run.state is state
    assert run.native_state == f"JOB_STATE_{native}"
    ended = state in (State.SUCCEEDED, State.FAILED, State.ABORTED)
    assert run.finished == (1_560_000_900.5 if ended else None)
    assert (run.started is None) == (state in (State.PENDING, State.UNKNOWN))


def test_a_job_of_which_almost_nothing_is_said() -> None:
    """Zero values vanish on the wire; an enum the server's own table lacks is a bare number."""
    run = mapping.run("lab", wire.JobSummary.model_validate({"jobId": {"value": "x"}, "status": {}}), PoolTree())
    assert (run.name, run.state, run.native_state) == ("x", State.UNKNOWN, "JOB_STATE_INVALID")
    assert (run.owner, run.pool, run.created, run.finished, run.progress, run.message) == (None,) * 6
    odd = wire.JobSummary.model_validate({"status": {"state": 17, "workflowStatus": None, "podStats": None}})
    assert mapping.run("lab", odd, PoolTree()).native_state == "17"


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("2019-06-08T13:20:00Z", 1_560_000_000 * 10**9),
        ("2019-06-08T13:20:00.5Z", 1_560_000_000_500_000_000),
        ("2019-06-08T13:20:00.123456789Z", 1_560_000_000_123_456_789),
        ("2019-06-08T15:20:00+02:00", 1_560_000_000 * 10**9),
        ("2019-06-08 13:20:00.000 +0000 UTC", 1_560_000_000 * 10**9),
        (1_560_000_000_123_456_789, 1_560_000_000_123_456_789),
        (0, None),
        ("", None),
        ("soon", None),
        ("2019-99-99T99:99:99Z", None),
    ],
)
def test_times(text: str | int, nanos: int | None) -> None:
    assert states.nanoseconds(text) == nanos


async def test_gpus_are_known_once_the_whole_job_was_read(fake: Fake, lab: PelotonAdapter) -> None:
    summary = job(1)
    container = {"name": "main", "resource": {"gpuLimit": 2, "cpuLimit": 4}}
    spec = {
        "name": "train-1",
        "owner": "ana",
        "instanceCount": 4,
        "defaultSpec": {"containers": [container]},
        "instanceSpec": {"3": {"containers": [{"name": "main", "resource": {"gpuLimit": 8}}]}},
        "respoolId": {"value": "pool-ads"},
    }
    fake.on("GetJob", {"jobInfo": {"jobId": {"value": uuid(1)}, "spec": spec, "status": summary["status"]}})
    fake.on("QueryJobs", {"records": [summary]})
    run = await lab.get(RUN)
    assert isinstance(run, Run)
    assert (run.gpus, run.name, run.pool) == (14, "train-1", "/ml/ads")
    (listed,) = (await lab.list(Kind.RUN)).items
    assert isinstance(listed, Run)
    assert listed.gpus == 14, "remembered for as long as the configuration stays"
    summary["status"]["version"] = {"value": "2-1-1"}
    (changed,) = (await lab.list(Kind.RUN)).items
    assert isinstance(changed, Run)
    assert changed.gpus is None


async def test_a_missing_job(fake: Fake, lab: PelotonAdapter) -> None:
    fake.on("GetJob", failure("not-found", "job not found"))
    with pytest.raises(NotFound):
        await lab.get(RUN)
    assert fake.count("GetJobIDFromJobName") == 0


@pytest.mark.parametrize("code", ["not-found", "invalid-argument"])
async def test_a_name_in_place_of_an_id_is_missing_and_points_to_the_id(
    fake: Fake, lab: PelotonAdapter, code: str
) -> None:
    fake.on("GetJob", failure(code, "jobID is not valid UUID"))
    fake.on("GetJobIDFromJobName", {"jobId": [{"value": uuid(9)}, {"value": uuid(1)}]})
    with pytest.raises(NotFound) as caught:
        await lab.get(Ref("lab", Kind.RUN, "train-1"))
    assert f"lab/run/{uuid(9)}" in caught.value.hint


async def test_run_detail_names_the_cause_and_hides_nothing_but_secrets(fake: Fake, lab: PelotonAdapter) -> None:
    status = job(1, "FAILED")["status"]
    spec = {"name": "train-1", "instanceCount": 4, "ldapGroups": ["g1"]}
    answer = {
        "jobInfo": {"jobId": {"value": uuid(1)}, "spec": spec, "status": status},
        "secrets": [{"path": "/etc/key", "value": {"data": "c2VjcmV0"}}],
        "brandNew": {"deep": [1]},
    }
    termination = {"reason": "TERMINATION_STATUS_REASON_FAILED", "exitCode": 137}
    failed = {
        "spec": {"podName": {"value": f"{uuid(1)}-2"}},
        "status": {
            "state": "POD_STATE_FAILED",
            "message": "Container OOMKilled",
            "containersStatus": [{"terminationStatus": termination}],
        },
    }
    fake.on("GetJob", answer).on("QueryPods", {"pods": [failed], "pagination": {"total": 1}})
    detail = await lab.detail(RUN)
    assert detail.cause == "train-1-2: Container OOMKilled, exit 137"
    assert fake.last("QueryPods").body["spec"]["podStates"] == [11]
    last = detail.sections[-1]
    assert isinstance(last, Fields)
    fields = dict(last.rows)
    assert fields["brandNew.deep"] == [1]
    assert fields["jobInfo.spec.ldapGroups"] == ["g1"]
    assert "c2VjcmV0" not in repr(detail)
