"""Text to tree and back: the grammar, the parser, the printer, and what a field may be compared with."""
