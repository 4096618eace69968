"""The extension for VS Code: it builds, and starts a real server; only the `vscode` API is faked, in activation.cjs.

There is no VS Code to be had where the tests run, so that nothing here says how it looks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.node_modules import EXTENSION, are_there
from support.paths import ROOT

from bbquery._version import __version__
from bbquery.language_server.commands import COPY_AS, EXPLAIN
from bbquery.language_server.options import read_options

SOURCE = "import bbquery\nx = bbquery.parse(f\"user_metadata['c']:'{n}' AND status:'RUNING'\")\n"
needs_node = pytest.mark.skipif(not are_there(), reason="there are no node modules: see tests/support/node_modules.py")


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return found


def test_the_manifest_names_what_is_there() -> None:
    known = manifest()
    assert known["version"] == __version__
    contributed = known["contributes"]
    for each in (*contributed["grammars"], *[{"path": each["configuration"]} for each in contributed["languages"]]):
        assert (EXTENSION / each["path"]).exists()
    settings = {name.partition(".")[2] for name in contributed["configuration"]["properties"]}
    options, problems = read_options(dict.fromkeys(settings - {"command"}))
    assert (problems, options.archive) == ([], None)
    source = (EXTENSION / "src/extension.ts").read_text(encoding="utf-8")
    assert all(f'"{each["command"]}"' in source for each in contributed["commands"])
    assert all(f'"{name}"' in source for name in (EXPLAIN, COPY_AS))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built extension; its types are checked on the way."""
    folder = tmp_path_factory.mktemp("extension")
    tools = EXTENSION / "node_modules/.bin"
    for command in (
        [f"{tools}/tsc", "--noEmit"],
        [f"{tools}/esbuild", "src/extension.ts", "--bundle", "--platform=node", "--target=node20", "--external:vscode",
         f"--outfile={folder}/out/extension.js"],
    ):  # fmt: skip
        done = subprocess.run(command, cwd=EXTENSION, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def activated(built: Path, folder: Path, *command: str) -> dict[str, Any]:
    """Return what was seen after activation, with a command that starts the server."""
    (folder / "app.py").write_text(SOURCE)
    done = subprocess.run(
        ["node", str(ROOT / "tests/editors/activation.cjs"), str(built), str(folder), str(folder / "app.py"), *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@needs_node
@pytest.mark.slow
def test_it_starts_the_server_and_shows_what_it_finds(built: Path, tmp_path: Path) -> None:
    seen = activated(built, tmp_path, sys.executable, "-m", "bbquery", "lsp")
    line = SOURCE.splitlines()[1]
    found = [["BBQ401", 1, line.index("n}")], ["BBQ304", 1, line.index("'RUNING'")]]
    assert seen["diagnostics"] == {(tmp_path / "app.py").as_uri(): found}
    assert seen["status"][:2] == ["$(sync~spin) bbquery", "$(check) bbquery"]
    assert {each["command"] for each in manifest()["contributes"]["commands"]} <= set(seen["commands"])


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("/nowhere/python", "-m", "bbquery", "lsp"), (sys.executable, "-m", "no_such_module")]
)
def test_a_server_that_cannot_start_is_said_and_nothing_breaks(
    built: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    seen = activated(built, tmp_path, *command)
    assert seen["status"] == ["$(error) bbquery"]
    assert seen["diagnostics"] == {}
