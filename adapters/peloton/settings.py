"""What a Peloton context needs beyond the common settings: three daemons, or the apiserver in front of them."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from adapters.frozen import dataclass
from adapters.secret import Secret
from adapters.settings import ContextSettings

APISERVER, JOBMGR, RESMGR, HOSTMGR = "peloton-apiserver", "peloton-jobmgr", "peloton-resmgr", "peloton-hostmgr"


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where a service is asked, and the Rpc-Service name that daemon answers to."""

    url: str
    service: str


class PelotonSettings(ContextSettings):
    """`url` is the apiserver's when it stands alone, else the job manager's; `service` says which where that guess
    is wrong.

    `grpc_url` is the gRPC port of the daemon at `url`, for what is streamed.
    `fan_out_jobs` bounds how many live jobs are asked for their pods by one list or scan.
    """

    service: Literal["peloton-apiserver", "peloton-jobmgr"] | None = None
    resmgr_url: str | None = None
    hostmgr_url: str | None = None
    grpc_url: str | None = None
    caller: str = Field("runyard", min_length=1)
    username: str | None = None
    password: Secret | None = None
    fan_out_jobs: int = Field(200, ge=1, le=10_000)
    agent_logs: bool = True

    @field_validator("resmgr_url", "hostmgr_url")
    @classmethod
    def _also_http(cls, url: str | None) -> str | None:
        return None if url is None else cls._http_url(url)

    @field_validator("grpc_url")
    @classmethod
    def _grpc_address(cls, url: str | None) -> str | None:
        """`grpc://host:port`; grpcs:// for TLS, http(s):// mean the same."""
        if url is None:
            return None
        scheme, found, rest = url.partition("://")
        names = {"grpc": "http", "grpcs": "https", "http": "http", "https": "https"}
        if not found or scheme not in names:
            raise ValueError("must be a grpc:// or grpcs:// address with a host and a port")
        parts = urlsplit(cls._http_url(f"{names[scheme]}://{rest}"))
        if parts.port is None or parts.path:
            raise ValueError("must end with its port")
        return f"{'grpcs' if names[scheme] == 'https' else 'grpc'}://{parts.netloc}"

    @model_validator(mode="after")
    def _whole_login(self) -> PelotonSettings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together; the server refuses half a login")
        return self

    @property
    def jobs(self) -> Daemon:
        alone = self.resmgr_url is None and self.hostmgr_url is None
        return Daemon(self.url, self.service or (APISERVER if alone else JOBMGR))

    @property
    def pools(self) -> Daemon | None:
        """Where pools are asked; None when the context names a job manager and no resource manager."""
        return self._beside(self.resmgr_url, RESMGR)

    @property
    def hosts(self) -> Daemon | None:
        return self._beside(self.hostmgr_url, HOSTMGR)

    def _beside(self, url: str | None, service: str) -> Daemon | None:
        if url is not None:
            return Daemon(url, service)
        return self.jobs if self.jobs.service == APISERVER else None

    def addresses(self) -> tuple[str, ...]:
        return tuple(url for url in (self.url, self.resmgr_url, self.hostmgr_url, self.grpc_url) if url)
