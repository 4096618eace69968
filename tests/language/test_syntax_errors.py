"""Errors as their readers see them; no text makes an error go wrong."""

from __future__ import annotations

import copy
import pickle
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.examples import examples
from support.laws import error_of

import bbquery
from bbquery._text import Span
from bbquery.errors import BuildError, Diagnostic, QuerySyntaxError

# A query, and the whole error.
TABLE = [
    (
        "",
        """
the query is empty (line 1, column 1)

  ^
expected a condition such as user_metadata['key']:'value', NOT or (
hint: write a condition such as user_metadata['key']:'value'
""",
    ),
    (
        "user_metadata['a']='b'",
        """
equality is written : (line 1, column 19)
  user_metadata['a']='b'
                    ^
expected : and a value, [ or one of ^= $= *= >= <= > <
hint: write : for =
""",
    ),
    (
        "user_metadata['client']:'acme' and status:'RUNNING'",
        """
keywords are upper case (line 1, column 32)
  user_metadata['client']:'acme' and status:'RUNNING'
                                 ^^^
expected AND, OR or the end of the query
hint: write AND
""",
    ),
    (
        "user_metadata['a']:'b",
        """
the string is not closed (line 1, column 20)
  user_metadata['a']:'b
                     ^^
expected a value in quotes, several in parentheses or * for any value
hint: add '
""",
    ),
    (
        "user_metadata['a':'b'",
        """
the bracket is not closed (line 1, column 18)
  user_metadata['a':'b'
                   ^
expected ]
hint: add ]
""",
    ),
    (
        "user_metadata.order.status:'shipped'",
        """
a path is not written with dots (line 1, column 14)
  user_metadata.order.status:'shipped'
               ^^^^^^^^^^^^^
expected a key in brackets such as ['key']
hint: write ['order']['status']
""",
    ),
    (
        "userMetadata['a']:'b'",
        """
the base is not spelled userMetadata (line 1, column 1)
  userMetadata['a']:'b'
  ^^^^^^^^^^^^
expected a condition such as user_metadata['key']:'value', NOT or (
hint: write user_metadata
""",
    ),
    (
        "user_metadata['a']:“b”",
        """
“ is not a quote here (line 1, column 20)
  user_metadata['a']:“b”
                     ^
expected a value in quotes, several in parentheses or * for any value
hint: write '
""",
    ),
    (
        "user_metadata['n']:5",
        """
user_metadata['n'] holds a string, not a number (line 1, column 20)
  user_metadata['n']:5
                     ^
hint: write '5'
""",
    ),
    (
        "user_metadata['ok']:true",
        """
user_metadata['ok'] holds a string, not a boolean (line 1, column 21)
  user_metadata['ok']:true
                      ^^^^
hint: write "true", and store metadata through bbquery.metadata.stringify
""",
    ),
    (
        "status:'running'",
        """
there is no status 'running' (line 1, column 8)
  status:'running'
         ^^^^^^^^^
hint: did you mean 'RUNNING'?
""",
    ),
    (
        "user_metadata%5B%27a%27%5D%3A%27b%27",
        """
the query is percent-encoded (line 1, column 14)
  user_metadata%5B%27a%27%5D%3A%27b%27
               ^^^
expected a key in brackets such as ['key']
hint: decode it first: bbquery.decode(text), or bbquery decode
""",
    ),
    (
        "user_metadata['a']:'it's'",
        """
the string ends at this quote (line 1, column 23)
  user_metadata['a']:'it's'
                        ^
expected AND, OR or the end of the query
hint: a quote inside of a string is written \\'
""",
    ),
    (
        "created_at>2026-11-01",
        """
a time stands in quotes (line 1, column 12)
  created_at>2026-11-01
             ^^^^^^^^^^
hint: write '2026-11-01'
""",
    ),
    (
        "proxy_bytes>'10MB'",
        """
proxy_bytes holds a size, not the string '10MB' (line 1, column 13)
  proxy_bytes>'10MB'
              ^^^^^^
hint: write 10MB
""",
    ),
    (
        "(status:'RUNNING' OR id:*",
        """
this parenthesis is never closed (line 1, column 1)
  (status:'RUNNING' OR id:*
  ^
expected AND, OR or )
hint: add )
""",
    ),
    (
        "status:'RUNNING' AND\n",
        """
the query ends where a condition should follow (line 1, column 21)
  status:'RUNNING' AND
                      ^
expected a condition such as user_metadata['key']:'value', NOT or (
""",
    ),
    (
        "user_metadata['a']:$client",
        """
the placeholder $client has no value (line 1, column 20)
  user_metadata['a']:$client
                     ^^^^^^^
hint: give it one: parse(text, client=…)
""",
    ),
    (
        "\tstatus\t=\t'RUNNING'",
        """
equality is written : (line 1, column 9)
      status    =    'RUNNING'
                ^
expected :, ^=, $= or *=
hint: write : for =
""",
    ),
    (
        "user_metadata['名前']='東京'",
        """
equality is written : (line 1, column 20)
  user_metadata['名前']='東京'
                       ^
expected : and a value, [ or one of ^= $= *= >= <= > <
hint: write : for =
""",
    ),
    (
        "user_metadata['é']='x'",
        """
equality is written : (line 1, column 20)
  user_metadata['e\u0301']='x'
                    ^
expected : and a value, [ or one of ^= $= *= >= <= > <
hint: write : for =
""",
    ),
    (
        "user_metadata['a']:'b'́",
        """
\u0301 cannot stand here (line 1, column 23)
  user_metadata['a']:'b'\u0301
                       ^
expected AND, OR or the end of the query
""",
    ),
    (
        "user_metadata['\U0001f469\u200d\U0001f680']='x'",
        """
equality is written : (line 1, column 21)
  user_metadata['👩\u200d🚀']='x'
                       ^
expected : and a value, [ or one of ^= $= *= >= <= > <
hint: write : for =
""",
    ),
    (
        "status:'RUNNING'\nAND stauts:'ERROR'",
        """
there is no field stauts (line 2, column 5)
  AND stauts:'ERROR'
      ^^^^^^
expected a condition such as user_metadata['key']:'value', NOT or (
hint: did you mean status?
""",
    ),
    (
        "status:'RUNNING'\r\nAND keep_alive:'yes'\r\n",
        """
keep_alive holds true or false, not the string 'yes' (line 2, column 16)
  AND keep_alive:'yes'
                 ^^^^^
hint: write true
""",
    ),
    (
        "id:*\rAND region>'us'",
        """
region does not take > (line 2, column 11)
  AND region>'us'
            ^
hint: region has no order; use : ^= $= *=
""",
    ),
    (
        "user_metadata['a']:'b\nc'",
        """
there is a control character (U+000A) (line 1, column 22)
  user_metadata['a']:'b
                       ^
expected a value in quotes, several in parentheses or * for any value
hint: inside of a string write \\n
""",
    ),
    (
        "user_metadata['a']:'\x1b[31mred'",
        """
there is a control character (U+001B) (line 1, column 21)
  user_metadata['a']:'␛[31mred'
                      ^
expected a value in quotes, several in parentheses or * for any value
hint: inside of a string write \\u001b; elsewhere remove it
""",
    ),
    (
        "user_metadata['a']:\u202e'b'",
        """
there is an invisible character (U+202E RIGHT-TO-LEFT OVERRIDE) (line 1, column 20)
  user_metadata['a']:�'b'
                     ^
expected a value in quotes, several in parentheses or * for any value
hint: remove it
""",
    ),
    (
        "user_metadata['a']:'\ud83d'",
        """
there is half of a surrogate pair (U+D83D) (line 1, column 21)
  user_metadata['a']:'�'
                      ^
expected a value in quotes, several in parentheses or * for any value
hint: no JSON text can hold it; remove it
""",
    ),
    (
        "user_metadata['k']:'" + "a" * 80 + "' AND user_metadata['n']>'abc' AND id:'" + "b" * 60 + "'",
        """
order on metadata compares with a number or a time, not the string 'abc' (line 1, column 126)
  …aaaaaaaa' AND user_metadata['n']>'abc' AND id:'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
                                    ^^^^^
hint: write 5, '2026-11-01' or now-7d
""",
    ),
]


@pytest.mark.parametrize(("text", "rendered"), TABLE)
def test_the_whole_error(text: str, rendered: str) -> None:
    said = [line.rstrip() for line in str(error_of(text)).splitlines()]
    assert said == rendered.strip("\n").split("\n")


@pytest.mark.parametrize(
    ("text", "values", "rendered"),
    [
        (
            "user_metadata['a']:$clent",
            {"client": "acme"},
            """
the placeholder $clent has no value (line 1, column 20)
  user_metadata['a']:$clent
                     ^^^^^^
hint: did you mean $client?
""",
        ),
        (
            "user_metadata['a']:$client",
            {"client": "acme", "task": "x"},
            """
a value is given for task, but the query has no $task (line 1, column 1)
  user_metadata['a']:$client
  ^^^^^^^^^^^^^^^^^^^^^^^^^^
hint: leave it out
""",
        ),
        (
            "user_metadata['a']:('x' OR $some)",
            {"some": []},
            """
$some is an empty list (line 1, column 28)
  user_metadata['a']:('x' OR $some)
                             ^^^^^
hint: a one-of needs a value
""",
        ),
        (
            "user_metadata['n']:$n",
            {"n": 5},
            """
user_metadata['n'] holds a string, not a number (line 1, column 20)
  user_metadata['n']:$n
                     ^^
hint: write "5", and store metadata through bbquery.metadata.stringify
""",
        ),
        (
            "user_metadata['a'][$key]:*",
            {"key": 0},
            """
a key of user_metadata is a string, not a number (line 1, column 20)
  user_metadata['a'][$key]:*
                     ^^^^
hint: arrays and their elements cannot be queried
""",
        ),
        (
            "created_at:$days",
            {"days": ["2026-11-01"]},
            """
created_at does not take equality (line 1, column 12)
  created_at:$days
             ^^^^^
hint: use a range: created_at>='2026-11-01' AND created_at<'2026-11-02'
""",
        ),
    ],
)
def test_errors_of_placeholders(text: str, values: dict[str, object], rendered: str) -> None:
    assert str(error_of(text, **values)) == rendered.strip("\n")


# --- carets ------------------------------------------------------------------------------------


# --- every error -------------------------------------------------------------------------------


def check(error: QuerySyntaxError) -> None:
    said = str(error)
    said.encode()
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in said.replace("\n", ""))
    assert not set(said) & set("\u202e\u2066\u200e\ufeff")
    assert 4 <= len(said.split("\n")) + (not error.hint) + (not error.expected) <= 6
    assert len(said) < 1_500
    start, end = error.span
    assert 0 <= start <= end <= len(error.text)
    lines = re.split("\r\n|\r|\n", error.text[:start])
    assert (error.line, error.column) == (len(lines), len(lines[-1]) + 1)
    assert "\n" not in error.message
    assert error.args == (error.message,)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(twin), str(twin), twin.code, twin.span) == (type(error), said, error.code, error.span)


@examples(1_500)
@given(strategies.any_text())
def test_any_error_can_be_shown(text: str) -> None:
    for read in (bbquery.parse, bbquery.decode):
        try:
            read(text)
        except QuerySyntaxError as error:
            check(error)


@examples(300)
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=[])),
        st.integers(),
        st.floats(),
        st.none(),
        st.lists(st.none() | st.text()),
    )
)
def test_any_value_is_taken_or_refused(value: object) -> None:
    for text in (
        "user_metadata['a']:$x",
        "user_metadata[$x]:'a'",
        "user_metadata['a']>$x",
        "created_at>$x",
        "proxy_bytes:$x",
        "duration>$x",
        "keep_alive:$x",
        "status:$x",
        "id^=$x",
    ):
        try:
            bbquery.parse(text, x=value)
        except QuerySyntaxError as error:
            check(error)


def test_errors_are_what_python_expects() -> None:
    syntax = error_of("id")
    assert isinstance(syntax, ValueError)
    assert isinstance(syntax, bbquery.BBQueryError)
    build = BuildError("wrong", hint="right", code="some")
    assert isinstance(build, ValueError)
    assert isinstance(build, TypeError)
    assert str(build) == "wrong; right"
    twin = pickle.loads(pickle.dumps(build))
    assert (str(twin), twin.message, twin.hint, twin.code) == (str(build), "wrong", "right", "some")
    assert str(BuildError("wrong")) == "wrong"


def test_a_diagnostic_is_a_value() -> None:
    one = Diagnostic("code", "message", path="$.a", hint="hint")
    assert one == Diagnostic("code", "message", path="$.a", hint="hint")
    assert len({one, Diagnostic("code", "message", path="$.a", hint="hint")}) == 1
    assert one != Diagnostic("code", "message", path="$.a")
    assert one != "message"
    assert str(one) == "$.a: error: message (hint) [code]"
    assert str(Diagnostic("code", "message", severity="warning")) == "warning: message [code]"
    assert repr(one) == "Diagnostic('code', 'message', at='$.a')"
    assert (
        repr(Diagnostic("code", "message", span=Span(1, 2))) == "Diagnostic('code', 'message', at=Span(start=1, end=2))"
    )
