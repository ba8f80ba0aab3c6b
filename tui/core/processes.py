"""Whether a process that wrote something down is still the same one, alive on this machine."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path


def boot_id() -> str:
    """Names this boot of the machine, so that a pid of an earlier boot is never taken for a living process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{socket.gethostname()}-{int(time.time() - time.monotonic()) // 60}"


def began(pid: int) -> int | None:
    """When a process began, in ticks since the boot: a pid that is used again has another. None: not known."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return int(stat.rpartition(b")")[2].split()[19])  # the name before it may hold blanks and brackets
    except (OSError, ValueError, IndexError):
        return None


def is_alive(pid: int, since: int | None = None) -> bool:
    """Whether the process lives that had this pid, and began then where that is known."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    now = began(pid)
    return since is None or now is None or now == since
