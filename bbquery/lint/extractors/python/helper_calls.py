"""Calls of helpers: functions whose body is seen, in the module itself or in one of the project that it imports."""

from __future__ import annotations

import ast
from typing import NamedTuple

from .scopes import Scopes, all_arguments, dotted
from .source_module import SourceModule

_MOST_STEPS = 5  # of modules that import a name from one another


class Helper(NamedTuple):
    """A function, and the module that it is in."""

    function: ast.FunctionDef
    module: SourceModule

    @property
    def result(self) -> ast.expr | None:
        """The one expression that it returns; None if there is not just one."""
        results = Scopes.results(self.function)
        if results is None or len(results) != 1:
            return None
        (result,) = results
        return (self.module.scopes.constant(result) or result) if isinstance(result, ast.Name) else result

    def arguments(self, call: ast.Call) -> dict[str, ast.expr] | None:
        """Return the argument of each parameter that a call gives; None if it does not tell which is which, or if the
        helper binds a parameter anew.

        What `**values` takes has the names `values.key`.
        """
        parameters = self.function.args
        stored = {node.id for node in ast.walk(self.function) if isinstance(node, ast.Name) and _is_stored(node)}
        if not stored.isdisjoint(each.arg for each in all_arguments(parameters)):  # it means something else there
            return None
        placed = [each.arg for each in (*parameters.posonlyargs, *parameters.args)]
        if any(isinstance(each, ast.Starred) for each in call.args) or len(call.args) > len(placed):
            return None
        given = dict(zip(placed, call.args, strict=False))
        known = {*placed[len(parameters.posonlyargs) :], *(each.arg for each in parameters.kwonlyargs)}
        for keyword in call.keywords:
            if keyword.arg is None:
                return None
            rest = parameters.kwarg.arg if parameters.kwarg else ""
            given[keyword.arg if keyword.arg in known else f"{rest}.{keyword.arg}"] = keyword.value
        return given


def _is_stored(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def find_helper(function: ast.expr, module: SourceModule) -> Helper | None:
    """Return the helper that the function of a call is, or None if it is not seen."""
    path = dotted(function)
    first = path.partition(".")[0]
    if not first:
        return None
    if first in module.names.imports:
        return _imported_helper(module.names.origin(function), first, module, _MOST_STEPS)
    definition = module.scopes.definition(function) if isinstance(function, ast.Name) else None
    return Helper(definition, module) if isinstance(definition, ast.FunctionDef) else None


def _imported_helper(origin: str, local: str, module: SourceModule, steps: int) -> Helper | None:
    """Return what a name such as `helpers.fill` stands for, whose first part a module imports as `local`."""
    package, _, name = origin.rpartition(".")
    source = module.imported(module.names.levels.get(local, 0), package.lstrip(".")) if steps else None
    if source is None:
        return None
    bound = source.scopes.module_bindings(name)
    if len(bound) == 1 and isinstance(bound[0].definition, ast.FunctionDef):
        return Helper(bound[0].definition, source)
    further = source.names.imports.get(name) if bound else None
    return _imported_helper(further, name, source, steps - 1) if further else None
