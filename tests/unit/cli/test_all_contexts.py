"""`-c all`: one list over every backend, and what a slow or dead one costs the others: nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from adapters import registry
from adapters.mock.server import MockServer
from tests.unit.cli.conftest import Cli
from tui.core.export import KEYS
from tui.oneshot import output, stream

SLOW = 0.6


@pytest.fixture
def slow(mock_of_all: MockServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A backend that takes its time for each answer."""
    monkeypatch.setattr(stream, "PATIENCE", 0.2)
    mock_of_all.faults.add(f"kfp:*:latency={SLOW}")
    yield "kfp"
    mock_of_all.faults.replace([])


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    """When each piece of stdout was written, in seconds from now."""
    began, found, real = time.monotonic(), list[tuple[float, str]](), output.write

    def write(text: str) -> None:
        found.append((time.monotonic() - began, text))
        real(text)

    monkeypatch.setattr(output, "write", write)
    return found


def test_every_backend_is_in_the_one_list(all_of_them: Cli) -> None:
    result = all_of_them("get", "runs", "-c", "all", "-o", "json")
    assert (result.code, result.err) == (0, "")
    rows = result.json
    assert {row["context"] for row in rows} == set(registry.names())
    assert all(list(row) == list(KEYS) for row in rows)
    created = [row["created"] for row in rows if row["created"]]
    assert created == sorted(created, reverse=True)
    assert len({(row["context"], row["id"]) for row in rows}) == len(rows)


def test_sorting_and_filtering_go_across_them(all_of_them: Cli) -> None:
    failed = all_of_them("get", "runs", "-c", "all", "--filter", "state=failed", "--sort=-dur", "-o", "json").json
    assert {row["state"] for row in failed} == {"failed"}
    assert len({row["context"] for row in failed}) > 2
    spans = [row["duration_s"] for row in failed if row["duration_s"] is not None]
    assert spans == sorted(spans, reverse=True)


@pytest.mark.parametrize("format", ["table", "wide", "jsonl", "name"])
def test_a_slow_backend_delays_only_its_own_rows(
    all_of_them: Cli, slow: str, written: list[tuple[float, str]], format: str
) -> None:
    result = all_of_them("get", "runs", "-c", "all", "-o", format)
    assert result.code == 0
    assert f"{slow}: no answer yet; its rows come when it answers" in result.err
    own = [
        at for at, text in written if f'"context": "{slow}"' in text or f" {slow} " in text or f"{slow}/" in text
    ]
    others = [at for at, text in written if "peloton" in text]
    assert len(own) == 60
    assert others[0] < min(own) >= SLOW
    assert len(result.lines) == len(written)


@pytest.mark.parametrize("more", [["-o", "json"], ["-o", "csv"], ["--limit", "40", "-o", "name"]])
def test_where_the_order_decides_all_are_waited_for(all_of_them: Cli, slow: str, more: list[str]) -> None:
    result = all_of_them("get", "runs", "-c", "all", *more)
    assert (result.code, result.err) == (0, "")
    assert slow in result.out


def test_a_dead_backend_is_named_and_the_rest_is_there(all_of_them: Cli, mock_of_all: MockServer) -> None:
    mock_of_all.faults.add("kfp:*:status=503")
    try:
        result = all_of_them("get", "runs", "-c", "all")
    finally:
        mock_of_all.faults.replace([])
    assert result.code == 3
    assert result.complaint.startswith("kfp: ")
    assert all(f" {name} " in result.out for name in registry.names() if name != "kfp")
    assert " kfp " not in result.out


def test_one_that_never_answers_ends_with_the_time(all_of_them: Cli, mock_of_all: MockServer) -> None:
    mock_of_all.faults.add("kfp:*:latency=30")
    try:
        result = all_of_them("get", "runs", "-c", "all", "-o", "name", "--timeout", "2")
    finally:
        mock_of_all.faults.replace([])
    assert result.code == 3
    assert "kfp: no answer in the time this command has" in result.err
    assert {line.partition("/")[0] for line in result.lines} == set(registry.names()) - {"kfp"}
