"""Every block of the documentation runs.

`python` and `pycon` blocks of a page share one namespace and a running emulator with sample sessions; what `pycon`
shows must be what comes. `console` blocks run in a shell, and show what it prints; `...` stands for anything. `sh`
blocks hold make targets and pip commands, which must exist, and tests, which must pass. `toml` blocks are settings of
the linter or of the usage command, and `yaml` blocks recipes, whose commands run. `bbq` blocks hold a query a line, and
`bbq file` blocks what a file of queries holds. Of `cron` and `systemd` blocks the options are looked at, `sql` runs on
DuckDB, and `python airflow` is compiled. `python playwright` drives a browser of this machine in place of the
service's. `ts` is read by the linter, and `yaml prometheus` by promtool. `lua` is run in Neovim by
tests/language_server/test_neovim.py; settings of other editors must at least be well-formed.
"""

from __future__ import annotations

import doctest
import inspect
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from support.browser import find_chromium
from support.case_tables import cases
from support.paths import ROOT
from support.prometheus import find_program

import bbquery
from bbquery.emulator import Emulator, generate
from bbquery.lint.extractors import extract
from bbquery.lint.settings import LINT_SETTINGS, load_settings
from bbquery.usage import settings as usage_settings

pytestmark = pytest.mark.slow

PAGES = [
    *("README.md", "grammar/README.md", "CONTRIBUTING.md", "benchmarks/README.md"),
    *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md") if path.parent.name != "rules"),
]
NOW = 1_795_000_000  # a day in November 2026, so that what is shown stays as it is
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of each block."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start()) + 2


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(sessions=generate(200, seed=7, now=NOW), clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("BROWSERBASE_BASE_URL", emulator.url)
    monkeypatch.setenv("BROWSERBASE_API_KEY", emulator.api_key)
    monkeypatch.delenv("BROWSERBASE_PROJECT_ID", raising=False)
    monkeypatch.setenv("COLUMNS", "100")


def run_python(text: str, namespace: dict[str, Any], where: str) -> None:
    exec(compile(text, where, "exec"), namespace)


def run_pycon(text: str, namespace: dict[str, Any], where: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, namespace, where, where, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(test, out=said.append, clear_globs=False)
    namespace.update(test.globs)
    assert not runner.failures, "".join(said)


def run_console(text: str, namespace: dict[str, Any], where: str) -> None:
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = step.partition("\n")
        while command.endswith("\\"):
            more, _, expected = expected.partition("\n")
            command += "\n" + more
        while "<<" in command and expected.startswith("> "):  # a here-document, as bash shows it
            more, _, expected = expected.partition("\n")
            command += "\n" + more[2:]
        done = subprocess.run(
            ["bash", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        pattern = re.escape(expected.rstrip("\n")).replace(r"\.\.\.", ".*")
        assert re.fullmatch(pattern, done.stdout.rstrip("\n"), re.DOTALL), f"{where}: {command}\n{done.stdout}"


def run_sh(text: str, _: dict[str, Any], where: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words[0] == "make":
            subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, check=True, capture_output=True, timeout=60)
        elif words[:3] == [".venv/bin/python", "-m", "pytest"]:
            subprocess.run(
                [sys.executable, *words[1:], "-q", "-p", "no:cacheprovider"],
                cwd=ROOT,
                check=True,
                capture_output=True,
                timeout=120,
            )
        elif words[:2] == ["pip", "install"]:
            assert set(re.findall(r"[\w-]+", words[2].partition("[")[2])) <= set(extras), where
        else:
            pytest.fail(f"{where}: {line} is not run by any test")


def run_toml(text: str, _: dict[str, Any], where: str) -> None:
    Path("pyproject.toml").write_text(text, encoding="utf-8")
    Path("metadata.schema.json").write_text("{}", encoding="utf-8")
    settings = load_settings(Path.cwd())
    assert settings.source is not None, where
    assert settings.enabled, where
    is_of_usage = usage_settings.load_usage_settings(Path.cwd()) != usage_settings.UsageSettings()
    assert is_of_usage or settings.schema_json is not None, where


def run_yaml(text: str, _: dict[str, Any], where: str) -> None:
    """Parses, and uses only what is there: hooks, inputs of the action, options of the command."""
    found = yaml.safe_load(text)
    hooks = [hook["id"] for repository in found.get("repos", ()) for hook in repository["hooks"]]
    known = [hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())]
    assert set(hooks) <= set(known), where
    steps = [step for job in found.get("jobs", {}).values() for step in job["steps"]]
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    assert {name for step in steps if "/bbquery@" in step["uses"] for name in step["with"]} <= set(inputs), where
    for line in found.get("queries", {}).get("script", ()):
        if line.startswith("pip"):
            run_sh(line.replace("'", ""), {}, where)
        else:
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode in (0, 1), f"{where}: {line}\n{done.stderr}"
            assert "error: " not in done.stderr, where
    assert hooks or steps or "queries" in found, f"{where}: nothing in it is tested"


def run_bbq(text: str, namespace: dict[str, Any], where: str) -> None:
    for line in text.splitlines():
        query, _, canonical = line.partition("⇒")
        parsed = str(bbquery.parse(query.strip()))
        if canonical:
            assert parsed == canonical.strip(), where


def run_file(text: str, _: dict[str, Any], where: str) -> None:
    for excerpt in extract(text, "bbq").excerpts:
        bbquery.parse(excerpt.text)


def run_mistakes(text: str, _: dict[str, Any], where: str) -> None:
    for line in text.splitlines():
        with pytest.raises(bbquery.QuerySyntaxError):
            raise AssertionError(f"{where}: {bbquery.parse(line)}")


def run_command_line(line: str, where: str) -> None:
    """The command that a scheduler starts: its options are there."""
    words = shlex.split(line)
    words = words[words.index("bbquery") :]
    command = list(itertools.takewhile(lambda word: not word.startswith(("-", ">")) and "[" not in word, words))
    done = subprocess.run([*command[:3], "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, where
    assert all(word in done.stdout for word in words if word.startswith("--")), where


def run_cron(text: str, _: dict[str, Any], where: str) -> None:
    for line in text.splitlines():
        *times, command = line.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*/,-]+", time) for time in times), where
        run_command_line(command.partition(">")[0], where)


def run_systemd(text: str, _: dict[str, Any], where: str) -> None:
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    run_command_line(command, where)


def run_airflow(text: str, _: dict[str, Any], where: str) -> None:
    compile(text, where, "exec")


def run_sql(text: str, _: dict[str, Any], where: str) -> None:
    # As dbt runs a model: into a table. DuckDB before 2 needs a library more to hand a time with its zone to Python.
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE model AS {text}")
        assert connection.execute("SELECT count(*) FROM model").fetchone() != (0,), where


def run_playwright(text: str, namespace: dict[str, Any], where: str) -> None:
    """Run it with a Chromium of this machine: nobody listens at the address that the emulator gives."""
    chromium = find_chromium()
    if chromium is None:
        compile(text, where, "exec")
        return
    from playwright.sync_api import BrowserType

    connected: list[str] = []
    options = ["--no-sandbox", "--disable-gpu", "--headless", "--remote-debugging-port=0"]

    def connect(browser_type: BrowserType, endpoint_url: str) -> Any:
        connected.append(endpoint_url)
        browser = browser_type.launch(executable_path=chromium, args=options)
        browser.new_context()  # a session of the service has one
        return browser

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BrowserType, "connect_over_cdp", connect)
        run_python(text, namespace, where)
    assert connected
    assert connected[0].startswith("ws"), where


def run_ts(text: str, _: dict[str, Any], where: str) -> None:
    Path("a.ts").write_text(text, encoding="utf-8")
    done = subprocess.run(["bbquery", "check", "a.ts"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{where}: {done.stdout}"


def run_prometheus(text: str, _: dict[str, Any], where: str) -> None:
    settings = yaml.safe_load(text)
    (rules,) = settings["rule_files"]
    assert (ROOT / "docs/how-to" / rules).exists(), where
    if promtool := find_program("promtool"):
        Path("prometheus.yml").write_text(text, encoding="utf-8")
        Path(rules).write_bytes((ROOT / "docs/how-to" / rules).read_bytes())
        subprocess.run([promtool, "check", "config", "prometheus.yml"], check=True, capture_output=True, timeout=60)


def run_json(text: str, _: dict[str, Any], where: str) -> None:
    assert json.loads(text), where


def run_helix(text: str, _: dict[str, Any], where: str) -> None:
    assert tomllib.loads(text)["language-server"]["bbquery"], where


def run_elisp(text: str, _: dict[str, Any], where: str) -> None:
    assert text.count("(") == text.count(")"), where


def run_lua(text: str, _: dict[str, Any], where: str) -> None:
    assert '"bbquery", "lsp"' in text, where


RUNNERS: dict[str, Callable[[str, dict[str, Any], str], None]] = {
    "python": run_python,
    "pycon": run_pycon,
    "console": run_console,
    "sh": run_sh,
    "cron": run_cron,
    "systemd": run_systemd,
    "python airflow": run_airflow,
    "python playwright": run_playwright,
    "ts": run_ts,
    "yaml prometheus": run_prometheus,
    "sql": run_sql,
    "toml": run_toml,
    "toml helix": run_helix,
    "json": run_json,
    "elisp": run_elisp,
    "lua": run_lua,
    "yaml": run_yaml,
    "bbq": run_bbq,
    "bbq file": run_file,
    "bbq mistakes": run_mistakes,
}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page: str, request: pytest.FixtureRequest) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for kind, text, line in blocks(page):
        assert kind in RUNNERS, f"{page}:{line}: no test runs a block of {kind!r}"
        RUNNERS[kind](text, namespace, f"{page}:{line}")
    for name, shown_test in namespace.items():
        if name.startswith("test_"):
            shown_test(*map(request.getfixturevalue, inspect.signature(shown_test).parameters))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?[^)]*\)", FENCE.sub("", text)):
        if target.startswith("https://"):
            continue
        found = (ROOT / page).parent / target if target else ROOT / page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(
        re.findall(r'<a id="([^"]+)">', text)
    )


def test_links_of_the_code_lead_somewhere() -> None:
    files = [*ROOT.glob("bbquery/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("grammar/*")]
    for path in filter(Path.is_file, files):
        for page, anchor in re.findall(
            r"\b((?:docs|grammar)/[\w/-]+\.md)(?:#([\w-]+))?", path.read_text(encoding="utf-8")
        ):
            assert (ROOT / page).exists(), f"{path}: {page}"
            assert not anchor or anchor in anchors(ROOT / page), f"{path}: {page}#{anchor}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
            waiting += [(page.parent / link).resolve() for link in links if not link.startswith("https://")]
    assert {ROOT / page for page in PAGES} <= reached


# --- the reference is whole --------------------------------------------------------------------


def words(page: str) -> set[str]:
    code = re.findall(r"`([^`\n]+)`", (ROOT / page).read_text(encoding="utf-8"))
    return {word for each in code for word in re.findall(r"[\w-]+", each)}


def test_every_error_and_its_code_is_documented() -> None:
    page = "docs/reference/errors.md"
    classes = {name for name in bbquery.__all__ if isinstance(getattr(bbquery, name), type)}
    errors = {name for name in classes if issubclass(getattr(bbquery, name), Exception)}
    assert errors <= words(page)
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:`(.*)`|.*) \|$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    for code, text in rows:
        if text:
            with pytest.raises(bbquery.QuerySyntaxError) as caught:
                bbquery.parse(text)
            assert caught.value.code == code
    assert {code for code, _ in rows} == {case["code"] for case in cases("invalid")}


def test_every_setting_is_documented() -> None:
    known = {*LINT_SETTINGS, *usage_settings.USAGE_SETTINGS}
    assert known <= words("docs/reference/settings.md")


def test_every_public_name_is_documented() -> None:
    known = words("docs/reference/python-api.md")
    assert set(bbquery.__all__) <= known
    for documented in (bbquery.Client, bbquery.Query):
        assert {name for name in vars(documented) if not name.startswith("_")} <= known


def test_every_command_is_documented() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "bbquery", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    commands = re.findall(r"^  ([a-z]+)  ", shown.partition("Commands:")[2].partition("Exit status")[0], re.MULTILINE)
    assert len(commands) > 15
    assert set(commands) <= words("docs/cli.md")


def test_the_map_names_modules_that_are_there() -> None:
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in ("CONTRIBUTING.md", "docs/architecture.md")]
    named = [name for page in pages for name in re.findall(r"`([\w./-]+/[\w.-]*)`", page)]
    assert len(named) > 50
    for name in named:
        assert (ROOT / name).exists() or any(ROOT.glob(f"bbquery/**/{name}")), name


def test_the_figures_of_the_comparison_are_those_of_the_benchmarks() -> None:
    measured = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs/compared.md").read_text(encoding="utf-8").partition("## Figures")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([\d.,]+ \S+) \| ([\d.,]+ [^,|]+),? .* \| ([\d.]+) \|$", page, re.MULTILINE)
    assert len(rows) == page.count("\n| ") - 1
    for _, ours, peer, ratio in rows:
        assert re.search(
            rf"\| {re.escape(ours)} +\| {re.escape(peer.strip())}, .*\| {re.escape(ratio)} +\|", measured
        ), f"{ours} {peer}"
