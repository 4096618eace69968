"""BBQ404 to BBQ406: metadata given as literals to a call that creates a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ... import metadata
from ..._text import Span
from ..extractors.assembled_text import ConstantText
from ..findings import Edit, Finding, Fix
from .assembly import code_finding


class MetadataLiteral(NamedTuple):
    """A value as it stands in the source. `run` is its text if it is a string whose characters can be located."""

    value: object
    span: Span
    in_array: bool = False
    run: ConstantText | None = None


def check_metadata(known: dict[str, Any], leaves: list[MetadataLiteral], span: Span) -> Iterator[Finding]:
    """Yield findings on an object at `span`. `known` is what is certain of it: the service gets at least that."""
    for problem in metadata.check(known):
        if problem.code == "too-large":
            yield code_finding("BBQ406", problem.message, span, problem.hint)
    for leaf in leaves:
        for problem in metadata.check({"value": leaf.value}):
            if problem.code == metadata.CONTRADICTED_BY_DOCS and isinstance(leaf.value, str):
                yield code_finding("BBQ405", problem.message, _refused(leaf.value, leaf), problem.hint)
            elif problem.code in ("number-value", "boolean-value") and not leaf.in_array:
                written = f'"{metadata.stringify({"value": leaf.value})["value"]}"'
                fix = Fix(f"write {written}", Edit(leaf.span, written), safe=False)
                yield code_finding("BBQ404", problem.message, leaf.span, f"write {written}", fix)
            elif problem.code in ("null-value", "array-value") and not leaf.in_array:
                yield code_finding("BBQ404", problem.message, leaf.span, problem.hint)


def _refused(value: str, leaf: MetadataLiteral) -> Span:
    at = metadata.first_refused_character(value)
    if at is None or leaf.run is None:
        return leaf.span
    return Span(leaf.run.starts[at], leaf.run.ends[at])
