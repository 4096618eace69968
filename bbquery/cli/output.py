"""Results → text: JSON for programs, tables for people. rich is loaded for a table only."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..planning.urls import BASE_URL
from .streams import harmless, has_colour, is_terminal, write

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from ..query import Query
    from ..sessions.records import Session

SECRETS = ("connectUrl", "seleniumRemoteUrl", "signingKey")
"""What lets anyone drive a session's browser."""

_STYLES = {"RUNNING": "cyan", "PENDING": "dim", "COMPLETED": "green", "ERROR": "red", "TIMED_OUT": "yellow"}


# --- JSON --------------------------------------------------------------------------------------


def write_json(value: object) -> None:
    """Indented for a person, one line for a program."""
    write(_json(value, indent=2 if is_terminal(sys.stdout) else None) + "\n")


def write_lines(values: Iterable[object]) -> None:
    """NDJSON: one value a line, always."""
    for value in values:
        write(_json(value) + "\n")


def _json(value: object, *, indent: int | None = None) -> str:
    separators = (",", ": " if indent else ":")
    # What steers terminals can only stand in strings, where JSON has escapes for it.
    return harmless(json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))


def without_secrets(mapping: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in SECRETS}


def write_query(query: Query, form: str | None, base_url: str | None = None) -> None:
    """A query as its text, or as `encode`, `url`, `curl` or `json`. NotAWireQuery where it has no such form."""
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


def _shown(text: str) -> str:
    return harmless(text, keep="")


def moment(time: datetime) -> str:
    """UTC, to the minute."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def lasted(session: Session, now: datetime) -> timedelta:
    """From the start to the end, or to now."""
    return max((session.ended_at or now) - session.started_at, timedelta())


def span(length: timedelta) -> str:
    """The two largest units: `1h 05m`."""
    seconds = int(length.total_seconds())
    for unit, smaller, size in (("d", "h", 86_400), ("h", "m", 3_600), ("m", "s", 60)):
        if seconds >= size:
            rest = seconds % size // {"h": 3_600, "m": 60, "s": 1}[smaller]
            return f"{seconds // size}{unit} {rest:02}{smaller}"
    return f"{seconds}s"


def amount(size: int) -> str:
    """Bytes, in the unit that leaves one to three digits before the point."""
    number, unit = float(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if number < 999.5:
            break
        number, unit = number / 1000, larger
    return f"{size} B" if unit == "B" else f"{number:.{1 if number < 99.95 else 0}f} {unit}"


def styled_status(status: str) -> Text:
    from rich.text import Text

    return Text(_shown(status), _STYLES.get(status, ""))


def styled_metadata(metadata: dict[str, Any] | None) -> Text:
    r"""As `build` takes it: `order.status=shipped`, with `\.` for a dot in a key. What is no string is JSON."""
    from rich.text import Text

    from ..metadata import flatten

    text = Text()
    for path, leaf in flatten(metadata or {}).items():
        key = ".".join(part.replace(".", "\\.") for part in path)
        text.append(" " if text else "").append(f"{_shown(key)}=", "dim").append(metadata_value(leaf))
    return text


def metadata_value(leaf: object) -> str:
    if isinstance(leaf, str) and leaf.isprintable() and not re.search(r"[\s'\"\\]|^$", leaf):
        return leaf
    return _json(leaf)


# --- tables ------------------------------------------------------------------------------------

_GAP = 2
_ENOUGH = 40
"""Where a terminal leaves less than this many columns for the long column, its cells go below their rows."""


class Column(NamedTuple):
    """What it shows of a row, and whether a narrow terminal may go without it. The `long` one comes last."""

    title: str
    cell: Callable[[Any], str | Text]
    right: bool = False
    spare: bool = False
    long: bool = False


def write_table(columns: Sequence[Column], rows: Sequence[object]) -> list[str]:
    """Writes a table, and gives the titles of the columns that a narrow terminal left no room for."""
    cells = [[_text(column.cell(row)) for column in columns] for row in rows]
    widths = [
        max([len(column.title), *(row[at].cell_len for row in cells)]) + _GAP for at, column in enumerate(columns)
    ]
    room = _width() + _GAP
    long = len(columns) - 1 if columns[-1].long else len(columns)
    if sum(widths) > room and sum(widths[:long]) + _ENOUGH > room:
        kept = _that_fit(columns[:long], widths, room)
        below = [text for row in cells for text in row[long:]]
    else:
        kept, below = list(range(len(columns))), []
    write(_rendered(_table(columns, cells, kept), below))
    return [column.title for at, column in enumerate(columns[:long]) if at not in kept]


def _text(cell: str | Text) -> Text:
    from rich.text import Text

    return Text(_shown(cell)) if isinstance(cell, str) else cell


def _width() -> int:
    """Of the terminal. A file has none, and a table that is cut would lose data."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else 1_000_000


def _that_fit(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    """Which columns to show; of the spare ones, the last goes first."""
    kept = list(range(len(columns)))
    for at in reversed(range(len(columns))):
        if columns[at].spare and sum(widths[i] for i in kept) > room:
            kept.remove(at)
    return kept


def _table(columns: Sequence[Column], cells: list[list[Text]], kept: list[int]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for at in kept:
        column = columns[at]
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=not column.long, overflow="fold")
    for row in cells:
        table.add_row(*[row[at] for at in kept])
    return table


def _rendered(table: Table, below: Sequence[Text] = ()) -> str:
    """A table, with one text below each of its rows where there are any."""
    from rich.padding import Padding

    if not below:
        return "".join(_lines(table, _width()))
    title, *rows = _lines(table, 1_000_000)
    pieces = [title]
    for row, text in zip(rows, below, strict=True):
        pieces += [row, *(_lines(Padding(text, (0, 0, 0, _GAP)), _width()) if text else ())]
    return "".join(pieces)


def _lines(renderable: RenderableType, width: int) -> list[str]:
    console = _console(sys.stdout, width)
    with console.capture() as capture:
        console.print(renderable)
    return [line.rstrip() + "\n" for line in capture.get().splitlines()]


def write_record(mapping: dict[str, Any], form: str, *, secrets: bool) -> None:
    """One session, as `json` or as a `table` of names and values."""
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
        table.add_row(_shown(name), _pair_value(name, value))
    write(_rendered(table))


def _pair_value(name: str, value: Any) -> str | Text:
    from rich.text import Text

    if name == "status":
        return styled_status(value)
    if isinstance(value, dict):
        return styled_metadata(value)
    return Text("" if value is None else _shown(value) if isinstance(value, str) else _json(value))


def _console(stream: Any, width: int | None = None) -> Console:
    from rich.console import Console

    colour = has_colour(stream)
    return Console(
        file=stream,
        width=width,
        force_terminal=colour or is_terminal(stream),
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
    )


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Shows on a terminal that something is under way."""
    if not is_terminal(sys.stderr):
        yield
        return
    with _console(sys.stderr).status(message):
        yield
