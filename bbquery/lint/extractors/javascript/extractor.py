"""Find queries in the strings of JavaScript, TypeScript, JSX and TSX, with tree-sitter.

A string, a template or a sum of them is read from the top of its expression down, so that each is read once and whole.
JSX text is prose. A template with a tag of its own (`sql`, `gql`) is left to that tag if it holds values.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from ...._text import Span
from ...findings import Finding
from ...rules.assembly import Advice, find_queries, helper_excerpt
from ...rules.metadata import MetadataLiteral, check_metadata
from ..assembled_text import AssembledText, Role
from ..excerpt import Construct, Excerpt, Extraction
from .list_calls import ListCalls
from .metadata_objects import read_metadata
from .source_script import SourceScript
from .source_tree import SourceTree, is_string, is_sum, operator
from .string_values import StringValues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from ...files.imported_sources import ImportedSources


def _guard_hint(query: AssembledText) -> str:
    """Return the check to write before the query: after it, the linter knows that the value holds no quote."""
    codes = [hole.code for _, hole in query.holes if not (hole.harmless or hole.is_structural)]
    code = next((code for code in codes if re.fullmatch(r"[\w$.]{1,40}", code)), "value")
    return f'check it first: if (!/^[\\w.-]+$/.test({code})) throw new Error("{code} cannot stand in a query")'


_JAVASCRIPT_ADVICE = Advice(
    bound=_guard_hint,
    unencoded="write encodeURIComponent(query), or use URLSearchParams",
    encoded="write it plain, and let URLSearchParams or the SDK encode it",
)


def extract(
    source: str, language: str, *, with_comments: bool = True, imported: ImportedSources | None = None
) -> Extraction:
    """Return what is found in a source of javascript (with or without JSX), typescript or tsx. `imported` is what it
    imports, if that is at hand. Raise BuildError if tree-sitter is missing.
    """
    tree = SourceTree(source, language)
    walk = _Walk(SourceScript(tree, imported))
    walk.run()
    values = walk.values
    comments = tree.comments if with_comments else []
    found = Extraction([], [], comments, is_whole=tree.is_whole, constructs=walk.constructs)
    for node, operands in walk.strings:
        respell = values.respell(operands[0]) if len(operands) == 1 else None
        find_queries(
            values.read(operands),
            values.body(node),
            _JAVASCRIPT_ADVICE,
            found,
            role=walk.roles.get(node.id),
            respell=respell,
        )
    for node in walk.metadata:
        leaves: list[MetadataLiteral] = []
        known = read_metadata(node, values, leaves)
        found.findings.extend(check_metadata(known, leaves, tree.span(node)))
    found.excerpts.extend(walk.sent)
    found.findings.extend(walk.findings)
    found.excerpts.sort(key=lambda excerpt: excerpt.span)
    # What a helper is given may be found in its text, and where it stands.
    return found._replace(findings=sorted(dict.fromkeys(found.findings), key=lambda finding: finding.span))


_SHOWING_CALLS = re.compile(
    r"(?:console|toast)\.\w+|.*[lL]og\w*\.(?:trace|debug|info|log|warn|warning|error|fatal)|\.(?:log|debug|warn|alert)"
)
_STATEMENT = re.compile(r"_(?:statement|declaration|definition)\Z|\Ajsx_(?:opening|self_closing)_element\Z")
"""Statements, and what stands like one: a member of a class, a tag. Of one with a body it is the head alone."""
_NEARBY_SIBLINGS = 100  # in which a text goes on
_BODY_NODES = ("statement_block", "class_body", "switch_body")


class _Walk:
    """The interesting parts of a tree: strings (each as the operands of a sum), what they are given to, the metadata
    given to `sessions.create`, and constructs.
    """

    def __init__(self, script: SourceScript) -> None:
        tree = self.tree = script.tree
        # Only what holds the word without which nothing is ours is walked through: a file is mostly something else.
        listing = (b"sessions", b"URLSearchParams", b"params") if b"browserbase" in tree.data else ()
        self.marks = tree.positions(b"etadata", b"METADATA", *listing)
        self.strings: list[tuple[Node, list[Node]]] = []
        self.roles: dict[int, Role] = {}  # by the ids of nodes
        self.metadata: list[Node] = []
        self.constructs: list[Construct] = []
        self.markup: set[int] = set()  # where strings begin that are attributes of JSX
        self.values = StringValues(script, self.markup)
        self.lists = ListCalls(tree, self.values, script.bindings)
        self.findings: list[Finding] = []
        self.sent: list[Excerpt] = []  # what the service gets from helpers
        self._sent: list[Node] = []  # what the service gets as it is

    def run(self) -> None:
        pending = [self.tree.root]
        while pending:
            node = pending.pop()
            mark = bisect_left(self.marks, node.start_byte)
            if mark == len(self.marks) or self.marks[mark] >= node.end_byte:
                continue
            inner = node.children
            if _STATEMENT.search(node.type):
                blocks = (child.start_byte for child in inner if child.type in _BODY_NODES)
                span = Span(self.tree.at(node.start_byte), self.tree.at(next(blocks, node.end_byte)))
                self.constructs.append(Construct(span))
            match node.type:
                case "string" | "template_string":
                    self.strings.append((node, [node]))
                case "jsx_attribute":
                    self.markup.update(child.start_byte for child in inner if child.type == "string")
                case "binary_expression" if is_sum(node):
                    inner = self._assemble(node)
                case "binary_expression" if operator(node) in ("==", "===", "!=", "!=="):
                    self._set_role("compared", *inner)
                case "pair" if self.values.key(inner[0]) == "params":  # of axios
                    self._set_role("unencoded", *self._parameters(inner[-1]))
                    self._send_listed(inner[-1])
                case "call_expression" if self.tree.joined(node):
                    inner = self._assemble(node)
                case "call_expression" if self.values.replacement(node) or self.values.called(node):
                    inner = self._assemble(node)
                case "call_expression" | "new_expression":
                    inner = self._call(node)
                case "lexical_declaration" | "variable_declaration":
                    inner = self._declaration(node)
            pending.extend(reversed(inner))
        self.findings += self.lists.check_status_sets()
        seen = {node.id for node, _ in self.strings}
        for node in self._sent:  # what a query's name is bound to may stand where nothing says so
            operands = self.tree.operands(node)
            if node.id not in seen and any(map(is_string, operands)):
                self.strings.append((node, operands))
                seen.add(node.id)
            elif node.id not in seen and (pieces := self.values.called(node, is_sent=True)):
                # The helper's own text, and what it puts in, are checked where the helper is.
                self.sent.append(helper_excerpt(pieces, self.tree.span(node)))
                seen.add(node.id)

    def _assemble(self, node: Node, *more: Node) -> list[Node]:
        """Note a text that is put together, and return what else is in it."""
        operands = [each for part in (node, *more) for each in self.tree.operands(part)]
        if not any(map(self._is_text, operands)):
            return operands
        self.strings.append((node, operands))
        return [other for each in operands for other in self.values.others_in(each)]

    def _is_text(self, node: Node) -> bool:
        return is_string(node) or bool(self.values.replacement(node) or self.values.called(node))

    def _declaration(self, node: Node) -> list[Node]:
        """Look at a declaration. Its text may go on in `+=` below it."""
        declarator = node.named_children[0] if len(node.named_children) == 1 else None
        name = declarator.child_by_field_name("name") if declarator else None
        value = declarator.child_by_field_name("value") if declarator else None
        if name is None or value is None or name.type != "identifier":
            return node.children
        added = []
        below = node.next_named_sibling
        for _ in range(_NEARBY_SIBLINGS):
            if below is None or below.type != "expression_statement":
                break
            sum_ = below.named_children[0]
            target = sum_.child_by_field_name("left")
            if (
                sum_.type == "augmented_assignment_expression"
                and target
                and self.tree.text(target) == self.tree.text(name)
            ):
                right = sum_.child_by_field_name("right")
                added += [right] if right is not None and operator(sum_) == "+=" else []
            below = below.next_named_sibling
        return self._assemble(value, *added) if added else node.children

    def _call(self, node: Node) -> list[Node]:
        """Look at a call. A template after a name is a call too."""
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return node.children
        if arguments.type == "template_string":
            held = [part for part in arguments.children if part.type == "template_substitution"]
            if self.tree.unwrapped(node) == arguments or not held:
                return [function, arguments]
            return [function, *held]
        given = [self.tree.unwrapped(each) for each in arguments.named_children if each.type != "comment"]
        owner, _, name = re.sub(r"\s|\?(?=\.)", "", self.tree.text(function)[-200:]).rpartition(".")
        if owner.rpartition(".")[2] == "sessions":
            options = self._options(*given[:1])
            metadata = options.get("userMetadata")
            if name == "create" and metadata and metadata.type == "object":
                self.metadata.append(metadata)
            elif name == "list" and self.lists.is_vendor_list(function) and given:
                self._send(given[0])
                self.findings += self.lists.check(given[0])
        elif _SHOWING_CALLS.fullmatch(f"{owner}.{name}") or name.endswith("Error"):
            self._set_role("shown", *given)
        elif name in ("decodeURIComponent", "decodeURI"):
            self._set_role("encoded", *given)
        elif name in ("encodeURIComponent", "encodeURI", "URLSearchParams"):
            self._set_role("unencoded", *given, *self._parameters(*given))
            for each in given:
                self._send_listed(each)
        elif name in ("set", "append") and owner.lower().endswith("params"):
            self._set_role("unencoded", *given[1:])
        elif re.match(r"assert|expect|to[A-Z]", name) or owner == "assert":
            self._set_role("compared", *given)
        return node.children

    def _send(self, given: Node) -> None:
        """Note the `q` of an object as what the service gets."""
        if query := self.lists.parameters(given).get("q"):
            for text in self.lists.texts(query.value):
                self._set_role("wire", text)
                self._sent.append(text)

    def _send_listed(self, given: Node) -> None:
        given = self.tree.unwrapped(given)
        if self.lists.are_list_parameters(given):
            self._send(given)
            self.findings += self.lists.check(given)

    def _set_role(self, role: Role, *nodes: Node) -> None:
        """Note the role of strings, including those of a conditional expression."""
        for node in map(self.tree.unwrapped, nodes):
            self.roles[node.id] = role
            if node.type == "ternary_expression":
                self._set_role(role, *node.named_children[1:])

    def _options(self, *nodes: Node) -> dict[str, Node]:
        """Return the values of an object, by their names."""
        pairs = [
            pair for node in nodes for pair in node.named_children if node.type == "object" and pair.type == "pair"
        ]
        return {self.values.key(pair.children[0]) or "": self.tree.unwrapped(pair.children[-1]) for pair in pairs}

    def _parameters(self, *nodes: Node) -> Iterator[Node]:
        """Return the values of parameters that are given as an object, or as pairs."""
        yield from self._options(*nodes).values()
        for node in nodes:
            for pair in node.named_children if node.type == "array" else ():
                yield from pair.named_children[1:2]
