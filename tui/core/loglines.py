"""What a log line says about itself: its time and its level, found lazily and without trust."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
