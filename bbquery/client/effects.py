"""Effects that an operation asks of its runner: send a request, sleep, run other operations concurrently.

An operation is a generator. It yields effects, receives an `EffectResult` for each, and returns its result. Nothing in
this module performs an effect, so the same operations serve threads, async tasks and tests.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from .._text import truncate

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, without the headers that all requests share."""

    method: str
    url: str
    body: bytes | None = None
    idempotent: bool = True
    """True if sending it twice does no harm. Creating a session is not idempotent: each success is a paid browser
    (docs/service.md#f22)."""
    retry_on_timeout: bool = True
    """True to send it again after a response that took too long."""

    def __str__(self) -> str:
        """Return the method and the start of the URL, as errors show them."""
        return truncate(f"{self.method} {self.url}", 1_000)


class Effect(msgspec.Struct, frozen=True):
    """A request from an operation to its runner."""


class SendRequest(Effect, frozen=True):
    """Send the request, and give up `until` seconds after the operation began."""

    request: Request
    until: float


class Sleep(Effect, frozen=True):
    """Wait for this many seconds."""

    seconds: float


class RunAll(Effect, frozen=True):
    """Start these operations, and run them concurrently.

    The operation that yields it must then yield one `NextResult` for each of them, and nothing but `Emit` in between.
    """

    operations: tuple[Operation[Any], ...]
    continue_on_error: bool = True
    """True to start those that are still waiting after one has failed."""


class NextResult(Effect, frozen=True):
    """Wait until one more of the operations of the last `RunAll` ends."""


class Emit(Effect, frozen=True):
    """Hand over a part of the result that no later response can change, for callers that stream."""

    part: Any


class TaskResult(msgspec.Struct, frozen=True):
    """The value that an operation of a `RunAll` returned, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole HTTP response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray


class TransportFailure(msgspec.Struct, frozen=True):
    """Why no whole response came."""

    reason: str
    retryable: bool = True
    """True if another try may succeed."""
    sent: bool = True
    """True if the service may have received the request."""
    timed_out: bool = False
    """True if the response took too long."""
    partial: HttpResponse | None = None
    """What came of the response, if its headers did."""


class EffectResult(msgspec.Struct, frozen=True):
    """The result of an effect."""

    elapsed: float
    """Seconds since the operation began."""
    now: float
    """Seconds since 1970, to read dates in headers."""
    outcome: HttpResponse | TransportFailure | TaskResult | None = None
    took: float = 0.0
    """Seconds that the effect itself took."""
    clock: float = 0.0
    """Seconds on the monotonic clock, which nobody sets back."""


Operation: TypeAlias = Generator[Effect, EffectResult, T]
