"""One call of the apiserver: logged in, with the version in its path, and again after a 401 where that is safe."""

from __future__ import annotations

import json

from adapters.clearml.session import Session
from adapters.endpoint import Effect
from adapters.errors import AdapterError, Invalid, Unauthorized
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

    async def write(self, name: str, body: Body | None, permit: Permit, *, timeout: float | None = None) -> Reply:
        """Raises AdapterError, PermitRefused. Never repeated here; after a 401 the next call logs in anew."""
        content = json.dumps(body or {}, separators=(",", ":")).encode()
        return await self._write(name, content, "application/json", permit, timeout)

    async def write_lines(self, name: str, rows: Json, permit: Permit) -> Reply:
        """A batch call: one JSON object a line."""
        _check(permit)
        if not isinstance(rows, list):
            raise Invalid(f"{self.http.context}: {name} takes a list of objects", executed=False)
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        return await self._write(name, lines.encode(), JSON_LINES, permit, None)

    async def _write(
        self, name: str, content: bytes, content_type: str, permit: Permit, timeout: float | None
    ) -> Reply:
        _check(permit)
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
