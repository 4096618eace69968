"""Check, measure, stringify and flatten `userMetadata`.

Every function is a loop over `_walk_json`, which visits a JSON value in document order. The walk keeps a stack of its
own, so that no nesting is too deep. It reports what JSON cannot hold as one more kind of visit: `check` turns these
into findings, and the other functions into a BuildError.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from itertools import islice

from .errors import BuildError, Diagnostic
from .language.printer import needs_no_escape, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeAlias

    Leaf: TypeAlias = str | int | float | bool | list[Any] | None
    Steps: TypeAlias = list[str | int]

MAX_SIZE = 511
"""The largest `size` that the service takes (docs/service.md#f19)."""

# docs/service.md#f20
_STORABLE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-,;:.()&$%#@!?~")
CONTRADICTED_BY_DOCS = "refused-character"
"""The code of findings on which the service contradicts itself: its validator refuses what its documentation shows
(docs/service.md#f20)."""

# No path in an object of MAX_SIZE is longer. Longer ones are cut, or findings would take quadratic time.
_MAX_PATH, _MAX_STEPS = 4096, 256
_INFINITE = 2**1024 - 2**970  # the first integer that JavaScript rounds to Infinity


def size(obj: object) -> int:
    """Return the length of `JSON.stringify` of a value in UTF-16 code units, as the service counts
    (docs/service.md#f19).

    Raise BuildError, with the JSON path, for a value that is not JSON.
    """
    if _is_same_in_javascript(obj):
        with suppress(RecursionError):  # of a caller that is deep in the stack
            return _count_units(_write_json(obj))
    total = 0
    for kind, steps, value, _ in _walk_json(obj):
        total += len(steps) > 1  # the colon after a key, the comma after a value
        if kind in ("key", "string"):
            total += _count_units(_write_json(value))
        elif kind in ("object", "array"):
            total += 2 - bool(value)  # no comma after the last
        elif kind == "boolean":
            total += len(_to_javascript(value))
        elif kind == "number":
            total += len(_to_javascript(float(value)))
        elif kind in ("null", "not-finite"):
            total += len("null")
        else:
            raise _error(kind, steps, value)
    return total


def check(obj: object) -> list[Diagnostic]:
    """Return what the service would refuse (errors) and what no query would find (warnings), in document order.

    Inside an array, where nothing can be found anyway, only errors are reported.
    """
    if not isinstance(obj, dict):
        return [_to_diagnostic("root-not-object", ["$"], obj)]
    findings = []
    try:
        if (total := size(obj)) > MAX_SIZE:
            message = f"the metadata is {total} characters long as JSON; the service takes at most {MAX_SIZE}"
            hint = f"shorten or leave out keys and values, by {total - MAX_SIZE} characters or more"
            findings.append(Diagnostic("too-large", message, path="$", hint=hint))
    except BuildError:
        pass  # the reason is among the findings below
    for kind, steps, value, in_array in _walk_json(obj):
        if kind in _PROBLEMS:
            findings.append(_to_diagnostic(kind, steps, value))
        if kind == "string" and (at := first_refused_character(value)) is not None:
            findings.append(_refused_character(steps, value, at))
        if not in_array:
            findings += _unfindable(kind, steps, value)
    return findings


def stringify(obj: object) -> dict[str, Any]:
    """Return a copy with numbers and booleans, at any depth, as the strings by which they can be found
    (docs/service.md#f2).

    Floats are spelled as in JavaScript. Integers and `Decimal` keep every digit, and None stays None. Raise BuildError
    for a value that is not JSON.
    """
    if not isinstance(obj, dict):
        raise _error("root-not-object", ["$"], obj)
    copies: list[Any] = []  # of the value and of what is around it, outermost first
    for kind, steps, value, _ in _walk_json(obj):
        if kind == "key":
            continue
        new: Any = value
        if kind in ("object", "array"):
            new = {} if kind == "object" else [None] * len(value)
        elif kind in ("number", "boolean"):
            new = _to_javascript(value)
        elif kind not in ("string", "null"):
            new = _digits(kind, steps, value)
        copies[len(steps) - 1 :] = [new]
        if len(copies) > 1:
            copies[-2][steps[-1]] = new
    return copies[0]  # type: ignore[no-any-return]  # the copy of `obj`, a dict


def flatten(obj: object) -> dict[tuple[str, ...], Leaf]:
    """Return the leaves by their path of keys. An array is a leaf, because no path leads into it."""
    if not isinstance(obj, dict):
        raise _error("root-not-object", ["$"], obj)
    leaves: dict[tuple[str, ...], Leaf] = {}
    for kind, steps, value, in_array in _walk_json(obj):
        if kind in _PROBLEMS and kind != "not-finite":
            raise _error(kind, steps, value)
        if kind not in ("object", "key") and not in_array:
            leaves[tuple(map(str, steps[1:]))] = list(value) if kind == "array" else value
    return leaves


def split_path(text: str) -> list[str]:
    r"""Return the keys of a dotted path such as `order.status`, in which `\.` is a dot in a key."""
    return [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", text)]


def join_path(keys: Iterable[str]) -> str:
    """Return the dotted path of keys: the inverse of `split_path`."""
    return ".".join([key.replace(".", "\\.") for key in keys])


def is_accepted_value(value: str) -> bool:
    """Return whether the service accepts this string as a value (docs/service.md#f20)."""
    return _STORABLE.issuperset(value)


def first_refused_character(value: str) -> int | None:
    """Return the index of the first character that the service refuses in a value, or None (docs/service.md#f20)."""
    return next((at for at, char in enumerate(value) if char not in _STORABLE), None)


# The names of 0.1 before these, kept for one release.
DOUBTFUL = CONTRADICTED_BY_DOCS
is_storable = is_accepted_value
first_unstorable = first_refused_character


# --- walking -----------------------------------------------------------------------------------


def _walk_json(root: object) -> Iterator[tuple[str, Steps, Any, bool]]:
    """Yield every key and value in document order, as (kind, steps from `$` to it, value, whether in an array).

    The list of steps is always the same one, and changes as the walk goes on.
    """
    steps: Steps = []
    ancestors: dict[int, object] = {}  # by identity; the values keep them alive, and their ids their own
    pending: list[tuple[int, str | int, object, bool]] = [(0, "$", root, False)]
    while pending:
        depth, step, given, in_array = pending.pop()
        while len(ancestors) > depth:
            ancestors.popitem()
        steps[depth:] = [step]
        if depth and isinstance(step, str):
            yield "key", steps, step, in_array
        kind, value = _classify(given)
        if id(value) in ancestors:
            yield "cycle", steps, value, in_array
            continue
        yield kind, steps, value, in_array
        if kind == "object":
            odd = [key for key in value if not isinstance(key, str)]
            if odd:
                yield "key-not-string", steps, odd[0], in_array
            # Of two keys that JSON spells alike, JavaScript keeps the last value.
            children: Any = {_join_surrogates(k): inner for k, inner in value.items() if isinstance(k, str)}.items()
        elif kind == "array":
            children = enumerate(value)
        else:
            continue
        ancestors[id(value)] = value
        in_array = in_array or kind == "array"
        pending += [(depth + 1, step, inner, in_array) for step, inner in reversed([*children])]


def _classify(value: Any) -> tuple[str, Any]:
    """Return the JSON kind of a value, and the value without its subclass: an enum's member becomes its value."""
    cls = type(value)  # and not isinstance, which believes what a mock says of itself
    if value is None or cls is bool:
        return "null" if value is None else "boolean", value
    if issubclass(cls, str):
        return "string", str.__str__(value)
    if issubclass(cls, int | float):
        plain = int.__int__(value) if issubclass(cls, int) else float.__float__(value)
        return "number" if abs(plain) < _INFINITE else "not-finite", plain
    if issubclass(cls, dict):
        return "object", value
    return "array" if issubclass(cls, list | tuple) else "not-json", value


def _format_json_path(steps: Steps) -> str:
    """Return a path such as `$.order.items[0]['odd key']`."""
    path = ""
    for count, step in enumerate(islice(reversed(steps), len(steps) - 1)):
        if count == _MAX_STEPS or len(path) > _MAX_PATH:
            return _printable("$…" + path)
        if isinstance(step, int):
            path = f"[{step}]{path}"
            continue
        step = step[:_MAX_PATH] + "…" * (len(step) > _MAX_PATH)
        plain = step.isascii() and step.isidentifier()
        path = (f".{step}" if plain else f"[{quote(step)}]") + path
    return _printable("$" + path)


# --- as JavaScript sees it ---------------------------------------------------------------------


def _join_surrogates(text: str) -> str:
    """Return a text with each pair of surrogates joined to one character, as after `JSON.parse`."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _printable(text: str) -> str:
    r"""Return a text with its lone surrogates as `\udxxx`, and with pairs joined."""
    return _join_surrogates(text).encode("utf-8", "backslashreplace").decode()


# Python's own writer escapes what JavaScript's does, lone surrogates apart.
_write_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def _count_units(written: str) -> int:
    """Return the code units of a JSON text, in which JavaScript escapes lone surrogates."""
    if written.isascii():
        return len(written)
    return len(_join_surrogates(written).encode("utf-16-le", "backslashreplace")) // 2


_LARGEST_SAME_INTEGER = 2**53
_MOST_CONTAINERS = 300  # of what can be stored; more may be a cycle


def _is_same_in_javascript(obj: object) -> bool:
    """Return whether a value is small, JSON, and written by Python as by JavaScript. If not, it may still be JSON."""
    pending = [obj]
    for container in islice(_containers(pending), _MOST_CONTAINERS):
        if type(container) is dict:
            for key in container:
                # Of two keys with surrogates, JavaScript may make one.
                if type(key) is not str or not key.isascii():
                    return False
            values: Iterable[Any] = container.values()
        elif type(container) is list:
            values = container
        else:
            return False
        for value in values:
            kind = type(value)
            if kind is str or kind is bool or value is None:
                continue
            if kind is int:
                if not -_LARGEST_SAME_INTEGER <= value <= _LARGEST_SAME_INTEGER:
                    return False
            else:
                pending.append(value)
    return not pending


def _containers(pending: list[Any]) -> Iterator[Any]:
    while pending:
        yield pending.pop()


def _to_javascript(value: float) -> str:
    """Return JavaScript's spelling of a boolean or a finite float, and every digit of an integer."""
    if isinstance(value, int):
        return str(value).lower()
    # Python and JavaScript agree on the digits. They part on where the exponent form starts, and on -0.
    mantissa, _, exponent = repr(value or 0.0).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    power = int(exponent)
    sign = "-" if value < 0 else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if 0 < power < 21:
        return sign + digits.ljust(power + 1, "0")
    if -7 < power < 0:
        return sign + "0." + "0" * (-power - 1) + digits
    return f"{mantissa}e{power:+d}"


def _digits(kind: str, steps: Steps, value: Any) -> str:
    """Return every digit of a number that JSON does not know: a `Decimal`, or an integer beyond every double."""
    from decimal import Decimal

    number = Decimal(value) if kind == "not-finite" else value
    if kind == "key-not-string" or not isinstance(number, Decimal):
        raise _error(kind, steps, value)
    if not number.is_finite():
        raise _error("not-finite", steps, value)
    if abs(int(number.as_tuple().exponent)) > MAX_SIZE:  # written out, its zeros could fill the memory
        raise _error("too-large", steps, value)
    return Decimal.__format__(number, "f")


# --- saying what is wrong ----------------------------------------------------------------------

_PROBLEMS = {
    "not-finite": ("the number is not a finite one in JavaScript", "leave it out, or write a string"),
    "not-json": ("a value of type {} is not JSON", "write a string"),
    "key-not-string": ("a key is of type {}, but JSON's keys are strings", 'write a string, such as "5"'),
    "too-large": ("the number has more digits than metadata can hold", "write fewer"),
    "root-not-object": ("metadata is an object, not a value of type {}", 'write {"key": "value"}'),
    "cycle": ("the {} contains itself", "write a copy without the cycle"),
}


def _to_diagnostic(kind: str, steps: Steps, value: object) -> Diagnostic:
    message, hint = _PROBLEMS[kind]
    return Diagnostic(kind, message.format(type(value).__name__), path=_format_json_path(steps), hint=hint)


def _error(kind: str, steps: Steps, value: object) -> BuildError:
    finding = _to_diagnostic(kind, steps, value)
    return BuildError(f"{finding.path}: {finding.message}", hint=finding.hint, code=finding.code)


def _refused_character(steps: Steps, value: str, at: int) -> Diagnostic:
    from unicodedata import name

    char = value[at]
    label = "a space" if char == " " else f"{char!r} {name(char, '')}".rstrip()
    message = f"the service refuses this value for its character {at + 1}, U+{ord(char):04X} ({label})"
    safe = "".join(c if c in _STORABLE else "_" for c in value[:60]) + "…" * (len(value) > 60)
    hint = f'use A-Z, a-z, 0-9, _ and -,;:.()&$%#@!?~ but no spaces: write "{safe}"'
    return Diagnostic(CONTRADICTED_BY_DOCS, message, path=_format_json_path(steps), hint=hint)


def _unfindable(kind: str, steps: Steps, value: Any) -> Iterator[Diagnostic]:
    """Yield what keeps a query from finding one key or value."""

    def warning(code: str, message: str, hint: str) -> Diagnostic:
        return Diagnostic(code, message, severity="warning", path=_format_json_path(steps), hint=hint)

    if kind in ("number", "boolean", "null"):
        hint = 'leave it out, or write a string such as "none"'
        if kind != "null":
            hint = f'write "{_to_javascript(value)}", or use bbquery.metadata.stringify'
        yield warning(f"{kind}-value", f"the {kind} cannot be found: queries find strings only", hint)
    elif kind == "array":
        yield warning("array-value", "nothing in an array can be found", 'write an object: {"item": "true"}')
    elif kind == "key" and not value:
        yield warning("empty-key", "whether a query finds an empty key is not documented", "write a name")
    elif kind in ("key", "string") and not needs_no_escape(_printable(value)):  # docs/service.md#f6
        word = "key" if kind == "key" else "value"
        message = f"no single request finds this {word}, as a query cannot quote it"
        hint = "write it without quotes ', backslashes, control characters and lone surrogates"
        yield warning(f"unquotable-{word}", message, hint)
