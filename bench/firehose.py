"""`python -m bench.firehose --runs N --hosts N --lines N --rate N`: a mock server whose agents' logs are long.

Every file of every sandbox has the same lines of one length, `--lines` at first and `--rate` more a second from
the first `GET /_firehose/open` on until `/_firehose/shut`; both say how many lines there are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

WIDTH = 64
MOST = 16 * 4096


def line(number: int) -> bytes:
    """A line as training jobs write them; one in 1,000 is an error."""
    kind = "ERROR loss is nan at" if number % 1000 == 777 else "INFO  train loss 0.4"
    return f"2026-01-01T00:00:00Z {kind} step {number:012d}".ljust(WIDTH - 1).encode() + b"\n"


class Firehose:
    """An ASGI app around another one: it answers reads of files itself."""

    def __init__(self, app: Any, lines: int, rate: float) -> None:
        self._app = app
        self._lines = lines
        self._rate = rate
        self._opened: float | None = None

    @property
    def count(self) -> int:
        grown = (monotonic() - self._opened) * self._rate if self._opened is not None else 0.0
        return self._lines + int(grown)

    def open(self) -> int:
        self._opened = monotonic()
        return self.count

    def shut(self) -> int:
        self._lines, self._opened = self.count, None
        return self.count

    def read(self, offset: int, length: int) -> dict[str, Any]:
        size = self.count * WIDTH
        if offset == -1:
            return {"data": "", "offset": size}
        end = min(size, offset + (MOST if length == -1 else min(length, MOST)))
        first, last = offset // WIDTH, -(-end // WIDTH)
        whole = b"".join(line(number) for number in range(first, last))
        return {"data": whole[offset - first * WIDTH :][: max(0, end - offset)].decode(), "offset": offset}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path == "/files/read":
            asked = parse_qs(scope["query_string"].decode())
            await _answer(send, self.read(int(asked["offset"][0]), int(asked.get("length", ["-1"])[0])))
        elif path in ("/_firehose/open", "/_firehose/shut"):
            await _answer(send, {"lines": self.open() if path.endswith("open") else self.shut()})
        else:
            await self._app(scope, receive, send)


async def _answer(send: Any, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": raw})


def main() -> None:
    from adapters.mock.server import MockOptions, bind, build_app, serve, url_of

    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("runs", 60), ("hosts", 12), ("lines", 0), ("rate", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    bound = bind("127.0.0.1", 0)
    cluster = MockOptions(runs=given.runs, hosts=given.hosts).cluster()
    cluster.base_host, cluster.base_port = bound.getsockname()[:2]
    app = Firehose(build_app(cluster), given.lines, given.rate)
    asyncio.run(serve(app, bound, lambda: print(f"runyard mock: {url_of(bound)}", flush=True)))


if __name__ == "__main__":
    main()
