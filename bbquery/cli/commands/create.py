"""The command `bbquery create`."""

from __future__ import annotations

import click

from ...language.session_fields import REGIONS
from ..arguments import read_object
from ..console import EXIT_INVALID, EXIT_OK, print_error
from ..options import Command, ConnectionOptions, connection_options, default_format, output_formats, secrets_option
from ..rendering.session_list import print_problems
from ..rendering.tables import print_session, spinner


def _complete(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    return [region for region in REGIONS if region.startswith(typed)]


@click.command(cls=Command)
@click.argument("source", nargs=-1, metavar="[JSON | FILE | KEY=VALUE...]")
@click.option("--region", metavar="REGION", shell_complete=_complete, help=", ".join(REGIONS))
@click.option("--keep-alive", is_flag=True, help="The session outlives its connections.")
@click.option("--timeout", type=click.IntRange(min=1), metavar="SECONDS", help="When the session ends by itself.")
@click.option(
    "--recoverable", is_flag=True, help="Mark the session in its metadata, and look for it if the answer is lost."
)
@click.option("--stringify", is_flag=True, help="Store numbers and booleans as strings, so that queries find them.")
@output_formats(
    table="Lines of name and value: what a terminal gets.", json="JSON, as the API spells it: what a pipe gets."
)
@secrets_option
@connection_options(project="The session's project; BROWSERBASE_PROJECT_ID unless given.")
def command(
    connection: ConnectionOptions,
    source: tuple[str, ...],
    region: str | None,
    keep_alive: bool,
    timeout: int | None,
    recoverable: bool,
    stringify: bool,
    form: str | None,
    show_secrets: bool,
) -> int:
    """Start a session, with metadata if you give some.

    Give the metadata as `bbquery build` takes it. It is checked first: metadata with an error is not sent, and a
    warning names what no query could find or the service may refuse. A session is a paid browser, so a request that
    fails is not repeated. With --recoverable, a session whose answer was lost is found by its mark, and shown without
    the URLs that only the answer had; if it is not found, the error names the mark.

    \b
    Examples:
      bbquery create client=acme order.status=pending --region us-east-1
      bbquery create '{"attempt": 5}' --stringify --timeout 300
    """
    from ... import metadata
    from ...sessions.records import CreatedSession

    given = read_object(source, stringify=stringify) if source else None
    findings = metadata.check(given) if given is not None else []
    wrong = [
        finding for finding in findings if finding.severity == "error" and finding.code != metadata.CONTRADICTED_BY_DOCS
    ]
    for finding in findings:
        hint = f" ({finding.hint})" if finding.hint else ""
        print_error(
            f"{finding.path}: {finding.message}{hint} [{finding.code}]", "error" if finding in wrong else "warning"
        )
    if wrong:
        return EXIT_INVALID
    with connection.open() as client, spinner("starting a session"):
        session = client.create_session(
            given, region=region, keep_alive=keep_alive or None, timeout=timeout, recoverable=recoverable
        )
    print_problems(session.problems)
    if not isinstance(session, CreatedSession):
        print_error("the answer was lost, and the session was found by its mark: its URLs are not known", "warning")
    print_session(session.to_dict(), default_format(form, "json"), secrets=show_secrets)
    return EXIT_OK
