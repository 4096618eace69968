"""`make docs`: the website, made of the pages of this repository.

The pages stay where a reader of the repository looks for them. They are copied beside each other here, with links that
lead to where each now is; the pages of the commands and of the Python API are made from the program itself. Zensical
then renders them, and fails if a link leads nowhere.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from api_pages import api_pages
from command_pages import command_pages

ROOT = Path(__file__).parent.parent
ELSEWHERE = {
    "grammar/README.md": "language.md",
    "benchmarks/README.md": "speed.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Pages outside of docs/, and what they are called on the site."""
LEXERS = {"bbq": "text", "cron": "text", "systemd": "ini", "elisp": "lisp", "promql": "text"}
"""Lexers of blocks, by the first word behind its fence, if that is not the name of a lexer."""
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
UNNAMED = "https://github.com/…/bbquery"
"""How pages write the address of the repository, which only pyproject.toml knows."""
MADE = {"cli.md": "commands/README.md", "reference/python-api.md": "api/README.md"}
"""Pages that are made, and behind which page of docs/ they stand."""

Nav = list[dict[str, "str | Nav"]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the website of bbquery.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "website", help="where to make it")
    folder: Path = parser.parse_args().folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    pages = folder / "pages"
    pages.mkdir(parents=True)
    _write_pages(pages)
    _write_settings(folder, pages)
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, check=False)
    if done.returncode:
        sys.exit("the website could not be made")
    sys.stdout.write(f"{folder / 'site' / 'index.html'}\n")


def addresses() -> dict[str, str]:
    """Return the addresses of the project, by their names in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {name.lower(): address for name, address in project["urls"].items()}


# --- the pages ---------------------------------------------------------------------------------


def _write_pages(pages: Path) -> None:
    places = {path.relative_to(ROOT).as_posix(): path.relative_to(ROOT / "docs").as_posix() for path in _documents()}
    places |= ELSEWHERE
    repository = addresses()["repository"]
    for source, place in places.items():
        target = pages / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.endswith(".md"):
            text = (ROOT / source).read_text(encoding="utf-8")
            target.write_text(_moved(text, source, places, repository), encoding="utf-8")
        else:
            shutil.copyfile(ROOT / source, target)
    for place, text in {**command_pages(), **api_pages(ROOT / "docs/reference/python-api.md")}.items():
        (pages / place).parent.mkdir(parents=True, exist_ok=True)
        (pages / place).write_text(text, encoding="utf-8")


def _documents() -> list[Path]:
    kinds = (".md", ".png", ".svg", ".json", ".yaml")
    return sorted(path for path in (ROOT / "docs").rglob("*") if path.suffix in kinds)


def _moved(text: str, source: str, places: dict[str, str], repository: str) -> str:
    """Return a page as it reads in its new place: with links that lead there, and blocks that are highlighted."""
    owner = repository.removeprefix("https://github.com/").partition("/")[0]

    def link(match: re.Match[str]) -> str:
        before, target, after = match.groups()
        if "://" in target:
            return match[0]
        found = normpath(str(PurePosixPath(source).parent / target))
        if found in places:
            return before + relpath(places[found], str(PurePosixPath(places[source]).parent)) + after
        kind = "tree" if (ROOT / found).is_dir() else "blob"
        return f"{before}{repository}/{kind}/main/{found}{after}"

    def block(match: re.Match[str]) -> str:
        first = match[1].partition(" ")[0]
        return f"```{LEXERS.get(first, first)}\n{match[2].replace('…/bbquery', f'{owner}/bbquery')}```"

    parts = re.split(r"(^```.*?^```$)", text.replace(UNNAMED, repository), flags=re.MULTILINE | re.DOTALL)
    return "".join([FENCE.sub(block, part) if part.startswith("```") else LINK.sub(link, part) for part in parts])


# --- the settings ------------------------------------------------------------------------------


def _write_settings(folder: Path, pages: Path) -> None:
    text = (ROOT / "docs/website.toml").read_text(encoding="utf-8")
    known = addresses()
    for name, value in {
        "documentation": known["documentation"],
        "repository": known["repository"],
        "root": ROOT.as_posix(),
        "nav": _toml(_navigation(pages)),
    }.items():
        text = text.replace(f"{{{name}}}", value)
    (folder / "zensical.toml").write_text(text, encoding="utf-8")


def _navigation(pages: Path) -> Nav:
    """Return the sections of the home page, with the pages that it links to."""
    home = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    sections: Nav = [{"Home": "index.md"}]
    for heading, body in re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", home, re.MULTILINE | re.DOTALL):
        entries: Nav = []
        for target in re.findall(r"\]\(([^)#\s]+\.md)\)", body):
            entries.append(_entry(ELSEWHERE.get(normpath(f"docs/{target}"), target), pages))
            if target in MADE:
                entries.append(_entry(MADE[target], pages))
        sections.append({heading: entries})
    return sections


def _entry(place: str, pages: Path) -> dict[str, str | Nav]:
    """Return a page with its title, and, if it stands for a folder, with the others there."""
    page = pages / place
    if page.name != "README.md":
        return {_title(page): place}
    others = sorted(path for path in page.parent.glob("*.md") if path != page)
    inner: Nav = [{_title(path): path.relative_to(pages).as_posix()} for path in (page, *others)]
    return {_title(page): inner}


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").replace("`", "")


def _toml(nav: Nav) -> str:
    """Return the navigation as a value of TOML: a string of JSON is one of TOML too."""
    items = [
        f"{{ {json.dumps(title)} = {_toml(inner) if isinstance(inner, list) else json.dumps(inner)} }}"
        for each in nav
        for title, inner in each.items()
    ]
    return f"[{', '.join(items)}]"


if __name__ == "__main__":
    main()
