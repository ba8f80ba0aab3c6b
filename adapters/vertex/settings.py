"""The part of a context that only Vertex AI has."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from adapters.secret import Secret
from adapters.settings import ContextSettings

SEGMENT = r"^[A-Za-z0-9][A-Za-z0-9.:_-]*$"
LOGGING = "https://logging.googleapis.com"


class VertexSettings(ContextSettings):
    """One project in one region. `url` is made from the region unless it is given.

    Who asks is told by `token` (an access token, sent as a bearer token), or by `credentials = "adc"`, Google's
    Application Default Credentials. `quota_project` is billed for the calls. `owner_label` is the label whose
    value is shown as the owner of a job: the API itself does not say who made it.
    """

    backend: Literal["vertex"] = "vertex"
    project: str = Field(pattern=SEGMENT)
    region: str = Field(pattern=SEGMENT)
    url: str = ""
    logging_url: str = LOGGING
    token: Secret | None = None
    credentials: Literal["adc"] | None = None
    quota_project: str | None = Field(None, pattern=SEGMENT)
    owner_label: str = Field("owner", min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _regional_url(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("url") or not isinstance(data.get("region"), str):
            return data
        region = data["region"]
        host = "aiplatform" if region == "global" else f"{region}-aiplatform"
        return {**data, "url": f"https://{host}.googleapis.com"}

    @field_validator("logging_url")
    @classmethod
    def _also_http(cls, url: str) -> str:
        return cls._http_url(url)

    @model_validator(mode="after")
    def _one_login(self) -> VertexSettings:
        if self.token is not None and self.credentials is not None:
            raise ValueError("give token or credentials, not both")
        return self

    @property
    def parent(self) -> str:
        """The resource that jobs are listed under."""
        return f"projects/{self.project}/locations/{self.region}"

    def addresses(self) -> tuple[str, ...]:
        return (self.url, self.logging_url)
