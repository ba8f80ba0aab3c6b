"""The command line as its own tests drive it."""

from tests.unit.cli.conftest import Cli, Result, runyard, write_config

__all__ = ["Cli", "Result", "runyard", "write_config"]
