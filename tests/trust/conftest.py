"""The command line in this process, over a config of the test's own."""

from tests.trust.cli import runyard, write_config

__all__ = ["runyard", "write_config"]
