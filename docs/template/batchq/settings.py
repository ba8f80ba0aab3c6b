"""The part of a context that only batchq has. Every secret may also be given as `_env`, `_file` or `_command`."""

from __future__ import annotations

from typing import Literal

from adapters.secret import Secret
from adapters.settings import ContextSettings


class BatchqSettings(ContextSettings):
    """`token` is sent as a bearer token."""

    backend: Literal["batchq"] = "batchq"
    token: Secret | None = None
