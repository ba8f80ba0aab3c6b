"""What the official SDK sees of a ClearML server at argv[1]: the last line on stdout is JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

URL, KEY, SECRET, HOME = sys.argv[1], sys.argv[2], sys.argv[3], os.environ["HOME"]
os.environ |= {
    "CLEARML_API_HOST": URL,
    "CLEARML_WEB_HOST": "http://127.0.0.1:1",
    "CLEARML_FILES_HOST": "http://127.0.0.1:2",
    "CLEARML_API_ACCESS_KEY": KEY,
    "CLEARML_API_SECRET_KEY": SECRET,
    "CLEARML_CONFIG_FILE": f"{HOME}/none.conf",
    "CLEARML_CACHE_DIR": f"{HOME}/cache",
    "CLEARML_LOG_LEVEL": "ERROR",
    # Else it asks git from a thread, and a fork beside its other threads may hang.
    "CLEARML_VCS_REPO_URL": "ssh://git@git.atlas.example/ml/conformance.git",
    "CLEARML_VCS_COMMIT_ID": "0123456789abcdef0123456789abcdef01234567",
    "CLEARML_VCS_BRANCH": "main",
    "CLEARML_VCS_ROOT": HOME,
    "CLEARML_VCS_WORK_DIR": ".",
    "CLEARML_VCS_DIFF": "IA==",
    "CLEARML_VCS_STATUS": "IA==",
}

from clearml import Task  # type: ignore[import-not-found]  # noqa: E402  # it reads the environment when it is imported
from clearml.backend_api.session.client import APIClient  # type: ignore[import-not-found]  # noqa: E402
from clearml.backend_api.session.client.client import APIError  # type: ignore[import-not-found]  # noqa: E402


def advance(seconds: float) -> None:
    import urllib.request

    body = json.dumps({"seconds": seconds}).encode()
    asked = urllib.request.Request(
        f"{URL}/_mock/advance", body, {"content-type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(asked, timeout=10).read()


def refused(call: Any) -> list[Any]:
    try:
        call()
    except APIError as error:
        return [error.code, error.subcode, str(error.message)[:80]]
    return []


def lists(client: APIClient) -> dict[str, Any]:
    fields = ["id", "name", "status", "last_update", "project"]
    newest: list[Any] = []
    for page in range(100):
        found = client.tasks.get_all(order_by=["-last_update"], only_fields=fields, page=page, page_size=40)
        newest += [[task.id, str(task.last_update), task.status] for task in found]
        if len(found) < 40:
            break
    failed = client.tasks.get_all(status=["failed"], only_fields=fields)
    return {
        "newest": newest,
        "failed": sorted({str(task.status) for task in failed}),
        "failed_count": len(failed),
        "workers": [[worker.id, worker.task.id if worker.task else None] for worker in client.workers.get_all()],
        "queues": {queue.name: len(queue.entries) for queue in client.queues.get_all()},
        "projects": sorted(project.name for project in client.projects.get_all()),
    }


def actions(client: APIClient) -> dict[str, Any]:
    def status(task_id: str) -> list[Any]:
        task = client.tasks.get_by_id(task_id)
        return [task.status, task.status_message]

    made: dict[str, Any] = {}
    failed = next(iter(client.tasks.get_all(status=["failed"], only_fields=["id"]))).id
    log = client.events.get_task_log(task=failed, batch_size=10, order="asc")
    made["log"] = [event["msg"] for event in log.events]
    made["unknown"] = refused(lambda: client.tasks.get_by_id("nope"))
    made["illegal"] = refused(lambda: client.tasks.close(task=failed))
    client.tasks.reset(task=failed)
    made["reset"] = status(failed)
    queue = next(queue.id for queue in client.queues.get_all() if queue.name == "llm-reserved")
    client.tasks.enqueue(task=failed, queue=queue)
    made["queued"] = status(failed)
    made["again"] = refused(lambda: client.tasks.enqueue(task=failed))
    made["position"] = client.queues.move_task_to_front(queue=queue, task=failed).position
    client.tasks.dequeue(task=failed)
    made["dequeued"] = status(failed)
    client.tasks.delete(task=failed)
    made["deleted"] = refused(lambda: client.tasks.get_by_id(failed))
    busy = next(worker.task.id for worker in client.workers.get_all() if worker.task)
    client.tasks.stop(task=busy)
    made["stopping"] = status(busy)
    advance(20)
    made["stopped"] = status(busy)
    many = client.tasks.stop_many(ids=[busy, "nope"])
    made["many"] = [len(many.succeeded), [item["error"]["codes"] for item in many.failed]]
    return made


def tasks() -> dict[str, Any]:
    project = "fraud/fraud-gbdt-nightly"
    ids = Task.query_tasks(project_name=project)
    found = Task.get_tasks(project_name=project, task_filter={"status": ["failed"]})
    source = found[0]
    same = Task.get_task(task_id=source.id)
    named = Task.get_task(project_name=project, task_name=source.name)
    copy = Task.clone(source_task=source, name="a copy of it")
    before = copy.get_status()
    Task.enqueue(copy, queue_name="default")
    queued = copy.get_status()
    advance(90)
    running = copy.get_status()
    draft = Task.clone(source_task=source, name="to be deleted")
    return {
        "query": len(ids),
        "failed": [task.status for task in found],
        "same": [same.name == source.name, named.name == source.name],
        "parent": copy.parent == source.id,
        "copy": [before, queued, running],
        "parameters": sorted(source.get_parameters())[:2],
        "deleted": bool(draft.delete(delete_artifacts_and_models=False, raise_on_error=True)),
    }


def round_trip(client: APIClient) -> dict[str, Any]:
    task = Task.init(
        project_name="conformance/trips",
        task_name="there and back",
        auto_connect_frameworks=False,
        auto_connect_arg_parser=False,
        auto_connect_streams=False,
        auto_resource_monitoring=False,
    )
    task.connect({"learning_rate": 0.01, "epochs": 3})
    task.add_tags(["conformance"])
    during = client.tasks.get_by_id(task.id)
    logger = task.get_logger()
    for iteration in range(5):
        logger.report_scalar("loss", "train", value=1 / (iteration + 1), iteration=iteration)
        logger.report_text(f"iteration {iteration} done", print_console=False)
    task.flush(wait_for_uploads=True)
    task.close()
    after = client.tasks.get_by_id(task.id)
    log = client.events.get_task_log(task=task.id, batch_size=50, order="asc", navigate_earlier=False)
    curve = Task.get_task(task_id=task.id).get_reported_scalars()
    listed = client.tasks.get_all(name="^there and back$", only_fields=["id", "status"])
    last = [variant for metric in after.last_metrics.values() for variant in metric.values()]
    return {
        "during": during.status,
        "after": after.status,
        "reason": after.status_reason,
        "tags": list(after.tags),
        "parameters": {name: item.value for name, item in after.hyperparams["General"].items()},
        "iteration": after.last_iteration,
        "last": [
            [each["metric"], each["variant"], round(each["value"], 3), each["max_value"], each["count"]]
            for each in last
        ],
        "log": [event["msg"] for event in log.events],
        "curve": curve["loss"]["train"],
        "listed": [[each.id == task.id, each.status] for each in listed],
    }


def main() -> None:
    begun = time.monotonic()
    client = APIClient()
    answer: dict[str, Any] = {
        "lists": lists(client),
        "actions": actions(client),
        "tasks": tasks(),
        "trip": round_trip(client),
    }
    answer["seconds"] = time.monotonic() - begun
    print(json.dumps(answer, default=str), flush=True)


main()
