"""`make api`: compare the public names and parameters with those of the latest release, the tag that is nearest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def latest_release() -> str | None:
    """Return the nearest tag before this commit, or None."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def main() -> None:
    tag = latest_release()
    if tag is None:
        print("there is no release yet to compare with")
        return
    sys.exit(
        subprocess.run([sys.executable, "-m", "griffe", "check", "bbquery", "--against", tag], cwd=ROOT).returncode
    )


if __name__ == "__main__":
    main()
