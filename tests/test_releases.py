"""A release needs a version by tag, packages that a registry takes, and an API that is compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from support.paths import ROOT

pytestmark = pytest.mark.slow


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    return subprocess.run(command, cwd=cwd, env={**os.environ, **who}, capture_output=True, text=True, timeout=200)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    done = run("git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(tmp_path / "clone"), cwd=tmp_path)
    if done.returncode:
        pytest.skip("this is not a clone of a repository")
    return tmp_path / "clone"


def test_a_tag_is_the_version_of_what_twine_accepts(clone: Path) -> None:
    assert run(sys.executable, "-m", "hatchling", "version", "7.8.9rc1", cwd=clone).returncode == 0
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", ".", cwd=clone)
    assert built.returncode == 0, built.stdout + built.stderr
    wheel, source = clone / "dist/bbquery-7.8.9rc1-py3-none-any.whl", clone / "dist/bbquery-7.8.9rc1.tar.gz"
    done = run(sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source), cwd=clone)
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(wheel) as packed:
        assert '"7.8.9rc1"' in packed.read("bbquery/_version.py").decode()
    with tarfile.open(source) as packed_source:
        names = packed_source.getnames()
    assert {f"bbquery-7.8.9rc1/{name}" for name in ("SECURITY.md", "CITATION.cff", "grammar/bbquery.lark")} <= {*names}


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("", "", 0),
        ("    every: str | None = None,\n    timezone", "    timezone", 1),
        ('    "measure_usage",\n', "", 0),  # griffe takes it for public all the same; test_package pins the list
    ],
)
def test_a_parameter_that_goes_is_seen(clone: Path, old: str, new: str, status: int) -> None:
    script = [sys.executable, ".ci/public_api.py"]
    assert "no release yet" in run(*script, cwd=clone).stdout
    assert run("git", "tag", "v0.0.1", cwd=clone).returncode == 0
    for name in ("bbquery/usage/meter.py", "bbquery/__init__.py"):
        path = clone / name
        text = path.read_text()
        path.write_text(text.replace(old, new, 1) if old else text)
    done = run(*script, cwd=clone)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("every" in done.stdout + done.stderr) is bool(status)


def test_the_workflow_publishes_what_the_makefile_builds() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text())
    steps = [step.get("run", "") for step in workflow["jobs"]["build"]["steps"]]
    pattern = re.compile(next(re.findall(r"=~ (\S+) \]\]", step)[0] for step in steps if "=~" in step))
    assert all(pattern.match(tag) for tag in ("v1.2.3", "v0.1.0rc1", "v10.0.12"))
    assert not any(pattern.match(tag) for tag in ("v1", "1.2.3", "v1.2.3;id", "v1.2.3$(shell id)", "v1.2.3-x"))
    assert {"make test", "make api"} <= {*steps}
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["publish"]["permissions"] == {"id-token": "write"}


def test_the_repository_holds_text_and_pictures_alone() -> None:
    """A package or a binary that a tool left behind stays in the history for good."""
    done = run("git", "ls-files", "-z", cwd=ROOT)
    if done.returncode:
        pytest.skip("this is not a clone of a repository")
    for path in [ROOT / name for name in done.stdout.split("\0") if name]:
        if path.suffix != ".png" and path.is_file():
            assert "\0" not in path.read_text("utf-8"), path


def test_the_citation_is_whole() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "type", "license"} <= {*citation}
