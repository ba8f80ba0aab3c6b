"""Drives the mock with the official `kfp` client and prints what it saw. Runs in the client's own environment."""

# kfp reads the annotations of components itself, so they must not be postponed.
import json
import sys
import tempfile
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import kfp  # type: ignore[import-not-found]  # noqa: E402
import kfp_server_api  # type: ignore[import-not-found]  # noqa: E402
from kfp import compiler, dsl  # noqa: E402


def advance(url: str, seconds: float) -> None:
    request = urllib.request.Request(f"{url}/_mock/advance?seconds={seconds}", method="POST")
    urllib.request.urlopen(request).read()


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> list[Any]:
    """[HTTP status, code, the presentable text] of a call that must fail."""
    try:
        call(*arguments, **named)
    except kfp_server_api.ApiException as error:
        body = json.loads(error.body)
        return [error.status, body["code"], body["details"][0]["message"]]
    return [0, 0, "not refused"]


def pages(client: Any, size: int, **named: Any) -> tuple[list[Any], int]:
    runs: list[Any] = []
    token, total = "", 0
    while True:
        page = client.list_runs(page_token=token, page_size=size, **named)
        runs += page.runs or []
        total = page.total_size
        token = page.next_page_token
        if not token:
            return runs, total


def lists(client: Any) -> dict[str, Any]:
    newest, total = pages(client, 100, sort_by="created_at desc")
    oldest, _ = pages(client, 70)
    predicate = {"operation": 1, "key": "state", "stringValue": "FAILED"}
    failed, failed_total = pages(client, 50, filter=json.dumps({"predicates": [predicate]}), sort_by="name")
    experiment = client.get_experiment(experiment_name="eval").experiment_id
    eval_runs, eval_total = pages(client, 200, experiment_id=experiment)
    return {
        "newest": [[run.run_id, run.created_at.timestamp()] for run in newest],
        "oldest": [run.run_id for run in oldest],
        "total": total,
        "failed": [[run.run_id, run.display_name, run.state] for run in failed],
        "failed_total": failed_total,
        "eval": [len(eval_runs), eval_total, sorted({run.experiment_id for run in eval_runs}) == [experiment]],
        "states": sorted({run.state for run in newest}),
    }


def actions(client: Any, url: str) -> dict[str, Any]:
    runs, _ = pages(client, 200, sort_by="created_at desc")
    live = next(run.run_id for run in runs if run.state == "RUNNING")
    found: dict[str, Any] = {"live": client.get_run(live).state}
    client.terminate_run(live)
    found["terminating"] = client.get_run(live).state
    found["terminate again"] = refusal(client.terminate_run, live)
    found["retry too early"] = refusal(client._run_api.run_service_retry_run, live)
    advance(url, 60)
    found["terminated"] = client.get_run(live).state
    client._run_api.run_service_retry_run(live)
    retried = client.get_run(live)
    found["retried"] = [retried.state, retried.finished_at.year]
    client.archive_run(live)
    client.archive_run(live)
    found["archived"] = [client.get_run(live).storage_state]
    client.unarchive_run(live)
    found["archived"].append(client.get_run(live).storage_state)
    client.delete_run(live)
    found["get deleted"] = refusal(client.get_run, live)
    found["delete deleted"] = refusal(client.delete_run, live)
    succeeded = next(run.run_id for run in runs if run.state == "SUCCEEDED")
    found["retry succeeded"] = refusal(client._run_api.run_service_retry_run, succeeded)
    found["terminate succeeded"] = refusal(client.terminate_run, succeeded)
    return found


def experiments(client: Any) -> dict[str, Any]:
    made = client.create_experiment("conformance", description="made by the client")
    runs, _ = pages(client, 200, sort_by="created_at desc")
    home = client.get_experiment(experiment_name="legacy-2025")
    legacy = next(run for run in runs if run.experiment_id == home.experiment_id)
    found: dict[str, Any] = {
        "made": [made.display_name, made.description],
        "same": client.create_experiment("conformance").experiment_id == made.experiment_id,
        "names": [each.display_name for each in client.list_experiments(page_size=50).experiments],
        "unarchive in archived": refusal(client.unarchive_run, legacy.run_id),
        "unknown": refusal(client.list_runs, experiment_id="nope"),
    }
    client.archive_experiment(made.experiment_id)
    found["archived"] = client.get_experiment(made.experiment_id).storage_state
    client.unarchive_experiment(made.experiment_id)
    client.delete_experiment(made.experiment_id)
    found["deleted"] = refusal(client.get_experiment, made.experiment_id)
    found["pipelines"] = client.list_pipelines(page_size=50).total_size
    found["recurring"] = client.list_recurring_runs(page_size=50).total_size
    return found


def submit(client: Any, url: str) -> dict[str, Any]:
    @dsl.container_component  # type: ignore[untyped-decorator]
    def echo(text: str) -> dsl.ContainerSpec:
        return dsl.ContainerSpec(image="alpine", command=["echo", text])

    @dsl.pipeline(name="two-echoes")  # type: ignore[untyped-decorator]
    def two_echoes(text: str = "hello") -> None:
        first = echo(text=text)
        echo(text=text).after(first)

    with tempfile.TemporaryDirectory() as folder:
        package = str(Path(folder) / "two.yaml")
        compiler.Compiler().compile(two_echoes, package)
        result = client.create_run_from_pipeline_package(package, arguments={"text": "hi"}, run_name="from package")
        wrong = refusal(client.create_run_from_pipeline_package, package, arguments={"nope": 1})
    before = client.get_run(result.run_id)
    advance(url, 3600)
    after = client.wait_for_run_completion(result.run_id, timeout=20, sleep_duration=1)
    names = sorted(task.display_name for task in after.run_details.task_details)
    return {
        "before": [before.display_name, before.state, before.run_details is None],
        "after": after.state,
        "tasks": names,
        "wrong": wrong[:2],
    }


def main() -> None:
    url = sys.argv[1]
    client = kfp.Client(host=url)
    answer = {
        "lists": lists(client),
        "actions": actions(client, url),
        "experiments": experiments(client),
        "submit": submit(client, url),
    }
    print(json.dumps(answer))


main()
