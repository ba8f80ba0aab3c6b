"""A log in `$PAGER` and `$EDITOR`: a private, harmless copy that does not stay."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.detail.world import spool
from tests.tui.logs.test_logs import line, many, opened, pod, quick, world
from tui.handover import NotHandedOver
from tui.screens import logopen

__all__ = ["quick"]
pytestmark = pytest.mark.anyio


class Lent:
    """What programs were given the terminal, and what they saw."""

    def __init__(self) -> None:
        self.argv: list[str] = []
        self.text = ""
        self.modes: tuple[int, int] = (0, 0)

    async def __call__(self, app: Any, argv: Sequence[str], **more: Any) -> int:
        path = Path(argv[-1])
        self.argv, self.text = list(argv), path.read_text(encoding="utf-8")
        self.modes = stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)
        return 0


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> Lent:
    found = Lent()
    monkeypatch.setattr(logopen, "hand_over", found)
    monkeypatch.setattr(logopen, "program", lambda argv: argv[0])
    monkeypatch.setenv("PAGER", "less -S")
    monkeypatch.setenv("EDITOR", "code --wait")
    monkeypatch.delenv("VISUAL", raising=False)
    return found


@pytest.mark.parametrize(("key", "verb"), [("o", "pager"), ("v", "editor")])
async def test_the_copy_is_private_harmless_and_removed(
    console: Open, tmp_path: Path, lent: Lent, key: str, verb: str
) -> None:
    fake = world()
    fake.write("pod-7", b"\x1b[31mred\x1b[0m \x1b]0;owned\x07 \x9b\ttab\r\nlast\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("last")
        for how in ([key], ["colon", *verb, "enter"]):
            lent.argv = []
            await t.press(*how)
            await t.until(lambda: lent.argv)
            await t.see("had a copy; it is removed")
            begins = ["less", "-S", "+2"] if key == "o" else ["code", "--wait"]
            assert lent.argv[:-1] == begins
            assert lent.modes == (0o600, 0o700)
            assert lent.text.splitlines()[0].startswith("red ␛]0;owned␇ �")
            assert lent.text.splitlines()[1] == "last"
            assert not any(char in lent.text for char in "\x1b\x07\r\x9b")
            assert not Path(lent.argv[-1]).parent.exists()


async def test_what_is_shown_is_what_is_opened(console: Open, tmp_path: Path, lent: Lent) -> None:
    names = ("pod-7", "pod-12")
    fake = world(*(pod(name) for name in names))
    fake.attempts = {}
    fake.write("pod-7", line(1, "a") + line(3, "c"))
    fake.write("pod-12", line(2, "b") + line(4, "d"))
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-12")
        await opened(t, *(Ref("peloton", Kind.POD, name) for name in names))
        await t.see("4 lines")
        await t.press("g", "j", "o")
        await t.until(lambda: lent.argv)
        assert lent.argv[2] == "+2"
        assert [each.split() for each in lent.text.splitlines()] == [
            [name, f"2026-08-22T14:00:0{second}.000Z", text, str(second)]
            for name, second, text in (("pod-7", 1, "a"), ("pod-12", 2, "b"), ("pod-7", 3, "c"), ("pod-12", 4, "d"))
        ]


async def test_only_matches_are_opened_under_a_filter(console: Open, tmp_path: Path, lent: Lent) -> None:
    fake = world()
    fake.write("pod-7", many(3000) + line(3000, "needle"), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.count == 3001)
        await t.press("o")
        await t.until(lambda: lent.text.count("\n") == 3001)
        await t.press("&")
        await t.type("needle")
        await t.press("enter")
        await t.until(lambda: shown.view.count == 1)
        await t.press("o")
        await t.until(lambda: lent.text.count("\n") == 1)
        assert "needle 3000" in lent.text


async def test_a_program_that_is_not_there_is_a_sentence(
    console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "no-such-pager")
    fake = world()
    fake.write("pod-7", b"x\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("1 line")
        await t.press("o")
        await t.see("there is no program 'no-such-pager'")


async def test_a_terminal_that_cannot_be_lent_leaves_nothing_behind(
    console: Open, tmp_path: Path, lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(app: Any, argv: Sequence[str], **more: Any) -> int:
        lent.argv = list(argv)
        raise NotHandedOver("this terminal cannot be given to another program")

    monkeypatch.setattr(logopen, "hand_over", refuse)
    fake = world()
    fake.write("pod-7", b"x\n", attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("1 line")
        await t.press("o")
        await t.see("this terminal cannot be given")
        assert not Path(lent.argv[-1]).exists()
