"""Python values to a tree, and dicts to a tree and back.

Every value is checked against its field. None is ever turned into text and parsed again, so no value can change the
shape of a query.
"""

from __future__ import annotations

from ..errors import BuildError
from . import validation
from .limits import MAX_CHARACTERS
from .nodes import ORDER_OPERATORS, Equal, Exists, Node, OneOf, Order, Text, and_of, conjuncts
from .printer import format_field, format_query
from .session_fields import SESSION_FIELDS, SessionField

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .session_fields import Field, Path


def compare(field: Field, operator: str, value: object) -> Node:
    """Return one predicate. `operator` is `:` for equality, or an ordering or text operator."""
    _check_path(field)
    validation.check_operator(field, operator)
    if operator == ":":
        return Equal(field, validation.equality_value(field, value))
    if operator in ORDER_OPERATORS:
        return Order(field, operator, validation.order_value(field, value))  # type: ignore[arg-type]  # one of them, just asked
    return Text(field, operator, validation.text_value(field, value))  # type: ignore[arg-type]  # check_operator knows no others


def status(name: object) -> Node:
    """Return the predicate on the session's status."""
    return compare(SESSION_FIELDS["status"], ":", name)


def one_of(field: Field, values: Iterable[object]) -> Node:
    """Return the predicate that a field holds one of several values. Raise BuildError if there are none."""
    _check_path(field)
    validation.check_operator(field, ":(")
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise BuildError("in_ takes a list of values", hint="use == for a single one", code="wrong-type")
    if isinstance(values, set | frozenset):
        values = sorted(values, key=str)  # so that a query's text does not hang on the order of hashes
    checked: Any = tuple([validation.equality_value(field, value) for value in values])
    if not checked:
        raise BuildError("in_ needs at least one value", hint="nothing is one of no values", code="empty-list")
    return OneOf(field, checked) if len(checked) > 1 else Equal(field, checked[0])


def exists(field: Field) -> Node:
    """Return the predicate that a field is there and not null."""
    _check_path(field)
    validation.check_operator(field, ":*")
    return Exists(field)


def _check_path(field: Field) -> None:
    if not field:
        raise BuildError("user_metadata needs a key", hint='write meta["key"]', code="missing-key")


_MAX_KEYS = MAX_CHARACTERS // len("['']")


def tree_from_dict(mapping: Mapping[str, Any]) -> Node:
    """Return the AND of a nested mapping's leaves, in its order. Every leaf must be a string (docs/service.md#f2)."""
    leaves: list[Node] = []
    stack: list[tuple[Path, Any]] = [((), mapping)]
    while stack:
        path, value = stack.pop()
        if len(path) > _MAX_KEYS:
            raise BuildError(f"the mapping is nested deeper than {_MAX_KEYS:,} keys", code="too-large")
        if isinstance(value, str):
            if not path:
                raise BuildError(
                    "from_dict takes a mapping, not a string", hint="use parse for a text", code="wrong-type"
                )
            leaves.append(Equal(path, validation.equality_value(path, value)))
        elif not hasattr(value, "items"):
            raise _bad_leaf(path, value)
        elif not value:
            where = format_field(path) if path else "the mapping"
            raise BuildError(
                f"{where} is empty", hint="there is no query that every session matches", code="empty-mapping"
            )
        else:
            inner = [((*path, validation.check_path_key(key)), item) for key, item in value.items()]
            stack += reversed(inner)
    return and_of(leaves)


def _bad_leaf(path: Path, value: object) -> BuildError:
    if not path:
        return BuildError(f"from_dict takes a mapping, not a {type(value).__name__}", code="wrong-type")
    if isinstance(value, list | tuple | set | frozenset):
        where = format_field(path)
        return BuildError(
            f"{where} is a list",
            hint="arrays cannot be queried; for one of several values use meta[…].in_([…])",
            code="wrong-type",
        )
    try:
        validation.equality_value(path, value)
    except BuildError as error:
        return error
    raise AssertionError("a string is a leaf that from_dict takes")


def tree_to_dict(node: Node) -> dict[str, Any]:
    """Return the dict of which `tree_from_dict` makes this tree.

    Only an equality on metadata, or an AND of several on different paths, has one. Raise BuildError for any other tree.
    """
    result: dict[str, Any] = {}
    for leaf in conjuncts(node):
        if not isinstance(leaf, Equal) or isinstance(leaf.field, SessionField):
            raise BuildError(
                f"{format_query(leaf)[:80]} has no place in a dict",
                hint="only equalities on metadata, ANDed, have",
                code="not-a-dict",
            )
        inner = result
        *parents, last = leaf.field
        for key in parents:
            inner = inner.setdefault(key, {})
            if isinstance(inner, str):
                break
        if isinstance(inner, str) or last in inner:
            raise BuildError(
                f"{format_field(leaf.field)} is compared twice, or with something below it",
                hint="a dict has one value for a path",
                code="not-a-dict",
            )
        inner[last] = leaf.value
    return result
