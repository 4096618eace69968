"""BBQ101 to BBQ105, and BBQ305: what the service makes of a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import name

from ..._text import Span, suggest
from ...errors import NotAWireQuery
from ...language.nodes import EQUALITIES, Equal, Exists, OneOf, Order, Text
from ...language.printer import needs_no_escape, quote
from ...language.session_fields import REGIONS, SessionField
from ...metadata import MAX_SIZE, first_refused_character, is_accepted_value, size
from ...planning.planner import full_scan_reasons
from ...planning.requests import require_wire_query
from ..findings import Edit
from ..query_document import PredicateTokens, QueryDocument, RuleResult, preview_text
from ..query_tokens import Token

if TYPE_CHECKING:
    from ...language.nodes import Predicate

_FEW = 5  # of what is known, to choose from
_SMALL = 60
"""Keys and values of so many characters fit into MAX_SIZE as JSON, however they are escaped."""


def check_service(tree: QueryDocument, dialect: str) -> Iterator[RuleResult]:
    """Yield what the service cannot answer, cannot find, or does not store."""
    refused = _refusal(tree) if dialect == "wire" and not tree.is_open else None
    if refused:
        yield refused
    elif dialect == "full" and not tree.is_open:
        yield from _full_scan(tree)
    if all(map(_is_plain, tree.leaves)):  # as most are: then nobody needs the tokens
        return
    for predicate, literals in tree.predicates:
        if isinstance(predicate.field, SessionField):
            continue
        if isinstance(predicate, EQUALITIES) and (refused is None or not isinstance(tree.node, Equal)):
            yield from _unquotable(tree, predicate, literals)
        if isinstance(predicate, Equal | OneOf | Text):
            yield from _unstorable(tree, predicate, literals)
        yield from _too_large(tree, predicate, literals)


def _is_plain(predicate: Predicate) -> bool:
    """Return whether nothing is to be said of a predicate's keys and values; if not, something may be."""
    if isinstance(predicate.field, SessionField):
        return True
    room = _room_for_values(predicate.field)
    values: tuple[str, ...] = ()
    if isinstance(predicate, OneOf):
        values = predicate.values
    elif isinstance(predicate, (Equal, Text)):
        values = (str(predicate.value),)
    for value in values:
        if len(value) > room or not is_accepted_value(value):
            return False
    return room >= 0


@lru_cache(256)  # a file asks the same of many values
def _room_for_values(keys: tuple[str, ...]) -> int:
    """Return how long a value of plain keys can be without being too large; less than 0 if the keys are not plain."""
    length = sum(map(len, keys)) + len(keys)
    # What the service stores needs no escape.
    return _SMALL - length if length <= _SMALL // 2 and all(map(needs_no_escape, keys)) else -1


def _refusal(tree: QueryDocument) -> RuleResult | None:
    try:
        require_wire_query(tree.node)
    except NotAWireQuery as error:
        hint = "write one equality on metadata, or send it through bbquery, which plans it"
        return RuleResult("BBQ101", _without_reasons(tree, str(error)), tree.span(tree.node), hint)
    return None


def _without_reasons(tree: QueryDocument, message: str) -> str:
    """Return the error's words, about the query as it was written."""
    if isinstance(tree.node, Equal) and not isinstance(tree.node.field, SessionField):
        return message.partition(";")[0]
    return f"{tree.preview(tree.node)} needs {message.partition(' needs ')[2]}"


def _full_scan(tree: QueryDocument) -> Iterator[RuleResult]:
    # What cannot be quoted is a matter of BBQ103.
    parts = [
        (node, reason)
        for node, reason in full_scan_reasons(tree.node)
        if not isinstance(node, EQUALITIES) or _is_session(node)
    ]
    if not parts:
        return
    spans = [tree.span(node) for node, _ in parts]
    span = Span(min(start for start, _ in spans), max(end for _, end in spans))
    node, reason = parts[0]
    message = f"only a listing of every session answers this: {tree.preview(node)} {reason}"
    yield RuleResult("BBQ102", message, span, "AND it with an equality on metadata or with a status")


def _is_session(node: Equal | OneOf) -> bool:
    return isinstance(node.field, SessionField)


def _keys(predicate: Equal | OneOf | Exists | Order | Text) -> tuple[str, ...]:
    assert isinstance(predicate.field, tuple), "it is on metadata"
    return predicate.field


def _literal_values(predicate: Equal | OneOf | Text, literals: PredicateTokens) -> Iterator[tuple[str, Token]]:
    values = predicate.values if isinstance(predicate, OneOf) else (predicate.value,)
    for value, token in zip(values, literals.values, strict=True):
        assert isinstance(value, str), "metadata holds strings"
        yield value, token


def _unquotable(tree: QueryDocument, predicate: Equal | OneOf, literals: PredicateTokens) -> Iterator[RuleResult]:
    keys = zip(_keys(predicate), literals.keys, strict=True)
    for what, (text, token) in (
        *(("key", each) for each in keys),
        *(("value", each) for each in _literal_values(predicate, literals)),
    ):
        if not needs_no_escape(text):
            message = f"the {what} {tree.word(token, text)} needs an escape, and the service documents none"
            yield RuleResult(
                "BBQ103", message, _token_to_span(token), f"use a {what} without ', \\ and control characters"
            )


_DOCUMENTED_VALUE = re.compile(r"<[^<>]+>|…|[^…]*…")
"""Matches what documentation has in place of a value."""


def _unstorable(
    tree: QueryDocument, predicate: Equal | OneOf | Text, literals: PredicateTokens
) -> Iterator[RuleResult]:
    for value, token in _literal_values(predicate, literals):
        if tree.is_unknown(token) or _DOCUMENTED_VALUE.fullmatch(value):
            continue
        # Of an equality, what cannot be quoted is a matter of BBQ103.
        suspect = value if isinstance(predicate, Text) else "".join([char for char in value if needs_no_escape(char)])
        at = first_refused_character(suspect)
        if at is not None:
            char = suspect[at]
            label = "a space" if char == " " else f"U+{ord(char):04X} {name(char, '')}".strip()
            message = f"the service stores no value with {label} in it: this never matches"
            yield RuleResult("BBQ104", message, _token_to_span(token), "it takes A-Z, a-z, 0-9, _ and -,;:.()&$%#@!?~")


def _too_large(
    tree: QueryDocument, predicate: Equal | OneOf | Exists | Order | Text, literals: PredicateTokens
) -> Iterator[RuleResult]:
    keys = _keys(predicate)
    first, last = literals.keys[0], literals.keys[-1]
    length = sum(map(len, keys)) + len(keys)
    smallest = 0
    if length > _SMALL // 2:
        # {"key":} around one another, and a digit or an empty string, as a value cannot be shorter.
        smallest = sum([size(key) + 3 for key in keys])
        if smallest + 1 + isinstance(predicate, Equal | OneOf | Text) > MAX_SIZE:
            message = _too_long("path", smallest + 1)
            yield RuleResult("BBQ105", message, Span(first.start, last.end), "shorten the path")
            return
    if not isinstance(predicate, Equal | OneOf | Text):
        return
    for value, token in _literal_values(predicate, literals):
        if length + len(value) <= _SMALL or tree.is_unknown(token):
            continue
        smallest = smallest or sum([size(key) + 3 for key in keys])
        total = smallest + size(value)
        if total > MAX_SIZE:
            message = _too_long("value", total)
            yield RuleResult("BBQ105", message, _token_to_span(token), "shorten the value or the path")


def _too_long(what: str, least: int) -> str:
    return f"metadata with this {what} has at least {least} characters as JSON, and the most is {MAX_SIZE}"


def _token_to_span(token: Token) -> Span:
    return Span(token.start, token.end)


def check_region(tree: QueryDocument) -> Iterator[RuleResult]:
    if not any(isinstance(leaf.field, SessionField) and leaf.field.name == "region" for leaf in tree.leaves):
        return
    for predicate, literals in tree.predicates:
        if not isinstance(predicate, EQUALITIES) or not _is_session(predicate):
            continue
        if predicate.field.name != "region":  # type: ignore[union-attr]  # the line above made sure
            continue
        for value, token in _literal_values(predicate, literals):
            if value in REGIONS or tree.is_unknown(token):
                continue
            yield misspelled(
                "BBQ305", f"the service documents no region {preview_text(quote(value))}", value, token, REGIONS
            )


def misspelled(code: str, message: str, word: str, token: Token, known: tuple[str, ...]) -> RuleResult:
    """Return the result for a string that is not one of those that are known, with what it may have meant."""
    near = suggest(word, known)
    if near:
        hint = f"did you mean {' or '.join([preview_text(quote(name)) for name in near])}?"
    else:
        hint = f"known are {preview_text(' '.join(known))}" if known else "there is none to write instead"
    span = _token_to_span(token)
    choices = [(f"write {preview_text(quote(each))}", Edit(span, quote(each))) for each in near or known[:_FEW]]
    if len(near) != 1:
        return RuleResult(code, message, span, hint, choices=tuple(choices))
    (title, edit), *_ = choices
    return RuleResult(code, message, span, hint, title, [edit], safe=False)
