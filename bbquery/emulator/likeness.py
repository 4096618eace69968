"""An emulator that behaves as an account does, by what `bbquery doctor` has seen of it."""

from __future__ import annotations

import re
from typing import Any

from ..doctor.facts import Examination

_NEVER_FOUND = 120.0
"""Seconds of lag where a session was never found."""


def switches_like(examination: Examination) -> dict[str, Any]:
    """Return the settings of `Switches` by which an emulator does what was seen. What was not tried says nothing."""
    verdicts = {each.fact: each.verdict for each in examination.observations}
    found: dict[str, Any] = {}
    if verdicts["F11"] == "fails":
        found["ignore_q"] = True
    if verdicts["F9"] == "fails":
        found |= {"bare_q": "504", "bare_q_seconds": _first_seconds(examination["F9"].seen) or 0.0}
    if verdicts["F14"] == "fails":
        found["odd_rate"] = 1.0
    if verdicts["F20"] == "holds":
        found["strict_metadata"] = True
    if verdicts["F10"] != "untried":
        lag = _first_seconds(examination["F10"].seen) if verdicts["F10"] == "holds" else _NEVER_FOUND
        found["lag"] = lag or 0.0
    return found


def _first_seconds(seen: str) -> float | None:
    """Return the first number of seconds in what was seen."""
    match = re.search(r"(\d+(?:\.\d+)?) s\b", seen)
    return float(match[1]) if match else None
