"""`python -m tests.tui.terminal.console COMMAND...`: a console over a fake backend; f5 runs COMMAND for the row."""

from __future__ import annotations

import sys

from tests.tui.data import runs
from tests.tui.fake import FakeAdapter, services_of
from tui.app import ConsoleApp
from tui.config import Config
from tui.core.plugins import Plugin
from tui.keys import bind
from tui.pluginconfig import with_plugins

if __name__ == "__main__":
    plugins = {"lend": Plugin("lend", tuple(sys.argv[1:] or ["true"]), "lend", "f5", safe=True)}
    keymap, _ = bind({}, with_plugins(plugins.values()))
    adapter = FakeAdapter("lab", runs("lab"))
    sys.exit(ConsoleApp(services_of(adapter, config=Config(plugins=plugins), keymap=keymap)).run())
