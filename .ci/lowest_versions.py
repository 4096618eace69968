"""Print the lowest supported version of each library that bbquery uses, as constraints for pip."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
used = [extra for extra in extras if extra not in ("all", "bench", "dev", "mutants")]
for requirement in sorted({*project["dependencies"], *(each for extra in used for each in extras[extra])}):
    if found := re.match(r"([\w-]+)>=([\d.]+)", requirement):
        print(f"{found[1]}=={found[2]}")
