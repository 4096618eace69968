"""Random queries, and sessions near to matching them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from types import FrameType, SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from bbquery.language.nodes import (
    ORDER_OPERATORS,
    TEXT_OPERATORS,
    Equal,
    Exists,
    Node,
    Not,
    OneOf,
    Order,
    Text,
    and_of,
    or_of,
    walk,
)
from bbquery.language.session_fields import SESSION_FIELDS, STATUSES, SessionField
from bbquery.language.values import Duration, Now, Size, Time
from support.reference_evaluator import NOW

_WORDS = (
    *"a ab b prod RUNNING 5 5.0 -0 10 1e400 0x1 1_000 2026-11-01 2026-11-01T12:00:00.5Z c0 s now".split(),
    "",
    "it's",
    "'); import os",
    "é",
    "e\u0301",
)

_PATHS = (("a",), ("a",), ("a", "b"), ("n",), ("c0",), ("x'y",), ("s", "m", "now"), tuple("k" * 25))
_STRINGS = [SESSION_FIELDS[name] for name in ("status", "region", "id", "project_id", "context_id")]
_TIMES = [SESSION_FIELDS[f"{name}_at"] for name in "created updated started ended expires".split()]
_DAY = 86_400 * 10**9
_MOMENT = 1_793_534_400 * 10**9  # 2026-11-01T12:00:00Z
words = st.sampled_from(_WORDS)
_several = st.lists(words, min_size=2, max_size=4).map(tuple)
_orders = st.sampled_from(ORDER_OPERATORS)
_texts = st.sampled_from(TEXT_OPERATORS)

_times: st.SearchStrategy[Time | Now] = st.one_of(
    st.sampled_from([_MOMENT, _MOMENT + 1, _MOMENT + _DAY // 2, _MOMENT - _DAY, -1, 0]).map(Time),
    st.sampled_from([0, -604_800, -86_400, 3_600]).map(Now),
)

_numbers = st.sampled_from(
    [
        Decimal(text)
        for text in "0 5 -5 10 1e400 1e-400 9e9999 1000 0.1 0.10000000000000000000001 9007199254740993".split()
    ]
)

_strings_or_paths: st.SearchStrategy[Any] = st.one_of(st.sampled_from(_PATHS), st.sampled_from(_STRINGS[1:]))
_statuses = st.sampled_from(STATUSES)


def predicates() -> st.SearchStrategy[Node]:
    status, keep_alive, proxy_bytes, duration = (
        st.just(SESSION_FIELDS[name]) for name in ("status", "keep_alive", "proxy_bytes", "duration")
    )
    paths: st.SearchStrategy[Any] = st.sampled_from(_PATHS)
    sizes = st.sampled_from([0, 5, 10**6]).map(Size)
    return st.one_of(
        st.builds(Equal, _strings_or_paths, words),
        st.builds(Equal, st.sampled_from(_PATHS[:2]), words),
        st.builds(Equal, status, _statuses),
        st.builds(OneOf, status, st.lists(_statuses, min_size=2, max_size=3).map(tuple)),
        st.builds(OneOf, _strings_or_paths, _several),
        st.builds(Exists, st.one_of(_strings_or_paths, st.sampled_from(_TIMES))),
        st.builds(Text, st.one_of(_strings_or_paths, status), _texts, words),
        st.builds(Order, paths, _orders, st.one_of(_times, _numbers)),
        st.builds(Order, st.sampled_from(_TIMES), _orders, _times),
        st.builds(Equal, keep_alive, st.booleans()),
        st.builds(Equal, proxy_bytes, sizes),
        st.builds(Order, proxy_bytes, _orders, sizes),
        st.builds(Order, duration, _orders, st.sampled_from([0, 1, 43_200, 604_800]).map(Duration)),
    )


def trees(leaves: st.SearchStrategy[Node] | None = None) -> st.SearchStrategy[Node]:
    """Expressions of any shape."""

    def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(inner, min_size=2, max_size=4)
        return st.one_of(several.map(and_of), several.map(or_of), inner.map(Not))

    return st.recursive(predicates() if leaves is None else leaves, joined, max_leaves=10)


def crowded_predicates() -> st.SearchStrategy[Node]:
    """Predicates on few fields with few values, so that they have something to say about one another."""
    fields: tuple[Any, ...] = (("a",), ("a",), SESSION_FIELDS["id"])
    few = st.sampled_from(["a", "ab", "b", "5", "10", "2026-11-01", ""])
    field = st.sampled_from(fields)
    amounts = st.one_of(_times, st.sampled_from([5, 10]).map(Decimal))
    return st.one_of(
        st.builds(Equal, field, few),
        st.builds(OneOf, field, st.lists(few, min_size=2, max_size=4).map(tuple)),
        st.builds(Exists, field),
        st.builds(Text, field, _texts, few),
        st.builds(Order, st.just(("a",)), _orders, amounts),
        st.builds(Equal, st.just(SESSION_FIELDS["status"]), _statuses),
        st.builds(Equal, st.just(SESSION_FIELDS["keep_alive"]), st.booleans()),
        st.builds(Equal, st.just(SESSION_FIELDS["proxy_bytes"]), st.sampled_from([0, 5]).map(Size)),
        st.builds(Order, st.just(SESSION_FIELDS["proxy_bytes"]), _orders, st.sampled_from([0, 5]).map(Size)),
        st.builds(Order, st.just(SESSION_FIELDS["duration"]), _orders, st.sampled_from([0, 60]).map(Duration)),
    )


_ODD_TEXTS = (
    *"-0 0 5e0 50e-1 1E400 1e99999999999999999999 -1e99999999999999999999 1e-99999999999999999999".split(),
    *"0e99999999999999999999 0x1 1_000 01 +5 5. .5 1e NaN Infinity -Infinity ٥ true 1e400".split(),
    *"0.1 0.10000000000000000000001 9007199254740993".split(),
    "1" + "0" * 5_000,
    "0." + "0" * 5_000 + "1",
    " 5",
    "5\n",
    *"2026-11-01 2026-11-01t12:00:00z 2026-11-01T12:00:00.500000000Z 2026-11-01T12:00:00.000000000000Z".split(),
    *"2026-11-01T12:00:00.000000000001Z 2026-11-01T12:00:00.000000001000Z 2026-11-01T13:30:00.0000000005+01:30".split(),
    *"2026-11-01T12:00:00.000000000900Z 2026-11-01T12:00:01.000000000899Z 2026-11-01T12:00:00.0000000009001Z".split(),
    *"2026-11-01T23:59:60Z 2026-02-30 2026-13-01 2026-11-01T24:00:00Z 2026-11-01T12:00:00 2026-11-01T12:00Z".split(),
    *"2026-11-01T12:00:00+24:00 2026-11-01T12:00:00.Z 0001-01-01T00:00:00+23:59 9999-12-31T23:59:59-00:01".split(),
    *"1969-12-31T23:59:59.9999999995Z 1969-12-31T23:59:59.999999999Z 20261101 2026-11-01T12:00:00-00:00".split(),
    "2026-11-01 12:00:00Z",
    "2026-11-01T12:00:00.123456789123Z\n",
    "c1",
    "user_metadata",
)

_odd: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.sampled_from(_ODD_TEXTS),
    st.sampled_from([0, 5, -5, True, False, 5.0, 5.5, float("nan"), float("inf"), 10**400]),
    st.sampled_from([[], ["a"], {}, {"b": "prod"}, {"b": ["a"]}, {"b": None}, {"m": {"now": "a"}}, {"a": {"b": 5}}]),
)

_stored = st.one_of(words, words, words, st.sampled_from(_ODD_TEXTS), _odd)
_nested: Any = "prod"
for _key in _PATHS[-1]:
    _nested = {_key: _nested}

_metadata = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "a": st.one_of(_stored, _stored, st.fixed_dictionaries({"b": _stored})),
            "n": _stored,
            "c0": _stored,
            "x'y": _stored,
            "s": st.sampled_from([{"m": {"now": "a"}}, {"m": "a"}, "a", {"m": {"now": {}}}]),
            "k": st.sampled_from([_nested, "a", {"k": {"k": "a"}}]),
        },
    ),
    _odd,
)

_moments = st.one_of(
    st.sampled_from(["2026-11-01T12:00:00Z", "2026-11-07T12:00:00.000Z", "2026-11-08T12:00:00Z"]),
    st.sampled_from([datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 8, 11, 59, 59, 999_999, tzinfo=UTC)]),
    st.sampled_from([datetime(2026, 11, 1), datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))]),
    st.sampled_from([datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))]),
    _odd,
)

_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": _stored,
    "status": st.one_of(st.sampled_from(STATUSES), st.sampled_from(STATUSES), st.just("NEWER"), _odd),
    "projectId": _stored,
    "region": st.one_of(words, _odd),
    "keepAlive": st.one_of(st.booleans(), _odd),
    "proxyBytes": st.one_of(st.integers(0, 10), _odd),
    "contextId": st.one_of(st.none(), words),
    **{field.api_name: _moments for field in _TIMES if field.api_name},
    "userMetadata": _metadata,
}


def mappings() -> st.SearchStrategy[dict[str, Any]]:
    """Sessions as the API might send them on its worst day."""
    return _mappings


_mappings = st.fixed_dictionaries({}, optional=_FIELDS)
_choices = st.integers(0, 2**16)
_LEAVE = object()


@st.composite
def sessions_near(draw: st.DrawFn, node: Node) -> dict[str, Any]:
    """A session that is odd, or that holds just what a query asks for, or almost that."""
    session = draw(mappings())
    for leaf in [part for part in walk(node) if isinstance(part, Equal | OneOf | Exists | Order | Text)][:8]:
        choices = [*_near(leaf), _LEAVE, _LEAVE, None, 5, "odd"]
        value = choices[draw(_choices) % len(choices)]
        if value is not _LEAVE:
            _put(session, leaf.field, value)
    return session


def _near(leaf: Equal | OneOf | Exists | Order | Text) -> list[Any]:
    if isinstance(leaf, Exists):
        return ["a", "2026-11-01"]
    values = leaf.values if isinstance(leaf, OneOf) else (leaf.value,)
    near: list[Any] = []
    for value in values:
        if isinstance(value, str):
            near += [value, value, f"x{value}", f"{value}x", f"x{value}x", value[:1], value.swapcase()]
        elif isinstance(value, bool):
            near += [value, not value, int(value)]
        elif isinstance(value, Size):
            near += [value.bytes, value.bytes + 1, float(value.bytes), value.bytes - 0.5, -1]
        elif isinstance(value, Duration):
            near += [_at(NOW, -value.seconds, digits) for digits in ("", ".5", ".0000000001", ".9999999999")]
        elif isinstance(value, Decimal):
            near += [str(value), f"{value:E}", f"{value}1", "-7", "7", "1e10001", "-1e10001", "many"]
        else:
            start = NOW if isinstance(value, Now) else datetime(1970, 1, 1, tzinfo=UTC)
            seconds, rest = (value.offset, 0) if isinstance(value, Now) else divmod(value.ns, 10**9)
            near += [_at(start, seconds, digits) for digits in (f".{rest:09}", f".{rest:09}0001", ".5", "")]
            near += [_at(start, seconds - 1, ".9999999999"), start + timedelta(seconds=seconds), "then"]
    return near


def _at(start: datetime, seconds: int, digits: str) -> str:
    """A time so many seconds later, in a zone of its own."""
    zone = timezone(timedelta(minutes=90))
    whole = (start + timedelta(seconds=seconds)).astimezone(zone)
    return f"{whole:%Y-%m-%dT%H:%M:%S}{digits}+01:30"


def _put(session: dict[str, Any], field: Any, value: Any) -> None:
    if isinstance(field, SessionField):
        session[field.api_name or "startedAt"] = value
        return
    parents, last = ["userMetadata", *field[:-1]], field[-1]
    holder = session
    for key in parents:
        # Copied: what stands there may be shared with other sessions.
        holder[key] = {**holder[key]} if isinstance(holder.get(key), dict) else {}
        holder = holder[key]
    holder[last] = value


def as_record(mapping: dict[str, Any]) -> Any:
    """The same session with attributes, as `Session` has them."""
    names = {field.name: field.api_name for field in SESSION_FIELDS.values() if isinstance(field, SessionField)}
    values = {name: mapping.get(api_name) for name, api_name in names.items() if api_name}
    return SimpleNamespace(**values, user_metadata=mapping.get("userMetadata"))


def calls(function: Callable[[], object]) -> int:
    """Return how many calls a function makes, all the way down."""
    counted: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: object) -> None:
        counted[event] += 1

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return counted["call"] + counted["c_call"]


_MOMENTS = ["2026-11-01T12:00:00Z", "2026-11-05", "2026-11-08T12:00:00Z", "2026-12-01"]
TELLING: list[dict[str, Any]] = [
    {"userMetadata": {"a": value}, "id": identity, "status": status, "keepAlive": keep, "proxyBytes": size,
     "startedAt": "2026-11-08T11:59:30Z"}
    for value, (identity, status, keep, size) in product(
        ["a", "ab", "b", "ba", "5", "7.5", "10", "", None, 5, *_MOMENTS],
        [("a", "ERROR", True, 5), ("ab", "RUNNING", False, 0), ("", "PENDING", None, 3),
         (None, "NEWER", 1, float("nan")), (5, None, True, 10), ("5", "COMPLETED", False, -1)],
    )
]  # fmt: skip

METADATA = {"client": "acme", "order": {"status": "shipped", "tags": ["a", {"b": None}]}, "é": "😀"}
