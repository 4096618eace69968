"""Tell which JavaScript expressions never hold a quote as text: numbers, UUIDs, unions of literals, what a guard
checked.

Nothing is run: what cannot be known is not quote-free. Of other sources, functions are asked what they return.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from ..inquiry import Inquiry
from ..quote_free_text import is_quote_free_pattern, is_quote_free_text, removes_quotes
from .bindings import JsBinding
from .helper_calls import script_helper
from .source_script import SourceScript
from .source_tree import operator
from .strings import ESCAPE, unescape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

_NEARBY_CHECKS = 100
_CALLS = re.compile(
    r"Number(?:\.parse(?:Int|Float))?|parseInt|parseFloat|BigInt|Boolean|Date\.(?:now|UTC|parse)|Math\.\w+"
    r"|performance\.now|process\.(?:uptime|hrtime(?:\.bigint)?)|(?:globalThis\.)?crypto\.randomUUID|crypto\.randomInt"
)
_IMPORTED_CALLS = {"crypto.randomUUID", "crypto.randomInt", "uuid.v1", "uuid.v4", "uuid.v6", "uuid.v7", "nanoid.nanoid"}
_JS_METHODS = {"toISOString", "getTime", "getFullYear", "toFixed", "toPrecision", "toExponential", "charCodeAt"}
_JS_KEEPING_METHODS = {
    *("toLowerCase", "toUpperCase", "trim", "trimStart", "trimEnd", "slice", "substring", "substr", "at", "charAt"),
    *("toString", "valueOf", "replaceAll", "normalize"),
}
"""Methods whose result is quote-free where what they are called on is, and their arguments are."""
_NUMERIC_SIGNS = {"-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>", ">>>"}
_BOOLEAN_SIGNS = {"==", "===", "!=", "!==", "<", ">", "<=", ">=", "in", "instanceof"}
_EXITS = {"throw_statement", "return_statement", "continue_statement", "break_statement"}


class QuoteFreeValues:
    """The quote-free expressions of one source. `asking` are those of a source that imports it."""

    def __init__(self, script: SourceScript, asking: QuoteFreeValues | None = None) -> None:
        self._script = script
        self._tree = script.tree
        self._bindings = script.bindings
        self._others: dict[SourceScript, QuoteFreeValues] = asking._others if asking else {}
        self._inquiry: Inquiry = asking._inquiry if asking else Inquiry()
        self._checks: dict[int, list[Node]] = {}

    def holds(self, node: Node | None) -> bool:
        """Return whether an expression is quote-free for certain."""
        return node is not None and self._ask("expression", self._tree.unwrapped(node), self._is_free)

    def _ask(self, what: str, node: Node, is_free: Callable[[Node], bool]) -> bool:
        return self._inquiry.ask((self._script, node.id, what), lambda: is_free(node))

    def _is_free(self, node: Node) -> bool:
        match node.type:
            case "number" | "true" | "false" | "null" | "undefined" | "update_expression":
                return True
            case "string" | "template_string" | "template_substitution":
                return self._is_free_string(node)
            case "identifier":
                return self._is_free_name(node)
            case "ternary_expression":
                return all(self.holds(_js_field(node, name)) for name in ("consequence", "alternative"))
            case "unary_expression":
                return operator(node) in ("-", "+", "!", "~", "typeof", "void")
            case "binary_expression":
                sign = operator(node)
                both = all(self.holds(_js_field(node, side)) for side in ("left", "right"))
                return both or sign in _NUMERIC_SIGNS or sign in _BOOLEAN_SIGNS
            case "member_expression":
                return self._is_free_member(node) or self._is_guarded(node)
            case "call_expression":
                return self._is_free_call(node)
        return False

    def _is_free_string(self, node: Node) -> bool:
        for part in node.named_children:
            if part.type == "template_substitution":
                inner = [each for each in part.named_children if each.type != "comment"]
                if len(inner) != 1 or not self.holds(inner[0]):
                    return False
            elif not is_quote_free_text(ESCAPE.sub(lambda match: unescape(match) or match[0], self._tree.text(part))):
                return False
        return True

    # --- calls and members -----------------------------------------------------------------------

    def _is_free_member(self, node: Node) -> bool:
        text = self._tree.text(node)
        if text.endswith(".length") or text in ("process.pid", "process.ppid", "Number.MAX_SAFE_INTEGER"):
            return True
        owner = _js_field(node, "object")
        if owner is None or owner.type != "identifier":
            return False
        found = self._bindings.find(owner)
        enum = found[0].declaration if len(found) == 1 else None
        return enum is not None and enum.type == "enum_declaration" and self._is_free_enum(enum)

    def _is_free_enum(self, enum: Node) -> bool:
        body = _js_field(enum, "body")
        members = body.named_children if body else []
        return all(self.holds(_js_field(member, "value")) for member in members if member.type == "enum_assignment")

    def _is_free_call(self, node: Node) -> bool:
        function, arguments = _js_field(node, "function"), _js_field(node, "arguments")
        if function is None or arguments is None or arguments.type != "arguments":
            return False
        given = [each for each in arguments.named_children if each.type != "comment"]
        text = self._tree.text(function)
        if _CALLS.fullmatch(text):
            return True
        if function.type == "identifier":
            if self._bindings.imported(function) in _IMPORTED_CALLS:
                return True
            if text == "String" and len(given) == 1 and self.holds(given[0]):
                return True
            called = self._bindings.function(function)
            return self.returns_free(called) if called is not None else self._is_freeing(function)
        owner, name = _js_field(function, "object"), _js_field(function, "property")
        if function.type != "member_expression" or owner is None or name is None:
            return False
        method = self._tree.text(name)
        if method in _JS_METHODS or self._is_freeing(function):
            return True
        if method in ("toString", "digest", "encode") and len(given) == 1:
            return self._tree.text(given[0])[1:-1] in ("hex", "base64url", "base64") or given[0].type == "number"
        if method in ("replace", "replaceAll") and len(given) == 2:
            return self._is_cleaning(given[0]) and self.holds(given[1])
        return method in _JS_KEEPING_METHODS and self.holds(owner) and all(self.holds(each) for each in given)

    def returns_free(self, function: Node) -> bool:
        """Return whether a function of the source returns quote-free values alone, whatever it is given."""
        return self._ask("function", function, lambda node: all(map(self.holds, self._bindings.results(node))))

    def _is_freeing(self, function: Node) -> bool:
        """Return whether a function from another source returns quote-free values alone."""
        helper = script_helper(function, self._script)
        if helper is None or helper.script is self._script:
            return False
        if helper.script not in self._others:
            self._others[helper.script] = QuoteFreeValues(helper.script, self)
        return self._others[helper.script].returns_free(helper.function)

    def _is_cleaning(self, pattern: Node) -> bool:
        """Return whether a pattern is global and matches every quote."""
        inner, flags = _js_field(pattern, "pattern"), _js_field(pattern, "flags")
        return (
            pattern.type == "regex"
            and inner is not None
            and flags is not None
            and "g" in self._tree.text(flags)
            and removes_quotes(self._tree.text(inner))
        )

    # --- names -----------------------------------------------------------------------------------

    def _is_free_name(self, node: Node) -> bool:
        bindings = self._bindings.find(node)
        if not bindings:
            return self._tree.text(node) in ("undefined", "NaN", "Infinity")
        if all(self._is_free_binding(binding) for binding in bindings):
            return True
        return len(bindings) == 1 and self._is_guarded(node)

    def _is_free_binding(self, binding: JsBinding) -> bool:
        if binding.type is not None:
            return self._is_free_type(binding.type)
        if binding.items is not None:
            items = self._tree.unwrapped(binding.items)
            if items.type == "identifier":
                known = self._bindings.constant(items)
                items = self._tree.unwrapped(known) if known is not None else items
            return items.type == "array" and all(self.holds(each) for each in items.named_children)
        return self.holds(binding.value)

    def _is_free_type(self, node: Node) -> bool:
        """Return whether every value of a type is quote-free as text."""
        return self._ask("type", node, self._has_free_values)

    def _has_free_values(self, node: Node) -> bool:
        match node.type:
            case "type_annotation" | "union_type" | "parenthesized_type" | "readonly_type":
                return all(self._is_free_type(each) for each in node.named_children)
            case "predefined_type":
                return self._tree.text(node) in ("number", "boolean", "bigint", "undefined", "null")
            case "literal_type":
                return all(self.holds(each) for each in node.named_children)
            case "type_identifier":
                if enum := self._bindings.declaration(node, "enum_declaration"):
                    return self._is_free_enum(enum)
                alias = self._bindings.declaration(node, "type_alias_declaration")
                meaning = _js_field(alias, "value") if alias else None
                return meaning is not None and self._is_free_type(meaning)
        return False

    # --- guards ----------------------------------------------------------------------------------

    def _is_guarded(self, node: Node) -> bool:
        """Return whether a check before a name, or around it, lets quote-free texts pass alone."""
        name = self._tree.text(node)
        inner, outer = node, node.parent
        while outer is not None:
            if outer.type in ("if_statement", "ternary_expression") and inner == _js_field(outer, "consequence"):
                if self._admits(_js_field(outer, "condition"), name):
                    return True
            elif outer.type in ("statement_block", "program", "switch_case"):
                checks = self._checks_in(outer)
                last = bisect_right(checks, inner.start_byte, key=lambda each: each.end_byte)
                if any(
                    self._stops_others(statement, name) for statement in checks[max(0, last - _NEARBY_CHECKS) : last]
                ):
                    return True
            if outer.type in ("function_declaration", "arrow_function", "function_expression", "method_definition"):
                return False
            inner, outer = outer, outer.parent
        return False

    def _checks_in(self, block: Node) -> list[Node]:
        """Return the statements of a block that may be checks. Each block is read once."""
        found = self._checks.get(block.id)
        if found is None:
            kinds = ("if_statement", "expression_statement")
            found = self._checks[block.id] = [each for each in block.named_children if each.type in kinds]
        return found

    def _stops_others(self, statement: Node, name: str) -> bool:
        if statement.type == "if_statement":
            block = _js_field(statement, "consequence")
            if block is not None and block.type == "statement_block" and block.named_children:
                block = block.named_children[-1]
            return block is not None and block.type in _EXITS and self._refuses(_js_field(statement, "condition"), name)
        call = statement.named_children[0] if statement.type == "expression_statement" else None
        if call is None or call.type != "call_expression":
            return False
        function, arguments = _js_field(call, "function"), _js_field(call, "arguments")
        if function is None or arguments is None or not re.match(r"assert|invariant", self._tree.text(function)):
            return False
        return bool(arguments.named_children) and self._admits(arguments.named_children[0], name)

    def _admits(self, test: Node | None, name: str) -> bool:
        """Return whether a test is true for quote-free texts alone."""
        if test is None:
            return False
        test = self._tree.unwrapped(test)
        if test.type == "binary_expression":
            left, right = _js_field(test, "left"), _js_field(test, "right")
            if operator(test) == "&&":
                return self._admits(left, name) or self._admits(right, name)
            is_same = operator(test) == "===" and left is not None and self._tree.text(left) == name
            return is_same and self.holds(right)
        if test.type == "unary_expression" and operator(test) == "!":
            return self._refuses(_js_field(test, "argument"), name)
        if test.type != "call_expression":
            return False
        function, arguments = _js_field(test, "function"), _js_field(test, "arguments")
        if function is None or arguments is None or function.type != "member_expression":
            return False
        owner, method = _js_field(function, "object"), _js_field(function, "property")
        given = arguments.named_children
        if owner is None or method is None or len(given) != 1 or self._tree.text(given[0]) != name:
            return False
        owner = self._tree.unwrapped(owner)
        if owner.type == "identifier":
            owner = self._bindings.constant(owner) or owner
        if self._tree.text(method) == "includes":
            return owner.type == "array" and all(self.holds(each) for each in owner.named_children)
        pattern = _js_field(owner, "pattern")
        flags = _js_field(owner, "flags")
        is_multiline = flags is not None and "m" in self._tree.text(flags)
        return (
            self._tree.text(method) == "test"
            and owner.type == "regex"
            and pattern is not None
            and not is_multiline
            and is_quote_free_pattern(self._tree.text(pattern))
        )

    def _refuses(self, test: Node | None, name: str) -> bool:
        """Return whether a test is false for quote-free texts alone."""
        if test is None:
            return False
        test = self._tree.unwrapped(test)
        if test.type == "binary_expression" and operator(test) == "||":
            return self._refuses(_js_field(test, "left"), name) or self._refuses(_js_field(test, "right"), name)
        return (
            test.type == "unary_expression"
            and operator(test) == "!"
            and self._admits(_js_field(test, "argument"), name)
        )


def _js_field(node: Node, name: str) -> Node | None:
    return node.child_by_field_name(name)
