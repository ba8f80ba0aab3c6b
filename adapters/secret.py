"""Secrets by value, environment, file or command; never printed, read when they are needed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, model_validator

from adapters.errors import Unauthorized

WAYS = ("env", "file", "command")
COMMAND_TIMEOUT = 10.0


class SecretSource(BaseModel):
    """Where a secret comes from: exactly one of a literal value, an environment variable, a file, a command."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    value: SecretStr | None = None
    env: str | None = None
    file: str | None = None
    command: list[str] | None = None

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

    async def read(self) -> str:
        """The secret, stripped of surrounding white space. Raises Unauthorized with what was missing."""
        if self.value is not None:
            return self.value.get_secret_value()
        if self.env is not None:
            found = os.environ.get(self.env)
            if not found:
                raise Unauthorized(f"the environment variable {self.env} is not set", executed=False)
            return found.strip()
        if self.file is not None:
            try:
                return Path(self.file).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Unauthorized(f"cannot read the secret file {self.file}: {error}", executed=False) from None
        assert self.command is not None
        return await _from_command(self.command)


async def _from_command(command: list[str]) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise Unauthorized(f"cannot run the secret command {command[0]}: {error}", executed=False) from None
    try:
        out, _ = await asyncio.wait_for(process.communicate(), COMMAND_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Unauthorized(
            f"the secret command {command[0]} took over {COMMAND_TIMEOUT:.0f} s", executed=False
        ) from None
    if process.returncode != 0:
        raise Unauthorized(
            f"the secret command {command[0]} ended with exit code {process.returncode}", executed=False
        )
    return out.decode("utf-8", "replace").strip()


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
