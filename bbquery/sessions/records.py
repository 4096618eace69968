"""Records of the API: sessions, projects and usage.

New statuses and fields have appeared before (docs/service.md#f15). A status is any string, and fields that this version
does not know are kept in `extra` and written back by `to_dict`.

A field that is null, missing or of another type than documented (docs/service.md#f14) is None, and is named in
`problems`. Such a record keeps the mapping as it came.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec

AwareTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

if TYPE_CHECKING:
    MaybeTime: TypeAlias = datetime | None
    MaybeText: TypeAlias = str | None
    MaybeFlag: TypeAlias = bool | None
    MaybeNumber: TypeAlias = int | None
    MaybeMapping: TypeAlias = dict[str, Any] | None
    Problems: TypeAlias = tuple["RecordProblem", ...]
else:
    # What a decoder takes. Null is not documented for these: that, and all else that is odd, is left to `decoding`.
    MaybeTime, MaybeText, MaybeFlag, MaybeNumber = AwareTime, str, bool, int

    class _Internal:
        """A type that no JSON is decoded to: a field of such a name is an unknown one."""

    MaybeMapping = Problems = _Internal


INTERNAL = ("unknown", "problems", "raw")
"""The names of a record's fields that are not the API's."""


class RecordProblem(msgspec.Struct, frozen=True):
    """Something in a response that is not as documented.

    `path` is the JSON path in the record. `record_id` is None for a record without a readable id, and for what is no
    record at all: then `path` is that in the response. `value` is what stands there, or None if it is missing.
    """

    record_id: str | None
    path: str
    message: str
    value: Any = None

    def __str__(self) -> str:
        """Return words such as ``s1: Expected `datetime`, got `null` - at `$.startedAt` ``."""
        return f"{self.record_id or '(no id)'}: {self.message} - at `{self.path}`"


class ApiRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, gc=False):
    """A JSON object of the API: immutable, with snake_case names.

    Forbidding unknown fields tells the decoder, at no cost, that there are none; only a record that has some is read
    field by field. What comes from JSON holds no cycles, so the garbage collector need not look at it.
    """

    unknown: MaybeMapping = None
    """The fields that this version does not know."""
    problems: Problems = ()
    """What is not as documented."""
    raw: MaybeMapping = None
    """The mapping as it came, if there are problems; otherwise None."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in self.__rich_repr__()])})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in INTERNAL]
        return shown + [(name, getattr(self, name)) for name in ("unknown", "problems") if getattr(self, name)]

    @property
    def extra(self) -> dict[str, Any]:
        """The fields of the response that this version does not know."""
        return self.unknown or {}

    def to_dict(self) -> dict[str, Any]:
        """Return the API's own mapping: its names, times as RFC 3339, unknown fields included.

        A record with problems gives the mapping as it came.
        """
        if self.raw is not None:
            return self.raw.copy()
        mapping: dict[str, Any] = msgspec.to_builtins(self)
        for name in INTERNAL:
            del mapping[name]
        return {**mapping, **self.unknown} if self.unknown else mapping


class Session(ApiRecord, frozen=True, kw_only=True):
    """A browser session (docs/service.md#f14). Times are aware; `proxy_bytes` is in bytes.

    An `id` that is not as documented is the empty string, any other field None.
    """

    # As the API documents them: msgspec looks for each name from where it found the last one, which saves a tenth.
    id: str
    created_at: MaybeTime
    updated_at: MaybeTime
    project_id: MaybeText
    started_at: MaybeTime
    ended_at: MaybeTime | None = None
    expires_at: MaybeTime
    status: MaybeText
    proxy_bytes: MaybeNumber
    avg_cpu_usage: float | None = None
    memory_usage: float | None = None
    keep_alive: MaybeFlag
    context_id: str | None = None
    region: MaybeText
    user_metadata: dict[str, Any] | None = None


SECRET_FIELDS = ("connect_url", "selenium_remote_url", "signing_key")
"""The fields of a session that was just created with which anyone can drive its browser."""


class CreatedSession(Session, frozen=True, kw_only=True):
    """A session just created (docs/service.md#f18).

    Its URLs and its key let anyone drive the browser, so `repr` leaves them out.
    """

    connect_url: str
    selenium_remote_url: str
    signing_key: str

    def __repr__(self) -> str:
        return f"CreatedSession(id={self.id!r}, status={self.status!r}, project_id={self.project_id!r}, …)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("status", self.status), ("project_id", self.project_id)]


class Project(ApiRecord, frozen=True, kw_only=True):
    """A project (docs/service.md#f23). `default_timeout` is in seconds."""

    id: str
    name: MaybeText
    created_at: MaybeTime
    updated_at: MaybeTime
    owner_id: MaybeText
    default_timeout: MaybeNumber


class ProjectUsage(ApiRecord, frozen=True, kw_only=True):
    """The service's own figures for a project as a whole (docs/service.md#f23)."""

    browser_minutes: MaybeNumber
    proxy_bytes: MaybeNumber
