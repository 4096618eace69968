"""A text put together by code → the queries in it, and what is wrong with how it was put together (BBQ401 to 403).

The text comes as runs, which are constant, and holes, where a value is put in. A word stands in for each hole, and what
comes of that is asked whether it is a query. A hole is an injection where a value or a key stands: between quotes, in
brackets, after the colon. One that stands for a whole condition is none of our business.
"""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count
from typing import Literal, NamedTuple

from ...errors import Span
from ..finding import Finding
from ..rules import RULES
from .excerpt import Excerpt
from .recognise import decoded, in_url, is_plain_query

Role = Literal["query", "encoded", "unencoded", "compared", "shown"]
"""What is known of a text from where it stands: it is a query for certain; it is given to what decodes it, or to what
encodes it; it is compared with another text, or printed or logged, and so is not what is sent."""


class Run(NamedTuple):
    """Constant text, and where in the source each of its characters begins and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class Hole(NamedTuple):
    """A place where a value is put in: its expression, and whether no value of it can change the query (a number)."""

    span: Span
    code: str
    harmless: bool = False


class _Filled(NamedTuple):
    """A text with words for holes: where its characters stand in the source, and where the holes stand in it."""

    text: str
    starts: list[int]
    ends: list[int]
    holes: list[tuple[Span, Hole]]

    def part(self, span: Span, plain: str, offsets: list[int] | None) -> _Filled:
        """The part under a span, which says `plain` when it is decoded."""
        firsts = [span.start + at for at in (range(len(plain) + 1) if offsets is None else offsets)]
        index = {first: at for at, first in reversed([*enumerate(firsts)])}
        return _Filled(
            plain,
            [self.starts[first] for first in firsts[:-1]],
            [self.ends[after - 1] for after in firsts[1:]],
            [(Span(index[at.start], index[at.end]), hole) for at, hole in self.holes if {*at} <= index.keys()],
        )


def examine(
    pieces: Sequence[Run | Hole], span: Span, role: Role | None = None, respell: Callable[[str], str] | None = None
) -> tuple[list[Excerpt], list[Finding]] | None:
    """The queries in a text that stands at `span`, and the findings on how it was put together; None where it is none
    of our business. `respell` is that of a text which is one literal."""
    filled = _fill(pieces)
    if role == "query" or is_plain_query(filled.text):
        return _query(filled, span, respell, final=role == "query")
    found = decoded(filled.text, is_plain_query)
    if found and role == "unencoded":  # what encodes it now will do so twice: the checker says that of the text
        return _query(filled, span, respell)
    where: Span | None = Span(0, len(filled.text))
    if found is None:
        where = in_url(filled.text) if "q=" in filled.text else None
        found = decoded(filled.text[where.start : where.end], is_plain_query) if where else None
    if where is None or found is None:
        return None
    source = Span(filled.starts[where.start], filled.ends[where.end - 1])
    excerpts, findings = _query(filled.part(where, *found), source, None)
    if role not in ("compared", "encoded"):
        code = "BBQ403" if found[1] is None else "BBQ402"
        findings.append(_finding(code, *_MESSAGES[code], source))
    return excerpts, findings


_MESSAGES = {
    "BBQ402": (
        "the query is percent-encoded by hand",
        "write the query itself, and let bbquery encode it: bbquery.parse(text).encode(), or .url()",
    ),
    "BBQ403": (
        "the query stands in a URL without percent-encoding",
        "let bbquery write the URL: bbquery.parse(text).url(), or give the client params={'q': text}",
    ),
}


def _finding(code: str, message: str, hint: str, span: Span) -> Finding:
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint)


# --- filling holes -----------------------------------------------------------------------------

_CONDITION = "id:*"
_BARE = re.compile(r"[\w.@$/+-]")


def _fill(pieces: Sequence[Run | Hole]) -> _Filled:
    """A stand-in for each hole, by what is before and after it: a string, a condition, or else a word."""
    filled = _Filled("", [], [], [])
    text = ""
    for index, piece in enumerate(pieces):
        said = piece.text if isinstance(piece, Run) else _stand_in(text[-40:], pieces[index + 1 : index + 2])
        if isinstance(piece, Run):
            filled.starts.extend(piece.starts)
            filled.ends.extend(piece.ends)
        else:
            filled.holes.append((Span(len(text), len(text) + len(said)), piece))
            filled.starts.extend([piece.span.start] * len(said))
            filled.ends.extend([piece.span.end] * len(said))
        text += said
    return filled._replace(text=text)


def _stand_in(before: str, after: Sequence[Run | Hole]) -> str:
    follows = after[0].text[:1] if after and isinstance(after[0], Run) else "x" if after else ""
    if before.endswith(("[", ":", ":(")) and not _BARE.match(follows):
        return "'x'"
    opened = not before or before[-1].isspace() or before[-1] == "("
    if opened and not before.rstrip().endswith(":") and (not follows or follows.isspace() or follows == ")"):
        return _CONDITION
    return "x"


# --- the query ---------------------------------------------------------------------------------

_STRING = re.compile(r"""'(?:[^'\\]|\\.)*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)""", re.DOTALL)
# What a template has for a value that is filled in later. None of it can be stored (F20), %s apart.
_LATER = re.compile(r"\$?\{\w*(?:![rsa])?(?::[^{}'\"]*)?\}|\{\{ *[\w.]+ *\}\}|%\(\w+\)s|%s")


def _query(
    filled: _Filled, span: Span, respell: Callable[[str], str] | None, *, final: bool = False
) -> tuple[list[Excerpt], list[Finding]]:
    """`final` says that the text is used as it is: what looks like a template in it is none."""
    text = filled.text
    strings = [Span(*match.span()) for match in _STRING.finditer(text)]
    later = [] if filled.holes or final else _later(filled, strings)
    if not filled.holes and not later:
        return [_excerpt(filled, span, respell)], []
    hint = _hint(text, sorted([*filled.holes, *later], key=lambda found: found[0]), strings)
    message = "{} is filled in later, as text" if later else "{} is put into the text of the query"
    return [], [
        _finding(
            "BBQ401", f"{message.format(_short(hole.code))}: a quote in it changes what is asked for", hint, hole.span
        )
        for at, hole in (*filled.holes, *later)
        if not hole.harmless and _is_value(text, at, strings)
    ]


def _later(filled: _Filled, strings: list[Span]) -> list[tuple[Span, Hole]]:
    """The fields of a template."""
    found = [match for string in strings for match in _LATER.finditer(filled.text, *string)]
    return [
        (Span(*match.span()), Hole(Span(filled.starts[match.start()], filled.ends[match.end() - 1]), match[0]))
        for match in found
    ]


def _excerpt(filled: _Filled, span: Span, respell: Callable[[str], str] | None) -> Excerpt:
    offsets = [*filled.starts, filled.ends[-1] if filled.ends else span.end]
    ends = None if filled.ends == offsets[1:] else filled.ends
    if ends is None and offsets == [*range(span.start, span.start + len(offsets))]:
        return Excerpt(filled.text, span, None, respell)
    return Excerpt(filled.text, span, offsets, respell, ends)


def _is_value(text: str, at: Span, strings: list[Span]) -> bool:
    """Whether a hole stands where a key or a value does."""
    if text[at.start : at.end] == _CONDITION:
        return False
    index = bisect_right(strings, at.start, key=lambda string: string.start) - 1
    inside = index >= 0 and at.end <= strings[index].end
    return inside or re.search(r"[:\[][\w.@$/+-]*\Z", text[max(at.start - 80, 0) : at.start]) is not None


def _short(code: str) -> str:
    code = " ".join(code.split())
    return code if len(code) <= 40 else code[:40] + "…"


# --- the way out -------------------------------------------------------------------------------


def _hint(text: str, holes: list[tuple[Span, Hole]], strings: list[Span]) -> str:
    """How to write the query so that its values are bound."""
    names: dict[str, str] = {}  # of each argument's code
    spelled, end = "", 0
    if len(holes) > _MANY:
        return _HINT
    bound = 0
    for string in strings:
        inside = [(at, hole) for at, hole in holes if string.start <= at.start and at.end <= string.end]
        if not inside:
            continue
        code = _argument(text, string, inside)
        if code is None:
            return _HINT
        bound += len(inside)
        name = names.setdefault(code, _name(inside[0][1].code, names.values()))
        spelled += text[end : string.start] + "$" + name
        end = string.end
    spelled += text[end:]
    arguments = "".join(f", {name}={code}" for code, name in names.items())
    if bound < len(holes) or "\n" in spelled or len(spelled) + len(arguments) > 240:
        return _HINT
    quoted = spelled.replace("\\", "\\\\").replace('"', '\\"')
    return f'bind it as a value: bbquery.parse("{quoted}"{arguments})'


_MANY = 20  # holes, for a hint that can be read
_HINT = "bind it as a value: bbquery.parse(\"user_metadata['key']:$value\", value=…)"


def _argument(text: str, string: Span, holes: list[tuple[Span, Hole]]) -> str | None:
    """The Python expression for the value of a string with holes; None for one too odd to show."""
    at = holes[0][0]
    alone = len(holes) == 1 and (at == string or at == Span(string.start + 1, string.end - 1))
    codes = [_name(hole.code, ()) if _LATER.fullmatch(hole.code) else hole.code for _, hole in holes]
    if any(hole.harmless for _, hole in holes) or not "".join(codes).isprintable():
        return None  # a number has to become a string first
    if alone:
        return codes[0]
    said, end = "", string.start + 1
    for (where, _), code in zip(holes, codes, strict=True):
        said += text[end : where.start] + "{" + code + "}"
        end = where.end
    said += text[end : string.end - 1]
    return None if re.search(r"[\"'\\]", said) or not said.isprintable() else f'f"{said}"'


def _name(code: str, taken: Iterable[str]) -> str:
    """A name for a placeholder: the last one in an expression."""
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", code if code != "%s" else "")
    name = words[-1] if words and not keyword.iskeyword(words[-1]) else "value"
    options = chain([name], (f"{name}{number}" for number in count(2)))
    used = {*taken}
    return next(option for option in options if option not in used)
