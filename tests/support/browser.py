"""The Chromium that tests drive: `python -m support.browser` gets one if there is none.

Without one the tests of pages are skipped, and the last lines of the run name them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 600


def find_chromium() -> str | None:
    """Return the path of a Chromium: the system's, or the one that Playwright keeps."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or _playwright_chromium()


def _playwright_chromium() -> str | None:
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or {
        "darwin": "~/Library/Caches/ms-playwright",
        "win32": "~/AppData/Local/ms-playwright",
    }.get(sys.platform, "~/.cache/ms-playwright")
    patterns = (
        "chromium-*/chrome-linux*/chrome",
        "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
        "chromium-*/*/chrome.exe",
    )
    folder = Path(cache).expanduser()
    return next((str(path) for pattern in patterns for path in sorted(folder.glob(pattern))), None)


def _ways_to_install() -> list[list[str]]:
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get"):
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        update, install = [*as_root, "apt-get", "-qq", "update"], [*as_root, "apt-get", "-qq", "install"]
        ways += [update, [*install, "--yes", "--no-install-recommends", "chromium"]]
    return ways


def main() -> None:
    if find_chromium():
        return
    print("There is no Chromium for the tests of the dashboard's page: trying to get one.", flush=True)
    for command in _ways_to_install():
        try:
            subprocess.run(
                command,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if find_chromium():
            return
    print("None can be had: those tests are skipped.", flush=True)


if __name__ == "__main__":
    main()
