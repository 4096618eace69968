"""The pages of the commands, made from their own help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

import click

from bbquery.cli.app import COMMANDS, program


def command_pages() -> dict[str, str]:
    """Return the text of each page by its place on the site."""
    pages = {"commands/README.md": _overview()}
    with program.make_context("bbquery", [], resilient_parsing=True) as context:
        for name in COMMANDS:
            command = program.get_command(context, name)
            assert command is not None, name
            pages[f"commands/{name}.md"] = "\n".join(_page(command, f"bbquery {name}", context, 1))
    return pages


def _overview() -> str:
    with program.make_context("bbquery", [], resilient_parsing=True) as context:
        rows = [f"| [`{name}`]({name}.md) | {_summary(program.get_command(context, name))} |" for name in COMMANDS]
    return "\n".join(
        [
            "# Commands",
            "",
            "Each page is the command's own help. [The command line](../cli.md) says what they have in common.",
            "",
            "| command | what it does |",
            "|---|---|",
            *rows,
            "",
            "```text",
            click.unstyle(_plain(program.epilog or "")),
            "```",
            "",
        ]
    )


def _page(command: click.Command, path: str, parent: click.Context, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent, max_content_width=80)
    yield f"{'#' * level} {path}"
    yield ""
    yield from ["```text", f"{path} {' '.join(command.collect_usage_pieces(context))}", "```", ""]
    for part in (command.help or "").split("\n\n"):
        yield from _part(part)
    rows = [record for record in (each.get_help_record(context) for each in command.get_params(context)) if record]
    yield from ["| option | what it does |", "|---|---|"]
    for names, help_text in rows:
        if help_text:  # what an argument is, the text above says
            yield f"| `{' '.join(names.split())}` | {_escaped(_cell(help_text))} |"
    yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, name
            yield from _page(inner, f"{path} {name}", context, level + 1)


def _part(text: str) -> list[str]:
    """Return a paragraph, or, if its lines are to stay as they are, a block. `\\b` and `\\f` are marks of click's."""
    if text.lstrip().startswith("\b"):
        lines = dedent(_plain(text)).splitlines()
        title = [f"**{lines[0].strip().rstrip(':')}**", ""] if lines and lines[0].endswith(":") else []
        return [*title, "```text", *dedent("\n".join(lines[len(title) // 2 :])).splitlines(), "```", ""]
    return [_escaped(" ".join(text.split())), ""] if text.strip() else []


def _plain(text: str) -> str:
    return re.sub(r"^[ ]*\x08\n?", "", text, flags=re.MULTILINE).strip("\n")


def _summary(command: click.Command | None) -> str:
    assert command is not None
    return _escaped(command.get_short_help_str(limit=120))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Return text in which nothing is markup, apart from what stands in backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join([part if part.startswith("`") else re.sub(r"([*_<\[\]])", r"\\\1", part) for part in parts])
