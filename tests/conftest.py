"""Shared by every test: the settings of Hypothesis, and the signals of the processes that tests start.

`make test` gives the same result every time: the examples follow from the test alone, and no database remembers earlier
runs. Only `make fuzz` draws new ones. The speed of a machine never decides whether a test passes.
"""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, Phase, settings
from support.examples import FUZZING, scaled

settings.register_profile(
    "test",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=scaled(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "fuzz",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=scaled(100),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Whether a test fails is all that counts for a mutant, and not the smallest example.
settings.register_profile("mutants", settings.get_profile("test"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("fuzz" if FUZZING else os.environ.get("BBQUERY_PROFILE", "test"))

# A background job of a script ignores SIGINT, and so would every process that a test starts, for ever.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that needed a browser, so that nobody takes them for passed."""
    skipped = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", ())
        if "there is no Chromium" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} browser tests were skipped, for want of Chromium:")
        for name in skipped:
            terminalreporter.write_line(f"  {name}")
