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

    # What Python would otherwise answer by a guess.

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
            raise UnknownField(f"there is no field {name}", hint=hint, code="unknown-field")

    def __dir__(self) -> list[str]:
        return list(SESSION_FIELDS)

    def __repr__(self) -> str:
        return "field"


meta = MetadataField(())
field = SessionFields()
