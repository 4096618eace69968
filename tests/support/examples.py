"""The number of examples that a property takes, here, in `make test-fast` and in `make fuzz`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

FUZZING = "BBQUERY_FUZZ_UNTIL" in os.environ
"""`make fuzz` runs: examples are drawn anew each time."""

FACTOR = float(os.environ.get("BBQUERY_EXAMPLES", "1"))
"""How many times as many examples as a property names: half of them in `make test`."""


def examples(count: int, **options: Any) -> settings:
    """Return the settings of a property that is tried on so many examples."""
    given = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], **options}
    return settings(max_examples=scaled(count), **given)


def scaled(count: int) -> int:
    return max(5, int(count * FACTOR))
