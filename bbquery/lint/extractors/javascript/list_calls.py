"""Calls of JavaScript that list sessions: the vendor's `sessions.list`, and parameters for its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ....language.session_fields import STATUSES
from ....planning.requests import SESSIONS_PATH
from ...findings import Finding
from ...rules.list_parameters import (
    LIST_PARAMETERS,
    are_meant_as_statuses,
    query_without_status,
    unknown_parameter,
    unknown_status,
)
from .bindings import Bindings
from .source_tree import SourceTree, is_string
from .string_values import StringValues

if TYPE_CHECKING:
    from tree_sitter import Node

_VENDOR_IMPORT = re.compile(r"(?:from|import|require\()\s*[\"'](?:@browserbasehq/[\w-]+|browserbase)[\"']")
_JS_VENDOR_NAME = re.compile(r"(?i)(?:\A|[._])bb(?:client)?\Z|browser_?base")


class ListParameter(NamedTuple):
    """A parameter as the source gives it: its key, and its value, which of `{ q }` is the name itself."""

    key: Node
    value: Node


class ListCalls:
    """The calls of one source that list sessions."""

    def __init__(self, tree: SourceTree, values: StringValues, bindings: Bindings) -> None:
        self._tree = tree
        self._values = values
        self._bindings = bindings

    @cached_property
    def uses_vendor(self) -> bool:
        """True if the source imports the vendor's SDK; a comment that names it does not count."""
        return "browserbase" in self._tree.source and any(
            not any(comment.start <= match.start() < comment.end for comment in self._tree.comments)
            for match in _VENDOR_IMPORT.finditer(self._tree.source)
        )

    def is_vendor_list(self, function: Node) -> bool:
        """Return whether a function is `sessions.list` of the vendor's client."""
        sessions = function.child_by_field_name("object")
        base = sessions.child_by_field_name("object") if sessions and sessions.type == "member_expression" else None
        if base is None or not self.uses_vendor:
            return False
        base = self._tree.unwrapped(base)
        if base.type == "new_expression":
            return self._is_vendor_class(base.child_by_field_name("constructor"))
        if base.type == "identifier":
            for binding in self._bindings.find(base):
                if binding.type is not None:
                    return "Browserbase" in self._tree.text(binding.type)
                value = self._tree.unwrapped(binding.value) if binding.value else None
                if value is not None and value.type == "new_expression":
                    return self._is_vendor_class(value.child_by_field_name("constructor"))
        return _JS_VENDOR_NAME.search(self._tree.text(base)[-200:]) is not None

    def _is_vendor_class(self, constructor: Node | None) -> bool:
        if constructor is None:
            return False
        imported = self._bindings.imported(constructor) if constructor.type == "identifier" else ""
        return imported.startswith("@browserbasehq/") or "Browserbase" in self._tree.text(constructor)

    def are_list_parameters(self, given: Node) -> bool:
        """Return whether an object is one of parameters for the list endpoint, by its names and by the source."""
        names = self.parameters(given).keys()
        return "q" in names and names <= LIST_PARAMETERS and SESSIONS_PATH in self._tree.source

    def parameters(self, given: Node) -> dict[str, ListParameter]:
        """Return the parameters in an object by their names."""
        found: dict[str, ListParameter] = {}
        for member in given.named_children if given.type == "object" else ():
            key, value = member.child_by_field_name("key"), member.child_by_field_name("value")
            if member.type == "shorthand_property_identifier":
                found[self._tree.text(member)] = ListParameter(member, member)
            elif key and value and (name := self._values.key(key)) is not None:
                found[name] = ListParameter(key, value)
        return found

    def texts(self, value: Node) -> Iterator[Node]:
        """Yield what a value may be: what a conditional one holds, what a name is bound to, an argument's default."""
        value = self._tree.unwrapped(value)
        if value.type == "ternary_expression":
            for branch in value.named_children[1:]:
                yield from self.texts(branch)
            return
        if value.type in ("identifier", "shorthand_property_identifier"):
            found = self._bindings.find(value)
            known = found[0].value or found[0].default if len(found) == 1 else None
            value = self._tree.unwrapped(known) if known is not None else value
        yield value

    def check(self, given: Node) -> Iterator[Finding]:
        """Yield the findings on the parameters of a call."""
        parameters = self.parameters(given)
        for name, parameter in parameters.items():
            if name not in LIST_PARAMETERS:
                yield unknown_parameter(name, self._tree.span(parameter.key))
        if "status" in parameters:
            for value in self.texts(parameters["status"].value):
                yield from self._check_status(value)
        is_open = given.type != "object" or any(each.type == "spread_element" for each in given.named_children)
        if "q" in parameters and "status" not in parameters and not is_open:
            yield query_without_status(self._tree.span(parameters["q"].key))

    def _check_status(self, value: Node) -> Iterator[Finding]:
        text = self._values.said([value]) if is_string(value) else None
        if text is not None and text not in STATUSES:
            yield unknown_status(text, self._values.body(value), self._values.respell(value))

    def check_status_sets(self) -> Iterator[Finding]:
        """Yield the findings on `z.enum([…])` and unions of literals that list statuses."""
        if not (self.uses_vendor and any(status in self._tree.source for status in STATUSES)):
            return
        for array in self._tree.captures("(array) @array"):
            call = array.parent.parent if array.parent else None
            function = call.child_by_field_name("function") if call else None
            if function is not None and self._tree.text(function).endswith(".enum"):
                yield from self._check_set([each for each in array.named_children if is_string(each)])
        for union in self._tree.captures("(union_type) @union") if self._tree.is_typescript else ():
            if union.parent is not None and union.parent.type != "union_type":
                yield from self._check_set([*_union_strings(union)])

    def _check_set(self, words: list[Node]) -> Iterator[Finding]:
        texts = [self._values.said([word]) for word in words]
        if are_meant_as_statuses([text for text in texts if text is not None]):
            for word in words:
                yield from self._check_status(word)


def _union_strings(union: Node) -> Iterator[Node]:
    pending = [union]
    while pending:
        node = pending.pop()
        if is_string(node):
            yield node
        elif node.type in ("union_type", "literal_type"):
            pending.extend(reversed(node.named_children))
