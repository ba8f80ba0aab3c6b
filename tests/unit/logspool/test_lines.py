"""What lines say about themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.loglines import Level, line_level, line_time, suspects

AT = 1787409127.0  # 2026-08-22T14:32:07Z


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-08-22T14:32:07Z step", AT),
        ("2026-08-22 14:32:07,250 INFO", AT + 0.25),
        ("2026-08-22T16:32:07.5+02:00 x", AT + 0.5),
        ("[2026/08/22 14:32:07] x", AT),
        ("\x1b[32m2026-08-22T14:32:07Z\x1b[0m x", AT),
        ('{"ts": 1787409127.0, "msg": "x"}', AT),
        ('{"time":"2026-08-22T14:32:07Z"}', AT),
        ('{"timestamp": 1787409127250}', AT + 0.25),
        ("I0822 14:32:07.500000 1 main.go:3] x", AT + 0.5),
        ("step 41200 loss 0.4127", None),
        ("2026-13-45T99:99:99Z", None),
        ("", None),
    ],
)
def test_times(text: str, time: float | None) -> None:
    assert line_time(text, year=2026) == (None if time is None else pytest.approx(time))


@pytest.mark.parametrize(
    ("raw", "level"),
    [
        (b"2026-08-22 14:32:07 ERROR bad", Level.ERROR),
        (b"RuntimeError: NCCL communicator was aborted", Level.ERROR),
        (b"torch.cuda.OutOfMemoryError: CUDA out of memory", Level.ERROR),
        (b"Traceback (most recent call last):", Level.ERROR),
        (b"error: cannot pull image", Level.ERROR),
        (b'{"level": "error", "msg": "x"}', Level.ERROR),
        (b"level=fatal msg=x", Level.ERROR),
        (b"E0822 14:32:07.000000 1 main.go:3] x", Level.ERROR),
        (b"W0822 14:32:07.000000 1 main.go:3] x", Level.WARNING),
        (b"UserWarning: deprecated", Level.WARNING),
        (b"WARN then ERROR", Level.ERROR),
        (b"mean absolute error 0.3, 0 errors", None),
        (b"warnings are off", None),
        (b"terror of the seas", None),
        (b"step 41200 loss 0.4127", None),
    ],
)
def test_levels(raw: bytes, level: Level | None) -> None:
    assert line_level(raw) is level
    if level is not None:
        assert suspects(b"before\n" + raw + b"\nafter\n")


@given(st.binary(max_size=300))
def test_no_bytes_break_them(raw: bytes) -> None:
    line_level(raw)
    line_time(raw.decode("utf-8", "replace"), 2026)


@given(st.lists(st.sampled_from([b"ok", b"ERROR x", b"WARN", b"E0822 14:32:07.1 x", b"a\rFATAL"]), max_size=8))
def test_every_line_with_a_level_is_a_suspect(lines: list[bytes]) -> None:
    region = b"".join(line + b"\n" for line in lines)
    found = {region.count(b"\n", 0, offset) for offset in suspects(region)}
    assert {n for n, line in enumerate(lines) if line_level(line)} <= found
