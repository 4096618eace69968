"""What the names of a Python module are bound to, scope by scope.

It is read when it is first asked for: most modules never need it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple, TypeAlias

Scope: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
_SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Binding(NamedTuple):
    """A place where a name gets a value: the value itself, an annotation, or what is iterated over, as far as known."""

    value: ast.expr | None = None
    annotation: ast.expr | None = None
    items: ast.expr | None = None


class Scopes:
    """The scopes of a module."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self._bound: dict[Scope, dict[str, list[Binding]]] = {}

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what is around a node, from inside to outside."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def bindings(self, node: ast.Name) -> list[Binding]:
        """Return every binding of a name where it stands; none for a builtin, or a name from elsewhere."""
        is_in_function = False
        for outer in self.parents(node):
            if not isinstance(outer, _SCOPES) or (is_in_function and isinstance(outer, ast.ClassDef)):
                continue  # what a class binds is not seen in its methods
            if found := self._bindings_in(outer).get(node.id):
                return found
            is_in_function = not isinstance(outer, ast.ClassDef)
        return []

    def constant(self, node: ast.Name) -> ast.expr | None:
        """Return the one expression to which a name is bound, or None."""
        found = self.bindings(node)
        return found[0].value if len(found) == 1 else None

    def class_of(self, node: ast.Name) -> ast.ClassDef | None:
        """Return the class of the module that a name stands for, or None."""
        if self.bindings(node) != [Binding()]:
            return None
        found = [each for each in self.tree.body if isinstance(each, ast.ClassDef) and each.name == node.id]
        return found[0] if found else None

    def _bindings_in(self, scope: Scope) -> dict[str, list[Binding]]:
        bound = self._bound.get(scope)
        if bound is None:
            bound = self._bound[scope] = {}
            for name, binding in _scope_bindings(scope):
                bound.setdefault(name, []).append(binding)
        return bound


def _scope_bindings(scope: Scope) -> Iterator[tuple[str, Binding]]:
    pending: list[ast.AST]
    if isinstance(scope, ast.Lambda):
        yield from _argument_bindings(scope.args)
        pending = [scope.body]
    else:
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _argument_bindings(scope.args)
        pending = [*scope.body]
    while pending:
        node = pending.pop()
        yield from _node_bindings(node)
        if not isinstance(node, _SCOPES):
            pending.extend(ast.iter_child_nodes(node))


def _argument_bindings(arguments: ast.arguments) -> Iterator[tuple[str, Binding]]:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.arg, Binding(annotation=argument.annotation)
    for several in (arguments.vararg, arguments.kwarg):
        if several is not None:
            yield several.arg, Binding()


def _node_bindings(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from _target_bindings(target, Binding(value=node.value))
        case ast.AnnAssign():
            yield from _target_bindings(node.target, Binding(annotation=node.annotation))
        case ast.AugAssign() | ast.NamedExpr():
            yield from _target_bindings(node.target, Binding(value=node.value))
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield from _target_bindings(node.target, Binding(items=node.iter))
        case ast.withitem() if node.optional_vars is not None:
            yield from _target_bindings(node.optional_vars, Binding())
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0], Binding()
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, Binding()
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
            yield node.name, Binding()
        case ast.Global() | ast.Nonlocal():
            yield from ((name, Binding()) for name in node.names)


def _target_bindings(target: ast.expr, binding: Binding) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, binding
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _target_bindings(element, Binding())
    elif isinstance(target, ast.Starred):
        yield from _target_bindings(target.value, Binding())
