"""The page in a real browser: Chromium, without a head."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from support.browser import find_chromium
from support.dashboard_server import HOSTILE, NOW, Serve, rows, session

import bbquery
from bbquery.dashboard import Source, export
from bbquery.dashboard.assets import SCRIPTS, asset
from bbquery.dashboard.view_state import PageSettings
from bbquery.emulator import Emulator, generate
from bbquery.usage.pricing import Rates
from bbquery.usage.thresholds import parse_threshold

CHROMIUM = find_chromium()
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run"
).split()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'bbquery[dev]'"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


class Page:
    """A page, and whatever went wrong on it."""

    def __init__(self, context: Any) -> None:
        self.tab = context.new_page()
        self.tab.set_default_timeout(15_000)
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", self._said)
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def open(self, url: str) -> None:
        self.tab.goto(url)
        self.settled()

    def settled(self) -> None:
        """Wait until the page shows what was asked for."""
        self.tab.wait_for_selector("main[aria-busy=false]")

    def text(self, selector: str) -> str:
        return str(self.tab.inner_text(selector))

    def see(self, selector: str, text: str) -> None:
        """Waits until it is there."""
        self.tab.locator(selector).filter(has_text=text).first.wait_for()

    def until(self, expression: str) -> None:
        """playwright's own would need eval, which the page's policy forbids."""
        for _ in range(500):
            if self.tab.evaluate(expression):
                return
            self.tab.wait_for_timeout(20)
        raise AssertionError(expression)

    def count(self, selector: str) -> int:
        return int(self.tab.locator(selector).count())

    def leads_to(self, **expected: str) -> bool:
        fragment = urlsplit(self.tab.url).fragment
        found = self.tab.evaluate("text => Object.fromEntries(new URLSearchParams(text))", fragment)
        return bool(found == expected)


@pytest.fixture
def page(browser: Any, serve: Serve) -> Iterator[Page]:
    """Nothing goes wrong on it, and it asks no other machine. It closes before the servers that it may ask do."""
    del serve
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    found = Page(context)
    yield found
    context.close()
    assert found.wrong == []
    schemes = {urlsplit(url).scheme for url in found.asked}
    assert schemes <= {"http", "data", "file", "blob"}  # blob: the picture that the page makes of its chart
    assert {urlsplit(url).hostname for url in found.asked if url.startswith("http")} <= {"127.0.0.1"}


MIXED = [
    *[session(at, ago=at, userMetadata={"client": "acme", "task": "buy"}) for at in range(1, 31)],
    *[session(at, ago=at, lasts=600, userMetadata={"client": "globex"}, status="ERROR") for at in range(31, 61)],
    session(61, ago=20 * 24, userMetadata=None),
]


def test_a_day_with_the_dashboard(page: Page, serve: Serve) -> None:
    """The service, a range, a segment, a query that is broken and then right, and a session that comes."""
    with Emulator(sessions=generate(300, seed=7)) as emulator:
        client = bbquery.Client(api_key=emulator.api_key, base_url=emulator.url)
        served = serve(source=Source(lambda: list(client.sessions()), 0.5))
        page.open(served.url)
        assert page.text("#totals .large >> nth=0") == "300"
        page.see("#segments tbody tr", "acme")

        page.tab.click("text=7 days")
        page.until("document.querySelector('#totals .large').textContent !== '300'")
        week = served.json("report", range="7d")["total"]
        assert page.text("#totals .large >> nth=0") == f"{week['sessions']:,}"
        page.tab.select_option("#by", "task")
        page.see("#segments thead", "task")
        assert page.leads_to(range="7d", by="task")

        page.tab.fill("#query", "user_metadata['client':'acme'")
        page.see("#mistake", "]")
        assert page.text("#mistake mark") == ":"
        assert page.tab.get_attribute("#query", "aria-invalid") is not None
        page.tab.fill("#query", "user_metadata['client']:'acme'")
        page.tab.wait_for_selector("#mistake:empty", state="attached")
        acme = served.json("report", range="7d", q="user_metadata['client']:'acme'")["total"]
        page.see("#totals .large", f"{acme['sessions']:,}")

        client.create_session({"client": "acme", "task": "buy"})
        page.see("#segments tbody tr", "buy")
        assert page.text("#totals .large >> nth=0") == f"{acme['sessions'] + 1:,}"
        client.close()


def test_a_bar_says_its_exact_figures_on_hover(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url + "#range=7d&metric=sessions")
    page.tab.locator("#chart .bars .point path").first.hover(force=True)
    page.see("#chart .hoverlayer", "sessions")
    assert re.search(r"\d+ sessions?.*(acme|globex).*2026-11", page.tab.locator(".hoverlayer").text_content() or "")


def test_a_click_on_a_segment_filters_by_it(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    page.tab.click("#segments button >> text=globex")
    page.see("#totals .large", "30")
    assert page.tab.input_value("#query") == "user_metadata['client']:'globex'"
    page.tab.click("#statuses button >> text=Error")
    page.until("document.querySelector('#query').value.includes('status')")
    page.tab.go_back()
    page.tab.go_back()
    page.see("#totals .large", "61")
    assert page.tab.input_value("#query") == ""
    page.tab.click("#segments button >> text=(untagged)")
    page.see("#sessions-about", "1 to 1 of 1")
    assert page.tab.input_value("#query") == "NOT user_metadata['client']:*"


def test_a_click_on_a_bar_filters_too(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    boxes = [bar.bounding_box() for bar in page.tab.locator("#chart .bars .point path").all()]
    box = max(boxes, key=lambda box: box["height"] if box else 0)
    page.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.until("document.querySelector('#query').value.startsWith('user_metadata')")


def test_a_link_keeps_the_view(page: Page, serve: Serve) -> None:
    served = serve(*MIXED)
    link = served.url + "#range=24h&sort=proxy_bytes&by=task&by=client&q=status%3A'COMPLETED'&metric=sessions"
    page.open(link)
    assert page.text("#totals .large >> nth=0") == "24"
    assert page.tab.is_checked("input[value='24h']")
    assert page.tab.input_value("#query") == "status:'COMPLETED'"
    assert (page.tab.input_value("#by"), page.tab.input_value("#and")) == ("task", "client")
    assert page.tab.input_value("#metric") == "sessions"
    assert page.tab.get_attribute("#sessions th[aria-sort]", "aria-sort") == "ascending"
    assert page.tab.url == link


def test_a_range_of_ones_own(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    page.tab.click("text=Custom")
    page.settled()
    page.tab.fill("#from", "2026-11-20")
    page.tab.fill("#to", "2026-11-20")
    page.see("#sessions-about", "of 24")
    assert page.leads_to(range="2026-11-20..2026-11-21")


def test_the_table_is_sorted_and_turned_over(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    page.tab.click("#sessions button >> text=Proxy data")
    page.see("#sessions tbody tr:first-child", "session-61")
    page.tab.click("#pages button >> text=Next")
    page.see("#sessions-about", "26 to 50 of 61")
    assert page.tab.evaluate("document.activeElement.textContent") == "Next"  # the keyboard is where it was
    assert page.leads_to(sort="-proxy_bytes", page="2")


def test_what_sessions_hold_is_only_ever_text(page: Page, serve: Serve) -> None:
    held = [HOSTILE, "<b>bold</b>", "</script><script>document.title='taken'</script>", "%{x} & &lt;", "javascript:1"]
    served = serve(
        *[session(at, userMetadata={HOSTILE: value, "v": value}) for at, value in enumerate(held, 1)],
        session(9, userMetadata={"v": HOSTILE}, status=HOSTILE, region=HOSTILE, id=HOSTILE),
    )
    page.open(served.url + "#by=v")
    for value in held:
        assert page.count(f"#segments th button >> text={json.dumps(value)}") == 1
        short = value if len(value) <= 30 else value[:29] + "…"
        assert page.count(f"#legend button >> text={json.dumps(short, ensure_ascii=False)}") == 1
    page.tab.click("summary")
    for bar in page.tab.locator("#chart .bars .point path").all():
        bar.hover(force=True)
    page.tab.select_option("#by", HOSTILE.replace(".", "\\."))
    page.see("#segments thead", "<img src=x")
    page.tab.fill("#query", HOSTILE)
    page.see("#mistake pre", HOSTILE)
    assert page.count("main img, main script, main b, form img") == 0
    assert page.tab.title() == "Usage · bbquery"


def test_a_query_is_underlined_where_it_is_wrong(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    for text in ("user_metadata['😀é']:'a' and id:'1'", "status:'RUNING'", "user_metadata['a']:", "(((", "😀"):
        with pytest.raises(bbquery.QuerySyntaxError) as caught:
            bbquery.parse(text)
        page.tab.fill("#query", text)
        page.see("#mistake pre", text)
        start, end = caught.value.span
        assert page.tab.text_content("#mistake mark") == text[start:end]
        assert caught.value.message in page.text("#mistake")
    assert page.text("#totals .large >> nth=0") == "61"  # what was there stays


def test_the_filter_is_completed_with_the_keyboard(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED, session(99, userMetadata={"it's 😀": "a'b"})).url)
    page.tab.focus("#query")
    page.tab.keyboard.insert_text("user_metadata[")  # at once: each letter typed would be answered by itself
    page.see("#completions li", "it's 😀")
    for _ in range(3):
        page.tab.keyboard.press("ArrowDown")
        marked = page.tab.get_attribute("#query", "aria-activedescendant")
        if "it's" in page.text(f"#{marked}"):
            break
    page.tab.keyboard.press("Enter")
    assert page.tab.input_value("#query") == r"user_metadata['it\'s 😀']"
    page.tab.keyboard.type(":")
    page.see("#completions li", "a'b")
    page.tab.locator("#completions li", has_text="a'b").dispatch_event("pointerdown")
    assert page.tab.input_value("#query") == r"user_metadata['it\'s 😀']:'a\'b'"
    page.see("#sessions-about", "1 to 1 of 1")
    page.tab.keyboard.press("Escape")
    assert page.tab.is_hidden("#completions")


def test_views_exports_and_tiles(page: Page, serve: Serve) -> None:
    settings = PageSettings(
        zone=ZoneInfo("Europe/Berlin"),
        rates=Rates(browser_minute=Decimal("0.5")),
        limits=(parse_threshold("browser_minutes=500"),),
        inspector="https://vendor.example/sessions/",
    )
    big = session(70, ago=2, proxyBytes=200_000_000, userMetadata={"client": "acme"}, id="a/b?c")
    page.open(serve(*MIXED, big, settings=settings).url + "#range=24h&metric=browser_minutes_so_far")
    assert "on the period before" in page.text("#totals .total >> nth=0")
    assert "USD" in page.text("#totals .total >> nth=2")
    assert page.text("#zone") == "Europe/Berlin"
    page.see("#chart .annotation-text", "limit browser_minutes=500")
    assert page.count("#chart .shapelayer path") == 1
    page.tab.click("#views button >> text=High bandwidth")
    page.see("#sessions-about", "1 to 1 of 1")
    assert page.tab.get_attribute("#sessions td.id a", "href") == "https://vendor.example/sessions/a%2Fb%3Fc"
    with page.tab.expect_download() as table:
        page.tab.click("#save-csv")
    assert Path(table.value.path()).read_text().count("\n") == 2
    with page.tab.expect_download() as picture:
        page.tab.click("#save-png")
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    page.tab.context.grant_permissions(["clipboard-write"])
    page.tab.click("#copy-link")
    page.see("#exported", "leads to just this view")


def test_nothing_to_show_says_what_to_do(page: Page, serve: Serve) -> None:
    page.open(serve().url)
    page.see("#empty", "There are no sessions yet")
    page.open(serve(session(1, ago=2_000)).url)
    page.see("#empty", "1 outside of it")
    page.tab.click("#empty button >> text=Show everything")
    page.see("#totals .large", "1")


def test_a_load_that_fails_is_said_and_mended(page: Page, serve: Serve) -> None:
    problems: list[Exception] = []
    found = rows(session(1))

    def load() -> list[Any]:
        if problems:
            raise problems[0]
        return found

    page.open(serve(source=Source(load, 0.2, clock=lambda: NOW)).url)
    problems.append(bbquery.TransportError("cannot connect to the service"))
    page.see("#notice", "cannot connect to the service")
    assert page.text("#totals .large >> nth=0") == "1"
    problems.clear()
    page.tab.wait_for_selector("#notice", state="hidden")


def test_it_can_be_paused(page: Page, serve: Serve) -> None:
    found = rows(session(1))
    served = serve(source=Source(lambda: list(found), 0.2, clock=lambda: NOW))
    page.open(served.url)
    page.tab.click("#pause")
    page.see("#age", "paused")
    found += rows(session(2))
    before = len(page.asked)
    page.tab.wait_for_timeout(1_200)  # twice as long as it waits otherwise
    assert page.asked[before:] == []
    page.tab.click("#pause")
    page.see("#totals .large", "2")


def held(page: Page, of: str) -> list[Any]:
    """Hold back the answers to one question: each is in the list, and comes when it is let go."""
    asked: list[Any] = []
    page.tab.route(f"**/api/{of}**", lambda route: asked.append(route))  # a lambda: it hangs an attribute on it
    return asked


def wait_for(page: Page, asked: list[Any], count: int) -> None:
    for _ in range(500):
        if len(asked) >= count:
            return
        page.tab.wait_for_timeout(20)
    raise AssertionError(len(asked))


@pytest.mark.parametrize("fails", [False, True])
def test_paused_it_stays_though_an_answer_comes_late(page: Page, serve: Serve, fails: bool) -> None:
    served = serve(source=Source(lambda: rows(session(1)), 0.2, clock=lambda: NOW))
    page.open(served.url)
    asked = held(page, "status")
    wait_for(page, asked, 1)
    page.tab.click("#pause")
    if fails:
        asked[0].abort()
    else:
        asked[0].fallback()
    page.tab.wait_for_timeout(300)
    assert page.text("#age") == "paused"
    page.tab.click("#pause")
    wait_for(page, asked, 2)  # at once, not when its time has come
    page.tab.unroute_all()
    asked[1].fallback()
    page.see("#age", "updated")
    page.wrong = [text for text in page.wrong if not (fails and "ERR_FAILED" in text)]


def test_figures_that_come_late_do_not_move_a_paused_page(page: Page, serve: Serve) -> None:
    found = rows(session(1))
    served = serve(source=Source(lambda: list(found), 0.2, clock=lambda: NOW))
    page.open(served.url)
    asked = held(page, "report")
    found += rows(session(2))
    wait_for(page, asked, 1)
    page.tab.click("#pause")
    page.tab.unroute_all()
    asked[0].fallback()
    page.settled()
    assert page.text("#totals .large >> nth=0") == "1"
    page.tab.click("#pause")
    page.see("#totals .large", "2")


def test_a_late_filter_of_a_segment_gives_way_to_what_was_typed_since(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    asked = held(page, "filter")
    page.tab.click("#segments tbody button >> nth=0")
    wait_for(page, asked, 1)
    typed = "status:'ERROR'"
    page.tab.fill("#query", typed)
    page.tab.keyboard.press("Enter")
    page.until("location.hash.includes('ERROR')")
    asked[0].fallback()
    page.tab.wait_for_timeout(300)
    page.settled()
    assert page.tab.input_value("#query") == typed
    assert page.text("#totals .large >> nth=0") == "30"


def test_an_offer_for_an_older_text_is_not_taken(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    page.tab.click("#query")
    page.tab.keyboard.insert_text("sta")  # at once: each letter typed would be answered by itself
    page.see("#completions li", "status")
    page.tab.keyboard.press("ArrowDown")
    asked = held(page, "complete")
    page.tab.keyboard.type("t")
    wait_for(page, asked, 1)
    page.tab.keyboard.press("Tab")
    assert page.tab.input_value("#query") == "stat"
    page.tab.unroute_all()
    asked[0].fallback()
    page.until("!document.querySelector('#query').hasAttribute('aria-activedescendant')")  # the newer ones are there
    page.tab.keyboard.press("ArrowDown")
    page.tab.keyboard.press("Tab")
    assert page.tab.input_value("#query").startswith("status")


def test_an_offer_stays_marked_when_the_newer_ones_have_it_too(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    page.tab.click("#query")
    asked = held(page, "complete?q=sta&")
    page.tab.keyboard.type("s")
    page.see("#completions li", "status")
    page.tab.keyboard.type("ta")
    wait_for(page, asked, 1)
    for _ in range(10):
        page.tab.keyboard.press("ArrowDown")
        if "status" in page.text("#completions li[aria-selected=true]"):
            break
    page.tab.evaluate("document.querySelector('#completions li').id = 'older'")
    asked[0].fallback()
    page.until("!document.getElementById('older')")  # the newer ones are there
    page.tab.keyboard.press("Tab")
    assert page.tab.input_value("#query").startswith("status")


def test_colours_are_chosen_and_kept(page: Page, serve: Serve) -> None:
    served = serve(*MIXED)
    page.open(served.url)
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.tab.evaluate(background)
    page.tab.emulate_media(color_scheme="dark")
    dark = page.tab.evaluate(background)
    assert light != dark
    page.tab.click("#theme")
    assert (page.text("#theme"), page.tab.evaluate(background)) == ("Light", light)
    page.tab.click("#theme")
    assert (page.text("#theme"), page.tab.evaluate(background)) == ("Dark", dark)
    page.tab.emulate_media(color_scheme="light")
    page.tab.reload()
    page.settled()
    assert page.tab.evaluate(background) == dark


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_it_fits(page: Page, serve: Serve, width: int) -> None:
    page.tab.set_viewport_size({"width": width, "height": 800})
    page.open(serve(*MIXED, session(99, userMetadata={"client": "x" * 200, "y" * 60: "z" * 300})).url)
    page.tab.fill("#query", "user_metadata['" + "k" * 300)
    page.see("#mistake", "not closed")
    assert page.tab.evaluate("document.documentElement.scrollWidth") == width


def test_it_can_be_used_with_the_keyboard_alone(page: Page, serve: Serve) -> None:
    page.open(serve(*MIXED).url)
    reached = []
    for _ in range(40):
        page.tab.keyboard.press("Tab")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        name = page.tab.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        if page.tab.evaluate("document.activeElement.type") != "radio":  # its label has the outline
            assert page.tab.evaluate(outline) != "none", name
        reached.append(name)
        if name == "globex":
            break
    assert {"Skip to the figures", "pause", "theme", "by", "query", "metric"} <= set(reached)
    page.tab.keyboard.press("Enter")
    page.see("#totals .large", "30")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, serve: Serve, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page.tab.emulate_media(color_scheme=scheme)
    page.open(serve(*MIXED, session(62, lasts=None, status="TIMED_OUT")).url)
    page.tab.click("summary")
    page.tab.fill("#query", "status:'RUNING'")
    page.see("#mistake", "RUNNING")
    found = axe.Axe().run(page.tab).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []


# --- one file ----------------------------------------------------------------------------------


def test_an_exported_page_works_without_a_server(page: Page, tmp_path: Path) -> None:
    mixed = rows(*MIXED, session(99, userMetadata={"client": HOSTILE + "</script><!--"}))
    file = tmp_path / "page.html"
    file.write_text(export(Source(lambda: mixed, 60, "status:'ERROR'", lambda: NOW)), "utf-8")
    page.open(file.as_uri())
    assert page.text("#totals .large >> nth=0") == "62"
    page.see("#notice", "recording")
    page.see("#scope", "status:'ERROR'")
    page.tab.click("text=24 hours")
    page.see("#totals .large", "25")
    page.tab.select_option("#by", "status")
    page.see("#segments thead", "status")
    page.tab.select_option("#metric", "sessions")
    page.tab.go_back()
    page.see("#segments tbody", "COMPLETED")
    assert page.tab.is_disabled("#query")
    assert page.count("#sessions tbody tr") == 25
    assert {url.partition(":")[0] for url in page.asked} <= {"file", "data"}
    assert page.tab.title() == "Usage · bbquery"


# --- what it is made of ------------------------------------------------------------------------


def test_no_script_writes_html_and_names_are_their_own() -> None:
    text = "\n".join([asset(name) for name in SCRIPTS])
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", text)
    names = re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))  # an exported page has all of them in one module


def test_the_page_names_no_other_machine() -> None:
    for name in (*SCRIPTS, "index.html", "style.css", "theme.js"):
        assert "//" not in re.sub(r"(?m)^\s*//.*$|; // .*$|, // .*$", "", asset(name)).replace("</", ""), name
