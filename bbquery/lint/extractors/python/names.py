"""The names of a Python module: imports, constants, and clients.

A name is looked at wherever it is bound, in whatever scope, and is known only if all bindings agree. That is sure of
little, but what it is sure of holds.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import NamedTuple


class Names(NamedTuple):
    """The meanings of a module's names."""

    imports: dict[str, str]
    """The import behind a local name, such as `bbquery.parse` behind `parse`."""
    constants: dict[str, ast.expr]
    """The expressions to which module-level names in upper case are bound, once each."""
    clients: set[str]
    """The names bound to a `bbquery.Client`, such as `client` and `self.client`."""

    def origin(self, node: ast.expr) -> str:
        """Return a name or attribute with its import resolved, such as `bbquery.parse`;

        empty for any other expression.
        """
        path = dotted(node)
        first, dot, rest = path.partition(".")
        return self.imports.get(first, first) + dot + rest

    def value(self, node: ast.expr) -> ast.expr:
        """Return what a constant's name stands for. Any other expression stands for itself."""
        return self.constants.get(node.id, node) if isinstance(node, ast.Name) else node

    def uses(self, package: str) -> bool:
        return any(origin.partition(".")[0] == package for origin in self.imports.values())


def dotted(node: ast.AST, *, calls: bool = False) -> str:
    """Return `a.b.c`, or nothing for more than names and dots. With `calls`, `a.b(x).c` is read as that too."""
    steps: list[str] = []
    while isinstance(node, ast.Attribute) or (calls and isinstance(node, ast.Call)):
        steps += [node.attr] if isinstance(node, ast.Attribute) else []
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return ".".join([node.id, *reversed(steps)]) if isinstance(node, ast.Name) else ""


def read_names(tree: ast.Module, nodes: list[ast.AST]) -> Names:
    """Return the names of a module from all `nodes` of its tree."""
    imported: dict[str, list[str]] = {}
    bound: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                local, whole = _import(node, alias)
                imported.setdefault(local, []).append(whole)
                bound[local] += 1
        elif isinstance(node, ast.Name | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            bound[dotted(node)] += 1
        elif isinstance(node, ast.arg):
            bound[node.arg] += 1
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs):
            bound[node.name or ""] += 1
    imports = {
        local: wholes[0] for local, wholes in imported.items() if len({*wholes}) == 1 and bound[local] == len(wholes)
    }
    constants = {
        name: value
        for statement in tree.body
        for name, value in _bound_names(statement)
        if name.isupper() and bound[name] == 1
    }
    names = Names(imports, constants, set())
    clients = Counter(name for node in nodes for name, value in _bound_names(node) if _is_client(names, value))
    clients.update(
        node.arg
        for node in nodes
        if isinstance(node, ast.arg)
        and node.annotation is not None
        and names.origin(node.annotation) in _CLIENT_CLASSES
    )
    names.clients.update(name for name, count in clients.items() if count == bound[name])
    return names


def _import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, str]:
    """Return the local name of an import, and what it stands for."""
    if isinstance(node, ast.ImportFrom):
        return alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
    first = alias.name.partition(".")[0]
    return (alias.asname, alias.name) if alias.asname else (first, first)


_CLIENT_CLASSES = ("bbquery.Client", "bbquery.AsyncClient")


def _is_client(names: Names, value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and names.origin(value.func) in _CLIENT_CLASSES


def _bound_names(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """Yield the names that a statement, or a part of one, binds to a value each."""
    if isinstance(node, ast.Assign):
        return [(dotted(target), node.value) for target in node.targets]
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [(dotted(node.target), node.value)]
    if isinstance(node, ast.withitem) and node.optional_vars is not None:
        return [(dotted(node.optional_vars), node.context_expr)]
    return []
