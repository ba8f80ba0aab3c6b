"""Google's Application Default Credentials, by google-auth where it is installed."""

from __future__ import annotations

import asyncio
import importlib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.errors import Unauthorized, Unavailable
from adapters.frozen import dataclass

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT = 10.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A login that is sent elsewhere would take its secrets there."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirect)
LARGEST = 2**20


@dataclass(frozen=True, slots=True)
class Response:
    """What google-auth expects of a transport's answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def transport(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: Any,
) -> Response:
    """A google-auth transport by the standard library, so that it needs no other HTTP client. It blocks."""
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)
    try:
        with OPENER.open(request, timeout=timeout or TIMEOUT) as answer:
            return Response(answer.status, dict(answer.headers), answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, dict(error.headers), error.read(LARGEST))
    except OSError as error:
        exceptions = importlib.import_module("google.auth.exceptions")
        raise exceptions.TransportError(str(error)) from error


class DefaultCredentials:
    """Finds the credentials when they are first needed, and renews them when they are about to expire."""

    def __init__(self, load: Callable[[str], Any] = importlib.import_module) -> None:
        self._load = load
        self._found: Any = None
        self._turn = asyncio.Lock()

    async def token(self) -> str:
        """An access token. Raises Unauthorized, in words, where there is none to be had."""
        async with self._turn:
            return await asyncio.to_thread(self._token)

    @property
    def expires(self) -> float | None:
        """Epoch seconds; google-auth keeps a naive time in UTC."""
        moment = getattr(self._found, "expiry", None)
        return moment.replace(tzinfo=UTC).timestamp() if isinstance(moment, datetime) else None

    def _token(self) -> str:
        try:
            auth, exceptions = self._load("google.auth"), self._load("google.auth.exceptions")
        except ImportError:
            raise Unauthorized(
                'credentials = "adc" needs the package google-auth',
                hint="pip install 'runyard[google]', or give token_command",
                executed=False,
            ) from None
        try:
            if self._found is None:
                self._found, _ = auth.default(scopes=[SCOPE])
            if not self._found.valid:
                self._found.refresh(transport)
        except exceptions.TransportError as error:
            raise Unavailable(f"Google's token server does not answer: {_first(error)}", executed=False) from None
        except exceptions.GoogleAuthError as error:
            self._found = None
            raise Unauthorized(
                f"no Application Default Credentials: {_first(error)}",
                hint="gcloud auth application-default login",
                executed=False,
            ) from None
        return str(self._found.token)


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
