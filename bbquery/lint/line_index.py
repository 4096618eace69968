"""Offsets to lines and columns. A line ends with LF, CR LF or CR, as everywhere in bbquery."""

from __future__ import annotations

import re
from bisect import bisect_right

_END = re.compile(r"\r\n?|\n")


class Lines:
    """The lines of a text, from 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        if "\r" in text:
            self.starts += [end.end() for end in _END.finditer(text)]
        else:  # three times as fast, and the usual case
            at = text.find("\n") + 1
            while at:
                self.starts.append(at)
                at = text.find("\n", at) + 1

    def number(self, offset: int) -> int:
        """Return the line of an offset."""
        return bisect_right(self.starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both from 1, the column in code points."""
        number = self.number(offset)
        return number, offset - self.starts[number - 1] + 1

    def start(self, number: int) -> int:
        """Return where a line begins; after the last line, where the text ends."""
        return self.starts[number - 1] if number <= len(self.starts) else len(self.text)

    def end(self, number: int) -> int:
        """Return where a line ends, before its line end."""
        end = self.start(number + 1)
        if number < len(self.starts):
            end -= 2 if self.text[end - 2 : end] == "\r\n" else 1
        return end
