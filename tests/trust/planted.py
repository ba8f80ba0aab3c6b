"""Configs full of secrets that can be told from everything else, and where to look for them afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.mock.server import config_toml

PLANT = "pl4nted-s3cret"
OWN = {
    "kfp": ("token",),
    "clearml": ("access_key", "secret_key"),
    "jobmanager": ("token",),
    "vertex": ("token",),
    "peloton": ("password",),
}
"""The secrets of each backend's own login."""


@dataclass
class Planted:
    """A config whose every secret is PLANT and a word, given in one way."""

    folder: Path
    way: str
    words: list[str]

    def line(self, key: str, word: str) -> str:
        secret = f"{PLANT}-{word}"
        self.words.append(secret)
        if self.way == "env":
            os.environ[f"PLANT_{word.upper()}"] = secret
            return f'{key}_env = "PLANT_{word.upper()}"'
        if self.way == "file":
            file = self.folder / f"{word}.txt"
            file.write_text(secret + "\n")
            return f'{key}_file = "{file}"'
        if self.way == "command":
            script = self.folder / f"{word}.sh"
            script.write_text(f"#!/bin/sh\necho {secret}\n")
            script.chmod(0o700)
            return f'{key}_command = ["{script}"]'
        return f'{key} = "{secret}"'

    def context(self, url: str, backend: str) -> str:
        body = config_toml(url, [backend])
        lines = [
            line for line in body.splitlines() if line.partition(" ")[0] not in ("token", "username", "password")
        ]
        lines = [line for line in lines if not line.startswith(("access_key", "secret_key", "credentials"))]
        lines += [self.line(key, f"{backend}{key}") for key in OWN[backend]]
        if backend == "peloton":
            lines.append('username = "mei"')
        headers = self.line("x", f"{backend}header").partition(" = ")
        cookies = self.line("x", f"{backend}cookie").partition(" = ")
        lines += [_table("headers", "X-Secret", headers), _table("cookies", "session", cookies)]
        return "\n".join([*lines, "retries = 0"]) + "\n"


def _table(name: str, key: str, given: tuple[str, str, str]) -> str:
    way = given[0].removeprefix("x").removeprefix("_")
    value = given[2] if not way else f"{{ {way} = {given[2]} }}"
    return f"{name} = {{ {key} = {value} }}"


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Planted]:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    folder = tmp_path / "given"
    folder.mkdir()
    return lambda way: Planted(folder, way, [])


def everywhere(home: Path, *said: str) -> str:
    """All that was said, and the contents of every file below a home but the config itself."""
    texts = list(said)
    for path in home.rglob("*"):
        if path.is_file() and path.name != "config.toml":
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)
