"""Questions about expressions that lead to questions about others.

An expression may stand for others, and each of them for more: without an end to it, eight lines can ask a thousand
million times, or one file ask another that asks it back. What cannot be found out in so many steps is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

_MOST_QUESTIONS = 30
"""Questions in one another."""


class Inquiry:
    """Asks each question once for the question that is asked first. A question that waits for itself has no answer."""

    def __init__(self) -> None:
        self._known: set[Hashable] = set()
        self._asked: set[Hashable] = set()
        self._open = 0

    def ask(self, question: Hashable, find_out: Callable[[], bool]) -> bool:
        """Return whether something is known to be so."""
        if question in self._known:
            return True
        if question in self._asked or self._open == _MOST_QUESTIONS:
            return False
        self._asked.add(question)
        self._open += 1
        try:
            is_so = find_out()
        finally:
            self._open -= 1
            if not self._open:  # a no may be one for want of questions
                self._asked.clear()
        if is_so:
            self._known.add(question)
        return is_so
