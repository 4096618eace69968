"""Sessions → browser minutes, proxy bytes and the rest, by metadata and over time.

`measure_usage` makes a `UsageReport`; reports of disjoint sets of sessions add up. What is made of a report has
modules of its own: `costs`, `alerts` and `feeds`. `files` reads sessions from NDJSON, `ranges` and `settings` what
people write about periods and limits.
"""

from __future__ import annotations

from .keys import metadata_keys as metadata_keys
from .measure import Meter as Meter
from .measure import QueriedRow as QueriedRow
from .measure import measure_usage as measure_usage
from .report import UsageReport as UsageReport

__all__ = ["Meter", "QueriedRow", "UsageReport", "measure_usage", "metadata_keys"]
