"""A helper is read as if its text stood at the call, in Python and in TypeScript, in the file itself and in others."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from bbquery import Span
from bbquery.lint.cache import Cache
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.files.imported_sources import ImportedSources
from bbquery.lint.linter import Linter
from bbquery.lint.runner import run_linter
from bbquery.lint.settings import Settings

PYTHON = r"""
import re
from string import Template

def fill(template, tag):
    return template.replace("TAG", tag)

def fill_in_steps(template: str, tag: str) -> str:
    text = template.replace("TAG", tag)
    return text

def twice(template, tag):
    return fill(template, tag)

def render(template, **values):
    return template.format(**values)

def rendered(template, *, tag="x"):
    return template.format(tag=tag)

def percent(template, tag):
    return template % tag

def substitute(template, **values):
    return Template(template).substitute(**values)

def add(query, tag):
    return query + " AND user_metadata['t']:'" + tag + "'"

def number(template, n):
    return template.replace("N", str(n))

def url(query):
    return f"https://api.browserbase.com/v1/sessions?q={query}"

def swapped(one, other):
    return f"{other} AND {one}"

def brackets(query):
    return f"({query})"

def same(query):
    return query

def clean(text):
    return re.sub(r"[^\w-]", "", text)

def rough(text):
    return text.strip()

def pair(tag):
    return f"user_metadata['a']:'{tag}' AND user_metadata['c']:'d'"

def one(tag):
    return f"user_metadata['a']:'{tag}'"

def checked(template, tag):
    if not re.fullmatch(r"[\w-]+", tag):
        raise ValueError(tag)
    return template.replace("TAG", tag)

def typed(template, tag: int):
    return template.replace("TAG", tag)

def cleaned(template, tag):
    tag = clean(tag)
    return template.replace("TAG", tag)

def chosen(template, tag):
    if tag:
        return template.replace("TAG", tag)
    return template

@property
def decorated(template, tag):
    return template.replace("TAG", tag)
"""

SCRIPT = r"""
export function fill(template: string, tag: string) { return template.replace("TAG", tag); }
export function fill_in_steps(template: string, tag: string) { const text = template.replace("TAG", tag); return text; }
export const twice = (template: string, tag: string) => fill(template, tag);
export const add = (query: string, tag: string) => query + " AND user_metadata['t']:'" + tag + "'";
export const number = (template: string, n: number) => template.replace("N", String(n));
export function url(query: string) { return `https://api.browserbase.com/v1/sessions?q=${query}`; }
export const swapped = (one: string, other: string) => `${other} AND ${one}`;
export const brackets = (query: string) => { return `(${query})`; };
export const same = query => query;
export const clean = (text: string) => text.replace(/[^\w-]/g, "");
export const rough = (text: string) => text.trim();
export const pair = (tag: string) => `user_metadata['a']:'${tag}' AND user_metadata['c']:'d'`;
export const one = (tag: string) => `user_metadata['a']:'${tag}'`;
export function checked(template: string, tag: string) {
  if (!/^[\w-]+$/.test(tag)) throw new Error(tag);
  return template.replace("TAG", tag);
}
export function typed(template: string, tag: number) { return template.replace("TAG", tag); }
export function cleaned(template: string, tag: string) { tag = clean(tag); return template.replace("TAG", tag); }
export function chosen(template: string, tag: string) { if (tag) return template.replace("TAG", tag); return template; }
export async function awaited(template: string, tag: string) { return template.replace("TAG", tag); }
"""


class Call(NamedTuple):
    """A call, and where in it which findings are: each a code and the text under it."""

    code: str
    findings: list[tuple[str, str]]


BOTH = [
    Call("""fill("user_metadata['a']:'TAG'", tag)""", [("BBQ401", "tag")]),
    Call("""fill_in_steps("user_metadata['a']:'TAG'", tag)""", [("BBQ401", "tag")]),
    Call("""twice("user_metadata['a']:'TAG'", tag)""", [("BBQ401", "tag")]),
    Call("""fill("user_metadata['a']:'TAG'", clean(tag))""", []),
    Call("""fill("user_metadata['a']:'TAG'", rough(tag))""", [("BBQ401", "rough(tag)")]),
    Call("""fill("user_metadata['a']:'TAG'", "b")""", []),
    Call("""fill("user_metadata['a']:'TAG", tag)""", [("BBQ001", "'TAG"), ("BBQ401", "tag")]),
    Call("""fill("user_metadata['a']:'TAG' and id:'x'", tag)""", [("BBQ003", "and"), ("BBQ401", "tag")]),
    Call("""add("user_metadata['a']:'b'", tag)""", [("BBQ401", "tag")]),
    Call("""number("user_metadata['a']:'N'", 3)""", []),
    Call("""url("user_metadata['a']:'b'")""", [("BBQ403", "user_metadata['a']:'b'")]),
    Call("""swapped("user_metadata['a']:'b'", "user_metadata['c']:'d'")""", []),
    Call("""brackets("user_metadata['a']:'b'")""", []),
    Call("""same("user_metadata['a']:'b' and id:'x'")""", [("BBQ003", "and")]),
    Call(
        """fill(fill("user_metadata['a']:'TAG' OR user_metadata['c']:'T2'", "b").replace("T2", tag), "d")""",
        [("BBQ401", "tag")],
    ),
    # A helper that checks its values, or says their type, is believed.
    Call("""checked("user_metadata['a']:'TAG'", tag)""", []),
    Call("""typed("user_metadata['a']:'TAG'", tag)""", []),
    # What does more than return one text is not read.
    Call("""chosen("user_metadata['a']:'TAG'", tag)""", []),
    Call("""cleaned("user_metadata['a']:'TAG'", tag)""", []),
    Call("""elsewhere("user_metadata['a']:'TAG'", tag)""", []),
]
IN_PYTHON = [
    Call("""number("user_metadata['a']:'N'", count)""", [("BBQ401", "count")]),
    Call("""fill(tag=tag, template="user_metadata['a']:'TAG'")""", [("BBQ401", "tag")]),
    Call("""fill(*["user_metadata['a']:'TAG'", tag])""", []),
    Call("""render("user_metadata['a']:'{tag}'", tag=tag)""", [("BBQ401", "tag")]),
    Call("""render("user_metadata['a']:'{tag}'", tag=len(tag))""", []),
    Call("""rendered("user_metadata['a']:'{tag}'", tag=tag)""", [("BBQ401", "tag")]),
    Call("""rendered("user_metadata['a']:'{tag:>5}'", tag=tag)""", [("BBQ401", "tag")]),
    Call("""percent("user_metadata['a']:'%s'", tag)""", [("BBQ401", "tag")]),
    Call("""substitute("user_metadata['a']:'$tag'", tag=tag)""", [("BBQ401", "tag")]),
    Call("""decorated("user_metadata['a']:'TAG'", tag)""", []),
    Call("""bb.sessions.list(q=pair(tag), status="RUNNING")""", [("BBQ101", "pair(tag)")]),
    Call("""bb.sessions.list(q=one(tag), status="RUNNING")""", []),
    Call("""bb.sessions.list(q=fill("user_metadata['a']:'TAG'", tag), status="RUNNING")""", [("BBQ401", "tag")]),
]
IN_SCRIPTS = [
    Call("""fill(...["user_metadata['a']:'TAG'", tag])""", []),
    Call("""awaited("user_metadata['a']:'TAG'", tag)""", []),
    Call("""bb.sessions.list({ q: pair(tag), status: "RUNNING" })""", [("BBQ101", "pair(tag)")]),
    Call("""bb.sessions.list({ q: one(tag), status: "RUNNING" })""", []),
]


def python_names() -> str:
    return ", ".join(line.split("(")[0][4:] for line in PYTHON.splitlines() if line.startswith("def "))


def script_names() -> str:
    heads = [line.split("(")[0].split("=")[0].split()[-1] for line in SCRIPT.split("\nexport ")[1:]]
    return ", ".join(heads)


def place(file: Path, text: str) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return str(file)


def found(linter: DocumentLinter, path: str, source: str, language: str, call: str) -> list[tuple[str, str]]:
    linter = linter.for_file(path)
    start = source.index(call)
    inside = Span(start, start + len(call))
    findings = linter.check(source, language, linter.settings.enabled)
    return [
        (each.code, source[each.span.start : each.span.end])
        for each in findings
        if inside.start <= each.span.start and each.span.end <= inside.end
    ]


@pytest.mark.parametrize("call", [*BOTH, *IN_PYTHON], ids=lambda call: call.code)
@pytest.mark.parametrize("is_imported", [False, True])
def test_python(tmp_path: Path, call: Call, is_imported: bool) -> None:
    above = f"from .helpers import {python_names()}\n" if is_imported else PYTHON
    source = (
        f"import browserbase\n{above}\nbb = browserbase.Browserbase()\ndef run(tag, count):\n    query = {call.code}\n"
    )
    place(tmp_path / "helpers.py", PYTHON)
    linter = DocumentLinter(Settings(root=tmp_path))
    assert found(linter, str(tmp_path / "main.py"), source, "python", call.code) == call.findings


@pytest.mark.parametrize("call", [*BOTH, *IN_SCRIPTS], ids=lambda call: call.code)
@pytest.mark.parametrize("is_imported", [False, True])
def test_typescript(tmp_path: Path, call: Call, is_imported: bool) -> None:
    above = f'import {{ {script_names()} }} from "./helpers";\n' if is_imported else SCRIPT
    source = (
        'import Browserbase from "@browserbasehq/sdk";\n'
        f"{above}const bb = new Browserbase();\n"
        f"function run(tag: string, count: string) {{\n  const query = {call.code};\n}}\n"
    )
    place(tmp_path / "helpers.ts", SCRIPT)
    linter = DocumentLinter(Settings(root=tmp_path))
    assert found(linter, str(tmp_path / "main.ts"), source, "typescript", call.code) == call.findings


# --- where a helper is found -------------------------------------------------------------------

FILL = "def fill(template, tag):\n    return template.replace('TAG', tag)\n"
CALL = """{}("user_metadata['a']:'TAG'", tag)"""


@pytest.mark.parametrize(
    ("files", "path", "imports", "function"),
    [
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "from .text import fill", "fill"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "from .text import fill as f", "f"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "from . import text", "text.fill"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/sub/main.py", "from ..text import fill", "fill"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "from pkg.text import fill", "fill"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "from pkg import text", "text.fill"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "import pkg.text", "pkg.text.fill"),
        (["pkg/__init__.py", "pkg/text.py"], "pkg/main.py", "import pkg.text as t", "t.fill"),
        (["src/pkg/__init__.py", "src/pkg/text.py"], "tests/test_it.py", "from pkg.text import fill", "fill"),
        (["text.py"], "scripts/run.py", "from text import fill", "fill"),
        (["pkg/text/__init__.py"], "pkg/main.py", "from .text import fill", "fill"),
    ],
)  # fmt: skip
def test_python_is_found_as_python_imports_it(
    tmp_path: Path, files: list[str], path: str, imports: str, function: str
) -> None:
    for name in files:
        place(tmp_path / name, FILL if "text" in name else "")
    call = CALL.format(function)
    source = f"{imports}\ndef run(tag):\n    return {call}\n"
    place(tmp_path / path, source)
    linter = DocumentLinter(Settings(root=tmp_path))
    assert found(linter, str(tmp_path / path), source, "python", call) == [("BBQ401", "tag")]
    # Python itself finds the same function there.
    if not imports.startswith("from ."):
        code = f"{imports}\nassert {function}('TAG', 'x') == 'x'"
        environment = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{tmp_path / 'src'}"}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)


def test_a_package_hands_on_what_it_imports(tmp_path: Path) -> None:
    place(tmp_path / "pkg/__init__.py", "from .api import fill\n")
    place(tmp_path / "pkg/api.py", "from .text import fill_in as fill\n")
    place(tmp_path / "pkg/text.py", FILL.replace("fill", "fill_in"))
    call = CALL.format("fill")
    source = f"from pkg import fill\ndef run(tag):\n    return {call}\n"
    linter = DocumentLinter(Settings(root=tmp_path))
    assert found(linter, str(tmp_path / "main.py"), source, "python", call) == [("BBQ401", "tag")]


@pytest.mark.parametrize(
    ("imports", "function"),
    [
        ('import { fill } from "./lib/text";', "fill"),
        ('import { fill as f } from "./lib/text";', "f"),
        ('import { fill } from "./lib/text.js";', "fill"),  # TypeScript writes the name of what it is compiled to
        ('import { fill } from "./lib";', "fill"),
        ('import { put } from "./lib/index";', "put"),
        ('import * as text from "./lib/text";', "text.fill"),
        ('import make from "./lib/text";', "make"),
        ('import { fill } from "./lib/../lib/text.ts";', "fill"),
    ],
)
def test_scripts_are_found_by_their_relative_path(tmp_path: Path, imports: str, function: str) -> None:
    fill = "function fill(template, tag) { return template.replace('TAG', tag); }\n"
    place(tmp_path / "lib/text.ts", f"export {fill}export default fill;\n")
    place(tmp_path / "lib/index.ts", "export * from './text';\nexport { fill as put } from './text';\n")
    call = CALL.format(function)
    source = f"{imports}\nfunction run(tag: string) {{\n  return {call};\n}}\n"
    linter = DocumentLinter(Settings(root=tmp_path))
    assert found(linter, str(tmp_path / "main.ts"), source, "typescript", call) == [("BBQ401", "tag")]


def test_modules_that_import_one_another_end(tmp_path: Path) -> None:
    place(tmp_path / "a.py", "from b import fill\n")
    place(tmp_path / "b.py", "from a import fill\n")
    place(tmp_path / "a.ts", "export { fill } from './b';\nexport * from './a';\n")
    place(tmp_path / "b.ts", "export { fill } from './a';\n")
    call = CALL.format("fill")
    linter = DocumentLinter(Settings(root=tmp_path))
    source = f"from a import fill\ndef run(tag):\n    return {call}\n"
    assert found(linter, str(tmp_path / "main.py"), source, "python", call) == []
    source = f"import {{ fill }} from './a';\nfunction run(tag: string) {{ return {call}; }}\n"
    assert found(linter, str(tmp_path / "main.ts"), source, "typescript", call) == []


def test_files_that_export_all_of_one_another_end(tmp_path: Path) -> None:
    numbers = range(40)
    for number in numbers:
        exports = "".join([f"export * from './m{other}';\n" for other in numbers])
        place(tmp_path / f"m{number}.ts", exports)
    call = CALL.format("fill")
    source = f"import {{ fill }} from './m0';\nfunction run(tag: string) {{ return {call}; }}\n"
    linter = DocumentLinter(Settings(root=tmp_path))
    assert found(linter, str(tmp_path / "main.ts"), source, "typescript", call) == []


def test_a_helper_that_calls_itself_ends(tmp_path: Path) -> None:
    call = CALL.format("fill")
    source = f"def fill(template, tag):\n    return fill(template + 'TAG', tag)\ndef run(tag):\n    return {call}\n"
    assert found(DocumentLinter(Settings(root=tmp_path)), str(tmp_path / "a.py"), source, "python", call) == []
    source = f"const fill = (t, tag) => fill(t + 'TAG', tag);\nfunction run(tag) {{ return {call}; }}\n"
    assert found(DocumentLinter(Settings(root=tmp_path)), str(tmp_path / "a.js"), source, "javascript", call) == []


class Chain(NamedTuple):
    """How a language imports a function and defines one, and a query with the result of `f0`."""

    suffix: str
    imports: str
    defines: str
    query: str
    hole: str


CHAINS = {
    "python": Chain(
        "py",
        "from m{0} import f{0}\n",
        "def f{}(x):\n    return {}\n",
        "q = f\"user_metadata['a']:'{f0(1)}'\"\n",
        "f0(1)",
    ),
    "typescript": Chain(
        "ts",
        "import {{ f{0} }} from './m{0}';\n",
        "export function f{}(x) {{ return {}; }}\n",
        "const q = `user_metadata['a']:'${f0(1)}'`;\n",
        "${f0(1)}",
    ),
}


def _place_chain(folder: Path, chain: Chain, returned: dict[int, list[int]]) -> None:
    """Write a file for each function, which returns what some others do, or a number."""
    for number, others in returned.items():
        imports = "".join(map(chain.imports.format, others))
        results = " + ".join([f"f{other}(x)" for other in others]) or "1"
        place(folder / f"m{number}.{chain.suffix}", imports + chain.defines.format(number, results))


def _found_of_first(folder: Path, language: str) -> list[tuple[str, str]]:
    chain = CHAINS[language]
    source = chain.imports.format(0) + chain.query
    linter = DocumentLinter(Settings(root=folder))
    return found(linter, str(folder / f"main.{chain.suffix}"), source, language, chain.hole)


@pytest.mark.parametrize("language", CHAINS)
def test_functions_that_return_one_another_s_results_end(tmp_path: Path, language: str) -> None:
    """Each file is read once, however many ways lead to it. No result is known to hold no quote."""
    chain, numbers = CHAINS[language], range(12)
    _place_chain(tmp_path, chain, {each: [other for other in numbers if other != each] for each in numbers})
    assert _found_of_first(tmp_path, language) == [("BBQ401", chain.hole)]


@pytest.mark.parametrize("language", CHAINS)
@pytest.mark.parametrize(("steps", "is_known"), [(5, True), (500, False)])
def test_results_are_followed_through_so_many_files(tmp_path: Path, language: str, steps: int, is_known: bool) -> None:
    chain = CHAINS[language]
    _place_chain(tmp_path, chain, {each: [each + 1] if each < steps else [] for each in range(steps + 1)})
    assert _found_of_first(tmp_path, language) == ([] if is_known else [("BBQ401", chain.hole)])


def test_nothing_outside_of_the_project_is_read(tmp_path: Path) -> None:
    project = tmp_path / "project"
    place(tmp_path / "text.py", FILL)
    place(tmp_path / "text.ts", "export const fill = (t, tag) => t.replace('TAG', tag);")
    place(project / "pkg/__init__.py", "")
    imported = ImportedSources(str(project / "pkg/main.py"), str(project), 1_000_000)
    assert imported.needs is None
    assert imported.python_module(0, "text") is None
    assert imported.python_module(3, "text") is None
    assert imported.script("../../text") is None
    assert imported.script("/text") is None
    assert imported.script("text") is None
    assert imported.needs
    assert all(Path(path).is_relative_to(project) for path in imported.needs)


@pytest.mark.parametrize("content", [b"def fill(\n", b"\xff\xfe\xff", b"\x00", b"x = '\n"])
def test_an_import_that_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text.py").write_bytes(content)
    (tmp_path / "text.ts").write_bytes(content)
    call = CALL.format("fill")
    linter = DocumentLinter(Settings(root=tmp_path))
    source = f"from text import fill\ndef run(tag):\n    return {call}\n"
    assert found(linter, str(tmp_path / "main.py"), source, "python", call) == []
    source = f"import {{ fill }} from './text';\nfunction run(tag: string) {{ return {call}; }}\n"
    assert found(linter, str(tmp_path / "main.ts"), source, "typescript", call) == []


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    place(tmp_path / "text.py", FILL)
    assert ImportedSources(str(tmp_path / "a.py"), str(tmp_path), len(FILL)).python_module(0, "text")
    assert ImportedSources(str(tmp_path / "a.py"), str(tmp_path), len(FILL) - 1).python_module(0, "text") is None


# --- what is remembered ------------------------------------------------------------------------


def test_the_cache_knows_what_a_finding_depends_on(tmp_path: Path) -> None:
    main = f"from text import fill\ndef run(tag):\n    return {CALL.format('fill')}\n"
    for folder in ("a", "b"):  # the same bytes in two places
        place(tmp_path / folder / "main.py", main)
    settings = Settings(root=tmp_path)

    def codes() -> dict[str, list[str]]:
        cache = Cache(tmp_path / "cache")
        report = run_linter([str(tmp_path / "a"), str(tmp_path / "b")], settings, cache=cache, processes=1)
        return {
            Path(file.path).parent.name: [each.code for each in file.findings] for file in report.files if file.findings
        }

    assert codes() == {}
    place(tmp_path / "a/text.py", FILL)
    assert codes() == codes() == {"a": ["BBQ401"]}
    place(tmp_path / "text.py", FILL)
    assert codes() == codes() == {"a": ["BBQ401"], "b": ["BBQ401"]}
    place(tmp_path / "a/text.py", "def fill(template, tag):\n    return template\n")
    assert codes() == codes() == {"b": ["BBQ401"]}
    (tmp_path / "text.py").unlink()
    assert codes() == codes() == {}


def test_the_cache_knows_of_which_project_a_file_is(tmp_path: Path) -> None:
    place(tmp_path / "text.py", FILL)
    main = place(tmp_path / "a/main.py", f"from text import fill\ndef run(tag):\n    return {CALL.format('fill')}\n")
    for root, found_there in ((tmp_path / "a", 0), (tmp_path, 1), (tmp_path / "a", 0)):
        report = run_linter([main], Settings(root=root), cache=Cache(tmp_path / "cache"), processes=1)
        assert sum(len(file.findings) for file in report.files) == found_there


def test_the_linter_of_an_editor_looks_too(tmp_path: Path) -> None:
    place(tmp_path / "text.py", FILL)
    source = f"from text import fill\ndef run(tag):\n    return {CALL.format('fill')}\n"
    linter = Linter(tmp_path)
    assert [each.code for each in linter.check(source, path=tmp_path / "main.py").findings] == ["BBQ401"]
    assert linter.check(source, language="python").findings == []


def test_fixes_and_suppressions_reach_it(tmp_path: Path) -> None:
    from bbquery.lint.added_suppressions import suppress_findings

    place(tmp_path / "text.py", FILL)
    source = textwrap.dedent(
        f"""\
        from text import fill
        def run(tag):
            return {CALL.format("fill")}
        """
    )
    linter = DocumentLinter(Settings(root=tmp_path)).for_file(str(tmp_path / "main.py"))
    enabled = linter.settings.enabled
    suppressed = suppress_findings(source, "python", linter, enabled, reason="known")
    assert "# bbquery: ignore[BBQ401]" in suppressed.text
    assert linter.check(suppressed.text, "python", enabled) == []
