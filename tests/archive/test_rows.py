"""Sessions to columns: the quick way and the exact way give the same, and nothing that came is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.engines import as_json
from support.session_samples import mappings
from support.strategies import texts

from bbquery.archive.plain_rows import plain_table
from bbquery.archive.rows import exact_table
from bbquery.emulator import generate
from bbquery.semantics.portable_text import from_portable, path_keys, path_text, to_portable

SEEN = datetime(2026, 11, 8, tzinfo=UTC)


def exactly(lines: list[bytes]) -> Any:
    return exact_table([(json.loads(line), line.decode()) for line in lines], SEEN)


def plain_sessions() -> st.SearchStrategy[dict[str, Any]]:
    """Sessions as documented, with now and then a value that is not."""
    times = st.sampled_from(["2026-11-01T12:00:00Z", "2026-11-01T12:00:00.123456Z", "1969-12-31T23:59:59.999Z", None])
    odd_times = st.sampled_from(
        ["2026-11-01T12:00:00.1234567Z", "2026-11-01 12:00:00Z", "2026-11-01", "2026-02-30T00:00:00Z",
         "2500-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-11-01T23:59:60Z", "2026-11-01T12:00:00+01:00", "x", 5]
    )  # fmt: skip
    metadata = st.dictionaries(
        st.sampled_from(["client", "a.b", "", "order", "n"]),
        st.recursive(st.sampled_from(["acme", "5", "-1.5e3", "2026-11-01", "", "\x7f", 5, True, None, 1.5, [{"a": 1}]]),
                     lambda inner: st.dictionaries(st.sampled_from(["status", "é", "\""]), inner, max_size=2)),
        max_size=4,
    )  # fmt: skip
    names = "updatedAt startedAt endedAt expiresAt".split()
    statuses = st.sampled_from(["RUNNING", "PENDING", "COMPLETED", "NEWER"])
    return st.fixed_dictionaries(
        {"id": st.uuids().map(str), "createdAt": st.one_of(times, odd_times), "status": statuses},
        optional={
            **{name: st.one_of(times, times, times, times, odd_times) for name in names},
            "proxyBytes": st.one_of(st.integers(0, 10**6), st.sampled_from([10**30, 5.0, -1])),
            "keepAlive": st.booleans(),
            "userMetadata": st.one_of(metadata, st.none()),
            "new": st.just({"a": 1}),
        },
    )


@given(st.lists(plain_sessions(), min_size=1, max_size=5))
@example([{"id": "a", "createdAt": "2026-11-01T12:00:00.123456Z", "userMetadata": {"order": {"status": "\x7f"}}}])
def test_the_quick_way_gives_the_same_columns_or_none(sessions: list[dict[str, Any]]) -> None:
    lines = [json.dumps(session, ensure_ascii=False).encode() for session in sessions]
    quick = plain_table(lines, SEEN)
    if quick is not None:
        assert quick.to_pylist() == exactly(lines).to_pylist()


def test_sample_sessions_are_plain() -> None:
    lines = [json.dumps(session).encode() for session in generate(200, seed=3)]
    quick = plain_table(lines, SEEN)
    assert quick is not None
    assert quick.equals(exactly(lines))


@given(mappings())
def test_any_session_becomes_a_row_and_keeps_its_json(session: dict[str, Any]) -> None:
    line = json.dumps(as_json(session)).encode()
    (row,) = exactly([line]).to_pylist()
    assert row["json"] == line.decode()


@given(texts(), texts())
@example("\ufdd0\ufde0\ufde0\ufde0\ufde0", "\0")
@example("\ud800a", "\ud800")
@example("\ufdd0\ufde0\ufde0\ufde0\ufde0", "\ufde0")
def test_portable_texts_compare_as_the_texts_do(text: str, other: str) -> None:
    written, wanted = to_portable(text), to_portable(other)
    assert from_portable(written) == text
    written.encode()
    assert "\0" not in written
    assert (written == wanted) == (text == other)
    assert written.startswith(wanted) == text.startswith(other)
    assert written.endswith(wanted) == text.endswith(other)
    assert (wanted in written) == (other in text)


@given(st.lists(texts(), min_size=1, max_size=4).map(tuple), st.lists(texts(), min_size=1, max_size=4).map(tuple))
@example(("a\\", "b"), ("a.b",))
@example(("a\\.b",), ("a\\", "b"))
def test_every_path_has_a_text_of_its_own(path: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert path_keys(path_text(path)) == path
    assert (path_text(path) == path_text(other)) == (path == other)


@pytest.mark.parametrize(("path", "text"), [(("order", "status"), "order.status"), (("a.b",), r"a\.b"), (("",), "")])
def test_a_path_reads_as_people_write_it(path: tuple[str, ...], text: str) -> None:
    assert path_text(path) == text
