"""Whatever a value holds: a real round trip finds the session that has it and no other, or nothing is sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.clients import Blocking
from support.examples import examples
from support.raw_server import SESSION

import bbquery
from bbquery.emulator import Emulator, Switches


class Service(NamedTuple):
    emulator: Emulator
    clients: list[Blocking]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with ExitStack() as opened:
        emulator = opened.enter_context(Emulator())
        clients = [
            Blocking(kind, api_key=emulator.api_key, base_url=emulator.url, project_id=SESSION["projectId"])
            for kind in (bbquery.Client, bbquery.AsyncClient)
        ]
        for client in clients:
            opened.callback(client.shut)
        yield Service(emulator, clients)


def nest(path: tuple[str, ...], value: object) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def by_meta(path: tuple[str, ...], value: str) -> bbquery.Query:
    field = bbquery.meta
    for key in path:
        field = field[key]
    return field == value


def by_dict(path: tuple[str, ...], value: str) -> bbquery.Query:
    return bbquery.from_dict(nest(path, value))


def by_placeholders(path: tuple[str, ...], value: str) -> bbquery.Query:
    names = {f"k{at}": key for at, key in enumerate(path)}
    return bbquery.parse("user_metadata" + "".join(f"[${name}]" for name in names) + ":$value", value=value, **names)


def by_its_own_text(path: tuple[str, ...], value: str) -> bbquery.Query:
    return bbquery.decode(bbquery.parse(str(by_meta(path, value))).url())


WAYS: list[Callable[[tuple[str, ...], str], bbquery.Query]] = [by_meta, by_dict, by_placeholders, by_its_own_text]

nasty = st.text(
    st.sampled_from(
        "ab'\"\\%+&#?=;:/()[]{}$*^<>!-_., \u00a0\t\n\r\0\x7f\x85é\u0301İıßſKÅ\ufeff\u200b\u202e😀\ud800\udfff"
    ),
    max_size=12,
)
texts = st.one_of(
    nasty,
    st.text(st.characters(exclude_categories=[]), max_size=20),
    st.sampled_from(
        [
            "", "a", "A", "5", "true", "null", "'", "\\", "O'Neil", "%27", "%2527", "%20", "+", "a b", "a+b",
            "a%20b", "&status=ERROR",
            "' OR user_metadata['a']:'b", "']['", "é", "e\u0301", "ﬁ", "fi", "x" * 500, "😀" * 100,
            "$value", "*", "now-7d",
        ]
    ),
)  # fmt: skip
paths = st.lists(texts, min_size=1, max_size=3).map(tuple)


def decoys(path: tuple[str, ...], value: str) -> Iterator[tuple[tuple[str, ...], object]]:
    """Metadata that is almost the same, as paths and what they lead to."""
    for text in almost(value):
        yield path, text
    for at, key in enumerate(path):
        for text in almost(key):
            yield (*path[:at], text, *path[at + 1 :]), value
    yield (*path, path[-1]), value
    yield (path[-1], *path), value
    yield path, [value]
    yield path, {value: value}
    yield path, None
    yield path, 5
    if len(path) > 1:
        yield path[1:], value
        yield (".".join(path),), value


def almost(text: str) -> Iterator[str]:
    yield from (text + "\u0301", text + " ", " " + text, text + "'", text + "\0", text + "%", "'" + text)
    yield from (text.swapcase(), text.casefold(), text.strip(), text[:-1], text[1:], text[::-1], text * 2)
    yield from (text.replace("+", " "), text.replace(" ", "+"), text.replace("%", "%25"), text.replace("%25", "%"))
    yield from (unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD"))


def can_be_quoted(text: str) -> bool:
    return not any(char in "'\\" or unicodedata.category(char) in ("Cc", "Cs") for char in text)


@examples(200)
@given(way=st.sampled_from(WAYS), path=paths, value=texts)
@example(way=by_meta, path=("k",), value="O'Neil")
@example(way=by_dict, path=("k",), value="\ud800")
@example(way=by_placeholders, path=("'] OR user_metadata['k",), value="v")
def test_the_session_that_has_it_and_no_other(
    service: Service, way: Callable[[tuple[str, ...], str], bbquery.Query], path: tuple[str, ...], value: str
) -> None:
    emulator = service.emulator
    emulator.clear()
    quoted = all(map(can_be_quoted, (*path, value)))
    try:
        query = way(path, value)
    except (bbquery.BuildError, bbquery.NotAWireQuery, bbquery.QuerySyntaxError):
        assert not quoted
        return

    wanted = nest(path, value)
    others = [nest(*decoy) for decoy in decoys(path, value)]
    emulator.add(
        {**SESSION, "id": f"decoy {at}", "userMetadata": metadata}
        for at, metadata in enumerate(others)
        if metadata != wanted
    )
    creator, reader = service.clients[len(value) % 2], service.clients[len(value) % 2 - 1]
    if bbquery.metadata.size(wanted) <= bbquery.metadata.MAX_SIZE:
        name = creator.create_session(wanted).id
    else:  # as some other client may have stored it
        name = "wanted"
        emulator.add([{**SESSION, "id": name, "userMetadata": wanted}])

    found = reader.sessions(query)
    assert [session.id for session in found] == [name]
    assert found[0].user_metadata == wanted
    if quoted:
        assert found.discarded == 0
        assert emulator.requests[-1].path == query.list_request().target()
    else:  # the service cannot be asked for it, and lists everything
        assert found.plan.full_scan
        assert emulator.requests[-1].path == "/v1/sessions"


@examples(50)
@given(path=paths, value=texts)
def test_a_service_that_returns_too_much_does_no_harm(service: Service, path: tuple[str, ...], value: str) -> None:
    if not all(map(can_be_quoted, (*path, value))):
        return
    emulator = service.emulator
    emulator.clear()
    wanted = nest(path, value)
    metadata = [wanted, *(nest(*decoy) for decoy in decoys(path, value))]
    emulator.add({**SESSION, "id": str(at), "userMetadata": each} for at, each in enumerate(metadata))
    emulator.switches = Switches(ignore_q=True)
    try:
        found = service.clients[0].sessions(by_meta(path, value))
    finally:
        emulator.switches = Switches()
    assert [session.user_metadata for session in found] == [wanted] * metadata.count(wanted)
    assert found.discarded == len(metadata) - len(found)
