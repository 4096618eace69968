"""Tell what the names of a Python module are bound to, scope by scope.

It is read when it is first asked for: most modules never need it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from .statements import Statement, Statements, own_nodes, statements_in

_FUNCTION_NODES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_YIELDS = (ast.Yield, ast.YieldFrom)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, *_COMPREHENSIONS)


_NEARBY_STATEMENTS = 100
"""How far a check, or a text that goes on, is looked for. Without a bound, long blocks would be read over and over."""


def dotted(node: ast.AST, *, calls: bool = False) -> str:
    """Return `a.b.c`, or nothing for more than names and dots. With `calls`, `a.b(x).c` is read as that too."""
    steps: list[str] = []
    while isinstance(node, ast.Attribute) or (calls and isinstance(node, ast.Call)):
        steps += [node.attr] if isinstance(node, ast.Attribute) else []
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return ".".join([node.id, *reversed(steps)]) if isinstance(node, ast.Name) else ""


class Binding(NamedTuple):
    """A place where a name gets a value: the value itself, an annotation, what is iterated over, an argument's default,
    or the function or class of that name, as far as known.
    """

    value: ast.expr | None = None
    annotation: ast.expr | None = None
    items: ast.expr | None = None
    default: ast.expr | None = None
    definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = None


class Scopes:
    """The scopes of a module."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._bound: dict[ast.AST, dict[str, list[Binding]]] = {}

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what is around a node, from inside to outside."""
        return self._statements.parents(node)

    def bindings(self, node: ast.Name) -> list[Binding]:
        """Return every binding of a name where it stands; none for a builtin, or a name from elsewhere."""
        is_in_function = False
        for outer in self.parents(node):
            if not isinstance(outer, _SCOPES) or (is_in_function and isinstance(outer, ast.ClassDef)):
                continue  # what a class binds is not seen in its methods
            if found := self._bindings_in(outer).get(node.id):
                # What other functions do to it is not looked for.
                return [*found, Binding()] if node.id in self._shared else found
            is_in_function = is_in_function or isinstance(outer, _FUNCTION_NODES)
        return []

    def module_bindings(self, name: str) -> list[Binding]:
        """Return every binding of a name of the module itself."""
        return self._bindings_in(self._statements.tree).get(name, [])

    def constant(self, node: ast.Name) -> ast.expr | None:
        """Return the one expression to which a name is bound, or None."""
        found = self.bindings(node)
        return found[0].value if len(found) == 1 else None

    def text_of(self, node: ast.Name) -> ast.expr | None:
        """Return the one expression to which a name is bound, or the default of an argument; None for any other."""
        found = self.bindings(node)
        return found[0].value or found[0].default if len(found) == 1 else None

    def above(self, node: ast.AST) -> list[Statement]:
        """Return the statements that stand before one in the same block, as far as they are near."""
        return self._statements.above(node, _NEARBY_STATEMENTS) if isinstance(node, Statement) else []

    def accumulated(self, statement: Statement) -> list[ast.expr]:
        """Return the value of an assignment to a name, and what `+=` adds to it in the statements below."""
        if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
            return []
        name = statement.targets[0].id
        values = [statement.value]
        following = self._statements.below(statement, _NEARBY_STATEMENTS)
        if not any(isinstance(each, ast.AugAssign) for each in following):  # as nearly always
            return values
        for below in following:
            if isinstance(below, ast.AugAssign) and dotted(below.target) == name and isinstance(below.op, ast.Add):
                values.append(below.value)
            elif name in dict(statement_bindings(below)):
                break
        return values

    def definition(self, node: ast.Name) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None:
        """Return the function or class that a name stands for, if it stands for nothing else."""
        found = self.bindings(node)
        return found[0].definition if len(found) == 1 else None

    def class_of(self, node: ast.Name) -> ast.ClassDef | None:
        """Return the class that a name stands for, or None."""
        found = self.definition(node)
        return found if isinstance(found, ast.ClassDef) else None

    @staticmethod
    def results(function: ast.FunctionDef) -> list[ast.expr | None] | None:
        """Return what a function returns, None for a bare `return`; None if more happens to what it returns."""
        if function.decorator_list:
            return None
        results: list[ast.expr | None] = []
        pending: list[Statement] = [*function.body]
        while pending:
            statement = pending.pop()
            if isinstance(statement, ast.Return):
                results.append(statement.value)
            if any(isinstance(each, _YIELDS) for part in own_nodes(statement) for each in ast.walk(part)):
                return None
            if not isinstance(statement, _FUNCTION_NODES | ast.ClassDef):
                pending.extend(statements_in(statement))
        return results

    @cached_property
    def _shared(self) -> set[str]:
        """The names that some function declares as global or nonlocal."""
        declared = [each for each in self._statements.all if isinstance(each, ast.Global | ast.Nonlocal)]
        return {name for each in declared for name in each.names}

    def _bindings_in(self, scope: ast.AST) -> dict[str, list[Binding]]:
        bound = self._bound.get(scope)
        if bound is None:
            bound = self._bound[scope] = {}
            for name, binding in self._scope_bindings(scope):
                bound.setdefault(name, []).append(binding)
        return bound

    def _scope_bindings(self, scope: ast.AST) -> Iterator[tuple[str, Binding]]:
        if isinstance(scope, _COMPREHENSIONS):
            for generator in scope.generators:
                yield from target_bindings(generator.target, Binding(items=generator.iter))
            return
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _argument_bindings(scope.args)
        if isinstance(scope, ast.Lambda):
            return
        pending = [*statements_in(scope)]
        while pending:
            statement = pending.pop()
            yield from statement_bindings(statement)
            if self._statements.has_walrus:
                for part in own_nodes(statement):
                    for node in ast.walk(part):
                        if isinstance(node, ast.NamedExpr):
                            yield from target_bindings(node.target, Binding(value=node.value))
            if not isinstance(statement, _FUNCTION_NODES | ast.ClassDef):
                pending.extend(statements_in(statement))


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return the arguments of a function, those that take several last."""
    several = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *several]


def _argument_bindings(arguments: ast.arguments) -> Iterator[tuple[str, Binding]]:
    several = (arguments.vararg, arguments.kwarg)
    placed = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True))
    defaults |= {each: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value}
    for argument in all_arguments(arguments):
        annotation = None if argument in several else argument.annotation
        yield argument.arg, Binding(annotation=annotation, default=defaults.get(argument))


def statement_bindings(node: Statement) -> Iterator[tuple[str, Binding]]:
    """Yield the names that a statement binds in the scope that it is in. An attribute's is dotted: `self.client`."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from target_bindings(target, Binding(value=node.value))
        case ast.AnnAssign():
            yield from target_bindings(node.target, Binding(annotation=node.annotation, value=node.value))
        case ast.AugAssign():
            yield from target_bindings(node.target, Binding(value=node.value))
        case ast.For() | ast.AsyncFor():
            yield from target_bindings(node.target, Binding(items=node.iter))
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                if item.optional_vars is not None:
                    yield from target_bindings(item.optional_vars, Binding())
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0], Binding()
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, Binding(definition=node)
        case ast.ExceptHandler() if node.name:
            yield node.name, Binding()
        case ast.Delete():
            for target in node.targets:
                yield from target_bindings(target, Binding())
        case ast.Global() | ast.Nonlocal():
            yield from ((name, Binding()) for name in node.names)
        case ast.Match():
            for case in node.cases:
                for pattern in ast.walk(case.pattern):
                    if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
                        yield pattern.name, Binding()


def target_bindings(target: ast.expr, binding: Binding) -> Iterator[tuple[str, Binding]]:
    """Yield the names that a target of an assignment binds."""
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from target_bindings(element, Binding())
    elif isinstance(target, ast.Starred):
        yield from target_bindings(target.value, Binding())
    elif name := dotted(target):
        yield name, binding
