"""One table of what was measured: ratios first, with target and whether it is met, or by how much it is not."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Figure, Results

HEADS = ("", "ratio", "target", "group", "what", "against", "measured")


def report(results: Results, command: str, seconds: float) -> str:
    met = sum(figure.met for figure in results.figures)
    lines = [
        "# What `make bench` measured",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z   {machine()}   `{command}`   {seconds / 60:.0f} min",
        f"{met} of {len(results.figures)} targets met; 160x48, xterm-256color",
        "",
        *table(results.figures),
    ]
    if results.facts:
        rows = [(fact.group, fact.what, fact.value) for fact in results.facts]
        lines += ["", *aligned(("group", "beside it", "measured"), rows)]
    return "\n".join(lines) + "\n"


def table(figures: Sequence[Figure]) -> list[str]:
    rows = [
        (
            "met" if figure.met else f"over {figure.over:.2f}x" if figure.target else "over",
            shown(figure.ratio, figure.unit),
            shown(figure.target, figure.unit),
            figure.group,
            figure.what,
            figure.against,
            figure.note,
        )
        for figure in figures
    ]
    return aligned(HEADS, rows)


def shown(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
    return f"{number}{unit}" if unit == "x" else f"{number} {unit}"


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table that is also readable as text."""
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]


def machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = f" {names[0]}" if names else ""
    return f"{os.cpu_count()} cores{model}, {memory:.0f} GiB, Python {platform.python_version()}"
