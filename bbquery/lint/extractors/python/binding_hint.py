"""The `bbquery.parse(…, name=value)` to suggest for a query into which Python puts values, and to write."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable
from itertools import chain, count

from ...._text import Span
from ...rules.assembly import TEMPLATE_FIELD
from ..assembled_text import AssembledText, Interpolation


def binding_hint(query: AssembledText) -> str:
    """Return the hint: a call of `bbquery.parse` for this query, or, if that would be odd, an example of one."""
    bound = _bound(query)
    if bound is None:
        return _HINT
    literal, names = bound
    return f"bind it as a value: bbquery.parse({literal}{_arguments(names)})"


def bound_arguments(query: AssembledText, taken: Collection[str]) -> str | None:
    """Return the arguments of `bbquery.parse` that bind what is put into a query; None if that would be odd.

    `taken` are the names of other arguments of the call.
    """
    bound = _bound(query)
    if bound is None or any(name in taken for name in bound[1].values()):
        return None
    return bound[0] + _arguments(bound[1])


def _arguments(names: dict[str, str]) -> str:
    return "".join(f", {name}={code}" for code, name in names.items())


def _bound(query: AssembledText) -> tuple[str, dict[str, str]] | None:
    """Return the literal of a query with placeholders, and the placeholder of each argument's code."""
    text, holes = query.text, query.holes
    names: dict[str, str] = {}  # of each argument's code
    spelled, end = "", 0
    if len(holes) > _MANY:
        return None
    bound = 0
    for string in query.strings:
        inside = [(at, hole) for at, hole in holes if string.start <= at.start and at.end <= string.end]
        if not inside:
            continue
        code = _argument(text, string, inside)
        if code is None:
            return None
        bound += len(inside)
        name = names.setdefault(code, _parameter_name(inside[0][1].code, names.values()))
        spelled += text[end : string.start] + "$" + name
        end = string.end
    spelled += text[end:]
    if bound < len(holes) or "\n" in spelled or len(spelled) + len(_arguments(names)) > 240:
        return None
    quoted = spelled.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"', names


_MANY = 20  # holes, for a hint that can be read
_HINT = "bind it as a value: bbquery.parse(\"user_metadata['key']:$value\", value=…)"


def _argument(text: str, string: Span, holes: list[tuple[Span, Interpolation]]) -> str | None:
    """Return the Python expression for the value of a string with interpolations;

    None for one that is too odd to show.
    """
    at = holes[0][0]
    alone = len(holes) == 1 and (at == string or at == Span(string.start + 1, string.end - 1))
    codes = [_parameter_name(hole.code, ()) if TEMPLATE_FIELD.fullmatch(hole.code) else hole.code for _, hole in holes]
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


def _parameter_name(code: str, taken: Iterable[str]) -> str:
    """Return a name for a placeholder: the last one in an expression."""
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", code if code != "%s" else "")
    name = words[-1] if words and not keyword.iskeyword(words[-1]) else "value"
    options = chain([name], (f"{name}{number}" for number in count(2)))
    used = {*taken}
    return next(option for option in options if option not in used)
