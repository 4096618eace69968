"""`Finding`: a diagnostic of the linter, with the edits that would fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._text import Span
from ..errors import Diagnostic

if TYPE_CHECKING:
    from ..errors import Severity


class Edit(NamedTuple):
    """A replacement for a range of the text. An empty range is an insertion."""

    span: Span
    text: str


class Fix:
    """Edits that belong together, in the order of the text and apart from one another.

    A safe fix keeps the meaning: the query matches the same sessions as before, or, if it was not a query, is what was
    certainly meant.
    """

    __slots__ = ("edits", "safe", "title")

    def __init__(self, title: str, *edits: Edit, safe: bool) -> None:
        self.title = title
        self.edits = edits
        self.safe = safe

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fix):
            return NotImplemented
        return (self.title, self.edits, self.safe) == (other.title, other.edits, other.safe)

    def __hash__(self) -> int:
        return hash((self.title, self.edits, self.safe))

    def __repr__(self) -> str:
        return f"Fix({self.title!r}, {', '.join(map(repr, self.edits))}, safe={self.safe})"


class Finding(Diagnostic):
    """A `Diagnostic` whose code is that of a rule.

    Its `span`, and those of its fix, are in the text that was checked.
    """

    __slots__ = ("fix",)

    span: Span

    def __init__(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        severity: Severity,
        hint: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        super().__init__(code, message, severity=severity, span=span, hint=hint)
        self.fix = fix

    def _key(self) -> tuple[object, ...]:
        return (*super()._key(), self.fix)
