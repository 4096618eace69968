"""Every exception, and `Diagnostic` for findings that are not raised.

    BBQueryError
    ├── QuerySyntaxError (ValueError)         a text that is not a query
    ├── BuildError (ValueError, TypeError)    a value that the language cannot mean
    ├── NotAWireQuery                         a query that the service cannot answer as one request
    ├── NotSqlQuery                           a query that a dialect of SQL cannot say exactly
    ├── ArchiveError                          an archive that is damaged, in use, or of another version
    ├── FullScanRefused                       a query that would list every session, which was forbidden
    ├── WaitTimeout                           too few sessions matched in time; in `client.waiting`
    ├── TransportError                        no response, or not a whole one
    ├── DecodeError                           a response that is not what the API documents
    └── ApiError                              a response with an error status
        ├── BadRequest  AuthenticationError  NotFound  RateLimited  ServerError

An error says what is wrong, where, and what to do. None of them ever holds the API key. Every first parse loads this
module, so it imports nothing heavy.
"""

from __future__ import annotations

from ._text import excerpt, join_with_or, line_and_column, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ._text import Span

    Severity = Literal["error", "warning"]


class Diagnostic:
    """One finding: `message` says what is wrong, and `hint` what to do about it.

    `span` is its place in a query, in code points; `path` is its place in a JSON value (`$.order.items[0]`). Either may
    be None.
    """

    __slots__ = ("code", "hint", "message", "path", "severity", "span")

    def __init__(
        self,
        code: str,
        message: str,
        *,
        severity: Severity = "error",
        span: Span | None = None,
        path: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.severity = severity
        self.span = span
        self.path = path
        self.hint = hint

    def _key(self) -> tuple[object, ...]:
        return (self.code, self.message, self.severity, self.span, self.path, self.hint)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diagnostic):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        where = self.path if self.path is not None else self.span
        return f"Diagnostic({self.code!r}, {self.message!r}, at={where!r})"

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path is not None else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.severity}: {self.message}{hint} [{self.code}]"


class BBQueryError(Exception):
    """The base of every error that bbquery raises on purpose."""


class QuerySyntaxError(BBQueryError, ValueError):
    """A text that is not a query.

    `message` is one line. `span` is the wrong part of `text`, in code points. `line` and `column` count from 1, in code
    points. `expected` says in a user's words what could have stood there, `hint` what to write instead. `code` is a
    stable name for this kind of mistake.
    """

    def __init__(
        self,
        message: str,
        *,
        text: str,
        span: Span,
        code: str,
        expected: tuple[str, ...] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.code = code
        self.expected = expected
        self.hint = hint

    @property
    def line(self) -> int:
        return line_and_column(self.text, self.span.start)[0]

    @property
    def column(self) -> int:
        return line_and_column(self.text, self.span.start)[1]

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in ("text", "span", "code", "expected", "hint")}
        return (_rebuild_syntax_error, (self.message, fields))

    def __str__(self) -> str:
        where = f" (line {self.line}, column {self.column})"
        parts = [printable(self.message) + where, excerpt(self.text, self.span)]
        if self.expected:
            parts.append("expected " + join_with_or(self.expected))
        if self.hint:
            parts.append("hint: " + printable(self.hint))
        return "\n".join(parts)


def _rebuild_syntax_error(message: str, fields: dict[str, object]) -> QuerySyntaxError:
    return QuerySyntaxError(message, **fields)  # type: ignore[arg-type]  # __reduce__ wrote these fields


class BuildError(BBQueryError, ValueError, TypeError):
    """A value, or a combination of values, that the language cannot mean. `hint` says what to write."""

    def __init__(self, message: str, *, hint: str | None = None, code: str = "build") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_build_error, (self.message, self.hint, self.code))


def _rebuild_build_error(message: str, hint: str | None, code: str) -> BuildError:
    return BuildError(message, hint=hint, code=code)


class NotAWireQuery(BBQueryError):
    """A query that the service cannot answer as one request. The message names the part that is too much."""


class NotSqlQuery(BBQueryError):
    """A query that a dialect of SQL cannot say exactly.

    `part` is the predicate that is too much, and `reason` says why. `superset` is an expression that holds for every
    row that matches, and for some that do not: `matches` tells them apart.
    """

    def __init__(self, part: str, dialect: str, reason: str, superset: str) -> None:
        super().__init__(
            f"{part} cannot be said exactly in {dialect}: {reason}; ask for a superset, and check each row with matches"
        )
        self.part = part
        self.dialect = dialect
        self.reason = reason
        self.superset = superset

    def __reduce__(self) -> tuple[object, ...]:
        return (NotSqlQuery, (self.part, self.dialect, self.reason, self.superset))


class ArchiveError(BBQueryError):
    """An archive that cannot be used: damaged, in use by another run, or written by a newer version."""


class FullScanRefused(BBQueryError):
    """A query that only a listing of every session could answer, where the caller forbade that."""


class TransportError(BBQueryError):
    """No response came, or not a whole one: connection, timeout, size limit, refused redirect.

    `late` says that the response took too long, and `sent` that the service may have carried out the request.
    """

    def __init__(self, message: str, *, late: bool = False, sent: bool = True) -> None:
        super().__init__(message)
        self.late = late
        self.sent = sent


class DecodeError(BBQueryError):
    """A response that is not what the API documents. The message ends with the JSON path if there is one.

    `broken` says that it is no JSON: a gateway's page, or cut off.
    """

    def __init__(self, message: str, *, broken: bool = False) -> None:
        super().__init__(message)
        self.broken = broken


class SessionCreatedError(DecodeError):
    """A session was created, so a paid browser is running (docs/service.md#f22), but its answer cannot be read.

    `session_id` is its id, or None if that could not be read either. No part of the answer is in the message: it holds
    the session's secrets.
    """

    def __init__(self, message: str, *, session_id: str | None = None) -> None:
        super().__init__(message)
        self.session_id = session_id


class ApiError(BBQueryError):
    """A response with an error status.

    `status` is the HTTP status (None if no request was sent), `request` the method and URL, `request_id` the service's
    own id for the request if it gave one, `body` the start of the response's text. It holds no control character but
    line feeds, and `request_id` none at all.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request: str | None = None,
        request_id: str | None = None,
        body: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request = request
        self.request_id = request_id
        self.body = body
        self.retry_after = retry_after


class BadRequest(ApiError):
    """400, and the other client errors that have no class of their own."""


class AuthenticationError(ApiError):
    """401 or 403; or no usable API key was given, and then `status` is None."""


class NotFound(ApiError):
    """404."""


class RateLimited(ApiError):
    """429. `retry_after` is in seconds, or None if the service did not say."""


class ServerError(ApiError):
    """5xx."""
