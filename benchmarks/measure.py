"""Things to run → seconds or bytes, measured in turn.

What is compared is measured A B A B … in small samples, and the ratio is the median of the ratios pair by pair:
whatever slows the machine for a while slows both halves of a pair.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import repeat
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parent.parent
_SAMPLE = 0.005
"""Seconds that one sample of a quick function lasts."""


def in_turn(runs: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds per call: a list for each run, one figure a round. The garbage collector is on, and begins each empty."""
    counts = [_calls_per_sample(run) for run in runs]
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, count, figures in zip(runs, counts, seconds, strict=True):
            gc.collect()
            figures.append(_seconds(run, count) / count)
    return seconds


def once_in_turn(runs: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """The same for what takes so long that a call is a sample, and has been called before."""
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, figures in zip(runs, seconds, strict=True):
            gc.collect()
            figures.append(_seconds(run, 1))
    return seconds


def _calls_per_sample(run: Callable[[], object]) -> int:
    """Return how many calls fill a sample. Finding out warms up the code."""
    run()
    count = 1
    while True:
        # The quicker of two, or one hiccup would settle it.
        if min(_seconds(run, count), _seconds(run, count)) >= _SAMPLE:
            return count
        count *= 2


def _seconds(run: Callable[[], object], count: int) -> float:
    begun = perf_counter()
    for _ in repeat(None, count):
        run()
    return perf_counter() - begun


def ratio(ours: Sequence[float], peer: Sequence[float]) -> float:
    return median([one / other for one, other in zip(ours, peer, strict=True)])


# --- whole processes ---------------------------------------------------------------------------


def process(*command: str) -> Callable[[], object]:
    """Something that runs a command to its end. CalledProcessError, with what it wrote, where it fails."""
    return lambda: run(*command)


def run(*command: str) -> str:
    """Return what a command writes. It starts at the root of the checkout, without the caller's PYTHON… variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def python(source: str) -> tuple[str, ...]:
    """The command that runs a program with this Python."""
    return (sys.executable, "-c", source)


# ru_maxrss would not do on Linux: a process inherits its parent's there.
_MEMORY = """
def memory(name):
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
    except FileNotFoundError:
        import resource, sys
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""


def peak_memory(before: str, program: str) -> tuple[int, int]:
    """Bytes: the peak of a process that runs `before` and then `program`, and how far `program` raised it."""
    source = f"{_MEMORY}\n{before}\nbase = memory('VmRSS')\n{program}\nprint(memory('VmHWM'), memory('VmHWM') - base)"
    peak, increase = run(*python(source)).split()
    return int(peak), int(increase)
