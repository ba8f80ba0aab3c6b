"""One port that speaks every backend's API: as an ASGI app, in a thread for tests, and stand-alone."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    from collections import deque

    from starlette.applications import Starlette

    from adapters.mock.cluster import SimCluster
    from adapters.mock.faults import Fault, Faults
    from adapters.mock.front import Arrived

KEPT_REQUESTS = 20_000


def build_app(
    cluster: SimCluster,
    faults: Faults | Iterable[Fault | str] = (),
    backends: Iterable[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Starlette:
    """The app over `cluster`: `backends` (all known ones by default), each mounted from its registry entry.

    `options` are keyword arguments for a backend's mock, by backend: `{"kfp": {"old_gateway": True}}`.
    Raises FaultError.
    """
    from collections import deque

    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import BaseRoute, Match
    from starlette.types import Scope

    from adapters.mock.control import Control
    from adapters.mock.faults import Faults
    from adapters.mock.front import Front

    weather = faults if isinstance(faults, Faults) else Faults(faults, seed=cluster.seed)
    requests: deque[Arrived] = deque(maxlen=KEPT_REQUESTS)
    owned = [(name, route) for name in mounted(backends) for route in _routes(name, cluster, options)]

    def owner(scope: Scope) -> str:
        return next((name for name, route in owned if route.matches(scope)[0] is not Match.NONE), "")

    routes: list[BaseRoute] = [*Control(cluster, weather, requests).routes(), *(route for _, route in owned)]
    front = Middleware(Front, cluster=cluster, faults=weather, requests=requests, owner=owner)
    app = Starlette(routes=routes, middleware=[front], exception_handlers={404: _go_not_found})
    app.router.redirect_slashes = False
    app.state.cluster = cluster
    app.state.faults = weather
    app.state.requests = requests
    return app


def mounted(backends: Iterable[str] | None = None) -> list[str]:
    """The backends that a server serves: those asked for, else all known ones."""
    from adapters import registry

    return registry.names() if backends is None else list(backends)


def _routes(name: str, cluster: SimCluster, options: Mapping[str, Mapping[str, Any]] | None) -> list[Any]:
    from adapters import registry

    try:
        make = registry.backend(name).load_mock()
    except (ImportError, AttributeError) as error:
        print(f"runyard mock: {name} is not served: {error}", file=sys.stderr)
        return []
    return list(make(cluster, **(options or {}).get(name, {})))


def _go_not_found(request: object, error: object) -> Any:
    # Most of these servers are written in Go, and this is what its router says to a stray path.
    from starlette.responses import PlainTextResponse

    return PlainTextResponse("404 page not found\n", 404)


def config_toml(
    url: str, backends: Iterable[str] | None = None, more: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """A config with one context per backend, named after it; `more` are further keys by backend."""
    from adapters import registry

    parts = []
    for name in mounted(backends):
        body = registry.backend(name).example.format(url=url).rstrip()
        for key, value in (more or {}).get(name, {}).items():
            body += f'\n{key} = "{value}"'
        head = "" if body.startswith("[") else f"[contexts.{name}]\n"
        parts.append(f"{head}{body}\n")
    return "\n".join(parts)


@contextlib.asynccontextmanager
async def second_ports(
    cluster: SimCluster,
    host: str,
    backends: Iterable[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    requests: deque[Arrived] | None = None,
) -> AsyncIterator[dict[str, Mapping[str, str]]]:
    """What backends serve beside HTTP, while the block lasts: the keys their contexts need for it. What arrives
    there is added to `requests`."""
    from adapters import registry

    async with contextlib.AsyncExitStack() as closing:
        found: dict[str, Mapping[str, str]] = {}
        for name in mounted(backends):
            open_port = registry.backend(name).load_second_port()
            given = (options or {}).get(name, {})
            port = await open_port(cluster, host, requests, **given) if open_port else None
            if port is not None:
                closing.push_async_callback(port.close)
                found[name] = port.config
        yield found


@dataclass(frozen=True, slots=True)
class MockOptions:
    """What `runyard mock` can be told; `clock` is wall or virtual, `arrivals` are runs per minute and backend."""

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 0
    runs: int = 60
    hosts: int = 12
    arrivals: float = 0.0
    speed: float = 1.0
    clock: str = "wall"
    faults: Sequence[str] = ()
    print_config: bool = False
    backends: Sequence[str] | None = None

    def cluster(self) -> SimCluster:
        from adapters.mock.clock import SimClock
        from adapters.mock.cluster import SimCluster

        clock = SimClock(speed=self.speed, virtual=self.clock == "virtual")
        return SimCluster(seed=self.seed, runs=self.runs, hosts=self.hosts, arrivals=self.arrivals, clock=clock)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that name TCP; with it each answer waits 40 ms.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(512)
    except OSError:
        made.close()
        raise
    return made


def _loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_defect(record: logging.LogRecord) -> bool:
    """Not a request that merely ended with the server."""
    return not (record.exc_info and (record.exc_info[0] or type).__name__ == "CancelledError")


def _uvicorn(app: Any, ready: Callable[[], None]) -> Any:
    """A uvicorn server that leaves signals to us, calls `ready` once it accepts, and ends at once."""
    import logging

    import uvicorn

    logging.getLogger("uvicorn.error").addFilter(_is_defect)

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn would raise them again at the end
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=75
    )
    return Server(config)


def _stop(server: Any) -> None:
    server.should_exit = True
    server.force_exit = True


async def serve(app: Any, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are dropped, without a word."""
    import asyncio
    import logging
    import signal

    server = _uvicorn(app, ready)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, server)
    await server.serve(sockets=[bound])
    logging.getLogger("uvicorn.error").disabled = True
    for connection in list(server.server_state.connections):
        connection.transport.abort()


def run(options: MockOptions) -> int:
    """`runyard mock`: the exit code. Nothing but the announced line, or the config, goes to stdout."""
    import asyncio

    from adapters.mock.faults import FaultError

    try:
        bound = bind(options.host, options.port)
    except OSError as error:
        print(f"runyard mock: cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 2
    if not _loopback(options.host):
        print(f"runyard mock: open to whoever reaches {options.host}, without a login", file=sys.stderr)
    cluster = options.cluster()
    cluster.base_host, cluster.base_port = bound.getsockname()[:2]
    try:
        app = build_app(cluster, options.faults, options.backends)
    except FaultError as error:
        bound.close()
        print(f"runyard mock: {error}", file=sys.stderr)
        return 2
    url = url_of(bound)

    async def serve_all() -> None:
        requests = app.state.requests
        async with second_ports(cluster, options.host, options.backends, requests=requests) as ports:

            def announce() -> None:
                comment = "# " if options.print_config else ""
                print(f"{comment}runyard mock: {url}", flush=True)
                if options.print_config:
                    print(config_toml(url, options.backends, ports), flush=True)

            await serve(app, bound, announce)

    asyncio.run(serve_all())
    return 0


class MockServer:
    """The server in a thread, for tests: `with MockServer(seed=7, runs=60, clock="virtual") as mock: mock.url`.

    `cluster`, `faults` and `requests` may be looked at and changed from the test; `wrapped` puts ASGI middleware
    of the test's own around the whole.
    """

    def __init__(
        self,
        *,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        port: int = 0,
        wrapped: Callable[[Any], Any] = lambda app: app,
        **settings: Any,
    ) -> None:
        self._options = MockOptions(port=port, **settings)
        self._bound = bind(self._options.host, port)
        self.url = url_of(self._bound)
        self.cluster = self._options.cluster()
        self.cluster.base_host, self.cluster.base_port = self._bound.getsockname()[:2]
        self.app = build_app(self.cluster, self._options.faults, self._options.backends, options)
        self.faults: Faults = self.app.state.faults
        self.requests = self.app.state.requests
        self._ready = threading.Event()
        self._server = _uvicorn(wrapped(self.app), self._ready.set)
        self._thread = threading.Thread(target=self._server.run, args=([self._bound],), name="mock", daemon=True)

    def start(self) -> MockServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the mock server did not start")
        return self

    def stop(self) -> None:
        """Close every connection and the port; the address answers no more."""
        _stop(self._server)
        self._thread.join(10)
        self._bound.close()

    def __enter__(self) -> MockServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
