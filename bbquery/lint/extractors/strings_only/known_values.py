"""Values of which it is known that they hold no quote: constants, numbers, UUIDs, digests.

An expression is known by how it is written, a name by its type or by the constant that it stands for. What a function
of the program returns is not looked at.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from ..syntax_tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

_ARGUMENTS = r"\((?:[^()]|\([^()]*\))*\)"
_NUMERIC_CALLS = (
    r"strconv\.(?:Itoa|Format(?:Int|Uint|Bool|Float))|intval|floatval|(?:Integer|Long)\.(?:toString|parseInt|parseLong)"
    r"|len|time|microtime|md5|sha1|crc32|bin2hex|dechex|getmypid|os\.Getpid|Integer|Float"
    r"|(?:int|long|Guid)\.Parse|Convert\.ToInt(?:16|32|64)|uuid\.(?:NewString|New\w*)|UUID\.randomUUID|UUID\.fromString"
    r"|Guid\.NewGuid|Uuid::(?:new_v\d|now_v\d)|System\.(?:currentTimeMillis|nanoTime)|hex\.EncodeToString"
    r"|Convert\.ToHexString|Instant\.now|LocalDate\.now"
)
_NUMERIC_METHODS = (
    r"(?:toInt|toLong|len|Unix(?:Milli|Micro|Nano)?|timestamp|ToUnixTime(?:Seconds|Milliseconds)|getEpochSecond"
    r"|toEpochMilli)\(\)|(?:to_[if]|size|length|count|Length|Count|hexdigest)(?:\(\))?"
)
_AS_TEXT = r"(?:\.(?:String|toString|ToString|to_string|to_s|hex|simple)\(\)|\.to_s|\.ToString\(\"[NDdXx]\d*\"\))?"
_HARMLESS = re.compile(
    rf"-?\d[\w.]*|true|false|\((?:int|integer|float|bool|long)\)\s*[\w$.>\[\]'\"-]+"
    r"|DateTime(?:Offset)?\.(?:Utc)?(?:Now|Today)|Time\.now(?:\.(?:utc|iso8601))*|Date\.today|Process\.pid"
    rf"|(?:{_NUMERIC_CALLS})(?:{_ARGUMENTS}){_AS_TEXT}|SecureRandom\.(?:uuid|hex|alphanumeric)(?:{_ARGUMENTS})?"
    rf"|[\w$.:()>@?-]+(?:\.|->)(?:{_NUMERIC_METHODS}){_AS_TEXT}"
)
_NUMERIC_TYPES = re.compile(
    r"(?:u?int(?:8|16|32|64)?|[iu](?:8|16|32|64|128|size)|[su]?byte|u?short|u?long|bool(?:ean)?|float(?:32|64)?|double"
    r"|decimal|f32|f64|Int|UInt|Long|ULong|Short|Byte|Boolean|Float|Double|Integer"
    r"|(?:java\.util\.|uuid\.|uuid::)?U[uU][iI][dD]|Guid)\??"
)
_DECLARATIONS = frozenset(
    "parameter formal_parameter simple_parameter parameter_declaration variable_declaration let_declaration"
    " local_variable_declaration field_declaration var_spec const_item static_item property_declaration".split()
)
_UNTYPED = frozenset(
    "short_var_declaration range_clause for_statement enhanced_for_statement foreach_statement for_expression"
    " lambda_parameters implicit_parameter catch_formal_parameter closure_parameters tuple_pattern".split()
)
_CONSTANTS = {
    "go": "(const_spec) @constant",
    "java": "(variable_declarator) @constant",
    "kotlin": "(property_declaration) @constant",
    "ruby": "(assignment left: (constant)) @constant",
    "php": "(const_element) @constant",
    "csharp": "(variable_declarator) @constant",
    "rust": "[(const_item) (static_item)] @constant",
}
_FIXED = re.compile(r"\b(?:final|const|readonly)\b")
_CONTAINERS = r"\b(?:class|object|struct|module|enum|interface|trait|record)\s+"
_QUALIFIED = re.compile(r"(?:(\w+)(?:\.|::))?([A-Za-z_]\w*)")


class KnownValues:
    """Holds what is known of the values in a source."""

    def __init__(self, tree: SyntaxTree, language: str) -> None:
        self._tree = tree
        self._language = language

    def is_harmless(self, code: str) -> bool:
        """Return whether no value of an expression holds a quote."""
        return all(self._is_harmless(part) for part in re.split(r"\s+[-+*/%]\s+", code))

    def _is_harmless(self, code: str) -> bool:
        if _HARMLESS.fullmatch(code):
            return True
        types = self._types.get(code.removeprefix("$"), []) if re.fullmatch(r"\$?\w+", code) else []
        return bool(types) and all(map(_NUMERIC_TYPES.fullmatch, types))

    def constant(self, code: str) -> Node | None:
        """Return what a constant is bound to: a string or a number."""
        match = _QUALIFIED.fullmatch(code)
        if match is None or match[2] not in self._bound:
            return None
        owner = match[1]
        if owner and owner not in ("self", "static", "Self", "this"):
            declared = re.search(rf"{_CONTAINERS}{re.escape(owner)}\b", self._tree.source)
            if declared is None:
                return None
        elif self._language == "go" and match[2] in self._types:  # only there is the name of a constant like any other
            return None
        return self._bound[match[2]]

    @cached_property
    def _bound(self) -> dict[str, Node]:
        found: dict[str, list[Node]] = {}
        for node in self._tree.captures(_CONSTANTS[self._language]):
            parts = node.named_children
            if not parts:  # of a broken source
                continue
            name = node.child_by_field_name("name") or node.child_by_field_name("left")
            if name is None:
                name = next((part for part in parts if part.type in ("variable_declaration", "name", "constant")), None)
            if name is None:
                continue
            value = next(iter(parts[-1].named_children), name) if parts[-1].type == "expression_list" else parts[-1]
            if value.id != name.id and self._is_fixed(node, self._tree.text(name)):
                found.setdefault(self._tree.text(name), []).append(value)
        return {name: values[0] for name, values in found.items() if len(values) == 1}

    def _is_fixed(self, node: Node, name: str) -> bool:
        """Return whether a declaration is that of a constant, by its words and by how its name is written."""
        if self._language in ("go", "ruby", "php", "rust"):
            return "static mut" not in self._tree.text(node)[:30]
        whole = node if self._language == "kotlin" else node.parent
        if self._language == "csharp" and whole is not None:
            whole = whole.parent
        return bool(whole and name[:1].isupper() and _FIXED.search(self._tree.text(whole).partition("=")[0]))

    @cached_property
    def _types(self) -> dict[str, list[str]]:
        """The types of each name that is declared, "" for one without."""
        found: dict[str, list[str]] = {}
        name_type = "variable_name" if self._language == "php" else "identifier"
        for node in self._tree.captures(f"({name_type}) @name"):
            declared = self._declared_type(node)
            if declared is not None:
                found.setdefault(self._tree.text(node).removeprefix("$"), []).append(declared)
        return found

    def _declared_type(self, node: Node) -> str | None:
        """Return the type of a name that is declared at a node, "" if none is said; None if nothing is declared."""
        parent = node.parent
        declarator = parent is not None and parent.type == "variable_declarator"
        if declarator and parent is not None:
            if parent.child_by_field_name("name") != node:
                return None
            parent = parent.parent
        if parent is not None and parent.type == "expression_list" and parent.prev_sibling is None:
            parent = parent.parent  # the left side of Go's `a, b := …`
        if parent is None or parent.type in _UNTYPED:
            return None if parent is None else ""
        if parent.type not in _DECLARATIONS:
            return self._assigned(node, parent)
        named = parent.child_by_field_name("name") or parent.child_by_field_name("pattern")
        kind = parent.child_by_field_name("type")
        if not declarator and named is not None and named != node:
            return None
        if kind is None:
            kind = next((part for part in parent.named_children if part.type.endswith("_type") and part != node), None)
        return "" if kind is None else self._tree.text(kind)

    def _assigned(self, node: Node, parent: Node) -> str | None:
        """Return "" for a name to which something is assigned where types are not written."""
        if self._language not in ("php", "ruby") or "assignment" not in parent.type:
            return None
        return "" if parent.child_by_field_name("left") == node else None
