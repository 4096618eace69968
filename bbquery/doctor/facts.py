"""The facts that can be looked at from outside, what each says, and what was seen of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from .._version import __version__
from ..errors import DecodeError

Verdict: TypeAlias = Literal["holds", "fails", "untried"]

FACTS: dict[str, str] = {
    "F27": "the base URL answers to the key",
    "F23": "the usage of a project is two whole numbers",
    "F13": "a listing is one array, without pages",
    "F14": "sessions have the documented fields, each of its kind",
    "F15": "statuses and fields are those that this version knows",
    "F17": "a listing holds sessions of projects that the key sees",
    "F12": "status selects the sessions of that status",
    "F1": "q finds a session by its metadata",
    "F11": "q is honoured: nothing else comes back",
    "F4": "no match is an empty array",
    "F9": "a q without a status is answered",
    "F5": "one q holds one condition: two are refused, or find nothing",
    "F6": "an escaped quote in q is read, or refused",
    "F7": "a malformed q is refused",
    "F8": "a space in q may be %20 or +",
    "F29": "an error says why, in message or error",
    "F18": "a session keeps the metadata that it was created with",
    "F10": "a fresh session is found by q within a minute",
    "F20": "metadata with other characters than the documented ones is refused",
    "F19": "metadata of 512 characters or more is refused",
    "F21": "a session ends when it is released",
    "F16": "a status moves one way",
    "F24": "a session is billed one minute at least",
}
"""Each fact of docs/service.md that can be looked at, in the order in which it is."""


class Observation(NamedTuple):
    """Says what was seen of a fact. There is no id, no key and no metadata in `seen`."""

    fact: str
    verdict: Verdict
    seen: str


class Examination:
    """Says what was seen of every fact, in the order of `FACTS`."""

    def __init__(self, observations: Iterable[Observation], version: str = __version__) -> None:
        self.version = version
        known = {each.fact: each for each in observations}
        self.observations = [known.get(fact) or Observation(fact, "untried", "") for fact in FACTS]

    def __getitem__(self, fact: str) -> Observation:
        return next(each for each in self.observations if each.fact == fact)

    @property
    def failed(self) -> list[str]:
        """The facts that do not hold."""
        return [each.fact for each in self.observations if each.verdict == "fails"]

    def to_dict(self) -> dict[str, Any]:
        """Return the report for a program, or to share: it says nothing of whose account it is."""
        return {"version": self.version, "facts": [each._asdict() for each in self.observations]}

    @classmethod
    def from_dict(cls, mapping: object) -> Examination:
        """Return the examination of `to_dict`. Raise DecodeError for anything else."""
        try:
            rows = mapping["facts"]  # type: ignore[index]  # any error says that it is no report
            found = [Observation(str(row["fact"]), row["verdict"], str(row["seen"])) for row in rows]
        except (TypeError, KeyError):
            raise DecodeError("this is not a report of bbquery doctor: it has no facts") from None
        verdicts = {each.verdict for each in found}
        if not verdicts <= {"holds", "fails", "untried"}:
            raise DecodeError("a verdict is holds, fails or untried")
        return cls(found, str(mapping.get("version", "")))  # type: ignore[attr-defined]  # it has facts
