"""Find queries in the cells of a Jupyter notebook.

A notebook is JSON, in which the lines of a cell are strings. They are put together, read as Python or as Markdown, and
every place is moved back into the JSON. What is no notebook is read as JSON.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable

from ..._text import Span
from .assembled_text import FragmentReader, constant
from .embedded_text import EmbeddedText
from .excerpt import Extraction
from .text import JSON_ESCAPE, json_meaning

_CELL = re.compile(r'"cell_type"\s*:\s*"(code|markdown)"')
_SOURCE = re.compile(r'"source"\s*+:\s*+(\[\s*+(?:"(?:[^"\\]|\\.)*+"\s*+,?\s*+)*+\]|"(?:[^"\\]|\\.)*+")', re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_IPYTHON_LINE = re.compile(r"(?m)^[ \t]*[%!?].*$")


def extract(source: str, extract_cell: Callable[[str, str], Extraction]) -> Extraction:
    """Return what is found in the cells, which `extract_cell` reads by their language.

    Nothing is called needless in a notebook: a comment of a cell is a part of a string of JSON.
    """
    found = Extraction([], [], [], is_whole=False, constructs=[])
    kinds = [*_CELL.finditer(source)]
    for cell in _SOURCE.finditer(source):
        at = bisect_right(kinds, cell.start(), key=lambda each: each.start())
        # The kind of a cell stands before its source, as Jupyter writes it, or else right behind.
        near = min(kinds[max(0, at - 1) : at + 1], key=lambda each: abs(each.start() - cell.start()), default=None)
        text = _cell_text(source, Span(*cell.span(1)))
        if near is None or near[1] == "code":
            # A line for IPython itself is no Python; blanks keep every place.
            plain = _IPYTHON_LINE.sub(lambda line: re.sub(r"\S", " ", line[0]), text.text)
            text.add_to(found, extract_cell(plain, "python"))
        else:
            text.add_to(found, extract_cell(text.text, "markdown"))
    return found


def _cell_text(source: str, span: Span) -> EmbeddedText:
    builder = FragmentReader(source)
    for line in _STRING.finditer(source, *span):
        builder.resolve(*line.span(1), JSON_ESCAPE, json_meaning)
    run = constant(builder.pieces)
    assert run is not None, "nothing is put in"
    return EmbeddedText(run.text, run.starts, run.ends, lambda text: json.dumps(text, ensure_ascii=False)[1:-1])
