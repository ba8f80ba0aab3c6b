"""The [plugins] of the config: checked as a whole, and the keys that they get."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapters import registry
from adapters.actions import ACTION_ALIASES, ACTION_IDS
from adapters.model import KIND_ALIASES, parse_kind
from adapters.names import nearest
from tui.configfile import Problem, model_problems
from tui.core.plugins import VARIABLES, Plugin, has_variable, unknown_variables
from tui.keys import DETAIL, KEYS, LIST, TREE, WORDS, KeyMap, KeySpec, clash, shown, valid_key

NAME = re.compile(r"[a-z][a-z0-9_-]*")
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "fish", "ksh", "csh", "tcsh"})
SHELL_STRING = re.compile(r"-[a-z]*c")


class PluginSettings(BaseModel):
    """One [plugins.<name>]."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    command: list[str] = Field(min_length=1)
    title: str = ""
    key: str = ""
    kinds: list[str] = Field(default_factory=list)
    backends: list[str] = Field(default_factory=list)
    contexts: list[str] = Field(default_factory=list)
    confirm: bool = False
    danger: bool = False
    background: bool = False
    safe: bool = False
    many: bool = False

    @field_validator("command")
    @classmethod
    def _arguments(cls, command: list[str]) -> list[str]:
        if not command[0] or has_variable(command[0]):
            raise ValueError("begins with a program, not with a variable")
        for word in command:
            for name in unknown_variables(word):
                raise ValueError(
                    f"no variable ${name}{nearest(name.upper(), VARIABLES)}; write $$ for a dollar sign"
                )
        if into_shell(command):
            raise ValueError('would put a value into a shell string; write "$1" there and the variable after it')
        return command

    @field_validator("key")
    @classmethod
    def _a_key(cls, key: str) -> str:
        if key and not valid_key(key):
            raise ValueError(f"{key!r} is not a key; write b, ctrl-d, enter, f5")
        return key

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, kinds: list[str]) -> list[str]:
        return [parse_kind(word).value for word in kinds]

    @field_validator("backends")
    @classmethod
    def _known_backends(cls, backends: list[str]) -> list[str]:
        for name in backends:
            if name not in registry.names():
                raise ValueError(f"no backend {name!r}{nearest(name, registry.names())}")
        return backends


def into_shell(command: Sequence[str]) -> bool:
    """Whether a variable stands in a string that a shell is given to read."""
    shell = False
    for before, word in pairwise(command):
        shell = shell or PurePath(before).name in SHELLS
        if shell and SHELL_STRING.fullmatch(before) and has_variable(word):
            return True
    return False


def read_plugins(
    body: Mapping[str, Any], contexts: Collection[str], file: str, problems: list[Problem]
) -> dict[str, Plugin]:
    """The plugins that are right; what is wrong with the others is added to `problems`."""
    found: dict[str, Plugin] = {}
    for name, table in body.items():
        section = f"plugins.{name}"
        wrong = _name_problem(name) or ("" if isinstance(table, dict) else f"is a table: write [{section}]")
        if wrong:
            problems.append(Problem(file, section, wrong))
            continue
        try:
            settings = PluginSettings.model_validate(table)
        except ValidationError as error:
            problems += model_problems(file, section, error, PluginSettings)
            continue
        missing = [each for each in settings.contexts if each not in contexts]
        problems += [
            Problem(file, f"{section}.contexts", f"no context {each!r}{nearest(each, contexts)}")
            for each in missing
        ]
        found[name] = _plugin(name, settings)
    return found


def _plugin(name: str, settings: PluginSettings) -> Plugin:
    return Plugin(
        name,
        tuple(settings.command),
        settings.title or name,
        settings.key,
        frozenset(parse_kind(word) for word in settings.kinds),
        frozenset(settings.backends),
        frozenset(settings.contexts),
        settings.confirm,
        settings.danger,
        settings.background,
        settings.safe,
        settings.many,
    )


def _name_problem(name: str) -> str:
    """A plugin is a verb of command mode as well, so its name must not mean something else there."""
    if not NAME.fullmatch(name):
        return "a name has small letters, digits, '_' and '-', and begins with a letter"
    taken = {*WORDS, *KIND_ALIASES, *ACTION_IDS, *ACTION_ALIASES, *(spec.id for spec in KEYS)}
    return f":{name} means something else already; give it another name" if name in taken else ""


def with_plugins(plugins: Iterable[Plugin]) -> tuple[KeySpec, ...]:
    """The table of keys with those of the plugins."""
    own = [
        KeySpec(
            each.name, (each.key,) if each.key else (), each.title, "PLUGINS", (LIST, DETAIL, TREE), plugin=True
        )
        for each in plugins
    ]
    return (*KEYS, *own)


def key_problems(keymap: KeyMap, file: str) -> list[Problem]:
    """Plugins whose key something else on the same screens has, after the config's [keys] were applied."""
    found = []
    for spec in keymap.specs:
        taken = clash(spec, keymap.specs) if spec.plugin else None
        if taken is not None:
            key, other = taken
            found.append(
                Problem(
                    file, f"plugins.{spec.id}.key", f"{shown(key)} is {other.id} ({other.title}) on the same screen"
                )
            )
    return found
