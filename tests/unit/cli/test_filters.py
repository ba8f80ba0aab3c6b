"""Every operator of the filter language on the command line, checked against the records themselves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.unit.cli.conftest import Cli

Row = dict[str, Any]


def words(row: Row) -> str:
    """What a bare word searches."""
    texts = [row[key] for key in ("name", "id", "owner", "group", "pool", "host", "message") if row[key]]
    return "\n".join([*texts, row["state"], *(f"{key}={value}" for key, value in row["labels"].items())]).lower()


CASES: list[tuple[str, str, Callable[[Row], bool]]] = [
    ("kfp", "state=failed", lambda row: row["state"] == "failed"),
    ("kfp", "state=failed,succeeded", lambda row: row["state"] in ("failed", "succeeded")),
    ("kfp", "state!=failed", lambda row: row["state"] != "failed"),
    ("kfp", "state!=failed,succeeded", lambda row: row["state"] not in ("failed", "succeeded")),
    ("kfp", "name~^etl.*[0-9]$", lambda row: re.search("^etl.*[0-9]$", row["name"]) is not None),
    ("kfp", "name!~^etl", lambda row: re.search("^etl", row["name"]) is None),
    ("kfp", "duration>20m", lambda row: row["duration_s"] is not None and row["duration_s"] > 1200),
    ("kfp", "dur<=5m", lambda row: row["duration_s"] is not None and row["duration_s"] <= 300),
    ("kfp", "etl", lambda row: "etl" in words(row)),
    ("kfp", "etl failed", lambda row: "etl" in words(row) and "failed" in words(row)),
    ("kfp", "-etl", lambda row: "etl" not in words(row)),
    ("kfp", "-state=failed", lambda row: row["state"] != "failed"),
    ("kfp", "~~etlh", lambda row: re.search(".*".join("etlh"), row["name"]) is not None),
    ("kfp", "state=failed or state=running", lambda row: row["state"] in ("failed", "running")),
    (
        "kfp",
        "(state=failed or state=running) name~^[a-l]",
        lambda row: row["state"] in ("failed", "running") and row["name"][0] <= "l",
    ),
    ("kfp", "-(state=failed or etl)", lambda row: row["state"] != "failed" and "etl" not in words(row)),
    ("kfp", 'group="growth"', lambda row: row["group"] == "growth"),
    ("kfp", "owner=-", lambda row: row["owner"] is None),
    ("kfp", "created>2000-01-01", lambda row: True),
    (
        "peloton",
        "done>=1",
        lambda row: bool(row["progress"]) and row["progress"]["done"] >= row["progress"]["total"],
    ),
    ("peloton", "pool=/ml/ads", lambda row: row["pool"] == "/ml/ads"),
]


@pytest.mark.parametrize(("context", "text", "wanted"), CASES, ids=[text for _, text, _ in CASES])
def test_a_filter_gives_exactly_the_rows_it_says(
    cli: Cli, context: str, text: str, wanted: Callable[[Row], bool]
) -> None:
    every = cli("get", "runs", "-c", context, "-o", "json").json
    result = cli("get", "runs", "-c", context, "--filter", text, "-o", "json")
    assert (result.code, result.err) == (0, "")
    found = {row["id"] for row in result.json}
    expected = {row["id"] for row in every if wanted(row)}
    assert found == expected
    assert expected, "a filter that nothing matches proves nothing"


def test_an_age_counts_back_from_now_and_a_date_is_a_date(cli: Cli) -> None:
    every = cli("get", "runs", "-c", "kfp", "-o", "json").json
    middle = every[30]["created"]
    ago = time.time() - datetime.fromisoformat(middle).timestamp()
    wanted = {row["id"] for row in every if row["created"] < middle}
    for text in (f"created<{middle}", f"age>{ago + 5:.0f}s", f"created>{ago + 5:.0f}s"):
        found = {row["id"] for row in cli("get", "runs", "-c", "kfp", "--filter", text, "-o", "json").json}
        assert found <= wanted
        assert len(wanted - found) <= 1  # one may have been made within those five seconds


def test_labels_by_their_key(cli: Cli) -> None:
    pods = cli("get", "pods", "-c", "peloton", "-o", "json").json
    team = pods[0]["labels"]["team"]
    found = cli("get", "pods", "-c", "peloton", "--filter", f"label.team={team}", "-o", "json").json
    assert {row["id"] for row in found} == {row["id"] for row in pods if row["labels"].get("team") == team}
    assert len(found) < len(pods)


def test_restarts_are_tries_but_one(cli: Cli) -> None:
    def ids(text: str) -> list[str]:
        found = cli("get", "pods", "-c", "peloton", "--filter", text, "-o", "name")
        assert found.code == 0, found.err
        return found.lines

    assert ids("restarts>=1") == ids("try>=2")
    assert ids("restarts>=1")
    assert ids("restarts=0") == ids("try=1")


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("state=failed ownr~ana", 14, "no field ownr; nearest: owner"),
        ("(etl", 1, "( is never closed"),
        ("etl )", 5, "nothing is open"),
        ("dur>soon", 5, "duration"),
        ("state=", 7, "a value is missing"),
        ("name~[", 6, ""),
        ("or", 1, "or needs something on both sides"),
        ("state>failed", 1, ""),
    ],
)
def test_an_error_points_at_the_column(cli: Cli, text: str, column: int, said: str) -> None:
    result = cli("get", "runs", "-c", "kfp", "--filter", text)
    assert result.code == 2
    assert f"filter, column {column}: " in result.complaint
    assert said in result.complaint
