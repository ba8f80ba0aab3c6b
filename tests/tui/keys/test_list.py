"""Each key of the tables: pressed, and its effect seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import hosts, many_runs, pods, pools, run, runs
from tests.tui.detail.world import World, spool
from tests.tui.fake import SCHEMA, FakeAdapter, Tester
from tests.tui.keys.proof import CASE, Effect, case, cases, copied, cursor, do, loses, on, proves, sees
from tui.screens.detail import DetailScreen
from tui.screens.document import DocumentScreen
from tui.screens.logs import LogsScreen

pytestmark = pytest.mark.anyio

SAVED = {str(number): "state=failed" for number in range(1, 10)}
OWNER = Ref("peloton", Kind.RUN, "ctr-train-0822")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def marks(count: int) -> Effect:
    return lambda t: len(t.screen.model.marks) == count


def first(id: str) -> Effect:
    return lambda t: t.screen.model.refs[0].id == id


def somewhere_between(t: Tester) -> bool:
    return 5 < t.screen.table.cursor_index < 90


def written(name: str) -> Effect:
    return lambda t: Path(name).exists() and sees("11 runs in")(t)


RUNS = [
    *cases("down", "j down", cursor("churn-xgb-weekly-34")),
    *cases("up", "k up", cursor("llm-eval-mmlu-sweep-14"), "j"),
    *cases("top", "g home", cursor("llm-eval-mmlu-sweep-14"), "G"),
    *cases("bottom", "G end", cursor("ocr-detector-train-87")),
    case("next-fault", "e", cursor("fraud-gbdt-nightly-0822")),
    case("previous-fault", "E", cursor("ocr-detector-train-88")),
    *cases("left", "left h", sees("NATIVE"), "ctrl-w", "=NATIVE", "right", "right", "~NATIVE", "left"),
    case("right", "right", loses("NATIVE"), "ctrl-w", "=NATIVE"),
    case("open", "enter", sees("› pods")),
    case("describe", "d", on(DocumentScreen, mode="describe")),
    case("raw", "y", on(DocumentScreen, mode="yaml")),
    case("logs", "l", on(LogsScreen)),
    case("why", "X", sees("WHY  llm-eval-mmlu-sweep-14")),
    case("events", "v", on(DetailScreen, tab="events")),
    case("retry", "r", sees("PLAN  retry run fraud-gbdt-nightly-0822"), "e"),
    case("abort", "ctrl-d", sees("PLAN  abort run llm-eval-mmlu-sweep-14")),
    case("delete", "ctrl-k", sees("PLAN  delete run llm-eval-mmlu-sweep-14")),
    case("menu", "x", sees("ACTIONS  llm-eval-mmlu-sweep-14")),
    case("again", ".", sees("PLAN  abort"), "ctrl-d", "=PLAN", "-PLAN"),
    case("mark", "space", marks(1)),
    case("mark-range", "ctrl-space", marks(4), "space", "j", "j"),
    case("mark-all", "*", marks(11)),
    case("diff", "V", sees("diff compares two objects")),
    case("unmark", "ctrl-\\", marks(0), "space"),
    case("filter", "/", sees("enter keep")),
    *(case(f"saved-{number}", number, sees("2 of 11 runs")) for number in SAVED),
    case("warp", "w", sees("1 of 11 runs", "group=eval")),
    case("group", "B", sees("GROUP by state")),
    case("sort-name", "N", first("ads-ctr-backfill-0820")),
    case("sort-age", "A", first("ocr-detector-train-87"), "A", "N", "A"),
    case("sort-state", "S", first("fraud-gbdt-nightly-0822")),
    case("sort-by", "O", sees("SORT by")),
    case("columns", ",", sees("COLUMNS of runs")),
    case("wide", "ctrl-w", sees("NATIVE")),
    case("faults", "ctrl-z", sees("only faults")),
    case("copy-id", "c", copied("llm-eval-mmlu-sweep-14")),
    case("copy-scope", "n", copied("eval")),
    case("copy-cell", "Y", sees("COPY")),
    case("export", "ctrl-s", written("runs-prod-kfp.csv")),
    case("times", "t", lambda t: "14:31:03Z" in t.lines[3]),
]


@pytest.mark.parametrize(CASE, RUNS)
async def test_runs(console: Open, tmp_path: Path, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    adapter = FakeAdapter("prod-kfp", runs())
    async with console(adapter, saved=SAVED, spool=spool(tmp_path)) as t:
        await t.see("ocr-detector-train-87")
        await do(t, *before)
        await proves(t, key, effect)
        assert adapter.performed == []


MANY = [
    *cases("page-down", "ctrl-f pagedown", somewhere_between),
    *cases("page-up", "ctrl-b pageup", somewhere_between, "G"),
]


@pytest.mark.parametrize(CASE, MANY)
async def test_many_runs(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(FakeAdapter("prod-kfp", many_runs(100))) as t:
        await t.see("100 runs")
        await do(t, *before)
        await proves(t, key, effect)


PODS = [
    case("host", "o", lambda t: t.screen.kind is Kind.HOST and t.cursor == "gpu-a100-0417"),
    case("owner", "J", on(DetailScreen, ref=OWNER)),
    case("attempts", "p", on(LogsScreen, attempt=1), "j"),
]


@pytest.mark.parametrize(CASE, PODS)
async def test_pods(console: Open, tmp_path: Path, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    owner = run("peloton", State.RUNNING, OWNER.id)
    world = World("peloton", [owner, *pods(OWNER), *hosts()], SCHEMA)
    async with console(world, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("ctr-train-0822-10")
        await do(t, *before)
        await proves(t, key, effect)


HOSTS = [
    case("used-by", "u", sees("hosts › gpu-a100-0311 › pods")),
    case("drain", "C", sees("PLAN  drain host gpu-a100-0389"), "G"),
    case("undrain", "U", sees("PLAN  undrain host gpu-a100-0311")),
]


@pytest.mark.parametrize(CASE, HOSTS)
async def test_hosts(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    adapter = FakeAdapter("peloton", hosts())
    async with console(adapter, view=Kind.HOST) as t:
        await t.see("gpu-a100-0389")
        await do(t, *before)
        await proves(t, key, effect)
        assert adapter.performed == []


POOLS = [
    *cases("left", "left h", sees("├ ml (2)"), "j"),
    case("right", "right", sees("ranking"), "j", "left", "~ranking"),
    case("resource-right", ">", sees("cpu █used")),
    case("resource-left", "<", sees("gpu █used"), ">", "=cpu █used"),
]


@pytest.mark.parametrize(CASE, POOLS)
async def test_pools(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    async with console(FakeAdapter("peloton", pools()), view=Kind.POOL) as t:
        await t.see("research")
        await do(t, *before)
        await proves(t, key, effect)


CONTEXTS = [
    case("all-contexts", "0", sees("all › runs", "from-two")),
]


@pytest.mark.parametrize(CASE, CONTEXTS)
async def test_contexts(console: Open, key: str, effect: Effect, before: tuple[str, ...]) -> None:
    two = FakeAdapter("two", [run("two", State.RUNNING, "from-two")])
    async with console(FakeAdapter("one", runs("one")), two, scope=("one",)) as t:
        await t.see("11 runs")
        await do(t, *before)
        await proves(t, key, effect)
