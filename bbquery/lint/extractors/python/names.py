"""The names of a Python module: imports, constants, and clients.

A name is looked at wherever it is bound, in whatever scope, and is known only if all bindings agree. That is sure of
little, but what it is sure of holds.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import NamedTuple

from .scopes import all_arguments, dotted, statement_bindings
from .statements import Statement, Statements


class Names(NamedTuple):
    """The meanings of a module's names."""

    imports: dict[str, str]
    """The import behind a local name, such as `bbquery.parse` behind `parse`."""
    constants: dict[str, ast.expr]
    """The expressions to which module-level names in upper case are bound, once each."""
    clients: set[str]
    """The names bound to a `bbquery.Client`, such as `client` and `self.client`."""
    others: dict[str, bool]
    """Whether what is bound to a name is a client of the vendor's SDK, where it is known what that is."""
    levels: dict[str, int]
    """The dots of a relative import, by the local name."""

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

    def is_vendor_client(self, path: str) -> bool:
        """Return whether a dotted name is a client of the vendor's SDK; one of unknown origin must be called so."""
        if not self.uses("browserbase"):
            return False
        if self.imports.get(path.partition(".")[0], "").partition(".")[0] == "browserbase":
            return True
        return self.others.get(path, _VENDOR_NAME.search(path) is not None)

    def uses(self, package: str) -> bool:
        return any(origin.partition(".")[0] == package for origin in self.imports.values())


def read_names(statements: Statements) -> Names:
    """Return the names of a module."""
    imported: dict[str, list[str]] = {}
    levels: dict[str, int] = {}
    found: list[str] = []  # each name as often as it is bound
    pairs: list[tuple[str, ast.expr]] = []
    arguments: list[ast.arg] = []
    for statement in statements.all:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                local, whole = _import(statement, alias)
                imported.setdefault(local, []).append(whole)
                if isinstance(statement, ast.ImportFrom) and statement.level:
                    levels[local] = statement.level
                found.append(local)
            continue
        if isinstance(statement, _NO_BINDING):
            continue
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):  # as nearly every one is
                found.append(target.id)
                pairs.append((target.id, statement.value))
                continue
        found += [name for name, _ in statement_bindings(statement)]
        pairs += _bound_names(statement)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments += all_arguments(statement.args)
    found += [argument.arg for argument in arguments]
    if statements.has_walrus:
        found += [node.target.id for node in ast.walk(statements.tree) if isinstance(node, ast.NamedExpr)]
    bound = Counter(found)
    imports = {
        local: wholes[0] for local, wholes in imported.items() if len({*wholes}) == 1 and bound[local] == len(wholes)
    }
    constants = {
        name: value
        for statement in statements.tree.body
        for name, value in _bound_names(statement)
        if name.isupper() and bound[name] == 1
    }
    names = Names(imports, constants, set(), {}, levels)
    clients = Counter(name for name, value in pairs if _is_client(names, value))
    clients.update(
        each.arg
        for each in arguments
        if each.annotation is not None and names.origin(each.annotation) in _CLIENT_CLASSES
    )
    names.clients.update(name for name, count in clients.items() if count == bound[name])
    for name, value in pairs:
        if isinstance(value, ast.Call):
            _note_origin(names, name, names.origin(value.func))
    for argument in arguments:
        if argument.annotation is not None:
            _note_origin(names, argument.arg, names.origin(argument.annotation))
    return names


_NO_BINDING = (ast.Expr, ast.Return, ast.If, ast.Raise, ast.Pass, ast.Assert, ast.While, ast.Try)
"""Statements that bind no name themselves: most of those that bind none, and half of all."""

_VENDOR_NAME = re.compile(r"(?i)(?:\A|[._])bb(?:_?client)?\Z|browser_?base")


def _note_origin(names: Names, name: str, origin: str) -> None:
    """Note whether what a name is bound to is a client of the vendor's SDK: a class, or what another package makes."""
    package = origin.partition(".")[0]
    if package == "browserbase":
        names.others.setdefault(name, True)
    elif origin and (origin in names.imports.values() or package in names.imports.values() or origin[:1].isupper()):
        names.others[name] = False


def _import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, str]:
    """Return the local name of an import, and what it stands for."""
    if isinstance(node, ast.ImportFrom):
        return alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
    first = alias.name.partition(".")[0]
    return (alias.asname, alias.name) if alias.asname else (first, first)


_CLIENT_CLASSES = ("bbquery.Client", "bbquery.AsyncClient")


def _is_client(names: Names, value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and names.origin(value.func) in _CLIENT_CLASSES


def _bound_names(statement: Statement) -> list[tuple[str, ast.expr]]:
    """Return the names that a statement binds to a value each."""
    if isinstance(statement, ast.Assign):
        return [(dotted(target), statement.value) for target in statement.targets]
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return [(dotted(statement.target), statement.value)]
    if isinstance(statement, ast.With | ast.AsyncWith):
        return [(dotted(item.optional_vars), item.context_expr) for item in statement.items if item.optional_vars]
    return []
