"""Both clients behind one face, and a server that answers with whatever bytes a test gives it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.clients import FINAL, Blocking, session
from support.raw_server import KEY, RawServer

import bbquery
from bbquery.emulator import Emulator

# --- a server of raw bytes ---------------------------------------------------------------------


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """A server whose `script` the test writes."""
    with RawServer() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 and localhost that signs itself, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command = ["openssl", *make.split(), *names, "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with path.open("a") as file:
        file.write(Path(f"{path}.crt").read_text())
    return path


# --- both clients ------------------------------------------------------------------------------


@pytest.fixture(params=["Client", "AsyncClient"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Blocking]]:
    """Makes a client, each kind in its turn, of a server and the clients' own options; the test's end closes it."""
    for name in ("BROWSERBASE_API_KEY", "BROWSERBASE_PROJECT_ID", "BROWSERBASE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as opened:

        def make(server: Any = None, **options: Any) -> Blocking:
            if server is not None:
                options = {"api_key": getattr(server, "api_key", KEY), "base_url": server.url, **options}
            client = Blocking(getattr(bbquery, request.param), **options)
            opened.callback(client.shut)
            return client

        yield make


@pytest.fixture
def emulator(bbquery_emulator: Emulator) -> Emulator:
    """An emulator with a session in each status for each of two clients."""
    statuses = ("PENDING", "RUNNING", *FINAL)
    bbquery_emulator.add([session(f"{client}-{s}", s, client) for client in ("acme", "globex") for s in statuses])
    return bbquery_emulator
