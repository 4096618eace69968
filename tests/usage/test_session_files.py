"""Files of sessions: what is read, and what is said of what cannot be."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from support.usage_sessions import NOW, session

from bbquery import DecodeError, RecordProblem
from bbquery.usage import FullSessionRow, UsageMeter
from bbquery.usage.session_files import read_sessions

LINE = json.dumps(session(userMetadata={"client": "acme"}))


def total(file: Any, by: str = "client") -> tuple[int, list[Any]]:
    meter = UsageMeter(by=[by], now=NOW)
    for rows in read_sessions(file, meter.row, "june"):
        meter.add_rows(rows)
    report = meter.report()
    return report.total.sessions, list(report.segments)


@pytest.mark.parametrize(
    "data",
    [
        LINE.encode(),
        f"{LINE}\n".encode(),
        f"\n \n{LINE}\r\n\r\n".encode(),
        f"\ufeff{LINE}".encode(),
        gzip.compress(f"{LINE}\n".encode()),
        gzip.compress(b"") + gzip.compress(LINE.encode()),
        json.dumps(session(userMetadata={"client": "acme", "odd": "\ud83d"})).encode(),
        json.dumps(session(userMetadata={"client": "acme", "\ud83d": "x"})).encode(),
        json.dumps(session(userMetadata={"client": "acme"}, **{"\ud83d": 1})).encode(),
        LINE.replace('"proxyBytes": 0', f'"proxyBytes": {10**30}').encode(),
        LINE.replace('"proxyBytes": 0', '"proxyBytes": null, "futureField": [1]').encode(),
    ],
)
def test_files_are_read(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "june"
    file.write_bytes(data)
    assert total(file) == total(str(file)) == total(io.BytesIO(data)) == (1, [("acme",)])


def test_an_empty_file_holds_no_sessions() -> None:
    for data in (b"", b"\n", gzip.compress(b"")):
        assert total(io.BytesIO(data)) == (0, [])


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (f"{LINE}\n\n{{}}\n", "june, line 3: this is not a session: Object missing required field"),
        (f"{LINE}\n" * 1_000 + LINE[:-9], "june, line 1,001: the JSON is broken or cut off"),
        (f"[{LINE}]", "june, line 1: this is an array: write a session a line"),
        ("id,status\n", "june, line 1: the JSON is broken"),
        ("<html>", "june, line 1: expected JSON"),
        ('"text"', "june, line 1: this is not a session"),
        ("[" * 100_000, "june, line 1: "),
        (LINE.replace("acme", "\x01"), "june, line 1: "),
    ],
)
def test_a_line_that_is_no_session_is_named(data: str, complaint: str) -> None:
    data = data.replace("\\u0001", "\x01")
    with pytest.raises(DecodeError, match=re.escape(complaint)):
        total(io.BytesIO(data.encode()))


def test_what_is_no_utf_8_is_named() -> None:
    with pytest.raises(DecodeError, match="june, line 2"):
        total(io.BytesIO(f"{LINE}\n{LINE}".encode().replace(b"acme", b"\xff\xfe", 2).replace(b"\xff\xfe", b"acme", 1)))


def test_broken_compression_is_said() -> None:
    data = gzip.compress(LINE.encode() * 2)
    for broken in (data[:-9], data[:20], b"\x1f\x8b", b"\x1f\x8bhello world, this is no gzip"):
        with pytest.raises(DecodeError, match="june is broken or cut off"):
            total(io.BytesIO(broken))


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(DecodeError, match="a line is longer"):
        total(io.BytesIO(b" " * (17 << 20)))


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """So many lines, made as they are read."""

        def __init__(self, lines: int) -> None:
            self._left = lines

        def read(self, size: int = -1) -> bytes:
            if size < 10:
                return b"  "[:size]
            block = f"{LINE}\n".encode() * min(200, self._left)
            self._left -= min(200, self._left)
            return block

    peaks = []
    for lines in (2_000, 20_000):
        total(Endless(2_000))  # whatever is loaded late is loaded
        tracemalloc.start()
        assert total(Endless(lines))[0] == lines
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


# --- sessions that are not as documented ---------------------------------------------------------


@pytest.mark.parametrize("fields", [{"startedAt": None}, {"status": 5}, {"proxyBytes": "7"}, {"userMetadata": ["x"]}])
@pytest.mark.parametrize("kind", [UsageMeter(by=["client"]).row, FullSessionRow], ids=["some fields", "all fields"])
def test_an_odd_session_is_read_as_far_as_possible(fields: dict[str, Any], kind: Any) -> None:
    lines = "\n".join([LINE, json.dumps({**session(), **fields}), LINE]).encode()
    problems: list[RecordProblem] = []
    found = [row for rows in read_sessions(io.BytesIO(lines), kind, "june", problems) for row in rows]
    assert len(found) == 3
    assert [(each.path, each.value) for each in problems] == [(f"$.{name}", value) for name, value in fields.items()]
    assert UsageMeter(now=NOW).add_rows(found).report().total.sessions == 3
    with pytest.raises(DecodeError, match="june, line 2: this is not a session"):
        list(read_sessions(io.BytesIO(lines), kind, "june"))


def test_an_object_that_is_something_else_is_no_odd_session() -> None:
    with pytest.raises(DecodeError, match="june, line 2: this is not a session"):
        list(read_sessions(io.BytesIO(f'{LINE}\n{{"id": "x"}}'.encode()), FullSessionRow, "june", []))
