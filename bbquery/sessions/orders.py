"""The orders in which sessions are listed, by one of their fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from ..errors import BuildError
from ..semantics.duration import duration_of

SESSION_ORDERS = ("started_at", "duration", "proxy_bytes", "status", "region", "id")
"""The fields by which sessions can be sorted; with a `-` before it, from the largest."""

Listed = TypeVar("Listed")


def read_order(text: str) -> tuple[str, bool]:
    """Return the field of an order, and whether it is from the largest. Raise BuildError for one that is none."""
    name = text.removeprefix("-") if isinstance(text, str) else None
    if name not in SESSION_ORDERS:
        raise BuildError(
            f"sessions are not sorted by {text!r:.80}", hint=f"there are {', '.join(SESSION_ORDERS)}", code="bad-view"
        )
    return name, text.startswith("-")


def in_order(sessions: Sequence[Listed], order: str, now: datetime) -> list[Listed]:
    """Return sessions by an order. Those without a value come last, and equal ones stay as they are."""
    name, is_descending = read_order(order)
    keyed = [(_order_key(session, name, now), session) for session in sessions]
    there = sorted([pair for pair in keyed if pair[0] is not None], key=_first, reverse=is_descending)
    return [session for _, session in [*there, *[pair for pair in keyed if pair[0] is None]]]


def _order_key(session: Any, name: str, now: datetime) -> Any:
    if name == "duration":
        return duration_of(session, now)
    return session.proxy_bytes or 0 if name == "proxy_bytes" else getattr(session, name)


def _first(pair: tuple[Any, object]) -> Any:
    return pair[0]
