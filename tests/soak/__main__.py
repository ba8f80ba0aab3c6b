"""`make soak`: ten minutes of it, told in docs/faults.md."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from docs import faults
from tests.soak.drive import soak


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = folder
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
        report = asyncio.run(soak(Path(folder), seconds=seconds, settle=seconds / 5))
    day = time.strftime("%Y-%m-%d", time.gmtime())
    text = "\n".join(f"- {line}" for line in [f"{day}, {os.cpu_count()} cores.", *report.lines()])
    print(text)
    if seconds >= 600:
        faults.soaked(text)
    print("\n".join(report.wrong[:20]), file=sys.stderr)
    return bool(report.wrong) or report.growth > 1.1


if __name__ == "__main__":
    sys.exit(main())
