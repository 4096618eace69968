"""The hosts that are this machine."""

from __future__ import annotations

import pytest

from bbquery._text import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.255.254", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "128.0.0.1", "localhost.example", "127.0.0.1.example", "[::1]", "::2"]
)
def test_another_machine_or_anyone(host: str) -> None:
    assert not is_loopback(host)
