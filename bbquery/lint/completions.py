"""Find what may come next at the cursor of a query: fields, keys, operators, values and keywords, as edits.

The place in the grammar says which kinds there are, and the field which operators and values. Keys and values of the
metadata come from vocabularies: a JSON Schema, or what other queries ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from .._text import Span
from ..language.printer import quote
from ..language.session_fields import REGIONS, SESSION_FIELDS, STATUSES, SessionField, field_type
from ..language.validation import operators
from .query_cursor import QueryCursor, read_cursor

CompletionKind = Literal["field", "key", "operator", "value", "keyword"]


class Vocabulary(Protocol):
    """Keys and values of metadata. `source` says where they come from, in a user's words."""

    @property
    def source(self) -> str: ...

    def keys(self, path: tuple[str, ...]) -> Sequence[str]:
        """Return the keys that are known under a path, the likeliest first."""
        ...

    def values(self, path: tuple[str, ...]) -> Sequence[str]:
        """Return the values that are known of a path, the likeliest first."""
        ...


class Completion(NamedTuple):
    """Text that may stand at the cursor: `text` goes in place of what `span` holds. `label` is what to show."""

    label: str
    kind: CompletionKind
    text: str
    span: Span
    detail: str = ""


def complete(text: str, at: int, vocabularies: Sequence[Vocabulary] = ()) -> list[Completion]:
    """Return what may come next at a place of a query, the likeliest first. The text need not be a query yet.

    What is typed already is not compared with it: that is for the editor, which knows how its user likes it.
    """
    cursor = read_cursor(text, at)
    found: dict[tuple[str, CompletionKind], Completion] = {}
    for each in _Completer(text, at, cursor, vocabularies).run():
        found.setdefault((each.label, each.kind), each)
    return [*found.values()]


_NOW_FORMS = ("now-1h", "now-24h", "now-7d", "now-30d", "now-15m", "now")
_EXAMPLES = {
    "time": _NOW_FORMS,
    "size": ("1MB", "10MB", "100MB", "1GB"),
    "duration": ("30s", "5m", "15m", "1h"),
    "boolean": ("true", "false"),
}
_OPERATORS = {
    ":": "equals", ":*": "exists", ":(": "is one of", "^=": "starts with", "$=": "ends with", "*=": "contains",
    ">": "greater than", ">=": "at least", "<": "less than", "<=": "at most",
}  # fmt: skip
_CLOSED_BRACKET = re.compile(r"\s*\]")


class _Completer:
    def __init__(self, text: str, at: int, cursor: QueryCursor, vocabularies: Sequence[Vocabulary]) -> None:
        self._text = text
        self._at = at
        self._cursor = cursor
        self._vocabularies = vocabularies

    def run(self) -> Iterator[Completion]:
        cursor = self._cursor
        in_string = bool(cursor.quote)
        match cursor.place:
            case "start" if not in_string:
                yield from self._starts()
            case "base" if not in_string:
                yield self._item("[", "operator", "[", "a key of the metadata")
                yield from self._keys("[", "]")
            case "bracket":
                closed = _CLOSED_BRACKET.match(self._text, cursor.word.end)
                yield from self._keys("", "" if closed else "]")
            case "key" if not in_string:
                yield self._item("]", "operator", "]")
            case "path" if not in_string:
                yield from self._operators()
                yield from self._keys("[", "]")
            case "field" if not in_string:
                yield from self._operators()
            case "colon" | "operator":
                yield from self._values(in_string=in_string)
            case "listed value" if not in_string:
                yield from self._keywords("OR", ")")
            case "condition" if not in_string:
                yield from self._keywords("AND", "OR")
            case "condition in parentheses" if not in_string:
                yield from self._keywords("AND", "OR", ")")

    def _item(self, label: str, kind: CompletionKind, text: str, detail: str = "") -> Completion:
        return Completion(label, kind, text, self._cursor.word, detail)

    def _starts(self) -> Iterator[Completion]:
        yield self._item("user_metadata", "field", "user_metadata", "what you have stored with the session")
        for field in SESSION_FIELDS.values():
            yield self._item(field.name, "field", field.name, f"a {field.type} of the session")
        yield self._item("NOT", "keyword", "NOT ")
        yield self._item("(", "operator", "(")

    def _keys(self, before: str, after: str) -> Iterator[Completion]:
        path = self._cursor.field
        if isinstance(path, tuple):
            for vocabulary in self._vocabularies:
                for key in vocabulary.keys(path):
                    label = f"[{quote(key)}]" if before else key
                    yield self._item(label, "key", before + quote(key) + after, vocabulary.source)

    def _operators(self) -> Iterator[Completion]:
        field = self._cursor.field
        assert field is not None, "an operator follows a field"
        known = list(operators(field))
        if field_type(field) == "string":
            known[1:1] = [":(", ":*"]
        for operator in known:
            yield self._item(operator, "operator", operator, _OPERATORS[operator])

    def _values(self, *, in_string: bool) -> Iterator[Completion]:
        field = self._cursor.field
        assert field is not None, "a value follows an operator"
        is_equality = self._cursor.operator == ":"
        if isinstance(field, SessionField):
            listed = {"status": STATUSES, "region": REGIONS}.get(field.name, ()) if is_equality else ()
            for value in listed:
                yield self._item(value, "value", quote(value), f"a {field.name}")
            if not in_string:
                yield from self._literals(field.type, is_equality=is_equality)
        elif is_equality:
            for vocabulary in self._vocabularies:
                for value in vocabulary.values(field):
                    yield self._item(value, "value", quote(value), vocabulary.source)
        elif not in_string and self._cursor.operator[0] in "<>":
            yield from self._literals("time", is_equality=False)
        if self._cursor.place == "colon" and not in_string and field_type(field) == "string":
            yield self._item("*", "operator", "*", "exists")
            yield self._item("(", "operator", "(", "is one of")

    def _literals(self, kind: str, *, is_equality: bool) -> Iterator[Completion]:
        if is_equality and kind == "time":  # no session has just this instant
            yield self._item("*", "operator", "*", "exists")
        elif not (is_equality and kind == "duration"):
            for literal in _EXAMPLES.get(kind, ()):
                yield self._item(literal, "value", literal, f"a {kind}")

    def _keywords(self, *words: str) -> Iterator[Completion]:
        start = self._cursor.word.start
        before = self._text[start - 1 : start]
        for word in words:
            gap = " " if word.isalpha() and not before.isspace() else ""
            yield self._item(word, "keyword" if word.isalpha() else "operator", gap + word + " " * word.isalpha())
