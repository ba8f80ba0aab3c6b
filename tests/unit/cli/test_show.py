"""`describe`, `logs`, `actions`, `contexts`, `config`: what they print, and where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.mock.server import MockServer
from tests.unit.cli.conftest import Cli
from tui.config import load


def ref_of(cli: Cli, kind: str, context: str, filter: str = "") -> str:
    return cli("get", kind, "-c", context, "--filter", filter, "--limit", "1", "-o", "name").lines[0]


@pytest.mark.parametrize(
    ("kind", "context"), [("runs", "kfp"), ("runs", "peloton"), ("hosts", "peloton"), ("pods", "peloton")]
)
def test_describe_in_every_format(cli: Cli, kind: str, context: str) -> None:
    ref = ref_of(cli, kind, context)
    text = cli("describe", ref)
    assert (text.code, text.err) == (0, "")
    assert ref in text.out
    whole = cli("describe", ref, "-o", "json").json
    assert (whole["context"], whole["id"]) == (context, ref.split("/", 2)[2])
    assert whole["raw"] == cli("describe", ref, "-o", "raw").json
    assert "raw:" in cli("describe", ref, "-o", "yaml").out


@pytest.mark.parametrize(
    ("ref", "code", "words"),
    [
        ("kfp/run/nope", 5, "nope"),
        ("kfp/host/x", 2, "host"),
        ("nowhere/run/x", 2, "no context"),
        ("run", 2, "not a reference"),
    ],
)
def test_describe_what_is_not_there(cli: Cli, ref: str, code: int, words: str) -> None:
    result = cli("describe", ref)
    assert (result.code, result.out) == (code, "")
    assert words in result.complaint


def test_logs_whole_and_their_end(cli: Cli) -> None:
    ref = ref_of(cli, "runs", "kfp", "state=failed")
    whole = cli("logs", ref)
    assert whole.code == 0
    assert len(whole.lines) > 20
    assert cli("logs", ref, "--tail", "20").lines == whole.lines[-20:]
    assert cli("logs", ref, "--tail", "1").lines == whole.lines[-1:]
    assert cli("logs", ref, "--tail", "0").lines == []
    assert cli("logs", ref, "--tail", "1000000").lines == whole.lines


def test_a_logs_end_by_offset(cli: Cli) -> None:
    ref = ref_of(cli, "pods", "peloton", "state=running")
    whole = cli("logs", ref).lines
    assert len(whole) > 5
    assert cli("logs", ref, "--tail", "5").lines == whole[-5:]


def test_log_times(cli: Cli) -> None:
    ref = ref_of(cli, "runs", "kfp", "state=failed")
    plain = cli("logs", ref, "--tail", "3").lines
    stamped = cli("logs", ref, "--tail", "3", "--timestamps").lines
    assert [line.split(" ", 1)[1] for line in stamped] == plain
    assert all(line[:2] == "20" for line in stamped)
    assert cli("logs", ref, "--since", "1s").lines == []
    assert cli("logs", ref, "--since", "400d").lines == cli("logs", ref).lines


def test_following_a_log_that_has_ended_ends(cli: Cli) -> None:
    ref = ref_of(cli, "runs", "kfp", "state=failed")
    followed = cli("logs", ref, "-f", "--tail", "3")
    assert (followed.code, followed.lines) == (0, cli("logs", ref, "--tail", "3").lines)


def test_following_goes_on_until_its_time_is_over(cli: Cli, mock: MockServer) -> None:
    ref = ref_of(cli, "pods", "peloton", "state=running")
    result = cli("logs", ref, "-f", "--tail", "1", "--timeout", "0.3")
    assert result.code == 0
    assert len(result.lines) >= 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["kfp/run/nope"], 5, "nope"),
        (["peloton/host/gpu-a100-0311"], 2, ""),
        (["kfp/run/x", "--attempt", "0"], 2, "--attempt"),
        (["kfp/run/x", "--since", "soon"], 2, "is not a duration"),
    ],
)
def test_logs_that_cannot_be_had(cli: Cli, arguments: list[str], code: int, words: str) -> None:
    result = cli("logs", *arguments)
    assert (result.code, result.out) == (code, "")
    assert words in result.complaint


def test_a_log_by_name(cli: Cli) -> None:
    ref = ref_of(cli, "pods", "peloton", "state=running")
    assert cli("logs", ref, "--source", "stderr").code == 0
    wrong = cli("logs", ref, "--source", "stdoot")
    assert (wrong.code, "nearest: stdout" in wrong.complaint) == (2, True)


def test_actions_of_contexts_and_of_an_object(cli: Cli) -> None:
    every = cli("actions", "-o", "json").json
    assert {(each["context"], each["action"]) for each in every} >= {("kfp", "abort"), ("peloton", "drain")}
    ref = ref_of(cli, "runs", "kfp", "state=succeeded")
    now = {each["action"]: each["why_not"] for each in cli("actions", ref, "-o", "json").json}
    assert now["delete"] is None
    assert "ended" in now["abort"]
    read_only = {each["why_not"] for each in cli("actions", ref, "-o", "json", "--read-only").json}
    assert read_only == {"kfp is read-only"}
    assert "WHAT IT DOES" in cli("actions", ref).out
    assert "CONTEXT" in cli("actions", "-c", "kfp").out


def test_contexts(with_dead: Cli) -> None:
    plain = with_dead("contexts")
    assert (plain.code, len(plain.lines)) == (0, 4)
    checked = with_dead("contexts", "--check", "-o", "json")
    assert checked.code == 3
    assert {each["context"]: each["state"] for each in checked.json} == {
        "kfp": "ok",
        "peloton": "ok",
        "dead": "down",
    }
    assert checked.complaint.startswith("dead: ")
    assert with_dead("contexts", "--check", "-c", "kfp").code == 0


class TestConfig:
    def test_path(self, runyard: Cli, own_home: Path) -> None:
        assert runyard("config", "path").out.strip() == str(own_home / "config" / "runyard" / "config.toml")
        assert runyard("config", "path", "--config", "/x.toml").out.strip() == "/x.toml"

    def test_check_names_everything(self, runyard: Cli, write_config: Callable[[str], Path]) -> None:
        path = write_config('[contexts.a]\nbackend = "kpf"\n[ui]\nthme = "x"\n')
        result = runyard("config", "check")
        assert result.code == 2
        assert len(result.err.splitlines()) == 2
        assert all(line.startswith(f"{path}: ") for line in result.err.splitlines())

    def test_check_of_a_right_one_and_of_none(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        assert cli("config", "check").out.endswith("ok, 2 contexts\n")
        monkeypatch.delenv("RUNYARD_CONFIG")
        assert "no config at" in cli("config", "check").out

    def test_example_is_a_config(self, runyard: Cli, write_config: Callable[[str], Path]) -> None:
        write_config(runyard("config", "example").out)
        assert runyard("config", "check").code == 0

    def test_init_writes_one_that_connects_nowhere_and_only_once(self, runyard: Cli, own_home: Path) -> None:
        assert runyard("config", "init").code == 0
        path = own_home / "config" / "runyard" / "config.toml"
        assert path.stat().st_mode & 0o777 == 0o600
        assert dict(load(path).contexts) == {}
        before = path.read_text()
        again = runyard("config", "init")
        assert (again.code, "is there already" in again.complaint) == (2, True)
        assert path.read_text() == before


class TestHostileText:
    """What a backend says cannot reach the terminal as anything but text."""

    HOSTILE = "[/red]\x1b]0;x\x07\u202egnp.exe\u200b\x9b31m\n" + "x" * 10_000

    @pytest.mark.parametrize(
        "command", ["table", "wide", "json", "jsonl", "yaml", "csv", "name", "describe", "plan"]
    )
    def test_to_a_terminal(self, cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
        from dataclasses import replace

        from adapters.kfp.adapter import KfpAdapter
        from adapters.model import Kind, Ref, Resource

        ref = ref_of(cli, "runs", "kfp", "state=running")
        get = KfpAdapter.get

        async def hostile(self: KfpAdapter, ref: Ref) -> Resource:
            row = await get(self, ref)
            return replace(
                row,
                name=TestHostileText.HOSTILE,
                message=TestHostileText.HOSTILE,
                ref=Ref("kfp", Kind.RUN, self_id),
            )

        self_id = "a\x1b[2J\u2028b"
        monkeypatch.setattr(KfpAdapter, "get", hostile)
        monkeypatch.setattr("tui.oneshot.output.to_terminal", lambda: True)
        arguments = {
            "describe": ["describe", ref],
            "plan": ["do", "abort", ref, "--dry-run"],
        }.get(command, ["get", "runs", ref, "-o", command])
        result = cli(*arguments)
        shown = result.out + result.err
        assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b\u2028")
        if command == "json":
            assert json.loads(result.out)[0]["name"] == self.HOSTILE
