"""Keys and values that the queries of files name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from bbquery._text import Span
from bbquery.language_server.vocabulary import KnownVocabulary, QueryVocabulary, metadata_terms
from bbquery.lint.extractors.excerpt import Excerpt
from bbquery.lint.unknown_text import UnknownText


def excerpt(text: str, *unknown: UnknownText) -> Excerpt:
    return Excerpt(text, Span(0, len(text)), None, str, None, unknown)


def test_the_terms_of_a_query() -> None:
    text = (
        "user_metadata['a']['b\\'']:('x' OR 'y') AND status:'z' OR NOT user_metadata['c']^='d' AND user_metadata['e']:*"
    )
    assert [*metadata_terms(excerpt(text))] == [
        (("a", "b'"), None), (("a", "b'"), "x"), (("a", "b'"), "y"), (("c",), None), (("e",), None),
    ]  # fmt: skip
    assert [*metadata_terms(excerpt("user_metadata['a']:'x' AND user_metadata['"))] == [(("a",), None), (("a",), "x")]


def test_what_is_put_in_at_run_time_is_no_term() -> None:
    text = "user_metadata['x']['a']:'b' AND user_metadata['c']:'x'"
    unknown = [UnknownText(Span(15, 16), "key"), UnknownText(Span(len(text) - 2, len(text) - 1), "value")]
    assert [*metadata_terms(excerpt(text, *unknown))] == [(("c",), None)]


FILES = st.lists(st.tuples(st.sampled_from("pqr"), st.lists(st.sampled_from("abc"), max_size=3)), max_size=8)


@given(FILES)
@examples(60)
def test_what_a_file_said_before_is_forgotten(steps: list[tuple[str, list[str]]]) -> None:
    vocabulary = QueryVocabulary()
    last = dict(steps)
    for file, keys in steps:
        vocabulary.replace(file, [excerpt(f"user_metadata['{key}']:'v{key}'") for key in keys])
    known = {key for keys in last.values() for key in keys}
    assert set(vocabulary.keys(())) == known
    assert {key for key in "abc" if vocabulary.values((key,))} == known
    assert set(vocabulary.files) == {file for file, keys in last.items() if keys}


def test_the_most_frequent_come_first() -> None:
    vocabulary = QueryVocabulary()
    vocabulary.replace("p", [excerpt(f"user_metadata['k']:'{value}'") for value in "abbbcc"])
    assert vocabulary.values(("k",)) == ["b", "c", "a"]
    vocabulary.replace("p", [])
    assert vocabulary.keys(()) == vocabulary.values(("k",)) == []


def test_known_keys_and_values() -> None:
    known = KnownVocabulary("there", [("a", "b")], [(("a", "b"), "x"), (("a", "b"), "x")])
    assert (known.keys(()), known.keys(("a",)), known.values(("a", "b")), known.values(("z",))) == (
        ["a"],
        ["b"],
        ["x"],
        [],
    )
