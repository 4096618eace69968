"""Recognize the host names and addresses of this machine."""

from __future__ import annotations


def is_loopback(host: str) -> bool:
    """Return whether a host name or an IP address, without brackets, always leads to this machine."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
