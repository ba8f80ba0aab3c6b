"""Secrets by value, environment, file or command; never printed, read when they are needed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, SecretStr, model_validator

from adapters.errors import Unauthorized

WAYS = ("env", "file", "command")
COMMAND_TIMEOUT = 10.0
MOST_REMEMBERED = 8
COMMAND_KEPT = 300.0
"""Seconds that a command's answer is used again: token helpers are slow, and every request needs one."""


class SecretSource(BaseModel):
    """Where a secret comes from: exactly one of a literal value, an environment variable, a file, a command."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    value: SecretStr | None = None
    env: str | None = None
    file: str | None = None
    command: list[str] | None = None
    _kept: tuple[float, SecretStr] | None = PrivateAttr(None)
    _turn: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = PrivateAttr(None)
    _given: SecretStr | None = PrivateAttr(None)
    _used: list[SecretStr] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _one_way(self) -> SecretSource:
        given = [way for way in ("value", *WAYS) if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError("give the secret in exactly one way: a value, _env, _file or _command")
        if self.command is not None and not self.command:
            raise ValueError("the command is empty; give a list of arguments")
        return self

    @property
    def literal(self) -> bool:
        return self.value is not None

    @property
    def used(self) -> list[str]:
        """What it was in this session, the last few: also a secret that was refused must not be told."""
        return [each.get_secret_value() for each in self._used]

    async def read(self) -> str:
        """The secret, stripped of surrounding white space. Raises Unauthorized with what was missing."""
        found = await self._read()
        if found not in self.used:
            self._used[:] = [*self._used[1 - MOST_REMEMBERED :], SecretStr(found)]
        return found

    async def _read(self) -> str:
        if self._given is not None:
            return self._given.get_secret_value()
        if self.value is not None:
            return _checked(self.value.get_secret_value(), "the secret in the config")
        if self.env is not None:
            found = os.environ.get(self.env)
            if not found:
                raise Unauthorized(f"the environment variable {self.env} is not set", executed=False)
            return _checked(found, f"the environment variable {self.env}")
        if self.file is not None:
            try:
                text = Path(self.file).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise Unauthorized(f"cannot read the secret file {self.file}: {error}", executed=False) from None
            return _checked(text, f"the secret file {self.file}")
        return await self._commanded()

    def give(self, text: str) -> None:
        """Use this secret from now on, as long as the program runs; empty goes back to where it is configured.

        Raises Unauthorized, with the reason, for a text that cannot be a secret.
        """
        self._given = SecretStr(_checked(text, "the secret that was given")) if text.strip() else None
        if self._given is not None:
            self._used.append(self._given)
        self._kept = None

    def forget(self) -> bool:
        """Drop what a command said, after the server refused it. Whether reading again may give another secret."""
        kept, self._kept = self._kept, None
        return kept is not None

    async def _commanded(self) -> str:
        """What the command says; it runs once however many requests wait for it."""
        assert self.command is not None
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = (loop, asyncio.Lock())
        async with self._turn[1]:
            if self._kept is None or time.monotonic() - self._kept[0] >= COMMAND_KEPT:
                self._kept = (time.monotonic(), SecretStr(await _from_command(self.command)))
            return self._kept[1].get_secret_value()


def _checked(text: str, what: str) -> str:
    found = text.strip()
    if not found:
        raise Unauthorized(f"{what} is empty", executed=False)
    if any(ord(char) < 32 or ord(char) == 127 for char in found):
        raise Unauthorized(f"{what} holds a line break or another control character", executed=False)
    return found


async def _from_command(command: list[str]) -> str:
    name = command[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        raise Unauthorized(f"cannot run the secret command {name}: {error}", executed=False) from None
    try:
        out, _ = await asyncio.wait_for(process.communicate(), COMMAND_TIMEOUT)
    except TimeoutError:
        raise Unauthorized(f"the secret command {name} took over {COMMAND_TIMEOUT:g} s", executed=False) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Unauthorized(f"the secret command {name} ended with exit code {process.returncode}", executed=False)
    return _checked(out.decode("utf-8", "replace"), f"what the secret command {name} printed")


def _coerce(given: Any) -> Any:
    return {"value": given} if isinstance(given, str) else given


Secret = Annotated[SecretSource, BeforeValidator(_coerce)]
"""The type of a secret setting: a string is its literal value, a table names another way."""


def fold_secret_keys(data: Any, fields: Mapping[str, Any]) -> Any:
    """Turn `token_env = "T"` into `token = {env = "T"}` for every field that is a secret."""
    if not isinstance(data, dict):
        return data
    folded = dict(data)
    for name, info in fields.items():
        if "SecretSource" not in repr(info.annotation) or "dict" in repr(info.annotation):
            continue
        given = {way: folded.pop(f"{name}_{way}") for way in WAYS if f"{name}_{way}" in folded}
        if given:
            if name in folded:
                literal = folded[name]
                given["value"] = literal if isinstance(literal, str) else "?"
            folded[name] = given
    return folded
