"""Find and read the configuration of a folder: `bbquery.toml`, or `[tool.bbquery]` of a `pyproject.toml`.

The nearest file that says anything about bbquery counts, in the folder or above it, within the same repository.
Fractions are `Decimal`s, so that a price is what was written.
"""

from __future__ import annotations

import errno
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ._text import did_you_mean, truncate
from .errors import BuildError

NAMES = ("bbquery.toml", "pyproject.toml")
_MAX_CONTENT = 64 << 20


class ConfigTable(NamedTuple):
    """A table of a configuration file.

    `table` is its content, `path` and `text` are those of the file, and `name` is what the table is called there:
    nothing in a `bbquery.toml`.
    """

    path: Path
    table: dict[str, Any]
    text: str
    name: str

    def location(self, key: str) -> str:
        """Return the file and the line of a key as the start of a message, such as `bbquery.toml:12: `."""
        return f"{self.path}{_line_of(self.text, key, self.name)}: "

    def subtable(self, key: str) -> ConfigTable | None:
        """Return a table within this one, or None. Raise BuildError if the key holds something else."""
        table = self.table.get(key)
        if table is None:
            return None
        if not isinstance(table, dict):
            raise config_error(f"{self.location(key)}{key} must be a table")
        return ConfigTable(self.path, table, self.text, f"{self.name}.{key}".lstrip("."))


def find_config(start: Path, explicit: Path | None = None, *, is_alone: bool = False) -> ConfigTable | None:
    """Return the table of an explicit file, or else of the nearest one; None if no file says anything about bbquery.

    With `is_alone`, only the folder itself is searched.

    Raise BuildError (`bad-config`) if a file cannot be read or is not TOML.
    """
    if explicit is not None:
        path = Path(os.path.abspath(explicit))
        return _found(path, _bytes(path))
    start = Path(os.path.abspath(start))
    for folder in (start, *start.parents):
        for path in (folder / name for name in NAMES):
            if os.path.isfile(path) and (found := _found(path, _bytes(path))):
                return found
        if is_alone or os.path.lexists(folder / ".git"):
            break
    return None


def config_error(message: str, hint: str | None = None) -> BuildError:
    """Return the error for a configuration that cannot be used."""
    return BuildError(message, hint=hint, code="bad-config")


def read_settings_file(path: Path) -> bytes:
    """Return the content of a file of settings, or of one that is named in them.

    Raise OSError if it cannot be read, or holds more than 64 MiB: a device may have no end.
    """
    with open(path, "rb") as file:
        content = file.read(_MAX_CONTENT + 1)
    if len(content) > _MAX_CONTENT:
        raise OSError(errno.EFBIG, f"it is larger than {_MAX_CONTENT:,} bytes", str(path))
    return content


def _bytes(path: Path) -> bytes:
    try:
        return read_settings_file(path)
    except (OSError, ValueError) as error:  # ValueError: no system can have such a path
        raise config_error(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None


def _found(path: Path, data: bytes) -> ConfigTable | None:
    """Return the table of a file; None for a pyproject.toml that says nothing about bbquery, valid or not."""
    shared = path.name == "pyproject.toml"
    if shared and b"bbquery" not in data:
        return None
    try:
        text = data.decode("utf-8-sig")
        table: Any = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise config_error(f"{path} is not TOML: {error}") from None
    if not shared:
        return ConfigTable(path, table, text, "")
    tool = table.get("tool")
    table = tool.get("bbquery") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise config_error(f"{path}: tool.bbquery must be a table")
    return ConfigTable(path, table, text, "tool.bbquery")


def _line_of(text: str, key: str, table: str) -> str:
    """Return `:12`, the line where a key of a table starts, or nothing if it is hard to find."""
    current = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line):
            current = header[1].replace(" ", "").replace('"', "")
            if current == f"{table}.{key}".lstrip("."):
                return f":{number}"
        elif current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return f":{number}"
    return ""


# --- keys of a table ---------------------------------------------------------------------------

SettingReader: TypeAlias = Callable[[object, Path], Any]
"""Returns the checked value of a key, with paths relative to a folder. Raises InvalidValue or BuildError otherwise."""


class InvalidValue(Exception):
    """A value that a key cannot have. The message says what it should be."""


def strings(value: object, _root: Path) -> tuple[str, ...]:
    """Read a list of strings."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidValue("a list of strings")
    return tuple(value)


def read_setting(readers: Mapping[str, SettingReader], key: str, value: object, root: Path, where: str = "") -> Any:
    """Return the checked value of one key. Raise BuildError, whose message begins with `where`."""
    try:
        return readers[key](value, root)
    except InvalidValue as invalid:
        raise config_error(f"{where}{key} must be {invalid}") from None
    except BuildError as error:
        raise config_error(f"{where}{key}: {error.message}", error.hint) from None


def read_settings(
    table: ConfigTable, readers: Mapping[str, SettingReader], others: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the checked values of a table by their names in Python. `others` are keys that somebody else reads."""
    values: dict[str, Any] = {}
    for key, value in table.table.items():
        where = table.location(key)
        if key in readers:
            values[key.replace("-", "_")] = read_setting(readers, key, value, table.path.parent, where)
        elif key not in others:
            raise config_error(f"{where}there is no key {truncate(key, 40)!r}", _key_hint(key, (*readers, *others)))
    return values


def _key_hint(key: str, known: tuple[str, ...]) -> str:
    if key == "tool":
        return "the keys of bbquery.toml stand alone, without [tool.bbquery]"
    return did_you_mean(key.replace("_", "-"), known) or f"the keys are {' '.join(known)}"
