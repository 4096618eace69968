"""Change a module in small ways, and list the changes that no test notices: `make mutants MODULE=bbquery/…`.

It works on a copy of the repository, and runs the tests in the folder that mirrors the module's, unless TESTS names
others.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from support.paths import ROOT

_PYTEST = "-m pytest -x -q -p no:cacheprovider -p no:xdist -p no:pytest_cov --timeout 60 --timeout-method thread"
_SECONDS = 120
"""After this long a changed module is taken to hang, which the tests have noticed."""

_PROGRESS_SECONDS = 20

_LEFT_OUT = ["core/ReplaceBinaryOperator_BitOr_.*", "core/RemoveDecorator"]
"""Most of the first are types, and most of the second are caches: the changes mean nothing."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", help="a file, such as bbquery/language/printer.py")
    parser.add_argument("tests", nargs="*", help="test files or folders")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
    if not (ROOT / options.module).is_file():
        parser.error(f"there is no file {options.module}")
    tests = options.tests or ["tests/" + Path(options.module).parent.relative_to("bbquery").as_posix()]
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder, "copy"), options.module, tests)


def _run(copy: Path, module: str, tests: list[str]) -> int:
    _copy_repository(copy)
    (copy / "mutants.toml").write_text(
        f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = {_SECONDS}\nexcluded-modules = []\n'
        f'test-command = "{sys.executable} {_PYTEST} {" ".join(tests)}"\n[cosmic-ray.distributor]\nname = "local"\n'
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {_LEFT_OUT}\n",
        encoding="utf-8",
    )
    # The copy comes before the package that is installed, which is the original.
    environment = {
        **os.environ,
        "BBQUERY_EXAMPLES": "0.1",
        "BBQUERY_PROFILE": "mutants",
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def cosmic_ray(*words: str) -> str:
        command = [sys.executable, "-m", "cosmic_ray.cli", *words]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{done.stderr}\nmutants: cosmic-ray {words[0]} ended with {done.returncode}")
        return done.stdout

    cosmic_ray("baseline", "mutants.toml")
    cosmic_ray("init", "mutants.toml", "mutants.sqlite")
    filtering = [sys.executable, "-m", "cosmic_ray.tools.filters.operators_filter", "mutants.sqlite", "mutants.toml"]
    subprocess.run(filtering, cwd=copy, env=environment, check=True, capture_output=True)
    _run_with_progress(
        [sys.executable, "-m", "cosmic_ray.cli", "exec", "mutants.toml", "mutants.sqlite"], copy, environment
    )
    results = [json.loads(line) for line in cosmic_ray("dump", "mutants.sqlite").splitlines()]
    results = [(mutation, result) for mutation, result in results if result and result["worker_outcome"] != "skipped"]
    survived = [mutation for mutation, result in results if result["test_outcome"] == "survived"]
    for mutation in survived:
        [each] = mutation["mutations"]
        (line, _), (_, _) = each["start_pos"], each["end_pos"]
        print(f"\n{module}:{line}: {each['operator_name'].removeprefix('core/')}")
        source = (ROOT / module).read_text(encoding="utf-8").splitlines()
        print(f"    {source[line - 1].strip()}")
    print(f"\nmutants of {module}: {len(results)}; {len(results) - len(survived)} noticed, {len(survived)} survived")
    return 0


def _run_with_progress(command: list[str], copy: Path, environment: dict[str, str]) -> None:
    """Run the mutants, and say on standard error how many are done. Ctrl-C ends it, and leaves what is done."""
    running = subprocess.Popen(command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    with contextlib.closing(sqlite3.connect(f"file:{copy / 'mutants.sqlite'}?mode=ro", uri=True)) as store:
        try:
            while running.poll() is None:
                [(done, of)] = store.execute(
                    "SELECT (SELECT count(*) FROM work_results), (SELECT count(*) FROM work_items)"
                )
                print(f"mutants: {done} of {of}", file=sys.stderr, flush=True)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(_PROGRESS_SECONDS)
        except KeyboardInterrupt:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            return
    if running.returncode:
        sys.exit(f"mutants: cosmic-ray exec ended with {running.returncode}")


def _copy_repository(copy: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


if __name__ == "__main__":
    sys.exit(main())
