"""The tree of a query: immutable nodes.

A predicate (equality, one-of, existence, ordering or text) compares one field. `Not`, `And` and `Or` combine
expressions. An `And` never holds an `And`, and an `Or` never an `Or`, because the canonical text could not tell them
from the flat form. So `and_of` and `or_of` flatten, and only they make these two.

Equality, hashing and pickling see everything but `span`, the part of the text that a node was parsed from.
"""

from __future__ import annotations

from .._text import Span
from ..errors import BuildError
from .values import Duration, Immutable, Now, Size, Time, set_slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal
    from typing import Literal, TypeAlias

    from .session_fields import Path, SessionField

    OrderOperator = Literal[">", ">=", "<", "<="]
    TextOperator = Literal["^=", "$=", "*="]

ORDER_OPERATORS = (">=", "<=", ">", "<")
TEXT_OPERATORS = ("^=", "$=", "*=")


class Node(Immutable):
    """An expression. `span` is where it stands in the text, or None in a tree that was built.

    Comparing and showing a tree keeps a stack of its own, because a caller may be deep in Python's stack already.
    """

    __slots__ = ("span",)
    span: Span | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        stack: list[tuple[Node, Node]] = [(self, other)]
        while stack:
            one, another = stack.pop()
            if type(one) is not type(another):
                return False
            inner = children(one)
            if not inner:
                if one._field_values() != another._field_values():
                    return False
            elif len(inner) != len(children(another)):
                return False
            else:
                stack += zip(inner, children(another), strict=True)
        return True

    __hash__ = Immutable.__hash__

    def __repr__(self) -> str:
        pieces: list[str] = []
        stack: list[Node | str] = [self]
        while stack:
            part = stack.pop()
            if isinstance(part, str):
                pieces.append(part)
            elif isinstance(part, Not):
                stack += (")", part.operand, "Not(")
            elif isinstance(part, JOINTS):
                separated = [piece for operand in part.operands for piece in (", ", operand)][1:]
                stack += ("))", *reversed(separated), f"{type(part).__name__}((")
            else:
                pieces.append(Immutable.__repr__(part))
        return "".join(pieces)


class Equal(Node):
    """The field holds exactly this value."""

    __slots__ = ("field", "value")
    _fields = ("field", "value")
    __match_args__ = ("field", "value", "span")
    field: Path | SessionField
    value: str | bool | Size

    def __init__(self, field: Path | SessionField, value: str | bool | Size, span: Span | None = None) -> None:
        set_slot(self, "field", field)
        set_slot(self, "value", value)
        set_slot(self, "span", span)


class OneOf(Node):
    """The field holds one of these values, of which there are at least two."""

    __slots__ = ("field", "values")
    _fields = ("field", "values")
    __match_args__ = ("field", "values", "span")
    field: Path | SessionField
    values: tuple[str, ...]

    def __init__(self, field: Path | SessionField, values: tuple[str, ...], span: Span | None = None) -> None:
        set_slot(self, "field", field)
        set_slot(self, "values", values)
        set_slot(self, "span", span)


class Exists(Node):
    """The field is there and not null."""

    __slots__ = ("field",)
    _fields = ("field",)
    __match_args__ = ("field", "span")
    field: Path | SessionField

    def __init__(self, field: Path | SessionField, span: Span | None = None) -> None:
        set_slot(self, "field", field)
        set_slot(self, "span", span)


class Order(Node):
    """The field comes before or after a value."""

    __slots__ = ("field", "operator", "value")
    _fields = ("field", "operator", "value")
    __match_args__ = ("field", "operator", "value", "span")
    field: Path | SessionField
    operator: OrderOperator
    value: Decimal | Time | Now | Duration | Size

    def __init__(
        self,
        field: Path | SessionField,
        operator: OrderOperator,
        value: Decimal | Time | Now | Duration | Size,
        span: Span | None = None,
    ) -> None:
        set_slot(self, "field", field)
        set_slot(self, "operator", operator)
        set_slot(self, "value", value)
        set_slot(self, "span", span)


class Text(Node):
    """The field's string starts with, ends with or contains another one."""

    __slots__ = ("field", "operator", "value")
    _fields = ("field", "operator", "value")
    __match_args__ = ("field", "operator", "value", "span")
    field: Path | SessionField
    operator: TextOperator
    value: str

    def __init__(
        self, field: Path | SessionField, operator: TextOperator, value: str, span: Span | None = None
    ) -> None:
        set_slot(self, "field", field)
        set_slot(self, "operator", operator)
        set_slot(self, "value", value)
        set_slot(self, "span", span)


class Not(Node):
    """The operand does not hold."""

    __slots__ = ("operand",)
    _fields = ("operand",)
    __match_args__ = ("operand", "span")
    operand: Node

    def __init__(self, operand: Node, span: Span | None = None) -> None:
        set_slot(self, "operand", operand)
        set_slot(self, "span", span)


class And(Node):
    """All operands hold. Only `and_of` makes one."""

    __slots__ = ("operands",)
    _fields = ("operands",)
    __match_args__ = ("operands", "span")
    operands: tuple[Node, ...]

    def __init__(self, operands: tuple[Node, ...], span: Span | None = None) -> None:
        set_slot(self, "operands", operands)
        set_slot(self, "span", span)


class Or(Node):
    """At least one operand holds. Only `or_of` makes one."""

    __slots__ = ("operands",)
    _fields = ("operands",)
    __match_args__ = ("operands", "span")
    operands: tuple[Node, ...]

    def __init__(self, operands: tuple[Node, ...], span: Span | None = None) -> None:
        set_slot(self, "operands", operands)
        set_slot(self, "span", span)


# For `isinstance`, which takes a tuple in a third of the time that a union takes.
EQUALITIES = (Equal, OneOf)
PREDICATES = (Equal, OneOf, Exists, Order, Text)
JOINTS = (And, Or)

if TYPE_CHECKING:
    Predicate: TypeAlias = Equal | OneOf | Exists | Order | Text
    Value: TypeAlias = str | bool | Decimal | Time | Now | Duration | Size


def and_of(operands: Iterable[Node], span: Span | None = None) -> Node:
    """Return the AND of the operands, flattened; a single operand is returned as it is."""
    return _flattened(And, operands, span)


def or_of(operands: Iterable[Node], span: Span | None = None) -> Node:
    """Return the OR of the operands, flattened; a single operand is returned as it is."""
    return _flattened(Or, operands, span)


def _flattened(kind: type[And | Or], operands: Iterable[Node], span: Span | None) -> Node:
    flat: list[Node] = []
    for operand in operands:
        if isinstance(operand, kind):
            flat += operand.operands
        else:
            flat.append(operand)
    if not flat:
        raise BuildError("a combination needs at least one query", hint="an empty list has no meaning here")
    return flat[0] if len(flat) == 1 else kind(tuple(flat), span)


def conjuncts(node: Node) -> tuple[Node, ...]:
    """Return the operands of an AND, or the expression itself if it is not one."""
    return node.operands if isinstance(node, And) else (node,)


def children(node: Node) -> tuple[Node, ...]:
    """Return the expressions directly inside a node."""
    if isinstance(node, JOINTS):
        return node.operands
    return (node.operand,) if isinstance(node, Not) else ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything inside it, parents first, in the order of the text."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(children(node))


def with_span(node: Node, span: Span) -> Node:
    """Return the same node at another span."""
    return type(node)(*node._field_values(), span)  # type: ignore[call-arg]  # what every node's constructor takes
