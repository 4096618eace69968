"""A safe fix changes comments and queries, and nothing around them."""

from __future__ import annotations

import ast
import json
import re
import tomllib

import pytest
import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples

from bbquery._text import Span
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.extractors.excerpt import Extraction
from bbquery.lint.findings import Edit, Finding, Fix
from bbquery.lint.fixes import fix_text
from bbquery.lint.settings import Settings

LINTER = DocumentLinter(Settings())


def mended(source: str, language: str) -> str:
    return fix_text(source, language, LINTER, LINTER.settings.enabled, unsafe=False).text


# The query is there so that the file is read at all.
PY = "q = \"user_metadata['a']:'b'\"\n"
JS = "const q = `user_metadata['a']:'b'`;\n"
JSON = "{\"q\": \"user_metadata['a']:'b'\"}\n"

BROKEN_BLOCK = f"```python\n{PY}(# bbquery: ignore[BBQ103]\n```\n"

CASES: list[tuple[str, str, str]] = [
    # a marker inside of a comment that ends by its own rule
    ("typescript", JS + "/* TODO // bbquery: ignore[BBQ103] */ x()\n/* y */", JS + "/* TODO */ x()\n/* y */"),
    ("typescript", JS + "/* TODO // bbquery: ignore[BBQ103]*/ x()", JS + "/* TODO */ x()"),
    ("typescript", JS + "/* TODO /* bbquery: ignore[BBQ103] */ x()", JS + "/* TODO */ x()"),
    ("typescript", JS + "/* a\n // bbquery: ignore[BBQ103] */ x()", JS + "/* a\n */ x()"),
    ("json", JSON + "/* TODO // bbquery: ignore[BBQ103] */ 1", JSON + "/* TODO */ 1"),
    ("markdown", "<!-- prettier-ignore <!-- bbquery: ignore[BBQ103] -->\n# A\n", "<!-- prettier-ignore -->\n# A\n"),
    ("text", "a /* TODO // bbquery: ignore[BBQ103] */ b", "a /* TODO */ b"),
    ("text", "<!-- a <!-- bbquery: ignore[BBQ103] --> b", "<!-- a --> b"),
    ("text", "/*\n TODO // bbquery: ignore[BBQ103] */ b", "/*\n TODO */ b"),
    # in a comment to the end of the line these are words of the reason
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103] a --> b */ c\n", PY + "x = 1\n"),
    ("typescript", JS + "x(); // bbquery: ignore[BBQ103] a --> b */ c\n", JS + "x();\n"),
    # an inline comment is a blank, or a line end
    ("typescript", JS + "let /* bbquery: ignore */x", JS + "let x"),
    ("typescript", JS + "let/* bbquery: ignore */x", JS + "let x"),
    ("typescript", JS + "typeof/* bbquery: ignore */b", JS + "typeof b"),
    ("typescript", JS + "a +/* bbquery: ignore */+b", JS + "a + +b"),
    ("typescript", JS + "return /* bbquery: ignore\n */ 1", JS + "return\n 1"),
    ("typescript", JS + "return /* bbquery: ignore\r\n */ 1", JS + "return\r\n 1"),
    ("typescript", JS + "x() /* bbquery: ignore */\ny()", JS + "x()\ny()"),
    # the braces of JSX go with it, and those of a block stay
    ("tsx", JS + "x = <p>{/* bbquery: ignore */}y</p>", JS + "x = <p> y</p>"),
    ("tsx", JS + "x = <p>\n  {/* bbquery: ignore */}\n  y</p>", JS + "x = <p>\n  y</p>"),
    ("typescript", JS + "if (a) {/* bbquery: ignore */}\nb()", JS + "if (a) { }\nb()"),
    ("typescript", JS + "if (a)\n{ /* bbquery: ignore */ }\nb()", JS + "if (a)\n{ /* bbquery: ignore */ }\nb()"),
    # what another tool reads stays
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103]# noqa: E501\n", PY + "x = 1  # noqa: E501\n"),
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103] ## noqa\n", PY + "x = 1  ## noqa\n"),
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103] #: doc\n", PY + "x = 1  #: doc\n"),
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103] why #noqa\n", PY + "x = 1  #noqa\n"),
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103] see #12\n", PY + "x = 1\n"),
    ("typescript", JS + "x() // bbquery: ignore[BBQ103] // @ts-ignore\n", JS + "x() // @ts-ignore\n"),
    ("typescript", JS + "x() // bbquery: ignore[BBQ103]//eslint-disable-line\n", JS + "x() //eslint-disable-line\n"),
    ("typescript", JS + "x() // bbquery: ignore[BBQ103] https://a.b/c\n", JS + "x()\n"),
    # nothing is needless where not all could be read
    ("python", PY + "x = 1  # bbquery: ignore[BBQ103]\ndef (:\n", PY + "x = 1  # bbquery: ignore[BBQ103]\ndef (:\n"),
    ("python", PY + "x = '''  # bbquery: ignore[BBQ103]\n", PY + "x = '''  # bbquery: ignore[BBQ103]\n"),
    ("typescript", JS + "x( // bbquery: ignore[BBQ103]\n", JS + "x( // bbquery: ignore[BBQ103]\n"),
    ("markdown", BROKEN_BLOCK, BROKEN_BLOCK),
]  # fmt: skip


@pytest.mark.parametrize(("language", "source", "after"), CASES)
def test_what_a_safe_fix_leaves(language: str, source: str, after: str) -> None:
    assert mended(source, language) == after


# --- random sources, with another judge ---------------------------------------------------------

_MARKS = [
    "# bbquery: ignore[BBQ103]", "# bbquery: ignore", "# TODO # bbquery: ignore[BBQ103]", "# noqa", "#: a",
    "# b --> */", "## bbquery: ignore-next-line", "# bbquery: ignore-file[BBQ103]",
]  # fmt: skip
_BLOCKS = [
    "/* bbquery: ignore */", "/* TODO // bbquery: ignore[BBQ103] */", "/* a /* bbquery: ignore */",
    "/* bbquery: ignore\n*/", "// bbquery: ignore[BBQ103]\n", "// bbquery: ignore // @ts-ignore\n", "/* x */",
    "// https://a //b\n", "/*bbquery: ignore*/", "// a --> */ // bbquery: ignore[BBQ2]\n",
]  # fmt: skip
_QUERY = "user_metadata['a']:'b'"
_PY_CODE = [
    "x = 1", "f(\n1,", "2)", "if a:", "    b()", PY.strip(), '"""t\n# bbquery: ignore\n"""', "c = '#'", "\n", "  ",
]  # fmt: skip
_JSON_CODE = [
    '{"a": 1', ",", '"b": "user_metadata[\\"a\\"]:\'b\'"', "}", "[1", "2]", '"/* bbquery: ignore */"', "\n", " ",
]  # fmt: skip
_TS_CODE = [
    "let", " x", "x", "= 1", ";", "\n", " ", "+", "-", "return", "typeof", "f(", ")", "{", "}", "`${a", "}`", "'/*'",
    "/a*/", "user_metadata", f'"{_QUERY}"', "<p>", "</p>", "=> ", "a", "1",
]  # fmt: skip
_YAML_CODE = [
    "a:", " b", "- c", "\n", "  ", ": |\n", "    x\n", "'#'", f'"{_QUERY}"', "k: v\n", "&a", "{x: 1}", "q: ",
]  # fmt: skip
_TOML_CODE = ["a = 1", "\n", f'b = "{_QUERY}"', "[t]", "c = '''\n", "'''", "d = [1,", "2]", " "]


def samples(code: list[str], marks: list[str], glue: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(code + marks), max_size=14).map(glue.join)


@examples(300)
@given(samples(_PY_CODE, _MARKS, " "), st.booleans())
@example("x = 1 # bbquery: ignore[BBQ103]# noqa", True)
def test_python_stays_the_same_program(source: str, by_lines: bool) -> None:
    source = PY + (source.replace(" #", "  #").replace("# ", "#  ") if by_lines else source.replace(" #", "\n#"))
    after = mended(source, "python")
    try:
        before = ast.dump(ast.parse(source))
    except SyntaxError:
        assert after == source or strings_left_out(after) == strings_left_out(source)
        return
    assert ast.dump(ast.parse(after)) == before
    for kept in ("# noqa", "#: a"):
        assert after.count(kept) == source.count(kept) or "TODO" in source


def strings_left_out(source: str) -> str:
    return re.sub(r"(['\"]).*?\1", "", source)


@examples(300)
@given(samples(_JSON_CODE, _BLOCKS, ""))
@example('{"q": "user_metadata[\'a\']:\'b\'"/* TODO // bbquery: ignore[BBQ103] */, "c": 1}')
def test_json_with_comments_stays_the_same_value(source: str) -> None:
    after = mended(source, "json")
    assert plain_json(after) == plain_json(source)


def plain_json(source: str) -> object:
    """The value of JSON with comments, by a reader of its own; the tokens where it is none."""
    tokens = re.findall(r'"(?:[^"\\\r\n]|\\.)*"?|//[^\r\n]*|/\*.*?(?:\*/|\Z)|[^\s"/]+|/', source, re.DOTALL)
    code = [token for token in tokens if not token.startswith(("//", "/*"))]
    try:
        value: object = json.loads(" ".join(code))
    except ValueError:
        value = code
    return json.dumps(value).replace('\\\\\\"', "'").replace("\\\\'", "'").replace("'", "")


@examples(300)
@given(samples(_TS_CODE, _BLOCKS, ""), st.sampled_from(["javascript", "typescript", "tsx"]))
@example("return /* bbquery: ignore\n */ 1", "typescript")
@example("a +/* bbquery: ignore */+b", "javascript")
@example("<p>{/* bbquery: ignore */}</p>", "tsx")
@example("/a*//*bbquery: ignore*/let", "javascript")
def test_typescript_stays_the_same_program(source: str, language: str) -> None:
    source = JS + source
    assert words_of(mended(source, language), language) == words_of(source, language)


def words_of(source: str, language: str) -> list[str]:
    """The words of a program, without comments and what strings hold.

    Not its tree: to the grammar, unlike to the language, a line end in a comment ends no statement.
    """
    kind = {"typescript": tree_sitter_typescript.language_typescript, "tsx": tree_sitter_typescript.language_tsx}
    language_of = kind.get(language, tree_sitter_javascript.language)
    root = tree_sitter.Parser(tree_sitter.Language(language_of())).parse(source.encode()).root_node
    words: list[str] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type in ("comment", "html_comment", "string", "jsx_text"):
            words += [] if "comment" in node.type or not (node.text or b"").strip() else [node.type]
        elif node.type == "jsx_expression" and all(child.type in ("{", "}", "comment") for child in node.children):
            pass  # braces with nothing in them but a comment
        elif node.child_count:
            pending += reversed(node.children)
        elif node.text:  # a semicolon that the grammar misses has none
            words.append(node.text.decode())
    return words


@examples(300)
@given(samples(_YAML_CODE, _MARKS, ""))
@example("a: b # bbquery: ignore[BBQ103]# noqa\n")
@example("k: v\n## bbquery: ignore-next-line\n b")
def test_yaml_stays_the_same_value(source: str) -> None:
    source += "\nq: \"user_metadata['a']:'b'\"\n"
    before = yaml_events(source)
    assert not before or yaml_events(mended(source, "yaml")) == before, "what is no YAML cannot be damaged"


def yaml_events(source: str) -> list[str]:
    try:
        events = list(yaml.parse(source))
    except yaml.YAMLError:
        return []
    return [f"{type(event).__name__} {getattr(event, 'value', '')}" for event in events]


@examples(300)
@given(samples(_TOML_CODE, _MARKS, "\n") | samples(_TOML_CODE, _MARKS, " "))
def test_toml_stays_the_same_value(source: str) -> None:
    source = "q = \"user_metadata['a']:'b'\"\n" + source
    assert toml_value(mended(source, "toml")) == toml_value(source)


def toml_value(source: str) -> object:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        return None


# --- the proof ----------------------------------------------------------------------------------


def test_a_fix_that_would_change_the_code_is_dropped_and_the_others_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    source = PY + "x = 1  # bbquery: ignore[BBQ103]\ny = 2  # why\nz = 3  # bbquery: ignore[BBQ103]\n"
    judge = LINTER.judge

    def with_a_bad_fix(text: str, read: Extraction, enabled: frozenset[str]) -> list[Finding]:
        found = judge(text, read, enabled)
        place = Span(text.index("2  # why"), text.index(" why"))
        fix = Fix("Break it", Edit(place, ""), safe=True)
        found.append(Finding("BBQ103", "bad", place, severity="error", fix=fix))
        return sorted(found, key=lambda finding: finding.span)

    monkeypatch.setattr(LINTER, "judge", with_a_bad_fix)
    result = fix_text(source, "python", LINTER, LINTER.settings.enabled, unsafe=False)
    assert result.text == PY + "x = 1\ny = 2  # why\nz = 3\n"
    assert [finding.message for finding in result.findings] == ["bad"]
