"""Tell what the names of a JavaScript source are bound to, scope by scope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .source_tree import SourceTree

if TYPE_CHECKING:
    from tree_sitter import Node

_JS_FUNCTIONS = {
    *("function_declaration", "function_expression", "generator_function_declaration", "generator_function"),
    *("arrow_function", "method_definition", "program"),
}
_JS_SCOPES = _JS_FUNCTIONS | {
    "statement_block",
    "for_statement",
    "for_in_statement",
    "switch_body",
    "class_static_block",
}
_JS_PATTERNS = {"object_pattern", "array_pattern", "pair_pattern", "object_assignment_pattern", "rest_pattern"}
_IMPORT_NODES = {"import_specifier", "import_clause", "namespace_import"}
_MAX_BINDINGS = 1_000
_NAMES = "(identifier) @name (shorthand_property_identifier_pattern) @name"


class JsBinding(NamedTuple):
    """A place where a name gets a value: the value itself, its type, what is iterated over, an argument's default, or
    the function, class or enum of that name, as far as known.

    `scope` is where the name is seen; None for one that is assigned to, and declared elsewhere.
    """

    scope: Node | None
    value: Node | None = None
    type: Node | None = None
    items: Node | None = None
    default: Node | None = None
    is_constant: bool = False
    declaration: Node | None = None


class Bindings:
    """The bindings of one source. They are read when one is first asked for."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._bound: dict[str, list[tuple[Node, JsBinding]]] | None = None
        self._declared: dict[str, dict[str, list[Node]]] = {}

    def find(self, node: Node) -> list[JsBinding]:
        """Return every binding of a name where it stands; none for a global."""
        found = self._named(self._tree.text(node))
        if len(found) > _MAX_BINDINGS:  # each of its uses would be compared with all of them
            return []
        scopes = [binding.scope for _, binding in found if binding.scope and _is_within(node, binding.scope)]
        if not scopes:
            return []
        scope = min(scopes, key=lambda each: each.end_byte - each.start_byte)
        return [
            binding
            for name, binding in found
            if (binding.scope is None and _is_within(name, scope)) or binding.scope == scope
        ]

    def _named(self, text: str) -> list[tuple[Node, JsBinding]]:
        if self._bound is None:
            self._bound = {}
            for name in self._tree.captures(_NAMES):
                if (binding := _binding(name)) is not None:
                    self._bound.setdefault(self._tree.text(name), []).append((name, binding))
        return self._bound.get(text, [])

    def constant(self, node: Node) -> Node | None:
        """Return the one expression that `const` binds to a name, or None."""
        found = self.find(node)
        return found[0].value if len(found) == 1 and found[0].is_constant else None

    def imported(self, node: Node) -> str:
        """Return what a name imports, as `crypto.randomUUID`; empty for any other name."""
        package, name = self.origin(node)
        package = package.removeprefix("node:")
        return package if name in ("", "*", "default") else f"{package}.{name}"

    def origin(self, node: Node) -> tuple[str, str]:
        """Return the specifier from which a name is imported, and what it is there: a name, `default`, or `*` for all
        of it. Both are empty for any other name.
        """
        found = self.find(node)
        if len(found) != 1 or not (origin := found[0].items) or origin.type not in _IMPORT_NODES:
            return "", ""
        statement: Node | None = origin
        while statement is not None and statement.type != "import_statement":
            statement = statement.parent
        source = statement.child_by_field_name("source") if statement else None
        if source is None:
            return "", ""
        name = origin.child_by_field_name("name")
        whole = "*" if origin.type == "namespace_import" else "default"
        return self._tree.text(source)[1:-1], self._tree.text(name) if name else whole

    def function(self, node: Node) -> Node | None:
        """Return the function that a name stands for, if it is one that runs to its end and has no other name's."""
        return self._function(self.find(node))

    def module_function(self, name: str) -> Node | None:
        """Return the function that the source itself has under a name, as `function` does."""
        return self._function([each for _, each in self._named(name) if each.scope == self._tree.root])

    @staticmethod
    def _function(found: list[JsBinding]) -> Node | None:
        if len(found) != 1:
            return None
        value = found[0].value if found[0].is_constant else found[0].declaration
        if value is None or value.type not in ("function_declaration", "arrow_function", "function_expression"):
            return None
        return None if value.children[0].type == "async" else value

    def results(self, function: Node) -> list[Node]:
        """Return what a function returns. Falling off its end gives no text."""
        body = function.child_by_field_name("body")
        if body is None or body.type != "statement_block":
            return [body] if body else []
        found = []
        pending = [body]
        while pending:
            node = pending.pop()
            if node.type == "return_statement":
                found += [each for each in node.named_children if each.type != "comment"]
            elif node.type not in _JS_FUNCTIONS:
                pending += node.children
        return found

    def declaration(self, node: Node, kind: str) -> Node | None:
        """Return the declaration of a kind, of a type or an enum, that bears a name; None if there is none, or two."""
        known = self._declared.get(kind)
        if known is None:
            known = self._declared[kind] = {}
            for each in self._tree.captures(f"({kind}) @declaration"):
                if name := each.child_by_field_name("name"):
                    known.setdefault(self._tree.text(name), []).append(each)
        named = known.get(self._tree.text(node), [])
        return named[0] if len(named) == 1 else None


def _binding(name: Node) -> JsBinding | None:
    """Return what a name is bound to where it stands, or None where it is only used."""
    parent = name.parent
    if parent is None:
        return None
    match parent.type:
        case "variable_declarator" if parent.child_by_field_name("name") == name:
            return _declarator_binding(parent)
        case "for_in_statement" if parent.child_by_field_name("left") == name:
            of = parent.child_by_field_name("operator")
            items = parent.child_by_field_name("right") if of and of.type == "of" else None
            return JsBinding(parent, items=items) if parent.child_by_field_name("kind") else JsBinding(None)
        case "required_parameter" | "optional_parameter" if parent.child_by_field_name("pattern") == name:
            return JsBinding(
                _around(name, _JS_FUNCTIONS),
                type=parent.child_by_field_name("type"),
                default=parent.child_by_field_name("value"),
            )
        case "formal_parameters" | "catch_clause":
            return JsBinding(_around(name, _JS_FUNCTIONS if parent.type == "formal_parameters" else {"catch_clause"}))
        case "arrow_function" if parent.child_by_field_name("parameter") == name:
            return JsBinding(parent)
        case "assignment_pattern" if parent.child_by_field_name("left") == name:
            return JsBinding(_around(name, _JS_FUNCTIONS), default=parent.child_by_field_name("right"))
        case "assignment_expression" | "augmented_assignment_expression" if parent.child_by_field_name("left") == name:
            return JsBinding(None, value=parent.child_by_field_name("right"))
        case "function_declaration" | "generator_function_declaration" | "class_declaration" | "enum_declaration":
            is_its_name = parent.child_by_field_name("name") == name
            return JsBinding(_around(parent, _JS_SCOPES), declaration=parent) if is_its_name else None
    if parent.type in _IMPORT_NODES:
        return JsBinding(_around(name, {"program"}), items=parent)
    if parent.type in _JS_PATTERNS or name.type == "shorthand_property_identifier_pattern":
        return _pattern_binding(name)
    return None


def _pattern_binding(name: Node) -> JsBinding:
    """Return what a name in a pattern is bound to: a part of something, of which nothing is known."""
    for outer in _ancestors(name):
        if outer.type == "variable_declarator":
            return _declarator_binding(outer)._replace(value=None, type=None, is_constant=False)
        if outer.type in ("assignment_expression", "for_in_statement") and not outer.child_by_field_name("kind"):
            return JsBinding(None)
        if outer.type not in _JS_PATTERNS and outer.type != "assignment_pattern":
            break
    return JsBinding(_around(name, _JS_FUNCTIONS | {"for_in_statement", "catch_clause"}))


def _declarator_binding(declarator: Node) -> JsBinding:
    declaration = declarator.parent
    kind = declaration.child_by_field_name("kind") if declaration else None
    scope = _around(declarator, _JS_FUNCTIONS if kind is None else _JS_SCOPES)
    value = declarator.child_by_field_name("value")
    return JsBinding(
        scope,
        value=value,
        type=declarator.child_by_field_name("type"),
        is_constant=kind is not None and kind.type == "const",
    )


def _around(node: Node, kinds: set[str]) -> Node:
    """Return the nearest of some kinds around a node, or the whole source."""
    for outer in _ancestors(node):
        if outer.type in kinds:
            return outer
        node = outer
    return node


def _ancestors(node: Node) -> Iterator[Node]:
    outer = node.parent
    while outer is not None:
        yield outer
        outer = outer.parent


def _is_within(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte
