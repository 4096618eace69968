"""Metadata is measured as JavaScript measures it, checked without raising, and made findable."""

from __future__ import annotations

import datetime
import enum
import json
import math
import shutil
import struct
import subprocess
import types
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.paths import CASES as CASES_FOLDER

from bbquery import metadata
from bbquery.errors import BuildError, Diagnostic

CASES = json.loads((CASES_FOLDER / "metadata.json").read_text(encoding="utf-8"))
DEEP = 100_000


class Word(enum.StrEnum):
    SPACED = "a b"


class Number(enum.IntEnum):
    FIVE = 5


class Half(float):
    def __repr__(self) -> str:
        return "a half"


# --- what is generated -------------------------------------------------------------------------

any_text = st.text(st.characters(exclude_categories=[])) | st.text(st.sampled_from("'\\\"\0\n\x7f\ud83d\ude00é😀 _"))
plain_text = st.text()
integers = st.integers() | st.integers(-(10**30), 10**30)
doubles = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | integers | doubles | any_text


def values(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[Any] = any_text) -> st.SearchStrategy[Any]:
    def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)

    return st.recursive(leaves, around, max_leaves=6)


def objects(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[Any] = any_text) -> st.SearchStrategy[Any]:
    return st.dictionaries(keys, values(leaves, keys), max_size=3)


not_json = st.sampled_from([b"", {1}, Decimal(1), datetime.date(2026, 11, 1), object(), print, 1j, float("nan")])
anything = values(scalars | not_json, any_text | st.integers() | st.none() | st.tuples(st.text()))


def nested(kind: type, depth: int = DEEP, leaf: Any = "x") -> Any:
    value = leaf
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


def found(obj: object) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.path) for finding in metadata.check(obj)]


def finding(obj: object, code: str) -> Diagnostic:
    (only,) = [each for each in metadata.check(obj) if each.code == code]
    return only


# --- size --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES["size"]])
def test_size_is_that_of_javascript(case: dict[str, Any]) -> None:
    assert metadata.size(json.loads(case["json"])) == case["size"]


@examples(2000)
@given(values(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | plain_text, plain_text))
def test_size_is_that_of_the_shortest_json_where_python_and_javascript_agree(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert metadata.size(value) == len(text.encode("utf-16-le")) // 2


@examples(2000)
@given(anything)
def test_size_is_the_same_with_and_without_the_short_cut(value: Any) -> None:
    def of(value: Any) -> int | str:
        try:
            return metadata.size(value)
        except BuildError as error:
            return error.code

    quick = of(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metadata, "_is_same_in_javascript", lambda _: False)
        assert of(value) == quick


class _Word(str):
    __slots__ = ()


class _Number(int):
    pass


def test_the_short_cut_leaves_what_python_writes_otherwise() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    others: list[Any] = [
        {"a": 1.0}, {"a": 2**53 + 1}, {"é": 1}, {1: "a"}, {None: "a"}, {"a": (1,)}, {"a": _Word("b")},
        {"a": _Number(1)}, cycle, "a", [[]] * 400, {"a": float("nan")}, {"a": b"b"},
    ]  # fmt: skip
    same: list[Any] = [{}, [], {"a": {"b": [1, True, None, "\ud800"]}}, {"": 2**53}]
    assert not any(map(metadata._is_same_in_javascript, others))
    assert all(map(metadata._is_same_in_javascript, same))


@examples(2000)
@given(values(scalars))
def test_size_is_the_same_for_what_python_sends(value: Any) -> None:
    assert metadata.size(value) == metadata.size(json.loads(json.dumps(value)))


@examples(2000)
@given(doubles)
def test_the_spelling_of_a_number_is_the_number(number: float) -> None:
    spelled = metadata.stringify({"n": number})["n"]
    assert float(spelled) == number
    assert len(spelled) == metadata.size(number)


def in_javascript(texts: list[str]) -> list[int]:
    """`JSON.stringify(JSON.parse(text)).length` of each text, from one run of node.

    The texts go there as JSON strings, one a line: that is ASCII, and takes lone surrogates along.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on the PATH, so there is no JavaScript to compare with")
    script = """
        const lines = require("fs").readFileSync(0, "utf8").split("\\n");
        const size = line => JSON.stringify(JSON.parse(JSON.parse(line))).length;
        console.log(JSON.stringify(lines.map(size)));
    """
    run = subprocess.run(
        [node, "-e", script], input="\n".join(map(json.dumps, texts)), capture_output=True, text=True, check=True
    )
    sizes = json.loads(run.stdout)
    assert len(sizes) == len(texts)
    return list(sizes)


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    drawn: list[Any] = []

    @settings(max_examples=count, deadline=None, database=None, phases=[Phase.generate])
    @given(strategy)
    def draw(value: Any) -> None:
        drawn.append(value)

    draw()
    return drawn


def edge_numbers() -> list[float]:
    """Doubles around every power of ten, and one for each exponent with odd digits."""
    powers = [float(f"1e{power}") for power in range(-330, 309)]
    around = [math.nextafter(power, to) for power in powers for to in (0.0, math.inf)]
    by_bits = [struct.unpack("<d", struct.pack("<Q", high << 52 | high * 2_097_169))[0] for high in range(2047)]
    integers = [sign * 10**power + off for power in range(40) for sign in (1, -1) for off in (-1, 0, 1, 12345)]
    return [*powers, *around, *by_bits, *integers]


@pytest.mark.slow
def test_size_agrees_with_real_javascript() -> None:
    samples = [*map(chr, range(0x10000)), *edge_numbers(), *drawn(doubles, 2000), *drawn(values(scalars), 2000)]
    sizes = in_javascript([json.dumps(sample) for sample in samples])
    wrong = [each for each, size in zip(samples, sizes, strict=True) if metadata.size(each) != size]
    assert wrong == []


def test_the_table_of_sizes_agrees_with_real_javascript() -> None:
    assert in_javascript([case["json"] for case in CASES["size"]]) == [case["size"] for case in CASES["size"]]


@pytest.mark.parametrize(
    ("value", "as_json"),
    [
        (("a", (1,)), ["a", [1]]),
        (Word.SPACED, "a b"),
        ({Word.SPACED: Number.FIVE}, {"a b": 5}),
        (Half(0.5), 0.5),
        (math.nan, None),
        (math.inf, None),
        pytest.param(10**5000, None, id="an integer of 5001 digits"),
        ({"😀": 1000, "\ud83d\ude00": 1}, {"😀": 1}),
    ],
)
def test_size_takes_a_value_for_what_is_sent(value: Any, as_json: Any) -> None:
    assert metadata.size(value) == metadata.size(as_json)


def test_a_value_that_stands_in_two_places_counts_twice() -> None:
    tags = ["a"]
    assert metadata.size({"x": tags, "y": [tags, tags]}) == len('{"x":["a"],"y":[["a"],["a"]]}')


# --- what is not JSON --------------------------------------------------------------------------

LOOP: dict[str, Any] = {"a": [{}]}
LOOP["a"][0]["again"] = LOOP

NOT_JSON = [
    pytest.param({"a": [b"x"]}, "$.a[0]", "not-json", "bytes", id="bytes"),
    pytest.param({"odd key": {1}}, "$['odd key']", "not-json", "set", id="a set"),
    pytest.param({"a": datetime.datetime(2026, 11, 1)}, "$.a", "not-json", "datetime", id="a datetime"),
    pytest.param({"a": object()}, "$.a", "not-json", "object", id="an object"),
    pytest.param({"a": types.MappingProxyType({})}, "$.a", "not-json", "mappingproxy", id="a mapping proxy"),
    pytest.param({"a": mock.Mock(spec=dict)}, "$.a", "not-json", "Mock", id="a mock that says it is a dict"),
    pytest.param({"a": {5: "x", None: "y"}}, "$.a", "key-not-string", "int", id="keys of other types"),
    pytest.param({"a": {Decimal(5): "x"}}, "$.a", "key-not-string", "Decimal", id="a decimal as a key"),
    pytest.param({"a": {math.inf: "x"}}, "$.a", "key-not-string", "float", id="infinity as a key"),
    pytest.param({"a": {("b",): "x"}}, "$.a", "key-not-string", "tuple", id="a tuple as a key"),
    pytest.param(LOOP, "$.a[0].again", "cycle", "dict", id="an object in itself"),
]


@pytest.mark.parametrize(("value", "path", "code", "named"), NOT_JSON)
def test_what_is_not_json_is_refused_with_its_path(value: Any, path: str, code: str, named: str) -> None:
    for function in (metadata.size, metadata.stringify, metadata.flatten):
        with pytest.raises(BuildError) as caught:
            function(value)
        assert caught.value.code == code
        assert caught.value.message.startswith(path + ": ")
        assert named in caught.value.message
        assert caught.value.hint
    only = finding(value, code)
    assert (only.path, only.severity) == (path, "error")
    assert named in only.message


def test_an_array_may_contain_itself_no_more_than_an_object() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(BuildError, match=r"\$\[0\]: the list contains itself"):
        metadata.size(loop)
    assert found({"a": loop}) == [("array-value", "$.a"), ("cycle", "$.a[0]")]


@pytest.mark.parametrize("root", [None, "a", 5, ["a"], ("a",), types.MappingProxyType({})])
def test_the_root_is_an_object(root: object) -> None:
    assert found(root) == [("root-not-object", "$")]
    for function in (metadata.stringify, metadata.flatten):
        with pytest.raises(BuildError, match="metadata is an object"):
            function(root)


# --- check -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES["check"]])
def test_check_finds(case: dict[str, Any]) -> None:
    findings = metadata.check(json.loads(case["json"]))
    assert [{"code": f.code, "severity": f.severity, "path": f.path} for f in findings] == case["findings"]
    assert all(finding.hint for finding in findings)


@examples(1000)
@given(anything)
def test_check_never_raises_and_says_a_thing_once(value: Any) -> None:
    findings = found(value)
    assert len(set(findings)) == len(findings)


@examples(500)
@given(objects(st.text("ab_.-", max_size=3) | st.booleans() | integers, st.text("ab é", min_size=1, max_size=3)))
def test_without_findings_an_object_is_stored_and_found(obj: dict[str, Any]) -> None:
    good = metadata.size(obj) <= metadata.MAX_SIZE and all(
        isinstance(leaf, str) and metadata.is_accepted_value(leaf) for leaf in metadata.flatten(obj).values()
    )
    assert (not metadata.check(obj)) == good


@examples(500)
@given(objects(scalars | st.floats()))
def test_a_size_that_is_too_large_is_the_first_finding(obj: dict[str, Any]) -> None:
    too_large = metadata.size(obj) > metadata.MAX_SIZE
    assert (found(obj)[:1] == [("too-large", "$")]) == too_large


def test_a_size_that_is_too_large_is_said() -> None:
    large = finding({"k": "x" * 600}, "too-large")
    assert "608" in large.message
    assert "511" in large.message
    assert large.hint is not None
    assert "97" in large.hint


@pytest.mark.parametrize(
    ("value", "named", "written"),
    [
        ("a b", "character 2, U+0020 (a space)", '"a_b"'),
        ("A/B-variant-3", "character 2, U+002F ('/' SOLIDUS)", '"A_B-variant-3"'),
        ("é", "character 1, U+00E9 ('é' LATIN SMALL LETTER E WITH ACUTE)", '"_"'),
        ("a\n", "character 2, U+000A ('\\n')", '"a_"'),
        ("ab\u200b", "character 3, U+200B ('\\u200b' ZERO WIDTH SPACE)", '"ab_"'),
        ("😀😀", "character 1, U+1F600 ('😀' GRINNING FACE)", '"__"'),
        ("\ud83d", "character 1, U+D83D ('\\ud83d')", '"_"'),
        ("x" * 80 + "'", "character 81, U+0027", '"' + "x" * 60 + '…"'),
    ],
)
def test_a_refused_character_is_named_and_replaced(value: str, named: str, written: str) -> None:
    refused = finding({"k": value}, "refused-character")
    assert "refuses" in refused.message
    assert named in refused.message
    assert refused.hint is not None
    assert refused.hint.endswith("write " + written)


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (True, "true"), (1.50, "1.5"), (2**64, str(2**64)), (Number.FIVE, "5")]
)
def test_the_hint_for_a_number_is_the_string_to_write(value: object, text: str) -> None:
    (only,) = metadata.check({"k": value})
    assert only.hint == f'write "{text}", or use bbquery.metadata.stringify'


@given(anything)
def test_findings_can_be_printed(value: Any) -> None:
    for each in metadata.check(value):
        str(each).encode()


# --- characters --------------------------------------------------------------------------------


def test_the_characters_that_can_be_stored_are_those_of_the_service() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    expected = set(letters + letters.lower() + "0123456789" + "_" + "-,;:.()&$%#@!?~")
    assert {chr(code) for code in range(0x110000) if metadata.is_accepted_value(chr(code))} == expected
    assert metadata.is_accepted_value("")


@given(st.text("aZ9_-~ é/'") | any_text)
def test_the_first_character_that_cannot_be_stored(value: str) -> None:
    at = metadata.first_refused_character(value)
    assert (at is None) == metadata.is_accepted_value(value)
    if at is not None:
        assert metadata.is_accepted_value(value[:at])
        assert not metadata.is_accepted_value(value[at])


# --- stringify ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (-5, "-5"),
        (True, "true"),
        (False, "false"),
        (5.0, "5"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (1e-6, "0.000001"),
        (-1.25e-6, "-0.00000125"),
        (1e-7, "1e-7"),
        (12345678901234567890, "12345678901234567890"),
        (12345678901234567890.0, "12345678901234567000"),
        (10**400, "1" + "0" * 400),
        pytest.param(-(10**6000), "-1" + "0" * 6000, id="an integer of 6001 digits"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-1E-8"), "-0.00000001"),
        (Decimal("0.1234567890123456789012345678901234567890"), "0.1234567890123456789012345678901234567890"),
        (Number.FIVE, "5"),
        (Half(0.5), "0.5"),
        (Word.SPACED, "a b"),
        ("5.0", "5.0"),
        (None, None),
        ([1, (True, {"a": 2})], ["1", ["true", {"a": "2"}]]),
        ([], []),
        ({}, {}),
    ],
)
def test_stringify_gives_what_can_be_found(value: Any, text: Any) -> None:
    spelled = metadata.stringify({"k": value, "inner": {"k": value}})
    assert spelled == {"k": text, "inner": {"k": text}}
    assert type(spelled["k"]) is type(text)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "not-finite"),
        (-math.inf, "not-finite"),
        (Decimal("NaN"), "not-finite"),
        (Decimal("sNaN"), "not-finite"),
        (Decimal("Infinity"), "not-finite"),
        (Decimal("1E+999999"), "too-large"),
        (Decimal("1E-999999"), "too-large"),
        (1j, "not-json"),
    ],
)
def test_stringify_refuses_numbers_that_have_no_plain_spelling(value: object, code: str) -> None:
    with pytest.raises(BuildError, match=r"^\$\.a\[1\]: ") as caught:
        metadata.stringify({"a": ["x", value]})
    assert caught.value.code == code


@examples(500)
@given(objects(scalars))
def test_stringify_leaves_nothing_to_stringify_and_touches_no_string(obj: dict[str, Any]) -> None:
    spelled = metadata.stringify(obj)
    assert {"number-value", "boolean-value"}.isdisjoint(finding.code for finding in metadata.check(spelled))
    assert metadata.stringify(spelled) == spelled
    before, after = metadata.flatten(obj), metadata.flatten(spelled)
    assert list(before) == list(after)
    assert all(after[path] == leaf for path, leaf in before.items() if leaf is None or isinstance(leaf, str))


@given(objects(scalars))
def test_stringify_copies(obj: dict[str, Any]) -> None:
    before = json.dumps(obj)
    spelled = metadata.stringify(obj)
    spelled["more"] = spelled
    assert json.dumps(obj) == before


# --- flatten -----------------------------------------------------------------------------------


def test_flatten_gives_the_leaves_by_path() -> None:
    obj: dict[str, Any] = {"a": {"b": "c", "d": {}}, "n": None, "t": (1, {"x": []}), "": {"": Number.FIVE}, "e": []}
    assert metadata.flatten(obj) == {
        ("a", "b"): "c",
        ("n",): None,
        ("t",): [1, {"x": []}],
        ("", ""): 5,
        ("e",): [],
    }


@given(st.dictionaries(plain_text, values(scalars, plain_text)))
def test_flatten_gives_each_leaf_at_the_end_of_its_path(obj: dict[str, Any]) -> None:
    for path, leaf in metadata.flatten(obj).items():
        at: Any = obj
        for key in path:
            at = at[key]
        assert at == leaf


trees = st.recursive(scalars, lambda inner: st.dictionaries(plain_text, inner, min_size=1), max_leaves=12)


@given(st.dictionaries(plain_text, trees))
def test_flatten_loses_nothing_but_empty_objects(obj: dict[str, Any]) -> None:
    rebuilt: dict[str, Any] = {}
    for path, leaf in metadata.flatten(obj).items():
        inner = rebuilt
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = leaf
    assert rebuilt == obj


# --- depth and paths ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", [list, dict])
def test_no_depth_is_too_much(kind: type) -> None:
    obj = {"root": nested(kind)}
    assert metadata.size(obj) == len('{"root":"x"}') + DEEP * len("[]" if kind is list else '{"a":}')
    assert found(obj)[0] == ("too-large", "$")
    spelled = metadata.stringify({"root": nested(kind, leaf=5)})
    assert metadata.size(spelled) == metadata.size({"root": nested(kind, leaf="5")})
    assert len(metadata.flatten(obj)) == 1


def test_a_path_is_whole_in_every_object_that_can_be_stored() -> None:
    escaped = r"\u0085"  # the longest that a character of one unit can become
    longest: list[tuple[dict[str, Any], str]] = [
        ({"a": nested(list, 250, math.nan)}, "$.a" + "[0]" * 250),
        ({"\x85" * 250: {"\x85" * 240: math.nan}}, f"$['{escaped * 250}']['{escaped * 240}']"),
        (nested(dict, 84, math.nan), "$" + ".a" * 84),
    ]
    for obj, path in longest:
        assert metadata.size(obj) <= metadata.MAX_SIZE
        assert finding(obj, "not-finite").path == path


def test_a_path_that_is_too_long_shows_its_end() -> None:
    assert finding({"a": nested(list, DEEP, math.nan)}, "not-finite").path == "$…" + "[0]" * 256
    assert finding({"a": {"b" * 3000: {"c" * 3000: math.nan}}}, "not-finite").path == f"$….{'b' * 3000}.{'c' * 3000}"
    assert finding({"a" * 5000: math.nan}, "not-finite").path == f"$['{'a' * 4096}…']"
