"""OpenMetrics text can be read whatever the labels hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from support.usage_reports import PRICES, SOME, read, report, samples
from support.usage_sessions import NOW, lists, session

from bbquery import BuildError
from bbquery.usage.export.openmetrics import to_openmetrics
from bbquery.usage.grouping import format_group_value


def test_figures_are_gauges_with_a_label_for_each_name() -> None:
    text = to_openmetrics(report(SOME, "client", "order.status"), PRICES)
    assert 'bbquery_usage_browser_minutes{client="acme",order_status=""} 2.0\n' in text
    assert text.endswith("# EOF\n")
    found = samples(text)
    assert found["sessions", ("", "")] == 1
    assert found["sessions_by_status", ("acme", "", "ERROR")] == 1
    assert found["sessions_by_status", ("", "", "COMPLETED")] == 1
    assert found["average_duration_seconds", ("acme", "")] == 100.5
    assert ("average_duration_seconds", ("", "")) not in found  # there is none
    assert found["estimated_cost", ("acme", "")] == 10.004
    assert found["measured_timestamp_seconds", ()] == NOW.timestamp()


@given(lists)
def test_openmetrics_can_be_read_whatever_the_labels_hold(sessions: list[dict[str, Any]]) -> None:
    found = report(sessions, "client", "region")
    values = samples(to_openmetrics(found))
    for (client, region), figures in found.segments.items():
        assert (
            values["browser_minutes", (format_group_value(client), format_group_value(region))]
            == figures.browser_minutes
        )


def test_a_report_without_names_is_one_sample_each() -> None:
    assert samples(to_openmetrics(report(SOME)))["sessions", ()] == 2
    assert samples(to_openmetrics(report([])))["sessions", ()] == 0


@pytest.mark.parametrize(
    ("names", "complaint"),
    [(["a.b", "a_b"], "label of 'a_b'"), (["session_status"], "breakdown"), (["é", "ü"], "label of 'ü' would be _")],
)
def test_labels_that_would_be_the_same(names: list[str], complaint: str) -> None:
    with pytest.raises(BuildError, match=complaint):
        to_openmetrics(report([], *names))


def test_no_label_is_one_of_the_scrapers_own() -> None:
    text = to_openmetrics(report([session(userMetadata={"__name__": "x", "1st": "y"})], "__name__", "1st"))
    (family,) = [family for family in read(text) if family.name == "bbquery_usage_sessions"]
    assert family.samples[0].labels == {"key__name__": "x", "key1st": "y"}


def test_openmetrics_has_no_intervals() -> None:
    with pytest.raises(BuildError, match="no intervals"):
        to_openmetrics(report([], every="1d"))
