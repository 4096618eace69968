"""Nothing that a text can hold makes reading it slow: the work grows as the text does.

Work is counted as calls, which no clock disturbs. What happens inside of one call, such as a regular expression that
backtracks, is not seen so: every family is also read at its greatest size, in a process that is killed if it lingers.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bbquery

pytestmark = pytest.mark.slow

LONGEST = 65_536
PATH = "user_metadata['a']"


def repeated(unit: str, head: str = "", tail: str = "") -> Callable[[int], str]:
    return lambda size: head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


FAMILIES: dict[str, Callable[[int], str]] = {
    "quotes": repeated("'"),
    "double quotes": repeated('"'),
    "quotes of both kinds": repeated("'\""),
    "values side by side": repeated("'a' ", PATH + ":"),
    "opened brackets": repeated("["),
    "closed brackets": repeated("]", PATH),
    "bases with a bracket": repeated("user_metadata["),
    "bases": repeated("user_metadata "),
    "keys": repeated("['a']", "user_metadata"),
    "keys that come to nothing": repeated("['a']", "user_metadata", "="),
    "keys and an escape that is none": repeated("['a']", "user_metadata", "['\\x']:'b'"),
    "escaped quotes that are never closed": repeated("\\'", PATH + ":'"),
    "escaped quotes and parentheses": repeated("\\'(", PATH + ":'"),
    "escaped quotes and minuses at the start": repeated("\\'-", "'"),
    "escaped quotes, closed": repeated("\\'", PATH + ":'", "'"),
    "backslashes": repeated("\\", PATH + ":'", "'"),
    "backslashes that are never closed": repeated("\\\\", PATH + ":'"),
    "Unicode escapes": repeated("\\u0041", PATH + ":'", "'"),
    "halves of surrogate pairs": repeated("\\udc00", PATH + ":'", "'"),
    "a string that is never closed": repeated("a", PATH + ":'"),
    "a string that ends in a control character": repeated("a", PATH + ":'", "\x00'"),
    "parentheses": repeated("("),
    "parentheses in a condition": repeated("id:*)", "("),
    "closed parentheses": repeated(")"),
    "conditions in parentheses": repeated("(id:*)"),
    "conditions in parentheses, the last one open": repeated("(id:*)", "", "(id:*"),
    "one-ofs": repeated("id:('a')"),
    "one-ofs that are open": repeated("id:("),
    "minuses": repeated("-"),
    "minuses and words": repeated("-a"),
    "NOTs": repeated("NOT "),
    "conditions with NOT": repeated("NOT id:* "),
    "ninety-nine NOTs each": repeated("-" * 99 + "id:* "),
    "digits": repeated("9", PATH + ">"),
    "digits after a point": repeated("9", PATH + ">0."),
    "digits and a letter": repeated("9", PATH + ">", "x"),
    "digits and a space": repeated("9 ", PATH + ">"),
    "digits, points and a letter": repeated("9.", PATH + ">", "x"),
    "a long exponent": repeated("9", PATH + ">1e"),
    "a long duration": repeated("9", "duration>", "d"),
    "a long size": repeated("9", "proxy_bytes>", "TiB"),
    "a long size of nothing": repeated("0", "proxy_bytes>", "TiB"),
    "a long now": repeated("9", "created_at>now-", "d"),
    "nows": repeated("now-"),
    "spaces": repeated(" "),
    "spaces, then a letter": repeated(" ", "", "x"),
    "spaces before a colon": repeated(" ", PATH, "="),
    "spaces after now": repeated(" ", "created_at>now", "-x"),
    "spaces in a path": repeated(" ", "user_metadata[", "'a'"),
    "spaces in a condition": repeated(" ", PATH + ":'b'", "x"),
    "digits and spaces": repeated(" ", PATH + ">9", "!"),
    "line ends": repeated("\n", "", "x"),
    "line ends of two characters": repeated("\r\n", "", "x"),
    "tabs before a mistake": repeated("\t", "", "x"),
    "wide characters before a mistake": repeated("語", PATH + ":'", "' x"),
    "combining characters": repeated("\u0301", PATH + ":'b'"),
    "combining characters before a mistake": repeated("\u0301", PATH + ":'b", "' x"),
    "equalities": repeated(PATH + ":'b' "),
    "equalities joined by AND": repeated(PATH + ":'b' AND ", "", PATH + ":'b'"),
    "equalities, the last one wrong": repeated(PATH + ":'b' AND ", "", PATH + "='b'"),
    "equalities, the last one open": repeated(PATH + ":'b' OR ", "", PATH + ":'b"),
    "equalities without a value": repeated(PATH + ": "),
    "paths": repeated(PATH),
    "paths that exist": repeated(PATH + ":* "),
    "conditions": repeated("id:*"),
    "conditions, then a field": repeated("id:* ", "", "status"),
    "conditions joined by turns": repeated("id:* AND id:* OR "),
    "listed values": repeated("'a' OR ", "id:(", "'b')"),
    "listed values that are not closed": repeated("'a' OR ", "id:("),
    "placeholders": repeated("$a ", "id:"),
    "a long placeholder": repeated("a", "id:$"),
    "a long key": repeated("a", "user_metadata['", "']:5"),
    "a long value of the wrong type": repeated("a", "created_at>'", "'"),
    "a long status": repeated("a", "status:'", "'"),
    "a long word": repeated("a"),
    "a long word in a value's place": repeated("a", "id:"),
    "a long word before a field": repeated("a", "id:'", "'status"),
    "words": repeated("a "),
    "dots": repeated(".", "user_metadata"),
    "a long dot path": repeated(".a", "user_metadata"),
    "percent escapes": repeated("%5B"),
    "smart quotes": repeated("“"),
    "a string with smart quotes": repeated("b”", PATH + ":'"),
    "control characters": repeated("\x00"),
    "surrogates": repeated("\ud800"),
    "astral characters": repeated("😀"),
    "colons": repeated(":"),
    "operators": repeated(">", PATH),
    "stars": repeated("*"),
    "commas": repeated("id:*, "),
    "a time of many digits": repeated("0", "created_at>'2026-11-01T00:00:00.", "Z'"),
    "dashes between digits": repeated("2026-", "created_at>"),
}


def read(text: str) -> None:
    """All that a text can put us through."""
    for reader in (bbquery.parse, bbquery.decode):
        try:
            query = reader(text)
        except bbquery.QuerySyntaxError as error:
            said = str(error)
        else:
            said = ""
            bbquery.from_json(query.to_json())
        assert len(said) < 1_500


def calls(text: str) -> int:
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before: Any = sys.getprofile()
    sys.setprofile(seen)
    try:
        read(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("family", FAMILIES)
def test_work_grows_as_the_text_does(family: str) -> None:
    write = FAMILIES[family]
    calls(write(64))  # what is done once is done now
    small, middle, large = (calls(write(size)) for size in (1_000, 2_000, 4_000))
    assert middle < 2.2 * small + 200
    assert large < 2.2 * middle + 200


def test_the_longest_of_each_is_read_in_time() -> None:
    """A generous bound on each of them: ten times what the slowest needs, and less than a quadratic one takes."""
    script = """
import faulthandler, test_linear_time as test_linear
for family, write in test_linear.FAMILIES.items():
    faulthandler.dump_traceback_later(10, exit=True)
    print(family, flush=True)
    test_linear.read(write(test_linear.LONGEST))
"""
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", script], cwd=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr)
