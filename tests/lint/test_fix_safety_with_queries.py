"""A safe fix of a query changes that query alone: its values, and all that is around it, stay what they are.

Each property has the language's own parser, or the program itself, as judge, before and after.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from importlib import import_module

import pytest
import tree_sitter
import tree_sitter_typescript
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples

from bbquery.lint.added_suppressions import suppress_findings
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.extractors.syntax_tree import GRAMMARS
from bbquery.lint.fixes import fix_text
from bbquery.lint.settings import Settings

LINTER = DocumentLinter(Settings())


def mended(source: str, language: str) -> str:
    return fix_text(source, language, LINTER, LINTER.settings.enabled, unsafe=False).text


def folded(text: str) -> str:
    """A text without what a safe fix of a query may change: case of keywords, quotes, parentheses, blanks."""
    return re.sub(r"[\s'\"()\\]|AND|NOTNOT", "", re.sub(r"(?i)\band\b", "AND", text).replace("NOT NOT", "NOTNOT"))


# § is where something is put in.
_QUERIES = [
    "user_metadata['a']:'§' and id:'b'", "user_metadata['a']:'b' AND user_metadata['c']:'d'", "user_metadata['a']:§",
    "(user_metadata['a']:'§§') AND id:'§'", "NOT NOT user_metadata['a']:'§'", "§ and user_metadata['a']:'b'",
    "user_metadata['a']:'b' §", "user_metadata['a']:'§' id:'b'", "user_metadata['§']:'b' and §",
    "user_metadata['a']:'b§c' and created_at>now-§d", "user_metadata['a']:('§' OR 'b')", "it is not a query §",
]  # fmt: skip
_COMMENTS = ["bbquery: ignore", "bbquery: ignore[BBQ003]", "noqa", "TODO # bbquery: ignore[BBQ2]", "a --> */ b"]


def with_holes(query: str, hole: str, number: int) -> str:
    first, *rest = query.split("§")
    return first + "".join([hole.replace("N", f"{number}{place}") + part for place, part in enumerate(rest)])


@st.composite
def programs(draw: st.DrawFn, lines: list[str], holes: list[str], comment: str) -> str:
    """Lines of code, each with a query in place of Q and a comment in place of C."""
    out = []
    for number, line in enumerate(draw(st.lists(st.sampled_from(lines), min_size=1, max_size=6))):
        query = with_holes(draw(st.sampled_from(_QUERIES)), draw(st.sampled_from(holes)), number)
        mark = comment + draw(st.sampled_from(_COMMENTS))
        out.append(line.replace("Q", query).replace("C", mark))
    return "".join(out)


_PYTHON_LINES = [
    'x = f"Q"\n', 'x = f"""\n  Q\n"""  C\n', 'f(\n  a,  C\n  f"Q",\n)\n', 'x = f"Q" C\n', 'C\nx = (f"Q"\n  "y")\n',
    'if a:\n    x = rf"Q"\n', "x = 1  C\n", 'x = f"Q" + a  C\n', 'x = [f"Q", "z"]  C\n', '"""\nC\n"""\n',
]  # fmt: skip


@examples(300)
@given(programs(_PYTHON_LINES, ["{aN}", "{f(bN)}", "{int(cN)}", "{d!r:>4}", "{{}}"], "# "))
@example("x = f\"user_metadata['a']:'{a}' and id:'b'\"  # bbquery: ignore\n")
def test_python_with_values_in_its_queries(source: str) -> None:
    assert python_outline(mended(source, "python")) == python_outline(source)


def python_outline(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = folded(node.value)
    return ast.dump(tree)


_TYPESCRIPT_LINES = [
    "const x = `Q`;\n", "f(\n  a, /* C */\n  `Q`,\n);\n", "const y = `\nQ\n`; // C\n", "// C\nz = `Q`;\n",
    "return /* C */ `Q`\n", "a /* C */ + b\n", "if (a) { f(`Q`) } // C\n", "/* C */\n",
]  # fmt: skip


@examples(300)
@given(programs(_TYPESCRIPT_LINES, ["${aN}", "${f(bN)}", "${Number(cN)}", "$d"], ""))
def test_typescript_with_values_in_its_queries(source: str) -> None:
    source = source.replace("a --> */ b", "a")
    assert typescript_outline(mended(source, "typescript")) == typescript_outline(source)


def typescript_outline(source: str) -> list[str]:
    language = tree_sitter.Language(tree_sitter_typescript.language_typescript())
    pending = [tree_sitter.Parser(language).parse(source.encode()).root_node]
    words: list[str] = []
    while pending:
        node = pending.pop()
        if node.type == "string_fragment":
            words.append(folded((node.text or b"").decode()))
        elif node.type != "comment":
            if node.child_count:
                pending += reversed(node.children)
            else:
                words.append((node.text or b"").decode())
    return [word for word in words if word]


_SHELL_LINES = [
    'say "Q" C\n', 'say "Q" \\\n  x C\n', "cat <<E C\nQ\nE\n", 'y="$(say "Q")"; say "$y" C\n', "C\nsay x\n",
    'say x"Q"y C\n', "(\n  C\n  say \"Q\"\n)\n", 'say a | cat C\n', "z='C'; say \"$z\"\n",
    'if true; then say "Q"; fi C\n',
]  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@examples(60)
@given(programs(_SHELL_LINES, ["$A", "${B}", "$((1 + N))", "$(say c)", "`say d`"], "# "))
def test_a_shell_script_prints_the_same(source: str) -> None:
    assert printed(mended(source, "shell")) == printed(source)


def printed(script: str) -> str:
    script = "say() { printf '<%s>' \"$@\"; printf '\\n'; }\nA=1 B=2\n" + script
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)
    return f"{done.returncode} {folded(done.stdout)} {len(done.stderr.splitlines())}"


# --- languages of which only the strings are read ------------------------------------------------

_OF_LANGUAGE = {
    "go": (
        ['x := "Q" // C\n', "f(`Q`) /* C */\n", 'y := fmt.Sprintf("Q", a, b) // C\n', 'z := "Q" + b + "Q"\n'],
        "%vN",
    ),
    "java": (['x = "Q"; // C\n', 'f("Q" + a); /* C */\n', 'y = """\n  Q\n  """; // C\n'], "%s"),
    "kotlin": (['val x = "Q" // C\n', 'f("""Q""") /* C */\n', 'val y = "Q".format(a)\n'], "${aN}"),
    "ruby": (['x = "Q" # C\n', "f %Q{Q} # C\n", "y = <<~E\n  Q\nE\n", 'z = "Q" \\\n  "Q"\n'], "#{aN}"),
    "php": (['$x = "Q"; // C\n', "f(<<<E\n  Q\n  E); # C\n", '$y = "Q" . $a; /* C */\n'], "{$aN}"),
    "csharp": (['x = $"Q"; // C\n', 'f($@"Q"); /* C */\n', 'y = "Q" + "Q";\n', 'z = $"""Q""";\n'], "{aN}"),
    "rust": (['let x = format!("Q"); // C\n', 'f(r#"Q"#); /* C */\n', 'let y = "Q".to_string() + &b; // C\n'], "{aN}"),
}


@pytest.mark.parametrize("language", _OF_LANGUAGE)
def test_another_program_stays_the_same(language: str) -> None:
    lines, hole = _OF_LANGUAGE[language]
    begin, end = {"php": ("<?php\n", ""), "java": ("class A { void f() {\n", "}}"), "rust": ("fn f() {\n", "}")}.get(
        language, ("", "")
    )

    @examples(100)
    @given(programs(lines, [hole, "x"], ""))
    def holds(program: str) -> None:
        source = begin + program.replace("a --> */ b", "a --> b") + end
        after = mended(source, language)
        assert words_of_any(after, language) == words_of_any(source, language)
        assert re.findall(r"TODO|noqa", after) == re.findall(r"TODO|noqa", source)
        suppressed = suppress_findings(source, language, LINTER, LINTER.settings.enabled).text
        assert words_of_any(suppressed, language) == words_of_any(source, language)

    holds()


def words_of_any(source: str, language: str) -> str:
    """The words of a program without its comments, as tree-sitter has them, folded."""
    module, function = GRAMMARS[language]
    root = tree_sitter.Parser(tree_sitter.Language(getattr(import_module(module), function)())).parse(source.encode())
    words: list[str] = []
    pending = [root.root_node]
    while pending:
        node = pending.pop()
        if "comment" in node.type:
            continue
        if node.child_count:
            pending += reversed(node.children)
            at = node.start_byte  # what no child has, in a string, say
            for child in [*node.children, None]:
                words.append(source.encode()[at : child.start_byte if child else node.end_byte].decode())
                at = child.end_byte if child else at
        elif node.text:
            words.append(node.text.decode())
    return folded("".join(words))


_CELL_LINES = ['x = f"Q"  C\n', "%magic\n", "C\n", 'f(\n  f"Q"\n)\n', "y = 1  C\n"]


@examples(150)
@given(st.lists(programs(_CELL_LINES, ["{aN}", "{f(bN)}"], "# "), max_size=3), st.booleans(), st.booleans())
def test_a_notebook_stays_one(cells: list[str], ascii_only: bool, as_lines: bool) -> None:
    data = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True) if as_lines else cell, "outputs": ["é"]}
        for cell in cells
    ]
    source = json.dumps({"cells": data, "nbformat": 4}, indent=1, ensure_ascii=ascii_only)
    after = mended(source, "notebook")
    assert folded(json.dumps(json.loads(after))) == folded(json.dumps(json.loads(source)))
    for cell in json.loads(after)["cells"]:
        ast.parse("".join(cell["source"]).replace("%magic", "pass"))


_PAGE_PARTS = [
    "<p>Q</p>\n", "<!-- C -->\n", "<script>\nconst x = `Q`; // C\n</script>\n", '<script lang="ts">f(`Q`)</script>\n',
    "<!-- <script>const x = `Q`</script> -->\n", "<script", "</script>", "<style>C</style>\n",
]  # fmt: skip


@examples(150)
@given(programs(_PAGE_PARTS, ["${aN}", "{b}"], "").map(lambda text: text.replace("a --> */ b", "a")))
def test_a_page_changes_in_its_scripts_alone(source: str) -> None:
    after = mended(source, "page")
    assert folded(without_comments(after)) == folded(without_comments(source))
    assert [*re.findall(r"<p>.*</p>", after)] == [*re.findall(r"<p>.*</p>", source)]


def without_comments(page: str) -> str:
    return re.sub(r"<!-- (?!<script).*?-->|//[^\n]*", "", page)


_MARKDOWN_PARTS = [
    "# Q\n\n", "<!-- C -->\n", '```python\nx = f"Q"  # C\n```\n', "- a\n\n  ```ts\n  f(`Q`) // C\n  ```\n", "text C\n",
    '> ```sh\n> say "Q" # C\n> ```\n', "~~~\nQ\n~~~\n", "```json\n", "```\n",
]  # fmt: skip


@examples(150)
@given(programs(_MARKDOWN_PARTS, ["{aN}", "${b}"], "").map(lambda text: text.replace("a --> */ b", "a")))
def test_markdown_changes_in_its_blocks_alone(source: str) -> None:
    after = mended(source, "markdown")
    kept = [line for line in source.splitlines() if line.startswith(("# ", "text"))]
    assert [line for line in after.splitlines() if line.startswith(("# ", "text"))] == kept or "```" in source
    assert after.count("```") == source.count("```")
    assert folded(re.sub(r"(<!--|#|//) .*", "", after)) == folded(re.sub(r"(<!--|#|//) .*", "", source))
