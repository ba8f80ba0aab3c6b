"""`runyard get`: every format, filter, sort, limit, and what it does in bad weather."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from adapters.mock.server import MockServer, config_toml
from tests.unit.cli.conftest import BACKENDS, Cli
from tui.core.export import KEYS


def test_everything_is_listed_newest_first(cli: Cli) -> None:
    result = cli("get", "runs", "-c", "kfp", "-o", "json")
    assert (result.code, result.err) == (0, "")
    rows = result.json
    assert len(rows) == 60
    created = [row["created"] for row in rows]
    assert created == sorted(created, reverse=True)
    assert all(list(row) == list(KEYS) for row in rows)
    assert {row["kind"] for row in rows} == {"run"}


def test_several_contexts_are_one_list(cli: Cli) -> None:
    rows = cli("get", "runs", "-o", "json").json
    assert {row["context"] for row in rows} == {"kfp", "peloton"}
    created = [row["created"] for row in rows]
    assert created == sorted(created, reverse=True)
    assert len({(row["context"], row["id"]) for row in rows}) == len(rows)


def test_all_formats_tell_of_the_same_objects(cli: Cli) -> None:
    def get(format: str) -> str:
        result = cli("get", "hosts", "-c", "peloton", "-o", format)
        assert result.code == 0
        return result.out

    whole = json.loads(get("json"))
    ids = [row["id"] for row in whole]
    assert len(ids) == 12
    assert [json.loads(line)["id"] for line in get("jsonl").splitlines()] == ids
    assert [row["id"] for row in yaml.safe_load(get("yaml"))] == ids
    assert [row["id"] for row in csv.DictReader(io.StringIO(get("csv")))] == ids
    assert get("name").splitlines() == [f"peloton/host/{id}" for id in ids]
    for format in ("table", "wide"):
        head, *rows = get(format).splitlines()
        assert head.startswith("STATE")
        assert [id for id, row in zip(ids, rows, strict=True) if id not in row] == []


@pytest.mark.parametrize("format", ["json", "yaml", "csv", "jsonl", "name", "table"])
def test_nothing_found_is_an_empty_answer(cli: Cli, format: str) -> None:
    result = cli("get", "runs", "--filter", "name=nobody-has-this", "-o", format)
    assert result.code == 0
    expected = {"json": "[]\n", "yaml": "[]\n", "csv": ",".join(KEYS) + "\n"}
    assert result.out == expected.get(format, "")


def test_filters_sorts_and_limits(cli: Cli) -> None:
    failed = cli("get", "runs", "-c", "kfp", "--filter", "state=failed", "-o", "json").json
    assert failed
    assert {row["state"] for row in failed} == {"failed"}
    names = [row["name"] for row in cli("get", "runs", "-c", "kfp", "--sort", "name", "-o", "json").json]
    assert names != sorted(names, reverse=True)
    turned = [row["name"] for row in cli("get", "runs", "-c", "kfp", "--sort", "-name", "-o", "json").json]
    assert len(names) == len(turned) == 60
    assert names[0] != turned[0]
    longest = cli("get", "runs", "-c", "kfp", "--sort=-dur", "--limit", "3", "-o", "json").json
    spans = [row["duration_s"] for row in longest]
    assert spans == sorted(spans, reverse=True)
    assert len(spans) == 3
    assert len(cli("get", "runs", "--limit", "5", "-o", "name").lines) == 5


def test_what_is_under_another_object(cli: Cli) -> None:
    run = cli("get", "runs", "-c", "kfp", "--filter", "state=succeeded", "--limit", "1", "-o", "name").lines[0]
    tasks = cli("get", "tasks", "--of", run, "-o", "json").json
    assert tasks
    assert {row["context"] for row in tasks} == {"kfp"}


@pytest.mark.parametrize("where", ["ref", "id", "id anywhere"])
def test_single_objects(cli: Cli, where: str) -> None:
    ref = cli("get", "runs", "-c", "kfp", "--limit", "1", "-o", "name").lines[0]
    id = ref.split("/", 2)[2]
    arguments = {"ref": [ref], "id": [id, "-c", "kfp"], "id anywhere": [id]}[where]
    (row,) = cli("get", "runs", *arguments, "-o", "json").json
    assert (row["context"], row["id"]) == ("kfp", id)


def test_an_id_with_slashes_is_verbatim(cli: Cli) -> None:
    pools = cli("get", "pools", "-c", "peloton", "-o", "json").json
    assert any("/" in row["name"] for row in pools)
    (row,) = cli("get", "pools", f"peloton/pool/{pools[-1]['id']}", "-o", "json").json
    assert row["id"] == pools[-1]["id"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["get", "runs", "nope", "-c", "kfp"], 5, "nope"),
        (["get", "runs", "kfp/run/nope"], 5, "nope"),
        (["get", "runs", "-c", "nowhere"], 2, "no context 'nowhere'"),
        (["get", "runs", "-c", "kpf"], 2, "no context 'kpf'; nearest: kfp"),
        (["get", "rnus"], 2, "no kind 'rnus'; nearest: runs"),
        (["get", "hosts", "-c", "kfp"], 2, "host"),
        (["get", "hosts", "x", "-c", "kfp"], 2, "host"),
        (["get", "hosts", "kfp/run/x"], 2, "kfp/run/x is a run, not a host"),
        (["get", "runs", "--filter", "ownr=x"], 2, "no field ownr; nearest: owner"),
        (["get", "runs", "--filter", "(a"], 2, "filter, column 1: ( is never closed"),
        (["get", "runs", "--sort", "nmae"], 2, "no column 'nmae' to sort by; nearest: name"),
        (["get", "runs", "--limit", "0"], 2, "--limit"),
        (["get", "tasks", "--of", "kfp"], 2, "not a reference"),
        (["get", "tasks", "--of", "nowhere/run/x"], 2, "no context 'nowhere'"),
        (["get", "runs", "-o", "xml"], 2, "'xml' is not one of"),
        (["get", "runs", "--tiemout", "3"], 2, "--tiemout"),
        (["get", "runs", "--timeout", "soon"], 2, "is not a duration"),
        (["gte", "runs"], 2, "no command 'gte'; nearest: get"),
        (["get", "runs", "--watch", "-o", "json"], 2, "--watch goes with"),
    ],
)
def test_what_is_wrong_is_one_line(cli: Cli, arguments: list[str], code: int, words: str) -> None:
    result = cli(*arguments)
    assert (result.code, result.out in ("", "[]\n")) == (code, True)
    assert words in result.complaint


def test_global_options_stand_before_or_after_the_verb(cli: Cli) -> None:
    after = cli("get", "runs", "-c", "kfp", "--filter", "state=failed", "-o", "name").out
    before = cli("-c", "kfp", "--filter", "state=failed", "get", "runs", "-o", "name").out
    assert before == after != ""
    assert cli("-c", "nowhere", "get", "runs", "-c", "kfp", "-o", "name").code == 0


def test_one_context_down_costs_only_itself(with_dead: Cli) -> None:
    result = with_dead("get", "runs", "-o", "json")
    assert result.code == 3
    assert {row["context"] for row in result.json} == {"kfp", "peloton"}
    assert result.complaint.startswith("dead: no answer: 127.0.0.1:9")


def test_all_down_is_3_and_still_valid_json(with_dead: Cli) -> None:
    result = with_dead("get", "runs", "-c", "dead", "-o", "json")
    assert (result.code, result.out) == (3, "[]\n")
    assert with_dead("get", "runs", "x", "-c", "dead").code == 3


def test_a_backend_that_hangs_ends_with_the_budget(
    runyard: Cli, write_config: Callable[[str], Path], mock: MockServer
) -> None:
    write_config(config_toml(mock.url, BACKENDS))
    mock.faults.add("kfp:*:latency=30")
    try:
        result = runyard("get", "runs", "--timeout", "1.2", "-o", "json")
    finally:
        mock.faults.replace([])
    assert result.code == 3
    assert {row["context"] for row in result.json} == {"peloton"}
    assert "kfp: no answer in the time" in result.err


@pytest.mark.parametrize(("fault", "code"), [("401", 4), ("403", 4), ("500", 3), ("429", 3)])
def test_exit_codes_of_backend_errors(
    runyard: Cli, write_config: Callable[[str], Path], mock: MockServer, fault: str, code: int
) -> None:
    write_config(config_toml(mock.url, BACKENDS).replace('backend = "kfp"', 'backend = "kfp"\nretries = 0'))
    mock.faults.add(f"kfp:*:status={fault}")
    try:
        result = runyard("get", "runs", "-c", "kfp")
    finally:
        mock.faults.replace([])
    assert (result.code, bool(result.complaint)) == (code, True)


def test_without_a_config_it_says_how_to_make_one(runyard: Cli) -> None:
    result = runyard("get", "runs")
    assert result.code == 2
    assert "runyard config init" in result.complaint
    assert "runyard demo" in result.complaint


def test_a_broken_config_is_one_line_that_says_where_the_others_are(
    runyard: Cli, write_config: Callable[[str], Path]
) -> None:
    write_config('[contexts.a]\nbackend = "kpf"\n[ui]\nthme = "x"\n')
    result = runyard("get", "runs")
    assert result.code == 2
    assert "nearest: kfp" in result.complaint
    assert "and 1 more; runyard config check lists all" in result.complaint


def test_watching_writes_what_changes(cli: Cli) -> None:
    result = cli("get", "runs", "-c", "kfp", "--watch", "-o", "jsonl", "--timeout", "0.8")
    assert result.code == 0
    events = [json.loads(line) for line in result.lines]
    assert {event["type"] for event in events} == {"put"}
    assert len(events) >= 60
    assert list(events[0]["object"]) == list(KEYS)
