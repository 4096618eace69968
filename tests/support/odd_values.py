"""Values that builders and evaluators may meet: enumerations, subclasses, zones without an offset."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta, tzinfo
from typing import Any

from bbquery import field, meta

any_field: Any = field  # takes what a type checker would refuse
any_meta: Any = meta
A = meta["a"] == "1"
B = meta["b"] == "2"


class Old(str, enum.Enum):  # noqa: UP042  # people have these
    RED = "red"


class Status(enum.StrEnum):
    RUNNING = "RUNNING"


class Nowhere(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None

    dst = utcoffset

    def tzname(self, when: datetime | None) -> str | None:
        return None
