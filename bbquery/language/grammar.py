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
    found = dict(re.findall(r"^(\w+)(?:\.\d+)?: /(.*)/$", read_grammar(), re.MULTILINE))
    return re.compile("|".join(f"(?:{found[name]})" for name in names))
