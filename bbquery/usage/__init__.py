"""Sessions to browser minutes, proxy bytes and other figures, by metadata and over time.

`meter` makes a `UsageReport` of sessions; reports of disjoint sets of sessions add up. `pricing` and `thresholds`
compare a report with prices and limits, and `export/` writes it for other programs. `session_files` reads NDJSON.
`periods`, `grouping` and `settings` read what people write about ranges, keys and defaults.
"""

from __future__ import annotations

from .grouping import metadata_keys
from .meter import FullSessionRow, UsageMeter, measure_usage
from .report import UsageReport

__all__ = ["FullSessionRow", "UsageMeter", "UsageReport", "measure_usage", "metadata_keys"]
