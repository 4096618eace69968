"""`[tool.bbquery.usage]`: what it may say, and what is said of what it may not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bbquery import BuildError
from bbquery.lint.settings import load_settings as load_lint
from bbquery.usage.pricing import Rates
from bbquery.usage.settings import UsageSettings, load_usage_settings

WHOLE = """
by = ["client", "task"]
billing-day = 15
browser-minute = "0.002"
proxy-gb = 10.1
included-minutes = 500
included-proxy-gb = 1
currency = "EUR"
fail-over = ["browser_minutes=1000", "client:acme.sessions=5"]
warn-over = ["80%", "sessions=4"]
"""


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()


@pytest.mark.parametrize(("name", "table"), [("bbquery.toml", "[usage]"), ("pyproject.toml", "[tool.bbquery.usage]")])
def test_both_files_say_the_same(tmp_path: Path, name: str, table: str) -> None:
    (tmp_path / name).write_text(table + WHOLE, encoding="utf-8")
    (tmp_path / "below").mkdir()
    assert load_usage_settings(tmp_path / "below") == UsageSettings(
        ("client", "task"),
        15,
        Rates(Decimal("0.002"), Decimal("10.1"), 500, Decimal(1), "EUR"),
        ("browser_minutes=1000", "client:acme.sessions=5"),
        ("80%", "sessions=4"),
    )
    assert load_lint(tmp_path).source == tmp_path / name  # which leaves this table alone


def test_nothing_said_is_the_default(tmp_path: Path) -> None:
    assert load_usage_settings(tmp_path) == UsageSettings()
    (tmp_path / "bbquery.toml").write_text('dialect = "wire"')
    assert load_usage_settings(tmp_path) == load_usage_settings(tmp_path, tmp_path / "bbquery.toml") == UsageSettings()
    with pytest.raises(BuildError, match="cannot read"):
        load_usage_settings(tmp_path, tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("by = 'client'", "by must be a list of strings"),
        ("by = ['a..b']", "by: a key of 'a..b' is empty"),
        ("billing-day = 32", "billing-day must be a day of the month"),
        ("billing-day = true", "billing-day must be"),
        ("browser-minute = 'free'", "browser-minute must be a number"),
        ("browser-minute = -1", "browser-minute must be a number"),
        ("browser-minute = nan", "browser-minute must be a number"),
        ("browser-minute = '1e999999'", "browser-minute must be a number"),
        ("included-minutes = 1.5", "included-minutes must be a whole number"),
        ("currency = ''", "currency must be"),
        ("fail-over = ['browser_minute=5']", "fail-over: there is no figure 'browser_minute'; did you mean"),
        ("warn-over = ['80']", "warn-over: '80' is not a limit"),
        ("warn-over = '80%'", "warn-over must be a list"),
        ("billing_day = 1", "there is no key 'billing_day'; did you mean billing-day?"),
        ("zzz = 1", "there is no key 'zzz'; the keys are by billing-day"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "bbquery.toml").write_text(f"\n[usage]\n{line}\n")
    with pytest.raises(BuildError) as caught:
        load_usage_settings(tmp_path)
    assert f"bbquery.toml:3: {complaint}" in str(caught.value)
    assert caught.value.code == "bad-config"


def test_the_table_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "bbquery.toml").write_text("usage = 5")
    with pytest.raises(BuildError, match=r":1: usage must be a table"):
        load_usage_settings(tmp_path)
