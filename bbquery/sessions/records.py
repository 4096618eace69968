"""Records of the API: sessions, projects and usage.

New statuses and fields have appeared before (docs/service.md#f15). A status is any string, and fields that this version
does not know are kept in `extra` and written back by `to_dict`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

AwareTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

UNKNOWN_FIELDS = "(unknown)"
"""The name under which decoding hands over unknown fields. No field of the API has such a name."""


class ApiRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, gc=False):
    """A JSON object of the API: immutable, with snake_case names.

    Forbidding unknown fields tells the decoder, at no cost, that there are none; only a record that has some is
    converted field by field. What comes from JSON holds no cycles, so the garbage collector need not look at it.
    """

    unknown: dict[str, Any] | None = msgspec.field(default=None, name=UNKNOWN_FIELDS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in self.__rich_repr__()])})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "unknown" or self.unknown]

    @property
    def extra(self) -> dict[str, Any]:
        """The fields of the response that this version does not know."""
        return self.unknown or {}

    def to_dict(self) -> dict[str, Any]:
        """Return the API's own mapping: its names, times as RFC 3339, unknown fields included."""
        mapping: dict[str, Any] = msgspec.to_builtins(self)
        extra = mapping.pop(UNKNOWN_FIELDS)
        return {**mapping, **extra} if extra else mapping


class Session(ApiRecord, frozen=True, kw_only=True):
    """A browser session (docs/service.md#f14). Times are aware; `proxy_bytes` is in bytes."""

    id: str
    status: str
    project_id: str
    region: str
    created_at: AwareTime
    updated_at: AwareTime
    started_at: AwareTime
    expires_at: AwareTime
    keep_alive: bool
    proxy_bytes: int
    ended_at: AwareTime | None = None
    context_id: str | None = None
    user_metadata: dict[str, Any] | None = None
    avg_cpu_usage: float | None = None
    memory_usage: float | None = None


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
    name: str
    created_at: AwareTime
    updated_at: AwareTime
    owner_id: str
    default_timeout: int


class ProjectUsage(ApiRecord, frozen=True, kw_only=True):
    """The service's own figures for a project as a whole (docs/service.md#f23)."""

    browser_minutes: int
    proxy_bytes: int
