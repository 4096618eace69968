"""The session's fields that a query may name, their types and API names; its statuses and regions.

A field of a query is either one of these, a `SessionField`, or a path into the metadata, a tuple of keys.
"""

from __future__ import annotations

from .values import Immutable, set_slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    FieldType = Literal["string", "boolean", "time", "size", "duration"]
    Path: TypeAlias = tuple[str, ...]
    Field: TypeAlias = Path | "SessionField"

STATUSES = ("PENDING", "RUNNING", "ERROR", "TIMED_OUT", "COMPLETED")
"""The statuses that the service documents (docs/service.md#f12). A newer one may come at any time (#f15)."""

ACTIVE_STATUSES = frozenset({"PENDING", "RUNNING"})
FINAL_STATUSES = frozenset({"ERROR", "TIMED_OUT", "COMPLETED"})
"""A session in one of these has ended, and its status never changes again (docs/service.md#f16)."""

REGIONS = ("us-west-2", "us-east-1", "eu-central-1", "ap-southeast-1")


class SessionField(Immutable):
    """A field of the Session object that queries may name. `SESSION_FIELDS` holds the only instance of each."""

    __slots__ = ("api_name", "name", "type")
    __match_args__ = _fields = ("name",)
    name: str
    type: FieldType
    api_name: str | None
    """The key in the API's mapping (docs/service.md#f14); None for `duration`, which is computed."""

    def __init__(self, name: str, type: FieldType, api_name: str | None) -> None:  # noqa: A002  # a field's type
        set_slot(self, "name", name)
        set_slot(self, "type", type)
        set_slot(self, "api_name", api_name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_session_field, (self.name,))

    # There is one field of a name, so identity is enough, and takes less than a tenth of the time.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


SESSION_FIELDS: dict[str, SessionField] = {
    field.name: field
    for field in (
        SessionField("status", "string", "status"),
        SessionField("region", "string", "region"),
        SessionField("id", "string", "id"),
        SessionField("project_id", "string", "projectId"),
        SessionField("context_id", "string", "contextId"),
        SessionField("keep_alive", "boolean", "keepAlive"),
        SessionField("created_at", "time", "createdAt"),
        SessionField("updated_at", "time", "updatedAt"),
        SessionField("started_at", "time", "startedAt"),
        SessionField("ended_at", "time", "endedAt"),
        SessionField("expires_at", "time", "expiresAt"),
        SessionField("proxy_bytes", "size", "proxyBytes"),
        SessionField("duration", "duration", None),
    )
}


def _session_field(name: str) -> SessionField:
    return SESSION_FIELDS[name]


def field_type(field: Field) -> FieldType:
    """Return the type of a field. Metadata holds strings (docs/service.md#f2)."""
    return "string" if isinstance(field, tuple) else field.type
