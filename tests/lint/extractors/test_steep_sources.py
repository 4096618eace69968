"""A few lines that stand for thousands of millions, or lead back to themselves, are read in a moment.

Where that takes too many steps, nothing is known, and no more than that is said.
"""

from __future__ import annotations

import pytest
from support.source_spelling import said

QUERY = "user_metadata['a']:'b'"
DOUBLED = ".replace('a', 'aa')" * 25


def steps(first: str, each: str, last: str, count: int = 25) -> str:
    """Return a first line, one for each further step, where «n» is its number and «p» the one before, and a last."""
    lines = [each.replace("«n»", str(n)).replace("«p»", str(n - 1)) for n in range(1, count + 1)]
    return "\n".join([first, *lines, last.replace("«n»", str(count)), ""])


PYTHON = {
    "sums": steps("x0 = 5", "x«n» = x«p» + x«p»", "q = f\"user_metadata['a']:'{x«n»}'\""),
    "f-strings": steps("x0 = 5", f'x«n» = f"{"{x«p»}" * 20}"', "q = f\"user_metadata['a']:'{x«n»}'\"", 6),
    "calls": steps("x0 = 5", f"x«n» = max({'x«p», ' * 20})", "q = f\"user_metadata['a']:'{x«n»}'\"", 8),
    "types": steps(
        'T0 = Literal["a"]',
        f"T«n» = Union[{'T«p», ' * 10}]",
        "def f(x: T«n»):\n    q = f\"user_metadata['a']:'{x}'\"",
        8,
    ),
    "functions": steps(
        "def x0(a):\n    return 5",
        "def x«n»(a):\n    return x«p»(a) + x«p»(a)",
        "q = f\"user_metadata['a']:'{x«n»(1)}'\"",
    ),
    "checks": steps(
        "def f(x0):", "    assert x«p» == x«n»\n" * 8, "    q = f\"user_metadata['a']:'{x0}'\"", 10
    ),
    "a function that calls itself": "def f(x):\n    return f(x)\nq = f\"user_metadata['a']:'{f(1)}'\"\n",
    "replacements in a helper": f"def f(t):\n    return t{DOUBLED}\nq = f(\"{QUERY}\")\n",
    "a long row of replacements": f"q = \"{QUERY}\"{'.replace(A, x)' * 2_000}\n".replace("A", "'a'"),
    "constants of constants": steps(f'X0 = "{QUERY}"', "X«n» = X«p»", "q = X«n»", 1_000),
}  # fmt: skip
PYTHON_FINDINGS = {
    "sums": ["BBQ401"],
    "functions": ["BBQ401"],
    "checks": ["BBQ401"],
    "a function that calls itself": ["BBQ401"],
}

SCRIPTS = {
    "sums": steps("const x0 = 5;", "const x«n» = x«p» + x«p»;", "const q = `user_metadata['a']:'${x«n»}'`;"),
    "templates": steps(
        "const x0 = 5;", f"const x«n» = `{'${x«p»}' * 20}`;", "const q = `user_metadata['a']:'${x«n»}'`;", 6
    ),
    "functions": steps(
        "function x0(a) { return 5; }",
        "function x«n»(a) { return x«p»(a) + x«p»(a); }",
        "const q = `user_metadata['a']:'${x«n»(1)}'`;",
    ),
    "types": steps(
        'type T0 = "a";',
        f"type T«n» = {' | '.join(['T«p»'] * 10)};",
        "function f(x: T«n») { const q = `user_metadata['a']:'${x}'`; }",
        8,
    ),
    "checks of one another": "function f(a, b) {"
    " if (a === b) { if (b === a) { const q = `user_metadata['x']:'${a}'`; } } }\n",
    "replacements": f"const q = \"{QUERY}\"{DOUBLED};\n",
    "replacements in a helper": f"const f = (t) => t{DOUBLED};\nconst q = f(\"{QUERY}\");\n",
    "a long row of replacements": f"const q = \"{QUERY}\"{'.replace(A, x)' * 2_000};\n".replace("A", "'a'"),
}  # fmt: skip
SCRIPT_FINDINGS = {
    "sums": ["BBQ401"],
    "functions": ["BBQ401"],
    "types": ["BBQ401"],
    "checks of one another": ["BBQ401"],
}

OTHERS = {
    "ruby": steps('X0 = "a"', 'X«n» = "#{X«p»}#{X«p»}"', "q = \"user_metadata['a']:'#{X«n»}'\""),
    "kotlin": steps(
        'const val X0 = "a"', 'const val X«n» = "$X«p»$X«p»"', "val q = \"user_metadata['a']:'$X«n»'\""
    ),
    "csharp": "class A {\n"
    + steps(
        'const string X0 = "a";',
        'const string X«n» = $"{X«p»}{X«p»}";',
        "string q = $\"user_metadata['a']:'{X«n»}'\";",
    )
    + "}\n",
}  # fmt: skip


def codes(source: str, language: str) -> list[str]:
    return [each.partition(" ")[0] for each in said(source, language) if each.startswith("BBQ4")]


@pytest.mark.parametrize("name", PYTHON)
def test_python(name: str) -> None:
    assert codes(PYTHON[name], "python") == PYTHON_FINDINGS.get(name, [])


@pytest.mark.parametrize("name", SCRIPTS)
def test_typescript(name: str) -> None:
    assert codes(SCRIPTS[name], "typescript") == SCRIPT_FINDINGS.get(name, [])


@pytest.mark.parametrize("language", OTHERS)
def test_constants_of_other_languages(language: str) -> None:
    assert codes(OTHERS[language], language) == ["BBQ401"]


def test_a_constant_may_hold_itself() -> None:
    assert codes("X = \"a#{X}\"\nq = \"user_metadata['a']:'#{X}'\"\n", "ruby") == ["BBQ401"]


def test_a_constant_of_a_constant_is_known() -> None:
    ruby = steps('X0 = "a"', 'X«n» = "#{X«p»}"', "q = \"user_metadata['a']:'#{X«n»}'\"", 20)
    assert codes(ruby, "ruby") == []
