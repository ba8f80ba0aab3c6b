"""Proxies, HTTP and SOCKS, by the context and by the environment; none for what is on this machine."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import pytest

from adapters.endpoint import Effect
from adapters.errors import Unavailable
from adapters.http import HttpClient
from adapters.settings import ContextSettings

pytestmark = pytest.mark.anyio

ANSWER = b'{"ok": true}'
PASSWORD = "swordfish"


class Proxy:
    """A proxy that answers itself for whatever host is asked of it, and notes which."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.logins: list[str] = []
        self.port = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            first = await reader.readexactly(1)
            if first == b"\x05":
                await self.greet(reader, writer)
                first = b""
            head = first + await reader.readuntil(b"\r\n\r\n")
            line, *rest = head.decode().split("\r\n")
            if first:
                self.asked.append(line.split(" ")[1].split("/")[2])
            fields = dict(entry.lower().split(": ", 1) for entry in rest if ": " in entry)
            if login := fields.get("proxy-authorization"):
                self.logins.append(login)
            headers = f"Content-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n" + headers.encode() + ANSWER)
            await writer.drain()
        writer.close()

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """RFC 1928, with the user name and password of RFC 1929 where they are offered."""
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        login = b"\x02" in methods
        writer.write(b"\x05\x02" if login else b"\x05\x00")
        if login:
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            self.logins.append(f"{user.decode()}:{password.decode()}")
            writer.write(b"\x01\x00")
        await reader.readexactly(3)
        assert await reader.readexactly(1) == b"\x03"  # a name: the proxy resolves it, not this machine
        host = await reader.readexactly((await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"{host.decode()}:{port}")
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with Proxy().open() as opened:
        yield opened


async def ask(url: str, **more: object) -> object:
    settings = ContextSettings.model_validate({"backend": "x", "url": url, "retries": 0, **more})
    client = HttpClient(settings, context="x", error_reader=lambda *_: None)
    try:
        return (await client.request("GET", "/thing", effect=Effect.READ)).json()
    finally:
        await client.aclose()


@pytest.mark.parametrize(("scheme", "place"), [("http", "api.invalid"), ("socks5", "api.invalid:80")])
async def test_a_context_names_its_proxy(proxy: Proxy, scheme: str, place: str) -> None:
    assert await ask("http://api.invalid", proxy=f"{scheme}://127.0.0.1:{proxy.port}") == {"ok": True}
    assert proxy.asked == [place]
    assert proxy.logins == []


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_may_ask_for_a_login(proxy: Proxy, scheme: str) -> None:
    await ask("http://api.invalid", proxy=f"{scheme}://ana:{PASSWORD}@127.0.0.1:{proxy.port}")
    basic = "basic " + base64.b64encode(f"ana:{PASSWORD}".encode()).decode().lower()
    assert proxy.logins == [basic if scheme == "http" else f"ana:{PASSWORD}"]


@pytest.mark.parametrize(("name", "scheme"), [("HTTP_PROXY", "http"), ("ALL_PROXY", "socks5")])
async def test_the_environment_names_one(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str, scheme: str
) -> None:
    monkeypatch.setenv(name, f"{scheme}://127.0.0.1:{proxy.port}")
    assert await ask("http://api.invalid") == {"ok": True}
    assert len(proxy.asked) == 1


async def test_what_is_on_this_machine_is_asked_directly(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.port}")
    with pytest.raises(Unavailable):
        await ask("http://127.0.0.1:9")
    assert proxy.asked == []


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_dead_proxy_is_one_sentence_without_its_password(scheme: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await ask("http://api.invalid", proxy=f"{scheme}://ana:{PASSWORD}@127.0.0.1:9")
    assert PASSWORD not in f"{caught.value!r} {caught.value.sentence} {caught.value.hint}"
    assert caught.value.executed is False
