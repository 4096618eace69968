"""The dashboard over a real socket: who gets an answer, what is in it, and what never is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from support.dashboard_server import HOSTILE, Serve, rows, session
from support.raw_server import KEY, RawServer, answer

import bbquery
from bbquery.dashboard import Dashboard, Source
from bbquery.dashboard.assets import SCRIPTS
from bbquery.emulator import Emulator, generate
from bbquery.language.limits import MAX_CHARACTERS

FILES = ["", "style.css", "theme.js", "plotly.js", *SCRIPTS]
ANSWERS = ["api/status", "api/report", "api/sessions", "api/check?q=x", "api/filter?by=client&segment=[null]", "api/no"]


@pytest.mark.parametrize("path", [*FILES, *ANSWERS])
def test_every_answer_is_kept_from_other_pages(serve: Serve, path: str) -> None:
    response = serve(session(1)).get(path)
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert not {"server", "set-cookie"} & set(response.headers)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LocalHost:8765", 200),
        ("127.0.0.1", 200),
        ("127.0.0.1:1", 200),  # a tunnel may have any port
        ("[::1]:8765", 200),
        ("evil.example", 421),
        ("evil.example:8765", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.0.7", 421),
        ("[::zzzz", 421),
        ("[fe80::1]", 421),
        ("", 421),
        ("\xe9vil", 421),
    ],
)
def test_it_answers_to_names_of_this_machine_only(serve: Serve, host: str, status: int) -> None:
    for path in ("", "api/report", "api/none"):
        response = serve(session(1)).http.get(path, headers=[(b"host", host.encode("latin-1"))])
        assert response.status_code == (404 if status == 200 and path == "api/none" else status)


def test_a_query_may_be_as_long_as_any(serve: Serve) -> None:
    # Not with httpx, whose URLs are short.
    def checked(query: str) -> Any:
        with urlopen(f"{served.url}api/check?{urlencode({'q': query})}", timeout=20) as response:
            return json.load(response)

    served = serve()
    longest = f"id:'{'😀' * (MAX_CHARACTERS - 5)}'"
    assert checked(longest) == {"problem": None}
    assert "characters" in checked(f"{longest} ")["problem"]["message"]


def test_two_names_are_none(serve: Serve) -> None:
    url = urlsplit(serve().url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] in (b"400", b"421")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(serve: Serve, method: str) -> None:
    assert serve(session(1)).http.request(method, "api/report").status_code == 405


def test_an_address_that_others_reach_answers_to_addresses_and_its_own_name(serve: Serve) -> None:
    served = serve(host="0.0.0.0")
    assert not served.dashboard.is_local
    url = f"http://127.0.0.1:{urlsplit(served.url).port}/"
    for host, status in (("192.168.0.7:8765", 200), ("localhost", 200), ("evil.example", 421)):
        assert served.http.get(url, headers={"host": host}).status_code == status


def test_it_can_be_closed_twice_and_by_another_thread(serve: Serve) -> None:
    dashboard = serve().dashboard
    threading.Timer(0.05, dashboard.close).start()
    dashboard.serve_forever()
    dashboard.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", urlsplit(dashboard.url).port or 0), timeout=5)


def test_an_address_in_use_is_the_callers_error(serve: Serve) -> None:
    port = urlsplit(serve().url).port
    with pytest.raises(OSError, match="in use"):
        Dashboard(Source(list, 60), port=port or 0).__enter__()


# --- the key -----------------------------------------------------------------------------------


def exposed(text: str) -> bool:
    """Any part of the key that is its own: plotly.js knows the digits at its end."""
    return any(KEY[at : at + 8] in text for at in range(KEY.index("0123") - 4))


def everything(served: Any) -> str:
    """All that the page can be sent, headers included."""
    found = [served.get(path) for path in (*FILES, *ANSWERS, "api/report?range=7h", "api/report?q=x", "api/sessions")]
    return "\n".join([str([*response.headers.items(), response.text]) for response in found])


def test_the_key_never_reaches_the_page(serve: Serve) -> None:
    with (
        Emulator(sessions=generate(20), api_key=KEY) as emulator,
        bbquery.Client(api_key=KEY, base_url=emulator.url) as client,
    ):
        sent = everything(serve(source=Source(lambda: list(client.sessions()), 60)))
    assert "initech" in sent
    assert not exposed(sent)


def test_nor_does_an_error_with_it(serve: Serve) -> None:
    with RawServer() as server, bbquery.Client(api_key=KEY, base_url=server.url) as client:
        source = Source(lambda: list(client.sessions()), 0.02)
        server.script[:] = [answer(b'{"message": "the key %b is not known"}' % KEY.encode(), 401)]
        served = serve(source=source)
        while not served.json("status")["notice"]:
            pass
        sent = everything(served)
    assert "is not known" in sent
    assert not exposed(sent)


# --- loading -----------------------------------------------------------------------------------


class Loads:
    """Loads when it is told to, and counts."""

    def __init__(self) -> None:
        self.count = 0
        self.at_once = 0
        self.most_at_once = 0
        self.found: list[Any] | Exception | None = []
        self.begun, self.go_on = threading.Semaphore(0), threading.Semaphore(1)

    def __call__(self) -> list[Any] | None:
        self.count += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.release()
        assert self.go_on.acquire(timeout=20)
        self.at_once -= 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def until(is_so: Callable[[], object]) -> None:
    """The dashboard's threads run on their own."""
    for _ in range(20_000):
        if is_so():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never was so")


def test_one_load_runs_at_a_time_and_only_while_somebody_looks(serve: Serve) -> None:
    loads = Loads()
    served = serve(source=Source(loads, 0.001))
    assert loads.begun.acquire(timeout=1)
    assert not loads.begun.acquire(timeout=0.2)  # nobody has asked
    for _ in range(5):
        served.json("status")
    assert loads.begun.acquire(timeout=20)
    for _ in range(5):
        served.json("status")
    assert loads.count == 2
    loads.go_on.release()
    until(lambda: served.dashboard.source.data.version == 2)
    for _ in range(5):
        loads.go_on.release()
    until(lambda: served.json("status")["version"] > 2)
    assert loads.most_at_once == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (bbquery.TransportError("cannot connect"), "cannot connect"),
        (OSError(2, "No such file or directory", "june.ndjson"), "june.ndjson"),
        (RuntimeError("inner"), "a mistake in bbquery: RuntimeError"),
    ],
    ids=repr,
)
def test_a_load_that_fails_is_a_notice_and_leaves_the_figures(serve: Serve, error: Exception, said: str) -> None:
    loads = Loads()
    loads.go_on.release()
    found = [*rows(session(1))]
    loads.found = found
    served = serve(source=Source(loads, 0.001))
    loads.found = error
    until(lambda: served.json("status")["notice"])
    assert said in served.json("status")["notice"]
    assert served.json("report", range="all")["total"]["sessions"] == 1
    loads.found = [*found, *found]
    for _ in range(50):
        loads.go_on.release()
    until(lambda: not served.json("status")["notice"])
    assert served.json("report", range="all")["total"]["sessions"] == 2


def test_what_has_not_changed_is_no_new_version(serve: Serve) -> None:
    loads = Loads()
    served = serve(source=Source(loads, 0.001))
    loads.found = None
    for _ in range(50):
        loads.go_on.release()
    until(lambda: served.json("status") and loads.count > 3)
    assert served.json("status")["version"] == 1


def test_a_page_is_text_whatever_sessions_hold(serve: Serve) -> None:
    served = serve(session(1, userMetadata={HOSTILE: "\ud800</script>", "client": HOSTILE}))
    response = served.get("api/report", by="client")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["segments"][0]["values"] == [HOSTILE]
    assert response.content.isascii()
    assert served.json("sessions")["sessions"][0]["metadata"] == [
        [HOSTILE.replace(".", "\\."), "\ud800</script>"],
        ["client", HOSTILE],
    ]
