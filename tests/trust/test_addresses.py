"""Where credentials may go: warned of in the clear, never to where a login's server points."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from adapters.vertex.adc import transport
from tests.trust.cli import Cli
from tui.config import parse
from tui.wiring import build_services

URLS = [
    ("http://127.0.0.1:9", False),
    ("http://localhost:9", False),
    ("http://[::1]:9", False),
    ("https://api.example", False),
    ("http://api.example", True),
    ("http://10.0.0.7:5290", True),
    ("http://127.0.0.1.evil.example", True),
]


@pytest.mark.parametrize(("url", "warned"), URLS)
def test_an_unencrypted_address_elsewhere_is_said(
    url: str, warned: bool, runyard: Cli, write_config: Callable[[str], Path]
) -> None:
    write_config(f'[contexts.a]\nbackend = "kfp"\nurl = "{url}"\n')
    result = runyard("config", "check")
    assert (result.code, "is not encrypted" in result.err) == (0, warned)
    _, problems = build_services(parse({"contexts": {"a": {"backend": "kfp", "url": url}}}))
    assert any("is not encrypted" in problem for problem in problems) == warned


def test_a_daemon_beside_counts_too() -> None:
    body = {"backend": "peloton", "url": "https://jobs.example", "hostmgr_url": "http://hosts.example:5291"}
    settings = parse({"contexts": {"a": body}}).contexts["a"].settings
    assert settings.in_the_clear() == ("http://hosts.example:5291",)


def test_a_login_is_not_taken_elsewhere() -> None:
    heard: list[str] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Redirecting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        answer = transport(f"http://127.0.0.1:{server.server_port}/token", headers={"Authorization": "Bearer x"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert answer.status == 302
    assert heard == ["/token"]
