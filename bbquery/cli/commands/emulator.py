"""The command `bbquery emulator`."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import Any

import click

from ...config import read_settings_file
from ...errors import BuildError
from ..console import EXIT_OK, CliError, print_note, write
from ..options import Command
from ..serving import binding, until_interrupted

_SECONDS = {"type": click.FloatRange(min=0), "metavar": "SECONDS"}
_COUNT = {"type": click.IntRange(min=0), "metavar": "N"}
_RATE = {"type": click.FloatRange(0, 1), "metavar": "RATE"}

# One for each of `bbquery.emulator.Switches`, whose defaults hold unless an option is given.
SWITCH_OPTIONS: dict[str, dict[str, Any]] = {
    "bare_q": {"type": click.Choice(["fast", "slow", "504"]), "help": "What a q without a status gets."},
    "bare_q_seconds": {**_SECONDS, "help": "After how long, if it is slow or a 504."},
    "lag": {**_SECONDS, "help": "How long a fresh session is missing from listings with a q."},
    "ignore_q": {"is_flag": True, "help": "Answer as if q were not there."},
    "cap": {**_COUNT, "help": "List this many of the newest only, and do not say so."},
    "strict_metadata": {"is_flag": True, "help": "Refuse metadata characters that the service refuses."},
    "latency": {**_SECONDS, "help": "How long every request waits first."},
    "reset_rate": {**_RATE, "help": "How often, from 0 to 1, the connection is reset."},
    "error_rate": {**_RATE, "help": "How often the answer is a 5xx."},
    "throttle_rate": {**_RATE, "help": "How often the answer is a 429."},
    "garbage_rate": {**_RATE, "help": "How often the answer is a 200 that is not JSON."},
    "odd_rate": {**_RATE, "help": "How often a session in an answer is not as documented."},
    "cut_rate": {**_RATE, "help": "How often an answer is cut off."},
    "trickle_rate": {**_RATE, "help": "How often an answer comes in small pieces."},
    "trickle_seconds": {**_SECONDS, "help": "How long it takes then."},
    "endless_rate": {**_RATE, "help": "How often 103s come without end."},
    "surplus_rate": {**_RATE, "help": "How often an answer is followed by one that nobody asked for."},
    "lost_creation_rate": {**_RATE, "help": "How often a session is created and the answer is lost."},
    "clock_jump": {**_SECONDS, "help": "How wrong the clock can be, either way, anew for each request."},
    "seed": {"type": int, "metavar": "N", "help": "The same seed gives the same sample and the same faults."},
    "max_concurrent": {**_COUNT, "help": "Creating more live sessions than this gets a 429."},
    "max_created_per_minute": {**_COUNT, "help": "Creating more than this in 60 s gets a 429."},
    "start_delay": {**_SECONDS, "help": "From PENDING to RUNNING."},
    "release_delay": {**_SECONDS, "help": "From a release to COMPLETED."},
    "session_timeout": {**_SECONDS, "help": "From created to TIMED_OUT, unless the creator says otherwise."},
}


def _switches(function: Any) -> Any:
    for name, settings in reversed(SWITCH_OPTIONS.items()):
        function = click.option("--" + name.replace("_", "-"), default=None, **settings)(function)
    return function


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="A free one unless given.")
@click.option("--db", default=":memory:", metavar="FILE", help="Keep the sessions in this file, not in memory.")
@click.option("--sample", type=click.IntRange(min=0), default=0, metavar="N", help="Start with N generated sessions.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="Answer requests to this host name too.")
@click.option(
    "--like",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Behave as the account does that this report of `bbquery doctor --json` is of.",
)
@click.option("--key", default="bb_test_emulator", show_default=True, help="The API key that it takes.")
@_switches
def command(
    host: str,
    port: int,
    db: str,
    sample: int,
    allow_host: tuple[str, ...],
    like: str | None,
    key: str,
    seed: int | None,
    **switches: Any,
) -> int:
    """Run a local server that behaves as the service does.

    It runs until Ctrl-C, and prints the line that makes bbquery and the official SDKs talk to it. The options
    from --bare-q on are the ways in which the service can be awkward; all are off unless given.

    \b
    Examples:
      bbquery emulator --sample 200
      bbquery emulator --like report.json
      bbquery emulator --port 8321 --db sessions.db --bare-q 504 --error-rate 0.1
    """
    try:
        from ...emulator import Emulator, Switches, generate
    except ModuleNotFoundError as error:
        raise CliError(str(error)) from None
    given = {name: value for name, value in {**switches, "seed": seed}.items() if value is not None}
    if like is not None:
        given = {**_likeness(like), **given}
    try:
        running = Emulator(
            switches=Switches(**given),
            database=db,
            sessions=generate(sample, seed=seed or 0),
            api_key=key,
            host=host,
            port=port,
            allowed_hosts=allow_host,
        )
    except BuildError as error:
        raise CliError(str(error)) from None
    with until_interrupted(), ExitStack() as stack:
        with binding(host, port):
            stack.enter_context(running)
        print_note(f"the emulator runs at {running.url} with the key {key}; Ctrl-C ends it")
        write(f"export BROWSERBASE_BASE_URL={quote(running.url)} BROWSERBASE_API_KEY={quote(key)}\n")
        print_note(f"its project is {running.project_id}")
        running.serve_forever()
    return EXIT_OK


def _likeness(path: str) -> dict[str, Any]:
    """Return the switches for a report."""
    from ...doctor.facts import Examination
    from ...emulator.likeness import switches_like

    try:
        return switches_like(Examination.from_dict(json.loads(read_settings_file(Path(path)))))
    except OSError as error:
        raise CliError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise CliError(f"{path} is not JSON") from None
