"""Imported before httpx and pydantic: leaves out what they bring along and nobody here uses, 40 ms of every start.

httpx takes its own command line along where it can. pydantic looks through every installed package for plugins.
httpcore looks for sniffio with every lock it takes, a walk along the whole path where that is not installed.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

PLUGINS = "pydantic.plugin._loader"


class NoPlugins(ModuleType):
    """Stands for the module that looks for plugins; asked for anything else, it gives way to it."""

    def get_plugins(self) -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(PLUGINS) is self:
            del sys.modules[PLUGINS]
        return getattr(importlib.import_module(PLUGINS), name)


sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: it cannot be imported
sys.modules.setdefault(PLUGINS, NoPlugins(PLUGINS))
try:
    importlib.import_module("sniffio")
except ImportError:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
