"""The pages of the Python API, made from the docstrings of what the map of it names."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import bbquery

PACKAGES = ("emulator", "dashboard")
"""Packages with public names of their own."""


def api_pages(map_page: Path) -> dict[str, str]:
    """Return a page for each section of the map, with every public name that stands there, in its order."""
    text = map_page.read_text(encoding="utf-8")
    names: dict[str, list[str]] = {}
    seen: set[str] = set()
    for heading, body in re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        for name in re.findall(r"`([\w.]+)[`(]", body):
            if name in bbquery.__all__ and name not in seen and not name.startswith("__"):
                seen.add(name)
                names.setdefault(heading, []).append(name)
    for package in dict.fromkeys(re.findall(r"`bbquery\.(\w+)`", text)):
        if package in PACKAGES:
            names[package.capitalize()] = [f"{package}.{name}" for name in import_module(f"bbquery.{package}").__all__]
    lists = [
        f"- [{heading}]({heading.lower()}.md): {', '.join(f'`{name}`' for name in found)}"
        for heading, found in names.items()
    ]
    pages = {
        "api/README.md": "\n".join(
            [
                "# Python API",
                "",
                "From the docstrings. [The map](../reference/python-api.md) is shorter.",
                "",
                *lists,
                "",
            ]
        )
    }
    for heading, found in names.items():
        entries = "\n\n".join([f"::: bbquery.{name}" for name in found])
        pages[f"api/{heading.lower()}.md"] = f"# {heading}: the Python API\n\n{entries}\n"
    return pages
