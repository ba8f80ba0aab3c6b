"""The part of a context that only Kubeflow Pipelines has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapters.secret import Secret
from adapters.settings import ContextSettings


class KfpSettings(ContextSettings):
    """`url` includes the path prefix of the ingress, as in `https://kubeflow.example/pipeline`.

    `token` is sent as a bearer token. `user` is sent as `user_prefix` + `user` in `user_header`, which is how
    multi-user installs tell who asks. `namespace` restricts the list of runs; multi-user servers demand it.
    """

    backend: Literal["kfp"] = "kfp"
    token: Secret | None = None
    user: str | None = Field(None, min_length=1)
    user_header: str = Field("kubeflow-userid", pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
    user_prefix: str = ""
    namespace: str | None = Field(None, min_length=1)
    show_archived: bool = True
