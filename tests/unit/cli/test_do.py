"""`runyard do` and `runyard api`: nothing happens without consent, and scripts can read what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from tests.unit.cli.conftest import BACKENDS, Cli

PROTECTED = "protected = true"


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=60, hosts=12, clock="virtual", backends=BACKENDS) as server:
        yield server


def refs(cli: Cli, kind: str, context: str, filter: str, count: int = 1) -> list[str]:
    found = cli("get", kind, "-c", context, "--filter", filter, "--limit", str(count), "-o", "name").lines
    assert len(found) == count
    return found


def writes(mock: MockServer, word: str) -> int:
    return sum(word in request.path for request in mock.requests)


def guarded(mock: MockServer, write_config: Callable[[str], Path], line: str) -> None:
    write_config(config_toml(mock.url, BACKENDS).replace('backend = "kfp"', f'backend = "kfp"\n{line}'))


def test_abort_once_is_done_and_twice_is_illegal(cli: Cli, mock: MockServer) -> None:
    (ref,) = refs(cli, "runs", "kfp", "state=running")
    first = cli("do", "abort", ref, "--yes", "-o", "json")
    assert first.code == 0
    (target,) = first.json["targets"]
    assert (first.json["action"], target["ref"], target["outcome"]) == ("abort", ref, "done")
    assert set(target) == {"ref", "outcome", "message", "created"}
    second = cli("do", "abort", ref, "--yes", "-o", "json")
    assert (second.code, second.json["targets"][0]["outcome"]) == (1, "illegal")
    assert ref in second.complaint
    assert writes(mock, ":terminate") == 1


def test_a_dry_run_sends_nothing_and_tells_what_could_not_be_done(cli: Cli, mock: MockServer) -> None:
    (legal,) = refs(cli, "runs", "kfp", "state=running")
    (ended,) = refs(cli, "runs", "kfp", "state=succeeded")
    assert cli("do", "abort", legal, "--dry-run").code == 0
    both = cli("do", "abort", legal, ended, "--dry-run", "-o", "json")
    assert both.code == 1
    assert [target["outcome"] for target in both.json["targets"]] == ["not-started", "illegal"]
    assert writes(mock, ":terminate") == 0
    assert cli("journal", "-o", "json").json == []


def test_drain_lists_what_it_moves(cli: Cli) -> None:
    (host,) = refs(cli, "hosts", "peloton", "state=up pods>0")
    shown = cli("do", "drain", host, "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert "affects" in shown.out
    assert "StartMaintenance" in shown.out
    assert cli("do", "drain", host, "--yes").code == 0
    (row,) = cli("get", "hosts", host, "-o", "json").json
    assert row["state"] in ("draining", "drained", "down")


def test_without_consent_nothing_is_done(cli: Cli, mock: MockServer) -> None:
    (ref,) = refs(cli, "runs", "kfp", "state=running")
    result = cli("do", "abort", ref)
    assert result.code == 2
    assert "--yes confirms it" in result.complaint
    assert writes(mock, ":terminate") == 0


def test_several_targets_need_the_context_named(cli: Cli, mock: MockServer) -> None:
    two = refs(cli, "runs", "kfp", "state=running", 2)
    refused = cli("do", "abort", *two, "--yes")
    assert refused.code == 2
    assert "--confirm kfp confirms it" in refused.complaint
    assert "is not a context of this plan" in cli("do", "abort", *two, "--confirm", "peloton").complaint
    assert writes(mock, ":terminate") == 0
    assert cli("do", "abort", *two, "--confirm", "kfp").code == 0
    assert writes(mock, ":terminate") == 2


def test_targets_in_two_contexts_need_both_named(cli: Cli) -> None:
    both = refs(cli, "runs", "kfp", "state=running") + refs(cli, "runs", "peloton", "state=running")
    assert cli("do", "abort", *both, "--confirm", "kfp").code == 2
    assert cli("do", "abort", *both, "--confirm", "kfp,peloton").code == 0


class TestGuards:
    """Each guardrail of a context, and an attempt to get past it from the command line."""

    def test_protected(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        guarded(mock, write_config, PROTECTED)
        assert cli("do", "abort", ref, "--yes").code == 2
        assert cli("api", "kfp", "TerminateRun", "--set", f"run_id={ref.split('/')[2]}", "--yes").code == 2
        assert writes(mock, ":terminate") == 0
        assert cli("do", "abort", ref, "--confirm", "kfp").code == 0

    @pytest.mark.parametrize("way", ["config", "option before", "option after"])
    def test_read_only(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path], way: str) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        if way == "config":
            guarded(mock, write_config, "read_only = true")
        before = ["--read-only"] if way == "option before" else []
        after = ["--read-only"] if way == "option after" else []
        result = cli(*before, "do", "abort", ref, "--confirm", "kfp", *after)
        assert result.code == 1
        assert "read-only" in result.complaint
        call = cli(*before, "api", "kfp", "TerminateRun", "--set", f"run_id={ref.split('/')[2]}", "--yes", *after)
        assert call.code == 1
        assert writes(mock, ":terminate") == 0

    def test_deny(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        guarded(mock, write_config, 'deny = ["abort"]')
        for word in ("abort", "terminate", "stop", "cancel"):
            assert "denies abort" in cli("do", word, ref, "--yes", "--confirm", "kfp").complaint
        call = cli("api", "kfp", "TerminateRun", "--set", f"run_id={ref.split('/')[2]}", "--confirm", "kfp")
        assert call.code == 1
        assert writes(mock, ":terminate") == 0

    def test_a_required_reason(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        guarded(mock, write_config, "require_reason = true")
        assert "--reason TEXT gives it" in cli("do", "abort", ref, "--yes").complaint
        assert cli("do", "abort", ref, "--yes", "--reason", "OPS-1").code == 0
        assert cli("journal", "-o", "json").json[0]["reason"] == "OPS-1"

    def test_max_targets(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
        two = refs(cli, "runs", "kfp", "state=running", 2)
        guarded(mock, write_config, "max_targets = 1")
        assert "allows 1 (max_targets)" in cli("do", "abort", *two, "--confirm", "kfp").complaint

    def test_confirm_typed(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        guarded(mock, write_config, 'confirm = "typed"')
        assert cli("do", "abort", ref, "--yes").code == 2

    def test_protected_names(self, cli: Cli, mock: MockServer, write_config: Callable[[str], Path]) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        guarded(mock, write_config, 'protected_names = ["*"]')
        assert cli("do", "abort", ref, "--yes").code == 2

    def test_an_unwritable_journal(self, cli: Cli, mock: MockServer, own_home: Path) -> None:
        (ref,) = refs(cli, "runs", "kfp", "state=running")
        (own_home / "state" / "runyard").write_text("in the way")
        result = cli("do", "abort", ref, "--yes")
        assert result.code == 1
        assert "cannot be written" in result.complaint
        assert writes(mock, ":terminate") == 0
        assert cli("do", "abort", ref, "--yes", "--no-journal").code == 0
        assert writes(mock, ":terminate") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["abort", "kfp/run/nope", "--yes"], 5, "nope"),
        (["abort", "nowhere/run/x", "--yes"], 2, "no context 'nowhere'"),
        (["abort", "kpf", "--yes"], 2, "no context 'kpf'; nearest: kfp"),
        (["abort", "kfp/runn/x", "--yes"], 2, "no kind 'runn'; nearest: run"),
        (["abrot", "kfp/run/x", "--yes"], 2, "no action 'abrot' for a run; nearest: abort"),
        (["drain", "kfp/run/x", "--yes"], 2, "no action 'drain' for a run"),
        (["drain", "kfp/host/x", "--yes"], 2, "host"),
        (["abort", "kfp/run/x", "--set", "oops"], 2, "--set takes key=value"),
        (["abort", "kfp/run/x", "--set", "a=b"], 2, "abort has no parameter 'a'"),
        (["clone", "kfp/run/x", "-f", "/nowhere.json"], 2, "cannot read /nowhere.json"),
        (["abort"], 2, "REF|CTX"),
    ],
)
def test_what_is_wrong_is_one_line(cli: Cli, arguments: list[str], code: int, words: str) -> None:
    result = cli("do", *arguments)
    assert result.code == code
    assert words in result.complaint


def test_a_dead_backend_is_3(with_dead: Cli) -> None:
    result = with_dead("do", "abort", "dead/run/x", "--yes")
    assert result.code == 3
    assert "127.0.0.1:9" in result.complaint


def test_not_allowed_is_4(cli: Cli, mock: MockServer) -> None:
    (ref,) = refs(cli, "runs", "kfp", "state=running")
    mock.faults.add("kfp:*:terminate:status=403")
    result = cli("do", "abort", ref, "--yes", "-o", "json")
    assert (result.code, result.json["targets"][0]["outcome"]) == (4, "failed")
    assert len([request for request in mock.requests if ":terminate" in request.path]) == 1


def test_a_lost_answer_is_unknown_reread_and_never_repeated(cli: Cli, mock: MockServer) -> None:
    (ref,) = refs(cli, "runs", "kfp", "state=running")
    mock.faults.add("kfp:*:terminate:lost")
    result = cli("do", "abort", ref, "--yes", "-o", "json")
    (target,) = result.json["targets"]
    assert (result.code, target["outcome"]) == (3, "unknown")
    assert "re-read: it is aborting (CANCELING)" in target["message"]
    assert writes(mock, ":terminate") == 1


def test_parameters_by_set_and_by_file(cli: Cli, tmp_path: Path) -> None:
    (ref,) = refs(cli, "runs", "kfp", "state=succeeded")
    body = tmp_path / "params.yaml"
    body.write_text("learning_rate: 0.5\n")
    result = cli("do", "clone", ref, "--set", "name=again", "-f", str(body), "--yes", "-o", "json")
    assert result.code == 0
    created = result.json["targets"][0]["created"]
    (row,) = cli("get", "runs", created, "-o", "json").json
    assert row["name"] == "again"
    (entry,) = cli("journal", "-o", "json").json
    assert (entry["outcome"], entry["created"]) == ("done", created)
    assert entry["params"] == {"name": "again", "parameters": {"learning_rate": 0.5}}


def test_the_journal_tells_what_was_done(cli: Cli) -> None:
    (ref,) = refs(cli, "runs", "kfp", "state=running")
    cli("do", "abort", ref, "--yes")
    assert ref in cli("journal").out
    (line,) = cli("journal", "-o", "jsonl").lines
    assert json.loads(line)["target"] == ref
    assert cli("journal", "--unfinished", "-o", "json").json == []
    assert "is not a month" in cli("journal", "--month", "August").complaint


def test_wait_is_until_it_rests(cli: Cli, mock: MockServer) -> None:
    (host,) = refs(cli, "hosts", "peloton", "state=down")
    result = cli("do", "undrain", host, "--dry-run")
    assert result.code in (0, 1)
    (ended,) = refs(cli, "runs", "kfp", "state=failed")
    assert cli("wait", ended).out.startswith("failed")
    assert cli("wait", ended, "--for", "state=failed").code == 0
    other = cli("wait", ended, "--for", "state=succeeded")
    assert (other.code, "not as state=succeeded" in other.complaint) == (1, True)
    (running,) = refs(cli, "runs", "kfp", "state=running")
    late = cli("wait", running, "--timeout", "0.2")
    assert (late.code, "is running after 0.2 s" in late.complaint) == (1, True)
    assert cli("wait", "kfp/run/nope").code == 5


def test_api_reads_and_writes(cli: Cli, mock: MockServer) -> None:
    listed = cli("api", "kfp")
    assert "TerminateRun" in listed.out
    (ref,) = refs(cli, "runs", "kfp", "state=running")
    id = ref.split("/")[2]
    assert cli("api", "kfp", "GetRun", "--set", f"run_id={id}").json["run_id"] == id
    assert cli("api", "kfp", "TerminateRun", "--set", f"run_id={id}").code == 2
    assert writes(mock, ":terminate") == 0
    done = cli("api", "kfp", "TerminateRun", "--set", f"run_id={id}", "--yes")
    assert (done.code, writes(mock, ":terminate")) == (0, 1)
    assert "PLAN" in done.err
    json.loads(done.out)
    assert [entry["action"] for entry in cli("journal", "-o", "json").json] == ["TerminateRun"]
    assert "nearest: GetRun" in cli("api", "kfp", "GetRunn").complaint
    assert cli("api", "kfp", "GetRun", "--set", "run_id=nope").code == 5
