"""What the service sends: sessions, projects and usage, decoded by msgspec.

New statuses and fields have appeared before (F15). A status is any string, and fields that this version does not
know are kept in `extra` and written back by `to_dict`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, overload

import msgspec

from .errors import BBQueryError, DecodeError
from .planner import Plan

Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

_EXTRA = "(unknown)"  # no field of the API is called so


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, gc=False):
    # Forbidding tells decoding, for nothing, that there is no unknown field; the slow way keeps them. What comes from
    # JSON holds no cycles, so the garbage collector need not look at it.
    unknown: dict[str, Any] | None = msgspec.field(default=None, name=_EXTRA)

    def __repr__(self) -> str:
        shown = [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "unknown" or self.unknown]
        return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in shown])})"

    @property
    def extra(self) -> dict[str, Any]:
        """The fields of the answer that this version does not know."""
        return self.unknown or {}

    def to_dict(self) -> dict[str, Any]:
        """The API's own mapping: its names, times as RFC 3339, unknown fields included."""
        mapping: dict[str, Any] = msgspec.to_builtins(self)
        extra = mapping.pop(_EXTRA)
        return {**mapping, **extra} if extra else mapping


class Session(_Record, frozen=True, kw_only=True):
    """A browser session (F14). Times are aware; `proxy_bytes` is in bytes."""

    id: str
    status: str
    project_id: str
    region: str
    created_at: Time
    updated_at: Time
    started_at: Time
    expires_at: Time
    keep_alive: bool
    proxy_bytes: int
    ended_at: Time | None = None
    context_id: str | None = None
    user_metadata: dict[str, Any] | None = None
    avg_cpu_usage: float | None = None
    memory_usage: float | None = None


class CreatedSession(Session, frozen=True, kw_only=True):
    """A session just created (F18). Its URLs and its key let anyone drive the browser, so `repr` leaves them out."""

    connect_url: str
    selenium_remote_url: str
    signing_key: str

    def __repr__(self) -> str:
        return f"CreatedSession(id={self.id!r}, status={self.status!r}, project_id={self.project_id!r}, …)"

    def __rich_repr__(self) -> Any:
        yield from (("id", self.id), ("status", self.status), ("project_id", self.project_id))


class Project(_Record, frozen=True, kw_only=True):
    """A project (F23). `default_timeout` is in seconds."""

    id: str
    name: str
    created_at: Time
    updated_at: Time
    owner_id: str
    default_timeout: int


class ProjectUsage(_Record, frozen=True, kw_only=True):
    """What the service counts for a project as a whole (F23)."""

    browser_minutes: int
    proxy_bytes: int


class Trace(msgspec.Struct, frozen=True):
    """One request that was sent. `status` is None where no answer came; `count` is the sessions it listed."""

    method: str
    url: str
    status: int | None
    milliseconds: float
    count: int | None = None


class Release(msgspec.Struct, frozen=True):
    """What became of one session that was to be released.

    `session` is what the service answered last, None where it did not. A session is skipped where it had ended, was
    gone, or no longer matched: `reason` says so. `error` is why it failed.
    """

    id: str
    outcome: Literal["released", "skipped", "failed"]
    session: Session | None = None
    reason: str | None = None
    error: BBQueryError | None = None


class SessionList(Sequence[Session]):
    """The sessions that match, each once: in the service's order, or newest first where several listings were needed.

    `plan` is how the service was to be asked, `requests` what was asked. `discarded` is how many of the sessions that
    came did not match and were left out (F11, F17). `missing` holds the errors of what was not answered, where that was
    allowed. `split` says that a listing took too long and was split by status (F9): a session in a status newer than
    those that are known would not be in it (F15). `complete` is None: the service does not say whether a list is whole
    (F13), so neither do we.
    """

    def __init__(
        self,
        sessions: list[Session],
        requests: list[Trace],
        discarded: int,
        *,
        plan: Plan,
        missing: Sequence[BBQueryError] = (),
        split: bool = False,
    ) -> None:
        self._sessions = sessions
        self.requests = requests
        self.discarded = discarded
        self.plan = plan
        self.missing = tuple(missing)
        self.split = split
        self.complete: bool | None = None

    @overload
    def __getitem__(self, index: int) -> Session: ...
    @overload
    def __getitem__(self, index: slice) -> list[Session]: ...
    def __getitem__(self, index: int | slice) -> Session | list[Session]:
        return self._sessions[index]

    def __len__(self) -> int:
        return len(self._sessions)

    def __repr__(self) -> str:
        return f"<SessionList: {len(self)} sessions, {len(self.requests)} requests, {self.discarded} discarded>"


# --- decoding ----------------------------------------------------------------------------------

_R = TypeVar("_R", bound=_Record)
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
# What msgspec raises for a body that is malformed, or odd in a way that only the slow way takes.
_ODD = (msgspec.DecodeError, ValueError, RecursionError)


def start(body: bytes | bytearray, size: int = 80) -> str:
    """The first bytes of a body, as an error shows them."""
    return bytes(body[:size]).decode("utf-8", "replace")


# Errors are raised outside of `except`: those of JSON readers hold the body, with whatever the server put in it.


def decode_one(kind: type[_R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = start) -> _R:
    """A record from JSON. DecodeError says what is wrong, and ends with the JSON path where there is one.

    `show` gives the part of a broken body that the error may show.
    """
    with suppress(*_ODD):
        return _decoder(kind).decode(body)  # type: ignore[no-any-return]  # what it was made for
    return _convert(kind, _loads(body, show), "$")


def decode_list(kind: type[_R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = start) -> list[_R]:
    """An array of records from JSON, as `decode_one`."""
    with suppress(*_ODD):
        return _decoder(list[kind]).decode(body)  # type: ignore[no-any-return, valid-type]  # what it was made for
    items = _loads(body, show)
    if not isinstance(items, list):
        raise DecodeError(f"expected an array, got {_json_name(items)} - at `$`")
    return [_convert(kind, item, f"$[{at}]") for at, item in enumerate(items)]


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder


def _loads(body: bytes | bytearray, show: Callable[[bytes | bytearray], str]) -> Any:
    """The JSON value. Python's own reader takes what msgspec does not: the lone surrogates that JavaScript writes as
    escapes (F19), and numbers of any length."""
    with suppress(*_ODD):
        return _decoder(Any).decode(body)
    try:
        return json.loads(body, parse_int=_integer)
    except RecursionError:
        reason = "the JSON is nested too deeply"
    except ValueError as error:
        where = f"at byte {len(body):,}" if getattr(error, "pos", 0) >= len(body) - 1 else str(error)
        text = show(body).strip()
        if not text:
            reason = "expected JSON, got nothing"
        elif text.startswith("<"):
            reason = f"expected JSON, got an HTML page, as gateways send (F29): {text!r}"
        else:
            reason = f"the JSON is broken or cut off ({where}): {text!r}"
    raise DecodeError(reason)


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return float(digits)


@cache
def _known(kind: type[_Record]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - {_EXTRA}


def _convert(kind: type[_R], item: Any, path: str) -> _R:
    if not isinstance(item, dict):
        raise DecodeError(f"expected an object, got {_json_name(item)} - at `{path}`")
    known = _known(kind)
    extra = {name: item.pop(name) for name in [*item] if name not in known}
    if extra:
        item[_EXTRA] = extra
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        message = str(error)
    # msgspec's own path starts at the item.
    raise DecodeError(message.replace("`$", f"`{path}", 1) if " - at `$" in message else f"{message} - at `{path}`")


def _json_name(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
