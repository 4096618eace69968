"""`Finding`: a diagnostic of the linter, with the edits that would fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._text import Span
from ..errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable

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

    Its `span`, and those of its fixes, are in the text that was checked. `fix` is what `--fix` or `--unsafe-fixes`
    applies. Where several things may have been meant, there is none, and `choices` are the fixes for a person to choose
    from, the likeliest first.
    """

    __slots__ = ("choices", "fix")

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
        choices: tuple[Fix, ...] = (),
    ) -> None:
        super().__init__(code, message, severity=severity, span=span, hint=hint)
        self.fix = fix
        self.choices = choices

    def _key(self) -> tuple[object, ...]:
        return (*super()._key(), self.fix, self.choices)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """The fix, or the choices where there is none."""
        return self.choices if self.fix is None else (self.fix,)

    def moved(self, span: Span, move: Callable[[Fix], Fix | None]) -> Finding:
        """Return the finding at another span, with each fix as `move` makes it; it may leave one out."""
        fix = None if self.fix is None else move(self.fix)
        choices = tuple([moved for each in self.choices if (moved := move(each)) is not None])
        severity, hint = self.severity, self.hint
        return Finding(self.code, self.message, span, severity=severity, hint=hint, fix=fix, choices=choices)

    def without_fixes(self) -> Finding:
        """Return the finding without its fixes."""
        return Finding(self.code, self.message, self.span, severity=self.severity, hint=self.hint)
