"""Text → whether it is a query of ours, by nothing but what it says.

Other systems write `user_metadata['x']` too: Supabase's subscripts, Milvus' filters, Auth0's and Stripe's searches. The
sign of ours, which none of them has, is a path in brackets and then `:` and a value. A text is a query when it begins
with a condition, when one of its conditions has the sign, and when what follows it could follow a condition. The
patterns forgive what people get wrong (a quote or a bracket that is missing, typographic quotes, `userMetadata`),
but nothing that another system means. What repeats is possessive or atomic: no text takes more than linear time.
"""

from __future__ import annotations

import re

from ...ast import SESSION_FIELDS
from ...errors import Span
from ...wire import unescaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BASE_BYTES = re.compile(rb"[Uu]ser_?[Mm]etadata|USER_?METADATA")


def hints(data: bytes) -> bool:
    """Whether a file's bytes can hold anything for the linter; it never says no to a file in which a query would be
    found. A `user_metadata` that is itself spelled with escapes, or put together from parts, is not looked for."""
    if b"bbquery" in data or b"browserbase" in data:  # given to them, a text without metadata is a query too
        return True
    return (b"etadata" in data or b"METADATA" in data) and _BASE_BYTES.search(data) is not None


def is_query(text: str) -> bool:
    """Whether a text is a query, or clearly meant to be one. It may be percent-encoded, even twice."""
    return decoded(text, is_plain_query) is not None


def decoded(text: str, accepts: Callable[[str], bool]) -> tuple[str, list[int] | None] | None:
    """The text, if `accepts` takes it; else what percent-decoding makes of it, and where each of its characters, and
    its end, begins in `text`. It is decoded once, even if only a second time gives what is accepted: that it was
    encoded too often is for the checker to say. None where no decoding helps."""
    if not is_marked(text):
        return None
    if accepts(text):
        return text, None
    once = step = unescaped(text) if "%" in text else None
    for _ in range(2):
        if step and accepts(step[0]):
            return once
        step = unescaped(step[0]) if step and "%" in step[0] else None
    return None


def in_url(text: str) -> Span | None:
    """Where the value of `q` stands in a text that is a URL or a query string, or holds one: to the next parameter, or,
    where that makes no query, to the next space."""
    for match in _PARAMETER.finditer(text):
        for value in (match[1].rstrip(), match[1].partition(" ")[0]):
            if is_query(value):
                return Span(match.start(1), match.start(1) + len(value))
    return None


def is_marked(text: str) -> bool:
    """Whether a text holds the one word without which it is no query of ours."""
    return ("etadata" in text or "METADATA" in text) and _BASE_WORD.search(text) is not None


def is_plain_query(text: str) -> bool:
    """`is_query` for a text that is not percent-encoded."""
    return _QUERY.match(text) is not None and _QUOTE.search(text) is not None


# --- patterns ----------------------------------------------------------------------------------

# What looks like a space counts as one, and every typographic quote as a quote: the checker says what is wrong.
_S = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]*+"
_QUOTES = "'\"\u2018-\u201f\u2032\u2033\u00ab\u00bb`\u00b4"
_QUOTE = re.compile(f"[{_QUOTES}]")
_WORD = r"[\w.@$/-]++"
_STRING = (
    r"(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
    rf"|[\u2018-\u201f\u2032\u2033\u00ab\u00bb`\u00b4][^{_QUOTES}]*+[{_QUOTES}]|['\"][^{_QUOTES}]*+[{_QUOTES}])"
)
_BASE_WORD = re.compile(r"[Uu]ser_?[Mm]etadata|USER_?METADATA")
_PARAMETER = re.compile(r"(?:^|[?&])q=([^&#]*+)")
_BASE = rf"(?:{_BASE_WORD.pattern})(?!\w)"
# ['key'], [key], [0], ['key] and [key']; and, where the colon follows, ['key'
_KEY = rf"{_S}\[{_S}(?>{_STRING}{_S}\]|[{_QUOTES}]?{_WORD}[{_QUOTES}]?{_S}\]|\*{_S}\]|{_STRING}(?={_S}:))"
_PATH = rf"{_BASE}(?:{_KEY})++{_S}"
_COLON = r"[:\uff1a](?![:=])"  # neither a cast (`::text`) nor an assignment
_LITERAL = r"(?:-?\d[\w.+:-]*+|true|false|now[\w+-]*+|\$\w++|\*)(?!\w)"
_LIST = rf"\({_S}(?:{_STRING}|\$\w|\d)[^)]*+\)?"
# A word without quotes is a value only where it stands at the colon: `user_metadata['name']: the user's name` is prose.
# And a quote that is followed by a letter closed too early, as in 'O'Brien': the rest cannot be made out.
_VALUE = (
    rf"(?>{_S}{_STRING}(?:[\w{_QUOTES}].*+)?|{_S}[{_QUOTES}][^{_QUOTES}]++\Z"
    rf"|{_S}{_LITERAL}|{_S}{_LIST}|[\w@]{_WORD}|\w)"
)
_SIGN = rf"{_PATH}(?>{_COLON}{_VALUE}|[$^*]={_S}{_STRING}|(?<=\]){_STRING})"

_NAME = rf"(?>(?:{'|'.join(SESSION_FIELDS)})(?!\w){_S}|{_PATH})"
_OPERATOR = r"[:=<>!^$*~\uff1a]++"
_LEAD = r"(?:[(\s\u00ad\u200b-\u200f\u2060\ufeff]|[-!](?!\s)|(?i:not)\b)*+"
_JOINT = rf"(?:{_S}\))*+{_S}(?>(?i:and|or)\b|&&?|\|\|?|[,;]|){_LEAD}"
_OTHER = rf"(?>{_NAME}{_OPERATOR}{_S}(?>{_STRING}|{_LIST}|{_LITERAL}|{_WORD}){_JOINT})"
# After a whole condition comes the end, a connective, or the next condition: anything else makes it prose.
_REST = rf"(?:{_S}[\])])*+{_S}(?>\Z|(?:AND|OR|NOT)\b|(?>(?i:and|or)\b|&&?|\|\|?|[,;]|){_LEAD}{_NAME}{_OPERATOR})"
_QUERY = re.compile(rf"{_LEAD}(?:{_OTHER})*?{_SIGN}{_REST}", re.DOTALL)
