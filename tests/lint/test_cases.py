"""grammar/cases/lint.json, and the pages of docs/rules: what each rule finds, and what is fine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.case_tables import cases, named
from support.paths import ROOT

import bbquery
from bbquery.lint.fixes import apply_fixes
from bbquery.lint.query_linter import QueryLinter
from bbquery.lint.rule_registry import RULES, Rule

PAGES = ROOT / "docs/rules"
QUERY_RULES = [code for code in RULES if code < "BBQ4"]
HEADINGS = ["What it does", "Why it matters", "Example", "Use instead", "Fix safety"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENABLED = frozenset(RULES)


@named("lint")
def test_lint(case: dict[str, Any]) -> None:
    checker = QueryLinter(enabled=ENABLED, dialect=case.get("dialect", "full"), schema=case.get("schema"))
    found = checker.check(case["query"])
    told = []
    for finding in found:
        row: dict[str, Any] = {"code": finding.code, "span": list(finding.span)}
        if finding.fix:
            row["fixed"] = apply_fixes(case["query"], [finding], unsafe=True)[0]
            if not finding.fix.safe:
                row["safe"] = False
        told.append(row)
    assert told == case["findings"], [str(finding) for finding in found]


def test_the_table_is_whole() -> None:
    table = cases("lint")
    assert {finding["code"] for case in table for finding in case["findings"]} == set(QUERY_RULES)
    fixed = {finding["code"] for case in table for finding in case["findings"] if "fixed" in finding}
    assert fixed == {code for code in QUERY_RULES if RULES[code].fix != "never"}
    names = [case["name"] for case in table]
    assert len(set(names)) == len(names)


# --- the pages ---------------------------------------------------------------------------------


def section(page: str, heading: str) -> str:
    return page.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def block(page: str, heading: str, language: str) -> str:
    (found,) = BLOCK.findall(section(page, heading))
    assert found[0] == language
    return str(found[1]).removesuffix("\n")


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_every_rule_has_a_page(rule: Rule) -> None:
    page = (PAGES / f"{rule.code}.md").read_text(encoding="utf-8")
    lines = page.splitlines()
    assert lines[0] == f"# {rule.name} ({rule.code})"
    fix = "no fix" if rule.fix == "never" else f"{rule.fix} fix"
    default = "on by default" if rule.default else "off by default"
    assert lines[2].startswith(f"{rule.severity.capitalize()}, {fix}, {default}")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == HEADINGS[: 4 if rule.fix == "never" else 5]


def test_the_pages_are_those_of_the_rules() -> None:
    assert {path.stem for path in PAGES.glob("BBQ*.md")} == set(RULES)
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} | {rule.fix} | "
        f"{'on' if rule.default else 'off'} | {rule.summary} |"
        for rule in RULES.values()
    ]
    readme = (PAGES / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in readme if line.startswith("| [")] == rows


@pytest.mark.parametrize("code", QUERY_RULES)
def test_the_examples_of_query_rules_are_true(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    schemas = [json.loads(text) for language, text in BLOCK.findall(page) if language == "json"]
    checker = QueryLinter(
        enabled=ENABLED, dialect="wire" if code == "BBQ101" else "full", schema=schemas[0] if schemas else None
    )
    wrong, right = block(page, "Example", "bbq"), block(page, "Use instead", "bbq")
    found = [finding for finding in checker.check(wrong) if finding.code == code]
    assert found
    assert code not in {finding.code for finding in checker.check(right)}
    bbquery.parse(right)
    if RULES[code].fix != "never":
        fixed, applied = apply_fixes(wrong, found, unsafe=RULES[code].fix == "unsafe")
        assert applied
        assert code not in {finding.code for finding in checker.check(fixed)}
        assert bbquery.parse(fixed) == bbquery.parse(right)


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", BLOCK.sub("", path.read_text(encoding="utf-8"))):
        assert (PAGES / target).exists(), target
