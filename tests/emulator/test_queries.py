"""`q` finds exactly what it says, whatever the keys and values hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.emulator_client import Http
from support.examples import examples

from bbquery.emulator import Emulator, generate
from bbquery.emulator.store import Store, seconds

# What can stand between single quotes with no escape.
quotable = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\\"))
paths = st.lists(quotable, min_size=1, max_size=4)


@pytest.fixture(scope="module")
def shared() -> Iterator[Http]:
    with Emulator() as emulator:
        http = Http(emulator)
        with http.client:
            yield http


def nest(path: list[str], value: object) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


@examples(150)
@given(path=paths, value=quotable, encode=st.sampled_from([quote, quote_plus]))
def test_a_q_finds_the_one_session_that_holds_its_value(shared: Http, path: list[str], value: str, encode: Any) -> None:
    wanted, *others = generate(8, now=1_790_000_000)
    wanted["userMetadata"] = nest(path, value)
    decoys: list[Any] = [
        nest(path, value + "\u0301"),
        nest(path, value + "\0"),
        nest(path, [value]),
        nest([*path, ""], value),
        nest(["", *path], value),
        nest([".".join(path) + ".", value], value),
        nest(path, unicodedata.normalize("NFKD", value).swapcase() + "ß"),
    ]
    for session, metadata in zip(others, decoys, strict=True):
        session["userMetadata"] = metadata
    shared.emulator.clear()
    shared.emulator.add([wanted, *others])

    q = "user_metadata" + "".join(f"['{key}']" for key in path) + f":'{value}'"
    response = shared.client.get("/v1/sessions?q=" + encode(q))
    assert response.status_code == 200, response.text
    assert response.json() == [wanted]


odd = st.text(st.characters(exclude_categories=[]) | st.sampled_from("'\"\\.[]$\0\ud800\udfff%_*é😀"))


@examples(150)
@given(paths=st.lists(st.tuples(st.lists(odd, min_size=1, max_size=3), odd), min_size=1, max_size=6))
def test_the_store_tells_any_two_strings_apart(paths: list[tuple[list[str], str]]) -> None:
    entries = {spelled(*path, value): spelled(*path, value) for path, value in paths}
    store = Store(":memory:", lambda: 1_790_000_000)
    try:
        sessions = list(generate(len(entries), now=1_790_000_000))
        for session, (*path, value) in zip(sessions, entries.values(), strict=True):
            session["userMetadata"] = nest(path, value)
        store.add(sessions, "p")
        projects = [sessions[0]["projectId"]]
        found = [store.list_json(projects, entry=entry) for entry in entries.values()]
        assert all(len(texts) == 1 for texts in found)
        assert {texts[0] for texts in found} == set(store.list_json(projects))
    finally:
        store.close()


def spelled(*entry: str) -> tuple[str, ...]:
    """As JSON has it: two halves of a pair are one character."""
    return tuple(text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") for text in entry)


def test_a_value_is_found_at_each_of_its_paths(shared: Http) -> None:
    metadata = {"a": "x", "b": {"a": "x", "c": {"a": "x", "n": 1}}}
    (session,) = generate(1)
    shared.emulator.clear()
    shared.emulator.add([{**session, "userMetadata": metadata}])
    for path in ("['a']", "['b']['a']", "['b']['c']['a']"):
        assert len(shared.listing(q=f"user_metadata{path}:'x'")) == 1


def test_times_may_be_in_small_letters() -> None:
    assert seconds("2026-11-01t12:00:00z") == seconds("2026-11-01T12:00:00+00:00") is not None
    odd: list[object] = [None, 5, "", "now", []]
    assert [seconds(one) for one in odd] == [None] * 5
