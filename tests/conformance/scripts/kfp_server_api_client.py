"""Drives the mock with the generated `kfp-server-api` client. Runs in the client's own environment."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

import kfp_server_api  # type: ignore[import-not-found]


def refusal(call: Callable[..., Any], *arguments: Any) -> list[Any]:
    try:
        call(*arguments)
    except kfp_server_api.ApiException as error:
        body = json.loads(error.body)
        if "error_details" in body:  # the artifact handler of newer servers has an envelope of its own
            return [error.status, 0, body["error_details"], False]
        return [error.status, body["code"], body["details"][0]["message"], "error" in body]
    return [0, 0, "not refused", False]


def listed(api: Any) -> tuple[list[Any], int]:
    runs: list[Any] = []
    token = ""
    while True:
        page = api.run_service_list_runs(page_token=token, page_size=200, sort_by="created_at desc")
        runs += page.runs or []
        token = page.next_page_token
        if not token:
            return runs, page.total_size


def main() -> None:
    client = kfp_server_api.ApiClient(kfp_server_api.Configuration(host=sys.argv[1]))
    api = kfp_server_api.RunServiceApi(client)
    runs, total = listed(api)
    failed = next(run for run in runs if run.state == "FAILED" and run.run_details)
    live = next(run for run in runs if run.state in ("RUNNING", "PENDING"))
    answer: dict[str, Any] = {
        "ids": [run.run_id for run in runs],
        "total": total,
        "health": kfp_server_api.HealthzServiceApi(client).healthz_service_get_healthz().multi_user,
        "filled": sorted(name for name, value in failed.run_details.task_details[0].to_dict().items() if value),
        "unfinished": live.finished_at.isoformat(),
        "missing": refusal(api.run_service_get_run, "00000000-0000-4000-8000-000000000000"),
    }
    api.run_service_retry_run(failed.run_id)
    answer["retried"] = api.run_service_get_run(failed.run_id).state
    answer["retry again"] = refusal(api.run_service_retry_run, failed.run_id)
    api.run_service_terminate_run(live.run_id)
    answer["terminating"] = api.run_service_get_run(live.run_id).state
    answer["terminate again"] = refusal(api.run_service_terminate_run, live.run_id)
    api.run_service_archive_run(live.run_id)
    api.run_service_unarchive_run(live.run_id)
    api.run_service_delete_run(live.run_id)
    answer["deleted"] = refusal(api.run_service_delete_run, live.run_id)
    body = kfp_server_api.V2beta1Run(display_name="clone", pipeline_spec=failed.pipeline_spec)
    if failed.pipeline_spec is None:
        body = kfp_server_api.V2beta1Run(
            display_name="clone", pipeline_version_reference=failed.pipeline_version_reference
        )
    answer["created"] = [api.run_service_create_run(body).state]
    answer["nameless"] = refusal(api.run_service_create_run, kfp_server_api.V2beta1Run(display_name=""))
    if hasattr(api, "run_service_read_artifact"):
        done = next(run for run in runs if run.state == "SUCCEEDED")
        nodes = [child.pod_name for task in done.run_details.task_details for child in task.child_tasks or ()]
        answer["artifact"] = artifact(api, done.run_id, nodes)
        answer["no artifact"] = refusal(api.run_service_read_artifact, done.run_id, nodes[0], "nope")
    print(json.dumps(answer))


def artifact(api: Any, run_id: str, nodes: list[str]) -> str:
    """The start of the first log among the nodes."""
    for node in nodes:
        try:
            data = api.run_service_read_artifact(run_id, node, "main-logs").data
        except kfp_server_api.ApiException:
            continue
        return base64.b64decode(data).decode()[:200]
    return ""


main()
