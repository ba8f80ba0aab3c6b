"""Pasting an id, a reference or a URL of a backend's own console: the cursor goes there, or the object opens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events

from adapters import registry
from adapters.errors import Unavailable
from adapters.model import Kind, Ref, State
from adapters.port import Link
from tests.tui.conftest import Open
from tests.tui.data import hosts, run, runs
from tests.tui.fake import SCHEMA, FakeAdapter, Tester
from tui.core.pasted import candidates
from tui.screens.detail import DetailScreen
from tui.screens.list import ListScreen
from tui.screens.pulse import PulseScreen

pytestmark = pytest.mark.anyio

LINKED = replace(SCHEMA, links=(Link(Kind.RUN, r"/runs/details/([\w-]+)"),))
PAGE = "https://ml.example.com/pipeline/?ns=team#/runs/details/"


def paste(t: Tester, text: str) -> None:
    t.app.post_message(events.Paste(text))


async def detail(t: Tester) -> Ref:
    await t.until(lambda: isinstance(t.app.screen, DetailScreen))
    shown = t.app.screen
    assert isinstance(shown, DetailScreen)
    return shown.ref


@pytest.mark.parametrize(
    "text",
    [
        "ocr-detector-train-88",
        "  ocr-detector-train-88\n",
        "prod-kfp/run/ocr-detector-train-88",
        PAGE + "ocr-detector-train-88?tab=logs",
        "the run ocr-detector-train-88 has failed",
    ],
)
async def test_the_cursor_goes_to_what_is_in_the_table(console: Open, text: str) -> None:
    async with console(FakeAdapter("prod-kfp", runs(), LINKED)) as t:
        await t.see("ocr-detector-train-87")
        paste(t, text)
        await t.until(lambda: t.cursor == "ocr-detector-train-88")


async def test_the_whole_id_is_meant_before_a_part_of_it(console: Open) -> None:
    rows = [
        run("kfp", State.RUNNING, name, age=age) for name, age in (("job-00001", "1m00s"), ("job-000012", "2m00s"))
    ]
    async with console(FakeAdapter("kfp", rows, LINKED)) as t:
        await t.see("job-000012")
        paste(t, PAGE + "job-000012")
        await t.until(lambda: t.cursor == "job-000012")
        paste(t, "job-00001")
        await t.until(lambda: t.cursor == "job-00001")


@pytest.mark.parametrize("text", ["hidden-run-0001", PAGE + "hidden-run-0001", "prod-kfp/run/hidden-run-0001"])
async def test_what_is_not_in_the_table_is_asked_for_and_opens(console: Open, text: str) -> None:
    adapter = FakeAdapter("prod-kfp", runs(), LINKED)
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        row = run("prod-kfp", State.FAILED, "hidden-run-0001")
        adapter.rows[row.ref] = row
        paste(t, text)
        assert await detail(t) == row.ref


async def test_a_row_that_the_filter_hides_opens(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs(), LINKED), filter="state=running") as t:
        await t.see("3 of 11 runs")
        paste(t, "ocr-detector-train-88")
        assert (await detail(t)).id == "ocr-detector-train-88"


async def test_a_page_of_a_run_opens_from_any_table(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", [*runs(), *hosts("prod-kfp")], LINKED)
    async with console(adapter, view=Kind.HOST) as t:
        await t.see("gpu-a100-0417")
        paste(t, PAGE + "ocr-detector-train-88")
        assert (await detail(t)).kind is Kind.RUN
        await t.press("escape", "P")
        await t.until(lambda: isinstance(t.app.screen, PulseScreen))
        paste(t, PAGE + "ocr-detector-train-88")
        assert (await detail(t)).id == "ocr-detector-train-88"


async def test_another_context_that_has_it_is_found(console: Open) -> None:
    there = run("lab", State.FAILED, "hidden-run-0001")
    async with console(
        FakeAdapter("prod-kfp", runs(), LINKED), FakeAdapter("lab", [there], LINKED), scope=("prod-kfp",)
    ) as t:
        await t.see("ocr-detector-train-87")
        paste(t, PAGE + "hidden-run-0001")
        assert await detail(t) == there.ref


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no-such-run", "run no-such-run is not in prod-kfp"),
        ("https://example.com/nothing/here", "no backend here knows this page: https://example.com/nothing/here"),
        ("short", "no run here has short"),
        ("\x1b[31m\x07evil-id‮", "run ␛[31m␇evil-id� is not in prod-kfp"),
        ("   ", "nothing was pasted"),
    ],
)
async def test_what_is_nowhere_is_said(console: Open, text: str, said: str) -> None:
    async with console(FakeAdapter("prod-kfp", runs(), LINKED)) as t:
        await t.see("ocr-detector-train-87")
        paste(t, text)
        await t.see(said)
        assert isinstance(t.app.screen, ListScreen)


async def test_a_context_that_does_not_answer_is_said(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", runs(), LINKED)
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        adapter.error = Unavailable("10.2.0.9 refused")
        paste(t, PAGE + "hidden-run-0001")
        await t.see("✗ 10.2.0.9 refused")


ID = "0b3e7a52-41d0-4c8e-9a77-5f1d2c6b9c41"
TASK = "0b3e7a5241d04c8e9a775f1d2c6b9c41"
GOOGLE = "https://console.cloud.google.com"
PAGES = [
    ("kfp", f"https://ml.example.com/#/runs/details/{ID}", ID),
    ("kfp", f"https://ml.example.com/_/pipeline/?ns=team-a#/runs/details/{ID}?x=1", ID),
    ("kfp", f"http://localhost:8080/pipeline/#/runs/details/{ID}/", ID),
    ("clearml", f"https://app.clear.ml/projects/{'a' * 32}/experiments/{TASK}/output/log", TASK),
    ("clearml", f"https://app.clear.ml/projects/*/tasks/{TASK}/info-output/metrics/scalar", TASK),
    ("clearml", f"https://app.clear.ml/pipelines/{'a' * 32}/experiments/{TASK}", TASK),
    ("vertex", f"{GOOGLE}/ai/platform/locations/europe-west4/training/5636733135?project=6", "5636733135"),
    ("vertex", f"{GOOGLE}/vertex-ai/locations/us-central1/training/77/cpu?project=x", "77"),
    ("jobmanager", f"https://jobs.example.com/jobs/{ID}?q=projectId", ID),
    ("jobmanager", f"https://jobs.example.com/team/jobs/{ID}", ID),
]  # fmt: skip


@pytest.mark.parametrize(("backend", "url", "id"), PAGES)
def test_the_backends_know_their_own_pages(backend: str, url: str, id: str) -> None:
    found = candidates(url, ["c"], {"c": registry.backend(backend).schema}, {}, Kind.HOST)
    assert found == [Ref("c", Kind.RUN, id)]


@pytest.mark.parametrize("backend", ["kfp", "clearml", "vertex", "peloton"])
def test_other_pages_are_nobody_s(backend: str) -> None:
    schemas = {"c": registry.backend(backend).schema}
    for url in (
        "https://ml.example.com/#/pipelines/details/x",
        "https://console.cloud.google.com/gke",
        "https://x/y",
    ):
        assert candidates(url, ["c"], schemas, {}, Kind.RUN) == []


def test_the_context_at_the_host_of_the_url_comes_first() -> None:
    schema = registry.backend("kfp").schema
    urls = {"a": "https://one.example.com/pipeline", "b": "https://ml.example.com/pipeline"}
    found = candidates(PAYLOAD, ["a"], {"a": schema, "b": schema}, urls, Kind.RUN)
    assert [ref.context for ref in found] == ["b", "a"]


PAYLOAD = f"https://user@ML.example.com/pipeline/#/runs/details/{ID}"
