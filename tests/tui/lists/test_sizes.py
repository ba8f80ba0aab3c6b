"""Every size of SCREENS section 5: nothing overflows, what leaves leaves, and a storm of resizes ends well."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.data import hosts, pods, pools, runs
from tests.tui.fake import FakeAdapter, Tester

pytestmark = pytest.mark.anyio

SIZES = [(200, 60), (160, 48), (120, 30), (80, 24), (70, 20), (60, 16), (45, 12), (40, 10), (39, 9)]
STEPS = ["x", "question_mark", "slash", "colon", "ctrl+a", "O", "exclamation_mark"]
FIRST = Ref("prod-kfp", Kind.RUN, "llm-eval-mmlu-sweep-14")


def everything() -> FakeAdapter:
    adapter = FakeAdapter("prod-kfp", [*runs(), *hosts("prod-kfp"), *pools("prod-kfp")])
    adapter.rows |= {pod.ref: pod for pod in pods(FIRST)}
    return adapter


def fits(t: Tester, width: int, height: int) -> None:
    lines = t.lines
    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}, "\n".join(lines)
    if width < 40 or height < 10:
        return
    for widget in (t.screen.head, t.screen.peek, *((t.screen.sheet,) if t.screen.sheet else ())):
        if widget.display:
            assert widget.region.bottom <= height, f"{widget} hangs over: {widget.region}"
    bar = t.screen.keybar
    assert not bar.display or bar.region.bottom == height


@pytest.mark.parametrize(
    ("view", "size"),
    [(Kind.RUN, size) for size in SIZES]
    + [(kind, size) for kind in (Kind.HOST, Kind.POOL, Kind.POD) for size in (SIZES[0], SIZES[5], SIZES[6])],
    ids=str,
)
async def test_every_size_draws_every_sheet(console: Open, view: Kind, size: tuple[int, int]) -> None:
    async with console(everything(), view=view, size=size) as t:
        await t.until(lambda: t.cursor)
        fits(t, *size)
        for step in STEPS if view is Kind.RUN else STEPS[:2]:
            await t.press(step)
            if step in ("slash", "colon"):
                await t.type("st")
            fits(t, *size)
            await t.press("escape")
        fits(t, *size)


@pytest.mark.parametrize(
    ("size", "there", "gone"),
    [
        ((120, 30), ["NATIVE", "OWNER", "✗ 2 failed"], ["NOTE"]),
        ((80, 24), ["✗ 2 failed", "✗ failed"], ["NOTE", "NATIVE"]),
        ((70, 24), ["✗ fail", "✗ 2 ", "/ : x ?"], ["✗ failed", "2 failed", "/ filter"]),
        ((60, 16), ["✗ fail", "/ : x ?"], ["✗ 2 "]),
        ((45, 12), ["NAME", "DUR"], ["STATE", "AGE", "/ : x ?", "✗ 2 "]),
        ((39, 9), ["needs 40x10, has 39x9"], ["NAME"]),
    ],
    ids=lambda value: f"{value[0]}x{value[1]}" if isinstance(value, tuple) else "",
)
async def test_what_leaves_when_it_gets_small(
    console: Open, size: tuple[int, int], there: list[str], gone: list[str]
) -> None:
    async with console(everything(), size=size) as t:
        await t.until(lambda: t.cursor)
        text = "\n".join(t.lines)
        assert [word for word in there if word not in text] == [], text
        assert [word for word in gone if word in text] == [], text


async def test_a_storm_of_resizes_ends_as_if_there_had_been_none(console: Open) -> None:
    async with console(everything()) as t:
        await t.until(lambda: t.cursor)
        await t.press("j", "j", "j")
        await t.see("OOMKilled")
        await t.see("X why")
        before = t.lines
        dice = random.Random(0)
        for _ in range(40):
            await t.pilot.resize_terminal(*dice.choice(SIZES))
            if dice.random() < 0.3:
                await t.press(dice.choice(["x", "escape", "question_mark"]))
        for _ in range(3):
            if t.screen.asking:
                await t.press("escape")
        await t.pilot.resize_terminal(80, 24)
        await t.until(lambda: len(t.lines) == 24)
        await t.until(lambda: t.lines == before)
