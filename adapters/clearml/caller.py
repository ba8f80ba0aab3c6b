"""One call of the apiserver: logged in, with the version in its path, and again after a 401 where that is safe."""

from __future__ import annotations

from adapters.clearml.session import Session
from adapters.endpoint import Effect
from adapters.errors import AdapterError, Unauthorized
from adapters.http import HttpClient, Reply
from adapters.model import Json
from adapters.permit import Permit, PermitRefused

Body = dict[str, Json]
JSON_LINES = "application/json-lines"
REFUSED = 401


def given(more: Json = None, /, **fields: Json) -> Body:
    """The fields that were given; those of `more`, an object, win."""
    body: Body = {name: value for name, value in fields.items() if value is not None}
    body.update(more if isinstance(more, dict) else {})
    return body


class Caller:
    """`reads` and `writes` differ in effect only; both are a POST with a JSON body."""

    def __init__(self, http: HttpClient, session: Session) -> None:
        self.http = http
        self.session = session

    async def read(self, name: str, body: Body | None = None, *, timeout: float | None = None) -> Reply:
        """Raises AdapterError. A refused login is renewed once."""
        headers = await self.session.headers()
        try:
            return await self._send(name, body, headers, timeout)
        except Unauthorized as error:
            if error.status != REFUSED or not self.session.forget(headers):
                raise
        return await self._send(name, body, await self.session.headers(), timeout)

    async def _send(self, name: str, body: Body | None, headers: dict[str, str], timeout: float | None) -> Reply:
        return await self.http.request(
            "POST",
            f"{self.session.prefix}/{name}",
            effect=Effect.READ,
            json=body or {},
            headers=headers,
            timeout=timeout,
        )

    async def write(
        self,
        name: str,
        body: Body | None,
        permit: Permit,
        *,
        lines: bytes | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Raises AdapterError, PermitRefused. Never repeated here; after a 401 the next call logs in anew."""
        if permit.spent:  # before a login that would be for nothing
            raise PermitRefused(f"the permit of journal record {permit.record} is spent")
        try:
            headers = await self.session.headers()
        except AdapterError as error:
            error.executed = False  # whatever became of the login, the write was not sent
            raise
        try:
            return await self.http.request(
                "POST",
                f"{self.session.prefix}/{name}",
                effect=Effect.WRITE,
                permit=permit,
                content=content,
                headers={**headers, "Content-Type": content_type},
                timeout=timeout,
            )
        except Unauthorized as error:
            if error.status == REFUSED:
                self.session.forget(headers)
            raise


def _check(permit: Permit) -> None:
    """Before a login that would be for nothing."""
    if permit.spent:
        raise PermitRefused(f"the permit of journal record {permit.record} is spent")
