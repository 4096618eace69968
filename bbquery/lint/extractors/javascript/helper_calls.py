"""Calls of helpers: functions whose body is seen, in the source itself or in one of the project that it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .source_script import SourceScript

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_IMPORTS = 5  # of sources that export a name from one another


class ScriptHelper(NamedTuple):
    """A function, and the source that it is in."""

    function: Node
    script: SourceScript

    @property
    def result(self) -> Node | None:
        """The one expression that it returns; None if there is not just one."""
        results = self.script.bindings.results(self.function)
        if len(results) != 1:
            return None
        result = self.script.tree.unwrapped(results[0])
        known = self.script.bindings.constant(result) if result.type == "identifier" else None
        return result if known is None else self.script.tree.unwrapped(known)

    def arguments(self, call: Node) -> dict[str, Node] | None:
        """Return the argument of each parameter that has a name; None if the call does not tell which is which, or if
        the helper binds a parameter anew.
        """
        given = given_arguments(call)
        if any(each.type == "spread_element" for each in given):
            return None
        listed, single = (self.function.child_by_field_name(name) for name in ("parameters", "parameter"))
        parameters = listed.named_children if listed is not None else [single] if single is not None else []
        names = [each.child_by_field_name("pattern") or each for each in parameters if each.type != "comment"]
        text, find = self.script.tree.text, self.script.bindings.find
        if any(name.type == "identifier" and len(find(name)) != 1 for name in names):  # it is bound anew
            return None
        return {text(name): each for name, each in zip(names, given, strict=False) if name.type == "identifier"}


def given_arguments(call: Node) -> list[Node]:
    """Return what a call gives."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "arguments":
        return []
    return [each for each in arguments.named_children if each.type != "comment"]


def script_helper(function: Node | None, script: SourceScript) -> ScriptHelper | None:
    """Return the helper that the function of a call is, or None if it is not seen."""
    if function is None:
        return None
    bindings = script.bindings
    if function.type == "identifier":
        known = bindings.function(function)
        return ScriptHelper(known, script) if known is not None else _exported(*bindings.origin(function), script)
    owner, member = (function.child_by_field_name(name) for name in ("object", "property"))
    if owner is None or member is None or owner.type != "identifier":
        return None
    specifier, name = bindings.origin(owner)
    return _exported(specifier, script.tree.text(member), script) if name == "*" else None


def _exported(specifier: str, name: str, script: SourceScript) -> ScriptHelper | None:
    """Return the helper that the file behind a specifier exports under a name, or None."""
    ahead = [(script, specifier, name)]
    seen: set[tuple[SourceScript, str]] = set()
    for _ in range(_MOST_IMPORTS):
        further = []
        for importing, origin, wanted in ahead:
            source = importing.imported(origin) if origin else None
            if source is None or (source, wanted) in seen:
                continue
            seen.add((source, wanted))
            if (found := source.function(wanted)) is not None:
                return ScriptHelper(found, source)
            further += [(source, *each) for each in source.exported_from(wanted)]
        ahead = further
    return None
