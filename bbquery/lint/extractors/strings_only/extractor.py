"""Find queries in languages of which only the strings are read, with tree-sitter.

Strings, sums of them, and calls that put values into them (`formats`) are put together. Names are followed to constants
and types as far as `known_values` goes; what a function returns or a builder collects is not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from ...._text import Span
from ...rules.assembly import Advice, find_queries
from ..assembled_text import FragmentReader, Respell, constant
from ..excerpt import Construct, Extraction
from ..quote_free_text import is_quote_free_text
from ..syntax_tree import SyntaxTree
from .expressions import given_to, operands_of
from .formats import FORMAT_CALLS, FormatCall, is_numeric
from .known_values import KnownValues
from .node_kinds import BLOCKS, COMMENTS, HOLES, NUMBERS, STRINGS, SUMS, WRAPPERS, is_string_literal, with_bodies
from .string_forms import HERE_DOCUMENT, PHP_HERE_DOCUMENT, RAW_HERE_DOCUMENT, STRING_FORMS, StringForm

if TYPE_CHECKING:
    from tree_sitter import Node

_ENCODING_CALLS = {
    "go": "url.QueryEscape(query)",
    "java": "URLEncoder.encode(query, StandardCharsets.UTF_8)",
    "kotlin": "URLEncoder.encode(query, Charsets.UTF_8)",
    "ruby": "URI.encode_www_form(q: query)",
    "php": "rawurlencode($query)",
    "csharp": "Uri.EscapeDataString(query)",
    "rust": "urlencoding::encode(&query)",
}
_MOST_CONSTANTS = 30  # in one another
_LONGEST_CONSTANT = 1_000
"""Characters: no value that can be stored is longer, and constants of constants can say anything."""
_BOUND_HINT = r"put a backslash before each ' and \ in it, or let in only what matches ^[\w.-]+$; then suppress this"
_ADVICE = {name: Advice(bound=_BOUND_HINT, unencoded=f"write {encoder}") for name, encoder in _ENCODING_CALLS.items()}


def extract(source: str, language: str, *, with_comments: bool = True) -> Extraction:
    """Return what is found in a source. Raise BuildError if tree-sitter or the grammar is missing."""
    reader = _Reader(source, language, with_comments=with_comments)
    reader.read()
    reader.found.excerpts.sort(key=lambda excerpt: excerpt.span)
    reader.found.findings.sort(key=lambda finding: finding.span)
    return reader.found


class _Reader:
    def __init__(self, source: str, language: str, *, with_comments: bool) -> None:
        self._language = language
        self._tree = tree = SyntaxTree(source, language)
        self._known = KnownValues(tree, language)
        self._constants: dict[int, str | None] = {}  # what each says, by the ids of nodes
        self._open_constants = 0
        self._advice = _ADVICE[language]
        self._marks = tree.positions(b"etadata", b"METADATA")
        self._raw_bodies = self._find_raw_bodies()
        comments = map(tree.span, tree.captures(COMMENTS[language]) if with_comments else ())
        self.found = Extraction([], [], sorted(comments), is_whole=tree.is_whole, constructs=[])

    def _find_raw_bodies(self) -> set[int]:
        """Return the here-documents of Ruby in which nothing is put in, by their places in bytes."""
        if self._language != "ruby":
            return set()
        beginnings = sorted(self._tree.captures("(heredoc_beginning) @b"), key=lambda node: node.start_byte)
        bodies = sorted(self._tree.captures("(heredoc_body) @b"), key=lambda node: node.start_byte)
        return {
            body.start_byte
            for beginning, body in zip(beginnings, bodies, strict=False)
            if "'" in self._tree.text(beginning)
        }

    def read(self) -> None:
        pending = [self._tree.root]
        while pending:
            node = pending.pop()
            mark = bisect_left(self._marks, node.start_byte)
            if mark == len(self._marks) or self._marks[mark] >= node.end_byte:
                continue
            self._note_construct(node)
            inner = node.children
            if node.type in STRINGS:
                self._read_text(node, [node])
                inner = [part for part in inner if part.type in HOLES]
            elif node.type in SUMS or node.type == "chained_string":
                operands = operands_of(node, self._tree)
                if len(operands) > 1:
                    if any(map(is_string_literal, operands)):
                        self._read_text(node, operands)
                    # A string is read as a part of its sum; what else is in the sum may hold others.
                    inner = [
                        part for each in operands for part in (each.children if is_string_literal(each) else [each])
                    ]
            pending.extend(reversed(inner))

    def _note_construct(self, node: Node) -> None:
        if node.type == "heredoc_body" and self._language == "ruby" and node.prev_named_sibling is not None:
            above = self._tree.at(node.prev_named_sibling.start_byte)
            self.found.constructs.append(Construct(Span(above, self._tree.at(node.end_byte))))  # type: ignore[union-attr]  # made above
        elif node.parent is not None and node.parent.type in BLOCKS and node.type not in BLOCKS:
            blocks = (child.start_byte for child in with_bodies(node) if child.type in BLOCKS)
            span = Span(self._tree.at(node.start_byte), self._tree.at(next(blocks, node.end_byte)))
            self.found.constructs.append(Construct(span))  # type: ignore[union-attr]  # made above

    def _read_text(self, whole: Node, operands: list[Node]) -> None:
        use = role_giver = given_to(whole, self._tree)
        call = FORMAT_CALLS[self._language]
        template = call if use and call.callee.fullmatch(use.callee) else None
        if use and template:
            role_giver = given_to(use.call, self._tree)
        builder = FragmentReader(self._tree.source)
        fields = _Fields(template, use.values if use else [])
        for node in operands:
            if is_string_literal(node):
                self._read_string(node, builder, fields)
            else:
                self._fill(node, self._tree.span(node), builder)
        alone = operands[0] if len(operands) == 1 else None
        form = self._form(alone)[0] if alone else None
        respell = self._respelling(alone, form, template) if alone and form else None
        span = self._body(alone)[0] if alone else self._tree.span(whole)
        find_queries(
            builder.pieces,
            span,
            self._advice,
            self.found,
            role=role_giver.role if role_giver else None,
            respell=respell,
        )

    def _form(self, node: Node) -> tuple[StringForm | None, re.Match[str] | None]:
        """Return how a string is written, and its opening; a here-document has none."""
        if node.type in ("heredoc_body", "nowdoc_body"):
            if node.type == "nowdoc_body" or node.start_byte in self._raw_bodies:
                return RAW_HERE_DOCUMENT, None
            return PHP_HERE_DOCUMENT if self._language == "php" else HERE_DOCUMENT, None
        start = self._tree.at(node.start_byte)
        for form in STRING_FORMS[self._language]:
            if match := form.opening.match(self._tree.source, start):
                return form, match
        return None, None

    def _body(self, node: Node) -> tuple[Span, str]:
        """Return what stands between the quotes of a string, and the opening quote."""
        start, end = self._tree.span(node)
        form, opening = self._form(node)
        if form is None:
            return Span(start, end), ""
        if opening is None:  # a here-document
            last = node.children[-1] if node.children else None
            return Span(start, self._tree.at(last.start_byte) if last and last.type == "heredoc_end" else end), ""
        quote = opening["quote"]
        encoding = self._tree.source[end - 2 : end].lower() == "u8"  # of C#
        return Span(opening.end(), max(opening.end(), end - len(quote) - 2 * encoding)), quote

    def _read_string(self, node: Node, builder: FragmentReader, fields: _Fields) -> None:
        form, _ = self._form(node)
        (start, end), _ = self._body(node)
        if form is None or node.has_error:
            builder.hole(self._tree.span(node))
            return
        for part in node.children:
            if part.type in HOLES:
                span = self._tree.span(part)
                self._read_run(start, span.start, builder, form, fields)
                self._fill(part, span, builder)
                start = span.end
        self._read_run(start, end, builder, form, fields)

    def _read_run(self, start: int, end: int, builder: FragmentReader, form: StringForm, fields: _Fields) -> None:
        """Read a stretch without holes of its own: what variables, fields of a format and escapes stand for."""
        source = builder.source
        at = start
        special = form.special.search(source, at, end)
        field = fields.call.field.search(source, at, end) if fields.call else None
        while match := min((each for each in (special, field) if each), key=lambda each: each.start(), default=None):
            builder.plain(at, match.start())
            at = match.end()
            if match is field:
                self._put_in(match, builder, fields)
            elif name := match.groupdict().get("name"):
                self._fill_code(name, Span(*match.span()), builder)
            elif (said := form.meaning(match)) is None:
                builder.plain(*match.span())
            else:
                builder.escaped(said, match.span())
            # Only what has been passed is looked for again, or a long text would take quadratic time.
            if special and special.start() < at:
                special = form.special.search(source, at, end)
            if field and field.start() < at:
                field = fields.call.field.search(source, at, end) if fields.call else None
        builder.plain(at, end)

    def _put_in(self, match: re.Match[str], builder: FragmentReader, fields: _Fields) -> None:
        if not match["field"]:  # a sign that is doubled
            builder.escaped(match[0][0], match.span())
            return
        span = Span(*match.span())
        value = fields.value(match)
        if is_numeric(match):
            builder.hole(span, harmless=True)
        elif value is not None:
            self._fill(value, span, builder)
        elif name := fields.name(match):
            self._fill_code(name, span, builder)
        else:
            builder.hole(span)

    def _fill(self, node: Node, span: Span, builder: FragmentReader) -> None:
        while node.type in WRAPPERS or node.type == "interpolation":
            inner = [part for part in node.named_children if not part.type.startswith("interpolation_")]
            if len(inner) != 1:
                break
            node = inner[0]
        if NUMBERS.fullmatch(node.type):
            builder.hole(span, self._tree.text(node), harmless=True)
        elif is_string_literal(node) and (said := self._said(node)) is not None:
            builder.escaped(said, span)
        else:
            self._fill_code(self._tree.text(node), span, builder)

    def _fill_code(self, code: str, span: Span, builder: FragmentReader) -> None:
        code = code.strip().lstrip("&*")
        value = self._known.constant(code)
        said = self._constant_text(value) if value is not None else None
        if said is not None:
            builder.escaped(said, span)
        else:
            builder.hole(span, code, harmless=self._known.is_harmless(code))

    def _constant_text(self, value: Node) -> str | None:
        """Return what `_said` does of a constant, which may hold others."""
        if value.id not in self._constants and self._open_constants < _MOST_CONSTANTS:
            self._constants[value.id] = None  # in one that holds itself
            self._open_constants += 1
            said = self._said(value)
            self._open_constants -= 1
            self._constants[value.id] = said if said is not None and len(said) <= _LONGEST_CONSTANT else None
        return self._constants.get(value.id)

    def _said(self, node: Node) -> str | None:
        """Return what a string or a number says, if that could not end a string of a query."""
        if NUMBERS.fullmatch(node.type):
            return self._tree.text(node)
        if not is_string_literal(node):
            return None
        builder = FragmentReader(self._tree.source)
        self._read_string(node, builder, _Fields(None, []))
        run = constant(builder.pieces)
        return run.text if run and is_quote_free_text(run.text) else None

    def _respelling(self, node: Node, form: StringForm, template: FormatCall | None) -> Respell:
        quote = self._body(node)[1]
        if template is None:
            return lambda text: form.spell(text, quote)
        return lambda text: form.spell(template.double(text), quote)


class _Fields:
    """The values that a call puts into a text."""

    def __init__(self, call: FormatCall | None, values: list[Node]) -> None:
        self.call = call
        self._values = values
        self._next = 0

    def value(self, match: re.Match[str]) -> Node | None:
        """Return the value of a field that goes by its number or its place."""
        assert self.call is not None, "there is a field"
        groups = match.groupdict()
        if groups.get("name") or groups.get("key"):
            return None
        if groups.get("at"):
            at = int(groups["at"]) - self.call.first
        else:
            at = int(groups["from"]) - self.call.first if groups.get("from") else self._next
            self._next = at + 1
        return self._values[at] if 0 <= at < len(self._values) else None

    def name(self, match: re.Match[str]) -> str | None:
        groups = match.groupdict()
        return groups.get("name") or groups.get("key")
