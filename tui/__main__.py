"""The entry point: the fast answers first, then the command line."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import warnings

FEW_COLLECTIONS = 100_000
"""New objects between two garbage collections while modules are imported, of which next to none is garbage."""


def main() -> None:
    """Run `runyard` with the process's arguments and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from tui import __version__

        print(f"runyard {__version__}")
        sys.exit(0)
    gc.set_threshold(FEW_COLLECTIONS, *gc.get_threshold()[1:])
    end = End()
    atexit.register(end.now)  # before all the others, so that it comes after them
    stranger = strange_package()
    if stranger is not None:
        print(f"runyard: {stranger}", file=sys.stderr)
        sys.exit(2)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # stderr is for the operator; python -W shows them
    from tui.cli import run

    end.code = run(arguments)
    sys.exit(end.code)


class End:
    """Ends the process once everything that waits for its end has had its turn: taking the interpreter apart
    piece by piece would take a tenth of a second from whoever waits for a one-shot command."""

    code: int | None = None
    """None: by an exception, which Python itself has to tell of."""

    def now(self) -> None:
        if self.code is None:
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError):
            return  # nobody reads any more, or the disk is full: Python says so, as ever
        os._exit(self.code)


def strange_package() -> str | None:
    """A sentence when `adapters` or `tui` is not our own: other packages have these names too."""
    from importlib.util import find_spec
    from pathlib import Path

    home = Path(__file__).resolve().parent.parent
    for name in ("adapters", "tui"):
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            spec = None
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin != home / name / "__init__.py":
            return (
                f"the package {name!r} that Python finds here ({origin or 'none'}) is not runyard's own; "
                "install runyard by itself, with pipx, uv tool or in a venv of its own"
            )
    return None


if __name__ == "__main__":
    main()
