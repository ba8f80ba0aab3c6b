"""Every key of the table is a `:` verb as well, and one that command mode lists: the table is walked."""

from __future__ import annotations

import pytest

from adapters.actions import ACTION_IDS
from adapters.model import KIND_ALIASES
from tests.tui.conftest import Open
from tests.tui.data import runs
from tests.tui.fake import FakeAdapter
from tui.commands import CommandLine
from tui.completing import Completer
from tui.core.commandline import read
from tui.keys import KEYS, WORDS, KeyMap, KeySpec

pytestmark = pytest.mark.anyio

WAYS_IN = ("command", "interrupt")
"""The way into command mode, and ctrl-c, which is no word."""

SPECS = [pytest.param(spec, id=spec.id) for spec in KEYS if spec.id not in WAYS_IN]
VERBS = [verb for verb in KeyMap().verbs if verb not in WAYS_IN]


@pytest.mark.parametrize("spec", SPECS)
async def test_its_word_means_the_key_and_nothing_else(spec: KeySpec) -> None:
    word = spec.verb or spec.id
    meant = read(word, ["lab"], VERBS)
    if spec.action:
        assert meant.action == spec.id
    else:
        assert meant.verb == WORDS.get(word, word)
        assert KeyMap().verbs[meant.verb] is spec


async def test_no_two_keys_share_a_word() -> None:
    assert len(KeyMap().verbs) == len(KEYS)
    others = {*KIND_ALIASES, *ACTION_IDS}
    assert [spec.id for spec in KEYS if (spec.verb or spec.id) in others and not spec.action] == []


async def test_command_mode_lists_each_with_its_key_and_what_it_does(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        listed = {option.word: option for option in Completer(t.screen, VERBS).options("", 0)}
        for spec in KEYS:
            if spec.id in WAYS_IN:
                continue
            option = listed[spec.verb or spec.id]
            if option.what == "key":
                assert spec.title in option.detail
                assert t.app.services.keys.key(spec.id) in option.detail


@pytest.mark.parametrize("spec", SPECS)
async def test_enter_does_what_the_key_does(console: Open, monkeypatch: pytest.MonkeyPatch, spec: KeySpec) -> None:
    """The same method answers to both; where this screen has none, both say so."""
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        screen = t.screen
        done: list[str] = []
        for owner in (screen, t.app):
            if callable(getattr(owner, spec.method, None)):
                monkeypatch.setattr(owner, spec.method, lambda: done.append(spec.id))
        monkeypatch.setattr(screen, "act", done.append)
        monkeypatch.setattr(screen, "saved_filter", lambda number: done.append(f"saved-{number}"))
        monkeypatch.setattr(screen, "message", lambda text, token="text": done.append(spec.id))
        line = CommandLine(screen)
        line.start()
        line._done(spec.verb or spec.id)
        await t.until(lambda: done)
        assert done[0] == spec.id
