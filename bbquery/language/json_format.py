"""The tree as JSON and back, for other programs. `grammar/query.schema.json` is the published schema.

A node is an object with a `type`. A field is a list of keys for metadata, otherwise a name. Strings and booleans are
themselves; any other value is an object with its kind and its canonical text, such as `{"duration": "15m"}`.
"""

from __future__ import annotations

import json
from itertools import count

from ..errors import BuildError
from . import builder
from .grammar import terminal
from .limits import MAX_CHARACTERS, MAX_NESTING, measure_query
from .literals import format_time_literal, parse_duration, parse_now, parse_number, parse_size, parse_time
from .nodes import (
    JOINTS,
    PREDICATES,
    Equal,
    Exists,
    Node,
    Not,
    OneOf,
    Order,
    and_of,
    or_of,
)
from .printer import format_value
from .session_fields import SESSION_FIELDS, SessionField
from .validation import check_path_key
from .values import Duration, Now, Size, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

    from .nodes import Value
    from .session_fields import Field

_VALUE_KINDS = {Time: "time", Now: "now", Duration: "duration", Size: "size"}
_LITERAL_READERS: dict[str, Callable[[str], Value]] = {
    "time": parse_time,
    "now": parse_now,
    "duration": parse_duration,
    "size": parse_size,
    "number": parse_number,
}


def tree_to_json(node: Node) -> str:
    """Return the tree as JSON text."""
    return json.dumps(_node_to_json(node), ensure_ascii=False, separators=(",", ":"))


def _node_to_json(node: Node) -> dict[str, Any]:
    if isinstance(node, JOINTS):
        return {"type": type(node).__name__.lower(), "operands": [_node_to_json(part) for part in node.operands]}
    if isinstance(node, Not):
        return {"type": "not", "operand": _node_to_json(node.operand)}
    assert isinstance(node, PREDICATES)
    field = node.field.name if isinstance(node.field, SessionField) else list(node.field)
    if isinstance(node, Exists):
        return {"type": "exists", "field": field}
    if isinstance(node, OneOf):
        return {"type": "one_of", "field": field, "values": [_value_to_json(value) for value in node.values]}
    if isinstance(node, Equal):
        return {"type": "equal", "field": field, "value": _value_to_json(node.value)}
    kind = "order" if isinstance(node, Order) else "text"
    return {"type": kind, "field": field, "operator": node.operator, "value": _value_to_json(node.value)}


def _value_to_json(value: Value) -> object:
    if isinstance(value, str | bool):
        return value
    kind = _VALUE_KINDS.get(type(value), "number")
    return {kind: format_time_literal(value) if isinstance(value, Time) else format_value(value)}


def tree_from_json(source: str | bytes | dict[str, Any]) -> Node:
    """Return the tree of a JSON text, or of the object that one decodes to. Raise BuildError, with a JSON path, for any
    other.
    """
    try:
        node = _node(_decode_json(source) if isinstance(source, str | bytes | bytearray) else source, "$", 0, count(1))
        measure_query(node).check()
    except RecursionError:
        raise BuildError("the JSON is nested too deeply", code="too-large") from None
    return node


def _decode_json(source: str | bytes | bytearray) -> Any:
    try:
        return json.loads(source)
    except ValueError as error:  # no JSON, no UTF-8, or a number with more digits than Python reads
        raise BuildError(f"this is not JSON: {error}", code="bad-json") from None


def _invalid(path: str, expected: str) -> NoReturn:
    raise BuildError(f"expected {expected} at {path}", hint="`bbquery schema` prints what is expected", code="bad-tree")


MAX_NODES = MAX_CHARACTERS // 4 + 1  # none is written in less than `NOT ` or ` OR `
_NODE_KEYS = {
    "and": {"operands"},
    "or": {"operands"},
    "not": {"operand"},
    "equal": {"field", "value"},
    "one_of": {"field", "values"},
    "exists": {"field"},
    "order": {"field", "operator", "value"},
    "text": {"field", "operator", "value"},
}


def _node(source: Any, path: str, depth: int, number: Iterator[int]) -> Node:
    if next(number) > MAX_NODES:  # objects that share parts can be far larger than they look
        raise BuildError(f"the tree has more than {MAX_NODES:,} nodes", code="too-large")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str) or source["type"] not in _NODE_KEYS:
        _invalid(path, "an object with a type of " + ", ".join(_NODE_KEYS))
    kind = source["type"]
    if source.keys() != _NODE_KEYS[kind] | {"type"}:
        _invalid(path, f"the keys type, {', '.join(sorted(_NODE_KEYS[kind]))} and no others")
    if depth > 3 * MAX_NESTING:  # an OR, an AND and a NOT may share a level
        raise BuildError(f"the tree is nested too deeply at {path}", code="too-large")
    if kind == "not":
        return Not(_node(source["operand"], f"{path}.operand", depth + 1, number))
    if kind in ("and", "or"):
        operands = _list(source, "operands", path)
        nodes = [_node(part, f"{path}.operands[{at}]", depth + 1, number) for at, part in enumerate(operands)]
        return and_of(nodes) if kind == "and" else or_of(nodes)
    try:
        return _to_predicate(kind, source, path)
    except BuildError as error:
        if error.code == "bad-tree":
            raise
        raise BuildError(f"{error.message} at {path}", hint=error.hint, code=error.code) from None


def _to_predicate(kind: str, source: dict[str, Any], path: str) -> Node:
    field = _to_field(source["field"], path)
    if kind == "exists":
        return builder.exists(field)
    if kind == "one_of":
        values = _list(source, "values", path)
        return builder.one_of(field, [_to_literal(value, f"{path}.values[{at}]") for at, value in enumerate(values)])
    operators = {"equal": (":",), "order": (">", ">=", "<", "<="), "text": ("^=", "$=", "*=")}[kind]
    operator = source.get("operator", ":")
    if operator not in operators:
        _invalid(f"{path}.operator", "one of " + " ".join(operators))
    value = _to_literal(source["value"], f"{path}.value")
    if isinstance(value, str) and (kind == "order" or field == SESSION_FIELDS["proxy_bytes"]):
        _invalid(f"{path}.value", "an object such as {'duration': '15m'}")
    return builder.compare(field, operator, value)


def _list(source: dict[str, Any], key: str, path: str) -> list[Any]:
    items = source[key]
    if not isinstance(items, list) or len(items) < 2:
        _invalid(f"{path}.{key}", "a list of two or more")
    return items


def _to_field(source: Any, path: str) -> Field:
    if isinstance(source, str) and source in SESSION_FIELDS:
        return SESSION_FIELDS[source]
    if isinstance(source, list) and source and all(isinstance(key, str) for key in source):
        return tuple([check_path_key(key) for key in source])
    _invalid(f"{path}.field", "a list of keys, or one of " + " ".join(SESSION_FIELDS))


def _to_literal(source: Any, path: str) -> Value:
    if isinstance(source, str | bool):
        return source
    if isinstance(source, dict) and len(source) == 1:
        ((kind, text),) = source.items()
        if kind in _LITERAL_READERS and isinstance(text, str):
            try:
                if kind == "time" or terminal(kind.upper()).fullmatch(text):
                    return _LITERAL_READERS[kind](text)
            except ValueError:
                pass
            _invalid(f"{path}.{kind}", f"a {kind}, as the language writes it")
    _invalid(path, "a string, a boolean, or an object of one of " + ", ".join(_LITERAL_READERS))
