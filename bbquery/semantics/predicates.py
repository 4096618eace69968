"""Implication and exclusion between predicates on the same field, and between literals: predicates and negated ones.

Every answer is cautious: it is given only if the language leaves no doubt for any session, however odd. So a bound on a
time and a bound on `now` are never compared.
"""

from __future__ import annotations

import operator

from ..language.nodes import EQUALITIES, PREDICATES, Equal, Exists, Node, Not, OneOf, Order, Text
from ..language.values import Duration, Now, Size, Time
from .stored_values import parse_stored_number, parse_stored_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..language.nodes import Predicate

MAX_COMPARED = 32
"""The most operands that are compared with one another. Of more, only equal ones are found, by hashing."""

_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def holds_for_value(predicate: Predicate, value: str | bool | Size) -> bool | None:
    """Return whether a predicate holds if its field has this value; None if that depends on when it is asked."""
    if isinstance(predicate, Exists):
        return True
    if isinstance(predicate, Equal):
        return predicate.value == value
    if isinstance(predicate, OneOf):
        return value in predicate.values
    if isinstance(predicate, Order):
        return _in_order(predicate, value)
    assert isinstance(value, str), "a field with text predicates holds strings"
    if predicate.operator == "*=":
        return predicate.value in value
    return value.startswith(predicate.value) if predicate.operator == "^=" else value.endswith(predicate.value)


def _in_order(order: Order, value: str | bool | Size) -> bool | None:
    compare = _COMPARE[order.operator]
    bound = order.value
    if isinstance(bound, Size):
        assert isinstance(value, Size), "a size is compared with sizes"
        return bool(compare(value.bytes, bound.bytes))
    if isinstance(bound, Time | Now):
        instant = parse_stored_time(value)
        if instant is not None and isinstance(bound, Now):
            return None
        return instant is not None and bool(compare(instant, (_bound_value(bound), "")))
    number = parse_stored_number(value)
    return number is not None and bool(compare(number, _bound_value(bound)))


def implies(given: Predicate, wanted: Predicate) -> bool:
    """Return whether `wanted` surely holds for every session for which `given` holds."""
    if isinstance(wanted, Exists) or given == wanted:
        return True
    if isinstance(given, Equal):
        return holds_for_value(wanted, given.value) is True
    if isinstance(given, OneOf):
        if isinstance(wanted, OneOf):
            return set(given.values) <= set(wanted.values)
        return all(holds_for_value(wanted, value) is True for value in given.values)
    if isinstance(wanted, Text):
        if not wanted.value:  # it asks for no more than a string, as an order on metadata does
            return isinstance(given, Text | Order)
        return (
            isinstance(given, Text)
            and wanted.operator in ("*=", given.operator)
            and holds_for_value(wanted, given.value) is True
        )
    return isinstance(given, Order) and isinstance(wanted, Order) and _is_tighter(given, wanted)


def are_disjoint(one: Predicate, other: Predicate) -> bool:
    """Return whether two predicates surely never hold together."""
    if isinstance(one, OneOf) and isinstance(other, OneOf):
        return set(one.values).isdisjoint(other.values)
    for given, wanted in ((one, other), (other, one)):
        if isinstance(given, EQUALITIES):
            values = (given.value,) if isinstance(given, Equal) else given.values
            return all(holds_for_value(wanted, value) is False for value in values)
    if isinstance(one, Text) and isinstance(other, Text) and one.operator == other.operator != "*=":
        return not holds_for_value(one, other.value) and not holds_for_value(other, one.value)
    return isinstance(one, Order) and isinstance(other, Order) and _is_empty(one, other)


def _bound_value(value: object) -> Any:
    """Return the number by which a bound is compared with others of its kind."""
    if isinstance(value, Time):
        return value.ns
    if isinstance(value, Now):
        return value.offset
    if isinstance(value, Duration):
        return value.seconds
    return value.bytes if isinstance(value, Size) else value


def _is_tighter(given: Order, wanted: Order) -> bool:
    if type(given.value) is not type(wanted.value) or given.operator[0] != wanted.operator[0]:
        return False
    bound, wider = _bound_value(given.value), _bound_value(wanted.value)
    if bound == wider:
        return wanted.operator.endswith("=") or given.operator == wanted.operator
    return bool(_COMPARE[given.operator](bound, wider))


def _is_empty(one: Order, other: Order) -> bool:
    if type(one.value) is not type(other.value):
        # No string is both a number and a time; a time and `now` are both times.
        return not (isinstance(one.value, Time | Now) and isinstance(other.value, Time | Now))
    if one.operator[0] == other.operator[0]:
        return False
    lower, upper = (one, other) if one.operator[0] == ">" else (other, one)
    least, most = _bound_value(lower.value), _bound_value(upper.value)
    return bool(least > most or (least == most and (lower.operator == ">" or upper.operator == "<")))


# --- literals ----------------------------------------------------------------------------------


def literal_predicate(literal: Node) -> Predicate:
    """Return the predicate that a literal is, or negates."""
    predicate = literal.operand if isinstance(literal, Not) else literal
    assert isinstance(predicate, PREDICATES), "a literal is a predicate, or its negation"
    return predicate


def negation_of(literal: Node) -> Node:
    """Return the literal that holds where this one does not."""
    return literal.operand if isinstance(literal, Not) else Not(literal)


def truth_given(known: Node, asked: Node) -> bool | None:
    """Return True or False if the known literal decides the other one, otherwise None."""
    given, wanted = literal_predicate(known), literal_predicate(asked)
    truth: bool | None = None
    if isinstance(known, Not):
        truth = False if implies(wanted, given) else None
    elif implies(given, wanted):
        truth = True
    elif are_disjoint(given, wanted):
        truth = False
    return not truth if isinstance(asked, Not) and truth is not None else truth
