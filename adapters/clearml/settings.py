"""The part of a context that only ClearML has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from adapters.secret import Secret
from adapters.settings import ContextSettings


class ClearmlSettings(ContextSettings):
    """`url` is the apiserver's. Either `access_key` and `secret_key`, with which a token is got and renewed, or a
    ready-made `token`, or neither where a proxy logs in by headers or cookies.

    `api_version` is what requests ask for; else the newest that both sides know. `project` restricts lists to a
    project and what is below it. `metrics` are `metric/variant` pairs to show as columns.
    """

    backend: Literal["clearml"] = "clearml"
    access_key: Secret | None = None
    secret_key: Secret | None = None
    token: Secret | None = None
    api_version: str | None = Field(None, pattern=r"^\d{1,3}\.\d{1,3}$")
    project: str | None = Field(None, min_length=1)
    show_archived: bool = True
    metrics: tuple[str, ...] = ()

    @field_validator("metrics")
    @classmethod
    def _pairs(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for name in given:
            metric, slash, variant = name.partition("/")
            if not (metric and slash and variant):
                raise ValueError(f"{name!r} is no metric; write metric/variant, as in loss/validation")
        return given

    @model_validator(mode="after")
    def _one_login(self) -> ClearmlSettings:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together")
        if self.access_key is not None and self.token is not None:
            raise ValueError("give either access_key and secret_key, or a token")
        return self
