"""The sources of a project that one of its files imports, as far as their names tell where they are.

Python is looked for as it is imported: a relative module from the file's own folder, any other from the folder that
holds the outermost package around the file, from those above it, and from `src` in them. JavaScript is looked for by
relative specifiers alone. Nothing outside of the project is read.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from .source_file import SourceFile, decode_source, read_file

_PYTHON_SUFFIXES = (".py", "/__init__.py")
_SCRIPT_SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_SCRIPT_FILES = ("", *_SCRIPT_SUFFIXES, *(f"/index{suffix}" for suffix in _SCRIPT_SUFFIXES))
_MOST_FOLDERS = 20  # from a file up to where its project starts


class ImportedSource(NamedTuple):
    """The text of an imported file, and what that file imports in turn."""

    path: str
    text: str
    imported: ImportedSources


class ImportedSources:
    """Finds what the file at `path`, in the project at `root`, imports. Files above `max_file_size` bytes are not read.

    `needs` has every file that was looked for, with its bytes, or None for one that is not there: what is said of the
    file at `path` depends on them. It is None as long as nobody asked.
    """

    def __init__(self, path: str, root: str, max_file_size: int, first: ImportedSources | None = None) -> None:
        self._folder = os.path.dirname(os.path.abspath(path))
        self._root = os.path.abspath(root)
        self._max_file_size = max_file_size
        self._first = first or self
        self.needs: dict[str, bytes | None] | None = None

    def python_module(self, level: int, module: str) -> ImportedSource | None:
        """Return the source of a module, by its name after the `level` dots of a relative import, or None."""
        self._note_asked()
        below = module.replace(".", "/")
        if level:
            folder = self._folder
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            folders = [folder]
        else:
            folders = self._python_folders()
        for folder in folders:
            stem = f"{folder}/{below}" if below else folder
            for suffix in _PYTHON_SUFFIXES if below else _PYTHON_SUFFIXES[1:]:
                if found := self._read(stem + suffix, is_python=True):
                    return found
        return None

    def script(self, specifier: str) -> ImportedSource | None:
        """Return the source that a relative specifier of JavaScript or TypeScript names, or None."""
        self._note_asked()
        if not f"{specifier}/".startswith(("./", "../")):
            return None
        path = os.path.normpath(os.path.join(self._folder, specifier))
        stem, suffix = os.path.splitext(path)
        if suffix in (".js", ".jsx", ".mjs", ".cjs"):  # in TypeScript, the name of what it is compiled to
            tried = [path, stem + suffix.replace("js", "ts"), stem + ".tsx"]
        else:
            tried = [path + suffix for suffix in _SCRIPT_FILES]
        return next(filter(None, (self._read(each, is_python=False) for each in tried)), None)

    def _python_folders(self) -> list[str]:
        """Return the folders where an absolute import may start, the most likely first."""
        folder = self._folder
        while os.path.isfile(f"{folder}/__init__.py") and folder != self._root:
            folder = os.path.dirname(folder)
        found = []
        for _ in range(_MOST_FOLDERS):
            if not self._is_inside(folder):
                break
            found += [folder, f"{folder}/src"]
            folder = os.path.dirname(folder)
        return found

    def _note_asked(self) -> dict[str, bytes | None]:
        first = self._first
        first.needs = {} if first.needs is None else first.needs
        return first.needs

    def _is_inside(self, path: str) -> bool:
        return path == self._root or path.startswith(f"{self._root.rstrip(os.sep)}{os.sep}")

    def _read(self, path: str, *, is_python: bool) -> ImportedSource | None:
        if not self._is_inside(path):
            return None
        known = self._note_asked()
        if path not in known:
            read = read_file(path, self._max_file_size) if os.path.isfile(path) else None
            known[path] = read if isinstance(read, bytes) else None
        data = known[path]
        source = decode_source(data, is_python=is_python) if data is not None else None
        if not isinstance(source, SourceFile):
            return None
        inner = ImportedSources(path, self._root, self._max_file_size, self._first)
        return ImportedSource(path, source.text, inner)
