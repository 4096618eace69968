"""Read what the environment says about the way to the service: the proxy, and whose certificates are trusted.

httpx reads the same variables, but fails over what it cannot use with errors that do not name them.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from urllib.request import getproxies

from ..errors import BuildError
from .httpx_library import httpx

_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def choose_proxy(base_url: str) -> httpx.Proxy | None:
    """Return the proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, or the system, name for a URL.

    Raise BuildError, which never shows a password, if a variable cannot be used.
    """
    url = httpx.URL(base_url)
    named = getproxies()
    if _is_exempt(url, named.get("no", "")):
        return None
    for scheme in (url.scheme, "all"):
        if named.get(scheme):
            return _read_proxy(_variable(f"{scheme}_proxy"), named[scheme])
    return None


def _variable(name: str) -> str:
    """Return how a variable is spelled here."""
    spelled = [each for each in (name, name.upper()) if os.environ.get(each)]
    return spelled[0] if spelled else "the system's proxy"


def _read_proxy(variable: str, address: str) -> httpx.Proxy:
    address = address.strip()
    scheme, found, rest = address.partition("://")
    if not found:
        scheme, rest = "http", address
    scheme = scheme.lower()
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        raise _unusable(variable, "cannot be read as the address of a proxy")
    if scheme not in _PROXY_SCHEMES:
        raise _unusable(variable, f"names a proxy of the kind {scheme[:20]}, and only http, https and socks5 are known")
    if scheme.startswith("socks5"):
        if find_spec("socksio") is None:
            raise BuildError(
                f"{variable} names a SOCKS proxy, which needs the package socksio",
                hint="pip install 'httpx[socks]', or unset it",
                code="bad-environment",
            )
        scheme = "socks5"  # the proxy looks up the name either way, and not every httpx knows the other spelling
    try:
        proxy = httpx.Proxy(f"{scheme}://{rest}")
        if not re.fullmatch(r"[^\s%]+", proxy.url.host) or not 0 < (proxy.url.port or 1) < 65_536:
            raise ValueError
    except (httpx.InvalidURL, ValueError):  # their messages can hold a part of the password
        raise _unusable(variable, "cannot be read as the address of a proxy") from None
    return proxy


def _unusable(variable: str, problem: str) -> BuildError:
    return BuildError(f"{variable} {problem}", hint="write http://host:port, or unset it", code="bad-environment")


def _is_exempt(url: httpx.URL, no_proxy: str) -> bool:
    """Return whether NO_PROXY lists a URL: by name, by domain, by address, by network, or with `*`."""
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    return any(
        (entry_port is None or entry_port == port) and _matches(url, host)
        for host, entry_port in _exemptions(url, no_proxy)
    )


def _exemptions(url: httpx.URL, no_proxy: str) -> Iterator[tuple[str, int | None]]:
    """Yield the hosts and ports of NO_PROXY, as far as they are about the scheme of a URL."""
    for entry in no_proxy.replace(",", " ").split():
        scheme, found, rest = entry.partition("://")
        if found and scheme.lower() not in ("all", url.scheme):
            continue
        text = (rest if found else entry).rstrip("/").lower()
        # [::1], [::1]:80, host:80, ::1, ::1/128, 10.0.0.0/8
        parts = re.fullmatch(r"\[([^\[\]]+)\](?::(\d{1,5}))?|([^:\[\]]+):(\d{1,5})|([^\[\]]+)", text)
        host = parts and (parts[1] or parts[3] or parts[5])
        if not parts or not host or (":" in host and not _is_address(host.partition("/")[0])):
            raise _bad_exemption(entry)
        port = parts[2] or parts[4]
        yield host, int(port) if port else None


def _matches(url: httpx.URL, host: str) -> bool:
    if host == "*":
        return True
    if "/" in host:
        try:
            network = ip_network(host, strict=False)
        except ValueError:
            raise _bad_exemption(host) from None
        return _is_address(url.host) and ip_address(url.host) in network
    if _is_address(host):
        return _is_address(url.host) and ip_address(url.host) == ip_address(host)
    domain = host.removeprefix("*").removeprefix(".")
    # A name can be written in its own letters or, as it is sent, in ASCII.
    return any(name == domain or name.endswith("." + domain) for name in (url.host, url.raw_host.decode()))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _bad_exemption(entry: str) -> BuildError:
    return BuildError(
        f"{_variable('no_proxy')} holds {entry[:80]!a}, which is neither a host nor a network",
        hint="write for example localhost,.example.com,10.0.0.0/8,[::1]",
        code="bad-environment",
    )


def trusted_certificates() -> ssl.SSLContext:
    """Return what decides whether a server is who it says it is.

    The certificates are those of SSL_CERT_FILE, of SSL_CERT_DIR, or those that come with httpx. Raise BuildError if a
    variable cannot be used.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        return _load_certificates("SSL_CERT_FILE", file)
    if folder:
        if not os.path.isdir(folder):
            raise _bad_certificates("SSL_CERT_DIR", folder, "there is no such folder")
        return _load_certificates("SSL_CERT_DIR", folder, is_folder=True)
    return httpx.create_ssl_context(trust_env=False)


def _load_certificates(variable: str, path: str, *, is_folder: bool = False) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    except ssl.SSLError:
        problem = "there are no certificates in it"
    except OSError as error:
        problem = (error.strerror or "it cannot be read").lower()
    raise _bad_certificates(variable, path, problem)


def _bad_certificates(variable: str, path: str, problem: str) -> BuildError:
    return BuildError(
        f"{variable} names {path[:200]!a}: {problem}",
        hint="name certificates in PEM, or unset it",
        code="bad-environment",
    )
