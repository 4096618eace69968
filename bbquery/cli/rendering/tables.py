"""Tables that fit the terminal. rich is loaded only when one is printed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ...planning.urls import BASE_URL
from ..console import has_color, is_terminal, write
from .cells import plain_cell, styled_metadata, styled_status
from .json_output import format_json, without_secrets, write_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from ...query import Query


# --- JSON --------------------------------------------------------------------------------------


def print_query(query: Query, form: str | None, base_url: str | None = None) -> None:
    """Print a query as its text, or as `encode`, `url`, `curl` or `json`.

    Raise NotAWireQuery if it has no such form.
    """
    base_url = base_url or os.environ.get("BROWSERBASE_BASE_URL") or BASE_URL
    if form == "json":
        write_json(json.loads(query.to_json()))
    elif form == "url":
        write(query.url(base_url) + "\n")
    elif form == "curl":
        write(query.curl(base_url) + "\n")
    else:
        write(f"{query.encode() if form == 'encode' else query}\n")


# --- cells -------------------------------------------------------------------------------------


# --- tables ------------------------------------------------------------------------------------

_GAP = 2
_ENOUGH = 40
"""If a terminal leaves fewer columns than this for the wide column, its cells go below their rows."""


class Column(NamedTuple):
    """A column of a table: what it shows of a row, and whether a narrow terminal may go without it. A `wide` one comes
    last.
    """

    title: str
    cell: Callable[[Any], str | Text]
    right: bool = False
    optional: bool = False
    wide: bool = False


def write_table(columns: Sequence[Column], rows: Sequence[object]) -> list[str]:
    """Write a table. Return the titles of the columns that a narrow terminal left no room for."""
    cells = [[_to_text(column.cell(row)) for column in columns] for row in rows]
    widths = [
        max([len(column.title), *(row[at].cell_len for row in cells)]) + _GAP for at, column in enumerate(columns)
    ]
    room = _width() + _GAP
    wide = len(columns) - 1 if columns[-1].wide else len(columns)
    if sum(widths) > room and sum(widths[:wide]) + _ENOUGH > room:
        kept = _columns_that_fit(columns[:wide], widths, room)
        below = [text for row in cells for text in row[wide:]]
    else:
        kept, below = list(range(len(columns))), []
    write(_rendered(_table(columns, cells, kept), below))
    return [column.title for at, column in enumerate(columns[:wide]) if at not in kept]


def _to_text(cell: str | Text) -> Text:
    from rich.text import Text

    return Text(plain_cell(cell)) if isinstance(cell, str) else cell


def _width() -> int:
    """Return the width of the terminal. A file has none, and a table that is cut would lose data."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else 1_000_000


def _columns_that_fit(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    """Return which columns to show. Of the optional ones, the last goes first."""
    kept = list(range(len(columns)))
    for at in reversed(range(len(columns))):
        if columns[at].optional and sum(widths[i] for i in kept) > room:
            kept.remove(at)
    return kept


def _table(columns: Sequence[Column], cells: list[list[Text]], kept: list[int]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for at in kept:
        column = columns[at]
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=not column.wide, overflow="fold")
    for row in cells:
        table.add_row(*[row[at] for at in kept])
    return table


def _rendered(table: Table, below: Sequence[Text] = ()) -> str:
    """Return a table, with one text below each of its rows if there are any."""
    from rich.padding import Padding

    if not below:
        return "".join(_render_lines(table, _width()))
    title, *rows = _render_lines(table, 1_000_000)
    pieces = [title]
    for row, text in zip(rows, below, strict=True):
        pieces += [row, *(_render_lines(Padding(text, (0, 0, 0, _GAP)), _width()) if text else ())]
    return "".join(pieces)


def _render_lines(renderable: RenderableType, width: int) -> list[str]:
    console = _console(sys.stdout, width)
    with console.capture() as capture:
        console.print(renderable)
    return [line.rstrip() + "\n" for line in capture.get().splitlines()]


def print_session(mapping: dict[str, Any], form: str, *, secrets: bool) -> None:
    """Print one session, as `json` or as a `table` of names and values."""
    public = mapping if secrets else without_secrets(mapping)
    if form == "json":
        write_json(public)
    else:
        _write_pairs(public)


def _write_pairs(mapping: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in mapping.items():
        table.add_row(plain_cell(name), _pair_value(name, value))
    write(_rendered(table))


def _pair_value(name: str, value: Any) -> str | Text:
    from rich.text import Text

    if name == "status":
        return styled_status(value)
    if isinstance(value, dict):
        return styled_metadata(value)
    return Text("" if value is None else plain_cell(value) if isinstance(value, str) else format_json(value))


def _console(stream: Any, width: int | None = None) -> Console:
    from rich.console import Console

    color = has_color(stream)
    return Console(
        file=stream,
        width=width,
        force_terminal=color or is_terminal(stream),
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
    )


@contextmanager
def spinner(message: str) -> Iterator[None]:
    """Show on a terminal that something is under way."""
    if not is_terminal(sys.stderr):
        yield
        return
    with _console(sys.stderr).status(message):
        yield


@contextmanager
def counter(message: str) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many sessions have been dealt with, which the function is told."""
    if not is_terminal(sys.stderr):
        yield lambda _: None
        return
    with _console(sys.stderr).status(message) as status:
        yield lambda count: status.update(f"{message}: {count:,} sessions")
