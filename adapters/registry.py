"""Which backends there are: name to dotted path, imported on use.

Third parties add theirs through the entry-point group `runyard.adapters`. Adding a backend to runyard
itself is one folder and one line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.frozen import dataclass
from adapters.names import nearest

if TYPE_CHECKING:
    from adapters.discovery import Finder, Found
    from adapters.port import Adapter, Schema
    from adapters.settings import ContextSettings

ENTRY_POINTS = "runyard.adapters"

BUILT_IN: Mapping[str, str] = {
    "kfp": "adapters.kfp:BACKEND",
    "clearml": "adapters.clearml:BACKEND",
    "jobmanager": "adapters.jobmanager:BACKEND",
    "vertex": "adapters.vertex:BACKEND",
    "peloton": "adapters.peloton:BACKEND",
}


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend as declared by its folder. The dotted paths keep its import cheap.

    `adapter` names a callable `(context: str, settings, http: HttpClient | None = None) -> Adapter`, `settings`
    the pydantic model of its part of a context, `mock` a callable `(cluster: SimCluster) -> list[Route]`.
    `example` is the body of its context in `config.example.toml`, with `{url}` to be filled in. `second_port`
    names an async callable `(cluster, host, requests, **options)` that opens what its mock serves beside HTTP:
    an object with `config`, the keys a context needs for it, and `close()`; None where it cannot be served.
    `discover` names a `discovery.Finder`: what this machine's own settings say about such a backend.
    """

    name: str
    title: str
    settings: str
    adapter: str
    mock: str
    schema: Schema
    example: str
    second_port: str = ""
    discover: str = ""

    def load_settings(self) -> type[ContextSettings]:
        return load(self.settings)  # type: ignore[no-any-return]

    def load_adapter(self) -> Callable[..., Adapter]:
        return load(self.adapter)  # type: ignore[no-any-return]

    def load_mock(self) -> Callable[..., Any]:
        return load(self.mock)  # type: ignore[no-any-return]

    def load_second_port(self) -> Callable[..., Awaitable[Any]] | None:
        return load(self.second_port) if self.second_port else None

    def load_finder(self) -> Finder | None:
        return load(self.discover) if self.discover else None


class UnknownBackend(ValueError):
    """No backend of that name; the message names the nearest one."""


def load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def paths() -> dict[str, str]:
    """Every known backend and where its BACKEND is, built-in ones first; an entry point may not replace them."""
    from importlib.metadata import entry_points

    found = dict(BUILT_IN)
    for point in entry_points(group=ENTRY_POINTS):
        found.setdefault(point.name, point.value)
    return found


def backend(name: str) -> Backend:
    """The backend of that name, imported now. Raises UnknownBackend."""
    known = BUILT_IN if name in BUILT_IN else paths()  # looking for plugins costs as much as all of a start
    if name not in known:
        raise UnknownBackend(f"no backend {name!r}{nearest(name, known)}")
    found = load(known[name])
    assert isinstance(found, Backend)
    return found


def names() -> list[str]:
    return list(paths())


def discover(environ: Mapping[str, str], home: Path) -> list[Found]:
    """Every context that the settings of this machine suggest, in the order of the backends. Contacts nobody."""
    found: list[Found] = []
    for name in names():
        finder = backend(name).load_finder()
        found += finder(environ, home) if finder is not None else ()
    return found
