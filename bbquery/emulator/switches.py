"""The awkward facts about the service, as switches of the emulator. All are off by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import BuildError

_MAX_COUNT = 10**15
"""More than anyone lists, and within the integers of SQLite."""

_BARE_Q = ("fast", "slow", "504")
_RATES = (
    *("reset_rate", "error_rate", "throttle_rate", "garbage_rate", "odd_rate", "cut_rate", "trickle_rate"),
    *("endless_rate", "surplus_rate", "lost_creation_rate"),
)
_TIMES = (
    *("bare_q_seconds", "lag", "latency", "trickle_seconds", "clock_jump"),
    *("start_delay", "release_delay", "session_timeout"),
)
_COUNTS = ("cap", "max_concurrent", "max_created_per_minute")
# Past this the end of a session has no calendar date.
_MAX_SECONDS = 1e9


@dataclass(frozen=True, kw_only=True)
class Switches:
    """The awkward behavior of an emulator.

    Times are in seconds, rates between 0 and 1. A bad value raises BuildError.
    """

    bare_q: Literal["fast", "slow", "504"] = "fast"
    """The answer to a `q` without `status` (docs/service.md#f9):

    an answer, one after `bare_q_seconds`, or a 504 after them.
    """
    bare_q_seconds: float = 0
    lag: float = 0
    """Seconds for which a fresh session is missing from listings with a `q` (docs/service.md#f10)."""
    ignore_q: bool = False
    """Answer as if `q` were not there (docs/service.md#f11)."""
    cap: int | None = None
    """List this many of the newest only, and do not say so (docs/service.md#f13)."""
    strict_metadata: bool = False
    """Refuse metadata values with characters that the service does not take (docs/service.md#f20);

    keys are not looked at.
    """

    latency: float = 0
    """Seconds that every request waits first."""
    reset_rate: float = 0
    """Rate at which the connection is reset without an answer, before or after the request was carried out."""
    error_rate: float = 0
    """Rate at which the answer is a 500, 502, 503 or 504, and the request is not carried out."""
    throttle_rate: float = 0
    """Rate at which the answer is a 429 with Retry-After, and the request is not carried out."""
    garbage_rate: float = 0
    """Rate at which the answer is a 200 that is not the JSON it should be, and the request is not carried out."""
    odd_rate: float = 0
    """Rate at which a session in an answer is not as documented (docs/service.md#f14): a null, another type, a field
    that is missing or new. Its id, status, project and metadata stay."""
    cut_rate: float = 0
    """Rate at which the request is carried out, and its answer is cut off."""
    trickle_rate: float = 0
    """Rate at which the answer comes in small pieces, for `trickle_seconds`."""
    trickle_seconds: float = 1
    endless_rate: float = 0
    """Rate at which informational answers (103) come without end, and the request is not carried out."""
    surplus_rate: float = 0
    """Rate at which an answer is followed by an empty list that nobody asked for, on the same connection."""
    lost_creation_rate: float = 0
    """Rate at which a session is created, and the answer is a reset or a 502 (docs/service.md#f22)."""
    clock_jump: float = 0
    """Seconds by which the service's clock can be wrong, either way and anew for each request. `Retry-After` is a date
    then."""
    seed: int = 0
    """Faults come in the order that this seed gives."""

    max_concurrent: int | None = None
    """Creating past this many PENDING and RUNNING sessions in a project gets a 429 (docs/service.md#f22)."""
    max_created_per_minute: int | None = None
    """Creating past this many sessions of a project in 60 s gets a 429 with Retry-After (docs/service.md#f22)."""
    start_delay: float = 0
    """From PENDING to RUNNING."""
    release_delay: float = 0
    """From REQUEST_RELEASE to COMPLETED (docs/service.md#f21)."""
    session_timeout: float = 3600
    """From created to TIMED_OUT, where the creator does not say."""

    def __post_init__(self) -> None:
        if self.bare_q not in _BARE_Q:
            raise BuildError(f"bare_q cannot be {self.bare_q!r}", hint=f"write one of {', '.join(_BARE_Q)}")
        for name in _RATES:
            self._number(name, most=1)
        for name in _TIMES:
            self._number(name, most=_MAX_SECONDS)
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and (type(value) is not int or not 0 <= value <= _MAX_COUNT):
                raise BuildError(
                    f"{name} cannot be {value!r:.80}", hint="write a count from 0 to 10¹⁵, or None for no limit"
                )

    def _number(self, name: str, *, most: float) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and 0 <= value <= most):
            raise BuildError(f"{name} cannot be {value!r:.80}", hint=f"write a number from 0 to {most:g}")
