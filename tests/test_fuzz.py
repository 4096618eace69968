"""`make fuzz` finds what fails, and prints it as a line to paste."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import pasteable
from support.paths import ROOT

FAILING = """
from hypothesis import given, strategies as st

@given(text=st.text(), number=st.integers())
def test_it_fails(text, number):
    assert number < 10, f"{number} is too many"

@given(st.integers())
def test_it_passes(number):
    assert number + 0 == number

def test_it_is_not_a_property():
    raise AssertionError
"""


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("test_x(\n    text='a',\n    n=0,  # or any other generated value\n)", "@example(text='a', n=0)"),
        ("test_x(\n    server=<RawServer object at 0x1>,\n    sent=b'\\xff',\n)", "@example(sent=b'\\xff')"),
        ("test_x(\n    'a',\n)", "@example('a')"),
        ("test_x(\n    data=data(...),\n)", "test_x(\n    data=data(...),\n)"),
        ("test_x(\n    f=lambda x: <unknown>,\n)", "test_x(\n    f=lambda x: <unknown>,\n)"),
    ],
)
def test_an_example_can_be_pasted(call: str, line: str) -> None:
    assert pasteable(call) == line


@pytest.mark.slow
def test_a_failure_is_found_once_and_shown_with_a_summary(tmp_path: Path) -> None:
    tests = tmp_path / "test_one.py"
    tests.write_text(FAILING, encoding="utf-8")
    command = [sys.executable, str(ROOT / "tests/fuzz.py"), "--seconds", "100", "--rounds", "2", str(tests)]
    environment = {"PYTHONPATH": str(ROOT / "tests"), "PATH": ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("@example(text='', number=10)") == 1
    assert "AssertionError: 10 is too many" in done.stdout
    summary = done.stdout.splitlines()[-1]
    assert summary.startswith("fuzz: 2 properties, 2 rounds, ")
    assert ", 1 failures in " in summary
