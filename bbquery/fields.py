"""`meta` and `field`: fields with Python operators, which give queries.

    meta["order"]["status"] == "shipped"
    field.status.in_(["ERROR", "TIMED_OUT"]) & (field.created_at > "now-7d")

They take only what the language can mean. Anything else is a BuildError that says what to write.
"""

from __future__ import annotations

from ._text import did_you_mean
from .errors import BuildError
from .language import builder, validation
from .language.nodes import Not
from .language.session_fields import SESSION_FIELDS
from .query import Query, within_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime, timedelta
    from decimal import Decimal
    from typing import ClassVar, NoReturn, TypeAlias

    from .language.session_fields import Field

    Comparable: TypeAlias = str | int | float | Decimal | datetime | date | timedelta


class UnknownField(BuildError, AttributeError):
    """A name that is not a session field. It is an AttributeError too, as `getattr` and `hasattr` expect."""

    # An AttributeError pickles the object that lacks the attribute; there is none to keep here.
    __reduce__ = BuildError.__reduce__


class FieldBuilder:
    """A field that can be compared: equality with `==`, ordering with `<` and its like, text by method."""

    __slots__ = ("_field",)
    _field: Field

    def __init__(self, field: Field) -> None:
        self._field = field

    def __repr__(self) -> str:
        if isinstance(self._field, tuple):
            return "meta" + "".join([f"[{key!r}]" for key in self._field])
        return f"field.{self._field.name}"

    def _compare(self, operator: str, value: object) -> Query:
        return within_limits(builder.compare(self._field, operator, value))

    def __eq__(self, value: object) -> Query:  # type: ignore[override]  # a comparison gives a query, not a truth
        return self._compare(":", value)

    def __ne__(self, value: object) -> Query:  # type: ignore[override]  # the same
        return within_limits(Not(builder.compare(self._field, ":", value)))

    __hash__: ClassVar[None]  # type: ignore[assignment]  # what == gives cannot serve a set or a dict

    def __gt__(self, value: Comparable) -> Query:
        return self._compare(">", value)

    def __ge__(self, value: Comparable) -> Query:
        return self._compare(">=", value)

    def __lt__(self, value: Comparable) -> Query:
        return self._compare("<", value)

    def __le__(self, value: Comparable) -> Query:
        return self._compare("<=", value)

    def in_(self, values: Iterable[object]) -> Query:
        """Return the query that the field holds one of several values. Raise BuildError if there are none."""
        return within_limits(builder.one_of(self._field, values))

    def exists(self) -> Query:
        """Return the query that the field is there and not null."""
        return within_limits(builder.exists(self._field))

    def startswith(self, text: str) -> Query:
        """Return the query that the field's string starts with a text."""
        return self._compare("^=", text)

    def endswith(self, text: str) -> Query:
        """Return the query that the field's string ends with a text."""
        return self._compare("$=", text)

    def contains(self, text: str) -> Query:
        """Return the query that the field's string contains a text."""
        return self._compare("*=", text)

    # What Python would otherwise answer by a guess, or by words that help nobody.

    if not TYPE_CHECKING:  # so that a type checker reports unknown names

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):  # how Python asks what an object can do
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            hint = _INSTEAD.get(name) or did_you_mean(name, _METHODS) or self._attribute_hint(name)
            raise UnknownField(f"{self!r} has no attribute {name}", hint=hint, code="unknown-field")

    def _attribute_hint(self, name: str) -> str:
        return f"its methods are {' '.join(_METHODS)}"

    def __and__(self, other: object) -> NoReturn:
        raise _without_parentheses()

    __rand__ = __or__ = __ror__ = __and__

    def __invert__(self) -> NoReturn:
        raise BuildError(
            "a field alone is no condition", hint="write ~field.exists(), or ~(field == value)", code="wrong-type"
        )

    def __bool__(self) -> NoReturn:
        raise BuildError("a field is neither true nor false", hint="compare it, or ask .exists()", code="truth-value")

    def __iter__(self) -> NoReturn:
        raise BuildError("a field cannot be iterated", hint="compare it with ==, in_ or contains", code="wrong-type")

    def __contains__(self, value: object) -> bool:
        raise BuildError("`in` cannot give a query", hint="write .contains(text) or .in_(values)", code="wrong-type")


class MetadataField(FieldBuilder):
    """A path into `user_metadata`. Brackets go one key deeper."""

    __slots__ = ()

    def __getitem__(self, key: str) -> MetadataField:
        assert isinstance(self._field, tuple)
        return MetadataField((*self._field, validation.check_path_key(key)))

    def _attribute_hint(self, name: str) -> str:
        return f"keys stand in brackets: {self!r}[{name!r}]"

    def __call__(self, *_: object) -> NoReturn:
        raise BuildError(
            f"{self!r} cannot be called", hint=f'keys stand in brackets: {self!r}["key"]', code="wrong-type"
        )


_METHODS = ("in_", "exists", "startswith", "endswith", "contains")
_INSTEAD = {
    **dict.fromkeys(("isin", "is_in", "one_of", "any_of"), "write .in_([…])"),
    **dict.fromkeys(("not_in", "notin"), "write ~field.in_([…])"),
    **dict.fromkeys(("is_null", "isnull", "is_none", "isna"), "write ~field.exists()"),
    **dict.fromkeys(("not_null", "notnull", "is_not_null", "is_not_none"), "write .exists()"),
    **dict.fromkeys(
        ("like", "ilike", "matches", "regex", "match", "glob"), "write .startswith, .endswith or .contains"
    ),
    **dict.fromkeys(("eq", "equals"), "write field == value"),
    **dict.fromkeys(("ne", "not_equals"), "write field != value"),
    **dict.fromkeys(("gt", "ge", "gte", "lt", "le", "lte", "after", "before"), "compare it with > >= < or <="),
    **dict.fromkeys(("between", "range"), "write (field >= low) & (field < high)"),
}
"""Names that other libraries have for what is written in another way here."""


def _without_parentheses() -> BuildError:
    return BuildError(
        "& and | combine queries, not fields",
        hint="put comparisons in parentheses: (a == b) & (c == d)",
        code="wrong-type",
    )


class SessionFields:
    """The session's own fields as attributes, such as `field.status` and `field.created_at`."""

    __slots__ = ()

    if TYPE_CHECKING:
        status: FieldBuilder
        region: FieldBuilder
        id: FieldBuilder
        project_id: FieldBuilder
        context_id: FieldBuilder
        keep_alive: FieldBuilder
        created_at: FieldBuilder
        updated_at: FieldBuilder
        started_at: FieldBuilder
        ended_at: FieldBuilder
        expires_at: FieldBuilder
        proxy_bytes: FieldBuilder
        duration: FieldBuilder
    else:

        def __getattr__(self, name: str) -> FieldBuilder:
            if name in SESSION_FIELDS:
                return FieldBuilder(SESSION_FIELDS[name])
            hint = did_you_mean(name, SESSION_FIELDS) or f"the fields are {' '.join(SESSION_FIELDS)}"
            if name in ("user_metadata", "userMetadata", "metadata", "meta"):
                hint = 'metadata is bbquery.meta["key"]'
            raise UnknownField(f"there is no field {name}", hint=hint, code="unknown-field")

    def __getitem__(self, name: object) -> NoReturn:
        known = name if isinstance(name, str) and name in SESSION_FIELDS else None
        hint = f"write field.{known}" if known else 'metadata is bbquery.meta["key"]'
        raise BuildError("a session's own field is an attribute", hint=hint, code="wrong-type")

    def __dir__(self) -> list[str]:
        return list(SESSION_FIELDS)

    def __repr__(self) -> str:
        return "field"


meta = MetadataField(())
field = SessionFields()
