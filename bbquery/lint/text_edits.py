"""Edits of a text: to apply them, and to say what several rounds of them come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._text import Span
from .findings import Edit


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text after edits that lie apart from one another."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits):
        pieces += (text[at : edit.span.start], edit.text)
        at = edit.span.end
    return "".join([*pieces, text[at:]])


def compose_edits(length: int, rounds: Iterable[Sequence[Edit]]) -> list[Edit]:
    """Return the edits of a text of so many characters that come to the same as several rounds, one after another.

    The edits of a round are of the text that the round before has made.
    """
    pieces: list[Span | str] = [Span(0, length)]
    for edits in rounds:
        pieces = _edited(pieces, sorted(edits))
    composed: list[Edit] = []
    at = 0
    written = ""
    for piece in (*pieces, Span(length, length)):
        if isinstance(piece, str):
            written += piece
        elif piece.start == at and not written:
            at = piece.end
        else:
            composed.append(Edit(Span(at, piece.start), written))
            at, written = piece.end, ""
    return composed


def _edited(pieces: list[Span | str], edits: list[Edit]) -> list[Span | str]:
    """Return the pieces of the next text: what is left of these, and what the edits write."""
    after: list[Span | str] = []
    waiting = iter(pieces)
    piece: Span | str = ""
    at = 0  # in the text that the pieces make

    def take(until: int, *, kept: bool) -> None:
        nonlocal piece, at
        while at < until:
            if not _piece_size(piece):
                piece = next(waiting)
                continue
            used = min(_piece_size(piece), until - at)
            first: Span | str = piece[:used] if isinstance(piece, str) else Span(piece.start, piece.start + used)
            piece = piece[used:] if isinstance(piece, str) else Span(piece.start + used, piece.end)
            at += used
            if kept:
                after.append(first)

    for edit in edits:
        take(edit.span.start, kept=True)
        take(edit.span.end, kept=False)
        if edit.text:
            after.append(edit.text)
    return [*after, *([piece] if _piece_size(piece) else []), *waiting]


def _piece_size(piece: Span | str) -> int:
    return len(piece) if isinstance(piece, str) else piece.end - piece.start
