"""`Linter`: the linter of a project for texts, as an editor or another tool embeds it."""

from __future__ import annotations

import os
from pathlib import Path

from ..config import config_error
from ..errors import BuildError
from .checked_text import CheckedText
from .document_linter import QUERY
from .document_linter import language as file_language
from .extractors.languages import LANGUAGES, language_of_editor
from .files.discovery import exclusion
from .project_settings import ProjectSettings
from .settings import load_settings


class Linter:
    """Checks texts by the configuration that is nearest to each, as `bbquery check` does for files.

    `folder` is where the project is. `config` is a configuration that counts for all of it instead of the nearest.
    `settings` are keys of the configuration (`select`, `ignore`, `dialect`, `schema`, …), above what files say. Raise
    BuildError, with the code `bad-config` for a file, for settings that cannot be used.
    """

    def __init__(
        self, folder: str | os.PathLike[str] = ".", *, config: str | os.PathLike[str] | None = None, **settings: object
    ) -> None:
        try:
            os.path.realpath(folder)
        except ValueError:  # a NUL, or what no system can name
            raise config_error(f"no folder has the path {str(folder)!r:.80}") from None
        self.folder = Path(os.path.abspath(folder))
        loaded = load_settings(self.folder, None if config is None else Path(config)).with_overrides(**settings)
        self.project = ProjectSettings(loaded, settings if config is None else None)

    def check(
        self, text: str, *, path: str | os.PathLike[str] | None = None, language: str | None = None
    ) -> CheckedText:
        """Return a text with its queries and findings. It is read when they are first asked for.

        `path` says which configuration counts and, unless `language` does, how to read the text. A language is one of
        `bbquery check --extension`, `query` for a text that is one query, or an editor's identifier. Without either,
        the text is a query. Raise BuildError for a language that is not known.
        """
        if language is None:
            spoken = QUERY if path is None else self.language(path, text)
        else:
            spoken = _known_language(language)
        where = os.fspath(self.folder / "-" if path is None else path)
        linter = self.project.linter_for(where)
        linter.keep_findings()
        linter = linter if path is None else linter.for_file(where)
        return CheckedText(text, spoken, linter, linter.settings.enabled_for(where))

    def exclusion(self, path: str | os.PathLike[str]) -> str | None:
        """Return why `bbquery check` leaves a file out: which pattern of which configuration. None if it checks it."""
        where = os.fspath(path)
        return exclusion(where, self.project.top) or exclusion(where, self.project.for_file(where))

    def language(self, path: str | os.PathLike[str], text: str) -> str:
        """Return the language of a file, by its suffix or its first line; `text` if neither tells."""
        return file_language(os.fspath(path), text[:200].encode("utf-8", "replace"), self.project.top.extension)


def _known_language(name: str) -> str:
    known = name if name == QUERY else language_of_editor(name)
    if known is None:
        names = " ".join(sorted({*LANGUAGES.values(), "text", QUERY}))
        raise BuildError(f"there is no language {name!r}", hint=f"one of {names}", code="unknown-language")
    return known
