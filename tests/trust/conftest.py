"""The command line in this process, over a config of the test's own; the console over fakes."""

from tests.trust.cli import runyard, write_config
from tests.trust.planted import plant
from tests.tui.conftest import console

__all__ = ["console", "plant", "runyard", "write_config"]
