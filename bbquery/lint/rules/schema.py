"""BBQ301 to BBQ303: a query against the JSON Schema of a project's metadata.

A path is followed through the schema as far as that is certain, and no further: if a schema leaves open what a key may
be or hold, nothing is said. Values are checked by the `jsonschema` library, which is loaded only here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..._text import Span, suggest
from ...errors import BuildError
from ...language.nodes import EQUALITIES, Equal, Node
from ...language.printer import quote
from ...language.session_fields import SessionField
from ..query_document import PredicateTokens, QueryDocument, RuleResult, preview_text
from ..query_tokens import Token
from .service import misspelled

_DEEPEST = 50
"""References that are followed one after another: more of them are a circle, or as good as one."""

_MAX_LISTED = 2_000
"""Schemas that are looked at for one key or value: a circle with branches would have no end. Beyond, all is open."""

# Keywords that can name a key where `properties` does not.
_REMOTE_REFERENCE = ("if", "then", "else", "dependentSchemas", "dependencies", "not", "$dynamicRef", "$recursiveRef")


class _KeyInfo(NamedTuple):
    """The statements of a schema about a key. `closed` says that there is no such key; `unnamed` that it names others
    and is silent on this one; `inner` is what it holds, if that is known.
    """

    closed: bool = False
    unnamed: bool = False
    inner: Any = None


_OPEN = _KeyInfo()


class Schema:
    """A JSON Schema of metadata. Raise BuildError if it is not one, or if `jsonschema` is not installed."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            from jsonschema import Draft202012Validator, FormatChecker
            from jsonschema.exceptions import SchemaError
            from jsonschema.validators import validator_for
            from referencing import Registry
        except ImportError as error:
            raise BuildError(f"{error.name} is not installed", hint="pip install 'bbquery[lint]'") from None
        if not isinstance(schema, Mapping):
            raise BuildError("the schema is not a JSON object", hint="give the JSON Schema of the metadata")
        self._root = dict(schema)
        self._left = 0  # of _MOST, for the key or value in hand
        kind = validator_for(self._root, default=Draft202012Validator)
        try:
            kind.check_schema(self._root, format_checker=FormatChecker(("regex",)))
        except SchemaError as error:
            raise BuildError(
                f"the schema is not a JSON Schema: {error.json_path}: {preview_text(error.message)}"
            ) from None
        except RecursionError:
            raise BuildError("the schema is nested too deeply", hint="use $ref") from None
        self._validator: Any = kind(self._root, registry=Registry())  # a registry of its own fetches nothing

    source = "in the schema"
    """The source of its keys and values, in a user's words."""

    def keys(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return the keys that the schema names under a path."""
        held = self._held(path)
        self._left = _MAX_LISTED
        return tuple(dict.fromkeys(self._names(held, 0)))

    def values(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return the strings that the schema lists as values of a path."""
        held = self._held(path)
        self._left = _MAX_LISTED
        return tuple(dict.fromkeys(self._constants(held, 0)))

    def rules_out(self, path: tuple[str, ...], key: str) -> bool:
        """Return whether the schema has no such key under a path, and allows no other than those it names."""
        held = self._held(path)
        self._left = _MAX_LISTED
        return self._lookup(held, key, 0).closed

    def _held(self, path: tuple[str, ...]) -> Any:
        """Return the schema of what a path holds, or None if that is open."""
        held: Any = self._root
        for key in path:
            self._left = _MAX_LISTED
            held = self._lookup(held, key, 0).inner
        return held

    def check(self, tree: QueryDocument) -> Iterator[RuleResult]:
        for predicate, literals in tree.predicates:
            if isinstance(predicate.field, SessionField):
                continue
            held = self._root
            for place, (key, token) in enumerate(zip(predicate.field, literals.keys, strict=True)):
                if tree.is_unknown(token):
                    break
                note, held = self._step(predicate.field[:place], key, token, held)
                if note:
                    yield note
                if held is None:
                    break
            else:
                yield from self._values(tree, predicate, literals, held)

    def _step(self, above: tuple[str, ...], key: str, token: Token, held: Any) -> tuple[RuleResult | None, Any]:
        """Return what is wrong with one key, and the schema of what it holds, or None if that is open."""
        self._left = _MAX_LISTED
        kinds = self._types(held, 0)
        if above and kinds is not None and "object" not in kinds:
            message = f"the schema has no keys in {_format_path(above)}, which holds {_listed(kinds)}"
            return RuleResult("BBQ303", message, Span(token.start, token.end), "leave the key out"), None
        seen = self._lookup(held, key, 0)
        if not seen.closed and (seen.inner is not None or not seen.unnamed):
            return None, seen.inner
        self._left = _MAX_LISTED
        names = tuple(dict.fromkeys(self._names(held, 0)))
        near = suggest(key, names)
        if not seen.closed and not near:  # other keys are not ruled out, and this one looks like none of those
            return None, None
        message = f"the schema has no key {preview_text(quote(key))}" + (f" in {_format_path(above)}" if above else "")
        return misspelled("BBQ301", message, key, token, names), None

    def _values(
        self, tree: QueryDocument, predicate: Node, literals: PredicateTokens, held: Any
    ) -> Iterator[RuleResult]:
        if not isinstance(predicate, EQUALITIES) or isinstance(predicate.field, SessionField):
            return
        self._left = _MAX_LISTED
        kinds = self._types(held, 0)
        if kinds is not None and "string" not in kinds:
            path = _format_path(predicate.field)
            message = f"{path} holds {_listed(kinds)} by the schema, and a query finds strings only"
            span = Span(literals.values[0].start, literals.values[-1].end)
            yield RuleResult("BBQ303", message, span, "store it as a string, and say so in the schema")
            return
        values = (predicate.value,) if isinstance(predicate, Equal) else predicate.values
        for value, token in zip(values, literals.values, strict=True):
            if not tree.is_unknown(token):
                yield from self._value(str(value), token, held)

    def _value(self, value: str, token: Token, held: Any) -> Iterator[RuleResult]:
        try:
            errors = [*self._validator.evolve(schema=held).iter_errors(value)]
        except Exception:  # a reference that leads nowhere, or in a circle: what the schema says is not known
            return
        listed = [error for error in errors if error.validator in ("enum", "const")]
        if listed:
            error = listed[0]
            allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
            known = tuple([each for each in allowed if isinstance(each, str)])
            yield misspelled(
                "BBQ302", f"the schema does not list {preview_text(quote(value))} here", value, token, known
            )
        elif errors:
            message = f"the schema does not allow this value: {preview_text(errors[0].message)}"
            yield RuleResult("BBQ303", message, Span(token.start, token.end), f"it asks for {_asked_paths(errors[0])}")

    def _is_too_far(self, depth: int) -> bool:
        self._left -= 1
        return depth > _DEEPEST or self._left < 0

    # --- following a path --------------------------------------------------------------------

    def _lookup(self, schema: Any, key: str, depth: int) -> _KeyInfo:
        """Return what a schema says of a key of the object that it describes."""
        if schema is False:
            return _KeyInfo(closed=True)
        if not isinstance(schema, Mapping) or self._is_too_far(depth):
            return _OPEN
        all_of = [self._own(schema, key), *[self._lookup(each, key, depth + 1) for each in self._parts(schema)]]
        all_of += [
            self._either([self._lookup(each, key, depth + 1) for each in schema[word]])
            for word in ("anyOf", "oneOf")
            if schema.get(word)
        ]
        inner = [seen.inner for seen in all_of if seen.inner is not None]
        unnamed = any(seen.unnamed for seen in all_of) and not any(word in schema for word in _REMOTE_REFERENCE)
        held = None if not inner else inner[0] if len(inner) == 1 else {"allOf": inner}
        return _KeyInfo(any(seen.closed for seen in all_of), unnamed and not inner, held)

    def _own(self, schema: Mapping[str, Any], key: str) -> _KeyInfo:
        named = schema.get("properties", {})
        inner = [named[key]] if key in named else []
        try:
            inner += [each for pattern, each in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        except re.error:
            return _OPEN
        if inner:
            return _KeyInfo(closed=False in inner, inner=inner[0] if len(inner) == 1 else {"allOf": inner})
        if "additionalProperties" in schema:
            others = schema["additionalProperties"]
            return _KeyInfo(closed=others is False, inner=others if isinstance(others, Mapping) and others else None)
        return _KeyInfo(unnamed=bool(named))

    def _either(self, seen: list[_KeyInfo]) -> _KeyInfo:
        if all(each.closed for each in seen):
            return _KeyInfo(closed=True)
        possible = [each for each in seen if not each.closed]
        if all(each.inner is not None for each in possible):
            return _KeyInfo(inner={"anyOf": [each.inner for each in possible]})
        return _KeyInfo(unnamed=all(each.unnamed for each in possible), inner=True if _any_inner(possible) else None)

    def _parts(self, schema: Mapping[str, Any]) -> list[Any]:
        """Yield schemas that hold along with this one: those of `allOf`, and what it refers to within the document."""
        parts = [*schema.get("allOf", ())]
        if "$ref" in schema:
            parts.append(self._resolved(schema["$ref"]))
        return parts

    def _resolved(self, reference: Any) -> Any:
        """Return what a reference within the document leads to. A reference to elsewhere is left open."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return True
        found: Any = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            else:
                return True
        return True if reference[1:] and not reference.startswith("#/") else found

    def _types(self, schema: Any, depth: int) -> frozenset[str] | None:
        """Return the types that a value may have, or None if it may have any."""
        if not isinstance(schema, Mapping) or self._is_too_far(depth):
            return None
        given = schema.get("type")
        known = [frozenset([given] if isinstance(given, str) else given)] if given is not None else []
        known += [kinds for each in self._parts(schema) if (kinds := self._types(each, depth + 1)) is not None]
        for word in ("anyOf", "oneOf"):
            kinds_of = [self._types(each, depth + 1) for each in schema.get(word, ())]
            if kinds_of and None not in kinds_of:
                known.append(frozenset().union(*[kinds for kinds in kinds_of if kinds]))
        return frozenset.intersection(*known) if known else None

    def _names(self, schema: Any, depth: int) -> Iterator[str]:
        if not isinstance(schema, Mapping) or self._is_too_far(depth):
            return
        yield from schema.get("properties", {})
        for each in (*self._parts(schema), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from self._names(each, depth + 1)

    def _constants(self, schema: Any, depth: int) -> Iterator[str]:
        if not isinstance(schema, Mapping) or self._is_too_far(depth):
            return
        yield from (each for each in [*schema.get("enum", ()), schema.get("const")] if isinstance(each, str))
        for each in (*self._parts(schema), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from self._constants(each, depth + 1)


def _any_inner(seen: list[_KeyInfo]) -> bool:
    return any(each.inner is not None for each in seen)


def _asked_paths(error: Any) -> str:
    return preview_text(f"{error.validator} {error.validator_value}")


def _format_path(keys: tuple[str, ...]) -> str:
    return preview_text("user_metadata" + "".join([f"[{quote(key)}]" for key in keys]))


def _listed(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds)) or "nothing"
