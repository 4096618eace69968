"""Runs that write to an archive, each ended by SIGKILL at a random moment: `python killed_runs.py FOLDER KILLS SEED`.

After each kill the archive must be as it was before the run or as it is after. Every run is a fork of this process,
which itself never uses an engine: threads of DuckDB would not survive a fork. It prints how often it was which.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401  # loaded before the first fork, which then begins at once
import pyarrow.parquet  # noqa: F401
import sqlglot  # noqa: F401

import bbquery
from bbquery.archive import merge, reader, repair, roll_up  # noqa: F401

STATUSES = ("PENDING", "RUNNING", "COMPLETED")

State = dict[str, int]
"""The sessions of an archive, and how far each has come."""


def session(name: str, progress: int) -> dict[str, Any]:
    day = int(name[1:]) % 5 + 1
    created = f"2026-11-{day:02}T12:00:00.000Z"
    updated = f"2026-11-{day:02}T12:0{progress}:00.000Z"
    return {
        "id": name, "createdAt": created, "updatedAt": updated, "startedAt": created, "expiresAt": created,
        "status": STATUSES[progress], "proxyBytes": 0, "keepAlive": False, "region": "us-west-2", "projectId": "p",
    }  # fmt: skip


def read_state(path: Path) -> State:
    """Return what is in the archive, after everything in it was read and looked at."""
    archive = bbquery.Archive(path)
    damage = [each for each in archive.check() if "left over" not in each.message]
    assert not damage, damage
    found = archive.sessions()
    state = {each.id: STATUSES.index(each.status or "") for each in found}
    assert len(state) == len(found)
    return state


def in_fork(work: Callable[[], object], kill_after: float | None = None) -> bytes | None:
    """Do something in a fork, and return what it gave as JSON, or None if it was killed before its end."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiver)
        try:
            os.write(sender, json.dumps(work()).encode())
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
    os.close(sender)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(receiver, "rb") as stream:
        result = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None
    assert os.WEXITSTATUS(status) == 0, "a run or a reader failed"
    return result


def how_long_a_run_lasts(path: Path) -> float:
    began = time.monotonic()
    in_fork(lambda: bbquery.Archive(path).add_sessions([session("s1", 0)]).added)
    return time.monotonic() - began


def main(folder: str, kills: str, seed: str) -> None:
    path = Path(folder)
    chance = random.Random(seed)
    state: State = {}
    counts = {"before": 0, "after": 0, "done": 0}
    longest = how_long_a_run_lasts(path.with_name("unkilled"))
    killed = number = 0
    while killed < int(kills):
        number += 1
        wanted = dict(state)
        if number % 10 == 9:
            run: Callable[[], object] = lambda: bbquery.Archive(path).compact().sessions  # noqa: E731
        else:
            batch = {f"s{chance.randrange(200)}": chance.randrange(3) for _ in range(chance.choice([1, 20, 60]))}
            wanted |= {name: max(progress, state.get(name, 0)) for name, progress in batch.items()}
            sessions = [session(name, progress) for name, progress in batch.items()]
            run = lambda sessions=sessions: bbquery.Archive(path).add_sessions(sessions).added  # type: ignore[misc]  # noqa: E731
        ended = in_fork(run, kill_after=chance.uniform(0, longest))
        # Whatever else the machine does, and however long a run lasts by now, about one of three comes to its end.
        if ended is not None:
            counts["done"] += 1
            longest *= 0.9
        else:
            killed += 1
            longest *= 1.05
        if not (path / "manifest.json").exists():
            assert not state, "an archive that was there is gone"
            counts["before"] += 1
            continue
        found = json.loads(in_fork(lambda: read_state(path)) or b"null")
        assert found in (state, wanted), f"neither before nor after: {found}"
        if wanted != state:
            counts["after" if found == wanted else "before"] += 1
        assert ended is None or found == wanted
        state = found
    in_fork(lambda: bbquery.Archive(path).add_sessions([session("s1", 2)]).added)
    figures = in_fork(lambda: [bbquery.Archive(path).count(), bbquery.Archive(path).usage().total.sessions])
    assert json.loads(figures or b"") == [len(state | {"s1": 2})] * 2
    left = [each.name for each in path.iterdir() if not each.name.startswith("day=")]
    assert sorted(left) == ["lock", "manifest.json"], left
    assert json.loads(in_fork(lambda: [str(each) for each in bbquery.Archive(path).check()]) or b"") == []
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
