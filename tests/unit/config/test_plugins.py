"""[plugins.<name>]: what is read, and the sentence for each mistake."""

from __future__ import annotations

import tomllib

import pytest

from adapters.model import Kind
from tui.config import Config, ConfigError, parse

KFP = '[contexts.kfp]\nbackend = "kfp"\nurl = "http://127.0.0.1:8080"\n'


def read(text: str) -> Config:
    return parse(tomllib.loads(KFP + text))


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(text)
    return [str(problem).removeprefix("config: ") for problem in refused.value.problems]


def test_one_with_every_key() -> None:
    plugin = read(
        """
        [plugins.shell]
        command = ["ssh", "$HOST"]
        title = "ssh"
        key = "f5"
        kinds = ["pods", "host"]
        backends = ["peloton"]
        contexts = ["kfp"]
        confirm = true
        danger = true
        background = true
        safe = true
        many = true
        """
    ).plugins["shell"]
    assert plugin.command == ("ssh", "$HOST")
    assert (plugin.title, plugin.key) == ("ssh", "f5")
    assert plugin.kinds == {Kind.POD, Kind.HOST}
    assert plugin.backends == {"peloton"}
    assert plugin.contexts == {"kfp"}
    assert all((plugin.confirm, plugin.danger, plugin.background, plugin.safe, plugin.many))


def test_what_is_not_said_is_off() -> None:
    plugin = read('[plugins.x-ray]\ncommand = ["xray"]').plugins["x-ray"]
    assert (plugin.title, plugin.key) == ("x-ray", "")
    assert not any((plugin.confirm, plugin.danger, plugin.background, plugin.safe, plugin.many))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[plugins.mine]", "plugins.mine.command: is missing"),
        ("[plugins.mine]\ncommand = []", "plugins.mine.command: list should have at least 1 item"),
        ('[plugins.mine]\ncommand = "ssh $HOST"', "plugins.mine.command: should be a valid list"),
        ('[plugins.mine]\ncommand = ["$NAME"]', "plugins.mine.command: begins with a program, not with a variable"),
        ('[plugins.mine]\ncommand = [""]', "plugins.mine.command: begins with a program, not with a variable"),
        ('[plugins.mine]\ncommand = ["ssh", "$HOTS"]', "plugins.mine.command: no variable $HOTS; nearest: HOST"),
        ('[plugins.mine]\ncommand = ["ssh", "$host"]', "no variable $host; nearest: HOST"),
        ('[plugins.mine]\ncommand = ["ssh", "${HOME}"]', "no variable $HOME"),
        ('[plugins.mine]\ncommand = ["sh", "-c", "ssh $HOST"]', "would put a value into a shell string"),
        ('[plugins.mine]\ncommand = ["/bin/bash", "-lc", "x ${ID}"]', "would put a value into a shell string"),
        ('[plugins.mine]\ncommand = ["env", "-i", "zsh", "-c", "x $ID"]', "would put a value into a shell string"),
        ('[plugins.mine]\ncommand = ["x"]\nkey = "ctrl-nothing"', "plugins.mine.key: 'ctrl-nothing' is not a key"),
        ('[plugins.mine]\ncommand = ["x"]\nkinds = ["pdos"]', "plugins.mine.kinds: no kind 'pdos'; nearest: pods"),
        (
            '[plugins.mine]\ncommand = ["x"]\nbackends = ["kpf"]',
            "plugins.mine.backends: no backend 'kpf'; nearest: kfp",
        ),
        (
            '[plugins.mine]\ncommand = ["x"]\ncontexts = ["kpf"]',
            "plugins.mine.contexts: no context 'kpf'; nearest: kfp",
        ),
        ('[plugins.mine]\ncommand = ["x"]\nconfrim = true', "plugins.mine.confrim: no such key; nearest: confirm"),
        ('[plugins.mine]\ncommand = ["x"]\nkey = "l"', "plugins.mine.key: l is logs (logs) on the same screen"),
        (
            '[plugins.mine]\ncommand = ["x"]\nkey = "ctrl-d"',
            "plugins.mine.key: ^d is abort (abort) on the same screen",
        ),
        ('[plugins.abort]\ncommand = ["x"]', "plugins.abort: :abort means something else already"),
        ('[plugins.pods]\ncommand = ["x"]', "plugins.pods: :pods means something else already"),
        ('[plugins.quit]\ncommand = ["x"]', "plugins.quit: :quit means something else already"),
        ('[plugins.logs]\ncommand = ["x"]', "plugins.logs: :logs means something else already"),
        ('[plugins."A b"]\ncommand = ["x"]', "plugins.A b: a name has small letters"),
        ("[plugins]\nmine = 3", "plugins.mine: is a table: write [plugins.mine]"),
    ],
)
def test_each_mistake_has_its_sentence(text: str, what: str) -> None:
    (found,) = problems(text)
    assert what in found


def test_two_plugins_cannot_have_one_key() -> None:
    found = problems('[plugins.a]\ncommand = ["x"]\nkey = "f5"\n[plugins.b]\ncommand = ["x"]\nkey = "f5"')
    assert "plugins.a.key: f5 is b (b) on the same screen" in found


def test_a_key_that_was_rebound_is_free() -> None:
    config = read('[keys]\nlogs = "f4"\n[plugins.a]\ncommand = ["x"]\nkey = "l"')
    assert config.plugins["a"].key == "l"


def test_a_plugin_is_rebound_like_any_other() -> None:
    assert read('[keys]\na = "f6"\n[plugins.a]\ncommand = ["x"]').keys == {"a": "f6"}
    (found,) = problems('[keys]\na = "l"\n[plugins.a]\ncommand = ["x"]')
    assert "keys.a: l is logs" in found


def test_a_shell_may_read_its_arguments_and_its_environment() -> None:
    command = '["sh", "-c", "ssh -- \\"$1\\"; echo $RUNYARD_ID", "sh", "$HOST"]'
    assert read(f"[plugins.a]\ncommand = {command}").plugins["a"].command[-1] == "$HOST"
