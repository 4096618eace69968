"""Valid and invalid configurations."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbquery.errors import BuildError
from bbquery.lint.rule_registry import RULES, select_rules
from bbquery.lint.settings import Settings, load_settings

DEFAULT = {code for code, rule in RULES.items() if rule.default}


def below(start: str) -> set[str]:
    return {code for code in RULES if code.startswith(start)}


# --- selectors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "ignore", "extend", "on"),
    [
        (None, [], [], DEFAULT),
        ([], [], [], set()),
        (["ALL"], [], [], set(RULES)),
        (["BBQ2"], [], [], below("BBQ2")),
        (["unquotable"], [], [], {"BBQ103"}),
        (None, [], ["BBQ208"], DEFAULT | {"BBQ208"}),
        (None, [], ["mixed-and-or"], DEFAULT | {"BBQ208"}),
        (None, ["ALL"], [], set()),
        (None, ["ALL"], ["BBQ1"], below("BBQ1")),
        (["BBQ2"], ["BBQ20"], ["BBQ201"], {"BBQ201"}),
        (["ALL"], ["BBQ2"], ["BBQ2"], set(RULES) - below("BBQ2")),
        (["BBQ103"], ["unquotable"], [], set()),
        (["BBQ103"], ["BBQ10"], [], {"BBQ103"}),
        (["BBQ10"], ["BBQ103"], [], below("BBQ10") - {"BBQ103"}),
        ([], ["BBQ1"], ["BBQ"], set(RULES) - below("BBQ1")),
    ],
)
def test_of_two_selectors_the_more_specific_counts(
    select: list[str] | None, ignore: list[str], extend: list[str], on: set[str]
) -> None:
    assert select_rules(select, ignore, extend) == on


@pytest.mark.parametrize(
    ("selector", "near"),
    [
        ("bbq103", "did you mean BBQ103"),
        ("BBQ999", "did you mean BBQ"),
        ("unquotabel", "did you mean unquotable"),
        ("all", "did you mean ALL"),
        ("", "a selector is a code"),
        ("E501", "a selector is a code"),
        ("x" * 10_000, "a selector is a code"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_selector_that_names_nothing_is_an_error_with_the_nearest(selector: str, near: str, place: int) -> None:
    arguments: list[list[str]] = [[], [], []]
    arguments[place] = [selector]
    with pytest.raises(BuildError) as caught:
        select_rules(*arguments)
    assert caught.value.code == "unknown-rule"
    assert near in str(caught.value)
    assert len(str(caught.value)) < 200


selectors = st.lists(st.sampled_from(["ALL", "BBQ", "BBQ1", "BBQ20", *RULES, "unquotable"]), max_size=4)


@given(selectors, selectors, selectors)
def test_selection_does_not_depend_on_order(select: list[str], ignore: list[str], extend: list[str]) -> None:
    backwards = select_rules(select[::-1], ignore[::-1], extend[::-1])
    assert select_rules(select, ignore, extend) == backwards == select_rules(extend, ignore, select)
    assert not backwards & {code for code in RULES if code in ignore}


# --- where the configuration is ----------------------------------------------------------------


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_the_nearest_configuration_counts_and_bbquery_toml_before_pyproject(tmp_path: Path) -> None:
    deep = tmp_path / "a/b/c"
    deep.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert load_settings(deep) == Settings(root=deep)
    outer = write(tmp_path / "pyproject.toml", "[tool.bbquery]\ndialect = 'wire'")
    write(tmp_path / "a/b/pyproject.toml", "[tool.ruff]\n[project]\nname = 'bbquery'")  # says nothing about us
    assert (load_settings(deep).source, load_settings(deep).root, load_settings(deep).dialect) == (
        outer,
        tmp_path,
        "wire",
    )
    inner = write(tmp_path / "a/bbquery.toml", "")
    assert (load_settings(deep).source, load_settings(deep).dialect) == (inner, "full")
    write(tmp_path / "a/pyproject.toml", "[tool.bbquery]\nselect = []")
    assert load_settings(deep).source == inner
    assert load_settings(deep, outer).source == outer


def test_nothing_is_looked_for_outside_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path / "bbquery.toml", "dialect = 'wire'")
    repository = tmp_path / "repository"
    write(repository / ".git", "gitdir: elsewhere")  # a file, as in a work tree or a submodule
    assert load_settings(repository).source is None
    assert load_settings(tmp_path).dialect == "wire"


def test_a_pyproject_that_is_broken_elsewhere_is_left_to_others(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.ruff\n")
    (tmp_path / ".git").mkdir()
    assert load_settings(tmp_path).source is None
    assert load_settings(tmp_path, tmp_path / "pyproject.toml").source == tmp_path / "pyproject.toml"


def test_paths_are_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path / "schemas/m.json", '\ufeff{"type": "object"}')
    write(tmp_path / "bbquery.toml", "schema = 'schemas/../schemas/m.json'")
    settings = load_settings(tmp_path)
    assert settings.schema == tmp_path / "schemas/m.json"
    assert settings.schema_json == {"type": "object"}


# --- what it says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("selct = []", 1, "there is no key 'selct'; did you mean select"),
        ("extend_select = []", 1, "did you mean extend-select"),
        ("# a\n\nselect = 'ALL'", 3, "select must be a list of strings"),
        ("select = [1]", 1, "select must be a list of strings"),
        ("select = ['BBQ1O3']", 1, "select: there is no rule 'BBQ1O3'; did you mean BBQ103"),
        ("dialect = 'wired'", 1, 'dialect must be "full" or "wire"'),
        ("dialect = ['wire']", 1, 'dialect must be "full" or "wire"'),
        ("schema = 1", 1, "schema must be a path"),
        ("schema = ''", 1, "schema must be a path"),
        ('schema = "a\\u0000b"', 1, "schema must be a path"),
        ("exclude = ['[z-a]']", 1, "exclude must be a list of patterns"),
        ("include = ['!']", 1, "include must be a list of patterns"),
        ("max-file-size = true", 1, "max-file-size must be a number of bytes"),
        ("max-file-size = 0", 1, "max-file-size must be a number of bytes"),
        ("max-file-size = 1.5", 1, "max-file-size must be a number of bytes"),
        ("respect-gitignore = 1", 1, "respect-gitignore must be true or false"),
        ("select = []\r\nforce-exclude = 'no'", 2, "force-exclude must be true or false"),
        ("per-file-ignores = []", 1, "per-file-ignores must be a table"),
        ("\n[per-file-ignores]\n'*.py' = 'ALL'", 2, "per-file-ignores must be a list of strings"),
        ("[per-file-ignores]\n'*.py' = ['none']", 1, "there is no rule 'none'"),
        ("per-file-ignores.'*.py' = 1", 1, "per-file-ignores must be a list of strings"),
        ("[per_file_ignores]", 1, "did you mean per-file-ignores"),
        ("[linter]\nselect = []", 1, "there is no key 'linter'"),
        ("zzz = 1", 1, "the keys are select ignore"),
    ],
)
@pytest.mark.parametrize("name", ["bbquery.toml", "pyproject.toml"])
def test_a_mistake_is_an_error_with_file_line_key_and_what_to_write(
    tmp_path: Path, name: str, text: str, line: int, words: str
) -> None:
    if name == "pyproject.toml":
        text = "[project]\nselect = 1\n\n[tool.bbquery]\n" + text.replace("[per", "[tool.bbquery.per")
        text, line = text.replace("[linter", "[tool.bbquery.linter"), line + 4
    path = write(tmp_path / name, text)
    with pytest.raises(BuildError) as caught:
        load_settings(tmp_path)
    assert caught.value.code == "bad-config"
    assert f"{path}:{line}: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bbquery.toml", b"select = [", "is not TOML"),
        ("bbquery.toml", b"\xff", "is not TOML"),
        ("bbquery.toml", b"a = " + b"[" * 100_000, "is not TOML"),
        ("bbquery.toml", b"[tool.bbquery]", "stand alone, without [tool.bbquery]"),
        ("pyproject.toml", b"[tool]\nbbquery = 1", "tool.bbquery must be a table"),
    ],
)
def test_what_is_no_configuration_says_so(tmp_path: Path, name: str, text: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(text)
    with pytest.raises(BuildError) as caught:
        load_settings(tmp_path)
    assert words in str(caught.value)
    assert caught.value.code == "bad-config"


def test_a_configuration_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="cannot read"):
        load_settings(tmp_path, tmp_path / "none.toml")


def test_the_tables_of_other_commands_are_theirs(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml", "[tool.bbquery]\nselect = ['BBQ1']\n[tool.bbquery.usage]\nanything = {at = 'all'}"
    )
    assert load_settings(tmp_path).select == ("BBQ1",)


@pytest.mark.parametrize("text", ["[1]", "{", "null", "\xff", "[" * 100_000])
def test_a_schema_that_is_none_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BuildError, match=r"s\.json") as caught:
        _ = Settings(schema=tmp_path / "s.json").schema_json
    assert caught.value.code == "bad-config"
    os.truncate(tmp_path / "s.json", (64 << 20) + 1)
    with pytest.raises(BuildError, match="larger than"):
        _ = Settings(schema=tmp_path / "s.json").schema_json
    with pytest.raises(BuildError, match="cannot read"):
        _ = Settings(schema=tmp_path / "none.json").schema_json


# --- what follows from it ----------------------------------------------------------------------


def test_rules_that_could_find_nothing_are_off(tmp_path: Path) -> None:
    assert Settings(select=("ALL",)).enabled == set(RULES) - {"BBQ301", "BBQ302", "BBQ303"}
    assert Settings(select=("ALL",), dialect="wire", schema=tmp_path / "s.json").enabled == set(RULES)


def test_per_file_ignores_are_patterns_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignores = (("tests/", ("BBQ4",)), ("/*.bbq", ("unquotable",)), ("*.py", ("BBQ2", "BBQ1")), ("!x.py", ("ALL",)))
    settings = Settings(root=tmp_path, per_file_ignores=ignores)
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    def off(path: str) -> set[str]:
        return set(settings.enabled - settings.enabled_for(path))

    assert off("../tests/a/b.ts") == below("BBQ4") & settings.enabled
    assert off("../a.bbq") == off(str(tmp_path / "a.bbq")) == {"BBQ103"}
    assert off("a.bbq") == off("a.ts") == set()
    assert off("a.py") == (below("BBQ1") | below("BBQ2")) & settings.enabled
    assert off("../../elsewhere.bbq") == set()


def test_the_command_line_adds_to_the_file_or_replaces_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "select = ['BBQ2']\nignore = ['BBQ206']\nextend-select = ['BBQ1']\nextend-exclude = ['a']"
    base = load_settings(tmp_path, write(tmp_path / "bbquery.toml", text))
    assert base.with_overrides(select=None, dialect=None) == base
    assert base.with_overrides(ignore=["BBQ1"]).enabled == below("BBQ2") - {"BBQ206"}
    assert base.with_overrides(select=["BBQ206"]).enabled == {"BBQ206"}
    assert "BBQ206" in base.with_overrides(extend_select=["BBQ206"]).enabled
    assert base.with_overrides(extend_exclude=["b"]).extend_exclude == ("a", "b")
    assert base.with_overrides(schema="s.json").schema == tmp_path / "s.json"
    assert base.with_overrides(dialect="wire", max_file_size=5, force_exclude=True).dialect == "wire"
    with pytest.raises(BuildError, match="did you mean BBQ206") as caught:
        base.with_overrides(select=["BBQ2O6"])
    assert caught.value.code == "bad-config"
    with pytest.raises(BuildError, match="dialect must be"):
        base.with_overrides(dialect="wired")


def test_the_fingerprint_is_of_all_that_findings_depend_on(tmp_path: Path) -> None:
    schema = write(tmp_path / "s.json", '{"a": 1, "b": 2}')
    on = Settings().enabled

    def key(settings: Settings, enabled: frozenset[str] = on) -> str:
        return pickle.loads(pickle.dumps(settings)).fingerprint(enabled)  # type: ignore[no-any-return]  # of any type

    first = key(Settings(schema=schema))
    keys = {key(Settings()), key(Settings(dialect="wire")), key(Settings(), on - {"BBQ103"}), first}
    assert len(keys) == 4
    assert key(Settings(root=tmp_path, exclude=("a",), max_file_size=1)) in keys
    write(schema, '{"b": 2, "a": 1}')
    assert key(Settings(schema=schema)) == first
    write(schema, '{"b": 2, "a": 3}')
    assert key(Settings(schema=schema)) not in keys


def test_settings_go_to_other_processes_even_when_used() -> None:
    settings = Settings(per_file_ignores=(("*.py", ("BBQ2",)),))
    settings.enabled_for("a.py")
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(Settings(per_file_ignores=settings.per_file_ignores))


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
codes = st.lists(st.sampled_from(["ALL", "BBQ2", *RULES, "unquotable"]), max_size=3).map(tuple)
patterns = st.lists(words.map(lambda word: f"x{word}".replace("[", "").replace("\\", "")), max_size=3).map(tuple)


@given(
    st.builds(
        Settings,
        select=st.none() | codes,
        ignore=codes,
        extend_select=codes,
        dialect=st.sampled_from(["full", "wire"]),
        schema=st.none() | words.map(lambda word: Path(os.path.normpath(f"/s{word}".replace("\0", "")))),
        include=patterns,
        exclude=patterns,
        extend_exclude=patterns,
        per_file_ignores=st.dictionaries(patterns.map(lambda found: found[0] if found else "*"), codes).map(
            lambda table: tuple(table.items())
        ),
        max_file_size=st.integers(1, 2**40),
        respect_gitignore=st.booleans(),
        force_exclude=st.booleans(),
    )
)
def test_what_describe_prints_says_the_same_when_it_is_read(settings: Settings) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "bbquery.toml", settings.describe())
        assert load_settings(path.parent) == replace(settings, root=path.parent)


def test_describe_says_where_the_settings_are_from(tmp_path: Path) -> None:
    path = write(tmp_path / "bbquery.toml", "select = ['BBQ103']")
    text = load_settings(tmp_path).describe()
    assert str(path) in text.splitlines()[0]
    assert "# rules that are on: BBQ103" in text
    assert "no configuration was found" in Settings().describe()
