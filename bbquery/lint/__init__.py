"""The linter: findings on queries, alone or where they stand in source files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..errors import Diagnostic


def check(
    text: str,
    *,
    dialect: Literal["full", "wire"] = "full",
    schema: Mapping[str, Any] | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
) -> list[Diagnostic]:
    """Return what is wrong with the text of a query, or odd about it, in the order of the text. No text makes it raise.

    `dialect="wire"` asks for what the service answers in one request. `schema` is a JSON Schema of the project's
    metadata. `select` and `ignore` name rules: a code, the start of one, a name, or ALL. Raise BuildError for an option
    that cannot be used.
    """
    from ..errors import BuildError
    from ..language.conversion_hints import text_hint
    from .query_linter import QueryLinter
    from .rule_registry import select_rules

    if not isinstance(text, str):
        raise BuildError(f"check takes a str, not {type(text).__name__}", hint=text_hint(text), code="wrong-type")
    return [*QueryLinter(enabled=select_rules(select, ignore), dialect=dialect, schema=schema).check(text)]
