"""Who asks: a token, or Application Default Credentials by google-auth; and which addresses are meant."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from adapters.errors import Unauthorized, Unavailable
from adapters.model import Kind
from adapters.vertex.adapter import VertexAdapter
from adapters.vertex.adc import SCOPE, DefaultCredentials
from adapters.vertex.settings import VertexSettings
from tests.unit.vertex.server import BASE, Server

pytestmark = pytest.mark.anyio


class GoogleAuthError(Exception):
    pass


class TransportError(GoogleAuthError):
    pass


class Credentials:
    """As google-auth's: valid once refreshed, until the test says otherwise."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.valid = False
        self.token: str | None = None
        self.expiry: datetime | None = None
        self.refreshed = 0
        self.problem = problem

    def refresh(self, request: Any) -> None:
        if self.problem is not None:
            raise self.problem
        assert callable(request)
        self.refreshed += 1
        self.valid, self.token = True, f"adc-{self.refreshed}"
        self.expiry = datetime(2026, 8, 22, 15, 0, 0)


def google_auth(found: Credentials | Exception) -> Any:
    def default(*, scopes: list[str]) -> tuple[Credentials, str]:
        assert scopes == [SCOPE]
        if isinstance(found, Exception):
            raise found
        return found, "project"

    modules = {
        "google.auth": SimpleNamespace(default=default),
        "google.auth.exceptions": SimpleNamespace(GoogleAuthError=GoogleAuthError, TransportError=TransportError),
    }
    return modules.__getitem__


def adapter(server: Server, credentials: DefaultCredentials) -> VertexAdapter:
    settings = VertexSettings(project="atlas-ml", region="us-central1", credentials="adc", retries=0)
    return VertexAdapter("vertex", settings, transport=httpx.MockTransport(server), credentials=credentials)


async def test_default_credentials_are_refreshed_when_they_are_no_longer_valid() -> None:
    server = Server().on("GET", f"{BASE}/customJobs", httpx.Response(200, json={}))
    found = Credentials()
    made = adapter(server, DefaultCredentials(google_auth(found)))
    assert made.stats.auth == "adc"
    await made.list(Kind.RUN)
    await made.list(Kind.RUN)
    found.valid = False
    await made.list(Kind.RUN)
    sent = [request.headers["authorization"] for request in server.asked]
    assert sent == ["Bearer adc-1", "Bearer adc-1", "Bearer adc-2"]
    assert made.stats.auth_expires == 1787410800.0
    assert server.asked[0].url.host == "us-central1-aiplatform.googleapis.com"


async def test_without_google_auth_it_says_what_to_install() -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    server = Server()
    with pytest.raises(Unauthorized, match="needs the package google-auth") as caught:
        await adapter(server, DefaultCredentials(missing)).list(Kind.RUN)
    assert "runyard[google]" in caught.value.hint
    assert caught.value.executed is False
    assert not server.asked


@pytest.mark.parametrize(
    ("found", "kind", "sentence"),
    [
        (GoogleAuthError("Could not find default credentials.\nSee docs"), Unauthorized, "Could not find default"),
        (Credentials(GoogleAuthError("Reauthentication is needed.")), Unauthorized, "Reauthentication is needed."),
        (Credentials(TransportError("no route")), Unavailable, "token server does not answer: no route"),
    ],
)
async def test_credentials_that_cannot_be_had(found: Any, kind: type[Exception], sentence: str) -> None:
    server = Server()
    with pytest.raises(kind, match=sentence) as caught:
        await adapter(server, DefaultCredentials(google_auth(found))).list(Kind.RUN)
    assert "\n" not in str(caught.value)
    assert not server.asked


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"region": "us-central1"}, "https://us-central1-aiplatform.googleapis.com"),
        ({"region": "europe-west4"}, "https://europe-west4-aiplatform.googleapis.com"),
        ({"region": "global"}, "https://aiplatform.googleapis.com"),
        ({"region": "us-central1", "url": "http://127.0.0.1:1/"}, "http://127.0.0.1:1"),
    ],
)
def test_the_address_follows_the_region(given: dict[str, str], url: str) -> None:
    settings = VertexSettings(project="p", **given)
    assert settings.url == url
    assert settings.logging_url == "https://logging.googleapis.com"
    assert settings.addresses() == (url, settings.logging_url)
    assert not settings.is_loopback()
    assert settings.parent == f"projects/p/locations/{given['region']}"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"region": "r"}, "project"),
        ({"project": "p"}, "region"),
        ({"project": "p/q", "region": "r"}, "project"),
        ({"project": "p", "region": "../x"}, "region"),
        ({"project": "p", "region": "r", "token": "t", "credentials": "adc"}, "not both"),
        ({"project": "p", "region": "r", "credentials": "user"}, "credentials"),
        ({"project": "p", "region": "r", "logging_url": "ftp://x"}, "http"),
        ({"project": "p", "region": "r", "zone": "x"}, "zone"),
    ],
)
def test_settings_that_make_no_sense(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        VertexSettings(**given)
