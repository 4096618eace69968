"""Strategies for the laws: strings that break quoting, queries of every shape, and texts that are not queries.

`queries` makes every tree that the builders can make, through the builders. `query_texts` writes such a tree as a
person might, which is rarely how the printer does, and gives the text and the query that it means.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

import bbquery
from bbquery.fields import FieldBuilder
from bbquery.language.nodes import And, Equal, Exists, Not, OneOf, Or, Order, Text
from bbquery.language.session_fields import STATUSES, SessionField
from bbquery.language.values import Duration, Now, Size, Time

# --- strings -----------------------------------------------------------------------------------

_NASTY = (
    *"'\"\\%+&#?=;:/()[]{}$*^<>!-_.,`~| aZ09éßİ😀👩\n\r\t\0\x07\x1b\x7f\x85\x9f",
    *"\u00a0\u0301\u200b\u200d\u200e\u202e\u2028\u2066\ufeff\uff1a\u2019\u4e2d\ud7ff\ue000\uffff\U0010ffff",
)
_WORDS = (
    *"AND OR NOT and true false null now now-7d user_metadata status id:* $name * 1e3 15m 10MB 2026-11-01".split(),
    *r"\ \' \u0027 \ud83d %27 %2527 + %20 -- $(id) '\"'\"' e&q=1 é 😀".split(),
    "' OR user_metadata['a']:'b",
    "; rm -rf /",
    "e\u0301",
)
_whole_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_long_text = st.builds(lambda char, count: char * count, st.sampled_from(_NASTY), st.integers(100, 1_500))


def texts() -> st.SearchStrategy[str]:
    """Strings that a query can hold: anything but a lone surrogate."""
    short = st.text(st.sampled_from(_NASTY), max_size=8)
    return st.one_of(
        st.sampled_from("abc"), st.sampled_from(_WORDS), short, short, _whole_text, st.just(""), _long_text
    )


def plain_texts() -> st.SearchStrategy[str]:
    """Strings that need no escape between single quotes, and so can be sent to the service."""
    return texts().map(lambda text: re.sub(r"['\\\x00-\x1f\x7f-\x9f]", "", text))


def metadata_dicts() -> st.SearchStrategy[dict[str, Any]]:
    """Nested dicts of strings, none of them empty."""
    leaves: st.SearchStrategy[Any] = texts()
    inner = st.recursive(leaves, lambda below: st.dictionaries(texts(), below, min_size=1, max_size=3), max_leaves=6)
    return st.dictionaries(texts(), inner, min_size=1, max_size=4)


# --- values ------------------------------------------------------------------------------------

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=[]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
"""What JSON can hold, and lone surrogates too."""

zones = st.one_of(st.just(UTC), st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds))))
datetimes = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=zones)
numbers = st.one_of(
    st.integers(-(10**6), 10**6),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12),
    st.builds(lambda digits, zeros: Decimal(digits).scaleb(zeros), st.integers(-999, 999), st.integers(-9990, 9990)),
)
amounts = st.one_of(
    st.integers(0, 200), st.integers(0, 10**9), st.sampled_from([0, 1024, 10**6, 1 << 20, 10**12, 1 << 40])
)
units = st.sampled_from("smhd")
durations = st.one_of(
    st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds)),
    st.builds("{}{}".format, st.integers(0, 10**6), units),
)
nows = st.one_of(st.just("now"), st.builds("now{}{}{}".format, st.sampled_from("+-"), st.integers(0, 10**6), units))
_size_units = st.sampled_from("B KB MB GB TB KiB MiB GiB TiB".split())
sizes = st.one_of(amounts, st.builds("{}{}".format, st.integers(0, 900), _size_units))
_instants = st.builds(
    "{:%Y-%m-%dT%H:%M:%S}{}".format, st.datetimes(datetime(1000, 1, 2)), st.sampled_from(["Z", "-03:30"])
)
times = st.one_of(datetimes, st.dates(date(2, 1, 1)), nows, _instants)

# --- queries -----------------------------------------------------------------------------------

_COMPARE = {
    ">": FieldBuilder.__gt__, ">=": FieldBuilder.__ge__, "<": FieldBuilder.__lt__, "<=": FieldBuilder.__le__,
    "==": FieldBuilder.__eq__, "!=": FieldBuilder.__ne__, "in": FieldBuilder.in_,
    "^=": FieldBuilder.startswith, "$=": FieldBuilder.endswith, "*=": FieldBuilder.contains,
}  # fmt: skip
_ORDER = st.sampled_from([">", ">=", "<", "<="])
_EQUALITY = st.sampled_from(["==", "!="])
_TEXT = st.sampled_from(["^=", "$=", "*="])


def paths(keys: st.SearchStrategy[str]) -> st.SearchStrategy[FieldBuilder]:
    def below(path: list[str]) -> FieldBuilder:
        found = bbquery.meta
        for key in path:
            found = found[key]
        return found

    return st.lists(keys, min_size=1, max_size=3).map(below)


def _predicate(field: FieldBuilder, operator: str, value: Any) -> bbquery.Query:
    return _COMPARE[operator](field, value)


def _named(*names: str) -> st.SearchStrategy[FieldBuilder]:
    return st.sampled_from([getattr(bbquery.field, name) for name in names])


def predicates() -> st.SearchStrategy[bbquery.Query]:
    metadata = paths(texts())
    free = st.one_of(metadata, _named("region", "id", "project_id", "context_id"))
    strings = st.one_of(free, _named("status"))
    moments = _named("created_at", "updated_at", "started_at", "ended_at", "expires_at")
    statuses = st.sampled_from(STATUSES)
    build = st.builds
    return st.one_of(
        build(_predicate, metadata, _EQUALITY, texts()),
        build(_predicate, free, _EQUALITY, texts()),
        build(_predicate, free, st.just("in"), st.lists(texts(), min_size=1, max_size=4)),
        build(_predicate, _named("status"), _EQUALITY, statuses),
        build(_predicate, _named("status"), st.just("in"), st.lists(statuses, min_size=1, max_size=4)),
        build(_predicate, strings, _TEXT, texts()),
        build(_predicate, metadata, _ORDER, st.one_of(numbers, times)),
        build(_predicate, _named("keep_alive"), _EQUALITY, st.booleans()),
        build(_predicate, moments, _ORDER, times),
        build(_predicate, _named("proxy_bytes"), st.one_of(_ORDER, _EQUALITY), sizes),
        build(_predicate, _named("duration"), _ORDER, durations),
        st.one_of(strings, moments).map(FieldBuilder.exists),
    )


def _combine(queries: list[bbquery.Query], how: int) -> bbquery.Query:
    first, *rest = queries
    if how == 0:
        return bbquery.all_of(*queries)
    if how == 1:
        return bbquery.any_of(queries)
    for query in rest:
        first = first & query if how == 2 else first | query
    return first


def queries() -> st.SearchStrategy[bbquery.Query]:
    """Every query that the builders can make."""

    def around(inner: st.SearchStrategy[bbquery.Query]) -> st.SearchStrategy[bbquery.Query]:
        several = st.lists(inner, min_size=1, max_size=4)
        return st.one_of(inner.map(bbquery.Query.__invert__), st.builds(_combine, several, st.integers(0, 3)))

    return st.recursive(predicates(), around, max_leaves=8)


def wire_queries() -> st.SearchStrategy[bbquery.Query]:
    """A single equality on metadata, which the service can be asked."""
    return st.builds(_predicate, paths(plain_texts()), st.just("=="), plain_texts())


# --- texts of queries --------------------------------------------------------------------------


class QueryScribe:
    """Writes a tree as it likes."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def space(self) -> str:
        return self.random.choice(["", "", "", " ", "  ", "\n", "\t", "\r\n", " \n\t"])

    def gap(self) -> str:
        return self.space() or " "

    def string(self, value: str) -> str:
        mark = self.random.choice("''\"")
        return mark + "".join([self.character(char, mark) for char in value]) + mark

    def character(self, char: str, mark: str) -> str:
        short = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
        must = char < " " or "\x7f" <= char <= "\x9f" or char in (mark, "\\")
        if not must and self.random.random() < 0.8:
            return char
        if char in short and self.random.random() < 0.5:
            return "\\" + short[char]
        if char in "'\"/\\" and self.random.random() < 0.5:
            return "\\" + char
        escapes = json.dumps(char)[1:-1] if char > "\uffff" else f"\\u{ord(char):04x}"
        return escapes if self.random.random() < 0.5 else escapes.upper().replace("\\U", "\\u")

    def literal(self, value: Any) -> str:
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Time):
            return self.time(value)
        if isinstance(value, Now):
            if not value.offset:
                return self.random.choice(["now", "now-0d", "now+00s"])
            return ("now-" if value.offset < 0 else "now+") + self.amount(abs(value.offset), _TIME_UNITS)
        if isinstance(value, Duration):
            return self.amount(value.seconds, _TIME_UNITS)
        if isinstance(value, Size):
            return self.amount(value.bytes, _SIZE_UNITS)
        return self.number(value)

    def amount(self, value: int, spellings: dict[str, int]) -> str:
        unit, size = self.random.choice([(unit, size) for unit, size in spellings.items() if value % size == 0])
        return self.random.choice(["", "0", "00"]) + f"{value // size}{unit}"

    def number(self, value: Decimal) -> str:
        negative, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        sign = "-" if negative else ""
        whole = "".join(map(str, digits)).lstrip("0") or "0"
        if whole == "0":
            return sign + self.random.choice(["0", "0.00", "0e5", "0E-3"])
        spelled = [f"{sign}{whole}{letter}{exponent:+}" for letter in "eE"] + [
            f"{sign}{whole}0e{exponent - 1}",
            f"{sign}{whole}.000E{exponent}",
        ]
        if -30 < exponent < 30:
            spelled.append(format(value, "f"))
        return self.random.choice(spelled)

    def time(self, value: Time) -> str:
        seconds, fraction = divmod(value.ns, 10**9)
        offset = self.random.choice([0, 0, 60, -330, 839, -1439])
        local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, minutes=offset)
        digits = f".{fraction:09}".rstrip("0") if fraction else self.random.choice(["", ".0", ".000000000"])
        sign = "-" if offset < 0 else "+"
        zone = f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
        if not offset:
            zone = self.random.choice(["Z", "z", "+00:00", "-00:00"])
        text = f"{local:%m-%d}{self.random.choice('Tt')}{local:%H:%M:%S}{digits}{zone}"
        return self.string(f"{local.year:04}-{text}")

    def field(self, field: Any) -> str:
        if isinstance(field, SessionField):
            return field.name
        keys = [f"{self.space()}[{self.space()}{self.string(key)}{self.space()}]" for key in field]
        return "user_metadata" + "".join(keys)

    def listed(self, values: tuple[Any, ...]) -> str:
        joint = f"{self.space()}OR{self.space()}"
        return f":{self.space()}({self.space()}{joint.join([self.literal(value) for value in values])}{self.space()})"

    def predicate(self, node: Any) -> str:
        head = self.field(node.field) + self.space()
        if isinstance(node, OneOf):
            return head + self.listed(node.values)
        if isinstance(node, Exists):
            return f"{head}:{self.space()}*"
        if isinstance(node, Equal):
            if isinstance(node.value, str) and self.random.random() < 0.2:
                return head + self.listed((node.value,))
            return f"{head}:{self.space()}{self.literal(node.value)}"
        assert isinstance(node, Order | Text)
        return f"{head}{node.operator}{self.space()}{self.literal(node.value)}"

    def write(self, node: Any) -> str:
        if isinstance(node, Or):
            text = self.join([self.enclosed(part, ()) for part in node.operands], ["OR"])
        elif isinstance(node, And):
            text = self.join([self.enclosed(part, Or) for part in node.operands], ["AND", "AND", ""])
        elif isinstance(node, Not):
            inner = self.enclosed(node.operand, (And, Or))
            text = self.random.choice(["NOT" + self.gap(), "-" + self.space()]) + inner
        else:
            text = self.predicate(node)
        return text

    def enclosed(self, node: Any, loose: Any) -> str:
        text = self.write(node)
        for _ in range(max(isinstance(node, loose), self.random.choice([0, 0, 0, 0, 1, 2]))):
            text = f"({self.space()}{text}{self.space()})"
        return text

    def join(self, parts: list[str], words: list[str]) -> str:
        text, *rest = parts
        for part in rest:
            word = self.random.choice(words)
            before = self.space() if text[-1] in "'\")*" else self.gap()
            after = self.space() if not word or part[0] in "(-" else self.gap()
            text += before + word + after + part
        return text


_TIME_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SIZE_UNITS = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}  # fmt: skip


def _scribbled(query: bbquery.Query, seed: int) -> tuple[str, bbquery.Query]:
    scribe = QueryScribe(Random(seed))
    return f"{scribe.space()}{scribe.enclosed(query.ast, ())}{scribe.space()}", query


def query_texts() -> st.SearchStrategy[tuple[str, bbquery.Query]]:
    """A text that is not canonical, and what it means."""
    return st.builds(_scribbled, queries(), st.integers(0, 1 << 32))


# --- any text ----------------------------------------------------------------------------------

_TOKENS = (
    *"user_metadata user_metadata[ ['a'] ['a a'] [ ] ( ) : :* :( * 'v' \"v\" ' \" \\".split(),
    *"AND OR NOT and Or not - > >= < <= = == != ^= $= *= , && || ! .a.b %5B “ ’ ：".split(),
    *"status keep_alive created_at proxy_bytes duration id region metadata userMetadata state".split(),
    *r"5 -1.5e3 01 true True null now now-7d now- 15m 1.5h 10MB 10mb $name $ '2026-11-01' '2026-02-30'".split(),
    *r"'\ud83d' '\x' 中 😀".split(),
    *(" ", "\n", "\t", "\r\n", "\x1b[31m", "\u202e", "\ufeff", "\ud800", "\u0301"),
)


def _damaged(text: str, seed: int) -> str:
    random = Random(seed)
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        at, other = random.randint(0, len(text)), random.randint(0, len(text))
        how = random.randint(0, 5)
        if how == 0:
            text = text[:at] + text[at + 1 :]
        elif how == 1:
            text = text[:at] + random.choice([*_TOKENS, *_NASTY]) + text[at:]
        elif how == 2:
            text = text[:at]
        elif how == 3:
            text = text[at:]
        elif how == 4:
            text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        else:
            text = text[: min(at, other)] + text[max(at, other) :]
    return text


def any_text() -> st.SearchStrategy[str]:
    """Any string at all, most of them nearly a query."""
    damaged = st.builds(lambda pair, seed: _damaged(pair[0], seed), query_texts(), st.integers(0, 1 << 32))
    soup = st.lists(st.sampled_from(_TOKENS), max_size=12)
    return st.one_of(
        damaged,
        damaged,
        soup.map("".join),
        soup.map(" ".join),
        st.text(st.characters(exclude_categories=[]), max_size=20),
        st.text(st.sampled_from([*_NASTY, *"abn()[]':*-"]), max_size=20),
    )


def mutated(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts after a few random edits."""
    return st.builds(_damaged, texts, st.integers(0, 1 << 32))
