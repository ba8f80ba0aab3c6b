"""Read-only and the guardrails of a context, from the command line: what is refused never arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.actions import ACTION_ALIASES
from adapters.mock.server import MockServer, config_toml
from tests.contract.every.drive import place_of
from tests.trust.cli import Cli, Result
from tests.trust.world import BACKENDS, is_write
from tui.paths import journal_folder

Guarded = Callable[..., Cli]


@pytest.fixture(scope="module")
def shared() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=40, hosts=4, clock="virtual") as server:
        yield server


@pytest.fixture
def mock(shared: MockServer) -> MockServer:
    shared.cluster.reset()
    shared.requests.clear()
    return shared


@pytest.fixture
def guarded(mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Guarded:
    """The command line with these lines in the context of `backend`, or of every one."""

    def make(*lines: str, only: str | None = None) -> Cli:
        out = []
        for line in config_toml(mock.url).splitlines():
            out.append(line)
            if line.startswith("[contexts.") and only in (None, line[len("[contexts.") : -1]):
                out += lines
        write_config("\n".join(out))
        return runyard

    return make


def writes(mock: MockServer) -> list[str]:
    return [place_of(each) for each in mock.requests if is_write(each.backend, place_of(each))]


def running(cli: Cli, context: str, count: int = 1) -> list[str]:
    found = cli(
        "get", "runs", "-c", context, "--filter", "state=running", "--limit", str(count), "-o", "name"
    ).lines
    assert len(found) == count
    return found


def refused(result: Result, code: int, words: str) -> None:
    assert result.code == code, result
    assert words in result.err + result.out
    assert "Traceback" not in result.err


CONSENT = ("--yes", "--reason", "because")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("way", ["flag", "flag-last", "config"])
def test_read_only_refuses_actions_and_raw_writes(
    guarded: Guarded, mock: MockServer, backend: str, way: str
) -> None:
    cli = guarded(*(["read_only = true"] if "config" in way else []))
    first = ["--read-only"] if way == "flag" else []
    last = ["--read-only"] if way == "flag-last" else []
    (ref,) = running(cli, backend)
    words = f"{backend} is read-only"
    refused(cli(*first, "do", "abort", ref, *CONSENT, "--confirm", backend, *last), 1, words)
    api = {
        "kfp": ("TerminateRun", "run_id=x"),
        "clearml": ("tasks.stop", "task=x"),
        "jobmanager": ("AbortJob", "id=x"),
        "vertex": ("CancelCustomJob", "name=x"),
        "peloton": ("StopPod", "podName=x"),
    }[backend]
    refused(cli(*first, "api", backend, api[0], "--set", api[1], *CONSENT, "--no-journal", *last), 1, words)
    assert writes(mock) == []
    assert not journal_folder().exists()


def test_read_only_is_of_one_context_alone(guarded: Guarded, mock: MockServer) -> None:
    cli = guarded("read_only = true", only="vertex")
    refs = [*running(cli, "vertex"), *running(cli, "kfp")]
    done = cli("do", "abort", *refs, "--yes", "--confirm", "kfp", "-o", "json")
    assert [each["outcome"] for each in done.json["targets"]] == ["illegal", "done"]
    assert len(writes(mock)) == 1
    assert ":terminate" in writes(mock)[0]


@pytest.mark.parametrize("word", ["abort", *(alias for alias, id in ACTION_ALIASES.items() if id == "abort")])
def test_what_is_denied_is_denied_by_every_name(guarded: Guarded, mock: MockServer, word: str) -> None:
    cli = guarded('deny = ["abort"]')
    for backend in ("kfp", "clearml"):
        (ref,) = running(cli, backend)
        refused(cli("do", word, ref, *CONSENT, "--confirm", backend), 1, f"the config of {backend} denies abort")
    assert writes(mock) == []


def test_a_denied_alias_denies_the_action(guarded: Guarded, mock: MockServer) -> None:
    alias = next(alias for alias, id in ACTION_ALIASES.items() if id == "abort")
    cli = guarded(f'deny = ["{alias}"]')
    refused(cli("do", "abort", *running(cli, "kfp"), *CONSENT), 1, "denies abort")
    assert writes(mock) == []


def test_globs_deny_and_raw_writes_are_no_way_round(guarded: Guarded, mock: MockServer) -> None:
    cli = guarded('deny = ["a*"]')
    (ref,) = running(cli, "kfp")
    for action in ("abort", "archive"):
        refused(cli("do", action, ref, *CONSENT), 1, "")
    refused(cli("api", "kfp", "TerminateRun", "--set", f"run_id={ref}", *CONSENT), 1, "raw writes as well")
    assert writes(mock) == []
    refused(guarded('deny = ["abrot"]')("get", "runs"), 2, "no action 'abrot'")


def test_typed_confirmation_wants_the_context_named(guarded: Guarded, mock: MockServer) -> None:
    cli = guarded('confirm = "typed"')
    (ref,) = running(cli, "kfp")
    refused(cli("do", "abort", ref, "--yes"), 2, "not confirmed")
    refused(cli("do", "abort", ref, "--confirm", "vertex"), 2, "not a context of this plan")
    refused(cli("do", "abort", ref, "--confirm", "KFP"), 2, "not a context of this plan")
    assert writes(mock) == []
    assert cli("do", "abort", ref, "--confirm", "kfp").code == 0
    assert len(writes(mock)) == 1


def test_a_plan_is_no_larger_than_allowed(guarded: Guarded, mock: MockServer) -> None:
    cli = guarded("max_targets = 1")
    refs = running(cli, "kfp", 2)
    refused(cli("do", "abort", *refs, "--confirm", "kfp"), 2, "kfp allows 1 (max_targets)")
    assert writes(mock) == []
    # One target named twice, or one that cannot be done beside one that can, is one.
    (ended,) = cli("get", "runs", "-c", "kfp", "--filter", "state=succeeded", "--limit", "1", "-o", "name").lines
    assert cli("do", "abort", refs[0], refs[0], ended, "--yes").code == 1
    assert len(writes(mock)) == 1


@pytest.mark.parametrize("reason", ["", "   ", "\t", "\u00a0"])
def test_a_reason_that_is_required_must_be_one(guarded: Guarded, mock: MockServer, reason: str) -> None:
    cli = guarded("require_reason = true")
    (ref,) = running(cli, "kfp")
    refused(cli("do", "abort", ref, "--yes", "--reason", reason), 2, "needs a reason")
    refused(
        cli("api", "kfp", "TerminateRun", "--set", "run_id=x", "--yes", "--reason", reason), 2, "needs a reason"
    )
    assert writes(mock) == []
    assert cli("do", "abort", ref, "--yes", "--reason", "OPS-1").code == 0
    assert [entry["reason"] for entry in cli("journal", "-o", "json").json] == ["OPS-1"]


def test_protected_names_are_typed(guarded: Guarded, mock: MockServer) -> None:
    cli = guarded('protected_names = ["*"]')
    (ref,) = running(cli, "kfp")
    refused(cli("do", "abort", ref, "--yes"), 2, "it is protected")
    refused(cli("api", "kfp", "TerminateRun", "--set", "run_id=x", "--yes"), 2, "it is protected")
    assert writes(mock) == []
    assert cli("do", "abort", ref, "--confirm", "kfp").code == 0
