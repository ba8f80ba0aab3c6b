"""Certificates: checked unless a context says otherwise, against its own authority, with its own certificate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from adapters.endpoint import Effect
from adapters.errors import AdapterError, Unavailable
from adapters.http import HttpClient
from adapters.settings import ContextSettings

pytestmark = pytest.mark.anyio


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Who asks, by the name in their certificate."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        await reader.readuntil(b"\r\n\r\n")
        given = writer.get_extra_info("peercert")
        body = b'{"client": "ana"}' if given else b'{"client": null}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
    writer.close()


class Site:
    """A server with a certificate for localhost by an authority nobody else knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def file(self, name: str, *blobs: trustme.Blob) -> str:
        path = self.folder / name
        path.write_bytes(b"".join(blob.bytes() for blob in blobs))
        return str(path)

    @contextlib.asynccontextmanager
    async def open(self, name: str = "localhost", *, clients: bool = False) -> AsyncIterator[Site]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name).configure_cert(context)
        if clients:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def ask(site: Site, **more: object) -> object:
    settings = ContextSettings.model_validate({"backend": "x", "url": site.url, "retries": 0, **more})
    client = HttpClient(settings, context="x", error_reader=lambda *_: None)
    try:
        return (await client.request("GET", "/thing", effect=Effect.READ)).json()
    finally:
        await client.aclose()


async def test_an_authority_nobody_knows_is_refused_and_what_helps_is_said(site: Site) -> None:
    async with site.open():
        with pytest.raises(Unavailable) as caught:
            await ask(site)
    assert "certificate that is not trusted; ca_file names the authority" in caught.value.sentence
    assert caught.value.executed is False


async def test_the_authority_of_the_context_is_trusted(site: Site) -> None:
    async with site.open():
        ca = site.file("ca.pem", site.authority.cert_pem)
        assert await ask(site, ca_file=ca) == {"client": None}


async def test_a_certificate_for_another_host_is_refused(site: Site) -> None:
    async with site.open("elsewhere.example"):
        with pytest.raises(Unavailable):
            await ask(site, ca_file=site.file("ca.pem", site.authority.cert_pem))


async def test_verify_false_is_the_only_way_around(site: Site) -> None:
    async with site.open("elsewhere.example"):
        assert await ask(site, verify=False) == {"client": None}
        ca = site.file("ca.pem", site.authority.cert_pem)
        assert await ask(site, verify=False, ca_file=ca) == {"client": None}


async def test_a_client_certificate_is_shown(site: Site) -> None:
    async with site.open(clients=True):
        ca = site.file("ca.pem", site.authority.cert_pem)
        mine = site.authority.issue_cert("ana@example.org")
        cert = site.file("me.pem", *mine.cert_chain_pems)
        key = site.file("me.key", mine.private_key_pem)
        assert await ask(site, ca_file=ca, client_cert=cert, client_key=key) == {"client": "ana"}
        both = site.file("both.pem", mine.private_key_pem, *mine.cert_chain_pems)
        assert await ask(site, ca_file=ca, client_cert=both) == {"client": "ana"}
        with pytest.raises(AdapterError) as caught:
            await ask(site, ca_file=ca)
    assert "\n" not in caught.value.sentence
