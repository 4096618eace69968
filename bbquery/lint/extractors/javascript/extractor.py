"""Find queries in the strings of JavaScript, TypeScript, JSX and TSX, with tree-sitter.

A string, a template or a sum of them is read from the top of its expression down, so that each is read once and whole.
If the source has errors, what tree-sitter makes of the rest is used. JSX text is prose. A template with a tag of its
own (`sql`, `gql`) is left to that tag if it holds values.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from ...._text import Span
from ....errors import BuildError
from ...rules.assembly import Advice, find_queries
from ...rules.metadata import MetadataLiteral, check_metadata
from ..assembled_text import Fragment, FragmentReader, Respell, Role, constant
from ..excerpt import Extraction
from .strings import ENTITY, ESCAPE, NEWLINE, read_number, respelling, unescape, unescape_entity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Parser, QueryCursor

_JAVASCRIPT_ADVICE = Advice(
    bound="refuse values with a quote, or let bbquery write the query",
    unencoded="write encodeURIComponent(query), or use URLSearchParams",
    encoded="write it plain, and let URLSearchParams or the SDK encode it",
)


def extract(source: str, language: str) -> Extraction:
    """Return what is found in a source of javascript (with or without JSX), typescript or tsx. Raise BuildError if
    tree-sitter is missing.
    """
    code = _JavaScriptSource(source, language)
    found = Extraction([], [], sorted(map(code.comment_span, code.comments)), is_whole=code.is_whole)
    for node, operands in code.strings:
        respell = code.respell(operands[0]) if len(operands) == 1 else None
        find_queries(
            code.read(operands),
            code.body(node),
            _JAVASCRIPT_ADVICE,
            found,
            role=code.roles.get(node.id),
            respell=respell,
        )
    for node in code.metadata:
        leaves: list[MetadataLiteral] = []
        known = code.json_value(node, leaves)
        found.findings.extend(check_metadata(known, leaves, code.span(node)))
    found.excerpts.sort(key=lambda excerpt: excerpt.span)
    found.findings.sort(key=lambda finding: finding.span)
    return found


@cache
def _reader(language: str) -> tuple[Parser, Callable[[], QueryCursor]]:
    try:
        import tree_sitter_javascript
        import tree_sitter_typescript
        from tree_sitter import Language, Parser, Query, QueryCursor
    except ImportError as error:
        raise BuildError(
            f"reading {language} needs tree-sitter, and {error.name} is not installed",
            hint="run: pip install 'bbquery[lint]'", code="missing-extra",
        ) from error  # fmt: skip
    grammars = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    grammar = Language(grammars[language]())
    query = Query(grammar, _CAPTURES)
    return Parser(grammar), lambda: QueryCursor(query)


_CAPTURES = """
    [(comment) (html_comment) (hash_bang_line)] @comment
    (lexical_declaration kind: "const"
      (variable_declarator name: ((identifier) @name (#match? @name "^[A-Z][A-Z0-9_]*$"))) @declaration)
"""

# --- the tree ----------------------------------------------------------------------------------

_UNKNOWN_VALUE = object()
_MAX_SUM_DEPTH = 100  # of metadata; what is deeper counts as unknown
_WRAPPERS = ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression")
_HARMLESS_CALLS = ("Number", "parseInt", "parseFloat", "Date.now", "Math.floor", "Math.round", "crypto.randomUUID")
_SHOWING_CALLS = re.compile(r"(?:console|toast)\.\w+|.*[lL]og\w*\.(?:trace|debug|info|log|warn|warning|error|fatal)")


class _JavaScriptSource:
    """The interesting parts of a source: comments, strings (each as the operands of a sum), and the metadata given to
    `sessions.create`.

    tree-sitter counts bytes of UTF-8, and `at` turns them into code points.
    """

    def __init__(self, source: str, language: str) -> None:
        self.source = source
        # Half of a surrogate pair has no UTF-8; what stands for it takes one code point too.
        data = re.sub("[\ud800-\udfff]", "\ufffd", source).encode()
        self.continuations = [] if source.isascii() else [match.start() for match in re.finditer(rb"[\x80-\xbf]", data)]
        # Only what holds the word without which nothing is ours is walked through: a file is mostly something else.
        marks = rb"[Mm]etadata|METADATA" + rb"|\bsessions\s*\??\.\s*list\b" * (b"browserbase" in data)
        self.marks = [match.start() for match in re.finditer(marks, data)]
        self.strings: list[tuple[Node, list[Node]]] = []
        self.roles: dict[int, Role] = {}  # by the ids of nodes
        self.metadata: list[Node] = []
        self.markup: set[int] = set()  # where strings begin that are attributes of JSX,
        self.raw: set[int] = set()  # and templates of String.raw
        parser, captures = _reader(language)
        root = parser.parse(data).root_node
        found = captures().captures(root)
        self.is_whole = not root.has_error
        self.comments = found.get("comment", [])
        self._declarations = found.get("declaration", [])
        self._walk(root)

    def at(self, offset: int) -> int:
        return offset - bisect_left(self.continuations, offset)

    def span(self, node: Node) -> Span:
        return Span(self.at(node.start_byte), self.at(node.end_byte))

    def comment_span(self, comment: Node) -> Span:
        """Return where a comment stands, with the braces around it if it is alone in those of JSX."""
        parent = (
            comment.parent if comment.start_byte and self.source[self.at(comment.start_byte) - 1] in "{ \t" else None
        )
        alone = parent is not None and parent.type == "jsx_expression" and parent.named_child_count == 1
        return self.span(parent if parent is not None and alone else comment)

    def text(self, node: Node) -> str:
        span = self.span(node)
        return self.source[span.start : span.end]

    def _walk(self, root: Node) -> None:
        pending = [root]
        while pending:
            node = pending.pop()
            mark = bisect_left(self.marks, node.start_byte)
            if mark == len(self.marks) or self.marks[mark] >= node.end_byte:
                continue
            inner = node.children
            match node.type:
                case "string" | "template_string":
                    self.strings.append((node, [node]))
                case "jsx_attribute":
                    self.markup.update(child.start_byte for child in inner if child.type == "string")
                case "binary_expression" if _is_sum(node):
                    operands = self._operands(node)
                    inner = operands
                    if any(map(_is_string, operands)):
                        self.strings.append((node, operands))
                        inner = [part for each in operands for part in (each.children if _is_string(each) else [each])]
                case "binary_expression" if _operator(node) in ("==", "===", "!=", "!=="):
                    self._set_role("compared", *inner)
                case "pair" if self._key(inner[0]) == "params":  # of axios
                    self._set_role("unencoded", *self._parameters(inner[-1]))
                case "call_expression" | "new_expression":
                    inner = self._call(node)
            pending.extend(reversed(inner))

    def _call(self, node: Node) -> list[Node]:
        """Look at a call. A template after a name is a call too."""
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return node.children
        if arguments.type == "template_string":
            held = [part for part in arguments.children if part.type == "template_substitution"]
            if self._unwrapped(node) == arguments or not held:
                return [function, arguments]
            return [function, *held]
        given = [self._unwrapped(each) for each in arguments.named_children if each.type != "comment"]
        owner, _, name = re.sub(r"\s|\?(?=\.)", "", self.text(function)[-200:]).rpartition(".")
        if owner.rpartition(".")[2] == "sessions":
            options = self._options(*given[:1])
            metadata = options.get("userMetadata")
            if name == "create" and metadata and metadata.type == "object":
                self.metadata.append(metadata)
            elif name == "list" and "q" in options and "browserbase" in self.source:
                self._set_role("query", options["q"])
        elif _SHOWING_CALLS.fullmatch(f"{owner}.{name}") or name.endswith("Error"):
            self._set_role("shown", *given)
        elif name in ("decodeURIComponent", "decodeURI"):
            self._set_role("encoded", *given)
        elif name in ("encodeURIComponent", "encodeURI", "URLSearchParams"):
            self._set_role("unencoded", *given, *self._parameters(*given))
        elif name in ("set", "append") and owner.lower().endswith("params"):
            self._set_role("unencoded", *given[1:])
        elif re.match(r"assert|expect|to[A-Z]", name) or owner == "assert":
            self._set_role("compared", *given)
        return node.children

    def _set_role(self, role: Role, *nodes: Node) -> None:
        """Note the role of strings, including those of a conditional expression."""
        for node in map(self._unwrapped, nodes):
            self.roles[node.id] = role
            if role == "query":
                insort(self.marks, node.start_byte)  # it need not say the word
            if node.type == "ternary_expression":
                self._set_role(role, *node.named_children[1:])

    def _options(self, *nodes: Node) -> dict[str, Node]:
        """Return the values of an object, by their names."""
        pairs = [
            pair for node in nodes for pair in node.named_children if node.type == "object" and pair.type == "pair"
        ]
        return {self._key(pair.children[0]) or "": self._unwrapped(pair.children[-1]) for pair in pairs}

    def _parameters(self, *nodes: Node) -> Iterator[Node]:
        """Return the values of parameters that are given as an object, or as pairs."""
        yield from self._options(*nodes).values()
        for node in nodes:
            for pair in node.named_children if node.type == "array" else ():
                yield from pair.named_children[1:2]

    @cached_property
    def constants(self) -> dict[str, str]:
        """The values of names in upper case that `const` declares once in the file."""
        values: dict[str, list[Node]] = {}
        for node in self._declarations:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name and value:
                values.setdefault(self.text(name), []).append(value)
        self.constants = {}  # while they are read none is known
        known = {name: self._constant_text(nodes[0]) for name, nodes in values.items() if len(nodes) == 1}
        return {name: value for name, value in known.items() if value is not None}

    def _operands(self, node: Node) -> list[Node]:
        operands = []
        pending = [node]
        while pending:
            node = self._unwrapped(pending.pop())
            if _is_sum(node):
                pending += filter(None, [node.child_by_field_name("right"), node.child_by_field_name("left")])
            else:
                operands.append(node)
        return operands

    def _unwrapped(self, node: Node) -> Node:
        """Return an expression without parentheses, `as` and the like; of String.raw`…` the template."""
        while node.type in _WRAPPERS:
            inner = next((each for each in node.named_children if each.type != "comment"), None)
            if inner is None:
                return node
            node = inner
        if node.type == "call_expression":
            function, template = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if function and template and template.type == "template_string" and self.text(function) == "String.raw":
                self.raw.add(template.start_byte)
                return template
        return node

    # --- values --------------------------------------------------------------------------------

    def read(self, operands: list[Node]) -> list[Fragment]:
        """Return a string as it is at run time, with interpolations for what is not known."""
        builder = FragmentReader(self.source)
        for node in operands:
            if _is_string(node):
                self._read(node, builder)
            else:
                self._fill(node, self.span(node), builder)
        return builder.pieces

    def body(self, node: Node) -> Span:
        """Return what stands between the quotes of a string; any other expression whole."""
        start, end = self.span(node)
        if not _is_string(node):
            return Span(start, end)
        closed = end - start > 1 and self.source[end - 1] == self.source[start]
        return Span(start + 1, end - closed)

    def _read(self, node: Node, builder: FragmentReader) -> None:
        start, end = self.body(node)
        escape, meaning = ESCAPE, unescape
        if node.start_byte in self.markup:
            escape, meaning = ENTITY, unescape_entity
        elif node.start_byte in self.raw:
            escape = NEWLINE
        for part in node.children:
            if part.type == "template_substitution":
                span = self.span(part)
                builder.resolve(start, span.start, escape, meaning)
                inner = [each for each in part.named_children if each.type != "comment"]
                self._fill(inner[0] if len(inner) == 1 else None, span, builder)
                start = span.end
        builder.resolve(start, end, escape, meaning)

    def _fill(self, node: Node | None, span: Span, builder: FragmentReader) -> None:
        known = self._constant_text(node) if node else None
        if known is not None:
            builder.escaped(known, span)
        elif node:
            builder.hole(span, self.text(node), harmless=self._is_harmless(node))
        else:
            builder.hole(span)

    def _constant_text(self, node: Node) -> str | None:
        """Return what an expression always is, if that is known and could not end a string of a query."""
        node = self._unwrapped(node)
        text: str | None = None
        if node.type == "number":
            text = self.text(node)
        elif node.type == "identifier":
            text = self.constants.get(self.text(node))
        elif node.type == "string" or (node.type == "template_string" and not _holes(node)):
            text = self._said([node])
        return text if text is not None and not re.search(r"['\"\\\x00-\x1f]", text) else None

    def _said(self, operands: list[Node]) -> str | None:
        run = constant(self.read(operands))
        return run.text if run else None

    def _is_harmless(self, node: Node) -> bool:
        node = self._unwrapped(node)
        if node.type == "ternary_expression":
            results = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
            return all(each is not None and self._constant_text(each) is not None for each in results)
        if node.type == "member_expression":
            return self.text(node).endswith(".length")
        function = node.child_by_field_name("function")
        return node.type == "call_expression" and function is not None and self.text(function) in _HARMLESS_CALLS

    def respell(self, node: Node) -> Respell | None:
        """Return the `respell` of an `Excerpt` for a string."""
        if not _is_string(node) or node.start_byte in self.raw or _holes(node):
            return None  # of a raw one: there are texts that it cannot hold
        return respelling(self.source[self.at(node.start_byte)], markup=node.start_byte in self.markup)

    def json_value(self, node: Node, leaves: list[MetadataLiteral], depth: int = 0, *, in_array: bool = False) -> Any:
        """Return an expression as the JSON value that it is known to be, without what is unknown in it."""
        node = self._unwrapped(node)
        span = self.span(node)
        value: Any = _UNKNOWN_VALUE
        run = None
        match node.type:
            case "object" | "array" if depth == _MAX_SUM_DEPTH:
                pass
            case "object":
                return self._object(node, leaves, depth, in_array)
            case "array":
                inner: list[MetadataLiteral] = []
                values = [self.json_value(each, inner, depth + 1, in_array=True) for each in node.named_children]
                value = [each for each in values if each is not _UNKNOWN_VALUE]
                leaves += [MetadataLiteral([], span, in_array), *inner]
                return value
            case "string" | "template_string" | "binary_expression":
                run = constant(self.read(self._operands(node)))
                value = run.text if run else _UNKNOWN_VALUE
            case "number" | "unary_expression":
                number = read_number(self.text(node))
                value = _UNKNOWN_VALUE if number is None else number
            case "true" | "false":
                value = node.type == "true"
            case "null":
                value = None
        if value is not _UNKNOWN_VALUE:
            leaves.append(MetadataLiteral(value, span, in_array, run))
        return value

    def _object(self, node: Node, leaves: list[MetadataLiteral], depth: int, in_array: bool) -> dict[str, Any]:
        known = {}
        for pair in node.named_children:
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            name = self._key(key) if key else None
            if value and name is not None:
                known[name] = self.json_value(value, leaves, depth + 1, in_array=in_array)
        return {name: value for name, value in known.items() if value is not _UNKNOWN_VALUE}

    def _key(self, node: Node) -> str | None:
        if node.type == "string":
            return self._said([node])
        return self.text(node) if node.type in ("property_identifier", "number") else None


def _is_string(node: Node) -> bool:
    return node.type in ("string", "template_string")


def _is_sum(node: Node) -> bool:
    return node.type == "binary_expression" and _operator(node) == "+" and node.child_by_field_name("right") is not None


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator else ""


def _holes(node: Node) -> bool:
    return any(part.type == "template_substitution" for part in node.children)
