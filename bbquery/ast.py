"""The tree of a query: immutable nodes, the fields they compare, and the values they compare with.

A predicate compares one field. `Not`, `And` and `Or` combine expressions. `And` never holds an `And`
and `Or` never an `Or`: the canonical text could not tell them from the flat form, so `conjunction` and
`disjunction` flatten, and are the only way to make these two.

A field is either a metadata path, a plain tuple of keys, or a `SessionField`. Strings and booleans are
Python's own; numbers are `Decimal`, so that none is ever rounded; the other values have classes here.

Equality, hashing and pickling ignore nothing but `span`, the part of the text that a node was read from.
"""

from __future__ import annotations

from .errors import BuildError, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal
    from typing import Any, ClassVar, Literal, Self, TypeAlias

    FieldType = Literal["string", "boolean", "time", "size", "duration"]
    OrderOperator = Literal[">", ">=", "<", "<="]
    TextOperator = Literal["^=", "$=", "*="]
    Path: TypeAlias = tuple[str, ...]

ORDER_OPERATORS = (">=", "<=", ">", "<")
TEXT_OPERATORS = ("^=", "$=", "*=")

# F12; F14.
STATUSES = ("PENDING", "RUNNING", "ERROR", "TIMED_OUT", "COMPLETED")
REGIONS = ("us-west-2", "us-east-1", "eu-central-1", "ap-southeast-1")


class Frozen:
    """Slots that are set once. `_key` names what equality and hashing see."""

    __slots__ = ()
    _key: ClassVar[tuple[str, ...]] = ()

    def _values(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self._key])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._values()))})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), tuple([getattr(self, name) for name in self.__match_args__]))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    __match_args__: ClassVar[tuple[str, ...]] = ()


# --- values ------------------------------------------------------------------------------------


class Time(Frozen):
    """An instant, in nanoseconds since 1970-01-01T00:00:00Z."""

    __slots__ = ("ns",)
    __match_args__ = _key = ("ns",)
    ns: int

    def __init__(self, ns: int) -> None:
        _set(self, "ns", ns)


class Now(Frozen):
    """The instant of the run, `offset` seconds later (earlier where negative)."""

    __slots__ = ("offset",)
    __match_args__ = _key = ("offset",)
    offset: int

    def __init__(self, offset: int = 0) -> None:
        _set(self, "offset", offset)


class Duration(Frozen):
    """A length of time, in seconds."""

    __slots__ = ("seconds",)
    __match_args__ = _key = ("seconds",)
    seconds: int

    def __init__(self, seconds: int) -> None:
        _set(self, "seconds", seconds)


class Size(Frozen):
    """An amount of data, in bytes."""

    __slots__ = ("bytes",)
    __match_args__ = _key = ("bytes",)
    bytes: int

    def __init__(self, bytes: int) -> None:  # noqa: A002  # the unit is the name, here as everywhere
        _set(self, "bytes", bytes)


_set = object.__setattr__

# --- fields ------------------------------------------------------------------------------------


class SessionField(Frozen):
    """A field of the Session object that queries may name. One instance each, in `SESSION_FIELDS`."""

    __slots__ = ("api_name", "name", "type")
    __match_args__ = _key = ("name",)
    name: str
    type: FieldType
    api_name: str | None
    """The key in the API's mapping (F14); None for `duration`, which is computed."""

    def __init__(self, name: str, type: FieldType, api_name: str | None) -> None:  # noqa: A002  # a field's type
        _set(self, "name", name)
        _set(self, "type", type)
        _set(self, "api_name", api_name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_session_field, (self.name,))


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


# --- expressions -------------------------------------------------------------------------------


class Node(Frozen):
    """An expression. `span` is where in the text it stands; None for a tree that was built.

    What is asked of deep trees in passing, comparing and showing them, keeps a stack of its own: a caller may
    be deep in Python's already.
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
                if one._values() != another._values():
                    return False
            elif len(inner) != len(children(another)):
                return False
            else:
                stack += zip(inner, children(another), strict=True)
        return True

    __hash__ = Frozen.__hash__

    def __repr__(self) -> str:
        pieces: list[str] = []
        stack: list[Node | str] = [self]
        while stack:
            part = stack.pop()
            if isinstance(part, str):
                pieces.append(part)
            elif isinstance(part, Not):
                stack += (")", part.operand, "Not(")
            elif isinstance(part, And | Or):
                separated = [piece for operand in part.operands for piece in (", ", operand)][1:]
                stack += ("))", *reversed(separated), f"{type(part).__name__}((")
            else:
                pieces.append(Frozen.__repr__(part))
        return "".join(pieces)


class Equal(Node):
    """The field holds exactly this value."""

    __slots__ = ("field", "value")
    _key = ("field", "value")
    __match_args__ = ("field", "value", "span")
    field: Path | SessionField
    value: str | bool | Size

    def __init__(self, field: Path | SessionField, value: str | bool | Size, span: Span | None = None) -> None:
        _set(self, "field", field)
        _set(self, "value", value)
        _set(self, "span", span)


class OneOf(Node):
    """The field holds one of these values; there are at least two."""

    __slots__ = ("field", "values")
    _key = ("field", "values")
    __match_args__ = ("field", "values", "span")
    field: Path | SessionField
    values: tuple[str, ...]

    def __init__(self, field: Path | SessionField, values: tuple[str, ...], span: Span | None = None) -> None:
        _set(self, "field", field)
        _set(self, "values", values)
        _set(self, "span", span)


class Exists(Node):
    """The field is there and not null."""

    __slots__ = ("field",)
    _key = ("field",)
    __match_args__ = ("field", "span")
    field: Path | SessionField

    def __init__(self, field: Path | SessionField, span: Span | None = None) -> None:
        _set(self, "field", field)
        _set(self, "span", span)


class Order(Node):
    """The field comes before or after a value."""

    __slots__ = ("field", "operator", "value")
    _key = ("field", "operator", "value")
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
        _set(self, "field", field)
        _set(self, "operator", operator)
        _set(self, "value", value)
        _set(self, "span", span)


class Text(Node):
    """The field's string starts with, ends with or contains another."""

    __slots__ = ("field", "operator", "value")
    _key = ("field", "operator", "value")
    __match_args__ = ("field", "operator", "value", "span")
    field: Path | SessionField
    operator: TextOperator
    value: str

    def __init__(
        self, field: Path | SessionField, operator: TextOperator, value: str, span: Span | None = None
    ) -> None:
        _set(self, "field", field)
        _set(self, "operator", operator)
        _set(self, "value", value)
        _set(self, "span", span)


class Not(Node):
    """The operand does not hold."""

    __slots__ = ("operand",)
    _key = ("operand",)
    __match_args__ = ("operand", "span")
    operand: Node

    def __init__(self, operand: Node, span: Span | None = None) -> None:
        _set(self, "operand", operand)
        _set(self, "span", span)


class And(Node):
    """All operands hold. Made by `conjunction`."""

    __slots__ = ("operands",)
    _key = ("operands",)
    __match_args__ = ("operands", "span")
    operands: tuple[Node, ...]

    def __init__(self, operands: tuple[Node, ...], span: Span | None = None) -> None:
        _set(self, "operands", operands)
        _set(self, "span", span)


class Or(Node):
    """At least one operand holds. Made by `disjunction`."""

    __slots__ = ("operands",)
    _key = ("operands",)
    __match_args__ = ("operands", "span")
    operands: tuple[Node, ...]

    def __init__(self, operands: tuple[Node, ...], span: Span | None = None) -> None:
        _set(self, "operands", operands)
        _set(self, "span", span)


if TYPE_CHECKING:
    Predicate: TypeAlias = Equal | OneOf | Exists | Order | Text
    Value: TypeAlias = str | bool | Decimal | Time | Now | Duration | Size
    Field: TypeAlias = Path | SessionField


def conjunction(operands: Iterable[Node], span: Span | None = None) -> Node:
    """The AND of the operands, flat; a single operand is itself."""
    return _flat(And, operands, span)


def disjunction(operands: Iterable[Node], span: Span | None = None) -> Node:
    """The OR of the operands, flat; a single operand is itself."""
    return _flat(Or, operands, span)


def _flat(kind: type[And | Or], operands: Iterable[Node], span: Span | None) -> Node:
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
    """The operands of an AND; any other expression is its own only one."""
    return node.operands if isinstance(node, And) else (node,)


def children(node: Node) -> tuple[Node, ...]:
    """The expressions directly inside of one."""
    if isinstance(node, And | Or):
        return node.operands
    return (node.operand,) if isinstance(node, Not) else ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything inside of it, parents first, in the order of the text."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(children(node))


def field_type(field: Field) -> FieldType:
    """What a field holds; metadata holds strings (F2)."""
    return "string" if isinstance(field, tuple) else field.type
