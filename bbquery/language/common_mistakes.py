"""Common mistakes in one table, for the errors of the parser and for the fixes of the linter.

A row belongs to a place in the grammar, named by what has been read before it. `syntax_errors` takes the first row of
the place whose pattern matches. A row with a `replacement` can be repaired, and `lint.recovery` does so: an error and
its fix cannot disagree. Messages, hints and replacements may show what matched as `{0}`, or in lower case as `{lower}`.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Mistake(NamedTuple):
    """Something that stands where it cannot, and what to say about it."""

    pattern: str
    code: str
    message: str
    hint: str
    replacement: str | None = None
    """The text that was certainly or probably meant, or None if it is unclear."""
    negates: bool = False
    """True if the repair also puts NOT before the field."""


CERTAIN = frozenset({"keyword-case", "smart-quote", "wide-symbol", "invisible-character"})
"""The codes of mistakes whose replacement cannot change the meaning of a query."""

# The places, each named by what has been read. A place's words say what could have come next.
CONDITION = "a condition such as user_metadata['key']:'value'"
EXPECTED_BY_POSITION: dict[str, tuple[str, ...]] = {
    "start": (CONDITION, "NOT", "("),
    "condition": ("AND", "OR", "the end of the query"),
    "condition in parentheses": ("AND", "OR", ")"),
    "base": ("a key in brackets such as ['key']",),
    "bracket": ("a key in quotes",),
    "key": ("]",),
    "path": (": and a value", "[", "one of ^= $= *= >= <= > <"),
    "field": (": and a value",),
    "colon": ("a value in quotes", "several in parentheses", "* for any value"),
    "operator": ("a value",),
    "listed value": ("OR", ")"),
}


MISTAKES_ANYWHERE: tuple[Mistake, ...] = (
    Mistake(r"%[0-9A-Fa-f]{2}", "percent-encoded", "the query is percent-encoded", "decode it first: bbquery.decode(text), or bbquery decode"),
    Mistake(r"[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb`\u00b4]", "smart-quote", "{0} is not a quote here", "write '", "'"),
    Mistake("\uff1a", "wide-symbol", "{0} is not a colon here", "write :", ":"),
)  # fmt: skip

_CONNECTIVES: tuple[Mistake, ...] = (
    Mistake(r"(?i:and)\b", "keyword-case", "keywords are upper case", "write AND", "AND"),
    Mistake(r"(?i:or)\b", "keyword-case", "keywords are upper case", "write OR", "OR"),
    Mistake(r"(?i:not)\b", "keyword-case", "keywords are upper case", "write NOT", "NOT"),
    Mistake(r"&&?", "symbol-operator", "{0} is not an operator", "write AND", "AND"),
    Mistake(r"\|\|?", "symbol-operator", "{0} is not an operator", "write OR", "OR"),
    Mistake(r"!(?!=)", "symbol-operator", "{0} is not an operator", "write NOT", "NOT"),
    Mistake(r"[,;]", "symbol-operator", "{0} does not join conditions", "write AND or OR"),
    Mistake(
        r"\$\w*", "bad-placeholder", "{0} cannot stand here", "a placeholder stands for a value or a key, and no more"
    ),
)

_COMPARISONS: tuple[Mistake, ...] = (
    Mistake(r"===?|=(?![~<>])", "equals-sign", "equality is written :", "write : for {0}", ":"),
    Mistake(r"!==?|<>", "not-equal", "there is no {0}", "write NOT before the field, and : for {0}", ":", negates=True),
    Mistake(r"=~|~=?|(?i:like|matches)\b", "unknown-operator", "there are no patterns", "use ^= starts with, $= ends with or *= contains"),
    Mistake(r"(?i:in)\b", "unknown-operator", "a one-of is written with :", "write :('a' OR 'b')"),
    Mistake(r"(?i:is|exists)\b", "unknown-operator", "existence is written :*", "write :* after the field, with NOT before it for its opposite"),
    Mistake(r"(?i:contains|includes)\b", "unknown-operator", "contains is written *=", "write *="),
    Mistake(r"=[<>]", "unknown-operator", "there is no {0}", "write >= or <="),
    Mistake(r"['\"]", "missing-comparison", "there is no : before the value", "write : between the field and its value"),
    Mistake(r"\)|AND\b|OR\b|NOT\b", "missing-comparison", "the field is compared with nothing", "write :* after it for any value"),
)  # fmt: skip

_VALUES: tuple[Mistake, ...] = (
    Mistake(r"(?:null|None|undefined|nil)\b", "null-value", "there is no {0}", "write NOT before the field and :* after it"),
    Mistake(r"(?i:true|false)\b", "keyword-case", "booleans are lower case", "write {lower}", "{lower}"),
    Mistake(r"(?i:now)(?:[-+][0-9]+[smhd])?(?![-+\w])", "keyword-case", "now is lower case", "write {lower}", "{lower}"),
    Mistake(r"(?i:now)\b[-+\w]*", "bad-time", "{0} is not a time", "write now, now-7d or now+1h: no spaces, and s m h or d"),
    Mistake(r"\d+\.\d+[A-Za-z]+", "bad-amount", "{0} is not a whole number of units", "use a smaller unit, such as 90m for 1.5h"),
    Mistake(r"0[xXoO]\w+", "bad-number", "{0} is not a number", "numbers are written as in JSON; quote a string"),
    Mistake(r"\d+[kKmMgGtTpP]?[iI]?[bB]\b", "bad-amount", "{0} is not a size", "units are B KB MB GB TB KiB MiB GiB TiB"),
    Mistake(r"\d+ *[A-Za-z]\w*", "bad-amount", "{0} is not a literal", "durations are 90s 15m 2h 7d, sizes 10MB or 1MiB; quote a string"),
    Mistake(r"[-+]?[\d.][\w.]*", "bad-number", "{0} is not a number", "numbers are written as in JSON; quote a string"),
    Mistake(r"\$(?!\w)|\$\d\w*", "bad-placeholder", "{0} is not a placeholder", "a placeholder is $ and a name"),
    Mistake(r"\)", "missing-value", "there is no value here", "write 'value'"),
    Mistake(r"(?:AND|OR|NOT)\b", "missing-value", "there is no value before {0}", "quote it if it is the value: '{0}'"),
    Mistake(r"[<>=^]+", "double-operator", "there are two operators", "write one"),
)  # fmt: skip

MISTAKES_BY_POSITION: dict[str, tuple[Mistake, ...]] = {
    "start": (
        Mistake(r"(?:AND|OR)\b", "missing-condition", "{0} has no condition before it", "write one, or leave {0} out"),
        *_CONNECTIVES,
        Mistake(r"\[", "missing-base", "there is no field before the bracket", "begin with user_metadata"),
        Mistake(r"['\"]", "missing-base", "there is no field before the value", "write user_metadata['key']: before it"),
        Mistake(r"[\])]", "missing-condition", "there is no condition before {0}", ""),
        Mistake(r"\*", "missing-base", "there is no field before *", "write user_metadata['key']:*"),
    ),
    "condition": (
        *_CONNECTIVES,
        Mistake(r"\)", "unmatched-parenthesis", "this parenthesis was never opened", "leave it out"),
        Mistake(r"['\"]", "missing-base", "there is no field before the value", "write user_metadata['key']: before it"),
        Mistake(r"\[", "missing-base", "a key cannot stand after a value", "keys belong after user_metadata"),
        Mistake(r"===?|[:<>]=?|!=", "double-comparison", "the condition is already complete", "join two conditions by AND or OR"),
    ),
    "base": (
        Mistake(r":|=+", "missing-key", "user_metadata needs a key", "write user_metadata['key']:'value'"),
        Mistake(r"\(", "missing-bracket", "a key stands in brackets", "write ['key']"),
    ),
    "bracket": (
        Mistake(r"-?\d+", "array-index", "arrays are not indexed", "a key is a quoted string; no query can look inside of an array"),
        Mistake(r"\]", "missing-key", "the bracket holds no key", "write ['key']"),
        Mistake(r"\*", "array-index", "there are no wildcards in a path", "write each key in quotes"),
        Mistake(r"\$(?!\w)|\$\d\w*", "bad-placeholder", "{0} is not a placeholder", "a placeholder is $ and a name"),
    ),
    "path": _COMPARISONS,
    "field": (
        Mistake(r"\[", "unknown-path", "only user_metadata has keys", "leave the bracket out"),
        Mistake(r"\.", "unknown-path", "only user_metadata has keys", "leave the dot out"),
        *_COMPARISONS,
    ),
    "colon": (
        Mistake(r"[<>]=?|[$*^]=", "double-operator", "order and text operators stand without :", "leave the : out"),
        Mistake(r":|=+", "double-operator", "there are two operators", "write one :"),
        *_VALUES,
    ),
    "operator": (
        Mistake(r"\*", "double-operator", "* stands only after :", "write :* for any value"),
        Mistake(r"(?<=<)>", "not-equal", "there is no <>", "write NOT before the field, and : for <>", ":", negates=True),
        *_VALUES,
    ),
    "listed value": (
        Mistake(r"(?i:or)\b", "keyword-case", "keywords are upper case", "write OR", "OR"),
        Mistake(r"\|\|?|,|;", "symbol-operator", "{0} does not join values", "write OR", "OR"),
        Mistake(r"(?i:and)\b|&&?", "and-in-list", "values are joined by OR", "write OR, or repeat the field to ask for both"),
    ),
}  # fmt: skip
MISTAKES_BY_POSITION["condition in parentheses"] = MISTAKES_BY_POSITION["condition"]


# A string between typographic quotes, or between one and a plain one. A backslash in it could mean anything.
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032`\u00b4"
SMART_STRING = re.compile(
    rf"[{_DOUBLE}]([^{_DOUBLE}\"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_DOUBLE}\"]"
    rf"|[{_SINGLE}]([^{_SINGLE}'\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_SINGLE}']"
    rf"|\"([^{_DOUBLE}\"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_DOUBLE}]"
    rf"|'([^{_SINGLE}'\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_SINGLE}]"
)
