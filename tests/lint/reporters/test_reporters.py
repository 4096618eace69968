"""The report in every format: each is what its readers ask for, whatever the text, and none can steer a terminal."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbquery._text import Span
from bbquery.errors import QuerySyntaxError
from bbquery.lint.files.discovery import SkippedFile
from bbquery.lint.findings import Edit, Finding, Fix
from bbquery.lint.line_index import Lines
from bbquery.lint.report import Checked, Report, repository
from bbquery.lint.reporters import FORMATS, render
from bbquery.lint.reporters.text import summary
from bbquery.lint.rule_pages import online_address
from bbquery.lint.rule_registry import RULES
from bbquery.planning.urls import percent_encode

SOURCE = '# 𝄞\r\nq = "user_metadata[\'a\']:\\"b\\""\nz\n'


def finding(
    code: str, start: int, end: int, message: str = "wrong", hint: str | None = None, fix: Fix | None = None
) -> Finding:
    return Finding(code, message, Span(start, end), severity=RULES[code].severity, hint=hint, fix=fix)


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    at = SOURCE.index('\\"b')
    mend = Fix("Use single quotes", Edit(Span(at, at + 2), "'"), Edit(Span(at + 3, at + 5), "'"), safe=True)
    found = [
        finding("BBQ006", at, at + 5, "a string is in double quotes", "write '", mend),
        finding("BBQ401", 10, at + 8, "100% wrong: a, b", fix=Fix("t", Edit(Span(0, 0), "x"), safe=False)),
    ]
    files = [Checked("b c.py", SOURCE, found), Checked("a.bbq", "", []), Checked("gone.bbq", None, [], "No such file")]
    skipped = [SkippedFile("big.json", "larger than 10 bytes"), SkippedFile("none", "No such file", error=True)]
    return Report(files, skipped, root=tmp_path)


# --- for people --------------------------------------------------------------------------------


def test_full(report: Report) -> None:
    assert (
        render(report, "full") == """\
b c.py:2:6: BBQ401 100% wrong: a, b
  2 | q = "user_metadata['a']:\\"b\\""
    |      ^^^^^^^^^^^^^^^^^^^^^^^^^

b c.py:2:25: BBQ006 [*] a string is in double quotes
  2 | q = "user_metadata['a']:\\"b\\""
    |                         ^^^^^
    = hint: write '

"""
        f"BBQ006: {online_address('BBQ006')}\nBBQ401: {online_address('BBQ401')}\n"
    )
    assert str(online_address("BBQ006")).endswith("/rules/BBQ006/")


def test_concise_and_statistics_and_summary(report: Report) -> None:
    assert render(report, "concise").splitlines() == [
        "b c.py:2:6: BBQ401 100% wrong: a, b",
        "b c.py:2:25: BBQ006 [*] a string is in double quotes",
    ]
    assert render(report, "statistics") == "1  BBQ006  [*]  double-quotes\n1  BBQ401       interpolated-query\n"
    assert summary(report) == (
        "2 findings in 1 file; 1 can be fixed by --fix; 1 more by --fix --unsafe-fixes; 2 files could not be checked"
    )
    assert summary(Report([])) == "no findings"


def test_colour_changes_nothing_but_colour(report: Report) -> None:
    for name in ("full", "concise"):
        painted = render(report, name, color=True)
        assert "\x1b[" in painted
        assert re.sub(r"\x1b\[[\d;]*m", "", painted) == render(report, name)


@pytest.mark.parametrize("name", FORMATS)
def test_the_order_of_files_and_findings_is_that_of_paths_and_text(report: Report, name: str) -> None:
    files = [file._replace(findings=file.findings[::-1]) for file in reversed(report.files)]
    assert render(Report(files, report.skipped[::-1], root=Path(report.root)), name) == render(report, name)


def test_a_report_without_findings(tmp_path: Path) -> None:
    empty = Report([Checked("a.bbq", "", [])], root=tmp_path)
    assert [render(empty, name) for name in ("full", "concise", "statistics", "json-lines", "github")] == [""] * 5
    assert json.loads(render(empty, "json")) == json.loads(render(empty, "gitlab")) == []
    assert ElementTree.fromstring(render(empty, "junit")).attrib["failures"] == "0"


def test_a_line_as_long_as_its_file_is_cut() -> None:
    source = "é" * 3_000_000
    text = render(Report([Checked("a.bbq", source, [finding("BBQ001", 2_000_000, 2_000_003)])]), "full")
    assert len(text) < 500
    assert re.search(r"…é+…\n    \|  +\^\^\^\n", text)


# --- for programs ------------------------------------------------------------------------------


def test_json(report: Report) -> None:
    array = json.loads(render(report, "json"))
    assert [json.loads(line) for line in render(report, "json-lines").splitlines()] == array
    first, second = array
    assert (first["code"], first["hint"], first["fix"]["safe"]) == ("BBQ401", None, False)
    at = SOURCE.index('\\"b')
    assert second == {
        "path": "b c.py",
        "code": "BBQ006",
        "name": "double-quotes",
        "severity": "warning",
        "message": "a string is in double quotes",
        "hint": "write '",
        "start": {"line": 2, "column": at - 4, "offset": at},
        "end": {"line": 2, "column": at + 1, "offset": at + 5},
        "fix": {
            "title": "Use single quotes",
            "safe": True,
            "edits": [
                {
                    "start": {"line": 2, "column": at - 4, "offset": at},
                    "end": {"line": 2, "column": at - 2, "offset": at + 2},
                    "text": "'",
                },
                {
                    "start": {"line": 2, "column": at - 1, "offset": at + 3},
                    "end": {"line": 2, "column": at + 1, "offset": at + 5},
                    "text": "'",
                },
            ],
        },
        "fingerprint": second["fingerprint"],
        "url": online_address("BBQ006"),
    }


def test_gitlab(report: Report) -> None:
    issues = json.loads(render(report, "gitlab"))
    assert issues[1] == {
        "description": "a string is in double quotes",
        "check_name": "BBQ006",
        "fingerprint": issues[1]["fingerprint"],
        "severity": "minor",
        "location": {"path": "sub/b c.py", "lines": {"begin": 2, "end": 2}},
    }
    assert issues[0]["severity"] == "major"
    assert len({issue["fingerprint"] for issue in issues}) == 2


def test_github(report: Report) -> None:
    commands = [parsed(line) for line in render(report, "github").splitlines()]
    assert commands[1] == (
        "warning",
        {
            "title": "BBQ006 double-quotes",
            "file": "sub/b c.py",
            "line": "2",
            "endLine": "2",
            "col": "25",
            "endColumn": "30",
        },
        "a string is in double quotes\nwrite '",
    )
    assert [command[1]["file"] for command in commands[2:]] == ["sub/gone.bbq", "sub/none"]


def test_azure_pylint_and_grouped(report: Report) -> None:
    place = "sourcepath=sub/b c.py;linenumber=2;columnnumber="
    assert [line.removeprefix("##vso[task.logissue type=") for line in render(report, "azure").splitlines()] == [
        f"error;{place}6;code=BBQ401;]100%AZP25 wrong: a, b",
        f"warning;{place}25;code=BBQ006;]a string is in double quotes",
        "error;sourcepath=sub/gone.bbq;]cannot be checked: No such file",
        "error;sourcepath=sub/none;]cannot be checked: No such file",
    ]
    assert render(report, "pylint").splitlines() == [
        "sub/b c.py:2: [BBQ401, interpolated-query] 100% wrong: a, b",
        "sub/b c.py:2: [BBQ006, double-quotes] a string is in double quotes",
    ]
    assert render(report, "grouped").splitlines() == [
        "b c.py:",
        "  2:6   BBQ401  100% wrong: a, b",
        "  2:25  BBQ006  a string is in double quotes",
    ]


def test_rdjson_has_columns_in_bytes_and_the_fixes(report: Report) -> None:
    data = json.loads(render(report, "rdjson"))
    assert data["source"] == {"name": "bbquery"}
    first, second = data["diagnostics"]
    assert (first["severity"], first["code"], first["message"]) == ("ERROR", {"value": "BBQ401"}, "100% wrong: a, b")
    assert second["location"] == {
        "path": "sub/b c.py",
        "range": {"start": {"line": 2, "column": 25}, "end": {"line": 2, "column": 30}},
    }
    assert [each["text"] for each in second["suggestions"]] == ["'", "'"]
    source = "é = '𝄞‹'"
    at = source.index("‹")
    located = Report([Checked("a.py", source, [finding("BBQ003", at, at + 1)])])
    [diagnostic] = json.loads(render(located, "rdjson"))["diagnostics"]
    assert diagnostic["location"]["range"] == {"start": {"line": 1, "column": 11}, "end": {"line": 1, "column": 14}}


def test_columns_are_given_to_github_on_one_line_only() -> None:
    (command,) = render(Report([Checked("a", "a\nb", [finding("BBQ001", 0, 3)])]), "github").splitlines()
    assert parsed(command)[1] == {"title": "BBQ001 syntax-error", "file": "a", "line": "1", "endLine": "2"}


def parsed(command: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as a runner reads it."""
    head, text = re.fullmatch(r"::(\w+ .*?)::(.*)", command).groups()  # type: ignore[union-attr]  # or it fails, as it should
    name, _, properties = head.partition(" ")
    read = dict(each.split("=", 1) for each in properties.split(","))
    return (
        name,
        {key: wire_decoded(value, "%0D %0A %3A %2C %25") for key, value in read.items()},
        wire_decoded(text, "%0D %0A %25"),
    )


def wire_decoded(text: str, escapes: str) -> str:
    for escape in escapes.split():
        text = text.replace(escape, chr(int(escape[1:], 16)))
    return text


def test_junit(report: Report) -> None:
    root = ElementTree.fromstring(render(report, "junit"))
    counts = [root.attrib[name] for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["6", "2", "2", "1"]
    suites = {suite.attrib["name"]: suite for suite in root}
    assert list(suites) == ["a.bbq", "b c.py", "gone.bbq", "big.json", "none"]
    case = suites["b c.py"][1]
    place = {"classname": "b c.py", "file": "b c.py", "line": "2"}
    assert case.attrib == {"name": "BBQ006 double-quotes at 2:25", **place}
    assert case[0].attrib == {"type": "warning", "message": "a string is in double quotes"}


# --- SARIF -------------------------------------------------------------------------------------

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
ARTIFACT = {
    "type": "object",
    "required": ["uri"],
    "additionalProperties": False,
    "properties": {
        # What may stand in a URI as it is; a relative one must not look like one with a scheme.
        "uri": {"type": "string", "pattern": r"^(file:///|(?![^/]*:))([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
        "uriBaseId": {"const": "%SRCROOT%"},
    },
}
REGION = {
    "type": "object",
    "required": ["startLine", "startColumn", "endLine", "endColumn"],
    "additionalProperties": {"type": "integer", "minimum": 1},
}
PHYSICAL = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "required": ["artifactLocation"],
            "properties": {"artifactLocation": ARTIFACT, "region": REGION},
        }
    },
}
RULE = {
    "type": "object",
    "required": ["id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"],
    "properties": {
        "id": {"type": "string", "maxLength": 255},
        "name": {"type": "string", "maxLength": 255},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": {"properties": {"level": {"enum": ["none", "note", "warning", "error"]}}},
        "properties": {
            "required": ["tags", "precision", "problem.severity"],
            "properties": {
                "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 20},
                "precision": {"enum": ["very-high", "high", "medium", "low"]},
                "problem.severity": {"enum": ["error", "warning", "recommendation"]},
                "security-severity": {"type": "string", "pattern": r"^\d+\.\d+$"},
            },
        },
    },
}
FIX = {
    "type": "object",
    "required": ["artifactChanges"],
    "properties": {
        "description": TEXT,
        "artifactChanges": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["artifactLocation", "replacements"],
                "properties": {
                    "artifactLocation": ARTIFACT,
                    "replacements": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"required": ["deletedRegion"], "properties": {"deletedRegion": REGION}},
                    },
                },
            },
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "maxItems": 1, "items": PHYSICAL},
        "partialFingerprints": {
            "required": ["primaryLocationLineHash"],
            "additionalProperties": {"type": "string", "minLength": 1},
        },
        "fixes": {"type": "array", "uniqueItems": True, "items": FIX},
    },
}
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["tool", "results", "columnKind"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "version", "rules"],
                                "properties": {"rules": {"type": "array", "uniqueItems": True, "items": RULE}},
                            }
                        },
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "newlineSequences": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": {"type": "string"},
                    },
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {
                                "toolExecutionNotifications": {
                                    "items": {
                                        "required": ["message"],
                                        "properties": {"message": TEXT, "locations": {"items": PHYSICAL}},
                                    }
                                }
                            },
                        }
                    },
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}
"""What the specification and GitHub's code scanning ask of the parts that are used here, in our words."""


def sarif_of(report: Report) -> dict[str, Any]:
    log = json.loads(render(report, "sarif"))
    jsonschema.Draft202012Validator(SARIF).validate(log)
    run: dict[str, Any] = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def test_sarif(report: Report) -> None:
    run = sarif_of(report)
    assert run["invocations"][0]["executionSuccessful"] is False
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert [(each["level"], each["message"]["text"]) for each in told] == [
        ("error", "not checked: No such file"),
        ("error", "not checked: No such file"),
        ("note", "not checked: larger than 10 bytes"),
    ]
    assert all(rule["helpUri"] == online_address(rule["id"]) for rule in run["tool"]["driver"]["rules"])
    result = run["results"][1]
    assert result["level"] == "warning"
    assert result["message"]["text"] == "a string is in double quotes; write '"
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "sub/b%20c.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 25, "endLine": 2, "endColumn": 30},
    }
    (change,) = result["fixes"][0]["artifactChanges"]
    assert [each["insertedContent"]["text"] for each in change["replacements"]] == ["'", "'"]


@pytest.mark.parametrize(
    "name", [b"a b%#?.py", "é☃𝄞.bbq".encode(), b"\xff\xfe.py", b"a:b.py", b"new\nline", b"a,b=c::d"]
)
def test_a_path_is_itself_whatever_it_holds(tmp_path: Path, name: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = Report([Checked(os.fsdecode(name), "a", [finding("BBQ001", 0, 1)])], root=tmp_path)
    uri = sarif_of(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.sub(rb"%(..)", lambda escape: bytes.fromhex(escape[1].decode()), uri.encode()) == name
    assert os.fsencode(json.loads(render(report, "json"))[0]["path"]) == name
    assert render(report, "concise").count("\n") == render(report, "github").count("\n") == 1
    if name.isascii():
        assert parsed(render(report, "github").rstrip("\n"))[1]["file"].encode() == name


def test_a_path_outside_of_the_repository_is_whole(tmp_path: Path) -> None:
    report = Report([Checked(f"{tmp_path}/x y.py", "a", [finding("BBQ001", 0, 1)])], root=tmp_path / "repository")
    artifact = sarif_of(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": f"file://{tmp_path}/x%20y.py"}


def test_the_repository_is_the_nearest_folder_with_one(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert repository(tmp_path / "a/b") == tmp_path


# --- laws --------------------------------------------------------------------------------------

texts = st.text(
    st.characters() | st.sampled_from("\x1b\x9b\0\r\n\t\ud800\udfff\u202e\u2028%:,;\\'\"<>&]|\x7f"), max_size=30
)
lines_of_text = st.text("ab\t𝄞é\u0301", min_size=0, max_size=5)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    files = []
    for name in draw(st.lists(st.sampled_from(["a.py", "b\x1b.py", "é/\udcff.bbq", "<stdin>"]), unique=True)):
        source = draw(texts)
        found = []
        for _ in range(draw(st.integers(0, 3))):
            start, end = sorted((draw(st.integers(0, len(source))), draw(st.integers(0, len(source)))))
            fix = Fix(draw(texts) or "fix", Edit(Span(start, end), draw(texts)), safe=draw(st.booleans()))
            code = draw(st.sampled_from(sorted(RULES)))
            message = draw(texts) or "wrong"
            found.append(finding(code, start, end, message, draw(st.none() | texts), draw(st.none() | st.just(fix))))
        files.append(Checked(name, source, found))
    return Report(files, draw(st.lists(st.builds(SkippedFile, st.just("s"), texts, st.booleans()), max_size=2)))


@given(reports(), st.sampled_from(sorted(FORMATS)))
def test_no_text_can_steer_a_terminal(report: Report, name: str) -> None:
    for char in set(render(report, name)) - {"\u200d", "\n"}:
        assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(reports())
def test_every_format_is_what_its_readers_can_read(report: Report) -> None:
    count = len(report.located)
    run = sarif_of(report)
    assert len(run["results"]) == count
    json.dumps(run, ensure_ascii=False).encode()  # there are no half characters
    assert len(json.loads(render(report, "json"))) == len(json.loads(render(report, "gitlab"))) == count
    root = ElementTree.fromstring(render(report, "junit"))
    assert len(list(root.iter("failure"))) == count
    commands = [parsed(line) for line in render(report, "github").splitlines()]
    assert len(commands) == count + len(report.errors)
    assert render(report, "concise").count("\n") == render(report, "pylint").count("\n") == count
    assert render(report, "azure").count("\n") == count + len(report.errors)
    assert len(json.loads(render(report, "rdjson"))["diagnostics"]) == count
    assert sum(line.startswith("  ") for line in render(report, "grouped").splitlines()) == count


@given(texts, st.data())
def test_github_reads_back_what_was_meant(message: str, data: st.DataObject) -> None:
    message = "".join([char for char in message if char.isprintable() or char in "\r\n"]) or "x"
    report = Report([Checked("a%,:\n.py", "a", [finding("BBQ001", 0, 1, message)])])
    _, properties, text = parsed(render(report, "github").rstrip("\n"))
    assert (properties["file"].endswith("a%,:\n.py"), text) == (True, message)


@given(st.text("ab\r\n𝄞", max_size=30))
def test_lines_are_those_of_every_error(source: str) -> None:
    lines = Lines(source)
    for at in range(len(source) + 1):
        error = QuerySyntaxError("m", text=source, span=Span(at, at), code="c")
        number, column = lines.position(at)
        if source[at - 1 : at + 1] != "\r\n":  # amid a line end
            assert (number, column) == (error.line, error.column)
        assert lines.start(number) <= at <= lines.start(number + 1)
        assert "\n" not in source[lines.start(number) : lines.end(number)]
        assert "\r" not in source[lines.start(number) : lines.end(number)]


@given(st.lists(lines_of_text, max_size=4), st.lists(lines_of_text, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_fingerprint_survives_an_edit_above(before: list[str], inserted: list[str], end: str) -> None:
    body = "find me, find me, me" + end + "at the end: "

    def prints(above: list[str]) -> list[str]:
        source = "".join(line + end for line in above) + body
        at = len(source) - len(body)
        spans = [(at, at + 7), (at + 9, at + 16), (at + 18, at + 20), (len(source), len(source))]
        found = [finding("BBQ103", *span) for span in spans] + [finding("BBQ104", at, at + 7)]
        return [located.fingerprint for located in Report([Checked("a.py", source, found)]).located]

    assert prints(before) == prints([*inserted, *before])
    assert len(set(prints(before))) == 5


def test_percent_encoding_takes_bytes_too() -> None:
    assert percent_encode(b"\xff a") == "%FF%20a"
    assert percent_encode("é") == percent_encode("é".encode())
