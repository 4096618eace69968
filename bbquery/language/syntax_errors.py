"""From where the parser stopped to a `QuerySyntaxError` in a user's words.

The parser says where it stopped and which terminals it could have gone on with. That set names a place in the grammar,
such as `path`, and `common_mistakes` has a table of mistakes for each place. What takes more than a pattern to see has
a function here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .._text import Span, did_you_mean, make_visible, truncate
from ..errors import QuerySyntaxError
from .common_mistakes import CONDITION, EXPECTED_BY_POSITION, MISTAKES_ANYWHERE, MISTAKES_BY_POSITION
from .grammar import terminal
from .printer import quote
from .session_fields import SESSION_FIELDS
from .validation import operators


class Problem(NamedTuple):
    """A mistake in a text: where it is, what to do, and what was meant if that is known (see `Mistake`)."""

    start: int
    end: int
    code: str
    message: str
    hint: str
    replacement: str | None = None
    negates: bool = False


def _grammar_position(text: str, at: int, expected: frozenset[str]) -> str:
    """Return the place in the grammar, a key of the tables of mistakes."""
    if "_AND" in expected or "$END" in expected or expected <= {"_OR", "RPAR", "WS"}:
        opened = _open_parenthesis(text, at)
        if opened is None:
            return "condition"
        listed = text[:opened].rstrip(" \t\r\n").endswith(":")
        return "listed value" if listed else "condition in parentheses"
    if "_LSQB" in expected:
        return "path" if "_COLON" in expected else "base"
    for sign, place in (
        ("BASE", "start"),
        ("_COLON", "field"),
        ("STAR", "colon"),
        ("RSQB", "key"),
        ("NUMBER", "operator"),
    ):
        if sign in expected:
            return place
    return "bracket"


def explain_syntax_error(text: str, at: int, expected: frozenset[str]) -> QuerySyntaxError:
    """Return the error for a text that cannot go on at `at`, where only the terminals `expected` could stand."""
    place = _grammar_position(text, at, expected)
    words = EXPECTED_BY_POSITION[place]
    if place == "field":
        words = operators(SESSION_FIELDS[_word_before(text, at)])
    problem = _problem_at_end(text, place) if at >= len(text) else find_problem(text, at, place)
    return QuerySyntaxError(
        problem.message,
        text=text,
        span=Span(problem.start, problem.end),
        code=problem.code,
        expected=words,
        hint=problem.hint or None,
    )


# --- at the end --------------------------------------------------------------------------------

_ENDS = {
    "start": ("missing-condition", "the query ends where a condition should follow", ""),
    "base": ("missing-key", "user_metadata needs a key", "write user_metadata['key']:'value'"),
    "bracket": ("missing-key", "the bracket holds no key", "write ['key']"),
    "key": ("missing-bracket", "the bracket is not closed", "add ]"),
    "path": (
        "missing-comparison",
        "the field is compared with nothing",
        "write :'value', or :* for any value",
    ),
    "field": ("missing-comparison", "the field is compared with nothing", "write a value after it"),
    "colon": ("missing-value", "there is no value after :", "write 'value', or * for any value"),
    "operator": ("missing-value", "there is no value where one should follow", ""),
    "listed value": ("unclosed-parenthesis", "the list of values is not closed", "add )"),
}


def _problem_at_end(text: str, place: str) -> Problem:
    end = len(text.rstrip(" \t\r\n"))  # a file ends with a line end: its last line is not the place to show
    if not end:
        return Problem(0, len(text), "empty-query", "the query is empty", f"write {CONDITION}")
    opened = _open_parenthesis(text, end)
    if place == "condition in parentheses" and opened is not None:
        return Problem(opened, opened + 1, "unclosed-parenthesis", "this parenthesis is never closed", "add )")
    code, message, hint = _ENDS[place]
    return Problem(end, end, code, message, hint)


def _open_parenthesis(text: str, at: int) -> int | None:
    """Return where the innermost parenthesis that is open at `at` stands, or None."""
    opened: list[int] = []
    for match in re.finditer(rf"{terminal('STRING').pattern}|[()]", text[:at]):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


# --- at a character ----------------------------------------------------------------------------

_WORD_PATTERN = r"[^\W\d]\w*"
_BARE_WORD = r"[^\s()\[\]'\":\x00-\x1f\x7f-\x9f\ud800-\udfff]+"


def find_problem(text: str, at: int, place: str) -> Problem:
    """Return what is wrong with a text that cannot go on at a character."""
    for find in (
        _bad_string, _bad_character, _split_word, _missing_bracket, _unescaped_quote, _bare_time, _spaced_now, _dotted,
    ):  # fmt: skip
        problem = find(text, at, place)
        if problem:
            return problem
    for mistake in (*MISTAKES_ANYWHERE, *MISTAKES_BY_POSITION.get(place, ())):
        match = re.compile(mistake.pattern).match(text, at)
        if match:
            shown = truncate(match[0], 40)
            message, hint = (part.format(shown, lower=shown.lower()) for part in (mistake.message, mistake.hint))
            meant = mistake.replacement and mistake.replacement.format(shown, lower=shown.lower())
            # `<>` goes wrong at its second character only, as `<` is an operator.
            start = at - 1 if mistake.negates and text[at] == ">" else at
            return Problem(start, match.end(), mistake.code, message, hint, meant, mistake.negates)
    return _unknown(text, at, place)


# What may stand in a string, by its quote: the grammar's STRING without its ends.
_BODIES = {
    mark: re.compile(rf"(?:[^{mark}\\\x00-\x1f\x7f-\x9f\ud800-\udfff]++|\\(?:['\"\\/bfnrt]|u[0-9A-Fa-f]{{4}}))*+")
    for mark in "'\""
}


def _bad_string(text: str, at: int, place: str) -> Problem | None:
    """Return what is wrong with a string that starts here and goes wrong."""
    mark = text[at]
    if mark not in "'\"" or place not in ("bracket", "colon", "operator"):
        return None
    body = _BODIES[mark]
    stop = body.match(text, at + 1).end()  # type: ignore[union-attr]  # it can match nothing, so it matches
    if stop == len(text):
        smart = re.compile(r"[\u2018\u2019\u201c\u201d]").search(text, at)
        if smart:
            message = f"{smart[0]} does not close the string"
            return Problem(*smart.span(), "smart-quote", message, f"write {mark}", mark)
        return Problem(at, stop, "unclosed-string", "the string is not closed", f"add {mark}")
    if text[stop] == "\\":
        escape = re.compile(r"\\(?:u[0-9A-Fa-f]{0,4}|.?)", re.DOTALL).match(text, stop)
        end = escape.end() if escape else stop + 1
        if end == len(text) and end == stop + 1:
            return Problem(at, end, "unclosed-string", "the string is not closed", f"add {mark}")
        hint = r"escapes are \\ \' \" \/ \b \f \n \r \t and \u with four digits; write \\ for a backslash"
        return Problem(stop, end, "bad-escape", f"{make_visible(text[stop:end])} is not an escape", hint)
    return _bad_character(text, stop, place)


def _bad_character(text: str, at: int, _: str) -> Problem | None:
    """Return what is wrong with a character that looks like nothing, or like something that it is not."""
    from unicodedata import category

    char = text[at]
    kind = category(char)
    code_point = f"U+{ord(char):04X}"
    if kind == "Cc":
        hint = f"inside of a string write \\u{ord(char):04x}; elsewhere remove it"
        hint = {
            "\n": r"inside of a string write \n",
            "\t": r"inside of a string write \t",
            "\r": r"inside of a string write \r",
        }.get(char, hint)
        return Problem(at, at + 1, "control-character", f"there is a control character ({code_point})", hint)
    if kind == "Cs":
        message = f"there is half of a surrogate pair ({code_point})"
        return Problem(at, at + 1, "lone-surrogate", message, "no JSON text can hold it; remove it")
    return _invisible(text, at) if is_invisible(char) else None


def is_invisible(char: str) -> bool:
    """Return whether a character is a space that is not the plain one, or takes no room at all."""
    from unicodedata import category

    return char != " " and category(char) in ("Zs", "Zl", "Zp", "Cf")


def _invisible(text: str, at: int) -> Problem:
    """Return the problem of one or several invisible characters in a row."""
    from unicodedata import category, name

    end = at
    while end < len(text) and is_invisible(text[end]):
        end += 1
    run = text[at:end]
    first = f"U+{ord(run[0]):04X} {name(run[0], '')}".strip()
    message = f"there is an invisible character ({first})" + (f", and {len(run) - 1} more" if len(run) > 1 else "")
    if any(category(char)[0] == "Z" for char in run):
        return Problem(at, end, "invisible-character", message, "replace it by a plain space", " ")
    return Problem(at, end, "invisible-character", message, "remove it", "")


def _split_word(text: str, at: int, _: str) -> Problem | None:
    """Return the problem of an invisible character that cuts a word in two, such as `A\u200bND`."""
    word = re.compile(_WORD_PATTERN).match(text, at)
    if word and word.end() < len(text) and is_invisible(text[word.end()]):
        problem = _invisible(text, word.end())
        return problem if problem.replacement == "" else None
    return None


def _missing_bracket(text: str, at: int, place: str) -> Problem | None:
    if place == "base":
        match = terminal("STRING").match(text, at)
        if match:
            return Problem(
                at,
                match.end(),
                "missing-bracket",
                "a key stands in brackets",
                f"write [{truncate(match[0], 40)}]",
            )
    if place == "path" and text[at] == "]":
        return Problem(at, at + 1, "missing-bracket", "there is no bracket to close", "leave ] out")
    if place == "bracket":
        bare = re.compile(_WORD_PATTERN + r"[\w.-]*").match(text, at)
        if bare:
            return Problem(
                at,
                bare.end(),
                "missing-quote",
                "a key stands in quotes",
                f"write {quote(truncate(bare[0], 40))}",
            )
    if place == "key":
        if text[at - 2 : at - 1] == ":":  # ['a:'b': the string swallowed the end of the key
            return Problem(
                at - 1, at, "missing-quote", "the key is not closed before :", f"write {text[at - 1]}] before it"
            )
        if not text[at].isalpha():
            return Problem(at, at + 1, "missing-bracket", "the bracket is not closed", "add ]")
    return None


def _unescaped_quote(text: str, at: int, place: str) -> Problem | None:
    """Return the problem of a quote inside a string, as in `'O'Neil'` and `'O''Neil'`: something follows a string
    directly.
    """
    if place not in ("condition", "condition in parentheses", "key", "listed value") or text[at - 1] not in "'\"":
        return None
    mark = text[at - 1]
    if text[at] == mark:
        return Problem(
            at - 1,
            at + 1,
            "unescaped-quote",
            "a quote is not doubled inside of a string",
            f"write \\{mark}",
        )
    if re.compile(r"[^\W\d]").match(text, at) and not re.compile(r"(?i:and|or|not)\b").match(text, at):
        word = re.compile(_WORD_PATTERN).match(text, at)
        field = word and (word[0] in SESSION_FIELDS or word[0] == "user_metadata")
        if not field:
            return Problem(
                at - 1,
                at,
                "unescaped-quote",
                "the string ends at this quote",
                f"a quote inside of a string is written \\{mark}",
            )
    return None


_TIME_LIKE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt][\w:.+-]*)?")


def unquoted_time(text: str, at: int) -> Problem | None:
    """Return the problem of a time without quotes, such as `2026-11-01`, which starts like a number."""
    match = _TIME_LIKE.match(text, at)
    if not match:
        return None
    return Problem(
        at, match.end(), "missing-quote", "a time stands in quotes", f"write {quote(truncate(match[0], 40))}"
    )


def _bare_time(text: str, at: int, place: str) -> Problem | None:
    """Return the problem of a time without quotes on metadata:

    its year was read as a number, and the rest goes wrong.
    """
    return unquoted_time(text, at - 5) if place in ("start", "condition") and at >= 5 else None


def _spaced_now(text: str, at: int, place: str) -> Problem | None:
    """Return the problem of spaces in a time such as `now - 7d`, which reads as `now`, then NOT."""
    before = re.compile(r"\bnow[ \t]*(?:[-+][ \t]*)?$").search(text[max(0, at - 40) : at])
    after = re.compile(r"[-+]?[ \t]*(\w+)").match(text, at)
    if place not in ("start", "condition", "condition in parentheses") or not before or not after:
        return None
    start = at - len(before[0])
    whole = re.sub(r"[ \t]", "", text[start : after.end()])
    if not re.fullmatch(r"now[-+]\w+", whole):
        return None
    right = whole if terminal("NOW").fullmatch(whole) else "now-7d"
    return Problem(
        start,
        after.end(),
        "bad-time",
        "this is not a time",
        f"write {truncate(right, 40)}: no spaces, and s m h or d",
    )


def _dotted(text: str, at: int, place: str) -> Problem | None:
    if place not in ("base", "path"):
        return None
    dots = re.compile(r"\.[\w.-]*").match(text, at)
    if not dots:
        return None
    keys = [key for key in dots[0].split(".") if key] or ["key"]
    path = "".join(f"[{quote(key)}]" for key in keys)
    return Problem(at, dots.end(), "dot-path", "a path is not written with dots", f"write {truncate(path, 40)}")


# --- words -------------------------------------------------------------------------------------

_BASES = {"usermetadata", "usermeta", "metadata", "meta"}


def _unknown(text: str, at: int, place: str) -> Problem:
    if place == "key":
        return Problem(at, at + 1, "missing-bracket", "the bracket is not closed", "add ]")
    word = re.compile(_WORD_PATTERN).match(text, at)
    if word and place in ("start", "condition", "condition in parentheses"):
        return _unknown_word(text, word)
    if place in ("colon", "operator"):
        bare = re.compile(_BARE_WORD).match(text, at)
        if bare:
            message = "a string stands in quotes"
            return Problem(at, bare.end(), "missing-quote", message, f"write {quote(truncate(bare[0], 40))}")
    end = word.end() if word else at + 1
    return Problem(at, end, "unexpected", f"{truncate(make_visible(text[at:end]), 40)} cannot stand here", "")


def _unknown_word(text: str, match: re.Match[str]) -> Problem:
    word, (start, end) = match[0], match.span()
    if word.lower().replace("_", "") in _BASES:
        return Problem(
            start, end, "base-spelling", f"the base is not spelled {truncate(word, 40)}", "write user_metadata"
        )
    api_names = {field.api_name: name for name, field in SESSION_FIELDS.items()}
    known = (*SESSION_FIELDS, "user_metadata")
    hint = f"did you mean {api_names[word]}?" if word in api_names else did_you_mean(word, known)
    if hint is None:
        key = f"user_metadata[{quote(truncate(word, 40))}]"
        hint = f"a metadata key is written {key}; the fields are {' '.join(SESSION_FIELDS)}"
    return Problem(start, end, "unknown-field", f"there is no field {truncate(word, 40)}", hint)


def _word_before(text: str, at: int) -> str:
    """Return the session field that ends before `at`."""
    before = text[:at].rstrip(" \t\r\n")
    start = len(before)
    while start > 0 and (before[start - 1] == "_" or "a" <= before[start - 1] <= "z"):
        start -= 1
    return before[start:]
