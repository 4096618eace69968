"""Exceptions that come at any time, as they do out of a signal's handler."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupted(BaseException):
    """Comes at any time, as `KeyboardInterrupt` does."""


def is_interrupted(function: Callable[[], object], steps: int) -> bool:
    """Raise in a function after so many lines of Python code, of libraries too, and see that just this comes out.

    Return False if it has no more lines.
    """
    left = steps
    raised = False

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left, raised
        if event == "line" and not raised:
            raised = left == 0
            left -= 1
            if raised:
                raise Interrupted
        return trace

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        function()
    except Interrupted:
        return True
    finally:
        sys.settrace(before)
    assert not raised, "the exception was lost"
    return False
