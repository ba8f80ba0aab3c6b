"""The entry point: the fast answers first, then the command line."""

from __future__ import annotations

import sys
import warnings


def main() -> None:
    """Run `runyard` with the process's arguments and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from tui import __version__

        print(f"runyard {__version__}")
        sys.exit(0)
    stranger = strange_package()
    if stranger is not None:
        print(f"runyard: {stranger}", file=sys.stderr)
        sys.exit(2)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # stderr is for the operator; python -W shows them
    from tui.cli import run

    sys.exit(run(arguments))


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
