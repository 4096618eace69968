"""Bodies that are compressed in one way or another."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.clients import Blocking, ids, session
from support.raw_server import RawServer, answer

import bbquery
from bbquery.client.decompression import Decompressor

Connect = Callable[..., Blocking]

LISTING = json.dumps([session("a"), session("b")]).encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


BODIES = {
    "gzip": ("gzip", gzip.compress(LISTING)),
    "GZip in capitals": (" GZip ", gzip.compress(LISTING)),
    "x-gzip": ("x-gzip", gzip.compress(LISTING)),
    "two members": ("gzip", gzip.compress(LISTING[:100]) + gzip.compress(LISTING[100:])),
    "an empty member between two": ("gzip", b"".join(map(gzip.compress, (LISTING[:9], b"", LISTING[9:])))),
    "padding": ("gzip", gzip.compress(LISTING) + bytes(512)),
    "deflate": ("deflate", zlib.compress(LISTING)),
    "x-deflate": ("x-deflate", zlib.compress(LISTING)),
    "deflate without a header": ("deflate", raw_deflate(LISTING)),
    "identity": ("identity", LISTING),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_compressed_listing(connect: Connect, raw_server: RawServer, kind: str) -> None:
    encoding, body = BODIES[kind]
    raw_server.script = [answer(body, content_encoding=encoding)]
    assert ids(connect(raw_server, retries=0).sessions()) == ["a", "b"]


BROKEN = {
    "cut off": ("gzip", gzip.compress(LISTING)[:-9]),
    "the second member cut off": ("gzip", gzip.compress(LISTING) + gzip.compress(b" ")[:-3]),
    "something else behind it": ("gzip", gzip.compress(LISTING) + b"more"),
    "not gzip": ("gzip", LISTING),
    "a wrong checksum": ("gzip", gzip.compress(LISTING)[:-8] + bytes(8)),
    "one byte of deflate": ("deflate", b"x"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_body_that_is_not_what_it_says(connect: Connect, raw_server: RawServer, kind: str) -> None:
    """It is tried again, as a listing that was cut off would lack sessions."""
    encoding, body = BROKEN[kind]
    raw_server.script = [answer(body, content_encoding=encoding), answer(LISTING)]
    assert ids(connect(raw_server, retries=1).sessions()) == ["a", "b"]
    raw_server.script = [answer(body, content_encoding=encoding)]
    with pytest.raises(bbquery.TransportError, match="cannot be decompressed"):
        connect(raw_server, retries=0).sessions()


def test_an_answer_without_a_body_is_not_cut_off(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(b"", 500, content_encoding="gzip")]
    with pytest.raises(bbquery.ServerError, match="answered 500"):
        connect(raw_server, retries=0).sessions()


def test_a_small_body_that_unpacks_to_a_large_one(connect: Connect, raw_server: RawServer) -> None:
    """It is given up at the limit, and not unpacked first."""
    raw_server.script = [answer(gzip.compress(b"[" + bytes(50_000_000)), content_encoding="gzip")]
    with pytest.raises(bbquery.TransportError, match="larger than 1,000 bytes"):
        connect(raw_server, retries=0, max_response_bytes=1_000).sessions()


@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=4),
    st.sampled_from(["gzip", "x-gzip", "deflate", "raw deflate", "identity"]),
    st.lists(st.integers(1, 40)),
)
@example([b"", b"a"], "gzip", [1] * 40)
@example([b"x" * 200], "raw deflate", [1] * 40)
def test_the_pieces_in_which_a_body_comes_do_not_matter(members: list[bytes], encoding: str, cuts: list[int]) -> None:
    whole = b"".join(members)
    packed = {
        "gzip": b"".join(map(gzip.compress, members)),
        "x-gzip": b"".join(gzip.compress(member) + bytes(3) for member in members),
        "deflate": zlib.compress(whole),
        "raw deflate": raw_deflate(whole),
        "identity": whole,
    }[encoding]
    decompressor = Decompressor(encoding.removeprefix("raw "))
    read = b""
    for size in [*cuts, len(packed)]:
        part, packed = packed[:size], packed[size:]
        read += b"".join(decompressor.feed(part))
    decompressor.finish()
    assert read == whole


def test_pieces_are_bounded() -> None:
    sizes = [len(piece) for piece in Decompressor("gzip").feed(gzip.compress(bytes(10_000_000)))]
    assert sum(sizes) == 10_000_000
    assert max(sizes) <= 1 << 20
