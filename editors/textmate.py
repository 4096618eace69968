"""Write the TextMate grammars of the extension for VS Code: `python editors/textmate.py`.

The patterns of the terminals come from grammar/bbquery.lark. Editors use these grammars until the language server has
coloured a file, or where it does not run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bbquery.language.grammar import terminal

FOLDER = Path(__file__).parent / "vscode/syntaxes"

_SCOPES = {
    "_OR": "keyword.operator.logical", "_AND": "keyword.operator.logical", "NOT": "keyword.operator.logical",
    "BASE": "variable.language", "SESSION_FIELD": "variable.language",
    "STRING": "string.quoted", "NOW": "constant.numeric.time", "DURATION": "constant.numeric.duration",
    "SIZE": "constant.numeric.size", "NUMBER": "constant.numeric", "BOOLEAN": "constant.language",
    "PLACEHOLDER": "variable.parameter", "TEXT_OPERATOR": "keyword.operator.comparison",
    "ORDER_OPERATOR": "keyword.operator.comparison", "_COLON": "keyword.operator.comparison",
    "MINUS": "keyword.operator.logical", "STAR": "keyword.operator",
    "_LSQB": "punctuation.section.brackets.begin", "RSQB": "punctuation.section.brackets.end",
    "LPAR": "punctuation.section.parens.begin", "RPAR": "punctuation.section.parens.end",
}  # fmt: skip
"""The scope of each terminal, in the order in which they are tried."""


def _pattern(*names: str) -> str:
    """Return the pattern of terminals for Oniguruma, which has no lone surrogates: no editor sends it any."""
    pattern = re.sub(r"\\ud800-\\udfff", "", terminal(*names).pattern)
    return re.sub(r"\\x([0-9a-f]{2})", r"\\x{\1}", pattern)


def query_grammar() -> dict[str, Any]:
    """Return the grammar of `.bbq` files."""
    key = {
        "match": rf"({_pattern('_LSQB')})({_pattern('WS')})?({_pattern('STRING')})",
        "captures": {
            "1": {"name": "punctuation.section.brackets.begin.bbq"},
            "3": {"name": "variable.other.property.bbq"},
        },
    }
    terminals = [{"match": _pattern(name), "name": f"{scope}.bbq"} for name, scope in _SCOPES.items()]
    return {
        "name": "bbquery",
        "scopeName": "source.bbq",
        "fileTypes": ["bbq"],
        "patterns": [{"include": "#comment"}, {"include": "#query"}],
        "repository": {
            "comment": {"match": "#[^\r\n]*", "name": "comment.line.number-sign.bbq"},
            "query": {"patterns": [key, *terminals]},
        },
    }


def injection_grammar() -> dict[str, Any]:
    """Return the grammar of queries in strings of other languages: from `user_metadata[` up to the string's end.

    A query in a string of single quotes has escapes before its own quotes, and is left to the language server.
    """
    begin = rf"{_pattern('BASE')}(?=\s*\[)"
    return {
        "scopeName": "source.bbq.injection",
        "injectionSelector": "L:string -comment -source.bbq",
        "patterns": [
            {
                "begin": begin,
                "end": r"(?=[\"`]|$)",
                "beginCaptures": {"0": {"name": "variable.language.bbq"}},
                "patterns": [{"include": "source.bbq#query"}],
            }
        ],
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, grammar in (("bbq", query_grammar()), ("bbq.injection", injection_grammar())):
        text = json.dumps(grammar, indent=2) + "\n"
        (FOLDER / f"{name}.tmLanguage.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
