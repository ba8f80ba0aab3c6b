"""config.example.toml loads, documents every key, and each commented key is right when it is taken in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from adapters import registry
from tui.config import FIXED_TOKENS, SECTIONS, ConfigError, GeneralSettings, UiSettings, load, parse
from tui.configfile import key_names
from tui.core.plugins import VARIABLES
from tui.pluginconfig import PluginSettings
from tui.styles.tokens import THEMES, TOKENS

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
COMMENTED = re.compile(r"^# (\[[\w.]+\]|[\w-]+ = .+)$")
EITHER_OR = {"token_env", "token_file", "token_command", "username", "password_env"}


def sections() -> dict[str, set[str]]:
    """Keys by section, commented ones included."""
    found: dict[str, set[str]] = {}
    section = ""
    for line in TEXT.splitlines():
        bare = line.removeprefix("# ")
        if match := re.match(r"\[([\w.]+)\]", bare):
            section = match[1]
            found.setdefault(section, set())
        elif match := re.match(r"([\w-]+) += ", bare):
            found.setdefault(section, set()).add(match[1])
    return found


def test_it_loads() -> None:
    config = load(EXAMPLE)
    assert list(config.contexts) == list(registry.BUILT_IN)


@pytest.mark.parametrize("name", sorted(registry.BUILT_IN))
def test_every_key_of_a_backend_is_documented(name: str) -> None:
    model = registry.backend(name).load_settings()
    documented = sections()
    general = documented["contexts.kfp"] | {"headers", "cookies"}
    assert {"contexts.kfp.headers", "contexts.kfp.cookies"} <= set(documented)
    missing = set(model.model_fields) - documented[f"contexts.{name}"] - general
    assert {key for key in missing if f"{key}_env" not in documented[f"contexts.{name}"]} == set()


def test_every_key_of_runyards_own_is_documented() -> None:
    documented = sections()
    assert set(GeneralSettings.model_fields) <= documented["contexts.kfp"]
    assert set(UiSettings.model_fields) <= documented["ui"] | {"filters"}
    assert "ui.filters" in documented
    assert all(theme in TEXT for theme in THEMES)
    assert all(re.search(rf"\b{token}\b", TEXT) for token in set(TOKENS) - FIXED_TOKENS)
    assert {section.split(".")[0] for section in documented} >= set(SECTIONS)
    assert set(PluginSettings.model_fields) == documented["plugins.ssh"]
    assert all(re.search(rf"\b{name}\b", TEXT) for name in VARIABLES)


def test_nothing_is_documented_that_is_not_there() -> None:
    documented = sections()
    general = set(GeneralSettings.model_fields)
    for name in registry.BUILT_IN:
        known = set(key_names(registry.backend(name).load_settings())) | general
        assert documented[f"contexts.{name}"] <= known
    assert documented["ui"] <= set(UiSettings.model_fields)


def test_defaults_are_told_as_they_are() -> None:
    shown = re.findall(r"^# (\w+) = ([^#\n]+?) *(?:#.*)?$", TEXT.split("[contexts.peloton]")[0], re.MULTILINE)
    model = registry.backend("kfp").load_settings()
    for key, text in shown:
        field = GeneralSettings.model_fields.get(key) or model.model_fields.get(key)
        if field is not None and isinstance(field.default, float | int | str) and key in (
            "refresh", "max_rows", "max_targets", "confirm", "verify", "connect_timeout", "read_timeout",
            "pool_timeout", "call_timeout", "retries", "concurrency", "requests_per_second", "user_header",
            "user_prefix", "show_archived",
        ):  # fmt: skip
            assert tomllib.loads(f"x = {text}")["x"] == field.default, key


def test_every_commented_key_is_right_when_it_is_taken_in(tmp_path: Path) -> None:
    """All at once, but for the ways of which only one may be used."""
    lines = []
    for line in TEXT.splitlines():
        bare = line.removeprefix("# ") if COMMENTED.match(line) or re.match(r"# [\w-]+ += |# \[", line) else line
        key = bare.split(" ")[0]
        lines.append(line if key in EITHER_OR else bare)
    text = "\n".join(lines).replace('token = "..."', 'token = "x"')
    try:
        config = parse(tomllib.loads(text))
    except ConfigError as error:
        pytest.fail(str(error))
    assert config.contexts["kfp"].guard.protected
    assert config.keys["logs"] == ["l", "f4"]
    assert config.themes["mine"]["base"] == "dark"
    assert config.plugins["ssh"].command == ("ssh", "$HOST")


@pytest.mark.parametrize("key", sorted(EITHER_OR))
def test_so_is_each_of_the_others(key: str) -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith(f"# {key} = ")).removeprefix("# ")
    context = "peloton" if key in ("username", "password_env") else "kfp"
    if key == "username":
        line += '\npassword_env = "P"'
    if key == "password_env":
        line = 'username = "ana"\n' + line
    parse(tomllib.loads(f'[contexts.c]\nbackend = "{context}"\nurl = "http://127.0.0.1:1"\n{line}'))
