"""Recognize our queries by their text alone.

Other systems write `user_metadata['x']` too: Supabase's subscripts, Milvus' filters, Auth0's and Stripe's searches. The
sign of ours, which none of them has, is a path in brackets followed by `:` and a value. A text is a query if it starts
with a condition, one of its conditions has the sign, and what follows could follow a condition. The patterns forgive
what people get wrong (a missing quote or bracket, typographic quotes, `userMetadata`), but nothing that means something
in another system. Every repetition is possessive or atomic, so that no text takes more than linear time.
"""

from __future__ import annotations

import re

from ..._text import Span
from ...language.session_fields import SESSION_FIELDS
from ...planning.urls import decode_form_with_offsets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES_BY_END = (
    (b"etadata", re.compile(rb"etadata(?:(?<=[Uu]ser[Mm]etadata)|(?<=[Uu]ser_[Mm]etadata))")),
    (b"METADATA", re.compile(rb"METADATA(?:(?<=USERMETADATA)|(?<=USER_METADATA))")),
)
"""`user_metadata` as people write it. From their plain ends the names are found in a third of the time."""


def may_contain_queries(data: bytes) -> bool:
    """Return whether the bytes of a file can hold anything for the linter. It never says no to a file with a query.

    A `user_metadata` that is itself spelled with escapes, or put together from parts, is not looked for.
    """
    if b"bbquery" in data or b"browserbase" in data:  # given to them, a text without metadata is a query too
        return True
    return any(end in data and name.search(data) for end, name in _NAMES_BY_END)


def decode_query(text: str) -> tuple[str, list[int] | None] | None:
    """Return the text if it is a query or clearly meant to be one; otherwise what percent-decoding makes of it, with
    offsets.

    The offsets say where each character, and the end, starts in `text`. It is decoded once, even if only a second time
    gives a query: the linter says that it was encoded too often. Return None if no decoding helps.
    """
    if not mentions_metadata(text):
        return None
    if _looks_like_query(text):
        return text, None
    once = step = decode_form_with_offsets(text) if "%" in text else None
    for _ in range(2):
        if step and _looks_like_query(step[0]):
            return once
        step = decode_form_with_offsets(step[0]) if step and "%" in step[0] else None
    return None


def query_positions(text: str) -> Iterator[tuple[Span, bool]]:
    """Yield where in a text a query may stand, and whether that is the `q` of a URL.

    That is all of it; what follows a connective or `name=`, twice at most; and what follows `?q=`, up to the quote that
    the URL stands in, the next parameter, `&` or space.
    """
    yield _stripped(text, 0, len(text)), False
    at = 0
    for _ in range(2):
        if named := _NAMED_PARAMETER.match(text, at):
            at = named.start(1)
            yield _stripped(text, *named.span(1)), named.end() < len(text)  # alone it may be what is yet to be encoded
    for match in _PARAMETER.finditer(text):
        start, end = match.span(1)
        if quoted := _QUOTED.search(text, max(start - 200, 0), start):
            yield Span(start, max(text.find(quoted[0], start, end), start)), True
        yield _stripped(text, start, end), True
        yield Span(*match.span(2)), True


def _stripped(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    first = start + len(part) - len(part.lstrip())
    return Span(first, max(first, start + len(part.rstrip())))


def mentions_metadata(text: str) -> bool:
    """Return whether a text contains the one word without which it is not one of our queries."""
    return ("etadata" in text or "METADATA" in text) and BASE_WORD.search(text) is not None


def _looks_like_query(text: str) -> bool:
    return _QUERY.match(text) is not None and _QUOTE.search(text) is not None


# --- patterns ----------------------------------------------------------------------------------

# What looks like a space counts as one, and every typographic quote as a quote: the checker says what is wrong.
_S = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]*+"
_QUOTES = "'\"\u2018-\u201f\u2032\u2033\u00ab\u00bb`\u00b4"
_QUOTE = re.compile(f"[{_QUOTES}]")
_BARE_PATTERN = r"[\w.@$/-]++"
_STRING_PATTERN = (
    r"(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
    rf"|[\u2018-\u201f\u2032\u2033\u00ab\u00bb`\u00b4][^{_QUOTES}]*+[{_QUOTES}]|['\"][^{_QUOTES}]*+[{_QUOTES}])"
)
BASE_WORD = re.compile(r"[Uu]ser_?[Mm]etadata|USER_?METADATA")
# What stands in quotes belongs to the query. No value that can be stored is longer, and a limit keeps the work linear.
_QUOTED_VALUE = r"'(?:[^'\\]|\\.){0,600}+'|\"(?:[^\"\\]|\\.){0,600}+\""
_NAMED_PARAMETER = re.compile(
    rf"\s*+(?:(?:AND|OR)\s|-*+[\w.-]++\+?=(?!=))((?:{_QUOTED_VALUE}|(?!&[\w.-]+=).)*+)", re.DOTALL
)
_PARAMETER = re.compile(r"[?&]q=(([^&#\s]*+)(?:(?!&[\w.-]+=)[^#\r\n])*+)")
_QUOTED = re.compile(r"[\"'`](?=[^\s\"'`]*+\Z)")
_BASE = rf"(?:{BASE_WORD.pattern})(?!\w)"
# ['key'], [key], [0], ['key] and [key']; and, where the colon follows, ['key'
_KEY_PATTERN = (
    rf"{_S}\[{_S}(?>{_STRING_PATTERN}{_S}\]|[{_QUOTES}]?{_BARE_PATTERN}[{_QUOTES}]?{_S}\]"
    rf"|\*{_S}\]|{_STRING_PATTERN}(?={_S}:))"
)
_PATH = rf"{_BASE}(?:{_KEY_PATTERN})++{_S}"
_COLON = r"[:\uff1a](?![:=])"  # neither a cast (`::text`) nor an assignment
_LITERAL = r"(?:-?\d[\w.+:-]*+|true|false|now[\w+-]*+|\$\w++|\*)(?!\w)"
_LIST = rf"\({_S}(?:{_STRING_PATTERN}|\$\w|\d)[^)]*+\)?"
# A word without quotes is a value only where it stands at the colon: `user_metadata['name']: the user's name` is prose.
# And a quote that is followed by a letter closed too early, as in 'O'Brien': the rest cannot be made out.
_VALUE = (
    rf"(?>{_S}{_STRING_PATTERN}(?:[\w{_QUOTES}].*+)?|{_S}[{_QUOTES}][^{_QUOTES}]++\Z"
    rf"|{_S}{_LITERAL}|{_S}{_LIST}|[\w@]{_BARE_PATTERN}|\w)"
)
_SIGN = rf"{_PATH}(?>{_COLON}{_VALUE}|[$^*]={_S}{_STRING_PATTERN}|(?<=\]){_STRING_PATTERN})"

_FIELD_NAME = rf"(?>(?:{'|'.join(SESSION_FIELDS)})(?!\w){_S}|{_PATH})"
_OPERATOR = rf"(?>[:\uff1a](?={_S}\*(?!=))|[:=<>!^$*~\uff1a]++)"
_LEAD = r"(?:[(\s\u00ad\u200b-\u200f\u2060\ufeff]|[-!](?!\s)|(?i:not)\b)*+"
_CONNECTIVE = rf"(?:{_S}\))*+{_S}(?>(?i:and|or)\b|&&?|\|\|?|[,;]|){_LEAD}"
_OTHER = rf"(?>{_FIELD_NAME}{_OPERATOR}{_S}(?>{_STRING_PATTERN}|{_LIST}|{_LITERAL}|{_BARE_PATTERN}){_CONNECTIVE})"
# After a whole condition comes the end, a connective, or the next condition: anything else makes it prose.
_REST = rf"(?:{_S}[\])])*+{_S}(?>\Z|(?:AND|OR|NOT)\b|(?>(?i:and|or)\b|&&?|\|\|?|[,;]|){_LEAD}{_FIELD_NAME}{_OPERATOR})"
_QUERY = re.compile(rf"{_LEAD}(?:{_OTHER})*?{_SIGN}{_REST}", re.DOTALL)
