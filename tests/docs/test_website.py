"""The website is made without a warning, and each of its links leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support.paths import ROOT

import bbquery
from bbquery.cli.app import COMMANDS
from bbquery.lint.rule_pages import online_address
from bbquery.lint.rule_registry import RULES

pytestmark = pytest.mark.slow

pytest.importorskip("zensical", reason="zensical is not installed: pip install 'bbquery[dev]'")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("website")
    command = [sys.executable, str(ROOT / "docs" / "website.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


class _Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        if tag in ("img", "script") and "src" in found:
            self.loaded.add(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon"):
            self.loaded.add(found["href"])


def test_each_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = {page: _Links(page.read_text("utf-8")) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(pages) > 90
    for page, found in pages.items():
        assert not [each for each in found.loaded if urlsplit(each).netloc], page
        for link in found.links | found.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{page.relative_to(site)}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].ids, f"{page.relative_to(site)}: {link}"


def test_every_rule_command_and_public_name_has_its_place(site: Path) -> None:
    for code in RULES:
        address = online_address(code)
        assert address is not None
        assert (site / urlsplit(address).path.removeprefix("/bbquery/") / "index.html").exists()
    for name in COMMANDS:
        assert f"bbquery {name}" in (site / "commands" / name / "index.html").read_text("utf-8")
    reference = "".join([page.read_text("utf-8") for page in (site / "api").rglob("index.html")])
    for name in bbquery.__all__:
        if not name.startswith("__"):
            assert f'id="bbquery.{name}"' in reference, name


def test_the_owner_of_the_repository_stands_in_one_place(site: Path) -> None:
    """In pyproject.toml; the website has it filled in."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    named = []
    for name in filter(None, tracked):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".woff2") and "package-lock" not in name:
            text = path.read_text("utf-8", errors="replace")
            if re.search(r"github\.com/(?!…|browserbase/)[\w-]+/bbquery\b|\.github\.io/bbquery", text):
                named.append(name)
    assert [name for name in named if not name.startswith("tests/")] == ["pyproject.toml"]
    assert "…/bbquery" not in (site / "how-to" / "continuous-integration" / "index.html").read_text("utf-8")
