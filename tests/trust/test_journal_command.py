"""`runyard journal`: list, filter, export, look again, and plan again what was left, under the rules of `do`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind, Ref
from tests.trust.cli import Cli, Result
from tests.unit.journal.test_unfinished import killed
from tui.core.journal import Journal
from tui.paths import journal_folder


@pytest.fixture(scope="module")
def shared() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=40, hosts=2, clock="virtual", backends=["kfp"]) as server:
        yield server


@pytest.fixture
def mock(shared: MockServer) -> Iterator[MockServer]:
    shared.cluster.reset()
    shared.requests.clear()
    yield shared
    shared.app.state.faults.replace([])


@pytest.fixture
def cli(mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Cli:
    write_config(config_toml(mock.url, ["kfp"]) + "retries = 0\n")
    return runyard


def running(cli: Cli, count: int) -> list[str]:
    found = cli("get", "runs", "--filter", "state=running", "--limit", str(count), "-o", "name").lines
    assert len(found) == count
    return found


def sent(mock: MockServer) -> int:
    return sum(":terminate" in request.path for request in mock.requests)


def half_done(cli: Cli, mock: MockServer) -> tuple[str, list[str]]:
    """A plan of three of which nothing was done; its id and its targets."""
    refs = running(cli, 3)
    mock.app.state.faults.replace(["kfp:*:terminate:status=400"])
    assert cli("do", "abort", *refs, "--confirm", "kfp", "--reason", "OPS-7").code != 0
    mock.app.state.faults.replace([])
    (plan,) = {entry["plan"] for entry in cli("journal", "-o", "json").json}
    return plan, refs


def test_list_and_filter(cli: Cli, mock: MockServer) -> None:
    plan, refs = half_done(cli, mock)
    assert cli("do", "abort", refs[0], "--yes").code == 0

    def found(text: str) -> list[str]:
        return [each["target"] for each in cli("journal", "-o", "json", "--filter", text).json]

    assert set(found("outcome=failed")) == set(refs)
    assert found("outcome=done") == [refs[0]]
    assert found(f"plan={plan} target~{refs[1].rsplit('/', 1)[1]}") == [refs[1]]
    assert len(found("reason=OPS-7 age<1h")) == 3
    assert len(found("action=abort context=kfp kind=run")) == 4
    assert len(found("ops-7 or outcome=done")) == 4
    assert found("age>1h") == []
    for text, words in (("outcom=done", "nearest: outcome"), ("label.x=1", "no field"), ("age>x", "duration")):
        wrong = cli("journal", "--filter", text)
        assert (wrong.code, words in wrong.err, wrong.out) == (2, True, ""), wrong


def test_export(cli: Cli, mock: MockServer) -> None:
    plan, _ = half_done(cli, mock)
    log = Journal(journal_folder())
    log.outcome(log.issue("p", "abort", Ref("kfp", Kind.RUN, "x"), {}, "=HYPERLINK(1)"), "done", "+1")
    rows = list(csv.DictReader(io.StringIO(cli("journal", "-o", "csv").out)))
    assert [row["plan"] for row in rows] == [plan, plan, plan, "p"]
    assert {row["outcome"] for row in rows} == {"failed", "done"}
    assert (rows[3]["reason"], rows[3]["message"]) == ("'=HYPERLINK(1)", "'+1")
    lines = [json.loads(line) for line in cli("journal", "-o", "jsonl").lines]
    assert [line["target"] for line in lines[:3]] == [row["target"] for row in rows[:3]]


def test_what_is_left_is_planned_again_and_asked_for(cli: Cli, mock: MockServer) -> None:
    plan, refs = half_done(cli, mock)
    mock.requests.clear()
    dry = cli("journal", "--again", plan, "--dry-run")
    assert (dry.code, "3 targets can be done" in dry.out, "OPS-7" in dry.out) == (0, True, True)
    for consent in ((), ("--yes",), ("--confirm", "vertex")):
        assert cli("journal", "--again", plan, *consent).code == 2
    assert cli("journal", "--again", plan, "--confirm", "kfp", "--read-only").code == 1
    assert sent(mock) == 0
    done = cli("journal", "--again", plan[:6], "--confirm", "kfp", "-o", "json")
    assert done.code == 0, done
    assert [(each["ref"], each["outcome"]) for each in done.json["targets"]] == [(ref, "done") for ref in refs]
    assert sent(mock) == 3
    new = cli("journal", "-o", "json", "--filter", "outcome=done").json
    assert {each["reason"] for each in new} == {"OPS-7"}
    assert {each["plan"] for each in new} != {plan}
    # Everything is re-read: what was done meanwhile is illegal and nothing is sent again.
    again = cli("journal", "--again", plan, "--confirm", "kfp")
    assert again.code == 1
    assert sent(mock) == 3


def refused(result: Result, words: str, code: int = 2) -> None:
    assert result.code == code, result
    assert words in result.err
    assert "Traceback" not in result.err


def test_what_cannot_be_planned_again(cli: Cli, mock: MockServer) -> None:
    (ref,) = running(cli, 1)
    assert cli("do", "abort", ref, "--yes").code == 0
    (done,) = cli("journal", "-o", "json").json
    refused(cli("journal", "--again", done["plan"], "--yes"), "nothing of plan")
    refused(cli("journal", "--again", "nothing", "--yes"), "no plan nothing in the journal", 5)
    refused(cli("journal", "--yes"), "nothing is changed by listing")
    log = Journal(journal_folder())
    log.outcome(log.issue("secret", "create", "kfp", {"run": {"password": "x"}}), "failed")
    refused(cli("journal", "--again", "secret", "--yes"), "does not keep what is called a secret (run)")
    log.outcome(log.issue("own", "plugin:ssh", Ref("kfp", Kind.RUN, "x"), {}), "failed")
    refused(cli("journal", "--again", "own", "--yes"), "is a command of your own")
    log.issue("busy", "abort", Ref("kfp", Kind.RUN, "x"), {})
    refused(cli("journal", "--again", "busy", "--yes"), "is still under way")
    refused(cli("journal", "--again", "", "--yes"), "plans begin with")


def test_a_call_of_the_api_is_planned_again_as_one(cli: Cli, mock: MockServer) -> None:
    (ref,) = running(cli, 1)
    mock.app.state.faults.replace(["kfp:*:terminate:status=400"])
    id = ref.split("/")[2]
    assert cli("api", "kfp", "TerminateRun", "--set", f"run_id={id}", "--yes").code != 0
    mock.app.state.faults.replace([])
    (entry,) = cli("journal", "-o", "json").json
    again = cli("journal", "--again", entry["plan"], "--yes")
    assert again.code == 0, again
    assert sent(mock) == 2


def test_a_killed_plan_is_resolved_and_its_rest_planned(cli: Cli, mock: MockServer) -> None:
    first, second, third = running(cli, 3)
    begun = [first.split("/")[2]]
    # The helper writes for a context `one`; the journal is ours to rename.
    killed(
        journal_folder(), *begun, targets=" ".join(f"one/run/{ref.split('/')[2]}" for ref in (first, second, third))
    )
    (file,) = journal_folder().iterdir()
    file.write_text(file.read_text().replace("one/run/", "kfp/run/").replace('"params":{"n":1}', '"params":{}'))
    looked = cli("journal", "--unfinished", "--resolve", "-o", "json").json
    assert [(each["target"], each["now"]) for each in looked] == [(first, "running (RUNNING)")]
    assert cli("journal", "--unfinished", "-o", "json").json == []
    (entry,) = cli("journal", "-o", "json").json
    assert entry["outcome"] == "unknown"
    assert entry["message"].endswith("later seen as running (RUNNING)")
    plan = cli("journal", "--again", entry["plan"], "--dry-run", "-o", "json").json
    assert [each["ref"] for each in plan["targets"]] == [first, second, third]
    assert sent(mock) == 0
