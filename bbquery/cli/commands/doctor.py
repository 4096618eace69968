"""The command `bbquery doctor`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..console import EXIT_INVALID, EXIT_OK, CliError, is_terminal, print_error, print_note
from ..options import Command, ConnectionOptions, connection_options
from ..rendering.json_output import write_json
from ..rendering.tables import Column, spinner, write_table

if TYPE_CHECKING:
    from ...client.settings import ClientSettings
    from ...doctor.examination import Reading
    from ...doctor.facts import Observation


_PRICE = (
    "this creates one session, which is billed a minute at least; two more should be refused, and are billed too if "
    "they are not"
)


@click.command(cls=Command)
@click.option("--create", is_flag=True, help="Create a tagged session too, which costs a minute at least.")
@click.option("--yes", is_flag=True, help="With --create, do not ask first.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, which can be shared.")
@connection_options("--timeout", project="With --create, the session's project; BROWSERBASE_PROJECT_ID unless given.")
def command(connection: ConnectionOptions, create: bool, yes: bool, as_json: bool) -> int:
    """Find out which facts about the service hold for your account.

    What bbquery does rests on facts (docs/service.md), most of them known from documents alone. This asks the service,
    and says of each whether it holds, fails or was not tried, with what was seen. It only reads. With --create it
    creates one session, tagged bbquery_doctor, and releases it. The report holds no id, no key and no metadata.

    Exit status: 0 if nothing fails, 1 if something does, 2 if the service cannot be asked.

    \b
    Examples:
      bbquery doctor
      bbquery doctor --create --json > report.json
    """
    from ...doctor.examination import Reading
    from ...doctor.facts import FACTS, Examination

    with connection.settings() as settings:
        with spinner("asking the service"):
            reading = Reading(settings)
            examination = reading.examine()
        if create:
            observed = _created(settings, reading, asked=yes)
            examination = Examination([*examination.observations, *observed])
    if as_json:
        write_json(examination.to_dict())
    else:
        columns = [
            Column("fact", lambda each: each.fact),
            Column("", lambda each: each.verdict),
            Column("what it says", lambda each: FACTS[each.fact]),
            Column("seen", lambda each: each.seen),
        ]
        write_table(columns, examination.observations)
    if examination.failed:
        print_note(f"{len(examination.failed)} facts do not hold: {' '.join(examination.failed)}; see docs/doctor.md")
    return EXIT_INVALID if examination.failed else EXIT_OK


def _created(settings: ClientSettings, reading: Reading, *, asked: bool) -> list[Observation]:
    """Return what one session shows, once the user has agreed."""
    from ...doctor.creation import Creating

    project = settings.project_id or (reading.projects[0] if len(reading.projects) == 1 else None)
    if project is None:
        raise CliError("the key sees several projects: name one with --project")
    if not asked:
        if not is_terminal(sys.stdin):
            raise CliError("--create costs money: give --yes where nobody can be asked")
        print_error(_PRICE, "warning")
        if not click.confirm("Go on?", err=True):
            return []
    with spinner("creating a session"):
        return [*Creating(settings, project).examine()]
