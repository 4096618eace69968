"""The places of a session's fields in a table: `Layout`.

`Layout.archive()` is the layout of bbquery's own files, which keep what a query may compare in a form that every engine
compares exactly. `Layout.json()` is for somebody's own table: a column of JSON for the metadata, and a column for each
field that it has.
"""

from __future__ import annotations

from ..errors import BuildError
from ..language.session_fields import SESSION_FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    TimeType: TypeAlias = Literal["timestamptz", "timestamp", "s", "ms", "us", "ns"]

EPOCH_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""The nanoseconds in a unit of time that an integer column may count in."""

_TIME_TYPES = ("timestamptz", "timestamp", *EPOCH_UNITS)
_STORED = tuple(name for name, field in SESSION_FIELDS.items() if field.api_name is not None)


class Layout:
    """Says where the fields of a session stand. `Layout.archive()` and `Layout.json()` make one."""

    __slots__ = ("columns", "kind", "metadata", "time_types")
    kind: Literal["archive", "json"]
    metadata: str
    columns: dict[str, str | None]
    """The column of each field; None for one that the table has not."""
    time_types: dict[str, TimeType]

    def __init__(
        self,
        kind: Literal["archive", "json"],
        metadata: str,
        columns: dict[str, str | None],
        time_types: dict[str, TimeType],
    ) -> None:
        self.kind, self.metadata, self.columns, self.time_types = kind, metadata, columns, time_types

    def __repr__(self) -> str:
        if self.kind == "archive":
            return "Layout.archive()"
        given: dict[str, object] = {name: self.columns[name] for name in _STORED if self.columns[name] != name}
        given |= {name: (self.columns[name], unit) for name, unit in self.time_types.items()}
        written = [f"{name}={value!r}" for name, value in {"metadata": self.metadata, **given}.items()]
        return f"Layout.json({', '.join(written)})"

    @classmethod
    def archive(cls) -> Layout:
        """Return the layout of an archive's files (docs/archive.md)."""
        return cls("archive", "metadata", {name: name for name in _STORED}, {})

    @classmethod
    def json(cls, metadata: str = "user_metadata", **columns: str | tuple[str, TimeType] | None) -> Layout:
        """Return the layout of a table with a JSON column for the metadata, and a column for each other field.

        A column is called as its field unless given: `created_at="ts"`. A field that is None is not in the table. Times
        are `TIMESTAMP WITH TIME ZONE`; `created_at=("ts", "ms")` says otherwise: `timestamp` is one without a zone, in
        UTC, and `s`, `ms`, `us` and `ns` are integers since 1970. Raise BuildError for a field or a type that is none.
        """
        names: dict[str, str | None] = {name: name for name in _STORED}
        types: dict[str, TimeType] = {}
        for field, given in columns.items():
            if field not in names:
                raise BuildError(
                    f"{field!r} is not a field that a table can hold",
                    hint=f"there are {', '.join(_STORED)}",
                    code="bad-setting",
                )
            name, kind = given if isinstance(given, tuple) else (given, None)
            if kind is not None:
                if SESSION_FIELDS[field].type != "time" or kind not in _TIME_TYPES:
                    raise BuildError(
                        f"{kind!r} is not a type for {field}",
                        hint=f"a time is one of {', '.join(_TIME_TYPES)}, and other fields have no choice",
                        code="bad-setting",
                    )
                types[field] = kind
            names[field] = _require_column(name, field)
        return cls("json", _require_column(metadata, "metadata") or "", names, types)


def _require_column(name: object, field: str) -> str | None:
    if name is None and field != "metadata":
        return None
    if not isinstance(name, str) or not name or "\0" in name:
        raise BuildError(f"the column of {field} must be a name, not {name!r:.80}", code="bad-setting")
    return name


def key_column(path: str) -> str:
    """Return the column of an archive with the texts at one path of metadata, for a path that has one.

    `order.status` is in `key_order__status`: some readers of Parquet take letters, digits and `_` alone.
    """
    return "key_" + path.replace(".", "__").replace("-", "_")
