"""JavaScript, TypeScript, JSX or TSX → the queries in its strings, and what is wrong around them; by tree-sitter.

A string, a template or a sum of them is read from the top of its expression down, so that each is read once and whole.
Where the source has errors, what tree-sitter makes of the rest is used. JSX text is prose, and a template with a tag of
its own (`sql`, `gql`) is left to that tag where it holds values.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, cached_property
from html.entities import name2codepoint
from typing import TYPE_CHECKING, Any

from ...errors import BuildError, Span
from .excerpt import Scan
from .metadata_literals import Leaf, check_metadata
from .strings import Advice, Builder, Literal, Respell, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node, Parser, QueryCursor

_ADVICE = Advice(
    interpolated="a quote in the value changes what is asked: refuse values with one, or let bbquery write the query",
    unencoded="write encodeURIComponent(query), or use URLSearchParams",
    encoded="write it plain, and let URLSearchParams or the SDK encode it",
)


def scan(source: str, language: str) -> Scan:
    """`language` is javascript (with or without JSX), typescript or tsx. BuildError where tree-sitter is missing."""
    code = _Code(source, language)
    found = Scan([], [], sorted(map(code.span, code.comments)))
    for operands in code.strings:
        judge(code.literal(operands), _ADVICE, found)
    for node in code.metadata:
        leaves: list[Leaf] = []
        known = code.value(node, leaves)
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

_UNKNOWN = object()
_MAX_DEPTH = 100  # of metadata; what is deeper counts as unknown
_WRAPPERS = ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression")
_HARMLESS_CALLS = ("Number", "parseInt", "parseFloat", "Date.now", "Math.floor", "Math.round", "crypto.randomUUID")
_CONSTANT_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class _Code:
    """What of a source is of interest: its comments, its strings (each as the operands of a sum), the objects given to
    `sessions.create` as `userMetadata`. tree-sitter counts bytes of UTF-8: `at` makes code points of them."""

    def __init__(self, source: str, language: str) -> None:
        self.source = source
        # Half of a surrogate pair has no UTF-8; what stands for it takes one code point too.
        data = re.sub("[\ud800-\udfff]", "\ufffd", source).encode()
        self.continuations = [] if source.isascii() else [match.start() for match in re.finditer(rb"[\x80-\xbf]", data)]
        # Only what holds the word without which nothing is ours is walked through: a file is mostly something else.
        self.marks = [match.start() for match in re.finditer(rb"[Mm]etadata|METADATA", data)]
        self.strings: list[list[Node]] = []
        self.metadata: list[Node] = []
        self.markup: set[int] = set()  # where strings begin that are attributes of JSX,
        self.raw: set[int] = set()  # and templates of String.raw
        parser, captures = _reader(language)
        root = parser.parse(data).root_node
        found = captures().captures(root)
        self.comments = found.get("comment", [])
        self._declarations = found.get("declaration", [])
        self._walk(root)

    def at(self, offset: int) -> int:
        return offset - bisect_left(self.continuations, offset)

    def span(self, node: Node) -> Span:
        return Span(self.at(node.start_byte), self.at(node.end_byte))

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
                    self.strings.append([node])
                case "jsx_attribute":
                    self.markup.update(child.start_byte for child in inner if child.type == "string")
                case "binary_expression" if _is_sum(node):
                    operands = self._operands(node)
                    inner = operands
                    if any(map(_is_string, operands)):
                        self.strings.append(operands)
                        inner = [part for each in operands for part in (each.children if _is_string(each) else [each])]
                case "call_expression":
                    inner = self._call(node)
            pending.extend(reversed(inner))

    def _call(self, node: Node) -> list[Node]:
        """What is to be looked at within a call; a template behind a name is a call too."""
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return node.children
        if arguments.type == "template_string":
            held = [part for part in arguments.children if part.type == "template_substitution"]
            if self._unwrapped(node) == arguments or not held:
                return [function, arguments]
            return [function, *held]
        given = next((each for each in arguments.named_children if each.type != "comment"), None)
        if given is not None and self._creates_session(function):
            for pair in self._unwrapped(given).named_children:
                key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if key and value and self._key(key) == "userMetadata" and self._unwrapped(value).type == "object":
                    self.metadata.append(self._unwrapped(value))
        return node.children

    def _creates_session(self, function: Node) -> bool:
        return re.search(r"\bsessions\s*\??\.\s*create\Z", self.text(function)[-200:]) is not None

    @cached_property
    def constants(self) -> dict[str, str]:
        """Of names in upper case that are declared once in the file, what `const` gives them."""
        values: dict[str, list[Node]] = {}
        for node in self._declarations:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name and value:
                values.setdefault(self.text(name), []).append(value)
        self.constants = {}  # while they are read none is known
        known = {name: self._constant(nodes[0]) for name, nodes in values.items() if len(nodes) == 1}
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
        """Without parentheses, `as` and the like; of String.raw`…` the template."""
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

    def literal(self, operands: list[Node]) -> Literal:
        """A string as it is at run time, with holes where that is not known."""
        builder = Builder(self.source)
        for node in operands:
            if _is_string(node):
                end = self._read(node, builder)
            else:
                end = self.span(node).end
                self._fill(node, self.span(node), builder)
        only = operands[0] if len(operands) == 1 else None
        return builder.literal(end, self._respell(only) if only else None)

    def _read(self, node: Node, builder: Builder) -> int:
        """Reads the content of a string and gives where it ends."""
        start, end = self.span(node)
        quote = self.source[start]
        if end - start > 1 and self.source[end - 1] == quote:
            end -= 1  # else the string is not closed
        start += 1
        escape, meaning = _ESCAPE, _unescape
        if node.start_byte in self.markup:
            escape, meaning = _ENTITY, _unescape_entity
        elif node.start_byte in self.raw:
            escape = _NEWLINE
        for part in node.children:
            if part.type == "template_substitution":
                span = self.span(part)
                builder.resolve(start, span.start, escape, meaning)
                inner = [each for each in part.named_children if each.type != "comment"]
                self._fill(inner[0] if len(inner) == 1 else None, span, builder)
                start = span.end
        builder.resolve(start, end, escape, meaning)
        return end

    def _fill(self, node: Node | None, span: Span, builder: Builder) -> None:
        constant = self._constant(node) if node else None
        if constant is None:
            builder.hole(span, harmless=node is not None and self._is_harmless(node))
        else:
            builder.escaped(constant, span)

    def _constant(self, node: Node) -> str | None:
        """What an expression always is, if that is known and could not end a string of a query."""
        node = self._unwrapped(node)
        text: str | None = None
        if node.type == "number":
            text = self.text(node)
        elif node.type == "identifier":
            text = self.constants.get(self.text(node))
        elif node.type == "string" or (node.type == "template_string" and not _holes(node)):
            text = self.literal([node]).text
        return text if text is not None and not re.search(r"['\"\\\x00-\x1f]", text) else None

    def _is_harmless(self, node: Node) -> bool:
        node = self._unwrapped(node)
        if node.type == "ternary_expression":
            results = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
            return all(each is not None and self._constant(each) is not None for each in results)
        if node.type == "member_expression":
            return self.text(node).endswith(".length")
        function = node.child_by_field_name("function")
        return node.type == "call_expression" and function is not None and self.text(function) in _HARMLESS_CALLS

    def _respell(self, node: Node) -> Respell | None:
        quote = self.source[self.at(node.start_byte)]
        if not _is_string(node) or node.start_byte in self.raw or _holes(node):
            return None  # of a raw one: there are texts that it cannot hold
        if node.start_byte in self.markup:
            return lambda text: text.replace("&", "&amp;").replace(quote, f"&#{ord(quote)};")
        special = re.compile(rf"[\\{quote}\r\n\u2028\u2029]" + (r"|\$(?=\{)" if quote == "`" else ""))
        return lambda text: special.sub(lambda match: _NAMED.get(match[0], "\\" + match[0]), text)

    def value(self, node: Node, leaves: list[Leaf], depth: int = 0, *, in_array: bool = False) -> Any:
        """An expression as the JSON value that it is known to be, else _UNKNOWN; what is unknown in it is left out."""
        node = self._unwrapped(node)
        span = self.span(node)
        value: Any = _UNKNOWN
        offsets = None
        match node.type:
            case "object" | "array" if depth == _MAX_DEPTH:
                pass
            case "object":
                return self._object(node, leaves, depth, in_array)
            case "array":
                inner: list[Leaf] = []
                values = [self.value(each, inner, depth + 1, in_array=True) for each in node.named_children]
                value = [each for each in values if each is not _UNKNOWN]
                leaves += [Leaf([], span, in_array), *inner]
                return value
            case "string" | "template_string" | "binary_expression":
                literal = self.literal(self._operands(node))
                if not literal.holes:
                    value, offsets = literal.text, literal.offsets
            case "number" | "unary_expression":
                value = _number(self.text(node))
            case "true" | "false":
                value = node.type == "true"
            case "null":
                value = None
        if value is not _UNKNOWN:
            leaves.append(Leaf(value, span, in_array, offsets))
        return value

    def _object(self, node: Node, leaves: list[Leaf], depth: int, in_array: bool) -> dict[str, Any]:
        known = {}
        for pair in node.named_children:
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            name = self._key(key) if key else None
            if value and name is not None:
                known[name] = self.value(value, leaves, depth + 1, in_array=in_array)
        return {name: value for name, value in known.items() if value is not _UNKNOWN}

    def _key(self, node: Node) -> str | None:
        if node.type == "string":
            return self.literal([node]).text
        return self.text(node) if node.type in ("property_identifier", "number") else None


def _is_string(node: Node) -> bool:
    return node.type in ("string", "template_string")


def _is_sum(node: Node) -> bool:
    operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
    return node.type == "binary_expression" and operator is not None and operator.type == "+" and right is not None


def _holes(node: Node) -> bool:
    return any(part.type == "template_substitution" for part in node.children)


# --- spelling ----------------------------------------------------------------------------------

_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u\{0*([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|(\r\n|[\s\S]))"
    r"|\r\n?"
)
_NEWLINE = re.compile(r"\r\n?")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});")
_MEANING = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"} | dict.fromkeys(
    ("\n", "\r", "\r\n", "\u2028", "\u2029"), ""
)
_NAMED = {"\n": r"\n", "\r": r"\r", "\u2028": r"\u2028", "\u2029": r"\u2029"}


def _unescape(match: re.Match[str]) -> str:
    high, low, braced, four, two, octal, other = match.groups()
    if high:
        return (chr(int(high, 16)) + chr(int(low, 16))).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    digits = braced or four or two
    if digits:
        number = int(digits, 16)
        return chr(number) if number < 0x110000 else match[0]
    if octal:
        return chr(int(octal, 8))
    return _MEANING.get(other, other) if other else "\n"  # a line end within a template


def _unescape_entity(match: re.Match[str]) -> str:
    name = match[0][1:-1]
    if match[0][0] == "\r":
        return "\n"
    if name[0] != "#":
        return chr(name2codepoint[name]) if name in name2codepoint else "'" if name == "apos" else match[0]
    number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(number) if number < 0x110000 else match[0]


def _number(text: str) -> Any:
    """A number as JavaScript has it, a double; _UNKNOWN for another expression, and for a BigInt, which is no JSON."""
    match = re.fullmatch(
        r"(-?)\s*(0[xXoObB][0-9a-fA-F_]+|(?:0|[1-9][0-9_]*)?(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?)", text
    )
    if not match:
        return _UNKNOWN
    digits = match[2].replace("_", "")
    try:
        number = float(int(digits, 0) if digits[1:2].isalpha() and digits[1] not in "eE" else float(digits))
    except (ValueError, OverflowError):
        return _UNKNOWN
    return -number if match[1] else number
