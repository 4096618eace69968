"""A PostgreSQL server of its own, on a socket in a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_PLACES = [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]


def find_postgres() -> str | None:
    """Return the folder of the server's programs, or None if it is not installed."""
    initdb = shutil.which("initdb", path=os.pathsep.join(_PLACES))
    return initdb and str(Path(initdb).resolve().parent)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the connection string of a server that is empty."""
    programs = find_postgres()
    assert programs, "PostgreSQL is installed"
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    with TemporaryDirectory(prefix="bbquery-pg-", dir="/tmp") as folder:  # sockets have short names
        data = Path(folder, "data")
        if user:
            shutil.chown(folder, user)
        _run([f"{programs}/initdb", "-D", str(data), "-U", "bbquery", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
        _run([f"{programs}/pg_ctl", "-D", str(data), "-o", options, "-w", "-l", f"{folder}/log", "start"], user)
        try:
            yield f"host={folder} user=bbquery dbname=postgres"
        finally:
            _run([f"{programs}/pg_ctl", "-D", str(data), "-m", "immediate", "stop"], user)


def _run(command: list[str], user: str | None) -> None:
    subprocess.run(
        command, check=True, user=user, stdout=subprocess.DEVNULL, cwd="/", env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
