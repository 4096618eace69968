"""The server on standard input and output, or on a port of the loopback interface."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from pygls.io_ import run_async

from .features import make_server
from .server import server_log

INTERRUPTED = 130
"""The exit status after Ctrl-C, as of every command."""


def serve_stdio() -> int:
    """Serve the client on standard input and output until it says `exit`, or goes away. Return the exit status."""
    server = make_server()
    # A tree of a module has a hundred thousand objects, none of them garbage: looking for some is a tenth of the work.
    gc.set_threshold(50_000, 20, 50)
    # A thread waits for input, and would wait on: nothing else ends it.
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    # The connection has both for itself: what a library prints goes to stderr, and nobody else closes them.
    reading, writing = os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with open(reading, "rb") as source, open(writing, "wb") as sink:
        server.start_io(source, sink)
    return server.status


def serve_tcp(port: int, listening: Callable[[int], None]) -> int:
    """Serve one client on a port of the loopback interface, 0 for a free one. Return the exit status.

    `listening` is called with the port. Raise OSError if it cannot be had.
    """
    server = make_server()

    async def serve() -> None:
        done = asyncio.Event()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            listener.close()  # there is one client
            server.protocol.set_writer(writer)
            try:
                await run_async(threading.Event(), reader, server.protocol, server_log, server.report_server_error)
            finally:
                done.set()

        listener = await asyncio.start_server(connected, "127.0.0.1", port)
        listening(listener.sockets[0].getsockname()[1])
        await done.wait()

    with suppress(SystemExit):
        asyncio.run(serve())
    return server.status
