"""The parts of this repository that others run: the hooks of pre-commit, and the action of GitHub."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.paths import ROOT

from bbquery.lint.extractors.languages import LANGUAGES

pytestmark = pytest.mark.slow

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text())
DOUBLE = "user_metadata[\"a\"]:'b'\n"


def test_the_hooks_get_the_files_that_the_commands_read() -> None:
    check, fmt = (re.compile(HOOKS[name]["files"]) for name in ("bbquery-check", "bbquery-fmt"))
    assert all(check.search(f"a/b{suffix}" if suffix[0] == "." else f"a/{suffix}") for suffix in LANGUAGES)
    assert [suffix for suffix in LANGUAGES if fmt.search(f"a/b{suffix}")] == [".bbq"]
    assert not any(check.search(name) for name in ("a.txt", "a.env.py.orig", "a.bbq.orig", "a.rst", "amakefile.txt"))


@pytest.mark.parametrize(("hook", "status"), [("bbquery-check", 1), ("bbquery-fmt", 0)])
def test_a_hook_is_a_command_that_takes_files(tmp_path: Path, hook: str, status: int) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    command = [sys.executable, "-m", *HOOKS[hook]["entry"].split(), "a.bbq"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "error: " in done.stderr) == (status, False)
    assert HOOKS[hook]["additional_dependencies"] == [".[cli,lint]"]


@pytest.mark.skipif(os.name == "nt", reason="the action runs in bash")
@pytest.mark.parametrize(
    ("inputs", "status", "printed"),
    [
        ({}, 1, "::warning"),
        ({"args": "--ignore BBQ006 '.'"}, 0, ""),
        ({"args": "'a b.bbq' $(touch owned) ; touch owned"}, 2, ""),
        ({"args": "'not closed"}, 1, ""),
        ({"output-format": "sarif", "output-file": "out file.sarif"}, 1, ""),
    ],
)
def test_the_action_checks_and_runs_nothing_that_an_input_holds(
    tmp_path: Path, inputs: dict[str, str], status: int, printed: str
) -> None:
    """Its last step, in bash as GitHub starts it; the Python that the step before would have installed is this one."""
    project, installed = tmp_path / "project", tmp_path / "temp" / "bbquery" / "bin"
    for folder in (project, installed):
        folder.mkdir(parents=True)
    (project / "a b.bbq").write_text(DOUBLE)
    (project / "shlex.py").write_text("raise SystemExit('the project is imported')\n")
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv.pop(0)"
    (installed / "python").write_text(
        f'#!/bin/sh\n[ "$1" = -I ] && [ "$2" = -c ] || exit 9\nexec "{sys.executable}" -I -c "{start}\n$3"\n'
    )
    (installed / "python").chmod(0o755)
    given = {name: inputs.get(name, about["default"]) for name, about in ACTION["inputs"].items()}
    step = ACTION["runs"]["steps"][-1]
    environment = {name: given[value.removeprefix("${{ inputs.")[:-3]] for name, value in step["env"].items()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=project,
        env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path / "temp"), **environment},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, printed in done.stdout) == (status, True), done.stderr
    assert "the project is imported" not in done.stderr
    assert not (project / "owned").exists()
    if file := inputs.get("output-file"):
        assert json.loads((project / file).read_text())["version"] == "2.1.0"


def test_the_action_installs_itself_with_what_the_command_needs() -> None:
    assert '"$GITHUB_ACTION_PATH[cli,lint]"' in ACTION["runs"]["steps"][1]["run"]
    assert all("${{" not in step.get("run", "") for step in ACTION["runs"]["steps"])
