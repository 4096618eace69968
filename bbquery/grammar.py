"""The grammar file: its text, and its terminals as regular expressions that need no Lark."""

from __future__ import annotations

import re
from functools import cache


@cache
def grammar() -> str:
    """The text of `bbquery.lark`."""
    return packaged("bbquery.lark")


def packaged(name: str, folder: str = "grammar") -> str:
    """The text of a file of a folder of ours: from the package where it was built, else from the checkout."""
    import os.path

    here = os.path.dirname(os.path.abspath(__file__))
    for above in (here, os.path.dirname(here)):
        try:
            # The loader reads from a zipped wheel as well as from a folder.
            data: bytes = __spec__.loader.get_data(os.path.join(above, folder, name))  # type: ignore[union-attr]  # every loader of source files has it
        except OSError:
            continue
        return data.decode()
    raise FileNotFoundError(f"{name} is missing from the installation; reinstall bbquery")


@cache
def terminal(*names: str) -> re.Pattern[str]:
    """The grammar's own patterns, one alternative for each name."""
    found = dict(re.findall(r"^(\w+)(?:\.\d+)?: /(.*)/$", grammar(), re.MULTILINE))
    return re.compile("|".join(f"(?:{found[name]})" for name in names))
