"""The grammar file, and its terminals as regular expressions that need no Lark."""

from __future__ import annotations

import re
from functools import cache

from .._resources import read_resource


@cache
def read_grammar() -> str:
    """Return the text of `bbquery.lark`."""
    return read_resource("bbquery.lark")


@cache
def terminal(*names: str) -> re.Pattern[str]:
    """Return a pattern that matches any of the grammar's terminals with these names."""
    found = re.findall(r"^(\w+): (?:/(.*)/|\"(.*)\")$", read_grammar(), re.MULTILINE)
    patterns = {name: pattern or re.escape(literal) for name, pattern, literal in found}
    return re.compile("|".join(f"(?:{patterns[name]})" for name in names))
