"""The picture of a report: that it is one, of the size that it should be, whatever the report holds."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bbquery import measure_usage
from bbquery.emulator import generate

pytest.importorskip("matplotlib")

ODD = ("$x$", "\u4e2d\u6587", "a\nb\x1b[31m", "\ud800", "x" * 500, "$\\frac{", "")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def odd(value: str) -> dict[str, Any]:
    return {
        "status": "COMPLETED", "startedAt": "2026-11-20T10:00:00Z", "endedAt": "2026-11-20T10:05:00Z",
        "userMetadata": {"client": value},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sessions", "by", "every"),
    [
        ([], (), None),
        ([], ("client",), "1d"),
        (list(generate(60, seed=1, now=NOW.timestamp())), (), "1d"),
        (list(generate(60, seed=1, now=NOW.timestamp())), ("client", "task"), "7d"),
        ([odd(value) for value in ODD], ("client",), "1h"),
    ],
    ids=["nothing", "nothing over time", "one segment", "many segments", "odd names"],
)  # fmt: skip
def test_every_report_has_a_picture(
    tmp_path: Path, sessions: list[Any], by: tuple[str, ...], every: str | None
) -> None:
    from bbquery.usage.export.png import write_png

    report = measure_usage(sessions, by=by, every=every, now=NOW)
    write_png(report, tmp_path / "usage.png")
    width, height = size(tmp_path / "usage.png")
    assert width == 1600
    assert (height > 900) == (bool(report.intervals) or len(report.segments) > 8)
