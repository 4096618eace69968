"""Generated sessions, as a small company might have had them: clients, tasks, office hours, failures.

The same seed and the same `now` give the same sessions. Metadata keeps to what the service stores (docs/service.md#f19,
#f20).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil
from random import Random
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from ..errors import BuildError
from ..language.session_fields import REGIONS
from .store import timestamp

Choice = TypeVar("Choice")

PROJECT = "3d1e5c1a-6a4e-4b0e-9d3f-0c7a4be5f0a1"
"""The project of the sessions, and the one that an emulator has by itself."""


class _Task(NamedTuple):
    weight: int
    median_seconds: float
    error_rate: float
    proxied: float
    """The share of its sessions that use a proxy."""


# Name and share of the sessions, in percent; the first is a quarter of them.
_SAMPLE_CLIENTS = {"acme": 25, "globex": 19, "initech": 16, "umbrella": 13, "hooli": 11, "vandelay": 9, "wonka": 7}
_TASKS = {
    "checkout": _Task(22, 95, 0.05, 0.7),
    "price_watch": _Task(26, 40, 0.02, 0.9),
    "login_check": _Task(18, 18, 0.03, 0.1),
    "invoice_download": _Task(14, 160, 0.06, 0.3),
    "form_fill": _Task(11, 260, 0.09, 0.4),
    "e2e_test": _Task(9, 420, 0.12, 0.0),
}
_ENVIRONMENTS = {"prod": 70, "staging": 20, "dev": 10}
_ORDER_STATUSES = {"shipped": 45, "pending": 25, "paid": 20, "cancelled": 10}
_SUITES = ("smoke", "cart", "signup")
_TIMEOUTS = {300: 10, 900: 50, 3600: 40}
_UNTAGGED = 0.06
_STUCK = 0.02
"""The share of sessions that hang until they time out."""


def generate(
    count: int,
    *,
    seed: int = 0,
    now: float | datetime | None = None,
    days: float = 30,
    project_id: str = PROJECT,
) -> Iterator[dict[str, Any]]:
    """Return `count` sessions of the `days` before `now` (seconds since 1970, or a datetime), newest first.

    About one in a hundred has not ended, and at least one of ten or more.
    """
    if count < 0 or days <= 0:
        raise BuildError(f"cannot spread {count} sessions over {days} days", hint="write a count and days above 0")
    moment = time.time() if now is None else now.timestamp() if isinstance(now, datetime) else now
    return _sessions(Random(seed), count, moment, days, project_id)  # noqa: S311  # must be reproducible


def _sessions(random: Random, count: int, now: float, days: float, project: str) -> Iterator[dict[str, Any]]:
    live = max(count // 100, count >= 10)
    recent = min(300.0, days * 86_400)
    moments = [(now - random.uniform(2, recent), True) for _ in range(live)]
    moments += [(at, False) for at in _office_hours(random, count - live, now, days)]
    clients = _Clients(random)
    for created, is_live in sorted(moments, reverse=True):
        yield _session(random, clients, created, now, live=is_live) | {"projectId": project}


def _office_hours(random: Random, count: int, now: float, days: float) -> list[float]:
    """Return moments of the days before `now`: most in working hours, few at night, somewhat more every week."""
    span = days * 86_400
    hours = range(ceil(span / 3600))  # back from now
    weights = []
    for back in hours:
        moment = datetime.fromtimestamp(now - 3600 * back, UTC)
        busy = 10 if 8 <= moment.hour < 18 else 3 if 6 <= moment.hour < 22 else 1
        weekend = 0.25 if moment.weekday() >= 5 else 1
        weights.append(busy * weekend * (1.3 - 0.3 * back / len(hours)))
    ages = [3600 * back + random.uniform(5, 3600) for back in random.choices(hours, weights, k=count)]
    return [now - min(age, span) for age in ages]


class _Clients:
    """The properties of a client: where it runs, and the context that it comes back to."""

    def __init__(self, random: Random) -> None:
        self.region = {client: random.choice(REGIONS) for client in _SAMPLE_CLIENTS}
        self.context = {client: _uuid(random) for client in _SAMPLE_CLIENTS}


def _session(random: Random, clients: _Clients, created: float, now: float, *, live: bool) -> dict[str, Any]:
    client, name = _pick(random, _SAMPLE_CLIENTS), _pick(random, {name: task.weight for name, task in _TASKS.items()})
    task = _TASKS[name]
    timeout = 3600 if live else _pick(random, _TIMEOUTS)
    started = created + random.uniform(0.3, 1.8)
    expires = created + timeout

    lasts = max(2.0, random.lognormvariate(0, 0.8) * task.median_seconds)
    failed = random.random() < task.error_rate
    ended = started + (lasts * random.uniform(0.1, 0.9) if failed else lasts)
    status = "ERROR" if failed else "COMPLETED"
    if ended >= expires or random.random() < _STUCK:
        ended, status = expires, "TIMED_OUT"
    if live or ended > now:
        ended, status = now, "PENDING" if random.random() < 0.1 else "RUNNING"
    final = status not in ("PENDING", "RUNNING")

    proxied = random.random() < task.proxied
    session: dict[str, Any] = {
        "id": _uuid(random),
        "createdAt": timestamp(created),
        "updatedAt": timestamp(ended if final else started),
        "startedAt": timestamp(started),
        "expiresAt": timestamp(expires),
        "status": status,
        "proxyBytes": int((ended - started) * random.lognormvariate(0, 0.7) * 60_000) if proxied else 0,
        "keepAlive": random.random() < 0.1,
        "region": clients.region[client] if random.random() < 0.8 else random.choice(REGIONS),
        "contextId": clients.context[client] if random.random() < 0.2 else None,
    }
    if final:
        session["endedAt"] = timestamp(ended)
        session["avgCpuUsage"] = random.randint(3, 80)
        session["memoryUsage"] = random.randint(180, 1500)
    if random.random() >= _UNTAGGED:
        session["userMetadata"] = _sample_metadata(random, client, name)
    elif random.random() < 0.5:
        session["userMetadata"] = None
    return session


def _sample_metadata(random: Random, client: str, task: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "client": client,
        "task": task,
        "env": _pick(random, _ENVIRONMENTS),
        "attempt": str(_pick(random, {1: 85, 2: 11, 3: 4})),
    }
    if task in ("checkout", "invoice_download"):
        number = f"{client[0].upper()}-{random.randint(1000, 9999)}"
        metadata["order"] = {"status": _pick(random, _ORDER_STATUSES), "number": number}
    elif task == "e2e_test":
        suite = random.choice(_SUITES)
        metadata["test"] = {"suite": suite, "id": f"{suite}_{random.randint(1, 40):02}"}
    if random.random() < 0.3:
        metadata["team"] = random.choice(("growth", "ops", "qa"))
    return metadata


def _pick(random: Random, weights: dict[Choice, int]) -> Choice:
    return random.choices(list(weights), list(weights.values()))[0]


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
