"""Hints for values of a type that a query does not take: how to make a string of one.

Types are told by what they can do, so that nothing is imported for a mistake. No value is shown: it may be a secret.
"""

from __future__ import annotations

_LISTS = (list, tuple, set, frozenset)


def string_hint(value: object) -> str | None:
    """Return how to make a string of a value for metadata or a field of strings, or None if nobody knows."""
    if hasattr(type(value), "__members__"):  # an enumeration
        return "give its .value"
    if isinstance(value, bytes | bytearray):
        return "decode it: value.decode()"
    if isinstance(value, _LISTS):
        return "for one of several values use .in_([…]), or ('a' OR 'b') in a text"
    if isinstance(value, dict):
        return 'go one key deeper for each of its keys: meta["a"]["b"], or bbquery.from_dict'
    if hasattr(value, "isoformat"):
        return "store times as strings: value.isoformat()"
    if type(value).__name__ == "UUID" or hasattr(value, "__fspath__"):
        return "write str(value)"
    return None


def text_hint(value: object) -> str | None:
    """Return how to come to the text of a query from a value that is none."""
    if value is None:
        return "where there is no condition, leave the query out"
    if isinstance(value, bytes | bytearray):
        return "decode it: text.decode()"
    if isinstance(value, dict):
        return "bbquery.from_dict makes a query of nested keys and values"
    if isinstance(value, _LISTS):
        return "bbquery.all_of and bbquery.any_of combine queries"
    if hasattr(value, "read_text"):
        return "read the file: path.read_text()"
    if hasattr(value, "read"):
        return "read it: file.read()"
    if hasattr(value, "to_json") and hasattr(value, "matches"):
        return "it is a query already"
    return None
