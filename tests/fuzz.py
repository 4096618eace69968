"""Run every property with new random examples: `make fuzz`, or `make fuzz SECONDS=600`.

A property that fails is printed with its example as a line that can be pasted above the test. Each round takes more
examples than the one before. The exit code is 1 if a property failed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from support.paths import ROOT

_LARGEST_FACTOR = 4
"""A larger one would let single properties run long after the time is over."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long to go on; 60 unless given")
    parser.add_argument(
        "--rounds", type=int, default=sys.maxsize, help="end after so many; when the time is over unless given"
    )
    parser.add_argument("paths", nargs="*", default=["tests"], help="test files or folders; all of them unless given")
    options = parser.parse_args()
    began = time.time()
    results: dict[str, int] = {}
    failed: list[str] = []
    rounds, factor, code = 0, 1, 0
    try:
        while rounds < options.rounds and time.time() < began + options.seconds:
            lines = _run_round(options.paths, began + options.seconds, factor, failed)
            rounds += 1
            for line in lines:
                results[line["test"]] = results.get(line["test"], 0) + line["examples"]
                if not line["passed"]:
                    failed.append(line["test"])
                    _print_failure(line["test"], line["error"])
            if not lines:
                break
            factor = min(factor * 2, _LARGEST_FACTOR)
    except KeyboardInterrupt:
        code = 130
    print(
        f"fuzz: {len(results)} properties, {rounds} rounds, {sum(results.values()):,} examples, "
        f"{len(failed)} failures in {time.time() - began:.0f} s"
    )
    return code or bool(failed)


def _run_round(paths: list[str], until: float, factor: int, failed: list[str]) -> list[dict[str, Any]]:
    """Return a record for each property that was run. Exit with pytest's output if pytest itself went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.jsonl")
        log.touch()
        added = {
            "PYTHONPATH": str(ROOT / "tests"),
            "BBQUERY_EXAMPLES": str(factor),
            "BBQUERY_FUZZ_UNTIL": str(until),
            "BBQUERY_FUZZ_SEED": secrets.token_hex(4),
            "BBQUERY_FUZZ_LOG": str(log),
            "BBQUERY_FUZZ_SKIPPED": json.dumps(failed),
        }
        command = [sys.executable, "-m", "pytest", "-p", "support.fuzz_plugin", "-p", "no:cacheprovider", "-q"]
        command += ["-n", str(os.cpu_count() or 1), "--timeout", "0", *paths]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **added}, capture_output=True, text=True)
        if done.returncode not in (0, 1, 5):  # passed, failed, nothing to run
            sys.exit(f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}\nfuzz: pytest ended with {done.returncode}")
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


_MARGIN = re.compile(r"^(?:E {0,3}| *\| ?)", re.MULTILINE)
"""Before the lines of an error, and of each error in a group."""

_EXAMPLE = re.compile(r"^ *(?:Failing test case|Falsifying example): (\w+\($.*?^ *\))", re.DOTALL | re.MULTILINE)
_SAID = re.compile(
    r"^ *((?:\w+\.)*[A-Z]\w+: .*|\w+(?:\.\w+)*(?:Error|Exception|Failed)\b.*|Draw \d+.*|.*@reproduce_failure\(.*?\))",
    re.MULTILINE,
)


def _print_failure(test: str, error: str) -> None:
    text = _MARGIN.sub("", error)
    calls = _EXAMPLE.findall(text)
    lines = [*(pasteable(call) for call in calls), *(line[:300] for line in _SAID.findall(text))]
    print(f"\n{test}", *lines, sep="\n  ", flush=True)


def pasteable(call: str) -> str:
    """Return the call of a test, as Hypothesis prints it, as an `@example`, or as it is if it cannot be read back."""
    without_fixtures = re.sub(r"(?m)^ *\w+=<.*>,\n", "", call)
    try:
        read = ast.parse(without_fixtures, mode="eval").body
    except SyntaxError:
        return call
    if not isinstance(read, ast.Call) or "data=data(...)" in call:
        return call
    return f"@example({', '.join(ast.unparse(each) for each in (*read.args, *read.keywords))})"


if __name__ == "__main__":
    sys.exit(main())
