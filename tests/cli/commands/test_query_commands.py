"""parse, build, encode, decode and schema: texts in, texts out, no network."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import jsonschema
import pytest
from support.command_line import Run

import bbquery

ACME = "user_metadata['client']:'acme'"
ENCODED = "user_metadata%5B%27client%27%5D%3A%27acme%27"


# --- parse -------------------------------------------------------------------------------------


def test_parse_prints_the_canonical_text(run: Run) -> None:
    outcome = run("parse", ' user_metadata [ "client" ] : "acme"  status:"RUNNING" ')
    assert (outcome.status, outcome.out, outcome.err) == (0, f"{ACME} AND status:'RUNNING'\n", "")


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_query_may_come_from_stdin_on_several_lines(run: Run, arguments: list[str]) -> None:
    outcome = run("parse", *arguments, stdin="\ufeffuser_metadata['client']:'acme'\r\nAND\n  status:'RUNNING'\n\n")
    assert (outcome.status, outcome.out) == (0, f"{ACME} AND status:'RUNNING'\n")


def test_without_a_query_nobody_is_kept_waiting_at_a_terminal(run: Run) -> None:
    outcome = run("parse")
    assert outcome.status == 2
    assert outcome.err == (
        "error: there is no query: write one, or - to read standard input\ntry: bbquery parse --help\n"
    )


def test_a_syntax_error_points(run: Run) -> None:
    outcome = run("parse", "user_metadata['a':'b'")
    assert (outcome.status, outcome.out) == (1, "")
    first, shown, carets, *_ = outcome.err.splitlines()
    assert first.startswith("error: ")
    assert shown.strip() == "user_metadata['a':'b'"
    assert carets.index("^") == shown.index(":")


def test_the_end_of_stdin_is_where_its_query_ends(run: Run) -> None:
    outcome = run("parse", "-", stdin="id:'a' AND\n\n")
    assert "(line 1, column 11)" in outcome.err


def test_the_tree_as_json_is_one_line_in_a_pipe(run: Run) -> None:
    outcome = run("parse", "--json", ACME)
    assert outcome.out == '{"type":"equal","field":["client"],"value":"acme"}\n'


def test_the_tree_as_json_is_indented_on_a_terminal(run: Run) -> None:
    outcome = run("parse", "--json", ACME, terminal=80)
    assert outcome.out.startswith('{\n  "type": "equal"')
    assert bbquery.from_json(outcome.out) == bbquery.parse(ACME)


def test_values_are_bound_and_never_parsed(run: Run) -> None:
    outcome = run("parse", "user_metadata['client']:$c", "--set", "c=a' OR status:'ERROR")
    assert outcome.out == "user_metadata['client']:'a\\' OR status:\\'ERROR'\n"


def test_a_value_given_again_makes_a_list(run: Run) -> None:
    outcome = run("parse", "status:$s", "--set", "s=ERROR", "--set", "s=TIMED_OUT")
    assert outcome.out == "status:('ERROR' OR 'TIMED_OUT')\n"


def test_a_value_may_hold_equals_signs_and_be_empty(run: Run) -> None:
    query = "user_metadata['a']:$a AND user_metadata['b']:$b"
    outcome = run("parse", query, "--set", "a=x=y", "--set", "b=")
    assert outcome.out == "user_metadata['a']:'x=y' AND user_metadata['b']:''\n"


@pytest.mark.parametrize("setting", ["c", "=acme"])
def test_a_setting_without_a_name_is_refused(run: Run, setting: str) -> None:
    outcome = run("parse", ACME, "--set", setting)
    assert outcome.status == 2
    assert "--set takes NAME=VALUE" in outcome.err


def test_a_name_that_is_missing_or_not_used_is_an_invalid_query(run: Run) -> None:
    assert run("parse", "user_metadata['a']:$b").status == 1
    assert run("parse", ACME, "--set", "b=c").status == 1


def test_a_value_that_the_service_cannot_store_is_warned_of(run: Run) -> None:
    outcome = run("parse", "NOT (user_metadata['a']:('b c' OR 'd') OR user_metadata['e']:'f/g')")
    assert outcome.status == 0
    because = "matches no session, as the service stores no such value: its character 2 is"
    assert outcome.err == (
        f"warning: user_metadata['a']:'b c' {because} a space\nwarning: user_metadata['e']:'f/g' {because} /\n"
    )


def test_only_equality_on_metadata_is_warned_of(run: Run) -> None:
    assert run("parse", "region:'a b' user_metadata['a']^='b c' user_metadata['a b']:*").err == ""


def test_many_such_values_are_counted(run: Run) -> None:
    values = " OR ".join(f"'{number} '" for number in range(12))
    outcome = run("parse", f"user_metadata['a']:({values})")
    assert len(outcome.err.splitlines()) == 6
    assert outcome.err.endswith("warning: 7 more values match no session\n")


# --- encode and decode -------------------------------------------------------------------------


def test_encode_percent_encodes(run: Run) -> None:
    outcome = run("encode", ACME)
    assert (outcome.status, outcome.out) == (0, ENCODED + "\n")
    assert run("encode", "-", stdin=ACME).out == ENCODED + "\n"


def test_encode_makes_urls(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    query = f"{ACME} status:'RUNNING'"
    target = f"/v1/sessions?q={ENCODED}&status=RUNNING\n"
    assert run("encode", "--url", query).out == "https://api.browserbase.com" + target
    monkeypatch.setenv("BROWSERBASE_BASE_URL", "http://127.0.0.1:8000")
    assert run("encode", "--url", query).out == "http://127.0.0.1:8000" + target
    assert run("encode", "--url", query, "--base-url", "https://proxy.example/bb/").out == (
        "https://proxy.example/bb" + target
    )


def test_encode_makes_shell_commands(run: Run) -> None:
    words = shlex.split(run("encode", "--curl", ACME).out)
    assert words[0] == "curl"
    assert f"https://api.browserbase.com/v1/sessions?q={ENCODED}" in words


def test_what_no_request_can_say_is_not_encoded(run: Run) -> None:
    outcome = run("encode", f"{ACME} OR id:'x'")
    assert (outcome.status, outcome.out) == (1, "")
    assert "needs a plan" in outcome.err


def test_a_base_url_that_is_none_is_a_wrong_option(run: Run) -> None:
    outcome = run("encode", "--url", ACME, "--base-url", "api.browserbase.com")
    assert outcome.status == 2
    assert "is not a base URL" in outcome.err


@pytest.mark.parametrize(
    "text",
    [
        ENCODED,
        f"q={ENCODED}",
        f"https://api.browserbase.com/v1/sessions?q={ENCODED}",
        ACME,
    ],
)
def test_decode_reads_what_carries_a_query(run: Run, text: str) -> None:
    assert run("decode", text).out == ACME + "\n"
    assert run("decode", "-", stdin=text + "\n").out == ACME + "\n"


def test_decode_as_json(run: Run) -> None:
    assert run("decode", ENCODED, "--json").json == {"type": "equal", "field": ["client"], "value": "acme"}


def test_decode_refuses_what_carries_none(run: Run) -> None:
    outcome = run("decode", "https://api.browserbase.com/v1/sessions")
    assert (outcome.status, outcome.out) == (1, "")


# --- build -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["client=acme"], ACME),
        (["a.b=c", "a.d=e"], "user_metadata['a']['b']:'c' AND user_metadata['a']['d']:'e'"),
        ([r"a\.b=c"], "user_metadata['a.b']:'c'"),
        (["a="], "user_metadata['a']:''"),
        (["a=@b"], "user_metadata['a']:'@b'"),
        (["@a=b", "c=d"], "user_metadata['@a']:'b' AND user_metadata['c']:'d'"),
        (['{"client":"acme"}'], ACME),
        ([' {"a":{"b=c":"d"}}'], "user_metadata['a']['b=c']:'d'"),
        (["--encode", "client=acme"], ENCODED),
        (["--url", "client=acme"], f"https://api.browserbase.com/v1/sessions?q={ENCODED}"),
        (["--json", "a=b"], '{"type":"equal","field":["a"],"value":"b"}'),
        (["--stringify", '{"a":5,"b":{"c":true,"d":1.50}}'],
         "user_metadata['a']:'5' AND user_metadata['b']['c']:'true' AND user_metadata['b']['d']:'1.5'"),
    ],
)  # fmt: skip
def test_build_makes_queries(run: Run, arguments: list[str], expected: str) -> None:
    outcome = run("build", *arguments)
    assert (outcome.status, outcome.out, outcome.err) == (0, expected + "\n", "")


def test_the_first_equals_sign_ends_the_key(run: Run) -> None:
    outcome = run("build", "a=b=c")
    assert outcome.out == "user_metadata['a']:'b=c'\n"
    assert "its character 2 is =" in outcome.err


def test_build_makes_shell_commands(run: Run) -> None:
    assert run("build", "--curl", "client=acme").out == run("encode", "--curl", ACME).out


def test_build_reads_files_and_stdin(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_text('{"client": "acme"}\n', encoding="utf-8")
    for outcome in (
        run("build", str(file)),
        run("build", f"@{file}"),
        run("build", "-", stdin='{"client": "acme"}'),
        run("build", stdin='{"client": "acme"}'),
    ):
        assert (outcome.status, outcome.out) == (0, ACME + "\n")


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ('{"a":5}', "not a number; write it in quotes, or add --stringify"),
        ('{"a":[true]}', "arrays cannot be queried"),
        ('{"a":null,"b":5}', "not None"),
        ('{"a":"b","a":"c"}', "the key 'a' stands twice in one object; leave one out"),
        ('{"a":NaN}', "NaN is not JSON"),
        ('{"a":"b"', "this is not JSON"),
        ("[1]", "metadata is an object, not a value of type list"),
        ("{}", "the mapping is empty"),
        ('{"a":' * 100_000, "the JSON is nested too deeply"),
        ('{"a":"\\ud800"}', "lone surrogate"),
    ],
)
def test_build_refuses_what_no_query_can_mean(run: Run, argument: str, complaint: str) -> None:
    outcome = run("build", argument)
    assert (outcome.status, outcome.out) == (1, "")
    assert complaint in outcome.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "there is no JSON object"),
        (["no-such-file.json"], "is not a JSON object, KEY=VALUE or a file that can be read"),
        (["@no-such-file.json"], "cannot read no-such-file.json: No such file or directory"),
        (["@/"], "cannot read /: Is a directory"),
        (["@a\0b"], "cannot read"),
        (["a=b", "c"], "'c' is not KEY=VALUE"),
        (["=b"], "the key of '=b' is empty"),
        (["a..b=c"], "or a part of it is"),
        (["a=b", "a=c"], "gives a second value"),
        (["a=b", "a.c=d"], "gives a second value"),
        (["a.c=d", "a=b"], "gives a second value"),
    ],
)
def test_build_refuses_arguments_that_are_no_object(run: Run, arguments: list[str], complaint: str) -> None:
    outcome = run("build", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert complaint in outcome.err


def test_input_is_utf8_of_a_sane_size(run: Run, tmp_path: Path) -> None:
    assert "standard input is not UTF-8, at byte 1" in run("parse", "-", stdin=b"a\xff").err
    outcome = run("parse", "-", stdin=b"a" * 1_100_000)
    assert (outcome.status, "standard input is larger than 1,048,576 bytes" in outcome.err) == (2, True)
    file = tmp_path / "large.json"
    file.write_bytes(b" " * 1_100_000)
    assert "is larger than 1,048,576 bytes" in run("build", f"@{file}").err


# --- schema ------------------------------------------------------------------------------------


def test_schema_describes_the_trees(run: Run) -> None:
    schema = run("schema").json
    tree = run("parse", "--json", "user_metadata['a']:'b' NOT (duration>15m OR created_at>now-7d)").json
    jsonschema.validate(tree, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "equal"}, schema)


# --- encodings ---------------------------------------------------------------------------------


def test_what_an_encoding_lacks_is_written_as_queries_and_json_escape_it(run: Run) -> None:
    query = "user_metadata['é']^='😀'"
    printed = run("parse", query, encoding="ascii").out
    assert printed == "user_metadata['\\u00e9']^='\\ud83d\\ude00'\n"
    assert bbquery.parse(printed) == bbquery.parse(query)
    tree = run("parse", "--json", query, encoding="ascii").out
    assert json.loads(tree) == run("parse", "--json", query).json


def test_a_lone_surrogate_is_an_error_that_can_be_shown(run: Run) -> None:
    outcome = run("parse", "user_metadata['a']:'\udcff'")
    assert outcome.status == 1
    assert "Traceback" not in outcome.err


# --- explain -----------------------------------------------------------------------------------


def test_explain_shows_the_requests_and_the_rest_and_asks_nothing(run: Run) -> None:
    outcome = run("explain", f"{ACME} AND status:'ERROR' AND duration>1m")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        f"query     {ACME} AND status:'ERROR' AND duration>1m",
        f"request   {ACME} AND status:'ERROR'",
        f"          GET /v1/sessions?q={ENCODED}&status=ERROR",
        "residual  duration>1m",
        "note      duration>1m is neither an equality on metadata nor a status, so the service cannot filter by it",
    ]


def test_a_plan_as_json_has_its_urls(run: Run) -> None:
    plan = run("explain", "--json", "--base-url", "https://x.example", ACME).json
    assert plan["stages"] == [[{"q": ACME, "url": f"https://x.example/v1/sessions?q={ENCODED}"}]]
    assert (plan["residual"], plan["full_scan"]) == (None, False)


@pytest.mark.parametrize("command", [["explain"], ["sessions", "--emulator"]])
def test_a_full_scan_can_be_ruled_out(run: Run, command: list[str]) -> None:
    outcome = run(*command, "--no-scan", "NOT id:*")
    assert (outcome.status, outcome.out) == (1, "")
    assert "error: the query would list every session: NOT id:* is a negation" in outcome.err
    assert run(*command, "NOT id:*").status == 0
