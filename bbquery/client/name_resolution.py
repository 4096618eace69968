"""Find the addresses of a host within a time.

The system's own look-up cannot be interrupted, so it runs on a thread of its own.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from ipaddress import ip_address

from .._threads import start_thread, wait_for
from .fork_safety import renew_in_children


class Resolver:
    """Looks up the addresses of hosts. Who asks for one that is looked up already waits for the same answer."""

    def __init__(self) -> None:
        self.renew_after_fork()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Future[list[str]]] = {}

    def resolve(self, host: str, within: float) -> list[str]:
        """Return the addresses of a host, without doubles.

        Raise TimeoutError if they are not found within so many seconds, and another OSError if there are none.
        """
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        try:
            return wait_for(self._look_up(host), within)
        except UnicodeError as error:  # a name that no host can have
            raise OSError(str(error)) from None

    def _look_up(self, host: str) -> Future[list[str]]:
        with self._lock:
            running = self._running.get(host)
            if running is None:
                running = self._running[host] = Future()
                start_thread("bbquery-names", self._run, host, running)
            return running

    def _run(self, host: str, found: Future[list[str]]) -> None:
        addresses: list[str] = []
        failure: BaseException | None = None
        try:
            addresses += dict.fromkeys(map(_address, socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))
        except BaseException as error:  # the threads that wait raise it, whatever it is
            failure = error
        with self._lock:
            del self._running[host]
        if failure is None:
            found.set_result(addresses)
        else:
            found.set_exception(failure)


def _address(info: tuple[object, object, object, object, tuple[object, ...]]) -> str:
    address = str(info[4][0])
    scope = info[4][3] if len(info[4]) > 3 else 0
    return f"{address}%{scope}" if scope and "%" not in address else address
