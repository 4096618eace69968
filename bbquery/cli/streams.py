"""The process around a command: its standard streams and its exit status.

Data goes to stdout and everything else to stderr. What a stream's encoding cannot hold is written as `\\uXXXX`,
which JSON and queries read back. A reader that goes away, a full disk and Ctrl-C are exit statuses, not tracebacks.
"""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from io import TextIOWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

OK = 0
PROBLEM = 1
"""What was asked about is not valid, or is not there."""
FAILURE = 2
"""The question could not be asked or answered."""
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As if SIGPIPE had ended the process, which is what it does to other programs."""

MAX_INPUT = 1024 * 1024

colour = "auto"
"""What `--color` says: auto, always or never."""


class Failure(Exception):
    """Ends the command with a message and FAILURE."""


def guarded(run: Callable[[], int]) -> int:
    """The exit status of `run`, once everything that it wrote has gone out."""
    global colour
    colour = "auto"
    try:
        try:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, TextIOWrapper):
                    stream.reconfigure(errors=_ESCAPED)
            return run()
        finally:
            flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout)
        _silence(sys.stderr)
        return BROKEN_PIPE
    except (Failure, OSError) as error:
        _silence(sys.stdout)
        with suppress(OSError):
            _say(_complaint("error", str(getattr(error, "strerror", None) or error)))
        return FAILURE


def write(text: str) -> None:
    """Data, to stdout."""
    if sys.stdout is None:  # the caller closed it
        raise _cannot_write("it is closed")
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _cannot_write(error.strerror) from None


def write_bytes(data: bytes) -> None:
    """Data that must stay as it is: no encoding, no line ends of the system."""
    flush()
    if sys.stdout is None:
        raise _cannot_write("it is closed")
    try:
        sys.stdout.buffer.write(data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _cannot_write(error.strerror) from None


def flush() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _cannot_write(error.strerror) from None


def _cannot_write(reason: str | None) -> Failure:
    return Failure(f"cannot write to standard output: {reason}")


def note(text: str) -> None:
    """Lines for the reader, to stderr, after the data that was written before."""
    flush()
    _say(harmless(text))


def complain(message: str, kind: str = "error") -> None:
    """`error: …` or `warning: …`, to stderr."""
    flush()
    _say(_complaint(kind, message))


def _complaint(kind: str, message: str) -> str:
    label = f"{kind}:"
    if has_colour(sys.stderr):
        label = f"\x1b[1;{31 if kind == 'error' else 33}m{label}\x1b[0m"
    return f"{label} {harmless(message)}"


def _say(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _silence(sys.stderr)  # and there is nowhere to say it


def read_bytes(limit: int) -> bytes:
    """All of stdin; Failure where it is more than `limit` bytes."""
    if sys.stdin is None:
        raise Failure("standard input is closed")
    try:
        data = sys.stdin.buffer.read(limit + 1)
    except OSError as error:
        raise Failure(f"cannot read standard input: {error.strerror}") from None
    if len(data) > limit:
        raise Failure(f"standard input is larger than {limit:,} bytes")
    return data


def read_input() -> str:
    """All of stdin, which is UTF-8 whatever the locale, without white space at its end."""
    return decoded(read_bytes(MAX_INPUT), "standard input")


def decoded(data: bytes, source: str) -> str:
    """The text of an input; Failure where it is too large or not UTF-8."""
    if len(data) > MAX_INPUT:
        raise Failure(f"{source} is larger than {MAX_INPUT:,} bytes")
    try:
        return data.decode("utf-8-sig").rstrip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise Failure(f"{source} is not UTF-8, at byte {error.start:,}") from None


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def has_colour(stream: TextIO | None) -> bool:
    """What `--color` says, else NO_COLOR, else FORCE_COLOR, else whether it is a terminal that knows colours."""
    if colour != "auto":
        return colour == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


# --- what the streams carry --------------------------------------------------------------------

_ESCAPED = "bbquery.escape"


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return escaped(error.object[error.start : error.end]), error.end


def escaped(text: str) -> str:
    """Every character as `\\uXXXX`, or as two of them."""
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def harmless(text: str, keep: str = "\n") -> str:
    """With escapes for the characters by which a text from elsewhere could steer the terminal; `keep` stays."""
    if text.isprintable():
        return text
    from unicodedata import category

    steering = ("Cc", "Cf", "Cs", "Zl", "Zp")
    keep += "\u200d"  # emoji are joined by it
    return "".join([escaped(char) if category(char) in steering and char not in keep else char for char in text])


def _silence(stream: TextIO | None) -> None:
    """What is left in the stream's buffer goes nowhere, as its flush at exit would only fail again."""
    if stream is None:
        return
    with suppress(OSError):  # no file is behind it, as in a test
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


codecs.register_error(_ESCAPED, _escape)
