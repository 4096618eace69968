"""The pages of the rules, which ship with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from .._resources import read_resource, resource_path

_FOLDER = "docs/rules"


def rule_page(code: str) -> str:
    """Return the page of a rule, as Markdown."""
    return read_resource(f"{code}.md", _FOLDER)


@cache
def online_address(code: str) -> str | None:
    """Return the address of the page of a rule on the website, or None where the package does not say."""
    # Only pyproject.toml knows whose website it is.
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        addresses = metadata("bbquery").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    known = dict(each.split(", ", 1) for each in addresses)
    return f"{known['Documentation']}rules/{code}/" if "Documentation" in known else None


@cache
def rule_address(code: str) -> str | None:
    """Return the address of the page of a rule: of a file on this machine, or None if there is no such file."""
    path = resource_path(f"{code}.md", _FOLDER)
    return Path(path).as_uri() if path else None
