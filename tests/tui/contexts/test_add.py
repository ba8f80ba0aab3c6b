"""Adding a context: what is on the machine is offered, a form checks, the file is written, it is used at once."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Health
from tests.tui.conftest import Open
from tests.tui.data import runs
from tests.tui.fake import FakeAdapter, Tester
from tui.app import ConsoleApp
from tui.config import Config, ContextConfig, load
from tui.paths import config_path
from tui.screens.contextform import ContextForm
from tui.screens.first import FirstScreen
from tui.wiring import build_services

pytestmark = pytest.mark.anyio

KEY, SECRET = "AKLR7T2WQ5X83F9Q", "s3cr3t-of-the-file-0001"
CONF = f'api {{ api_server: https://api.ml.lab, credentials {{ access_key: "{KEY}", secret_key: "{SECRET}" }} }}'


class Backends:
    """Stands where adapters are built: what was opened, and how it answers."""

    def __init__(self) -> None:
        self.opened: list[ContextConfig] = []
        self.asked = 0
        self.error: Unavailable | None = None

    def build(self, context: ContextConfig) -> FakeAdapter:
        self.opened.append(context)
        outer = self

        class Asked(FakeAdapter):
            async def health(self) -> Health:
                outer.asked += 1
                return await super().health()

        adapter = Asked(context.name, runs(context.name))
        adapter.error = self.error
        return adapter


@pytest.fixture
def backends(monkeypatch: pytest.MonkeyPatch) -> Backends:
    found = Backends()
    for module in ("tui.screens.contextform", "tui.wiring"):
        monkeypatch.setattr(f"{module}.build_adapter", found.build)
    return found


def form(t: Tester) -> ContextForm:
    sheet = t.app.screen.sheet  # type: ignore[attr-defined]
    assert isinstance(sheet, ContextForm)
    return sheet


async def test_what_is_on_the_machine_is_offered_and_nothing_of_it_is_used(
    console: Open, backends: Backends, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "clearml.conf").write_text(CONF)
    monkeypatch.setenv("KFP_ENDPOINT", "kfp.lab:8888")
    async with console() as t:
        await t.see("Found here, used only after your yes")
        text = "\n".join(t.lines)
        assert "KFP environment     http://kfp.lab:8888" in text
        assert "~/clearml.conf      https://api.ml.lab  key …3F9Q" in text
        assert text.count("check, add") == 2
        assert SECRET not in text
        assert KEY not in text
        await t.press("j", "j", "enter")
        await t.see("NEW CONTEXT  from ~/clearml.conf")
        shown = "\n".join(t.lines)
        assert SECRET not in shown
        assert KEY not in shown
        await t.press("escape")
        await t.see("Demo")
    assert (backends.opened, backends.asked) == ([], 0)
    assert not config_path()[0].exists()


async def test_a_found_context_is_checked_written_and_used_at_once(
    console: Open, backends: Backends, own_home: Path
) -> None:
    (own_home / "clearml.conf").write_text(CONF)
    async with console() as t:
        await t.see("~/clearml.conf")
        await t.press("j", "enter", "ctrl+s")
        await t.see("clearml › runs")
        await t.see("fraud-gbdt-nightly-0822")
        await t.see("clearml is in")
        assert t.app.scope == ("clearml",)
        assert not any(isinstance(screen, FirstScreen) for screen in t.app.screen_stack)
    assert backends.asked == 1
    path = config_path()[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = load(path).contexts["clearml"].settings
    assert settings.url == "https://api.ml.lab"
    assert [await secret.read() for secret in settings.secrets()] == [KEY, SECRET]


async def test_a_context_is_typed_by_hand(console: Open, backends: Backends) -> None:
    async with console() as t:
        await t.see("New context")
        await t.press("j", "enter")
        await t.see("NEW CONTEXT")
        await t.type("lab")
        await t.press("down")
        assert form(t).fields.backend.text == "kfp"
        await t.press("right", "right", "right")
        await t.see("region")
        await t.press("down")
        await t.type("ml-lab")
        await t.press("tab")
        await t.type("europe-west4")
        await t.press(*["down"] * (form(t).stops().index("token") - form(t).at), "right")
        await t.see("name of the variable")
        await t.press("down")
        await t.type("MY_TOKEN")
        await t.press(*["down"] * (form(t).stops().index("read_only") - form(t).at), "right")
        await t.press("ctrl+s")
        await t.see("lab › runs")
    written = config_path()[0].read_text()
    assert "[contexts.lab]" in written
    assert 'token_env = "MY_TOKEN"' in written
    assert "read_only = true" in written
    assert load().contexts["lab"].guard.read_only


def editor(tmp_path: Path, text: str, code: int = 0) -> str:
    """A program that writes this into the file it is given."""
    (tmp_path / "config.new").write_text(text)
    script = tmp_path / "edit"
    script.write_text(f'#!/bin/sh\ncat "{tmp_path}/config.new" > "$1"\nexit {code}\n')
    script.chmod(0o755)
    return str(script)


TWO = """[contexts.lab]
backend = "kfp"
url = "http://127.0.0.1:1"

[contexts.prod]
backend = "clearml"
url = "http://127.0.0.1:2"
"""


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("# nothing yet\n", 0, "there is no context in"),
        ("[contexts\n", 0, "is not TOML"),
        (TWO, 3, "the editor has ended with"),
        (TWO, 0, "2 contexts are in"),
    ],
)
async def test_the_config_is_opened_in_the_editor_and_what_is_in_it_is_used(
    console: Open,
    backends: Backends,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    code: int,
    said: str,
) -> None:
    monkeypatch.setenv("EDITOR", editor(tmp_path, text, code))
    monkeypatch.delenv("VISUAL", raising=False)

    @contextlib.contextmanager
    def lent(app: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr("tui.handover._lent", lent)
    monkeypatch.setattr("tui.handover._take_back", lambda modes: None)
    async with console(size=(160, 24)) as t:
        await t.see("Your editor")
        await t.press("G", "enter")
        await t.see(said)
        assert stat.S_IMODE(config_path()[0].stat().st_mode) == 0o600
        if said.startswith("2 contexts"):
            await t.see("all › runs")
            assert t.app.scope == ("lab", "prod")
        else:
            assert isinstance(t.app.screen, FirstScreen)
            assert backends.opened == []


async def test_what_is_found_is_offered_beside_what_is_configured_and_named_anew(
    console: Open, backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KFP_ENDPOINT", "http://kfp.example")
    async with console(FakeAdapter("kfp", runs("kfp"))) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("add-context")
        await t.press("enter")
        await t.see("NEW CONTEXT from")
        await t.see("http://kfp.example  there as kfp")
        await t.press("down", "enter")
        await t.see("NEW CONTEXT  from KFP environment")
        assert form(t).fields.name.text == "kfp-2"
        await t.press("ctrl+s")
        await t.see("kfp-2 is in")
    assert load().contexts["kfp-2"].settings.url == "http://kfp.example"


async def test_on_a_tiny_terminal_every_choice_can_be_reached(console: Open, own_home: Path) -> None:
    (own_home / "clearml.conf").write_text(CONF)
    async with console(size=(40, 10)) as t:
        await t.see("Demo")
        await t.press("G")
        await t.see("▌ Your editor")
        await t.press("k")
        await t.see("▌ New context")
        await t.press("g")
        await t.see("Try it")


@pytest.mark.presses("add-context", "a")
async def test_the_check_contacts_once_and_writes_nothing(console: Open, backends: Backends) -> None:
    async with console() as t:
        await t.press("a")
        await t.see("NEW CONTEXT")
        await t.type("lab")
        await t.press("down", "down")
        await t.type("http://127.0.0.1:1")
        await t.press(*["down"] * 60, "up", "enter")
        await t.see("lab answers in")
        assert backends.asked == 1
        assert not config_path()[0].exists()
        await t.press("down", "enter")  # checked already: not asked a second time
        await t.see("lab › runs")
        assert backends.asked == 1


async def test_one_that_does_not_answer_is_added_only_when_told_twice(console: Open, backends: Backends) -> None:
    backends.error = Unavailable("no answer: kfp.lab refused the connection", executed=False)
    async with console() as t:
        await t.press("a")
        await t.see("NEW CONTEXT")
        await t.type("lab")
        await t.press("down", "down")
        await t.type("http://kfp.lab")
        await t.press("ctrl+s")
        await t.see("refused the connection; Add once more adds it as it is")
        assert not config_path()[0].exists()
        await t.press("ctrl+s")
        await t.see("lab › runs")
    assert "lab" in load().contexts


@pytest.mark.parametrize(
    ("name", "url", "said", "line"),
    [
        ("", "http://x", "name: is missing", "name"),
        ("all", "http://x", "the name 'all' is reserved", "name"),
        ("lab", "", "url: is missing", "url"),
        ("lab", "ftp://x", "url: must be an http:// or https:// address", "url"),
        ("prod-kfp", "http://x", "there is one of that name", "name"),
    ],
)
async def test_what_cannot_be_right_is_said_where_it_is_without_asking(
    console: Open, backends: Backends, name: str, url: str, said: str, line: str
) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("add-context")
        await t.press("enter")
        await t.see("NEW CONTEXT")
        await t.type(name)
        await t.press("down", "down")
        await t.type(url)
        await t.press("ctrl+s")
        await t.see(said)
        there = form(t).line
        assert there is not None
        assert there.key == line
    assert backends.asked == 0


async def test_a_second_context_joins_those_that_are_shown(console: Open, backends: Backends) -> None:
    path = config_path()[0]
    path.parent.mkdir(parents=True)
    path.write_text('# mine\n[contexts.prod-kfp]\nbackend = "kfp"\nurl = "http://127.0.0.1:1"\n')
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("ctx")
        await t.press("enter")
        await t.see("1 of 1 reachable")
        await t.press("a")
        await t.see("NEW CONTEXT")
        await t.type("lab")
        await t.press("down", "down")
        await t.type("http://127.0.0.1:2")
        await t.press("ctrl+s")
        await t.see("2 contexts")
        assert t.app.scope == ("prod-kfp", "lab")
        await t.press("colon")
        await t.type("runs @lab")
        await t.press("enter")
        await t.see("lab › runs")
        await t.see("ocr-detector-train-87")
    assert path.read_text().startswith("# mine\n[contexts.prod-kfp]")
    assert list(load().contexts) == ["prod-kfp", "lab"]


async def test_read_only_of_the_session_holds_for_a_new_context(backends: Backends) -> None:
    services, _ = build_services(Config(), read_only=True)
    async with ConsoleApp(services).run_test(size=(80, 24)) as pilot:
        t = Tester(pilot.app, pilot)  # type: ignore[arg-type]
        await t.press("a")
        await t.see("NEW CONTEXT")
        await t.type("lab")
        await t.press("down", "down")
        await t.type("http://127.0.0.1:2")
        await t.press("ctrl+s")
        await t.see("lab read-only › runs")
        assert services.guards("lab").read_only
        assert services.guards.why_read_only("lab") == "lab is read-only"


async def test_more_settings_are_shown_when_asked_for_and_kept_when_hidden_again(
    console: Open, backends: Backends
) -> None:
    async with console(size=(80, 40)) as t:
        await t.press("a")
        await t.see("NEW CONTEXT")
        assert "read_timeout" not in form(t).stops()
        await t.press(*["down"] * form(t).stops().index("more"), "right")
        await t.see("read_timeout")
        await t.press(*["down"] * (form(t).stops().index("retries") - form(t).at))
        await t.type("7")
        await t.press(*["up"] * (form(t).at - form(t).stops().index("more")), "right")
        assert "retries" in form(t).stops()  # what was given is never hidden
        assert "read_timeout" not in form(t).stops()
        assert form(t).fields.body()["retries"] == 7


async def test_a_pasted_address_goes_into_the_line(console: Open, backends: Backends) -> None:
    from textual import events

    async with console() as t:
        await t.press("a")
        await t.see("NEW CONTEXT")
        await t.press("down", "down")
        t.app.post_message(events.Paste("https://kfp.lab/p\n"))
        await t.see("https://kfp.lab/p")
