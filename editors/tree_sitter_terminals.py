"""Write the terminals of the tree-sitter grammar: `python editors/tree_sitter_terminals.py`.

The patterns come from grammar/bbquery.lark, as regular expressions of tree-sitter. These have no look-ahead and nothing
possessive; tree-sitter takes the longest match, and a keyword only where a whole word stands.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from bbquery.language.grammar import terminal

FILE = Path(__file__).parent / "tree-sitter-bbquery/terminals.json"
_PATTERNS = ("STRING", "NUMBER", "NOW", "DURATION", "SIZE", "PLACEHOLDER", "ORDER_OPERATOR", "TEXT_OPERATOR", "WS")


def terminals() -> dict[str, str | list[str]]:
    """Return the pattern of each terminal, and the words of those that are keywords."""
    found: dict[str, str | list[str]] = {name: _plain(terminal(name).pattern) for name in _PATTERNS}
    found["SESSION_FIELD"] = re.findall(r"\w+", _plain(terminal("SESSION_FIELD").pattern).replace("?:", ""))
    found["BOOLEAN"] = re.findall(r"\w+", _plain(terminal("BOOLEAN").pattern).replace("?:", ""))
    return found


def _plain(pattern: str) -> str:
    pattern = re.sub(r"\(\?!\[[^]]*\]\)", "", pattern)
    pattern = pattern.replace("\\ud800-\\udfff", "")
    return re.sub(r"(?<=[+*?])\+", "", pattern)


def main() -> None:
    FILE.write_text(json.dumps(terminals(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
