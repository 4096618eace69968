"""Prometheus and promtool: `python -m support.prometheus` gets them if there are none.

Debian's package is unpacked into the environment of this Python, and not installed: that would start a service. Without
it the tests that need one of the two are skipped, and the last lines of the run name them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

_UNPACKED = Path(sys.prefix) / "prometheus"
_SECONDS = 300


def find_program(name: str) -> str | None:
    """Return the path of `prometheus` or `promtool`."""
    return shutil.which(name) or shutil.which(name, path=str(_UNPACKED / "usr" / "bin"))


def main() -> None:
    if find_program("promtool") and find_program("prometheus"):
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return
    print("There is no Prometheus for the tests of its rules: trying to get it.", flush=True)
    with TemporaryDirectory() as folder:
        # The lists of packages may be missing or old; where only root may renew them, what there is has to do.
        for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "download", "prometheus"]):
            try:
                subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
            except (OSError, subprocess.TimeoutExpired):
                return
        for package in Path(folder).glob("prometheus_*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(_UNPACKED)], check=False, timeout=_SECONDS)


if __name__ == "__main__":
    main()
