"""Tables with bars in HTML, for notebooks. All text is escaped: most of it comes from outside."""

from __future__ import annotations

from .._text import make_visible, truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

_LONGEST = 200
"""Characters of a cell."""

_CELL_STYLE = "padding:2px 10px;text-align:left;vertical-align:top"
_BAR_STYLE = "display:inline-block;height:0.7em;margin-right:6px;background:#4a7fd6;min-width:1px;width:{:.0f}px"
_WIDEST = 120  # pixels of a bar


class Amount:
    """A figure with a bar beside it: `share` is its part of the largest one, from 0 to 1."""

    __slots__ = ("share", "text")

    def __init__(self, text: str, share: float) -> None:
        self.text = text
        self.share = share


if TYPE_CHECKING:
    HtmlCell: TypeAlias = str | Amount


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[HtmlCell]], notes: Iterable[str] = ()) -> str:
    """Return a table with a caption above it and notes below."""
    lines = [f"<div><p><b>{_escaped_text(caption)}</b></p>"]
    body = "".join([f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows])
    if body:
        names = "".join([f'<th style="{_CELL_STYLE}">{_escaped_text(name)}</th>' for name in head])
        lines.append(f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>")
    lines += [f"<p>{_escaped_text(note)}</p>" for note in notes]
    return "".join([*lines, "</div>"])


def _cell(cell: HtmlCell) -> str:
    if isinstance(cell, Amount):
        bar = f'<span style="{_BAR_STYLE.format(cell.share * _WIDEST)}"></span>' if cell.share else ""
        return f'<td style="{_CELL_STYLE};white-space:nowrap">{bar}{_escaped_text(cell.text)}</td>'
    return f'<td style="{_CELL_STYLE}">{_escaped_text(cell)}</td>'


def _escaped_text(text: str) -> str:
    from html import escape

    return escape(make_visible(truncate(text, _LONGEST)))
