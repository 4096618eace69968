"""`bbquery check` in a project: the nearest configuration, comments and baselines for what is there already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Run

DOUBLE = "user_metadata[\"a\"]:'b'"
LOWER = "user_metadata['a']:'b' and id:'c'"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()


def put(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def found(run: Run, *arguments: str) -> list[str]:
    """The place and the code of each finding."""
    lines = run("check", "--output-format", "concise", *arguments).out.splitlines()
    return [" ".join(line.split(" ")[:2]) for line in lines]


# --- the nearest configuration -----------------------------------------------------------------


def test_the_nearest_configuration_counts_for_each_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put({
        "bbquery.toml": 'ignore = ["BBQ006"]\n', "a.bbq": DOUBLE,
        "sub/bbquery.toml": "extend-select = ['BBQ208']\n", "sub/deep/b.bbq": DOUBLE,
        "other/pyproject.toml": "[tool.ruff]\n", "other/c.bbq": DOUBLE,
        "own/pyproject.toml": "[tool.bbquery]\nexclude = ['gen/']\n", "own/gen/d.bbq": DOUBLE, "own/e.bbq": DOUBLE,
    })  # fmt: skip
    expected = ["own/e.bbq:1:15: BBQ006", "sub/deep/b.bbq:1:15: BBQ006"]
    assert found(run) == expected
    assert found(run, "sub", "own", "a.bbq") == expected
    assert found(run, "sub/deep/b.bbq", "own/gen/d.bbq") == [
        "own/gen/d.bbq:1:15: BBQ006",
        "sub/deep/b.bbq:1:15: BBQ006",
    ]
    assert found(run, "own/gen/d.bbq", "--force-exclude") == []
    assert found(run, "--config", "bbquery.toml") == []
    assert found(run, "--ignore", "BBQ006") == []
    assert 'sub"' in run("check", "--show-settings", "sub").out.splitlines()[0].replace("/bbquery.toml", "")
    monkeypatch.chdir("other")
    assert found(run, "..") == [f"{Path.cwd().parent}/{each}" for each in expected]


def test_files_of_a_nearer_configuration_are_fixed_by_it(run: Run) -> None:
    put({"a.bbq": DOUBLE, "sub/bbquery.toml": "unfixable = ['BBQ006']\n", "sub/b.bbq": DOUBLE})
    assert run("check", "--fix").status == 1
    assert Path("a.bbq").read_text() == "user_metadata['a']:'b'"
    assert Path("sub/b.bbq").read_text() == DOUBLE


def test_a_nearer_configuration_that_is_wrong_is_one_error(run: Run) -> None:
    put({"a.bbq": DOUBLE, "sub/bbquery.toml": "selekt = []\n", "sub/b.bbq": DOUBLE})
    outcome = run("check")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert "sub/bbquery.toml:1: there is no key 'selekt'" in outcome.err


def test_many_files_are_checked_in_other_processes_by_the_nearest_configuration(run: Run) -> None:
    padding = f"# {'x' * 98}\n" * 6_000
    put({f"{folder}/{number}.bbq": f"{DOUBLE}\n{padding}" for folder in ("a", "b") for number in range(8)})
    put({"a/bbquery.toml": 'ignore = ["BBQ006"]\n'})
    assert found(run, "--no-cache") == [f"b/{number}.bbq:1:15: BBQ006" for number in range(8)]


def test_a_configuration_extends_another(run: Run) -> None:
    put({
        "base/bbquery.toml": 'ignore = ["BBQ006"]\nschema = "s.json"\n',
        "base/s.json": '{"additionalProperties": false}',
        "bbquery.toml": 'extend = "base/bbquery.toml"\n', "a.bbq": DOUBLE,
        "sub/pyproject.toml": '[tool.bbquery]\nextend = "../bbquery.toml"\nignore = []\n', "sub/b.bbq": DOUBLE,
    })  # fmt: skip
    assert found(run) == ["a.bbq:1:15: BBQ301", "sub/b.bbq:1:15: BBQ006", "sub/b.bbq:1:15: BBQ301"]


@pytest.mark.parametrize(
    ("extended", "message"),
    [
        ("bbquery.toml", "extend goes on and on"),
        ("nowhere.toml", "cannot read"),
        ("pyproject.toml", "says nothing about bbquery"),
        ("", "extend must be a path"),
    ],
)
def test_a_configuration_that_cannot_be_extended_is_one_error(run: Run, extended: str, message: str) -> None:
    put({"bbquery.toml": f'extend = "{extended}"\n', "pyproject.toml": "[tool.ruff]\n"})
    outcome = run("check")
    assert outcome.status == 2
    assert message in outcome.err


# --- comments for what is there ----------------------------------------------------------------


def test_comments_are_written_for_every_finding(run: Run) -> None:
    put({"a.py": f'x = "{LOWER}"\n', "b.ts": f"const x = `\n{LOWER}`;\n", "c.json": json.dumps({"q": LOWER})})
    outcome = run("check", "--add-ignores", "--reason", "before the audit")
    assert outcome.status == 1, "there is no place for a comment in JSON"
    assert Path("a.py").read_text() == f'x = "{LOWER}"  # bbquery: ignore[BBQ003] before the audit\n'
    assert Path("b.ts").read_text() == f"const x = `\n{LOWER}`; // bbquery: ignore[BBQ003] before the audit\n"
    assert outcome.err.splitlines()[-2] == "2 findings were suppressed"
    assert found(run) == ["c.json:1:31: BBQ003"]


def test_comments_are_shown_and_not_written_with_diff(run: Run) -> None:
    put({"a.py": f'x = "{LOWER}"\n'})
    outcome = run("check", "--add-ignores", "--diff")
    assert '+x = "user_metadata' in outcome.out
    assert Path("a.py").read_text() == f'x = "{LOWER}"\n'
    assert "1 finding would be suppressed" in outcome.err


def test_comments_are_written_to_standard_output_for_standard_input(run: Run) -> None:
    outcome = run("check", "--add-ignores", "-", "--stdin-filename", "a.sh", stdin=f'run "{LOWER}"\n'.encode())
    assert (outcome.status, outcome.out) == (0, f'run "{LOWER}" # bbquery: ignore[BBQ003]\n')


# --- a baseline --------------------------------------------------------------------------------


def test_a_baseline_leaves_only_what_is_new(run: Run) -> None:
    put({"a.bbq": f"{DOUBLE}\n", "b.bbq": f"{LOWER}\n", "bbquery.toml": 'baseline = "known.json"\n'})
    written = run("check", "--write-baseline")
    assert (written.status, written.out) == (0, "")
    first = Path("known.json").read_text()
    assert [each["rule"] for each in json.loads(first)["findings"]] == ["BBQ006", "BBQ003"]
    assert found(run) == []
    put({"a.bbq": f"# moved\n\n{DOUBLE}\n{DOUBLE}\n"})
    assert found(run) == ["a.bbq:4:15: BBQ006"]
    outcome = run("check")
    assert outcome.status == 1
    assert "2 findings of the baseline are left out" in outcome.err
    put({"b.bbq": ""})
    assert "1 finding of the baseline is no longer there" in run("check").err
    assert run("check", "--quiet").err == ""
    run("check", "--write-baseline")
    assert found(run) == []
    put({"a.bbq": f"{DOUBLE}\n", "b.bbq": f"{LOWER}\n"})
    run("check", "--write-baseline")
    assert Path("known.json").read_text() == first, "the same findings are the same file"


def test_fixes_are_made_beside_a_baseline(run: Run) -> None:
    put({"a.bbq": f"{DOUBLE}\n"})
    run("check", "--baseline", "known.json", "--write-baseline")
    put({"a.bbq": f"{DOUBLE}\n{LOWER}\n"})
    assert run("check", "--baseline", "known.json", "--fix").status == 0
    assert Path("a.bbq").read_text() == "user_metadata['a']:'b'\nuser_metadata['a']:'b' AND id:'c'\n"


# --- the rest ----------------------------------------------------------------------------------


def test_quiet_prints_findings_and_errors_alone(run: Run) -> None:
    put({"a.bbq": f"{DOUBLE}\n"})
    outcome = run("check", "--quiet", "--output-format", "concise")
    assert (outcome.out.count("\n"), outcome.err) == (1, "")
    assert run("check", "--quiet", "nowhere").err.startswith("error: nowhere: ")


def test_python_with_lone_carriage_returns_and_a_coding_comment_is_read(run: Run) -> None:
    source = f"# coding: latin-1\rx = 'é'\ry = \"{LOWER}\"  # coding: utf-8\r"
    Path("a.py").write_bytes(source.encode("latin-1"))
    assert found(run) == ["a.py:3:29: BBQ003"]
    Path("b.py").write_bytes(f"x = 1\ry = \"{LOWER}\"\r# coding: latin-1\rz = 'é'\r".encode())
    assert found(run, "b.py") == ["b.py:2:29: BBQ003"]


def test_every_rule_is_printed_as_json_in_the_way_of_ruff(run: Run) -> None:
    assert run("rule", "--all", "--output-format", "json").out == run("rule", "--all", "--json").out
