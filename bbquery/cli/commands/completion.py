"""The command `bbquery completion`."""

from __future__ import annotations

import click

from ..console import EXIT_OK, write
from ..options import Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script for a shell's completion.

    \b
    Examples:
      bbquery completion bash > ~/.local/share/bash-completion/completions/bbquery
      eval "$(bbquery completion zsh)"
      bbquery completion fish > ~/.config/fish/completions/bbquery.fish
    """
    from click.shell_completion import get_completion_class

    from ..app import COMPLETE, program

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the shells of the choice"
    write(kind(program, {}, "bbquery", COMPLETE).source() + "\n")
    return EXIT_OK
