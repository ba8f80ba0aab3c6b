"""Command mode completes kinds, contexts, fields, values, live ids, arguments of verbs; empty it lists all."""

from __future__ import annotations

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import hosts, many_runs, pods, run, runs
from tests.tui.fake import FakeAdapter, Tester
from tui.config import Config

pytestmark = pytest.mark.anyio


def prod() -> FakeAdapter:
    return FakeAdapter(
        "prod-kfp", [*runs(), *pods(Ref("prod-kfp", Kind.RUN, "fraud-gbdt-nightly-0822")), *hosts("prod-kfp")]
    )


def typed(t: Tester) -> str:
    prompt = t.app.screen.peek.prompt  # type: ignore[attr-defined]
    return prompt.edit.text if prompt is not None else ""


def ghost(t: Tester) -> str:
    prompt = t.app.screen.peek.prompt  # type: ignore[attr-defined]
    return prompt.ghost if prompt is not None else ""


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("po", "pods "),
        ("runs @l", "runs @lab "),
        ("runs @lab,pr", "runs @lab,prod-kfp "),
        ("runs ow", "runs owner="),
        ("runs state=fa", "runs state=failed "),
        ("runs state=failed,lo", "runs state=failed,lost "),
        ("runs group=fr", "runs group=fraud "),
        ("runs -group=fr", "runs -group=fraud "),
        ("runs ocr-detector-train-88", "runs ocr-detector-train-88 "),
        ("prod", "prod-kfp/"),
        ("prod-kfp/run/fraud", "prod-kfp/run/fraud-gbdt-nightly-0822 "),
        ("logs prod-kfp/run/fraud", "logs prod-kfp/run/fraud-gbdt-nightly-0822 "),
        ("group ow", "group owner "),
        ("sort-by state,-a", "sort-by state,-age "),
        ("export mine", "export mine.csv "),
        ("columns r", "columns reset "),
        ("ctx l", "ctx lab "),
        ("filter sta", "filter state="),
        ("unm", "unmark "),
    ],
)
async def test_tab_takes_what_the_ghost_text_shows(console: Open, text: str, taken: str) -> None:
    async with console(prod(), FakeAdapter("lab")) as t:
        await t.see("ocr-detector-train-87")
        await command(t, text)
        if taken.strip() != text:
            assert f"{text}{ghost(t)}" == taken.strip()
        await t.press("tab")
        assert typed(t) == taken


async def test_a_field_tells_its_type_and_values_and_a_context_its_state(console: Open) -> None:
    async with console(prod(), FakeAdapter("lab")) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "runs gro")
        await t.see("field     group=")
        assert any("text" in line and "ads, etl, eval" in line and "more" in line for line in t.lines)
        await t.press("escape")
        await command(t, "runs @")
        await t.see("context   @prod-kfp")
        assert any("@prod-kfp" in line and "11 runs, ok" in line for line in t.lines)


async def test_an_empty_line_lists_everything_and_up_and_enter_go_there(console: Open) -> None:
    async with console(prod(), FakeAdapter("lab")) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.see("kind      runs")
        assert any("runs" in line and "11 loaded" in line for line in t.lines)
        await t.press("up", "up")
        assert ghost(t) == "hosts"
        await t.press("enter")
        await t.see("› hosts")
        await t.press("colon", *["up"] * 9)
        await t.until(lambda: ghost(t) not in ("", "hosts"))  # the list goes on beyond what fits
        await t.press("escape")
        await t.see("gpu-a100-0311")


async def test_words_are_found_by_what_they_do(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "clear marks")
        await t.press("ctrl+u")
        await t.type("ages")
        await t.see("ages or clock times")
        await t.press("up", "down", "enter")
        await t.see("14:31:03Z")


async def test_nothing_is_asked_of_a_backend_to_complete(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", many_runs(300))
    async with console(adapter) as t:
        await t.see("job-00000")
        await t.until(lambda: all(s.complete for s in t.screen.model.snapshots.values()), 20)
        asked = len(adapter.queries)
        await command(t, "runs job-0000")
        await t.see("run       job-00001")
        assert len(adapter.queries) == asked


async def test_hostile_names_complete_harmlessly(console: Open) -> None:
    odd = run("prod-kfp", State.RUNNING, 'a "b" [/red]\x1b[31m', "[bold]")
    async with console(FakeAdapter("prod-kfp", [odd])) as t:
        await t.see("1 run")
        await command(t, "runs group=[")
        await t.see("[bold]")
        await t.press("ctrl+u")
        await t.type("runs [/re")
        await t.press("tab", "enter")
        await t.see("› runs")


@pytest.mark.parametrize(
    ("line", "opened"),
    [
        ("logs prod-kfp/run/a prod-kfp/run/b", "logs a b"),
        ("describe prod-kfp/run/a", "describe a"),
        ("raw prod-kfp/run/a", "yaml a"),
        ("why prod-kfp/run/a", "Why a"),
        ("abort prod-kfp/run/a prod-kfp/run/b", "abort a b"),
        ("prod-kfp/run/a", "None a"),
    ],
)
async def test_a_line_is_about_the_objects_it_names(
    console: Open, monkeypatch: pytest.MonkeyPatch, line: str, opened: str
) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        seen: list[str] = []
        monkeypatch.setattr(t.app, "open_logs", lambda refs: seen.append(" ".join(["logs", *(r.id for r in refs)])))
        monkeypatch.setattr(t.app, "open_document", lambda ref, mode: seen.append(f"{mode} {ref.id}"))
        monkeypatch.setattr(t.app, "open_detail", lambda ref, tab=None: seen.append(f"{tab} {ref.id}"))
        monkeypatch.setattr(
            t.app, "open_plan", lambda action, refs: seen.append(" ".join([action, *(r.id for r in refs)]))
        )
        await command(t, line)
        await t.press("enter")
        assert seen == [opened]


@pytest.mark.parametrize("line", ["abort fraud", "abort lab/run/x", "logs everything"])
async def test_what_names_nothing_is_never_about_the_row_of_the_cursor(
    console: Open, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        seen: list[object] = []
        for name in ("open_plan", "open_logs"):
            monkeypatch.setattr(t.app, name, lambda *refs: seen.append(refs))
        await command(t, line)
        await t.press("enter")
        assert seen == []
        assert t.app.screen.peek.message is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "title", "rows"),
    [
        ("fr", "prod-kfp,lab › runs", "2 of 11 runs"),
        ("fr group=fraud", "prod-kfp,lab › runs", "1 of 11 runs"),
        ("FR @lab", "lab › runs", "0 of 0 runs"),
        ("mine", "prod-kfp › hosts", "6 hosts"),
        ("mine @lab", "lab › hosts", "no host"),
    ],
)
async def test_an_alias_of_the_config_goes_where_it_says(console: Open, line: str, title: str, rows: str) -> None:
    config = Config(aliases={"fr": "runs state=failed", "mine": "hosts @prod-kfp"})
    async with console(prod(), FakeAdapter("lab"), scope=("prod-kfp", "lab"), config=config) as t:
        await t.see("ocr-detector-train-87")
        await command(t, line)
        await t.press("enter")
        await t.see(title.replace("prod-kfp,lab", "all"))
        await t.until(lambda: rows.lower() in "\n".join(t.lines).lower() or "no run" in "\n".join(t.lines).lower())


async def test_aliases_are_listed_and_completed(console: Open) -> None:
    config = Config(aliases={"fr": "runs state=failed"})
    async with console(prod(), config=config) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+a")
        await t.see("fr ")
        assert any("fr" in line and "runs state=failed" in line for line in t.lines)
        await t.press("enter", "enter")
        await t.see("2 of 11 runs")
        await command(t, "fr group=fr")
        assert ghost(t) == "aud"
