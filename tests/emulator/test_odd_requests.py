"""Whatever a request holds, the emulator answers it as a service does, and goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.emulator_client import Http
from support.examples import examples
from support.strategies import json_values

from bbquery.emulator import Emulator, generate


@pytest.fixture(scope="module")
def shared() -> Iterator[Http]:
    with Emulator() as emulator:
        emulator.add(generate(5, now=1_790_000_000))
        http = Http(emulator)
        with http.client:
            yield http


_paths = st.sampled_from(["/v1/sessions", "/v1/sessions/", "/v1/projects", "/v1/projects/p/usage", "/", "/v1"])
_names = st.sampled_from(["q", "status", "q[]", "Q", "", "limit"]) | st.text(max_size=5)
_texts = st.sampled_from(["user_metadata['a']:'b'", "RUNNING", "running"]) | st.text(max_size=20)
_queries = st.lists(st.tuples(_names, _texts | st.binary(max_size=10)), max_size=3)
_bodies = st.binary(max_size=50) | json_values.map(lambda value: json.dumps(value).encode())


@examples(150)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    path=_paths | st.text(max_size=8).map(lambda name: "/v1/sessions/" + quote(name.encode("utf-8", "replace"))),
    query=_queries,
    body=_bodies,
    kind=st.sampled_from(["application/json", "text/plain", ""]),
)
def test_every_request_has_an_answer_that_is_json(
    shared: Http, method: str, path: str, query: list[tuple[str, Any]], body: bytes, kind: str
) -> None:
    wire = "&".join(
        "=".join(quote(part if isinstance(part, bytes) else part.encode("utf-8", "replace")) for part in pair)
        for pair in query
    )
    url = httpx.URL(shared.emulator.url).copy_with(raw_path=f"{path}?{wire}".encode())
    response = shared.client.request(method, url, content=body, headers={"Content-Type": kind})
    assert response.status_code < 500, response.text
    if method != "HEAD" and response.content:
        response.json()
    assert shared.get("/v1/projects").status_code == 200
