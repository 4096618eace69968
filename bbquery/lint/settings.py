"""`[tool.bbquery]` for the linter.

One table has a reader for each key. Reading, the command line's overrides and `describe` all go by it, so what
`describe` prints can be read back. Patterns are those of `.gitignore`, relative to the folder of the configuration.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from .._text import truncate
from ..config import (
    ConfigTable,
    InvalidValue,
    SettingReader,
    config_error,
    find_config,
    read_setting,
    read_settings,
    read_settings_file,
    strings,
)
from .extractors.languages import LANGUAGES
from .files.gitignore import is_pattern, matcher
from .rule_registry import RULES, resolve_selector, select_rules

LintDialect = Literal["full", "wire"]

EXCLUDE = (
    *(".bzr", ".direnv", ".eggs", ".git", ".hg", ".hypothesis", ".ipynb_checkpoints", ".jj", ".mypy_cache", ".nox"),
    *(".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__"),
    *("_build", "build", "buck-out", "dist", "node_modules", "site-packages", "venv"),
)

MAX_FILE_SIZE = 16 * 1024 * 1024
"""Three times a file of 100,000 queries."""


@dataclass(frozen=True)
class Settings:
    """The settings of the linter: what to check, and by which rules. `root` is where patterns start, `source` is the
    file that the settings come from.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    dialect: LintDialect = "full"
    schema: Path | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fixable: tuple[str, ...] | None = None
    unfixable: tuple[str, ...] = ()
    extension: tuple[tuple[str, str], ...] = ()
    baseline: Path | None = None
    max_file_size: int = MAX_FILE_SIZE
    respect_gitignore: bool = True
    force_exclude: bool = False
    root: Path = field(default_factory=Path.cwd)
    source: Path | None = field(default=None, compare=False)

    @cached_property
    def schema_json(self) -> dict[str, Any] | bool | None:
        """The content of the `schema` file, an object or a boolean. Raise BuildError if it is not a JSON Schema."""
        if self.schema is None:
            return None
        try:
            loaded = json.loads(read_settings_file(self.schema))
        except OSError as error:
            raise config_error(f"cannot read the schema {self.schema}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise config_error(f"the schema {self.schema} is not JSON: {error}") from None
        if not isinstance(loaded, dict | bool):
            raise config_error(f"the schema {self.schema} is not a JSON Schema", hint="write an object")
        return loaded

    @cached_property
    def enabled(self) -> frozenset[str]:
        """The codes that are on, without those that cannot find anything with these settings."""
        idle = {"schema": self.schema is None}
        on = select_rules(self.select, self.ignore, self.extend_select)
        return frozenset(code for code in on if not idle.get(RULES[code].needs, False))

    @cached_property
    def unfixable_codes(self) -> frozenset[str]:
        """The codes whose findings are not fixed."""
        return frozenset(RULES) - select_rules(("ALL",) if self.fixable is None else self.fixable, self.unfixable)

    def enabled_for(self, path: str | os.PathLike[str]) -> frozenset[str]:
        """Return the codes that are on in a file, by its path, absolute or from the working directory."""
        if not self.per_file_ignores:
            return self.enabled
        below = os.path.relpath(os.path.abspath(path), self.root)
        below = below.replace(os.sep, "/")
        off = [selectors for pattern, selectors in self.per_file_ignores if _matcher(pattern)(below)]
        return self.enabled - {
            code for selectors in off for selector in selectors for code in resolve_selector(selector)
        }

    def fingerprint(self, enabled: frozenset[str]) -> str:
        """Return a key for the findings of a text, which is the same if and only if the findings must be."""
        said = (self.dialect, sorted(enabled), sorted(self.unfixable_codes), self._schema_text)
        return sha256(" ".join(map(str, said)).encode()).hexdigest()

    @cached_property
    def _schema_text(self) -> str:
        return json.dumps(self.schema_json, sort_keys=True)

    def with_overrides(self, **given: object) -> Settings:
        """Return the settings with what the command line says; None says nothing.

        `select` starts anew, because the file's `ignore` and `extend-select` belong to its own selection. `ignore`,
        `extend_select` and `extend_exclude` add to the file's. Anything else replaces it.
        """
        values = {
            key: read_setting(LINT_SETTINGS, key.replace("_", "-"), value, Path.cwd())
            for key, value in given.items()
            if value is not None
        }
        base = self
        if "select" in values:
            base = replace(base, ignore=(), extend_select=())
        if added := values.get("extend_select"):
            base = replace(base, ignore=tuple(selector for selector in base.ignore if selector not in added))
        for key in values.keys() & {"ignore", "extend_select", "extend_exclude"}:
            values[key] = getattr(base, key) + values[key]
        return replace(base, **values)

    def describe(self) -> str:
        """Return the settings in force, as a `bbquery.toml` that says the same from the folder `root`."""
        lines = [f"# from {_toml(str(self.source))}" if self.source else "# no configuration was found"]
        lines.append(f"# patterns start in {_toml(str(self.root))}")
        tables: list[str] = []
        for key in LINT_SETTINGS:
            value = getattr(self, key.replace("-", "_"))
            if value is None:
                lines.append(f"# {key} is not set")
            elif key in ("per-file-ignores", "extension"):
                tables += ["", f"[{key}]", *[f"{_toml(name)} = {_toml(given)}" for name, given in value]]
            else:
                lines.append(f"{key} = {_toml(value)}")
        return "\n".join([*lines, f"# rules that are on: {' '.join(sorted(self.enabled)) or 'none'}", *tables]) + "\n"


@cache  # not in the settings, as it could not go to another process
def _matcher(pattern: str) -> Callable[[str], bool]:
    return matcher([pattern])


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    text = json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")


# --- the keys ----------------------------------------------------------------------------------


def _selectors(value: object, root: Path) -> tuple[str, ...]:
    selectors = strings(value, root)
    for selector in selectors:
        resolve_selector(selector)
    return selectors


def _patterns(value: object, root: Path) -> tuple[str, ...]:
    patterns = strings(value, root)
    for pattern in patterns:
        if not is_pattern(pattern):
            raise InvalidValue(f"a list of patterns as in .gitignore, which {truncate(pattern, 40)!r} is not")
    return patterns


def _per_file(value: object, root: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        raise InvalidValue("a table from patterns to lists of rules")
    patterns = _patterns(list(value), root)
    return tuple((pattern, _selectors(value[pattern], root)) for pattern in patterns)


def _extensions(value: object, _root: Path) -> tuple[tuple[str, str], ...]:
    known = sorted({*LANGUAGES.values(), "text"})
    if not isinstance(value, Mapping) or not all(spoken in known for spoken in value.values()):
        raise InvalidValue(f"a table from suffixes to languages, which are {' '.join(known)}")
    return tuple((f".{suffix.lower().lstrip('.')}", spoken) for suffix, spoken in value.items())


def _dialect(value: object, _root: Path) -> LintDialect:
    if value == "full" or value == "wire":
        return value
    raise InvalidValue('"full" or "wire"')


def _read_path(value: object, root: Path) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise InvalidValue("a path")
    return Path(os.path.normpath(root / value))


def _read_size(value: object, _root: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue("a number of bytes, 1 or more")
    return value


def _boolean(value: object, _root: Path) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue("true or false")
    return value


LINT_SETTINGS: dict[str, SettingReader] = {
    "select": _selectors,
    "ignore": _selectors,
    "extend-select": _selectors,
    "dialect": _dialect,
    "schema": _read_path,
    "include": _patterns,
    "exclude": _patterns,
    "extend-exclude": _patterns,
    "max-file-size": _read_size,
    "respect-gitignore": _boolean,
    "force-exclude": _boolean,
    "per-file-ignores": _per_file,
    "fixable": _selectors,
    "unfixable": _selectors,
    "extension": _extensions,
    "baseline": _read_path,
}
"""The reader of each key."""


# --- the file ----------------------------------------------------------------------------------

_OTHERS = ("usage",)
"""Tables of other commands, which read them themselves."""


def load_settings(start: Path, explicit: Path | None = None) -> Settings:
    """Return the settings of an explicit file, or of the nearest one in `start` or above it, in the same repository.

    Raise BuildError (`bad-config`), with file, line and key, for what cannot be used.
    """
    found = find_config(start, explicit)
    if found is None:
        path = None if explicit is None else Path(os.path.abspath(explicit))
        return Settings(root=path.parent if path else Path(os.path.abspath(start)), source=path)
    return Settings(**_extended(found), root=found.path.parent, source=found.path)


def _extended(table: ConfigTable, depth: int = 0) -> dict[str, Any]:
    """Return the values of a table, and below them those of the file that it extends."""
    values = read_settings(table, {**LINT_SETTINGS, "extend": _read_path}, _OTHERS)
    path = values.pop("extend", None)
    if path is None:
        return values
    if depth == _MAX_EXTENDED:
        raise config_error(f"{table.location('extend')}extend goes on and on: does a file extend itself?")
    extended = find_config(path.parent, path)
    if extended is None:
        raise config_error(f"{table.location('extend')}{path} says nothing about bbquery")
    return {**_extended(extended, depth + 1), **values}


_MAX_EXTENDED = 20  # files, one after another
