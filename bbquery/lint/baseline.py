"""A baseline: the findings that a project has already, so that a run reports those that are new.

A finding is known again by its rule, its file, its text, and how many like it come before: lines may move. The file is
JSON, in the order of its paths, so that changes to it are easy to review.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from .._text import truncate
from ..config import config_error, read_settings_file
from .report import Checked, LocatedFinding, Report

_FORMAT = 1
_TEXT_LENGTH = 80


class BaselineResult(NamedTuple):
    """A report without the findings of a baseline, how many these were, and how many of it are no longer found."""

    report: Report
    known: int
    gone: int


def write_baseline(report: Report) -> str:
    """Return the text of a baseline with every finding of a report."""
    findings = [
        {
            "path": report.path(located.file.path),
            "rule": located.finding.code,
            "text": truncate(_marked_text(located), _TEXT_LENGTH),
            "fingerprint": located.fingerprint,
        }
        for located in report.located
    ]
    data = {
        "version": _FORMAT,
        "findings": sorted(findings, key=lambda each: (each["path"], each["rule"], each["text"], each["fingerprint"])),
    }
    return json.dumps(data, indent=1, ensure_ascii=True) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints of a baseline. Raise BuildError (`bad-config`) if it is none."""
    try:
        data: Any = json.loads(read_settings_file(path))
    except OSError as error:
        hint = "write it with --write-baseline" if isinstance(error, FileNotFoundError) else None
        raise config_error(f"cannot read the baseline {path}: {error.strerror}", hint) from None
    except (ValueError, RecursionError) as error:
        raise config_error(f"the baseline {path} is not JSON: {error}") from None
    try:
        if data["version"] == _FORMAT:
            return frozenset(str(finding["fingerprint"]) for finding in data["findings"])
    except (TypeError, KeyError):
        pass
    raise config_error(f"the baseline {path} is not one of this version", "write it anew with --write-baseline")


def without_known(report: Report, known: frozenset[str]) -> BaselineResult:
    """Return a report without the findings of a baseline."""
    found = {located.fingerprint for located in report.located}
    left: dict[str, list[LocatedFinding]] = {}
    for located in report.located:
        if located.fingerprint not in known:
            left.setdefault(located.file.path, []).append(located)
    files = [_only(file, left.get(file.path, ())) for file in report.files]
    checked = Report(files, report.skipped, root=Path(report.root))
    return BaselineResult(checked, len(found & known), len(known - found))


def _only(file: Checked, left: Iterable[LocatedFinding]) -> Checked:
    return file._replace(findings=[located.finding for located in left]) if file.findings else file


def _marked_text(located: LocatedFinding) -> str:
    start, end = located.finding.span
    return " ".join((located.file.source or "")[start:end].split())
