"""httpx, loaded without its own command line.

httpx imports that wherever click and rich are installed, as they are for ours: half of the time that importing httpx
takes, and 6 MiB, for nothing that is used here. Where httpx was imported before, nothing changes.
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"

_IS_FIRST = "httpx" not in sys.modules
if _IS_FIRST:
    # An import of it now fails, which httpx takes for: it is not installed.
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # as the import system documents
try:
    import httpx as httpx
finally:
    if _IS_FIRST:
        sys.modules.pop(_COMMAND_LINE, None)
