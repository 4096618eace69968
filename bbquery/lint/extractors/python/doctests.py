"""The examples in a docstring, as the program that doctest runs."""

from __future__ import annotations

import re

from ..assembled_text import ConstantText
from ..embedded_text import EmbeddedText
from ..excerpt import Extraction

_EXAMPLE = re.compile(r"(?m)^(?P<indent>[ \t]*)(?:>>>|\.\.\.)(?: (?P<code>[^\r\n]*)|(?=[\r\n]|\Z))(?:\r\n|\r|\n|\Z)")


def doctest_examples(docstring: ConstantText) -> EmbeddedText | None:
    """Return the code behind the prompts of a docstring, a line each; None if there is none.

    A line `...` goes on with the example above it; one that follows output is none.
    """
    pieces: list[ConstantText] = []
    end = -1
    for line in _EXAMPLE.finditer(docstring.text):
        goes_on = line[0].lstrip(" \t").startswith("...")
        if goes_on and line.start() != end:
            continue
        end = line.end()
        start = line.start("code") if line["code"] is not None else line.end()
        pieces.append(docstring.slice(start, end))
    if not pieces:
        return None
    starts = [at for piece in pieces for at in piece.starts]
    ends = [at for piece in pieces for at in piece.ends]
    return EmbeddedText("".join(piece.text for piece in pieces), starts, ends)


def without_fixes(found: Extraction) -> Extraction:
    """Return what was found in examples without fixes: they would have to change the output below, too."""
    findings = [each.without_fixes() for each in found.findings]
    return found._replace(excerpts=[each._replace(respell=None) for each in found.excerpts], findings=findings)
