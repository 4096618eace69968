"""A bill adds up, and what sessions hold is only ever text in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from support.usage_reports import PRICES
from support.usage_sessions import NOW, lists, session

from bbquery import measure_usage
from bbquery.usage.export.bill import to_bill


class _Tables(HTMLParser):
    """Reads headings, and tables as rows of texts; notes every element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self._text: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td", "h2"):
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._text is not None and tag in ("th", "td", "h2"):
            (self.titles if tag == "h2" else self.tables[-1][-1]).append("".join(self._text))
            self._text = None


OURS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "section"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td"),
}


@given(lists)
def test_every_table_adds_up_to_its_total(sessions: list[dict[str, Any]]) -> None:
    report = measure_usage(sessions, by=["client"], every="1mo", timezone="Europe/Berlin", now=NOW)
    page = _Tables(to_bill(report, PRICES))
    assert page.tags <= OURS
    minutes = 0
    for title, table in zip(page.titles, page.tables, strict=True):
        _, *rows, total = table
        for at in (1, 2, 3):
            assert sum(_number(row[at]) for row in rows) == _number(total[at])
        minutes += _number(total[2]) if title != "In all" else 0
    assert minutes == report.total.browser_minutes


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def test_what_sessions_hold_is_text() -> None:
    nasty = "</style><script>alert(1)</script>\u202e&amp;"
    page = to_bill(measure_usage([session(1, userMetadata={"client": nasty})], by=["client"], now=NOW))
    assert "<script" not in page
    assert "\u202e" not in page
    assert _Tables(page).tables[0][1][0] == nasty.replace("\u202e", "\ufffd")
    assert re.search("default-src 'none'", page)


def test_a_month_has_its_name_and_a_missing_client_is_no_name() -> None:
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    found = [session(1), session(2, userMetadata={"client": "(untagged)"}), session(3, userMetadata={"client": ""})]
    page = _Tables(to_bill(measure_usage(found, by=["client"], now=NOW, start=start, end=end), PRICES))
    assert page.titles == ["November 2026"]
    assert {row[0] for row in page.tables[0][1:-1]} == {"(untagged)", '"(untagged)"', '""'}
    assert page.tables[0][0] == ["client", "sessions", "browser minutes", "proxy bytes", "est. USD"]


def test_what_still_runs_is_said() -> None:
    assert "up to 2026-11-20 12:30 UTC" in to_bill(measure_usage([session(1, None)], now=NOW))


def test_no_session_is_no_table() -> None:
    assert "No session" in to_bill(measure_usage([], now=NOW))
