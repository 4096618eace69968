"""Notebooks show tables, with everything escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.strategies import queries, texts

import bbquery
from bbquery._text import make_visible, truncate
from bbquery.emulator import Emulator, generate
from bbquery.planning.html_tables import Amount, html_table


class Read(HTMLParser):
    """The tags of a page, and the text of each cell."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cells:
            self.cells[-1] += data


KNOWN = {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "span"}


@given(st.lists(texts(), min_size=1, max_size=3), texts())
@examples(100)
def test_no_text_changes_the_page(names: list[str], note: str) -> None:
    page = Read(html_table(note, names, [[*names[:-1], Amount(names[-1], 0.5)]]))
    assert page.tags <= KNOWN
    assert page.cells == [make_visible(truncate(name, 200)) for name in names] * 2


@given(queries())
@examples(50)
def test_a_plan_shows_its_requests(query: bbquery.Query) -> None:
    plan = query.plan("allow")
    page = Read(plan._repr_html_())
    assert page.tags <= KNOWN
    assert len(page.cells) == (3 * (len(plan.requests) + 1) if plan.requests else 0)


def test_sessions_and_usage_show_themselves() -> None:
    now = datetime(2026, 11, 19, tzinfo=UTC)
    with (
        Emulator(sessions=generate(30, seed=1, now=now), clock=now.timestamp) as emulator,
        bbquery.Client(api_key=emulator.api_key, base_url=emulator.url) as client,
    ):
        client.create_session(user_metadata={"client": "<script>alert(1)</script>"})
        sessions = client.sessions()
    page = Read(sessions._repr_html_())
    assert page.tags <= KNOWN
    assert page.text.startswith("31 sessions")
    assert "… and 11 more" in page.text
    assert len(page.cells) == 5 * 21
    assert "<script>" in page.text  # as text
    report = bbquery.measure_usage(sessions, by=["client"], every="1d", now=now)
    by_client = Read(report._repr_html_())
    assert by_client.cells[:4] == ["client", "sessions", "browser minutes", "proxy bytes"]
    assert f"{report.total.browser_minutes:,} browser minutes" in by_client.text
    by_day = Read(bbquery.measure_usage(sessions, every="1d", now=now)._repr_html_())
    assert by_day.cells[0] == "every 1d (UTC)"
    whole = Read(bbquery.measure_usage(sessions, now=now)._repr_html_())
    assert len(whole.cells) == 6
    assert Read(bbquery.measure_usage([], by=["client"], now=now)._repr_html_()).cells == []
