"""The linter as another tool embeds it."""

from __future__ import annotations

from pathlib import Path

import pytest

import bbquery
from bbquery.lint.rule_pages import rule_address, rule_page
from bbquery.lint.rule_registry import RULES


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "bbquery.toml").write_text('ignore = ["BBQ006"]\n')
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/bbquery.toml").write_text('ignore = ["BBQ003"]\nextension = { txt = "bbq" }\n')
    linter = bbquery.Linter(tmp_path)
    query = "user_metadata['a']:\"a\" and user_metadata['b']:'b'"

    def codes(path: str) -> list[str]:
        return [finding.code for finding in linter.check(query, path=tmp_path / path).findings]

    assert codes("a.bbq") == ["BBQ003"]
    assert codes("inner/a.bbq") == ["BBQ006"]
    assert [finding.code for finding in linter.check(query).findings] == ["BBQ003"]
    fixed = bbquery.Linter(tmp_path, config=tmp_path / "bbquery.toml", select=["BBQ006"])
    assert [finding.code for finding in fixed.check(query, path=tmp_path / "inner/a.bbq").findings] == ["BBQ006"]


def test_a_language_is_told_by_the_path_or_by_the_editor(tmp_path: Path) -> None:
    linter = bbquery.Linter(tmp_path)
    source = "x = \"user_metadata['a']:'b' and id:'c'\"\n"
    assert linter.check(source, path="a.py").language == "python"
    assert linter.check("#!/usr/bin/env python\n" + source, path="run").language == "python"
    assert linter.check(source, path="a.py", language="shellscript").language == "shell"
    assert linter.check(source, language="typescriptreact").language == "tsx"
    with pytest.raises(bbquery.BuildError, match="there is no language 'cobol'") as caught:
        linter.check(source, language="cobol")
    assert caught.value.code == "unknown-language"


def test_bad_settings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bbquery.toml").write_text("select = 3\n")
    with pytest.raises(bbquery.BuildError) as caught:
        bbquery.Linter(tmp_path)
    assert caught.value.code == "bad-config"
    (tmp_path / "good.toml").write_text("")
    with pytest.raises(bbquery.BuildError, match="there is no rule"):
        bbquery.Linter(tmp_path / "elsewhere", config=tmp_path / "good.toml", select=["BBQ999"])


def test_why_a_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "bbquery.toml").write_text('extend-exclude = ["made", "!made/kept.bbq"]\ninclude = ["*.bbq", "*.py"]\n')
    (tmp_path / ".gitignore").write_text("secret*\n")
    linter = bbquery.Linter(tmp_path)
    said = {
        name: linter.exclusion(tmp_path / name) for name in ("a.bbq", "made/a.bbq", "build/a.py", "a.ts", "secret.py")
    }
    config = tmp_path / "bbquery.toml"
    assert said == {
        "a.bbq": None,
        "made/a.bbq": f"'made' in extend-exclude of {config}",
        "build/a.py": f"'build' in exclude of {config}",
        "a.ts": f"nothing in include of {config} matches it",
        "secret.py": "an ignore file leaves it out",
    }
    assert linter.exclusion(tmp_path.parent / "other.py") is None


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_has_a_page_and_an_address(code: str) -> None:
    page = rule_page(code)
    assert page.startswith(f"# {RULES[code].name} ({code})")
    address = rule_address(code)
    assert address is not None
    assert Path(address.removeprefix("file://")).read_text(encoding="utf-8") == page
