"""`python -m benchmarks`: runs the cases and prints their rows as one table, in Markdown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import bbquery

if TYPE_CHECKING:
    from .cases import Row, Unit

_HEAD = ["what", "ours", "peer", "ratio", "target", ""]


def main() -> int:
    """0 however the ratios are; 1 where a case could not be measured."""
    from .cases import CASES  # not above: a process that a case starts runs this file too

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", choices=CASES, help=f"one of {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every figure there as well")
    options = parser.parse_args()

    rows: dict[str, list[Row]] = {}
    failed = False
    for name in options.only or CASES:
        print(f"measuring {name} …", file=sys.stderr)
        try:
            rows[name] = list(CASES[name](lambda rounds: max(3, rounds // 5) if options.quick else rounds))
        except (ImportError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            print(f"{name} cannot be measured: {said.strip().splitlines()[-1]}", file=sys.stderr)
            failed = True
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    about = f"{date.today()}, bbquery {bbquery.__version__}, Python {platform.python_version()}, {machine}"
    print(about, "", *_table([row for some in rows.values() for row in some]), sep="\n")
    if options.json:
        data = {"about": about, "rows": [_data(name, row) for name, some in rows.items() for row in some]}
        options.json.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(failed)


def _table(rows: list[Row]) -> list[str]:
    lines = [_HEAD] + [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return [
        "| " + " | ".join([cell.ljust(width) for cell, width in zip(line, widths, strict=True)]) + " |"
        for line in lines
    ]


def _cells(row: Row) -> list[str]:
    peer = "" if row.peer is None else f"{_figure(median(row.peer), row.unit)}, {row.peer_name}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2g}" if row.ratio < 0.1 else f"{row.ratio:.2f}"
    target = "" if row.target is None else f"{row.target:g}"
    return [row.what, _figure(median(row.ours), row.unit), peer, ratio, target, row.verdict]


def _figure(value: float, unit: Unit) -> str:
    scales = {
        "s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")),
        "B": ((1 << 20, "MiB"),),
        "B/s": ((1e6, "MB/s"), (1e3, "kB/s")),
    }[unit]
    scale, name = next((each for each in scales if value >= each[0]), scales[-1])
    return f"{value / scale:,.0f} {name}" if value >= 1_000 * scale else f"{value / scale:.3g} {name}"


def _data(case: str, row: Row) -> dict[str, Any]:
    return {
        "case": case,
        "what": row.what,
        "unit": row.unit,
        "ours": median(row.ours),
        "peer": row.peer and median(row.peer),
        "peer_name": row.peer_name,
        "ratio": row.ratio,
        "target": row.target,
        "verdict": row.verdict,
        "rounds": {"ours": row.ours, "peer": row.peer},
    }


if __name__ == "__main__":
    sys.exit(main())
