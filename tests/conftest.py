"""What every test shares: how Hypothesis behaves.

`make test` says the same every time: examples follow from the test alone, and no database remembers earlier runs. Only
`make fuzz` draws new ones. How fast a machine is never decides whether a test passes.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from support.examples import FACTOR

settings.register_profile(
    "test", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "fuzz",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=100 * FACTOR,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fuzz" if FACTOR > 1 else "test")
