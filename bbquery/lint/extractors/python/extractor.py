"""Find queries in Python, and what is wrong with the code around them (BBQ401 to BBQ406).

Python's own parser says what is an expression and where it stands; `expressions` says what text it builds. Of
docstrings only the examples are looked at, and what a test expects to fail (`with pytest.raises(…)`) is not. If Python
cannot parse the source, only its string literals are read, and if these do not end either, it is plain text.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...._text import Span
from ...findings import Edit, Finding, Fix
from ...rules.assembly import Advice, find_queries, helper_excerpt, is_filled_later
from ...rules.stand_ins import fill
from ..assembled_text import ConstantText, Fragment, Interpolation, Role, constant
from ..detection import may_contain_queries, mentions_metadata
from ..embedded_text import EmbeddedText
from ..excerpt import Construct, Extraction
from .binding_hint import binding_hint, bound_arguments
from .doctests import doctest_examples, without_fixes
from .expressions import StringExpressions, addition_operands
from .list_calls import check_list_call, check_literal_type, list_parameters
from .marked_statements import QUERY_PARSERS, marked_statements
from .metadata_calls import check_call
from .names import Names
from .scopes import Scopes, dotted
from .source_module import SourceModule
from .statements import Statement, own_nodes
from .strings import (
    FormatField,
    NotPython,
    StringLiteral,
    StringTokens,
    is_formatted,
    logical_lines,
    read_literal,
    string_writer,
    without_open_strings,
)

if TYPE_CHECKING:
    from ...files.imported_sources import ImportedSources

_PYTHON_ADVICE = Advice(
    bound=binding_hint,
    unencoded="let bbquery write the URL: bbquery.parse(text).url(), or give the client params={'q': text}",
    encoded="write the query itself, and let bbquery encode it: bbquery.parse(text).encode(), or .url()",
)


def extract(source: str, imported: ImportedSources | None = None) -> Extraction:
    """Return what is found in a module. No source makes it raise. `imported` is what it imports, if that is at hand."""
    if not may_contain_queries(source.encode("utf-8", "surrogatepass")):
        return Extraction([], [], None)
    from ..text import extract as scan_text

    try:
        closed, tokens, opened = without_open_strings(source)
    except (NotPython, RecursionError):
        return scan_text(source)._replace(is_whole=False)
    try:
        result = _scan_tree(closed, tokens, imported)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the parser's, and ours for a tree that is too deep
        result = _scan_tokens(closed, tokens)
    for quote, end in opened:
        start = quote + 1
        EmbeddedText(source[start:end], range(start, end), range(start + 1, end + 1)).add_to(
            result, scan_text(source[start:end])
        )
        result = result._replace(is_whole=False)
    result.excerpts.sort(key=lambda excerpt: excerpt.span)
    findings = sorted(dict.fromkeys(result.findings), key=lambda finding: finding.span)
    constructs = [*map(Construct, logical_lines(source, tokens)), *(result.constructs or ())]
    return result._replace(findings=findings, constructs=constructs)


def _scan_tree(source: str, tokens: StringTokens, imported: ImportedSources | None) -> Extraction:
    source_module = SourceModule(source, tokens, imported)
    texts = StringExpressions(source_module)
    found = [*marked_statements(source, source_module.statements, source_module.names)]
    nodes = [node for statement in found for part in own_nodes(statement) for node in ast.walk(part)]
    module = _Module(texts, _roles([*found, *nodes], texts))
    module.visit(found)
    # What is filled into a template is reported where that is done, if it is done here.
    filled = sorted({texts.span(node) for node in texts.templates})
    findings = [each for each in module.result.findings if not (is_filled_later(each) and _is_in(each.span, filled))]
    if module.bindings:
        module.bindings.sort(key=lambda each: each[0])
        findings = [*map(module.with_bindings, findings)]
    comments = sorted([*tokens.comments, *(module.result.comments or ())])
    return module.result._replace(findings=findings, comments=comments)


def _is_in(span: Span, others: list[Span]) -> bool:
    """Return whether a span lies in one of some others, which are in order and apart."""
    at = bisect_right(others, span.start, key=lambda other: other.start) - 1
    return at >= 0 and span.end <= others[at].end


_TEMPLATE: type[ast.AST] | tuple[()] = getattr(ast, "TemplateStr", ())  # since 3.14


class _Module:
    def __init__(self, texts: StringExpressions, roles: dict[ast.expr, Role]) -> None:
        self.texts = texts
        self.roles = roles
        self.result = Extraction([], [], comments=[], constructs=[])
        self.bindings: list[tuple[Span, Fix]] = []
        """Literals into which values are put, and the fixes that bind these."""

    def visit(self, statements: list[Statement]) -> None:
        """Look at every expression of some statements once, as a part of the largest text that it belongs to."""
        pending: list[ast.AST] = []
        seen: set[ast.AST] = set()
        for statement in statements:
            seen.update(self._examine_sum(statement))
            is_string = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not is_string:
                pending.extend(own_nodes(statement))
            elif isinstance(statement, ast.Expr):  # a docstring, or a string that stands there for nothing
                self._read_doctests(statement.value)
        # What a query's name is bound to may stand where nothing says so.
        pending.extend(node for node, role in self.roles.items() if role in ("query", "wire"))
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, _TEMPLATE):  # who gets it puts its values in
                pending.extend([part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.Constant)])
                continue
            if isinstance(node, ast.Call):
                self._note_binding(node)
                self.result.findings.extend(check_call(node, self.texts))
                self.result.findings.extend(check_list_call(node, self.texts))
            elif isinstance(node, ast.Subscript) and self.texts.names.uses("browserbase"):
                self.result.findings.extend(check_literal_type(node, self.texts))
            rest = self._examine(node) if isinstance(node, ast.expr) else None
            if rest is not None:
                pending.extend(rest)
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                pending.extend(addition_operands(node))
            else:
                pending.extend(ast.iter_child_nodes(node))

    def _note_binding(self, call: ast.Call) -> None:
        """Note how the values that one literal puts into the query of `bbquery.parse` are bound instead."""
        names = [keyword.arg for keyword in call.keywords]
        if self.texts.names.origin(call.func) != "bbquery.parse" or len(call.args) != 1 or None in names:
            return
        span = self.texts.span(call.args[0])
        literal = self.texts.single(span)
        if literal is None or not is_formatted(literal) or any(gap.suffix[:1] in ("!", ":") for _, gap in literal.gaps):
            return
        text = self.texts.read(call.args[0])
        bound = bound_arguments(fill(text.pieces, is_query=True), [*map(str, names)]) if text else None
        if bound is not None:
            self.bindings.append((span, Fix("bind the values", Edit(span, bound), safe=False)))

    def with_bindings(self, finding: Finding) -> Finding:
        """Return a finding with the fix that binds its value, if there is one."""
        at = bisect_right(self.bindings, finding.span.start, key=lambda each: each[0].start) - 1
        if at < 0 or finding.code != "BBQ401" or finding.span.end > self.bindings[at][0].end:
            return finding
        return Finding(
            *(finding.code, finding.message, finding.span),
            severity=finding.severity,
            hint=finding.hint,
            choices=(self.bindings[at][1],),
        )

    def _read_doctests(self, docstring: ast.expr) -> None:
        text = self.texts.read(docstring)
        run = constant(text.pieces) if text else None
        examples = doctest_examples(run) if run else None
        if examples:
            examples.add_to(self.result, without_fixes(extract(examples.text)))

    def _examine_sum(self, statement: Statement) -> list[ast.expr]:
        """Take in a text that is begun in an assignment and goes on in `+=` below it. Return its parts."""
        parts = self.texts.scopes.accumulated(statement)
        text = self.texts.together(parts) if len(parts) > 1 else None
        if text is None or not any(
            isinstance(each, ConstantText) and mentions_metadata(each.text) for each in text.pieces
        ):
            return []
        span = Span(self.texts.span(parts[0]).start, self.texts.span(parts[-1]).end)
        is_query = find_queries(text.pieces, span, _PYTHON_ADVICE, self.result, role=self.roles.get(parts[0]))
        return parts if is_query else []

    def _examine(self, node: ast.expr) -> list[ast.expr] | None:
        """Take in what is found in a text.

        Return the other expressions in it, or None if it is none of our business.
        """
        role = self.roles.get(node)
        if isinstance(node, ast.Name) and role is None:
            return None  # a constant, which is looked at where it is bound
        if isinstance(node, ast.Constant) and role is None and not _is_marked(node.value):
            return None
        text = self.texts.read(node)
        is_elsewhere = text is None and role == "wire" and isinstance(node, ast.Call)
        if is_elsewhere and isinstance(node, ast.Call):
            text = self.texts.called(node, is_sent=True)
        if text is None:
            return None
        if is_elsewhere:  # the helper's own text, and what it puts in, are checked where the helper is
            self.result.excerpts.append(helper_excerpt(text.pieces, self.texts.span(node)))
            return text.rest
        span = self.texts.span(node)
        literal = self.texts.single(span)
        respell = string_writer(self.texts.source, literal) if literal else None
        span = literal.body if literal else span
        return (
            text.rest
            if find_queries(text.pieces, span, _PYTHON_ADVICE, self.result, role=role, respell=respell)
            else None
        )


def _is_marked(value: object) -> bool:
    return mentions_metadata(
        value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    )


# --- where texts stand -------------------------------------------------------------------------

_DECODERS = {"decode", "unquote", "unquote_plus", "unquote_to_bytes", "parse_qs", "parse_qsl"}
_SHOWING_FUNCTIONS = re.compile(
    r"(?:.*\.)?(?:print|echo|secho|warn|fail|skipTest|\w+(?:Error|Exception|Warning))|pytest\.\w+|streamlit\.\w+"
    r"|sys\.(?:exit|std\w+\.write)|.*(?i:log).*\.(?:debug|info|warning|error|critical|exception|log)"
)
_HELP = {"help", "metavar", "description", "epilog"}
_ENCODERS = {"quote", "quote_plus", "urlencode", "encode"}


def _roles(nodes: list[ast.AST], texts: StringExpressions) -> dict[ast.expr, Role]:
    """Return what is known of texts from what they are given to."""
    roles: dict[ast.expr, Role] = {}
    for node in nodes:
        if isinstance(node, ast.Compare):
            roles |= dict.fromkeys((node.left, *node.comparators), "compared")
        elif isinstance(node, ast.Assert) and node.msg:
            roles[node.msg] = "shown"
        elif isinstance(node, ast.Call):
            for argument, role in _argument_roles(node, texts.names):
                scopes = texts.scopes if role == "query" else None
                roles |= dict.fromkeys(_alternatives(argument, texts.names, scopes), role)
            if query := list_parameters(node, texts).get("q"):
                roles |= dict.fromkeys(_alternatives(query[1], texts.names, texts.scopes), "wire")
    return roles


def _argument_roles(call: ast.Call, names: Names) -> Iterator[tuple[ast.expr, Role]]:
    origin = names.origin(call.func)
    owner, _, name = dotted(call.func).rpartition(".")
    first = call.args[:1]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    yield from ((argument, "shown") for key, argument in keywords.items() if key in _HELP)
    if _SHOWING_FUNCTIONS.fullmatch(origin or dotted(call.func, calls=True)):
        yield from ((argument, "shown") for argument in call.args)
    elif origin in QUERY_PARSERS or (name == "sessions" and owner in names.clients):
        yield from ((argument, "query") for argument in first)
    elif name in _DECODERS:
        yield from ((argument, "encoded") for argument in first)
    elif name in _ENCODERS:
        yield from ((argument, "unencoded") for argument in (*first, *_parameters(*first)))
    elif name.startswith("assert"):
        yield from ((argument, "compared") for argument in (*call.args, *keywords.values()))
    if "params" in keywords:
        yield from ((argument, "unencoded") for argument in _parameters(keywords["params"]))


def _parameters(*nodes: ast.expr) -> Iterator[ast.expr]:
    """Return the values of parameters that are given as a dict, or as pairs."""
    for node in nodes:
        if isinstance(node, ast.Dict):
            yield from node.values
        elif isinstance(node, ast.List | ast.Tuple):
            yield from (pair.elts[1] for pair in node.elts if isinstance(pair, ast.Tuple) and len(pair.elts) == 2)


def _alternatives(node: ast.expr, names: Names, scopes: Scopes | None) -> Iterator[ast.expr]:
    """Yield the expression itself, or what a conditional one, or a constant's name, stands for; with `scopes`, any
    name that is bound once to a text.
    """
    if isinstance(node, ast.IfExp):
        yield from _alternatives(node.body, names, scopes)
        yield from _alternatives(node.orelse, names, scopes)
        return
    value = names.value(node)
    if scopes and isinstance(value, ast.Name) and (known := scopes.text_of(value)) and isinstance(known, _TEXTS):
        value = known
    yield value


_TEXTS = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)


# --- files that are not Python -------------------------------------------------------------------------

_BRACKETS = str.maketrans({"(": "+", "[": "+", "{": "+", ")": "-", "]": "-", "}": "-"})
_BLANK = re.compile(r"(?:[ \t\f]|\\(?:\r\n|\r|\n)|#[^\r\n]*)*+")
_BLANK_LINES = re.compile(r"(?:\s|\\(?:\r\n|\r|\n)|#[^\r\n]*)*+")


def _scan_tokens(source: str, tokens: StringTokens) -> Extraction:
    """Return what literals say alone, and side by side."""
    result = Extraction([], [], tokens.comments, is_whole=False)
    end = depth = 0
    group: list[StringLiteral] = []
    outer: list[StringLiteral | None] = []
    until = 0
    for inner in sorted(tokens.literals, key=lambda literal: literal.span.start):
        if inner.span.start < until:  # it stands in a hole of an f-string
            _examine_group(source, [inner], 1, result)
        else:
            outer.append(inner)
            until = inner.span.end
    for literal in (*outer, None):
        between = source[end : literal.span.start] if literal else ""
        blank = (_BLANK_LINES if depth > 0 else _BLANK).fullmatch(between)
        if group and (literal is None or not blank):
            _examine_group(source, group, depth, result)
            group = []
        if literal:
            group.append(literal)
            signs = re.sub(r"#[^\r\n]*", "", between).translate(_BRACKETS)
            depth = max(depth + signs.count("+") - signs.count("-"), 0)
            end = literal.span.end
    return result


def _examine_group(source: str, group: list[StringLiteral], depth: int, result: Extraction) -> None:
    start, end = group[0].span.start, group[-1].span.end
    alone = re.search(r"(?:^|[\r\n])[ \t]*\Z", source[max(0, start - 200) : start]) and not depth
    if alone and re.match(r"[ \t]*(?:[\r\n#]|\Z)", source[end : end + 200]):
        return  # a docstring
    pieces: list[Fragment] = [
        Interpolation(piece.span, source[piece.span.start : piece.span.end])
        if isinstance(piece, FormatField)
        else piece
        for literal in group
        for piece in read_literal(source, literal)
    ]
    respell = string_writer(source, group[0]) if len(group) == 1 else None
    find_queries(pieces, Span(start, end), _PYTHON_ADVICE, result, respell=respell)
