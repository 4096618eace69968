"""Values that a query compares with, where Python has no type of its own for them: `Time`, `Now`, `Duration`, `Size`.

Strings and booleans are Python's own, and numbers are `Decimal`, so that none is ever rounded.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self


set_slot = object.__setattr__
"""Set a slot of an `Immutable`: only its constructor does so."""


class Immutable:
    """An object whose slots are set once, by its constructor.

    `_fields` names the slots that equality, hashing and `repr` see, and `__match_args__` all that the constructor
    takes. Each class writes its constructor out: one that is generated would be invisible to type checkers, which know
    no default beside `__slots__`.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def _field_values(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self._fields])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._field_values() == other._field_values()

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._field_values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._field_values()))})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), tuple([getattr(self, name) for name in self.__match_args__]))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    __match_args__: ClassVar[tuple[str, ...]] = ()


class Time(Immutable):
    """An instant, in nanoseconds since 1970-01-01T00:00:00Z."""

    __slots__ = ("ns",)
    __match_args__ = _fields = ("ns",)
    ns: int

    def __init__(self, ns: int) -> None:
        set_slot(self, "ns", ns)


class Now(Immutable):
    """The instant of the run, plus `offset` seconds."""

    __slots__ = ("offset",)
    __match_args__ = _fields = ("offset",)
    offset: int

    def __init__(self, offset: int = 0) -> None:
        set_slot(self, "offset", offset)


class Duration(Immutable):
    """A length of time, in seconds."""

    __slots__ = ("seconds",)
    __match_args__ = _fields = ("seconds",)
    seconds: int

    def __init__(self, seconds: int) -> None:
        set_slot(self, "seconds", seconds)


class Size(Immutable):
    """An amount of data, in bytes."""

    __slots__ = ("bytes",)
    __match_args__ = _fields = ("bytes",)
    bytes: int

    def __init__(self, bytes: int) -> None:  # noqa: A002  # the unit is the name, here as everywhere
        set_slot(self, "bytes", bytes)
