"""Find the addresses of a host within a time.

The system's own look-up cannot be interrupted, so it runs on a thread of its own.
"""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address

from .._threads import ThreadCall, start_thread
from .fork_safety import renew_in_children


class Resolver:
    """Looks up the addresses of hosts. Who asks for one that is looked up already waits for the same answer."""

    def __init__(self) -> None:
        self.renew_after_fork()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, ThreadCall[list[str]]] = {}

    def resolve(self, host: str, within: float) -> list[str]:
        """Return the addresses of a host, without doubles.

        Raise TimeoutError if they are not found within so many seconds, and another OSError if there are none.
        """
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        try:
            return self._look_up(host).result(within)
        except UnicodeError as error:  # a name that no host can have
            raise OSError(str(error)) from None

    def _look_up(self, host: str) -> ThreadCall[list[str]]:
        with self._lock:
            running = self._running.get(host)
            if running is not None:
                return running
            asked = self._running[host] = ThreadCall(lambda: self._find(host))
        started = False
        try:
            started = start_thread("bbquery-names", asked.make)
        finally:
            if not started:  # the system has no more threads, or a signal's handler raised something
                asked.make()
        return asked

    def _find(self, host: str) -> list[str]:
        try:
            return list(dict.fromkeys(map(_address, socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))))
        finally:
            with self._lock:
                del self._running[host]


def _address(info: tuple[object, object, object, object, tuple[object, ...]]) -> str:
    address = str(info[4][0])
    scope = info[4][3] if len(info[4]) > 3 else 0
    return f"{address}%{scope}" if scope and "%" not in address else address
