"""The settings for each file of a run: those of the nearest configuration, below what the command line says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..config import find_config
from .document_linter import DocumentLinter
from .settings import Settings, load_settings


class ProjectSettings:
    """The settings of a project. `top` are those of the folder in which the run begins.

    With `overrides`, a configuration further down counts for the files below it; without, `top` counts for all.
    """

    def __init__(self, top: Settings, overrides: Mapping[str, object] | None = None) -> None:
        self.top = top
        self.overrides = overrides
        self._of_folder: dict[str, Settings] = {}
        self._linters: dict[Settings, DocumentLinter] = {}
        self._start = os.path.realpath(top.root)

    def for_file(self, path: str) -> Settings:
        """Return the settings for a file. Raise BuildError if its configuration cannot be used."""
        if self.overrides is None:
            return self.top
        folder = os.path.dirname(path)
        found = self._of_folder.get(folder)
        if found is None:
            found = self._of_folder[folder] = self._for_folder(os.path.realpath(folder or "."))
        return found

    def linter_for(self, path: str) -> DocumentLinter:
        """Return the linter for a file."""
        settings = self.for_file(path)
        linter = self._linters.get(settings)
        if linter is None:
            linter = self._linters[settings] = DocumentLinter(settings)
            linter.prepare()
        return linter

    def _for_folder(self, folder: str) -> Settings:
        found = self._of_folder.get(folder)
        if found is None:
            found = self._of_folder[folder] = self._load(folder)
        return found

    def _load(self, folder: str) -> Settings:
        if folder == self._start:
            return self.top
        config = find_config(Path(folder), is_alone=True)
        if config is not None:
            loaded = load_settings(Path(folder), config.path)
            return loaded.with_overrides(**(self.overrides or {}))
        above = os.path.dirname(folder)
        if above == folder or os.path.lexists(f"{folder}/.git"):
            return self.top
        return self._for_folder(above)
