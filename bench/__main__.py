"""`python -m bench [--quick] [--save FILE] [GROUP...]`: measure, and print one table."""

from __future__ import annotations

import argparse
import compileall
import importlib
import os
import sys
from pathlib import Path
from time import perf_counter

from bench.measure import Fact
from bench.stage import Stage
from bench.table import report

ROOT = Path(__file__).parents[1]
GROUPS = ("startup", "keys", "filters", "refresh", "memory", "logs", "contexts", "mock")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"some of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, 1k and 10k only")
    parser.add_argument("--save", type=Path, help="write the table there as well")
    options = parser.parse_args(arguments)
    for name in options.groups:
        if name not in GROUPS:
            parser.error(f"no group {name!r}; there are {', '.join(GROUPS)}")
    as_installed()
    stage, began = Stage(quick=options.quick), perf_counter()
    try:
        for name in options.groups or GROUPS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                importlib.import_module(f"bench.{name}").run(stage)
            except Exception as error:  # one group that cannot be measured must not cost the others
                reason = str(error).partition("\n")[0]
                stage.results.facts.append(Fact(name, "not measured", f"{type(error).__name__}: {reason}"))
                print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        stage.close()
    text = report(
        stage.results, " ".join(["python -m bench", *(arguments or sys.argv[1:])]), perf_counter() - began
    )
    print(text)
    if options.save:
        options.save.write_text(text)
    return 0


def as_installed() -> None:
    """What pip does when it installs, without what in this shell slows Python down: the peers are installed too."""
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE", "PYTHONPATH"):
        os.environ.pop(name, None)
    for package in ("adapters", "tui"):
        compileall.compile_dir(ROOT / package, quiet=2)


if __name__ == "__main__":
    sys.exit(main())
