"""The mistakes that people make, place by place in the grammar: what stands there, and what to say about it.

`diagnosis` names the place where the parser stopped and takes the first row whose pattern matches there. A message or
a hint may show what matched as `{0}`, or in lower case as `{lower}`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Mistake: TypeAlias = tuple[str, str, str, str]
    """Pattern, code, message, hint."""

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
    (r"%[0-9A-Fa-f]{2}", "percent-encoded", "the query is percent-encoded", "decode it first: bbquery.decode(text), or bbquery decode"),
    (r"[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb`\u00b4]", "smart-quote", "{0} is not a quote here", "write '"),
    ("\uff1a", "wide-symbol", "{0} is not a colon here", "write :"),
)  # fmt: skip

_CONNECTIVES: tuple[Mistake, ...] = (
    (r"(?i:and)\b", "keyword-case", "keywords are upper case", "write AND"),
    (r"(?i:or)\b", "keyword-case", "keywords are upper case", "write OR"),
    (r"(?i:not)\b", "keyword-case", "keywords are upper case", "write NOT"),
    (r"&&?", "symbol-operator", "{0} is not an operator", "write AND"),
    (r"\|\|?", "symbol-operator", "{0} is not an operator", "write OR"),
    (r"!(?!=)", "symbol-operator", "{0} is not an operator", "write NOT"),
    (r"[,;]", "symbol-operator", "{0} does not join conditions", "write AND or OR"),
    (r"\$\w*", "bad-placeholder", "{0} cannot stand here", "a placeholder stands for a value or a key, and no more"),
)

_COMPARISONS: tuple[Mistake, ...] = (
    (r"===?|=(?![~<>])", "equals-sign", "equality is written :", "write : for {0}"),
    (r"!==?|<>", "not-equal", "there is no {0}", "write NOT before the field, and : for {0}"),
    (r"=~|~=?|(?i:like|matches)\b", "unknown-operator", "there are no patterns", "use ^= starts with, $= ends with or *= contains"),
    (r"(?i:in)\b", "unknown-operator", "a one-of is written with :", "write :('a' OR 'b')"),
    (r"(?i:is|exists)\b", "unknown-operator", "existence is written :*", "write :* after the field, with NOT before it for its opposite"),
    (r"(?i:contains|includes)\b", "unknown-operator", "contains is written *=", "write *="),
    (r"=[<>]", "unknown-operator", "there is no {0}", "write >= or <="),
    (r"['\"]", "missing-comparison", "there is no : before the value", "write : between the field and its value"),
    (r"\)|AND\b|OR\b|NOT\b", "missing-comparison", "the field is compared with nothing", "write :* after it for any value"),
)  # fmt: skip

_VALUES: tuple[Mistake, ...] = (
    (r"(?:null|None|undefined|nil)\b", "null-value", "there is no {0}", "write NOT before the field and :* after it"),
    (r"(?i:true|false)\b", "keyword-case", "booleans are lower case", "write {lower}"),
    (r"(?i:now)\b[-+\w]*", "bad-time", "{0} is not a time", "write now, now-7d or now+1h: no spaces, and s m h or d"),
    (r"\d+\.\d+[A-Za-z]+", "bad-amount", "{0} is not a whole number of units", "use a smaller unit, such as 90m for 1.5h"),
    (r"0[xXoO]\w+", "bad-number", "{0} is not a number", "numbers are written as in JSON; quote a string"),
    (r"\d+[kKmMgGtTpP]?[iI]?[bB]\b", "bad-amount", "{0} is not a size", "units are B KB MB GB TB KiB MiB GiB TiB"),
    (r"\d+ *[A-Za-z]\w*", "bad-amount", "{0} is not a literal", "durations are 90s 15m 2h 7d, sizes 10MB or 1MiB; quote a string"),
    (r"[-+]?[\d.][\w.]*", "bad-number", "{0} is not a number", "numbers are written as in JSON; quote a string"),
    (r"\$(?!\w)|\$\d\w*", "bad-placeholder", "{0} is not a placeholder", "a placeholder is $ and a name"),
    (r"\)", "missing-value", "there is no value here", "write 'value'"),
    (r"(?:AND|OR|NOT)\b", "missing-value", "there is no value before {0}", "quote it if it is the value: '{0}'"),
    (r"[<>=^]+", "double-operator", "there are two operators", "write one"),
)  # fmt: skip

MISTAKES_BY_POSITION: dict[str, tuple[Mistake, ...]] = {
    "start": (
        (r"(?:AND|OR)\b", "missing-condition", "{0} has no condition before it", "write one, or leave {0} out"),
        *_CONNECTIVES,
        (r"\[", "missing-base", "there is no field before the bracket", "begin with user_metadata"),
        (r"['\"]", "missing-base", "there is no field before the value", "write user_metadata['key']: before it"),
        (r"[\])]", "missing-condition", "there is no condition before {0}", ""),
        (r"\*", "missing-base", "there is no field before *", "write user_metadata['key']:*"),
    ),
    "condition": (
        *_CONNECTIVES,
        (r"\)", "unmatched-parenthesis", "this parenthesis was never opened", "leave it out"),
        (r"['\"]", "missing-base", "there is no field before the value", "write user_metadata['key']: before it"),
        (r"\[", "missing-base", "a key cannot stand after a value", "keys belong after user_metadata"),
        (r"===?|[:<>]=?|!=", "double-comparison", "the condition is already complete", "join two conditions by AND or OR"),
    ),
    "base": (
        (r":|=+", "missing-key", "user_metadata needs a key", "write user_metadata['key']:'value'"),
        (r"\(", "missing-bracket", "a key stands in brackets", "write ['key']"),
    ),
    "bracket": (
        (r"-?\d+", "array-index", "arrays are not indexed", "a key is a quoted string; no query can look inside of an array"),
        (r"\]", "missing-key", "the bracket holds no key", "write ['key']"),
        (r"\*", "array-index", "there are no wildcards in a path", "write each key in quotes"),
        (r"\$(?!\w)|\$\d\w*", "bad-placeholder", "{0} is not a placeholder", "a placeholder is $ and a name"),
    ),
    "path": _COMPARISONS,
    "field": (
        (r"\[", "unknown-path", "only user_metadata has keys", "leave the bracket out"),
        (r"\.", "unknown-path", "only user_metadata has keys", "leave the dot out"),
        *_COMPARISONS,
    ),
    "colon": (
        (r"[<>]=?|[$*^]=", "double-operator", "order and text operators stand without :", "leave the : out"),
        (r":|=+", "double-operator", "there are two operators", "write one :"),
        *_VALUES,
    ),
    "operator": (
        (r"\*", "double-operator", "* stands only after :", "write :* for any value"),
        (r"(?<=<)>", "not-equal", "there is no <>", "write NOT before the field, and : for <>"),
        *_VALUES,
    ),
    "listed value": (
        (r"(?i:or)\b", "keyword-case", "keywords are upper case", "write OR"),
        (r"\|\|?|,|;", "symbol-operator", "{0} does not join values", "write OR"),
        (r"(?i:and)\b|&&?", "and-in-list", "values are joined by OR", "write OR, or repeat the field to ask for both"),
    ),
}  # fmt: skip
MISTAKES_BY_POSITION["condition in parentheses"] = MISTAKES_BY_POSITION["condition"]
