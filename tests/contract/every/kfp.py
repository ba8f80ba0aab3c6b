"""Kubeflow Pipelines: every method of its RunService."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest

from adapters.errors import NotFound
from adapters.model import ENDED, Kind, State
from tests.contract.every.drive import Drive, drives

SOURCES = ("pipeline_spec", "pipeline_version_reference", "runtime_config")


@drives("kfp.CreateRun")
async def create_run(drive: Drive) -> None:
    like = await drive.call("GetRun", run_id=(await drive.one(Kind.RUN, State.SUCCEEDED)).ref.id)
    run = {
        "display_name": "made by hand",
        "experiment_id": like["experiment_id"],
        **{key: like[key] for key in SOURCES if key in like},
    }
    made = await drive.call("CreateRun", run=run)
    again = await drive.call("GetRun", run_id=made["run_id"])
    assert again["display_name"] == "made by hand"
    assert again["experiment_id"] == like["experiment_id"]


@drives("kfp.GetRun")
async def get_run(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.FAILED)
    run = await drive.call("GetRun", run_id=row.ref.id)
    assert (run["run_id"], run["display_name"], run["state"]) == (row.ref.id, row.name, row.native_state)
    assert run["run_details"]["task_details"]


@drives("kfp.ListRuns")
async def list_runs(drive: Drive) -> None:
    first = await drive.call("ListRuns", page_size=7, sort_by="created_at desc")
    second = await drive.call(
        "ListRuns", page_size=7, sort_by="created_at desc", page_token=first["next_page_token"]
    )
    ids = [run["run_id"] for page in (first, second) for run in page["runs"]]
    assert len(set(ids)) == 14
    assert set(ids) <= {row.ref.id for row in await drive.rows(Kind.RUN)}


@drives("kfp.ArchiveRun")
async def archive_run(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.SUCCEEDED, archived=False)
    await drive.call("ArchiveRun", run_id=row.ref.id)
    assert (await drive.adapter.get(row.ref)).extra["archived"] is True


@drives("kfp.UnarchiveRun")
async def unarchive_run(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.SUCCEEDED, archived=False)
    await drive.call("ArchiveRun", run_id=row.ref.id)
    await drive.call("UnarchiveRun", run_id=row.ref.id)
    assert (await drive.adapter.get(row.ref)).extra["archived"] is False


@drives("kfp.DeleteRun")
async def delete_run(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.FAILED)
    await drive.call("DeleteRun", run_id=row.ref.id)
    with pytest.raises(NotFound):
        await drive.adapter.get(row.ref)


@drives("kfp.ReadArtifact")
async def read_artifact(drive: Drive) -> None:
    """A pod's archived log is the artifact that every Argo node has."""
    run = await drive.one(Kind.RUN, State.SUCCEEDED)
    for source in await drive.adapter.log_sources(run.ref):
        for pod in json.loads(source.key)[1:]:
            with suppress(NotFound):  # one of the names that the pod may have
                artifact = {"node_id": pod, "artifact_name": "main-logs"}
                answer = await drive.call("ReadArtifact", run_id=run.ref.id, **artifact)
                text = base64.b64decode(answer["data"])
                assert text == (await drive.adapter.read_log(source)).data
                return
    raise AssertionError("no pod of the run has an archived log")


@drives("kfp.TerminateRun")
async def terminate_run(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.RUNNING)
    await drive.call("TerminateRun", run_id=row.ref.id)
    assert (await drive.adapter.get(row.ref)).state is State.ABORTING
    drive.cluster.clock.advance(600)
    assert (await drive.adapter.get(row.ref)).state in ENDED


@drives("kfp.RetryRun")
async def retry_run(drive: Drive) -> None:
    row = await drive.one(Kind.RUN, State.FAILED)
    await drive.call("RetryRun", run_id=row.ref.id)
    assert (await drive.adapter.get(row.ref)).state not in ENDED
