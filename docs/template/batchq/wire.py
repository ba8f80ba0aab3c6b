"""The JSON of batchq: tolerant of new fields, strict about those that are read."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Job(Wire):
    id: str
    name: str = ""
    state: str = ""
    user: str | None = None
    queue: str | None = None
    priority: int | None = None
    submitted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    reason: str | None = None


class Jobs(Wire):
    """`next` continues the list; absent or null at its end."""

    jobs: tuple[Job, ...]
    next: str | None = None
    total: int | None = None


class Log(Wire):
    """`text` from the asked offset on; `size` of the whole log, both in bytes of UTF-8."""

    text: str
    size: int


class Ping(Wire):
    version: str | None = None
