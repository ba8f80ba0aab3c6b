"""Reading the config file: its syntax, its safety, and the problems found in it."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.frozen import dataclass
from adapters.names import nearest

WAYS = ("env", "file", "command")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which file, at which key, and what would be right."""

    file: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.what}" if self.key else f"{self.file}: {self.what}"


class ConfigError(Exception):
    """Everything that is wrong with the config, at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file. Raises ConfigError: unreadable, not TOML, or changeable by somebody else."""
    try:
        with path.open("rb") as file:
            unsafe = list(safety_problems(path, os.fstat(file.fileno())))
            if unsafe:
                raise ConfigError(unsafe)
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError([Problem(str(path), "", f"cannot be read: {error.strerror or error}")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError([Problem(str(path), "", f"is not TOML: {error}")]) from None


def safety_problems(path: Path, info: os.stat_result) -> Iterable[Problem]:
    """Whoever can change the config can run commands as its reader (`token_command`), so nobody else may."""
    name = str(path)
    if info.st_uid not in (os.geteuid(), 0):
        yield Problem(name, "", "belongs to another user")
    if _writable_by_others(info):
        yield Problem(name, "", f"can be changed by others; chmod go-w {name}")
    folder = path.resolve().parent
    about = folder.stat()
    if _writable_by_others(about) and not about.st_mode & stat.S_ISVTX:
        yield Problem(name, "", f"its folder can be changed by others; chmod go-w {folder}")


def _writable_by_others(info: os.stat_result) -> bool:
    # A group of the user's own, by the convention of equal ids, is nobody else.
    group = info.st_mode & stat.S_IWGRP and info.st_gid != info.st_uid
    return bool(info.st_mode & stat.S_IWOTH or group)


def readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def model_problems(
    file: str, section: str, error: ValidationError, model: type[BaseModel], also: Iterable[str] = ()
) -> list[Problem]:
    """A pydantic error in words. Values are never shown: they may be secrets."""
    known = [*key_names(model), *also]
    return [
        _problem(file, section, dict(each), known) for each in error.errors(include_url=False, include_input=False)
    ]


def _problem(file: str, section: str, error: Mapping[str, Any], known: list[str]) -> Problem:
    where = [str(part) for part in error["loc"]]
    key = ".".join([section, *where] if where else [section])
    match error["type"]:
        case "extra_forbidden" if len(where) == 1:
            return Problem(file, key, f"no such key{nearest(where[-1], known)}")
        case "extra_forbidden":
            return Problem(file, key, "no such key")
        case "missing":
            return Problem(file, key, "is missing")
    what = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return Problem(file, key, what[:1].lower() + what[1:])


def key_names(model: type[BaseModel]) -> list[str]:
    """Every key of a section, the three other ways to give a secret included."""
    names: list[str] = []
    for name, info in model.model_fields.items():
        names.append(name)
        if is_secret(info.annotation):
            names += [f"{name}_{way}" for way in WAYS]
    return names


def is_secret(annotation: Any) -> bool:
    """Whether a setting is one secret (a table of secrets has no `_env` keys of its own)."""
    text = repr(annotation)
    return "SecretSource" in text and "dict" not in text
