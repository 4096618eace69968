"""The pytest plugin, as another project meets it, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bbquery.emulator

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]

PROJECT_TEST = """
    import httpx

    def test_one(bbquery_emulator):
        assert bbquery_emulator.sessions() == []
        httpx.post(bbquery_emulator.url + "/v1/sessions", headers={"X-BB-API-Key": bbquery_emulator.api_key}, json={})
        assert len(bbquery_emulator.sessions()) == 1

    def test_another_starts_empty(bbquery_emulator):
        assert bbquery_emulator.sessions() == []

    running = []

    def test_factory(bbquery_emulator_factory):
        running.append(bbquery_emulator_factory(projects=["p1"]))
        running.append(bbquery_emulator_factory(api_key="other"))
        assert running[0].project_id == "p1"
        assert running[0].url != running[1].url

    def test_the_end_of_a_test_stops_its_emulators():
        for emulator in running:
            try:
                httpx.get(emulator.url)
            except httpx.ConnectError:
                continue
            raise AssertionError(emulator.url)
"""


def test_a_project_gets_the_fixtures_by_installing_bbquery(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PROJECT_TEST)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=4)
    fixtures = pytester.runpytest_subprocess("--fixtures").stdout
    fixtures.fnmatch_lines(["bbquery_emulator*", "*Give a running emulator with no sessions."])


def test_without_the_extra_the_fixture_says_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide_uvicorn(monkeypatch)
    pytester.makepyfile("def test_one(bbquery_emulator): pass")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the emulator needs uvicorn: pip install 'bbquery[[]emulator[]]'*"])
    assert "Traceback" not in result.stdout.str()


def test_without_the_extra_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _hide_uvicorn(monkeypatch)
    with pytest.raises(ImportError, match=r"pip install 'bbquery\[emulator\]'"):
        _ = bbquery.emulator.Emulator
    assert bbquery.emulator.Switches().cap is None


def test_another_missing_module_is_reported_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _hide_uvicorn(monkeypatch)
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    monkeypatch.delitem(sys.modules, "bbquery.emulator.store", raising=False)
    monkeypatch.delitem(sys.modules, "bbquery.emulator.sample_data", raising=False)
    monkeypatch.delitem(vars(bbquery.emulator), "generate", raising=False)
    with pytest.raises(ModuleNotFoundError, match="sqlite3") as caught:
        _ = bbquery.emulator.generate
    assert "pip install" not in str(caught.value)


def _hide_uvicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for module in ("bbquery.emulator.server", "bbquery.servers.local_server"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.delitem(vars(bbquery.emulator), "Emulator", raising=False)


def test_the_plugin_loads_nothing_heavy() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import bbquery.emulator.pytest_plugin\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["bbquery"]


def test_the_package_names_what_it_offers() -> None:
    assert dir(bbquery.emulator) == bbquery.emulator.__all__ == ["Emulator", "Switches", "generate"]
    with pytest.raises(AttributeError, match="nonsense"):
        _ = bbquery.emulator.nonsense
