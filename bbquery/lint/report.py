"""The files that were checked and their findings, as the reporters take them.

Findings hold offsets. Their lines are worked out here, once, and only for files that have findings.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from .files.discovery import SkippedFile
from .findings import Finding
from .line_index import Lines


class Checked(NamedTuple):
    """A file, or another input under a name of its own (`<stdin>`).

    `source` may be None if nothing was found, and `error` says why it could not be checked.
    """

    path: str
    source: str | None
    findings: list[Finding]
    error: str | None = None


class LocatedFinding(NamedTuple):
    """A finding in its file. `fingerprint` stays the same as long as its text, its path and similar findings before it
    do.
    """

    finding: Finding
    file: Checked
    lines: Lines
    fingerprint: str


class Report:
    """Files in the order of their paths, each with its findings in the order of its text.

    `root` is the repository's folder, from which reporters for services give paths; if there is none, it is the working
    directory.
    """

    def __init__(
        self, files: list[Checked], skipped: list[SkippedFile] | None = None, *, root: Path | None = None
    ) -> None:
        self.files = sorted(files, key=lambda file: file.path)
        self.skipped = sorted(skipped or [])
        self.root = os.path.abspath(root or Path.cwd())

    @cached_property
    def located(self) -> list[LocatedFinding]:
        return [located for file in self.files if file.findings for located in self._located(file)]

    def _located(self, file: Checked) -> Iterator[LocatedFinding]:
        source = file.source or ""
        lines = Lines(source)
        alike: Counter[str] = Counter()
        path = self.path(file.path)
        for finding in sorted(file.findings, key=lambda finding: (finding.span, finding.code, finding.message)):
            text = source[finding.span.start : finding.span.end]
            if not text:
                number = lines.number(finding.span.start)
                text = source[lines.start(number) : lines.end(number)].strip()
            key = "\0".join((finding.code, path, text)).encode("utf-8", "surrogatepass")
            digest = sha256(key).hexdigest()[:32]
            alike[digest] += 1
            yield LocatedFinding(finding, file, lines, f"{digest}:{alike[digest]}")

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of findings for each code."""
        return Counter(located.finding.code for located in self.located)

    @property
    def errors(self) -> list[tuple[str, str]]:
        """The files that were asked for and could not be checked: path and reason."""
        skipped = [(path, reason) for path, reason, error in self.skipped if error]
        return sorted(skipped + [(file.path, file.error) for file in self.files if file.error is not None])

    def path(self, path: str) -> str:
        """Return a path from the root, with `/`; a path outside it, or a text that is not one, as it is."""
        if path.startswith("<"):
            return path
        whole = os.path.abspath(path)
        below = os.path.relpath(whole, self.root)
        outside = below == os.pardir or below.startswith(os.pardir + os.sep)
        return (whole if outside else below).replace(os.sep, "/")


def repository(start: Path) -> Path | None:
    """Return the folder of the repository that a folder is in, or None."""
    start = Path(os.path.abspath(start))
    return next((folder for folder in (start, *start.parents) if os.path.lexists(folder / ".git")), None)
