"""The repository's folders."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CASES = ROOT / "grammar/cases"
CORPUS = ROOT / "tests/lint/corpus"
