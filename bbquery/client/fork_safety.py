"""Renew in a forked child what must not be shared with its parent: connections and locks.

A connection that both use gives the answer of one to the other, and a lock that a thread of the parent holds is never
released in the child (gunicorn, Celery and multiprocessing fork).
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Something with connections or locks of its own."""

    def renew_after_fork(self) -> None:
        """Replace them, without touching the old ones: the parent still uses those."""


_renewables: WeakSet[Renewable] = WeakSet()


def renew_in_children(each: Renewable) -> None:
    """Call `renew_after_fork` of an object in every child that is forked as long as it is there."""
    _renewables.add(each)


def _renew_all() -> None:
    for each in list(_renewables):
        each.renew_after_fork()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_renew_all)
