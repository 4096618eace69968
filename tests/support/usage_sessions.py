"""Sessions to measure: a strategy of every odd kind, and plain ones for single statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bbquery.language.session_fields import STATUSES
from bbquery.usage.grouping import join_name

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
PROJECT = "11111111-1111-4111-8111-111111111111"


def text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def session(number: int = 1, seconds: float | None = 90, **fields: Any) -> dict[str, Any]:
    """As the API returns it; it started an hour ago, and lasted so many seconds."""
    started = NOW - timedelta(hours=1)
    return {
        "id": f"session-{number}",
        "createdAt": text(started),
        "updatedAt": text(started),
        "startedAt": text(started),
        "endedAt": None if seconds is None else text(started + timedelta(seconds=seconds)),
        "expiresAt": text(started + timedelta(hours=6)),
        "projectId": PROJECT,
        "status": "RUNNING" if seconds is None else "COMPLETED",
        "proxyBytes": 0,
        "keepAlive": False,
        "region": "us-west-2",
        **fields,
    }


_milliseconds = st.one_of(
    st.sampled_from([0, 1, 999, 1_000, 59_999, 60_000, 60_001, 3_600_000, 86_400_000]), st.integers(0, 200_000_000)
)
_values = st.one_of(
    st.sampled_from(["acme", "globex", "untagged", "", '""', "=1+1", "a,b\n", "é😀", "\ud83d"]),
    st.sampled_from([None, 5, "5", 1, 1.0, 1.5, True, "true", ["x"], {"deep": "y"}, {}]),
)
_ODD_KEYS = ("a.b", 'a"', "a\\b", "\x01", "é😀", "\ud83d")
_metadata = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from(["client", "task", *_ODD_KEYS]), _values, max_size=3),
    st.fixed_dictionaries({"order": st.one_of(_values, st.dictionaries(st.sampled_from(["status", "n"]), _values))}),
)


@st.composite
def _sessions(draw: st.DrawFn) -> dict[str, Any]:
    started = NOW - timedelta(milliseconds=draw(_milliseconds))
    status = draw(st.sampled_from([*STATUSES, "PAUSED"]))
    ended = draw(st.one_of(st.none(), _milliseconds.map(lambda length: started + timedelta(milliseconds=length))))
    return {
        **session(draw(st.integers(0, 10**9))),
        "createdAt": text(started),
        "startedAt": text(started),
        "endedAt": None if ended is None else text(ended),
        "expiresAt": text(started + timedelta(milliseconds=draw(_milliseconds))),
        "status": status,
        "proxyBytes": draw(st.one_of(st.integers(0, 10**6), st.just(10**20))),
        "region": draw(st.sampled_from(["us-west-2", "mars-1"])),
        "keepAlive": draw(st.booleans()),
        "userMetadata": draw(_metadata),
    }


sessions = _sessions()
lists = st.lists(sessions, max_size=8, unique_by=lambda one: str(one["id"]))
names = st.lists(
    st.sampled_from(
        ["client", "order.status", "order", "status", "region", "keep_alive", "context_id"]
        + [join_name([key]) for key in _ODD_KEYS]
    ),
    max_size=3,
    unique=True,
)
lengths = st.sampled_from([None, "1m", "7m", "1h", "1d", "7d"])
