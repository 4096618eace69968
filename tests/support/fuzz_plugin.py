"""A pytest plugin for `make fuzz`: run the properties alone, in random order, until the time is over.

It writes a line of JSON for each test into the file that `BBQUERY_FUZZ_LOG` names.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_UNTIL = float(os.environ["BBQUERY_FUZZ_UNTIL"])
_SEED = os.environ["BBQUERY_FUZZ_SEED"]
_LOG = Path(os.environ["BBQUERY_FUZZ_LOG"])
_SKIPPED = frozenset(json.loads(os.environ["BBQUERY_FUZZ_SKIPPED"]))
"""The properties that have failed in an earlier round."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    properties = [item for item in items if item.get_closest_marker("hypothesis") and item.nodeid not in _SKIPPED]
    random.Random(_SEED).shuffle(properties)
    items[:] = properties


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.time() > _UNTIL:
        pytest.skip("the time is over")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    report: Any = yield
    statistics = getattr(item, "hypothesis_statistics", "")
    report.user_properties.append(("examples", sum(map(int, re.findall(r"(\d+) (?:passing|failing)", statistics)))))
    return report


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # workers send their reports to the process that started them
        config.pluginmanager.register(_Log())


class _Log:
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome != "failed":
            return
        examples = sum(int(str(value)) for name, value in report.user_properties if name == "examples")
        line = {"test": report.nodeid, "passed": report.passed, "examples": examples, "error": report.longreprtext}
        with _LOG.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
