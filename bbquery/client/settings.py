"""Settings of a client: timeouts, environment variables, and the checks of base URL and API key."""

from __future__ import annotations

import os
from typing import TypeGuard

import msgspec

from .._text import is_loopback
from ..errors import AuthenticationError, BuildError
from ..planning.urls import BASE_URL, require_base_url
from .httpx_library import httpx

MAX_SECONDS = 1e6
"""The longest timeout: sockets accept little more."""

MAX_RESPONSE_BYTES = 256 * 1024 * 1024


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds to wait for a connection, for the next bytes of a response, and for a whole call with its retries.

    The service itself can take 75 seconds to answer a `q` without a status (docs/service.md#f9).
    """

    connect: float = 5.0
    read: float = 90.0
    total: float = 180.0

    def __post_init__(self) -> None:
        for seconds in (self.connect, self.read, self.total):
            require_timeout(seconds)


def require_timeout(seconds: object) -> None:
    """Raise BuildError for what is no timeout."""
    if not _is_seconds(seconds) or not 0 < seconds <= MAX_SECONDS:
        raise BuildError(
            f"a timeout is a number of seconds, more than 0 and at most {MAX_SECONDS:,.0f}", code="bad-timeout"
        )


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a client. The API key is in no `repr`."""

    base_url: str
    api_key: str
    project_id: str | None
    timeout: Timeout
    retries: int
    concurrency: int
    max_response_bytes: int
    is_local: bool
    """True if the base URL leads to this machine."""

    def __repr__(self) -> str:
        return f"ClientSettings(base_url={self.base_url!r}, …)"

    @classmethod
    def from_environment(
        cls,
        *,
        api_key: str | None,
        base_url: str | None,
        project_id: str | None,
        timeout: Timeout | float | None,
        retries: int,
        concurrency: int,
        max_response_bytes: int,
    ) -> ClientSettings:
        """Return the settings, with values from the environment for those not given (docs/service.md#f27).

        Raise AuthenticationError if there is no usable key, and BuildError for any other unusable setting.
        """
        texts = {"api_key": api_key, "base_url": base_url, "project_id": project_id}
        for name, text in texts.items():
            if text is not None and not isinstance(text, str):
                raise _wrong_kind(name, "a str", text)
        numbers = {"retries": retries, "concurrency": concurrency, "max_response_bytes": max_response_bytes}
        for name, number in numbers.items():
            if type(number) is not int:
                raise _wrong_kind(name, "an int", number)
        if timeout is not None and not isinstance(timeout, Timeout) and not _is_seconds(timeout):
            raise _wrong_kind("timeout", "a number of seconds or a Timeout", timeout)
        url = base_url or os.environ.get("BROWSERBASE_BASE_URL") or BASE_URL
        is_local = validate_base_url(url)
        key = validate_api_key(api_key if api_key is not None else os.environ.get("BROWSERBASE_API_KEY"))
        if isinstance(timeout, int | float):
            timeout = Timeout(total=timeout)
        if retries < 0 or concurrency < 1 or max_response_bytes < 1:
            raise BuildError("retries goes from 0, concurrency and max_response_bytes from 1", code="bad-setting")
        return cls(
            base_url=url.rstrip("/"),
            api_key=key,
            project_id=project_id or os.environ.get("BROWSERBASE_PROJECT_ID") or None,
            timeout=timeout or Timeout(),
            retries=retries,
            concurrency=concurrency,
            max_response_bytes=max_response_bytes,
            is_local=is_local,
        )


def _is_seconds(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong_kind(name: str, wanted: str, value: object) -> BuildError:
    # The type alone: the value may be a key.
    return BuildError(f"{name} is {wanted}, not {type(value).__name__}", code="bad-setting")


def validate_base_url(base_url: str) -> bool:
    """Return whether the URL leads to this machine. Raise BuildError if it is unusable, or not encrypted and remote.

    httpx reads the URL here as well, so that the host that is checked is the host that gets the key.
    """
    require_base_url(base_url)
    try:
        url = httpx.URL(base_url)
        host, port = url.host, url.port
    except (httpx.InvalidURL, ValueError) as error:
        raise BuildError(
            f"the base URL cannot be used: {error}", hint=f"write for example {BASE_URL}", code="bad-url"
        ) from None
    if url.userinfo:
        raise BuildError("a base URL holds no user and password", hint="leave out what stands before @", code="bad-url")
    if port is not None and not 0 < port < 65_536:
        raise BuildError(f"the base URL cannot be used: there is no port {port}", code="bad-url")
    is_local = is_loopback(host)
    if url.scheme != "https" and not is_local:
        raise BuildError(
            f"the key would travel in the clear to {host}",
            hint="use https; http is for this machine only",
            code="bad-url",
        )
    return is_local


def validate_api_key(key: str | None) -> str:
    """Return a key that a header can carry. Raise AuthenticationError, which never shows it, if there is none."""
    if not key:
        raise AuthenticationError(
            "no API key: set BROWSERBASE_API_KEY or pass api_key; keys are in the settings of the Browserbase dashboard"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationError(
            "the API key holds a space, a line end or another character that no key has: copy it again"
        )
    return key
