"""Read what a user sets in the editor: `initializationOptions`, and the section `bbquery` of the editor's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Options(NamedTuple):
    """The options. Those of the linter itself stand in the project's configuration."""

    pull_diagnostics: bool = False
    """Answer when the client asks for diagnostics, and send none unasked."""
    scan_workspace: bool = True
    """Read the queries of the workspace's files, for completions."""
    archive: str | None = None
    """An archive whose keys and values are completed, by its path."""
    listing: bool = False
    """Ask the service once for its sessions, and complete their keys and values."""


def read_options(given: object) -> tuple[Options, list[str]]:
    """Return the options, and what is wrong with those that are left out."""
    if isinstance(given, Mapping) and isinstance(given.get("bbquery"), Mapping):
        given = given["bbquery"]
    if not isinstance(given, Mapping):
        return Options(), [] if given is None else ["the options are not an object"]
    kinds: dict[str, tuple[str, type]] = {
        "pullDiagnostics": ("pull_diagnostics", bool),
        "scanWorkspace": ("scan_workspace", bool),
        "archive": ("archive", str),
        "listing": ("listing", bool),
    }
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name not in kinds:
            problems.append(f"there is no option {str(name)[:40]!r}; there are {' '.join(kinds)}")
        elif value is not None:
            attribute, kind = kinds[name]
            if isinstance(value, kind):
                values[attribute] = value
            else:
                problems.append(f"the option {name} takes {'true or false' if kind is bool else 'a text'}")
    return Options(**values), problems
