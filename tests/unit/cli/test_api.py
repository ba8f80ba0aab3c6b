"""`runyard api`: every method of a backend, listed, explained, completed, typed, and planned where it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters import registry
from adapters.mock.server import MockServer
from tests.contract.every.drive import DEFINED
from tests.unit.cli.conftest import Cli

BACKENDS = [name for name in DEFINED if name in registry.BUILT_IN]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_list_names_every_method_with_what_it_takes(all_of_them: Cli, backend: str) -> None:
    listed = {each["method"]: each for each in all_of_them("api", backend, "-o", "json").json}
    assert set(DEFINED[backend]) <= set(listed)
    assert {each["effect"] for each in listed.values()} == {"read", "write"}
    for each in listed.values():
        assert each["summary"]
        assert {param["type"] for param in each["params"]} <= {"text", "number", "true or false", "JSON"}
    head, *rows = all_of_them("api", backend).lines
    assert head.split() == ["METHOD", "EFFECT", "PARAMETERS", "WHAT", "IT", "DOES"]
    assert [row.split()[0] for row in rows] == list(listed)


def test_a_method_explains_itself(cli: Cli) -> None:
    shown = cli("api", "kfp", "ReadArtifact", "--help")
    assert shown.code == 0
    assert "ReadArtifact (read)" in shown.out
    assert "--set run_id=... --set node_id=... --set artifact_name=..." in shown.out
    assert [line.split() for line in shown.lines if line.startswith("run_id")] == [["run_id", "text", "yes"]]
    assert "--yes" in cli("api", "kfp", "terminaterun", "--help").out
    whole = cli("api", "kfp", "ListRuns", "--help", "-o", "json").json
    assert {"name": "page_size", "type": "number", "required": False} in whole["params"]


@pytest.mark.parametrize("arguments", [["api", "--help"], ["api", "kfp", "--help"]])
def test_help_without_a_method_is_the_commands(cli: Cli, arguments: list[str]) -> None:
    shown = cli(*arguments)
    assert shown.code == 0
    assert shown.out.startswith("Usage: runyard api")
    assert "METHOD" in shown.out


def test_values_become_what_the_method_takes(cli: Cli, mock: MockServer) -> None:
    page = cli("api", "kfp", "ListRuns", "--set", "page_size=3").json
    assert len(page["runs"]) == 3
    pods = cli("api", "peloton", "QueryHosts", "--set", 'hostStates=["HOST_STATE_UP"]').json
    assert pods["hostInfos"]
    job = cli("get", "runs", "-c", "peloton", "--limit", "1", "-o", "json").json[0]["id"]
    brief = cli("api", "peloton", "GetJob", "--set", f"jobId={job}", "--set", "summaryOnly=yes").json
    assert list(brief) == ["summary"]


def test_parameters_from_a_file(cli: Cli, tmp_path: Path) -> None:
    named, spec = tmp_path / "named.json", tmp_path / "spec.yaml"
    named.write_text('{"page_size": 4, "sort_by": "created_at desc"}')
    assert len(cli("api", "kfp", "ListRuns", "-f", str(named), "--set", "page_size=2").json["runs"]) == 2
    spec.write_text("jobStates: [JOB_STATE_RUNNING]\npagination: {limit: 2}\n")
    assert len(cli("api", "peloton", "QueryJobs", "-f", str(spec)).json["records"]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["kfp", "GetRunn"], "no method 'GetRunn'; nearest: GetRun"),
        (["kpf", "GetRun"], "no context 'kpf'; nearest: kfp"),
        (["kfp", "GetRun"], "GetRun needs run_id"),
        (["kfp", "GetRun", "--set", "runid=x"], "GetRun has no parameter 'runid'; nearest: run_id"),
        (["kfp", "GetRun", "--set", "run_id"], "--set takes key=value"),
        (["kfp", "ListRuns", "--set", "page_size=many"], "page_size is a number, not 'many'"),
        (["kfp", "CreateRun", "--set", "run={bad", "--yes"], "run is JSON"),
        (["peloton", "GetJob", "--set", "jobId=x", "--set", "summaryOnly=maybe"], "summaryOnly is true or false"),
        ([], "CONTEXT"),
    ],
)
def test_what_is_wrong_is_one_line_before_anything_is_sent(
    cli: Cli, mock: MockServer, arguments: list[str], words: str
) -> None:
    asked = len(mock.requests)
    result = cli("api", *arguments)
    assert result.code == 2
    assert words in result.complaint
    assert len(mock.requests) == asked


def test_a_write_is_planned_confirmed_and_journalled(cli: Cli, mock: MockServer) -> None:
    run = cli("get", "runs", "-c", "kfp", "--filter", "state=succeeded", "--limit", "1", "-o", "json").json[0]["id"]
    call = ["api", "kfp", "ArchiveRun", "--set", f"run_id={run}"]

    def sent() -> int:
        return sum(request.path.endswith(f"{run}:archive") for request in mock.requests)

    shown = cli(*call, "--dry-run")
    assert (shown.code, sent(), shown.out) == (0, 0, "")
    assert f"call    ArchiveRun run_id={run}" in shown.err
    refused = cli(*call)
    assert (refused.code, sent()) == (2, 0)
    assert "--yes confirms it" in refused.err
    done = cli(*call, "--yes", "--reason", "tidy")
    assert (done.code, sent(), done.json) == (0, 1, {})
    (entry,) = cli("journal", "-o", "json").json
    assert (entry["action"], entry["target"], entry["outcome"]) == ("ArchiveRun", "kfp", "done")
    assert (entry["params"], entry["reason"]) == ({"run_id": run}, "tidy")


def complete(words: str, cursor: str) -> list[str]:
    """What a shell would be offered after `words`."""
    environment = {
        **os.environ,
        "_RUNYARD_COMPLETE": "bash_complete",
        "COMP_WORDS": f"runyard {words} {cursor}",
        "COMP_CWORD": str(len(words.split()) + 1),
    }
    script = "import sys; from tui.cli import run; run([]); print('httpx' in sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "False"
    return [found.partition(",")[2] for found in done.stdout.splitlines() if found]


def test_contexts_are_completed(all_of_them: Cli) -> None:
    assert complete("api", "k") == ["kfp"]
    assert complete("api", "") == registry.names()
    assert complete("api nowhere", "") == []
    assert all(each.startswith("Get") for each in complete("api kfp", "get"))


@pytest.mark.parametrize("backend", BACKENDS)
def test_methods_are_completed(all_of_them: Cli, backend: str) -> None:
    offered = {each["method"] for each in all_of_them("api", backend, "-o", "json").json}
    assert set(complete(f"api {backend}", "")) == offered
