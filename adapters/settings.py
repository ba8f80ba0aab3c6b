"""What a context needs to reach its backend: the part of the config that every backend shares.

Each backend extends `ContextSettings` with its own keys. Unknown keys are refused.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from adapters.secret import Secret, SecretSource, fold_secret_keys

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


LOGIN_FIELDS = ("token", "secret_key", "password")


class ContextSettings(BaseModel):
    """One configured connection. Every secret `X` may also be given as `X_env`, `X_file` or `X_command`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    backend: str
    url: str
    headers: dict[str, Secret] = Field(default_factory=dict)
    cookies: dict[str, Secret] = Field(default_factory=dict)
    verify: bool = True
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: SecretStr | None = None  # may hold a password
    connect_timeout: float = Field(5.0, gt=0)
    read_timeout: float = Field(15.0, gt=0)
    pool_timeout: float = Field(10.0, gt=0)
    call_timeout: float = Field(20.0, gt=0)
    retries: int = Field(3, ge=0, le=10)
    concurrency: int = Field(6, ge=1, le=64)
    requests_per_second: float = Field(20.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _fold_secrets(cls, data: Any) -> Any:
        return fold_secret_keys(data, cls.model_fields)

    @field_validator("url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an http:// or https:// address with a host")
        if parts.username or parts.password:
            raise ValueError("must not hold a password; use headers or the backend's own keys")
        if parts.query or parts.fragment or "?" in url or "#" in url:
            raise ValueError("must end with its path, without ? or #")
        if any(char.isspace() or not char.isprintable() for char in url):
            raise ValueError("must not hold blanks or control characters")
        if parts.port == 0:
            raise ValueError("must not have port 0")
        return url.rstrip("/")

    @field_validator("headers", "cookies")
    @classmethod
    def _header_names(cls, given: dict[str, SecretSource]) -> dict[str, SecretSource]:
        for name in given:
            if not TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} cannot be the name of a header or cookie")
        return given

    @model_validator(mode="after")
    def _whole_certificate(self) -> ContextSettings:
        if self.client_key and not self.client_cert:
            raise ValueError("client_key needs client_cert")
        return self

    def addresses(self) -> tuple[str, ...]:
        """Every address this context may send to; backends with more than `url` add theirs."""
        return (self.url,)

    def secrets(self) -> list[SecretSource]:
        """Every secret of this context."""
        found: list[SecretSource] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            inside = value.values() if isinstance(value, dict) else (value,)
            found += [item for item in inside if isinstance(item, SecretSource)]
        return found

    def login_secret(self) -> tuple[str, SecretSource] | None:
        """What a new login replaces, with the name of its key: the token, the secret of a key pair, a password,
        else the first secret header or cookie. None where the context logs in with nothing."""
        for name in LOGIN_FIELDS:
            value = getattr(self, name, None)
            if isinstance(value, SecretSource):
                return name.replace("_", " "), value
        for group in (self.headers, self.cookies):
            for name, source in group.items():
                return name, source
        return None

    def in_the_clear(self) -> tuple[str, ...]:
        """The addresses on other machines that are spoken to unencrypted: whoever is between reads along."""
        plain = ((address, urlsplit(address)) for address in self.addresses())
        return tuple(
            a for a, parts in plain if parts.scheme in ("http", "grpc") and not _loopback(parts.hostname or "")
        )

    def is_loopback(self) -> bool:
        return all(_loopback(urlsplit(address).hostname or "") for address in self.addresses())


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
