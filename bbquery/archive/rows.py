"""Sessions to the columns of an archive.

Most sessions are plain: msgspec reads them as a `Session`, and their times are its own. Only for the others, which are
odd or tell time by less than a microsecond, is each value looked at one by one. Both ways give the same columns: a test
holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ..language.session_fields import FINAL_STATUSES
from ..semantics.portable_text import to_portable
from ..semantics.sort_keys import instant_key, number_key
from ..semantics.stored_values import parse_stored_time
from ..sessions.records import AwareTime
from .engine import pyarrow
from .metadata_maps import MapColumn, MetadataMaps
from .schema import MAPS, TEXTS, TIMES, arrow_schema

if TYPE_CHECKING:
    from ..semantics.stored_values import Instant

_LEAST_HELD, _MOST_HELD = -(2**63) + 1, 2**63 - 2
"""What a column of integers holds, with a value to spare on each side, so that a literal beyond is beyond them all."""


class _RowBatch:
    """Sessions as columns, which become one Arrow table."""

    def __init__(self, seen_at: datetime) -> None:
        self._seen_at = seen_at
        self._columns: dict[str, list[Any]] = {field.name: [] for field in arrow_schema() if field.name not in MAPS}
        self._metadata = MetadataMaps()
        self._odd = MapColumn()

    def __len__(self) -> int:
        return len(self._columns["id"])

    def add(self, mapping: dict[str, Any], text: str) -> None:
        """Add a session: the API's mapping, and its JSON."""
        columns = self._columns
        odd: list[tuple[str, str]] = []
        for name, api_name in TEXTS.items():
            value = mapping.get(api_name)
            if type(value) is str:
                value = value if value.isascii() and "\0" not in value else to_portable(value)
            elif value is not None:
                odd.append((name, ""))
                value = None
            columns[name].append(value)
        keep_alive = mapping.get("keepAlive")
        columns["keep_alive"].append(keep_alive if type(keep_alive) is bool else None)
        size, size_key = _size(mapping.get("proxyBytes"))
        columns["proxy_bytes"].append(size)
        if size_key is not None:
            odd.append(("proxy_bytes", size_key))
        self._add_times(mapping, odd)
        self._metadata.add((mapping.get("userMetadata"),))
        self._odd.add(odd)
        columns["json"].append(text)
        status = mapping.get("status")
        columns["progress"].append(
            2 if isinstance(status, str) and status in FINAL_STATUSES else 0 if status == "PENDING" else 1
        )
        columns["seen_at"].append(self._seen_at)

    def _add_times(self, mapping: dict[str, Any], odd: list[tuple[str, str]]) -> None:
        columns = self._columns
        instants: dict[str, Instant | None] = {}
        for name, api_name in TIMES.items():
            value = mapping.get(api_name)
            time = None if value is None else _read_time(value)
            columns[name].append(time)
            # msgspec reads a little more than the language does: a blank for the T.
            instant = None if value is None else parse_stored_time(value)
            if value is not None and instant is None:
                odd.append((name, ""))
            instants[name] = instant
            columns[f"{name}_ns"].append(self._exact(name, instant, odd))
        started = instants["started_at"]
        ended, expires = instants["ended_at"], instants["expires_at"]
        lasted = None if started is None or ended is None else max(_less(ended, started), (0, ""))
        limit = None if started is None or expires is None else _less(expires, started)
        columns["duration_ns"].append(self._exact("duration", lasted, odd))
        columns["limit_ns"].append(self._exact("limit", limit, odd))

    def _exact(self, name: str, instant: Instant | None, odd: list[tuple[str, str]]) -> int | None:
        """Return the nanoseconds for a column of integers. What does not fit goes to `odd`."""
        if instant is None:
            return None
        nanoseconds, more = instant
        if not more and _LEAST_HELD <= nanoseconds <= _MOST_HELD:
            return nanoseconds
        odd.append((name, instant_key(instant)))
        return None

    def table(self) -> Any:
        """Return the Arrow table of what was added."""
        schema = arrow_schema()
        maps = {name: column.array() for name, column in {**self._metadata.columns, "odd": self._odd}.items()}
        arrays = [
            maps[field.name] if field.name in maps else pyarrow().array(self._columns[field.name], field.type)
            for field in schema
        ]
        return pyarrow().Table.from_arrays(arrays, schema=schema)


def _read_time(value: Any) -> datetime | None:
    """Return a time as a `Session` has it, or None for what it does not read."""
    try:
        time: datetime | None = msgspec.convert(value, AwareTime) if isinstance(value, str) else None
        return None if time is None else time.astimezone(UTC)
    except (ValueError, OverflowError, msgspec.ValidationError):  # no ValueError in msgspec 0.19
        return None


def _less(later: Instant, earlier: Instant) -> Instant:
    """Return the time from one instant to another, exactly."""
    length = max(len(later[1]), len(earlier[1]))
    scale = 10**length
    one, another = (ns * scale + int(more.ljust(length, "0") or 0) for ns, more in (later, earlier))
    whole, rest = divmod(one - another, scale)
    return whole, f"{rest:0{length}}".rstrip("0") if length else ""


def _size(value: Any) -> tuple[int | None, str | None]:
    """Return an amount of bytes for its column, or the sort key of one that does not fit there."""
    from decimal import Decimal

    if type(value) is int and _LEAST_HELD <= value <= _MOST_HELD:
        return value, None
    if type(value) is int:
        return None, number_key(Decimal(f"{'-' * (value < 0)}1e9999"))  # beyond every literal
    if type(value) is float and value == value:  # a Session has no such amount
        if value in (float("inf"), float("-inf")):
            return None, number_key(Decimal("1e9999").copy_sign(Decimal(value)))
        return None, number_key(Decimal(value))
    return None, None


def exact_table(sessions: Iterable[tuple[dict[str, Any], str]], seen_at: datetime) -> Any:
    """Return the table of any sessions: of each the API's mapping, and its JSON."""
    batch = _RowBatch(seen_at)
    for mapping, text in sessions:
        batch.add(mapping, text)
    return batch.table()
