"""The rules on queries: findings on any text, each in its place, and fixes that keep the meaning and come to an end."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry
from support.examples import examples
from support.reference_evaluator import holds
from support.session_samples import TELLING, calls, crowded_predicates, sessions_near, trees
from support.strategies import QueryScribe, any_text, queries, query_texts, wire_queries

import bbquery
from bbquery._text import Span
from bbquery.errors import BuildError, QuerySyntaxError
from bbquery.language.nodes import And, Node, Not, Or, walk
from bbquery.lint.concrete_syntax import ConcreteSyntax
from bbquery.lint.findings import Edit, Finding, Fix
from bbquery.lint.fixes import apply_fixes
from bbquery.lint.query_document import QueryDocument
from bbquery.lint.query_linter import QueryLinter
from bbquery.lint.query_tokens import tokens
from bbquery.lint.rule_registry import RULES
from bbquery.lint.rules import logic, service
from bbquery.planning.planner import full_scan_reasons, plan

ALL = QueryLinter(enabled=frozenset(RULES))
WIRE = QueryLinter(enabled=frozenset(RULES), dialect="wire")
SCHEMA = {
    "properties": {"a": {"enum": ["x", "y"]}, "n": {"type": "integer"}, "b": {"properties": {"c": {"minLength": 2}}}},
    "additionalProperties": False,
}
STRICT = QueryLinter(enabled=frozenset(RULES), schema=SCHEMA)

NO_QUERY = {"BBQ001", "BBQ002", "BBQ003", "BBQ004", "BBQ005", "BBQ007", "BBQ106", "BBQ304"}
"""The rules that a text can break without being a query."""

thorough = examples(200)


def codes(text: str, checker: QueryLinter = ALL) -> set[str]:
    return {finding.code for finding in checker.check(text)}


def kinds(text: str) -> set[str]:
    """The codes, with the two of needless clauses as one: without one, another can turn out to say the same."""
    return {"BBQ203" if code == "BBQ204" else code for code in codes(text)}


def fixed(text: str, *, unsafe: bool = False, rounds: int = 150) -> str:
    """The text once no round of fixes finds any more to do."""
    for _ in range(rounds):
        text, applied = apply_fixes(text, ALL.check(text), unsafe=unsafe)
        if not applied:
            return text
    raise AssertionError(f"the fixes do not come to an end: {text!r}")


def scribbled(node: Node, seed: int) -> str:
    scribe = QueryScribe(Random(seed))
    return scribe.space() + scribe.enclosed(node, ()) + scribe.space()


crowded_texts = st.builds(
    lambda node, seed: (scribbled(node, seed), node), trees(crowded_predicates()), st.integers(0, 1 << 32)
)


# --- any text ----------------------------------------------------------------------------------


@thorough
@given(any_text(), st.sampled_from([ALL, WIRE, STRICT]))
def test_any_text_gives_findings_in_place_and_in_order(text: str, checker: QueryLinter) -> None:
    findings = checker.check(text)
    assert findings == sorted(findings, key=lambda finding: (finding.span, finding.code))
    for finding in findings:
        assert finding.code in RULES
        assert finding.severity == RULES[finding.code].severity
        assert "\n" not in finding.message
        assert finding.hint
        for span in (finding.span, *[edit.span for edit in (finding.fix.edits if finding.fix else ())]):
            assert 0 <= span.start <= span.end <= len(text)


@thorough
@given(any_text())
def test_what_is_no_query_has_an_error_and_what_is_one_has_none_of_syntax(text: str) -> None:
    try:
        bbquery.parse(text)
    except QuerySyntaxError as error:
        found = ALL.check(text)
        if error.code != "unbound-placeholder":
            assert any(finding.code in NO_QUERY and finding.severity == "error" for finding in found)
    else:
        assert not codes(text) & NO_QUERY


@thorough
@given(st.one_of(any_text(), wire_queries().map(str), query_texts().map(lambda pair: pair[0])))
def test_the_short_cut_gives_what_the_long_way_gives(text: str) -> None:
    for checker in (ALL, WIRE):
        assert checker.check(text) == checker.check_fully(text)


_short = st.text(st.sampled_from(" aZ09_-,;:.()&$%#@!?~/[]'\"\\\u00e9\U0001f600\n"), max_size=6)


@thorough
@given(st.lists(_short, min_size=1, max_size=3), _short, st.sampled_from([1, 1, 1, 30, 200]))
def test_the_short_cut_on_what_looks_plain(keys: list[str], value: str, times: int) -> None:
    path = "".join([f"['{key}']" for key in keys])
    for text in (f"user_metadata{path}:'{value * times}'", f"user_metadata{path * times}:'{value}'"):
        assert ALL.check(text) == ALL.check_fully(text)


@thorough
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(["a", "b", " AND ", "ab"]), min_size=1, max_size=3), _short), max_size=4
    ),
    st.sampled_from([" AND ", " OR ", " and ", "  AND "]),
    st.lists(st.sampled_from(["status:'ERROR'", "status:'RUNNING'", "status:'ERR'", "region:'us-west-2'"]), max_size=2),
    st.integers(0, 4),
)
def test_the_short_cut_on_runs(parts: list[tuple[list[str], str]], joint: str, statuses: list[str], at: int) -> None:
    paths = ["".join([f"['{key}']" for key in keys]) for keys, _ in parts]
    conditions = [f"user_metadata{path}:'{value}'" for path, (_, value) in zip(paths, parts, strict=True)]
    text = joint.join([*conditions[:at], *statuses, *conditions[at:]])
    for checker in (ALL, WIRE, STRICT):
        assert checker.check(text) == checker.check_fully(text)


# --- fixes -------------------------------------------------------------------------------------


class _AllOperands:
    """As if the operands of every AND and OR had to do with one another."""

    def __init__(self, node: Node) -> None:
        self.joints = [each for each in walk(node) if isinstance(each, And | Or)]
        self.outermost = [node] if self.joints else []


@examples(1500)
@given(
    st.one_of(trees(crowded_predicates()), queries().map(lambda query: query.ast)), st.booleans(), st.integers(0, 99)
)
def test_rules_that_look_no_further_find_what_they_would(node: Node, is_canonical: bool, seed: int) -> None:
    text = str(bbquery.query.Query(node)) if is_canonical else scribbled(node, seed)
    quick = ALL.check_fully(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logic, "RelatedOperands", _AllOperands)
        patch.setattr(service, "_is_plain", lambda _: False)
        patch.setattr(QueryDocument, "is_canonical", False)
        assert ALL.check_fully(text) == quick


def mean_alike(one: Node, other: Node, data: st.DataObject) -> None:
    for session in (*TELLING, data.draw(sessions_near(one)), data.draw(sessions_near(one))):
        assert holds(one, session) is holds(other, session)


@pytest.mark.slow
@thorough
@given(st.one_of(crowded_texts, query_texts().map(lambda pair: (pair[0], pair[1].ast))), st.data())
def test_each_safe_fix_keeps_the_meaning_and_makes_no_work(pair: tuple[str, Node], data: st.DataObject) -> None:
    text, node = pair
    before = ALL.check(text)
    for finding in before:
        if finding.fix and finding.fix.safe:
            after, applied = apply_fixes(text, [finding], unsafe=False)
            assert applied == [finding]
            mean_alike(node, bbquery.parse(after).ast, data)
            assert kinds(after) <= kinds(text)


@thorough
@given(st.one_of(crowded_texts, query_texts().map(lambda pair: (pair[0], pair[1].ast))), st.data())
def test_all_safe_fixes_together_keep_the_meaning(pair: tuple[str, Node], data: st.DataObject) -> None:
    text, node = pair
    once, applied = apply_fixes(text, ALL.check(text), unsafe=False)
    mean_alike(node, bbquery.parse(once).ast, data)
    assert bool(applied) == (once != text)
    last = fixed(text)
    mean_alike(node, bbquery.parse(last).ast, data)
    assert kinds(last) <= kinds(text)
    assert not any(finding.fix and finding.fix.safe for finding in ALL.check(last))


@thorough
@given(any_text())
def test_safe_fixes_of_mangled_texts_come_to_an_end_and_make_queries(text: str) -> None:
    last = fixed(text)
    left = codes(last)
    assert kinds(last) <= kinds(text)
    if not left & NO_QUERY and "$" not in last:
        bbquery.parse(last)
    for finding in ALL.check(text):
        if finding.fix and finding.fix.safe:
            assert kinds(apply_fixes(text, [finding], unsafe=False)[0]) <= kinds(text)


@thorough
@given(any_text())
def test_unsafe_fixes_come_to_an_end_too(text: str) -> None:
    fixed(text, unsafe=True)


@thorough
@given(queries())
def test_canonical_text_is_well_spelt(query: bbquery.Query) -> None:
    assert not codes(str(query)) & {"BBQ006", "BBQ205", "BBQ206", "BBQ207"} - (
        {"BBQ205"} if "NOT NOT" in str(query) else set()
    )


def finding(*edits: tuple[int, int, str], safe: bool = True) -> Finding:
    fix = Fix("mend it", *[Edit(Span(start, end), text) for start, end, text in edits], safe=safe)
    return Finding("BBQ001", "odd", Span(0, 0), severity="error", fix=fix)


def test_fixes_that_meet_are_left_for_the_next_round() -> None:
    around, inside, beside, apart = (
        finding((0, 1, "<"), (5, 6, ">")), finding((2, 3, "-")), finding((6, 6, "+")), finding((8, 9, "!")),
    )  # fmt: skip
    assert apply_fixes("(a b c) d", [around, inside, beside, apart], unsafe=False) == ("<a b >) !", [around, apart])
    assert apply_fixes("(a b c) d", [apart, inside, around], unsafe=False) == ("(a-b c) !", [apart, inside])


def test_unsafe_fixes_are_applied_only_where_they_are_asked_for() -> None:
    risky = finding((0, 1, "b"), safe=False)
    without = Finding("BBQ001", "odd", Span(0, 0), severity="error")
    assert apply_fixes("a", [risky, without], unsafe=False) == ("a", [])
    assert apply_fixes("a", [risky, without], unsafe=True) == ("b", [risky])


@pytest.mark.parametrize(
    "text",
    [
        "user_metadata['a']:'x' and user_metadata[“b”]:\"y\" and NOT NOT (id:'z')",
        "\ufeffuser_metadata['a']:$x  not status : ('ERROR' or \"RUNNING\")",
        "((user_metadata['a']:'x' AND user_metadata['a']:'x'))\u00a0user_metadata['b']:‘it’",
    ],
)
def test_one_run_tells_all_that_is_wrong_and_fixes_it(text: str) -> None:
    assert len(codes(text)) >= 3
    assert not codes(fixed(text)) - {"BBQ104"}


def test_nested_mistakes_need_few_rounds() -> None:
    text = "(" * 90 + "id:'a'" + ")" * 90 + " AND user_metadata['a']:'b'"
    assert fixed(text, rounds=2) == "id:'a' AND user_metadata['a']:'b'"


# --- the face ----------------------------------------------------------------------------------


def test_check_gives_diagnostics() -> None:
    (found,) = bbquery.check("user_metadata['a']:'x y'")
    assert isinstance(found, bbquery.Diagnostic)
    assert (found.code, found.span) == ("BBQ104", (19, 24))
    assert bbquery.check("user_metadata['a']:'x y'", ignore=["BBQ104"]) == []
    assert bbquery.check("id:*", select=["BBQ2"]) == []
    assert [each.code for each in bbquery.check("id:*", dialect="wire")] == ["BBQ101"]
    assert [each.code for each in bbquery.check("user_metadata['c']:'x'", schema=SCHEMA)] == ["BBQ301"]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ([], "not a JSON object"),
        ({"type": "strin"}, r"\$\.type"),
        ({"properties": {"a": {"pattern": "["}}}, "not a JSON Schema"),
        ({"properties": []}, "not a JSON Schema"),
    ],
)
def test_a_broken_schema_is_a_build_error(schema: Any, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        bbquery.check("user_metadata['a']:'x'", schema=schema)


def test_a_schema_that_goes_in_circles_is_left_open() -> None:
    again = {"$ref": "#"}
    schema = {"anyOf": [again, again], "allOf": [again, again], "oneOf": [again, {"properties": {"a": again}}]}
    assert bbquery.check("user_metadata['a']['b']:'x'", schema=schema) == []


def test_a_check_is_of_a_text() -> None:
    with pytest.raises(BuildError, match="takes a str"):
        bbquery.check(b"id:*")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(BuildError, match="dialect"):
        bbquery.check("id:*", dialect="lucene")  # type: ignore[arg-type]  # that is the point


_schemas: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        [True, False, {}, {"type": "string"}, {"enum": ["x", 5, None]}, {"const": "x"}, {"pattern": "^x"}]
        + [{"$ref": ref} for ref in ("#", "#/properties/a", "#/allOf/0", "#/nowhere", "#anchor", "x.json")]
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abn"), inner, max_size=3),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=2),
            "additionalProperties": inner,
            **{word: st.lists(inner, min_size=1, max_size=2) for word in ("allOf", "anyOf", "oneOf")},
            "type": st.sampled_from(["object", "string", ["object", "string"], "integer"]),
        },
    ),
    max_leaves=6,
)
_equalities = st.builds(
    "user_metadata{}:'{}'".format,
    st.lists(st.sampled_from(["['a']", "['b']", "['n']", "['ab']"]), min_size=1, max_size=3).map("".join),
    st.sampled_from(["x", "5", "xy", ""]),
)


@thorough
@given(st.one_of(_schemas, st.dictionaries(st.sampled_from(["properties"]), _schemas)), _equalities)
def test_what_a_schema_allows_is_no_finding(schema: Any, text: str) -> None:
    """If metadata that matches the query is valid, only the spelling of a key can be a finding."""
    if not isinstance(schema, dict):
        return
    try:
        checker = QueryLinter(enabled=frozenset(RULES), schema=schema)
    except BuildError:
        return
    found = {each.code for each in checker.check(text)}
    metadata = bbquery.parse(text).to_dict()
    try:
        valid = Draft202012Validator(schema, registry=Registry()).is_valid(metadata)
    except Exception:  # a reference that leads nowhere, or in a circle
        return
    if valid:
        assert not found & {"BBQ302", "BBQ303"}


# --- what it rests on --------------------------------------------------------------------------


@thorough
@given(query_texts())
def test_tokens_and_white_space_are_all_of_a_query(pair: tuple[str, bbquery.Query]) -> None:
    text, _ = pair
    at = 0
    for token in tokens(text):
        assert not text[at : token.start].strip(" \t\r\n")
        at = token.end
    assert not text[at:].strip(" \t\r\n")


@thorough
@given(st.one_of(crowded_texts, query_texts().map(lambda pair: (pair[0], pair[1].ast))))
def test_every_node_has_its_part(pair: tuple[str, Node]) -> None:
    text, _ = pair
    structure = ConcreteSyntax(tokens(text))
    for node in walk(bbquery.parse(text).ast):
        assert node.span
        part = structure.part(node.span)
        assert part.kind == {And: "and", Or: "or", Not: "not"}.get(type(node), "predicate")
        assert bbquery.parse(text[part.start : part.end]).ast == node


@thorough
@given(trees(crowded_predicates()))
def test_only_a_full_scan_has_obstacles(node: Node) -> None:
    assert bool(full_scan_reasons(node)) is plan(node).full_scan


CROWDS = {
    "duplicates": "id:'a' OR ",
    "lower case": "id:'a' and ",
    "placeholders": "id:$a OR ",
    "typographic quotes": "id:“a” OR ",
    "double quotes": 'id:"a" OR ',
    "invisible": "id:'a'\u200b OR ",
    "operators": "id='a' && ",
    "side by side": "id:'a' ",
    "statuses": "status:'running' OR ",
    "unknown keys": "user_metadata['q']:'x' OR ",
    "parentheses": "(id:'a' AND (id:'b' OR (region:'c'))) OR ",
    "negations": "NOT NOT id:'a' OR ",
    "open strings": "'b’",
    "quotes": "\\'-",
}


@pytest.mark.slow
@pytest.mark.parametrize("unit", CROWDS.values(), ids=CROWDS)
def test_work_grows_as_the_text_does(unit: str) -> None:
    STRICT.check(unit + "id:'z'")  # what is done once is done now
    small, middle, large = (calls(lambda n=n: STRICT.check(unit * n + "id:'z'")) for n in (200, 400, 800))  # type: ignore[misc]  # mypy infers no type for a default
    assert middle < 2.2 * small + 500
    assert large < 2.2 * middle + 500
