r"""The standard streams, color and exit statuses of the process.

Data goes to stdout and everything else to stderr. Characters that a stream's encoding cannot hold are written as
`\uXXXX`, which JSON and queries read back. A reader that goes away, a full disk and Ctrl-C are exit statuses, not
tracebacks.
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

EXIT_OK = 0
EXIT_INVALID = 1
"""The exit status for a query, a session or another object that is not valid, or not there."""
EXIT_ERROR = 2
"""The question could not be asked or answered."""
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""As if SIGPIPE had ended the process, which is what it does to other programs."""

MAX_INPUT = 1024 * 1024

color_choice = "auto"
"""The value of `--color`: auto, always or never."""


class CliError(Exception):
    """Ends the command with a message and EXIT_ERROR."""


def run_guarded(run: Callable[[], int]) -> int:
    """Return the exit status of `run`, after everything that it wrote has gone out."""
    global color_choice
    color_choice = "auto"
    try:
        try:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, TextIOWrapper):
                    stream.reconfigure(errors=_CONTROL_CHARACTERS)
            return run()
        finally:
            flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_output(sys.stdout)
        _discard_output(sys.stderr)
        return EXIT_BROKEN_PIPE
    except (CliError, OSError) as error:
        _discard_output(sys.stdout)
        with suppress(OSError):
            _write_stderr(_complaint("error", str(getattr(error, "strerror", None) or error)))
        return EXIT_ERROR


def write(text: str) -> None:
    """Write data to stdout."""
    if sys.stdout is None:  # the caller closed it
        raise _write_error("it is closed")
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _write_error(error.strerror) from None


def write_bytes(data: bytes) -> None:
    """Write data that must stay as it is to stdout: no encoding, no line ends of the system."""
    flush()
    if sys.stdout is None:
        raise _write_error("it is closed")
    try:
        sys.stdout.buffer.write(data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _write_error(error.strerror) from None


def flush() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _write_error(error.strerror) from None


def _write_error(reason: str | None) -> CliError:
    return CliError(f"cannot write to standard output: {reason}")


def print_note(text: str) -> None:
    """Print lines for the reader to stderr, after the data that was written before."""
    flush()
    _write_stderr(escape_control_characters(text))


def print_error(message: str, kind: str = "error") -> None:
    """Print `error: …` or `warning: …` to stderr."""
    flush()
    _write_stderr(_complaint(kind, message))


def _complaint(kind: str, message: str) -> str:
    label = f"{kind}:"
    if has_color(sys.stderr):
        label = f"\x1b[1;{31 if kind == 'error' else 33}m{label}\x1b[0m"
    return f"{label} {escape_control_characters(message)}"


def _write_stderr(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _discard_output(sys.stderr)  # and there is nowhere to say it


def read_bytes(limit: int) -> bytes:
    """Return all of stdin. Raise CliError if it is more than `limit` bytes."""
    if sys.stdin is None:
        raise CliError("standard input is closed")
    try:
        data = sys.stdin.buffer.read(limit + 1)
    except OSError as error:
        raise CliError(f"cannot read standard input: {error.strerror}") from None
    if len(data) > limit:
        raise CliError(f"standard input is larger than {limit:,} bytes")
    return data


def read_input() -> str:
    """Return all of stdin, which is UTF-8 whatever the locale, without white space at its end."""
    return decode_text(read_bytes(MAX_INPUT), "standard input")


def decode_text(data: bytes, source: str) -> str:
    """Return the text of an input. Raise CliError if it is too large or not UTF-8."""
    if len(data) > MAX_INPUT:
        raise CliError(f"{source} is larger than {MAX_INPUT:,} bytes")
    try:
        return data.decode("utf-8-sig").rstrip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise CliError(f"{source} is not UTF-8, at byte {error.start:,}") from None


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def has_color(stream: TextIO | None) -> bool:
    """Return what `--color` says, else NO_COLOR, else FORCE_COLOR, else whether the stream is a terminal that knows
    colors.
    """
    if color_choice != "auto":
        return color_choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


# --- what the streams carry --------------------------------------------------------------------

_CONTROL_CHARACTERS = "bbquery.escape"


def _escape_on_error(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return unicode_escape(error.object[error.start : error.end]), error.end


def unicode_escape(text: str) -> str:
    r"""Return every character as `\uXXXX`, or as two of them."""
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def escape_control_characters(text: str, keep: str = "\n") -> str:
    """Return a text with escapes for the characters by which it could steer the terminal; `keep` stays."""
    if text.isprintable():
        return text
    from unicodedata import category

    steering = ("Cc", "Cf", "Cs", "Zl", "Zp")
    keep += "\u200d"  # emoji are joined by it
    return "".join([unicode_escape(char) if category(char) in steering and char not in keep else char for char in text])


def _discard_output(stream: TextIO | None) -> None:
    """Throw away what is left in the stream's buffer, because its flush at exit would only fail again."""
    if stream is None:
        return
    with suppress(OSError):  # no file is behind it, as in a test
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


codecs.register_error(_CONTROL_CHARACTERS, _escape_on_error)
