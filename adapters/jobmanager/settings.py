"""The part of a context that only Job Manager has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapters.secret import Secret
from adapters.settings import ContextSettings

TimeFrame = Literal["HOURS_1", "HOURS_8", "HOURS_24", "DAYS_7", "DAYS_30", "ALL_TIME"]


class JobManagerSettings(ContextSettings):
    """`url` is that of the server; `prefix` is added to it unless it is there already.

    `token` is sent as a bearer token in the header `Authentication`, which is the one these servers read.
    `project` is sent where the server says that it wants one. `dashboard` is the time frame of the totals.
    """

    backend: Literal["jobmanager"] = "jobmanager"
    prefix: str = Field("/api/v1", pattern=r"^(/[^\s?#]*[^\s?#/])?$")
    token: Secret | None = None
    project: str | None = Field(None, min_length=1)
    hide_archived: bool = False
    dashboard: TimeFrame = "DAYS_7"

    @property
    def base(self) -> str:
        """What paths are appended to beyond `url`."""
        return "" if self.url.endswith(self.prefix) else self.prefix
