"""GitLab code quality reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..report import Report


def gitlab(report: Report) -> str:
    """Return a code quality report."""
    return (
        json.dumps(
            [
                {
                    "description": located.finding.message,
                    "check_name": located.finding.code,
                    "fingerprint": located.fingerprint,
                    "severity": "major" if located.finding.severity == "error" else "minor",
                    "location": {
                        "path": report.path(located.file.path),
                        "lines": dict(
                            zip(("begin", "end"), map(located.lines.number, located.finding.span), strict=True)
                        ),
                    },
                }
                for located in report.located
            ],
            indent=2,
        )
        + "\n"
    )
