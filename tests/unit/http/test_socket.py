"""What only real sockets do: refuse, break off in the middle, drip, and say nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.endpoint import Effect
from adapters.errors import BadPayload, Invalid, Timeout, Unavailable
from adapters.http import HttpClient
from adapters.permit import Permit
from adapters.settings import ContextSettings

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def served(talk: Talk, **settings: Any) -> AsyncIterator[tuple[HttpClient, list[bytes]]]:
    """A client on a server that talks as told, and the request lines that arrived."""
    heard: list[bytes] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.append(await reader.readline())
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = client_of(port, **settings)
    try:
        yield client, heard
    finally:
        await client.aclose()
        server.close()
        await server.wait_closed()


def client_of(port: int, **settings: Any) -> HttpClient:
    given = {"backend": "x", "url": f"http://127.0.0.1:{port}", "retries": 0, **settings}
    return HttpClient(ContextSettings(**given), context="ctx", error_reader=lambda *_: None)


async def read(client: HttpClient) -> bytes:
    return (await client.request("GET", "/x", effect=Effect.READ)).raw


async def write(client: HttpClient) -> None:
    await client.request("POST", "/x", effect=Effect.WRITE, permit=Permit("p", "r", "abort", "ctx"))


def says(raw: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return talk


async def test_a_whole_answer() -> None:
    async with served(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as (client, heard):
        assert await read(client) == b"{}"
        assert heard == [b"GET /x HTTP/1.1\r\n"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 20",
        b"not http at all\r\n\r\n",
        HEAD + b'Content-Length: 100\r\n\r\n{"runs":',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"ru',
    ],
)
async def test_an_answer_that_breaks_off(raw: bytes) -> None:
    async with served(says(raw)) as (client, heard):
        with pytest.raises(Unavailable) as caught:
            await read(client)
        assert "broke before the answer was whole" in caught.value.sentence
        with pytest.raises(Unavailable) as caught:
            await write(client)
        assert caught.value.executed is None
        assert len(heard) == 2


async def test_a_reset_is_retried_for_reads() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with served(reset, retries=1) as (client, heard):
        with pytest.raises(Unavailable):
            await read(client)
        assert len(heard) == 2


async def test_a_refused_connection_proves_that_nothing_was_done() -> None:
    async with served(says(b"")) as (client, _):
        address = client.settings.url
    refused = client_of(int(address.rsplit(":", 1)[1]))
    with pytest.raises(Unavailable) as caught:
        await write(refused)
    assert caught.value.executed is False
    assert "refused the connection" in caught.value.sentence
    await refused.aclose()


async def test_silence_ends_with_the_read_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with served(silent, read_timeout=0.05) as (client, _):
        with pytest.raises(Timeout) as caught:
            await write(client)
        assert caught.value.executed is None


async def test_a_dripping_body_ends_with_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with served(drip, read_timeout=5, call_timeout=0.1) as (client, _):
        with pytest.raises(Timeout, match=r"within 0\.1 s"):
            await read(client)
        assert client.stats.in_flight == 0


async def test_a_compressed_bomb_is_bounded() -> None:
    import gzip

    packed = gzip.compress(b"0" * 3_000_000)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with served(says(head + packed)) as (client, _):
        with pytest.raises(BadPayload, match="was not read"):
            await client.request("GET", "/x", effect=Effect.READ, max_body=1_000_000)


async def test_a_body_that_is_not_gzip() -> None:
    async with served(says(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")) as (client, _):
        with pytest.raises(BadPayload, match="cannot be decoded"):
            await read(client)


async def test_a_port_that_no_socket_takes() -> None:
    client = client_of(1)
    with pytest.raises(Invalid) as caught:
        await client.request("GET", "http://127.0.0.1:99999/", effect=Effect.READ)
    assert caught.value.executed is False
    await client.aclose()
