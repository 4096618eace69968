"""A value that can hold no quote is no injection (BBQ401); one that may is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from bbquery.lint.extractors import extract
from bbquery.lint.extractors.quote_free_text import is_quote_free_pattern, removes_quotes


def codes(source: str, language: str) -> list[str]:
    return [finding.code for finding in extract(source, language).findings]


# Each is put into `def f(x: Any, y): … f"user_metadata['k']:'{HOLE}'"` below what comes before the broken bar.
PYTHON_FREE = """
int(x)
len(x)
round(x, 2)
uuid4()
uuid.uuid4()
uuid.uuid4().hex
datetime.now().isoformat()
hashlib.sha256(x).hexdigest()
secrets.token_hex(8)
time.time_ns()
os.getpid()
str(os.getpid())
str(uuid4())[:8]
x.count - 1
x // 2
int(x) + 1
not x
x == y
"a" if x else "b"
x > 1 and "a"
{"a": "b"}[x]
re.sub(r"[^a-z0-9]", "", x)
re.sub(r"\\W+", "-", x).lower()
re.compile("[^a-z]").sub("_", x)
Status.RUNNING
Status.RUNNING.value
f"{int(x)}-{uuid4()}"
n = 5 ¦ n
n = 5; n += 1 ¦ n
n = uuid4() ¦ n
n = "plain" ¦ n
n = "a" if x else "b" ¦ n
n = str(int(x)) ¦ n
n: int = x ¦ n
n: Literal["a", "b"] = x ¦ n
n: Optional[UUID] = x ¦ n
n: "int | None" = x ¦ n
n: Status = x ¦ n
n: Kind = x ¦ n
for n in ("a", "b"): pass ¦ n
for n in NAMES: pass ¦ n
for n in range(5): pass ¦ n
for n in Status: pass ¦ n
assert x.isalnum() ¦ x
if not x.isalnum(): raise ValueError ¦ x
if not re.fullmatch(r"[\\w-]+", x): return ¦ x
if not re.match(r"^[a-z]+$", x): raise ValueError ¦ x
if not NAME.fullmatch(x): raise ValueError ¦ x
if re.fullmatch("[a-z]+", x) is None: raise ValueError ¦ x
if x is None or not x.isdigit(): raise ValueError ¦ x
if x not in NAMES: raise ValueError ¦ x
if x not in ("a", "b"): raise ValueError ¦ x
if x != "a": raise ValueError ¦ x
x if x.isalnum() else "none"
if not x.tag.isalnum(): raise ValueError ¦ x.tag
"""
PYTHON_NOT_FREE = """
x
str(x)
y.name
x + "a"
x.lower()
x["a"]
f(x)
repr(int(x))
uuid4
input()
"it's" if x else "b"
f"{x}"
x or "b"
re.sub("[a-z]", "", x)
re.sub(r"[^a-z']", "", x)
re.sub(r"[^a-z]", "'", x)
Color.RED
n = "it's" ¦ n
n = 5; n = x ¦ n
n = 5; n += x ¦ n
n: str = x ¦ n
n: "int | str" = x ¦ n
n: Literal["it's"] = x ¦ n
n: Unknown = x ¦ n
for n in x: pass ¦ n
for n in ("a", "it's"): pass ¦ n
for n, m in (("a", "b"),): pass ¦ n
with x as n: pass ¦ n
assert y.isalnum() ¦ x
assert x.isalnum, "always true" ¦ x
if x.isalnum(): raise ValueError ¦ x
if not x.isalnum(): pass ¦ x
if not x.isalnum() and y: raise ValueError ¦ x
if not re.fullmatch(r"[\\w']+", x): raise ValueError ¦ x
if not re.match(r"[a-z]+", x): raise ValueError ¦ x
if not re.search(r"^a|b$", x): raise ValueError ¦ x
if not re.search(r"^[a-z]+$", x, re.M): raise ValueError ¦ x
if not re.match(r"(?m)[a-z]+$", x): raise ValueError ¦ x
if not re.compile(r"^[a-z]+$", re.M).search(x): raise ValueError ¦ x
if x != "a" and y: raise ValueError ¦ x
if not re.fullmatch(r".+", x): raise ValueError ¦ x
if not re.fullmatch(r"[^a]+", x): raise ValueError ¦ x
if x not in y: raise ValueError ¦ x
if not x.isalnum(): raise ValueError; x = y ¦ x
"a" if x.isalnum() else x
if not x.tag.isalnum(): raise ValueError ¦ x.name
"""


def python(line: str) -> str:
    before, _, hole = line.rpartition(" ¦ ")
    return f"""
import hashlib, os, re, secrets, time, uuid
from datetime import datetime
from enum import Enum
from typing import Literal, Optional
from uuid import UUID, uuid4
NAMES = ("a", "b")
NAME = re.compile("[a-z]+")
Kind = Literal["a", "b"]
class Status(Enum):
    RUNNING = "running"
    DONE = 2
class Color(Enum):
    RED = "it's red"
def f(x, y):
    {before}
    return client(f"user_metadata['k']:'{{{hole.strip()}}}'")
"""


@pytest.mark.parametrize("line", PYTHON_FREE.strip().splitlines())
def test_python_that_holds_no_quote(line: str) -> None:
    assert codes(python(line.replace("\\\\", "\\")), "python") == []


@pytest.mark.parametrize("line", PYTHON_NOT_FREE.strip().splitlines())
def test_python_that_may_hold_a_quote(line: str) -> None:
    assert "BBQ401" in codes(python(line.replace("\\\\", "\\")), "python")


def test_python_names_are_followed_by_scope() -> None:
    query = "    return client(f\"user_metadata['k']:'{n}'\")\n"
    outer = "n = 5\n"
    assert codes(f"{outer}def f():\n{query}", "python") == []
    assert codes(f"{outer}def f(n):\n{query}", "python") == ["BBQ401"]
    assert codes(f"def g(n): pass\n{outer}def f():\n{query}", "python") == []
    assert codes(f"{outer}class A:\n  n = x\n  def f(self):\n  {query}", "python") == []
    assert codes(f"n = x\ndef f(n: int):\n  def g():\n  {query}", "python") == []
    assert codes(f"{outer}def f():\n    global n\n    n = x\n{query}", "python") == ["BBQ401"]
    assert codes(f"{outer}def g():\n    global n\n    n = x\ndef f():\n{query}", "python") == ["BBQ401"]
    inline = query.replace("return ", "return [").replace("\n", " for n in ITEMS]\n")
    assert codes(f"def f():\n{inline.replace('ITEMS', '(1, 2)')}", "python") == []
    assert codes(f"def f():\n{inline.replace('ITEMS', 'x')}", "python") == ["BBQ401"]
    assert codes(f"int = x\ndef f(y):\n{query.replace('{n}', '{int(y)}')}", "python") == ["BBQ401"]


TYPESCRIPT_FREE = """
Number(x)
Date.now()
crypto.randomUUID()
randomUUID()
uuid()
new Date().toISOString()
createHash("sha256").update(x).digest("hex")
buffer.toString("hex")
Math.random().toString(36).slice(2)
process.pid
x.length
x - 1
1 + 2
x === y
!x
a ? "b" : "c"
"b" ?? "c"
x.replace(/[^a-z0-9]/gi, "")
x.replaceAll(/\\W/g, "_").toLowerCase()
Status.Running
String(5)
`${Number(x)}-${Date.now()}`
const n = 5; ¦ n
let n = 5; n += 1; n++; ¦ n
const n = "plain"; ¦ n
const n = a ? "b" : "c"; ¦ n
const n = crypto.randomUUID(); ¦ n
let n: number = x; ¦ n
let n: "a" | "b" = x; ¦ n
let n: Kind = x; ¦ n
let n: Status = x; ¦ n
let n: number | undefined; ¦ n
for (const n of ["a", "b"]) {} ¦ "x"
if (!/^[\\w-]+$/.test(x)) throw new Error("x"); ¦ x
if (!/^[\\w-]+$/.test(x)) { log(x); return; } ¦ x
if (!x || !NAME.test(x)) { return; } ¦ x
if (!["a", "b"].includes(x)) return; ¦ x
if (!NAMES.includes(x)) return; ¦ x
assert(/^[a-z]+$/.test(x)); ¦ x
/^[a-z]+$/.test(x) ? x : "none"
if (!/^[\\w-]+$/.test(x.tag)) throw new Error("x"); ¦ x.tag
"""
TYPESCRIPT_NOT_FREE = """
x
String(x)
x + "a"
x.name
x.toLowerCase()
f(x)
encodeURIComponent(x)
a ? "it's" : "c"
x ?? "c"
x.replace(/[^a-z]/, "")
x.replace(/[a-z]/g, "")
x.replace(/[^a-z']/g, "")
x.replace(/[^a-z]/g, "'")
x.replace(/[^a-z]/g, y)
Color.Red
`${x}`
randomUUID2()
let n = 5; n = x; ¦ n
let n = x; ¦ n
let n: string = "a"; ¦ n
let n: "it's" = x; ¦ n
let n: Missing = x; ¦ n
const { n } = x; ¦ n
const [n] = x; ¦ n
if (!/^[\\w-]+$/.test(y)) throw new Error("x"); ¦ x
if (/^[\\w-]+$/.test(x)) throw new Error("x"); ¦ x
if (!/^[\\w-]+/.test(x)) throw new Error("x"); ¦ x
if (!/^[\\w']+$/.test(x)) throw new Error("x"); ¦ x
if (!/^[\\w-]+$/m.test(x)) throw new Error("x"); ¦ x
if (!/^[\\w-]+$/.test(x)) log(x); ¦ x
if (!/^[\\w-]+$/.test(x)) throw new Error("x"); x = y; ¦ x
/^[a-z]+$/.test(x) ? "none" : x
if (!/^[\\w-]+$/.test(x.tag)) throw new Error("x"); ¦ x.name
"""


def typescript(line: str) -> str:
    before, _, hole = line.rpartition(" ¦ ")
    return f"""
import {{ createHash, randomUUID }} from "node:crypto";
import {{ v4 as uuid }} from "uuid";
import {{ randomUUID2 }} from "./crypto";
const NAMES = ["a", "b"];
const NAME = /^[a-z]+$/;
type Kind = "a" | "b" | undefined;
enum Status {{ Running = "running", Done = 2 }}
enum Color {{ Red = "it's red" }}
function f(x, y, a) {{
  {before}
  return client(`user_metadata['k']:'${{{hole.strip()}}}'`);
}}
"""


@pytest.mark.parametrize("line", TYPESCRIPT_FREE.strip().splitlines())
def test_typescript_that_holds_no_quote(line: str) -> None:
    assert codes(typescript(line.replace("\\\\", "\\")), "typescript") == []


@pytest.mark.parametrize("line", TYPESCRIPT_NOT_FREE.strip().splitlines())
def test_typescript_that_may_hold_a_quote(line: str) -> None:
    assert "BBQ401" in codes(typescript(line.replace("\\\\", "\\")), "typescript")


def test_typescript_names_are_followed_by_scope() -> None:
    query = "client(`user_metadata['k']:'${n}'`)"
    assert codes(f"const n = 5; function f() {{ {query} }}", "typescript") == []
    assert codes(f"const n = 5; function f(n) {{ {query} }}", "typescript") == ["BBQ401"]
    assert codes(f"const n = 5; const f = n => {query}", "javascript") == ["BBQ401"]
    assert codes(f"function g(n) {{}} const n = 5; {query}", "javascript") == []
    assert codes(f"for (const n of ['a']) {{ {query} }}", "javascript") == []
    assert codes(f"for (const n of ['a', x]) {{ {query} }}", "javascript") == ["BBQ401"]
    assert codes(f"for (const n in x) {{ {query} }}", "javascript") == ["BBQ401"]
    assert codes(f"try {{}} catch (n) {{ {query} }}", "javascript") == ["BBQ401"]
    assert codes(f"if (a) {{ var n = x }} {query}", "javascript") == ["BBQ401"]
    for assigned in (
        "[n] = x",
        "({ n } = x)",
        "({ a: n } = x)",
        "[, ...n] = x",
        "for (n of x) {}",
        "for ([n] of x) {}",
    ):
        assert codes(f"function f() {{ let n = 5; {assigned}; {query} }}", "javascript") == ["BBQ401"], assigned
    assert codes(f"const n = 5; {{ const {{ n }} = x; {query} }}", "javascript") == ["BBQ401"]
    assert codes(f"const n = 5; {{ const {{ n }} = x; }} {query}", "javascript") == []


PATTERNS = st.lists(
    st.sampled_from(
        [
            *("^", "$", "\\w", "\\W", "[a-z]", "[^a]", "[\\w'-]", "[!-~]", "a", ".", "'", "\\'", "(", ")", "|", "+"),
            *("*", "\\A", "\\Z", "(?:", "?", "{2}", "\\d", "\\S", "[^\\w\\s]", '"', "\\\\", "[]a]", "-", "(?i)"),
            *("(?!", "\\b", "(?m)"),
        ]
    ),
    max_size=8,
).map("".join)


@examples(600)
@given(PATTERNS, st.text("ab_-'\"\\\n1", max_size=4), st.booleans())
def test_a_pattern_for_texts_without_quotes_matches_no_other(pattern: str, text: str, anchored: bool) -> None:
    if not is_quote_free_pattern(pattern, anchored=anchored):
        return
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    if compiled.fullmatch(text) if anchored else compiled.search(text):
        assert not set(text) & set("'\"\\")


@examples(600)
@given(PATTERNS, st.text("ab_-'\"\\\n1", max_size=6))
def test_what_removes_quotes_leaves_none(pattern: str, text: str) -> None:
    if removes_quotes(pattern):
        assert not set(re.sub(pattern, "", text)) & set("'\"\\")
