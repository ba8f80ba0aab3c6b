"""A mock server whose every free text is hostile: names, owners, messages, labels, lines of logs, errors."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

POISON = (
    "\x1b]0;owned\x07\x1b]52;c;aGk=\x07\x1b]8;;http://evil\x1b\\link\x1b]777;notify;a;b\x07\x1bP$q\x1b\\\x1b[2J\x1b[1;1H\x9b31m"
    "\u202eevil\u2066\u200b\u200d\ufeff[/red][bold]\x00\x07\x7f\r\x08"
)
FREE = frozenset(
    (
        *("display_name", "displayName", "description", "message", "comment", "status_message", "status_reason"),
        *("owner", "owning_team", "owningTeam", "failure", "textPayload", "msg", "text", "reason", "error"),
        *("error_message", "errorMessage", "statusMessage", "lastMessage", "detail", "title", "logs"),
    )
)
"""Keys of texts that name nothing: what is asked for again by its text stays as it is."""

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


def poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: poisoned(inner, "labels" if key == "labels" else name) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, key) for inner in value]
    if not isinstance(value, str):
        return value
    free = key in FREE or key == "labels" or (key == "name" and "/" not in value)  # Vertex AI's name is a path
    return value + POISON if free else value


class Poison:
    """ASGI middleware; what the control plane says stays true."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_mock"):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            sent = self.spoil(bytes(body))
            headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(sent)).encode())]})
            await send({"type": "http.response.body", "body": sent})

        await self.app(scope, receive, hold)

    @staticmethod
    def spoil(body: bytes) -> bytes:
        try:
            found = json.loads(body)
        except ValueError:
            return body.replace(b"\n", POISON.encode() + b"\n") if body else body
        return json.dumps(poisoned(found)).encode()
