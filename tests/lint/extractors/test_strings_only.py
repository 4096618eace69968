"""Go, Java, Kotlin, Ruby, PHP, C# and Rust: every string says what its language makes of it, at its place."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import source_spelling
from support.examples import examples
from support.source_spelling import Spelled, plain

from bbquery.lint.extractors import extract


class StringKind(NamedTuple):
    """Strings of a language: a program around one, the quotes, the escapes by name, the numeric ones, and what cannot
    stand in it without an escape; `variable` begins what is put in."""

    language: str
    program: str
    opening: str
    closing: str
    named: str = ""
    numeric: str = ""
    variable: str = ""
    raw_excludes: str | None = None
    joined: str = ""


GO = "package main\n// é😀\nvar q = {}\n"
JAVA = "class A {{ /* é😀 */ String q = {}; }}\n"
KOTLIN = "// é😀\nval q = {}\n"
RUBY = "# é😀\nq = {}\n"
PHP = "<?php // é😀\n$q = {};\n"
CSHARP = "class A {{ /* é😀 */ string q = {}; }}\n"
RUST = "// é😀\nfn f() {{ let q = {}; }}\n"

KINDS = [
    StringKind("go", GO, '"', '"', "abfnrtv\\\"", "u8U8x2", joined=" + "),
    StringKind("go", GO, "`", "`", raw_excludes="`\r"),
    StringKind("java", JAVA, '"', '"', "btnfrs\\\"'", "u4", joined=" + "),
    StringKind("java", JAVA, '"""\n', '"""', "btnfrs\\\"'", "u4"),
    StringKind("kotlin", KOTLIN, '"', '"', "tbnr'\\\"$", "u4", "$", joined=" + "),
    StringKind("kotlin", KOTLIN, '"""', '"""', raw_excludes='"$\r'),
    StringKind("ruby", RUBY, '"', '"', "nrtbfvaes\\\"#", "u{}u4", "#", joined=" + "),
    StringKind("ruby", RUBY, "'", "'", "\\'", raw_excludes="\r"),
    StringKind("ruby", RUBY, "%q(", ")", raw_excludes="()\\\r"),
    StringKind("ruby", RUBY, "%Q{", "}", "nrtbfvaes\\\"#{}", "u{}u4", "#{}"),
    StringKind("php", PHP, '"', '"', "nrtvef\\$\"", "u{}", "$", joined=" . "),
    StringKind("php", PHP, "'", "'", "\\'", raw_excludes="\r"),
    StringKind("csharp", CSHARP, '"', '"', "abfnrtv\\\"'", "u4U8", joined=" + "),
    StringKind("csharp", CSHARP, '@"', '"', raw_excludes="\r"),
    StringKind("csharp", CSHARP, '$"', '"', "abfnrtv\\\"'", "u4U8"),
    StringKind("csharp", CSHARP, '"""', '"""', raw_excludes='"\n\r'),
    StringKind("rust", RUST, '"', '"', "nrt\\\"'", "u{}"),
    StringKind("rust", RUST, 'r#"', '"#', raw_excludes='"\r'),
]  # fmt: skip
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "s": " "}


def spellings(kind: StringKind) -> Callable[[str], list[str]]:
    named = {_CONTROLS.get(letter, letter): f"\\{letter}" for letter in kind.named}

    def ways(char: str) -> list[str]:
        found = [named[char]] if char in named else []
        if (
            kind.language != "java" or char not in '\\"\r\n'
        ):  # Java reads numeric escapes first, as if they were not there
            found += numeric(char, kind.numeric)
        if kind.opening in ('@"', '$"') and char in ('"' if kind.opening == '@"' else "{}"):
            return [char * 2]
        forced = char in '\\"\r\n\x85\u2028\u2029' or char in kind.variable or char in "\0\ufeff"
        if kind.raw_excludes is not None:
            forced = char in named
        return found if forced and found else [char, *found]

    return ways


def numeric(char: str, forms: str) -> list[str]:
    code, units = ord(char), char.encode("utf-16-be", "surrogatepass")
    found = []
    if "u4" in forms and (code < 0x10000 or "U8" not in forms) and not ("u{}" in forms and code > 0xFFFF):
        found.append("".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)))
    if "u{}" in forms:
        found.append(f"\\u{{{code:x}}}")
    if "U8" in forms:
        found.append(f"\\U{code:08x}")
    if "x2" in forms and code < 128:
        found.append(f"\\x{code:02x}")
    return found


def texts(kind: StringKind) -> st.SearchStrategy[str]:
    if kind.raw_excludes is None:
        return source_spelling.query_texts().filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text))
    values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=f"{kind.raw_excludes}'\"\\\0"))
    return values.map(lambda value: f"user_metadata['é😀']:'{value}x' AND id:'b'").filter(
        lambda text: not source_spelling.is_filled_in(text)
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.language} {kind.opening.strip()}")
def test_every_character_is_found_where_it_stands(kind: StringKind) -> None:
    @examples(40)
    @given(texts(kind), source_spelling.seeds)
    def holds(text: str, seed: int) -> None:
        random = Random(seed)
        before, after = kind.program.format("\0").split("\0")
        cut = random.randrange(len(source_spelling.BASE) + 1, len(text)) if kind.joined and random.random() < 0.5 else 0
        ways = spellings(kind)
        spelled = plain(before + kind.opening)
        if cut:
            spelled += source_spelling.spell(text[:cut], ways, random) + kind.closing + kind.joined + kind.opening
        spelled += source_spelling.spell(text[cut:], ways, random) + kind.closing + after
        excerpt = source_spelling.check(spelled, text, kind.language)
        assert (excerpt.respell is None) == bool(cut)

    holds()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.language} {kind.opening.strip()}")
def test_a_string_holds_the_text_that_is_written_into_it(kind: StringKind) -> None:
    source = kind.program.format(f"{kind.opening}user_metadata['a']:{kind.closing}'b'").replace(
        f"{kind.closing}'b'", f'"b"{kind.closing}' if '"' not in kind.closing else f"b{kind.closing}"
    )
    if "'" in kind.closing:
        source = source.replace("['a']", "[\\'a\\']")
    excerpt = extract(source, kind.language).excerpts[0]

    @examples(40)
    @given(source_spelling.query_texts())
    def holds(text: str) -> None:
        try:
            written = source_spelling.replaced(source, excerpt, text)
        except ValueError:
            assert kind.raw_excludes is not None or "%Q" in kind.opening, "only a raw string cannot hold everything"
            return
        assert source_spelling.said(written, kind.language) == [f"query {text}"]

    holds()


# --- compilers as judges -----------------------------------------------------------------------


@st.composite
def literals(draw: st.DrawFn, *kinds: StringKind) -> tuple[str, str]:
    kind = draw(st.sampled_from(kinds))
    text = draw(texts(kind))
    spelled: Spelled = source_spelling.spell(text, spellings(kind), Random(draw(source_spelling.seeds)))
    return f"{kind.opening}{spelled.source}{kind.closing}", text


def said_by_us(language: str, program: str, literal: str) -> list[str]:
    return [excerpt.text for excerpt in extract(program.format(literal), language).excerpts]


def works(*command: str) -> bool:
    """Return whether a compiler is there, and no stand-in that says how to install one."""
    found = shutil.which(command[0])
    return found is not None and subprocess.run([found, *command[1:]], capture_output=True, timeout=60).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not works("rustc", "--version"), reason="there is no Rust compiler")
def test_rust_reads_the_same(tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind.language == "rust"]

    @examples(2)
    @given(st.lists(literals(*kinds), min_size=20, max_size=40))
    def holds(pairs: list[tuple[str, str]]) -> None:
        lines = [f'for b in ({literal}).bytes() {{ print!("{{:02x}}", b); }} println!();' for literal, _ in pairs]
        (tmp_path / "a.rs").write_text("fn main() {\n" + "\n".join(lines) + "\n}\n", encoding="utf-8", newline="")
        subprocess.run(
            ["rustc", "-A", "warnings", "-A", "text_direction_codepoint_in_literal", "a.rs"],
            cwd=tmp_path,
            check=True,
            timeout=120,
        )
        done = subprocess.run([tmp_path / "a"], capture_output=True, text=True, timeout=30, check=True)
        assert [bytes.fromhex(line).decode() for line in done.stdout.splitlines()] == [text for _, text in pairs]
        assert [said_by_us("rust", RUST, literal) for literal, _ in pairs] == [[text] for _, text in pairs]

    holds()


@pytest.mark.slow
@pytest.mark.skipif(not works("javac", "-version"), reason="there is no Java compiler")
def test_java_reads_the_same(tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind.language == "java" and kind.opening == '"']

    @examples(2)
    @given(st.lists(literals(*kinds), min_size=20, max_size=40))
    def holds(pairs: list[tuple[str, str]]) -> None:
        lines = [f"show({literal});" for literal, _ in pairs]
        show = (
            "static void show(String s) throws Exception { StringBuilder b = new StringBuilder();"
            ' for (byte c : s.getBytes("UTF-8")) b.append(String.format("%02x", c)); System.out.println(b); }'
        )
        main = "public static void main(String[] a) throws Exception {\n" + "\n".join(lines) + "\n}"
        (tmp_path / "A.java").write_text(f"class A {{ {show} {main} }}", encoding="utf-8", newline="")
        done = subprocess.run(["java", "A.java"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
        assert [bytes.fromhex(line).decode() for line in done.stdout.splitlines()] == [text for _, text in pairs]
        assert [said_by_us("java", JAVA, literal) for literal, _ in pairs] == [[text] for _, text in pairs]

    holds()


# --- what is put in ----------------------------------------------------------------------------


HOLES = [
    ("go", GO, "\"user_metadata['é']:'\" + {} + \"'\"", "tag", "tag"),
    ("go", GO, "fmt.Sprintf(\"user_metadata['é']:'{}'\", tag)", "%s", "tag"),
    ("go", GO, "fmt.Sprintf(\"user_metadata['é']:'{}'\", n, tag)", "%[2]v", "tag"),
    ("java", JAVA, "String.format(Locale.ROOT, \"user_metadata['é']:'{}'\", tag())", "%1$s", "tag()"),
    ("java", JAVA, "\"user_metadata['é']:'{}'\".formatted(tag)", "%s", "tag"),
    ("kotlin", KOTLIN, "\"user_metadata['é']:'{}'\"", "$tag", "tag"),
    ("kotlin", KOTLIN, "\"\"\"user_metadata['é']:'{}'\"\"\"", "${tag.x}", "tag.x"),
    ("ruby", RUBY, "\"user_metadata['é']:'{}'\"", "#{tag}", "tag"),
    ("ruby", RUBY, "\"user_metadata['é']:'{}'\" % [tag]", "%s", "tag"),
    ("ruby", RUBY, "format(\"user_metadata['é']:'{}'\", tag: t)", "%<tag>s", "tag"),
    ("php", PHP, "\"user_metadata['é']:'{}'\"", "$tag", "$tag"),
    ("php", PHP, "\"user_metadata['é']:'{{}}'\"", "$a->b", "$a->b"),
    ("php", PHP, "'user_metadata[\"é\"]:\"' . {} . '\"'", "$tag", "$tag"),
    ("csharp", CSHARP, "$\"user_metadata['é']:'{}'\"", "{tag}", "tag"),
    ("csharp", CSHARP, "string.Format(\"user_metadata['é']:'{}'\", tag)", "{0,5:x}", "tag"),
    ("csharp", CSHARP, "$$\"\"\"user_metadata['é']:'{}'\"\"\"", "{{tag}}", "tag"),
    ("rust", RUST, "format!(\"user_metadata['é']:'{}'\", tag)", "{}", "tag"),
    ("rust", RUST, "format!(\"user_metadata['é']:'{}'\")", "{tag:?}", "tag"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "program", "expression", "hole", "code"), HOLES)
def test_the_place_of_what_is_put_in_is_its_own(
    language: str, program: str, expression: str, hole: str, code: str
) -> None:
    source = program.format(expression.replace("{}", hole, 1))
    (finding,) = extract(source, language).findings
    (excerpt,) = extract(source, language).excerpts
    assert finding.code == "BBQ401"
    assert source[finding.span.start : finding.span.end].strip("{}") == hole.strip("{}")
    assert [each.code for each in excerpt.unknown] == [code]
    assert f"{code} is put into" in finding.message


def test_here_documents_are_read_with_what_is_put_in() -> None:
    ruby = "q = <<~Q\n  user_metadata['a']:'#{tag}'\nQ\nr = <<~'Q'\n  user_metadata['b']:'\\\\\\\\n'\nQ\n"
    assert source_spelling.said(ruby, "ruby") == [
        "BBQ401 #{tag}", "query user_metadata['a']:'{tag}'", "query user_metadata['b']:'\\\\\\\\n'",
    ]  # fmt: skip
    php = "<?php $q = <<<Q\n  user_metadata['a']:'$tag'\n  Q;\n$r = <<<'Q'\n  user_metadata['b']:'$tag'\n  Q;\n"
    assert source_spelling.said(php, "php") == [
        "BBQ401 $tag", "query user_metadata['a']:'$tag'", "query user_metadata['b']:'$tag'",
    ]  # fmt: skip


@pytest.mark.parametrize("ending", ["@", "@Test", "@Test(", '@Test("a', "@get:Test"])
def test_kotlin_may_end_in_an_annotation(ending: str) -> None:
    """In a process of its own: where tree-sitter does not come to an end, nothing in Python can stop it."""
    source = f"val q = \"user_metadata['a']:'b'\"\nprivate var c=(())\n{ending}"
    code = (
        "import sys; from bbquery.lint.extractors import extract; print(len(extract(sys.argv[1], 'kotlin').excerpts))"
    )
    done = subprocess.run([sys.executable, "-c", code, source], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "1\n"


def test_a_source_in_which_tree_sitter_is_lost_is_read_as_text() -> None:
    lines = "".join([f'        show(Kind.K{number}.text()).equals("k/{number}.0")\n' for number in range(14)])
    head = 'class A {\n    fun f() {\n        run()\n        ""\n        \\all.ONE)\n    fun g() {\n'
    query = "user_metadata['a']:'b'"
    source = f'{head}{lines}        q = "{query}"\n    }}\n}}\n'
    found = extract(source, "kotlin")
    assert [(each.text, source[slice(*each.span)]) for each in found.excerpts] == [(query, query)]
    assert not found.is_whole


def test_the_strings_of_a_broken_source_are_read_as_far_as_they_go() -> None:
    found = extract("package main\nvar q = \"user_metadata['a']:'b'\"\nfunc (\n", "go")
    assert [excerpt.text for excerpt in found.excerpts] == ["user_metadata['a']:'b'"]
    assert not found.is_whole


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.language} {kind.opening.strip()}")
def test_no_source_is_too_odd(kind: StringKind) -> None:
    parts = [
        kind.opening,
        kind.closing,
        "user_metadata['a']:'",
        "b'",
        " + ",
        "f(",
        ")",
        "\\",
        "{",
        "}",
        "$",
        "#{",
        "%s",
    ]

    @examples(60)
    @given(
        st.lists(st.sampled_from([*parts, "\n", "é", "\ud800", "//", "/*", "<<~Q", "Q\n"]), max_size=12).map("".join)
    )
    def holds(inside: str) -> None:
        source = kind.program.replace("{{", "{").replace("}}", "}").replace("{}", inside, 1)
        found = extract(source, kind.language)
        for excerpt in found.excerpts:
            assert 0 <= excerpt.span.start <= excerpt.span.end <= len(source)
            json.dumps(excerpt.text)

    holds()
