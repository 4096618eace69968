"""Sessions → browser minutes, proxy bytes and the rest, by metadata and over time.

`measure_usage` makes a `UsageReport`; reports of disjoint sets of sessions add up. What is made of a report has
modules of its own: `costs`, `alerts` and `feeds`. `files` reads sessions from NDJSON, `ranges` and `settings` what
people write about periods and limits.
"""

from __future__ import annotations

from .grouping import metadata_keys
from .meter import FullSessionRow, UsageMeter, measure_usage
from .report import UsageReport

__all__ = ["FullSessionRow", "UsageMeter", "UsageReport", "measure_usage", "metadata_keys"]
