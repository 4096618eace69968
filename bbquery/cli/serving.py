"""Addresses that cannot be used, SIGTERM and Ctrl-C, for the commands that serve."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EADDRINUSE

from .console import CliError


@contextmanager
def until_interrupted() -> Iterator[None]:
    """End cleanly on Ctrl-C, and on SIGTERM too, which is what ends a service elsewhere."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def binding(host: str, port: int, free_port: str | None = None) -> Iterator[None]:
    """Turn an OSError into a CliError that names the address; `free_port` is the option that takes a free one."""
    try:
        yield
    except OSError as error:
        hint = f"; {free_port} takes a free one" if free_port and error.errno == EADDRINUSE else ""
        raise CliError(f"cannot listen on {host} port {port}: {error.strerror or error}{hint}") from None
