"""Find queries in the words of shell scripts.

A word is what the shell makes of it: `'user_metadata['"'a'"']'` is one text out of three. Words are read in one pass,
in which `$(…)` and backquotes open a command of their own inside the word that they are part of. Their output, and
variables, are interpolations. A here-document is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import takewhile

from ..._text import Span
from ...planning.requests import SESSIONS_PATH
from ..rules.assembly import Advice, find_queries
from .assembled_text import MATCHES_NOTHING, ConstantText, Fragment, FragmentReader, Respell, Role, character
from .excerpt import Construct, Extraction

_SHELL_ADVICE = Advice(
    bound="bind it as a value: bbquery encode \"user_metadata['key']:\\$value\" --set value=…",
    unencoded='write curl --get --data-urlencode "q=…", or bbquery encode',
)
_VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(
    rf"\$(?:\{{\{{[^}}\n]*\}}\}}|\{{({_VARIABLE_NAME})\}}|({_VARIABLE_NAME})|\{{[^}}\n]*\}}?|[0-9@*])"
)
_EXPANSION = re.compile(rf"\$\([^()\n]*\)|`[^`\n]*`|{_VARIABLE.pattern}")
_UNQUOTED = re.compile(r"[^\\'\"$`\s;&|<>()#]+")
_IN_QUOTES = re.compile(r"[^\\\"$`]+")
_SINGLE_QUOTED = re.compile(r"'([^']*)('?)")
_ANSI = re.compile(r"\$'((?:[^'\\]|\\[\s\S])*)('?)")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.-]+))")
_CONSTANT = re.compile(
    rf"^[ \t]*(?:(?:export|readonly|local|declare)[ \t]+(?:-\w+[ \t]+)*)?({_VARIABLE_NAME})="
    r"(?:'([^'\n\\\"]*)'|\"([^\"$`\\'\n]*)\"|([\w.:/@%+,-]+))?(?=(?P<whole>[ \t]*(?:[;#].*)?$))?",
    re.MULTILINE,
)


def extract(source: str) -> Extraction:
    """Return the queries of a script, and what is put into them."""
    return _Script(source).read()


def scan_part(source: str, start: int, end: int, found: Extraction) -> None:
    """Add to `found` what a script says that is a part of a source."""
    part = _Script(source, start, end).read()
    found.excerpts.extend(part.excerpts)
    found.findings.extend(part.findings)
    if found.comments is not None:
        found.comments.extend(part.comments or ())
    if found.constructs is not None:
        found.constructs.extend(part.constructs or ())


def constants(source: str) -> dict[str, str]:
    """Return variables that are given a value in one place only, a constant one without quotes."""
    values: dict[str, list[str | None]] = {}
    for match in _CONSTANT.finditer(source):
        known = next((value for value in match.groups()[1:4] if value is not None), None)
        values.setdefault(match[1], []).append(known if match["whole"] is not None else None)
    return {name: given[0] for name, given in values.items() if len(given) == 1 and given[0] is not None}


class _Word:
    """A word that is being read. Its query can be rewritten if it lies in one pair of quotes."""

    def __init__(self, source: str, start: int) -> None:
        self.builder = FragmentReader(source)
        self.start = start
        self.parts = 0
        self.respell: Respell | None = None

    def part(self, respell: Respell | None) -> None:
        self.parts += 1
        self.respell = respell if self.parts == 1 else None


class _Script:
    def __init__(self, source: str, start: int = 0, end: int | None = None) -> None:
        self.source = source
        self.at = start
        self.end = len(source) if end is None else end
        self.found = Extraction([], [], [], constructs=[])
        self.line_start = self.at  # of the command, which may go on in other lines
        self.command: list[tuple[_Word, int]] = []  # its words so far, each with its end
        self.outer: list[list[tuple[_Word, int]]] = []  # the words of the commands around it
        self.constants = constants(source[self.at : self.end])
        self.word = _Word(source, self.at)
        # What is open around here: the word outside, and what closes the inside: ) ` or " or, for a subshell, S.
        self.open: list[tuple[_Word, str]] = []
        self.heredocs: list[re.Match[str]] = []

    def read(self) -> Extraction:
        while self.at < self.end:
            if self.open and self.open[-1][1] == '"':
                self._read_quoted()
            else:
                self._read_command()
        while self.open:
            word, closing = self.open.pop()
            if closing != '"':
                self._finish()
                self._leave_command()
            self.word = word
        self._finish()
        self._judge_command()
        self._end_command(self.end)
        self.found.excerpts.sort(key=lambda excerpt: excerpt.span)
        self.found.findings.sort(key=lambda finding: finding.span)
        return self.found

    def _read_command(self) -> None:
        source, at = self.source, self.at
        char = source[at]
        if plain := _UNQUOTED.match(source, at, self.end):
            self.word.builder.plain(*plain.span())
            self.word.part(None)
            self.at = plain.end()
        elif char == "'" and (quoted := _SINGLE_QUOTED.match(source, at, self.end)):
            self.word.builder.plain(*quoted.span(1))
            self.word.part(lambda text: text.replace("'", "'\\''"))
            self.at = quoted.end()
        elif char == "$" and (quoted := _ANSI.match(source, at, self.end)):
            self.word.builder.resolve(*quoted.span(1), _ANSI_ESCAPE, _ansi_meaning)
            self.word.part(lambda text: re.sub(r"['\\]", r"\\\g<0>", text))
            self.at = quoted.end()
        elif char == '"':
            # A quoted part belongs to the word: it only changes how what follows is read.
            self.open.append((self.word, '"'))
            self.word.part(lambda text: re.sub(r'[\\"$`]', r"\\\g<0>", text))
            self.at += 1
        elif char == "\\":
            self._escape(r"[\s\S]")
            self.word.part(None)
        elif char == "#" and not self.word.parts:
            end = min(self._line_end(), self.end)
            self.found.comments.append(Span(at, end))  # type: ignore[union-attr]  # it is a list here
            self.at = end
        elif char in "$`)" and self._substitution():
            pass
        elif char in "$#":
            self.word.builder.plain(at, at + 1)
            self.word.part(None)
            self.at += 1
        else:
            self._separator(char)

    def _read_quoted(self) -> None:
        source, at = self.source, self.at
        if plain := _IN_QUOTES.match(source, at, self.end):
            self.word.builder.plain(*plain.span())
            self.at = plain.end()
        elif source[at] == '"':
            self.open.pop()
            self.at += 1
        elif source[at] == "\\":
            self._escape(r'[\\"$`\n]|\r\n')
        elif not self._substitution():
            self.word.builder.plain(at, at + 1)
            self.at += 1

    def _escape(self, escaped: str) -> None:
        match = re.compile(escaped).match(self.source, self.at + 1, self.end)
        if match is None:
            self.word.builder.plain(self.at, self.at + 1)
            self.at += 1
            return
        if match[0] not in ("\n", "\r\n"):
            self.word.builder.escaped(match[0], (self.at, match.end()))
        self.at = match.end()

    def _substitution(self) -> bool:
        """Read a variable, or the start or the end of a command whose output is put in."""
        source, at, builder = self.source, self.at, self.word.builder
        closing = self.open[-1][1] if self.open else ""
        if source[at] == closing and closing in ")`":
            inner = self.word.start
            self._finish()
            self._leave_command()
            self.word = self.open.pop()[0]
            span = Span(inner, at + 1)
            self.word.builder.hole(span, harmless=source.startswith("$((", inner))
            if not (self.open and self.open[-1][1] == '"'):
                self.word.part(None)
            self.at += 1
        elif source.startswith("$(", at) or source[at] == "`":
            self.open.append((self.word, ")" if source[at] == "$" else "`"))
            self._enter_command()
            self.word = _Word(source, at)
            self.at += 1 + (source[at] == "$")
        elif variable := _VARIABLE.match(source, at, self.end):
            self._expand(builder, variable)
            if closing != '"':
                self.word.part(None)
            self.at = variable.end()
        else:
            return False
        return True

    def _separator(self, char: str) -> None:
        """Read what ends a word. A subshell inside `$(…)` must not close it."""
        start = self.word.start if self.open else self.at
        self._finish()
        self.word = _Word(self.source, start)
        if char in "\n;|&":
            self._judge_command()
        heredoc = _HEREDOC.match(self.source, self.at, self.end) if char == "<" else None
        if heredoc:
            self.heredocs.append(heredoc)
            self.at = heredoc.end()
            return
        if char == "(":
            self.open.append((self.word, "S"))
            self._enter_command()
        elif char == ")" and self.open and self.open[-1][1] == "S":
            self.open.pop()
            self._leave_command()
        self.at += 1
        if char == "\n":
            end = self.at - 1
            for each in self.heredocs:
                self._read_heredoc(each)
                end = self.at
            self.heredocs.clear()
            self._end_command(end)

    def _end_command(self, end: int) -> None:
        """Note a command of several lines. In `$(…)` the command around it goes on, and in a subshell it does not."""
        if any(closing != "S" for _, closing in self.open):
            return
        if "\n" in self.source[self.line_start : end]:
            assert self.found.constructs is not None, "it is a list here"
            self.found.constructs.append(Construct(Span(self.line_start, end)))
        self.line_start = self.at

    def _finish(self) -> None:
        self.command.append((self.word, self.at))

    def _enter_command(self) -> None:
        self.outer.append(self.command)
        self.command = []

    def _leave_command(self) -> None:
        self._judge_command()
        self.command = self.outer.pop()

    def _judge_word(self, word: _Word, end: int, role: Role | None = None) -> None:
        pieces, span = word.builder.pieces, Span(word.start, end)
        find_queries(pieces, span, _SHELL_ADVICE, self.found, role=role, respell=word.respell)

    def _judge_command(self) -> None:
        """Judge the words of a command together: what it sends to the service is known from its other words."""
        texts = [_known_start(word.builder.pieces) for word, _ in self.command]
        constants = [
            piece.text for word, _ in self.command for piece in word.builder.pieces if isinstance(piece, ConstantText)
        ]
        is_request = any(SESSIONS_PATH in text for text in constants)
        option = ""
        for (word, end), text in zip(self.command, texts, strict=True):
            sent = _SENT.match(text) if is_request else None
            if sent and (sent[0] == "q==" or option == "--data-urlencode"):
                word.builder.pieces = _without_start(word.builder.pieces, sent.end())
                self._judge_word(word, end, "wire")
            elif option == "--q" and texts[0] == "browse":
                self._judge_word(word, end, "wire")
            else:
                self._judge_word(word, end)
            option = text or option  # an empty word is what stands between two blanks
        self.command.clear()

    def _line_end(self) -> int:
        end = self.source.find("\n", self.at)
        return end if end >= 0 else len(self.source)

    def _read_heredoc(self, opening: re.Match[str]) -> None:
        """Read the lines up to the one that is the delimiter. Variables count unless the delimiter is quoted."""
        tabs, single, double, bare = opening.groups()
        expands = bare is not None and not opening[0].endswith("\\" + bare)
        last = single or double or bare
        while self.at < self.end:
            end = min(self._line_end(), self.end)
            line = self.source[self.at : end].rstrip("\r")
            start, self.at = self.at, min(end + 1, self.end)
            if (line.lstrip("\t") if tabs else line) == last:
                return
            for piece in text_pieces(line):
                place = Span(start + piece.start, start + piece.end)
                builder = FragmentReader(self.source)
                builder.fill(*place, _EXPANSION if expands else MATCHES_NOTHING, partial(self._expand, builder))
                find_queries(builder.pieces, place, _SHELL_ADVICE, self.found, respell=None if expands else str)

    def _expand(self, builder: FragmentReader, variable: re.Match[str]) -> None:
        known = self.constants.get(variable[1] or variable[2] or "")
        if known is None:
            builder.hole(Span(*variable.span()))
        else:
            builder.escaped(known, variable.span())


_SENT = re.compile(r"q==?")
"""How curl's --data-urlencode, and the parameters of httpie and xh, begin."""


def _known_start(pieces: list[Fragment]) -> str:
    """Return what a word begins with, up to the first interpolation."""
    return "".join([piece.text for piece in takewhile(_is_constant, pieces) if isinstance(piece, ConstantText)])


def _is_constant(piece: Fragment) -> bool:
    return isinstance(piece, ConstantText)


def _without_start(pieces: list[Fragment], length: int) -> list[Fragment]:
    left: list[Fragment] = []
    for piece in pieces:
        if isinstance(piece, ConstantText):
            cut = min(length, len(piece.text))
            length -= cut
            piece = ConstantText(piece.text[cut:], piece.starts[cut:], piece.ends[cut:])
        left.append(piece)
    return left


_IN_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]+)`')


def text_pieces(line: str) -> Iterator[Span]:
    """Return where in a line of plain text a query may stand: all of it, or between double quotes or backquotes."""
    yield Span(0, len(line))
    for match in _IN_TEXT.finditer(line):
        yield Span(*match.span(match.lastindex or 0))


_ANSI_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|([\s\S]))")
_ANSI_MEANINGS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


def _ansi_meaning(match: re.Match[str]) -> str | None:
    two, four, eight, octal, other = match.groups()
    digits = two or four or eight
    if digits or octal:
        return character(digits or octal, 16 if digits else 8)
    return _ANSI_MEANINGS.get(other, other if other in "\\'\"?" else None)
