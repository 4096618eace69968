"""The package keeps its promises: light to import, its public names pinned, and whole when installed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support.paths import ROOT

import bbquery
from bbquery.dashboard.assets import SCRIPTS
from bbquery.lint.rule_registry import RULES

pytestmark = pytest.mark.slow


def python(*code: str, cwd: str | Path = ROOT, executable: str = sys.executable, **env: str) -> str:
    """Return what a fresh process prints."""
    done = subprocess.run(
        [executable, "-c", "\n".join(code)],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- names -------------------------------------------------------------------------------------

PUBLIC = """
    ApiError Archive ArchiveError AsyncClient AuthenticationError BBQueryError BadRequest BuildError Client
    CheckedText Completion CreatedSession DecodeError AsyncSessionStream Diagnostic Edit Excerpt Finding Fix
    FullScanRefused Layout Linter NotAWireQuery NotFound NotSqlQuery
    Plan Project ProjectUsage Query
    QuerySyntaxError RateLimited RecordProblem Release ServerError Session SessionCreatedError SessionList
    SessionNotRecovered SessionStream Span Timeout Trace TransportError
    UsageReport WaitTimeout __version__ all_of any_of check decode field from_dict from_json measure_usage meta
    metadata parse simplify
""".split()


def test_the_public_names_are_these() -> None:
    assert sorted(bbquery.__all__) == sorted(PUBLIC)
    assert dir(bbquery) == bbquery.__all__


def test_type_checkers_see_the_names_that_run_time_gives() -> None:
    tree = ast.parse((ROOT / "bbquery/__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(typed) | {"__version__"} == set(bbquery.__all__)
    for name, module in typed.items():
        value = getattr(bbquery, name)
        assert module is None or value is getattr(sys.modules[f"bbquery.{module}"], name)


def test_no_public_name_is_a_module_but_metadata() -> None:
    modules = {path.stem for path in [*(ROOT / "bbquery").glob("*.py"), *(ROOT / "bbquery").iterdir()]}
    assert set(bbquery.__all__) & modules == {"metadata"}


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = bbquery.nothing  # type: ignore[attr-defined]  # that is the point


# --- weight ------------------------------------------------------------------------------------

HEAVY = "lark httpx msgspec click rich typing dataclasses json re asyncio numpy pyarrow sqlglot".split()


def loaded(*code: str) -> set[str]:
    """Return the heavy modules that a piece of code has loaded, beyond those that Python itself had."""
    report = "print(*[name for name in HEAVY if name in sys.modules and name not in before])"
    lines = ("import sys; before = set(sys.modules)", f"HEAVY = {HEAVY}", *code, report)
    return set(python(*lines).split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded("import bbquery") == set()


def test_the_plain_equality_is_parsed_and_encoded_without_lark() -> None:
    assert loaded("import bbquery", "bbquery.parse(\"user_metadata['a']:'b'\").encode()") <= {"re"}


def test_building_loads_no_lark() -> None:
    assert loaded("import bbquery", "str(bbquery.from_dict({'a': {'b': 'c'}}) | (bbquery.meta['n'] > 5))") <= {"re"}


def test_the_full_language_needs_lark_alone() -> None:
    assert not loaded("import bbquery", "bbquery.parse(\"NOT status:'ERROR'\")") & {"httpx", "msgspec", "click", "rich"}


def test_a_client_loads_no_command_line() -> None:
    assert not loaded("import bbquery", "bbquery.Client(api_key='key')") & {"lark", "click", "rich"}
    # Not even where httpx would; for others it stays as it is.
    assert loaded("import httpx", "import bbquery", "bbquery.Client(api_key='key')") >= {"click", "rich"}
    assert loaded("import bbquery", "bbquery.Client(api_key='key')", "import httpx._main") >= {"click", "rich"}


def test_usage_of_a_file_loads_no_httpx(tmp_path: Path) -> None:
    (tmp_path / "june.ndjson").write_text("")
    usage = f"main(['usage', '--input', {str(tmp_path / 'june.ndjson')!r}, '--output-file', {os.devnull!r}])"
    assert not loaded("from bbquery.cli import main", usage) & {"lark", "httpx", "sqlglot", "pyarrow"}


def test_an_archive_is_read_with_duckdb_alone(tmp_path: Path) -> None:
    session = {"id": "a", "createdAt": "2026-11-01T12:00:00Z", "status": "ERROR", "userMetadata": {"client": "acme"}}
    bbquery.Archive(tmp_path / "sessions").add_sessions([session])
    opened = ("import bbquery", f"archive = bbquery.Archive({str(tmp_path / 'sessions')!r})")
    found = loaded(*opened, "archive.info(), archive.count(), archive.keys(), archive.sessions()")
    assert not found & {"lark", "httpx", "click", "rich", "numpy", "pyarrow", "sqlglot"}
    found = loaded(*opened, "archive.usage(by=['client', 'status'], every='1d'), archive.extent()")
    assert not found & {"lark", "httpx", "click", "rich", "numpy", "pyarrow", "sqlglot"}
    nothing_in = "start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2020, 1, 2, tzinfo=UTC)"
    found = loaded("from datetime import UTC, datetime", *opened, f"archive.usage(by=['client'], {nothing_in})")
    assert not found & {"lark", "httpx", "click", "rich", "numpy", "pyarrow", "sqlglot"}
    found = loaded(*opened, "archive.usage(\"status:'ERROR'\", by=['client'], every='1d')")
    assert not found & {"httpx", "click", "rich", "numpy", "pyarrow"}


# --- installed ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", out, ROOT], check=True, capture_output=True, timeout=300)
    (built,) = out.glob("*.whl")
    assert len(list(out.glob("*.tar.gz"))) == 1
    return built


def test_the_wheel_holds_the_grammar_and_the_marker_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"bbquery/grammar/bbquery.lark", "bbquery/grammar/query.schema.json", "bbquery/py.typed"} <= set(names)
    assert {f"bbquery/dashboard/static/{name}" for name in ("index.html", "style.css", "theme.js", *SCRIPTS)} <= set(
        names
    )
    assert {f"bbquery/docs/rules/{code}.md" for code in RULES} <= set(names)
    assert all(name.startswith(("bbquery/", "bbquery-")) for name in names)


TRY_IT = (
    "import bbquery",
    "print(bbquery.parse(\"user_metadata['a']:'b'\").encode())",
    "print(bbquery.parse(\"NOT status:'ERROR' -id:*\"))",
)
TRIED = "user_metadata%5B%27a%27%5D%3A%27b%27\nNOT status:'ERROR' AND NOT id:*"


def test_the_wheel_works_alone_and_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    folder = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    pip: list[str | Path] = [folder / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(pip, check=True, capture_output=True, timeout=300)
    assert python(*TRY_IT, cwd="/", executable=str(folder / "python"), PYTHONPATH="") == TRIED
    assert "extra" not in python("import bbquery.client; print('fine')", cwd="/", executable=str(folder / "python"))
    command = subprocess.run([folder / "bbquery", "parse", "x"], capture_output=True, text=True, cwd="/", timeout=60)
    assert (command.returncode, command.stdout) == (2, "")
    assert "pip install 'bbquery[cli]'" in command.stderr


def test_the_wheel_works_from_within_its_zip(wheel: Path) -> None:
    assert python(*TRY_IT, "print(bbquery.__file__)", cwd="/", PYTHONPATH=str(wheel)).startswith(f"{TRIED}\n{wheel}")


def test_the_checkout_works_without_being_installed() -> None:
    found = python("import sys; sys.path.insert(0, '.')", *TRY_IT, executable=sys.executable)
    assert found == TRIED
