"""Tell a webhook or Slack which limits are exceeded: once for each breach, signed, and tried again.

A breach is a limit that is exceeded in one billing cycle or month, or, with a range that slides such as `24h`, until it
is no longer exceeded. What was told is kept in a file. A signature is that of Standard Webhooks: HMAC-SHA256 over id,
time and body.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from .._text import is_loopback
from .._version import __version__
from ..config import read_settings_file
from ..errors import BuildError, TransportError
from .report import UsageReport, rfc3339
from .thresholds import ExceededThreshold

if TYPE_CHECKING:
    import httpx

SECRET_VARIABLE = "BBQUERY_NOTIFY_SECRET"  # noqa: S105  # the name of the variable, not a secret
TRIES = 4
_SECONDS_TO_WAIT = 10.0
_MOST_KEPT = 5_000
"""Breaches in a file; those of cycles long ago go first."""
_SLACK_HOST = "hooks.slack.com"
_SLACK = "slack:"
"""Before an address that takes messages as Slack does, elsewhere."""


class Target(NamedTuple):
    """An address to tell. It may hold a secret, as Slack's do, so it is in no `repr` and no error."""

    url: httpx.URL
    is_slack: bool

    def __repr__(self) -> str:
        return f"Target({self.name!r})"

    @property
    def name(self) -> str:
        """The part of the address that may be shown."""
        return f"{self.url.scheme}://{self.url.netloc.decode('ascii').rpartition('@')[2]}/…"


class Breach(NamedTuple):
    """A limit that is exceeded, and whether that fails or warns."""

    exceeded: ExceededThreshold
    is_failure: bool

    def to_dict(self) -> dict[str, Any]:
        """Return what is told, for JSON."""
        limit = self.exceeded.limit
        return {
            "severity": "error" if self.is_failure else "warning",
            "message": str(self.exceeded),
            "limit": limit.text,
            "metric": limit.metric,
            "key": limit.key,
            "value": limit.value,
            "amount": float(self.exceeded.amount),
            "most": float(self.exceeded.most),
        }


def parse_target(text: str) -> Target:
    """Return the target of an address: https, or any on this machine. Raise BuildError for another one."""
    import httpx

    is_slack = text.startswith(_SLACK)
    try:
        url = httpx.URL(text.removeprefix(_SLACK))
    except (httpx.InvalidURL, ValueError, TypeError):
        raise _invalid_target("is not an address", "write https://…") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _invalid_target("is not an address", "write https://…")
    if url.scheme != "https" and not is_loopback(url.host):
        raise _invalid_target("is not encrypted", "write https://…; http goes to this machine only")
    return Target(url, is_slack or url.host == _SLACK_HOST)


def read_secret(text: str | None) -> bytes | None:
    """Return the key of a secret.

    Standard Webhooks write it as `whsec_` and base64; other text is taken as it is.
    """
    if not text:
        return None
    if text.startswith("whsec_"):
        try:
            return b64decode(text.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise BuildError(
                f"what follows whsec_ in {SECRET_VARIABLE} is not base64", code="bad-environment"
            ) from None
    return text.encode("utf-8", "surrogatepass")


def message_for(target: Target, report: UsageReport, breaches: Sequence[Breach]) -> bytes:
    """Return the body that tells of breaches: JSON, as Slack has it or with everything that is known."""
    if target.is_slack:
        lines = [_slack_line(each) for each in breaches]
        return json.dumps({"text": "\n".join(["Browser usage", *lines])}).encode()
    body = {
        "type": "usage.limit_exceeded",
        "timestamp": rfc3339(report.now),
        "data": {
            "start": report.start and rfc3339(report.start),
            "end": report.end and rfc3339(report.end),
            "limits": [each.to_dict() for each in breaches],
        },
    }
    return json.dumps(body).encode()


def signed_headers(body: bytes, secret: bytes | None, number: str, seconds: int) -> dict[str, str]:
    """Return the headers of a message. Without a secret there is no signature."""
    headers = {
        "content-type": "application/json",
        "user-agent": f"bbquery/{__version__}",
        "webhook-id": number,
        "webhook-timestamp": str(seconds),
    }
    if secret is not None:
        signature = hmac.new(secret, f"{number}.{seconds}.".encode() + body, sha256).digest()
        headers["webhook-signature"] = f"v1,{b64encode(signature).decode()}"
    return headers


def send_message(
    target: Target, body: bytes, secret: bytes | None, wait: Callable[[float], object] = time.sleep
) -> None:
    """Send a message, and again, with the same id, after a failure that may pass.

    Raise TransportError if it is not taken.
    """
    import httpx

    number = f"msg_{uuid4().hex}"
    problem = ""
    for attempt in range(TRIES):
        if attempt:
            wait(2.0 ** (attempt - 1))
        try:
            # A redirect is not followed: it would hand what was told to somebody else.
            answer = httpx.post(
                target.url,
                content=body,
                headers=signed_headers(body, secret, number, int(time.time())),
                timeout=_SECONDS_TO_WAIT,
                follow_redirects=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            problem = type(error).__name__  # its text may hold the address
            continue
        if answer.is_success:
            return
        problem = f"it answered {answer.status_code}"
        if answer.status_code < 500 and answer.status_code not in (408, 425, 429):
            break
    raise TransportError(f"{target.name} could not be told: {problem}")


# --- what was told already ---------------------------------------------------------------------


class ToldBreaches:
    """The breaches that a target was told of, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told: dict[str, str] = {}
        with suppress(OSError, ValueError, AttributeError, TypeError):  # none yet, or not ours: then all are new
            self._told = {str(name): str(when) for name, when in json.loads(read_settings_file(path))["told"].items()}

    def new(self, target: Target, period: str, breaches: Sequence[Breach]) -> list[Breach]:
        """Return the breaches that a target has not been told of."""
        return [each for each in breaches if _digest(target, period, each) not in self._told]

    def keep(self, target: Target, period: str, breaches: Sequence[Breach], now: str) -> None:
        """Note the breaches that there are, of which a target has now been told. Others of this period are over.

        Raise OSError if the file cannot be written.
        """
        mine = {_digest(target, period, each): now for each in breaches}
        scope = _scope(target, period)
        others = {name: when for name, when in self._told.items() if not name.startswith(scope)}
        told = [*others.items(), *[(name, self._told.get(name, when)) for name, when in mine.items()]]
        self._told = dict(told[-_MOST_KEPT:])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(json.dumps({"told": self._told}, indent=1), "utf-8")
        fresh.replace(self._path)


def default_state_file() -> Path:
    """Return where it is kept what was told, unless somebody says otherwise."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "state") / "bbquery" / "notified.json"


def _scope(target: Target, period: str) -> str:
    # A digest: the address may be a secret, and what was limited a customer's name.
    return sha256(f"{target.url}\0{period}".encode("utf-8", "surrogatepass")).hexdigest()[:16] + "-"


def _digest(target: Target, period: str, breach: Breach) -> str:
    limit = breach.exceeded.limit
    text = json.dumps([*limit.subject, str(breach.exceeded.most), breach.is_failure])
    return _scope(target, period) + sha256(text.encode()).hexdigest()[:24]


def _slack_line(breach: Breach) -> str:
    """Return a line of a message in which Slack sees neither links nor names of people."""
    text = str(breach.exceeded).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{':red_circle:' if breach.is_failure else ':warning:'} {text}"


def _invalid_target(problem: str, hint: str) -> BuildError:
    return BuildError(f"what --notify names {problem}", hint=hint, code="bad-url")
