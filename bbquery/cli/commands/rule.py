"""The command `bbquery rule`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from ..console import EXIT_OK, has_color, write
from ..lint_options import complete_rule
from ..options import Command
from ..rendering.json_output import write_json

if TYPE_CHECKING:
    from ...lint.rule_registry import Rule


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[RULE]...", shell_complete=complete_rule)
@click.option("--all", "everything", is_flag=True, help="Every rule.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an array of rules, each with its page.")
@click.option("--output-format", type=click.Choice(["text", "json"]), help="The same as --json, as ruff has it.")
def command(names: tuple[str, ...], everything: bool, as_json: bool, output_format: str | None) -> int:
    """Explain the rules of `bbquery check`.

    RULE is a code such as BBQ006, the start of some, or a name such as double-quotes.

    \b
    Examples:
      bbquery rule BBQ401
      bbquery rule --all --json
    """
    from ...lint.rule_pages import online_address, rule_page
    from ...lint.rule_registry import RULES, resolve_selector

    if bool(names) == everything:
        raise click.UsageError("name a rule, or --all")
    codes = {code for name in ("ALL",) * everything or names for code in resolve_selector(name)}
    rules = [rule for code, rule in RULES.items() if code in codes]
    if as_json or output_format == "json":
        write_json([_data(rule) for rule in rules])
    else:
        pages = [(_without_markup(rule_page(rule.code)), online_address(rule.code)) for rule in rules]
        write("\n".join([f"{page}\n{address}\n" if address else page for page, address in pages]))
    return EXIT_OK


def _data(rule: Rule) -> dict[str, Any]:
    from ...lint.rule_pages import online_address, rule_page

    return {**rule._asdict(), "page": rule_page(rule.code), "url": online_address(rule.code)}


def _without_markup(page: str) -> str:
    """Return Markdown for a terminal: code is indented, and headings stand for themselves."""
    lines = []
    is_code = False
    for line in page.splitlines():
        if line.startswith("```"):
            is_code = not is_code
        elif is_code:
            lines.append(f"    {line}".rstrip())
        elif heading := re.match(r"#+ (.*)", line):
            lines.append(f"\x1b[1m{heading[1]}\x1b[0m" if has_color(sys.stdout) else heading[1])
        else:
            lines.append(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line))
    return "\n".join(lines) + "\n"
