"""Find which operands of one AND or OR contradict one another, and which another one makes redundant.

The simplifier merges everything that is asked of a field before it compares, so in its steps the operands are no longer
the ones that were written. Here each operand is compared as it stands, for those who want to know which two it is.
"""

from __future__ import annotations

from ..language.nodes import JOINTS, PREDICATES, And, Equal, Exists, Node, Not, Or
from .predicates import MAX_COMPARED, literal_predicate, negation_of, truth_given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from ..language.session_fields import Field

    RedundancyKind = Literal["duplicate", "implied", "absorbed"]


class Redundancy:
    """An operand that can be left out, why, and the operand that says as much.

    In an AND, `implied` is a literal that holds wherever the other one does, and `absorbed` a clause: `a AND (a OR b)`.
    In an OR they hold nowhere else.
    """

    __slots__ = ("kind", "operand", "source")

    def __init__(self, operand: Node, kind: RedundancyKind, source: Node) -> None:
        self.operand = operand
        self.kind = kind
        self.source = source


class RelatedOperands:
    """The ANDs and ORs of a tree of which two operands ask something of the same field, and the outermost of these.

    An OR of equalities with different values does not count. The operands of any other have nothing to do with one
    another either: none contradicts, repeats or implies another.
    """

    def __init__(self, node: Node) -> None:
        self.joints: list[And | Or] = []
        self.outermost: list[And | Or] = []
        self._fields_in(node)

    def _fields_in(self, node: Node) -> set[Field]:
        while isinstance(node, Not):
            node = node.operand
        if isinstance(node, PREDICATES):
            return {node.field}
        assert isinstance(node, JOINTS), "nothing else is left"
        fields: set[Field] = set()
        different: dict[Field, set[object]] = {}  # the values of fields that have been in equalities alone
        is_related = False
        inside = len(self.outermost)
        for operand in node.operands:
            if isinstance(operand, Equal) and isinstance(node, Or):
                values = different.get(operand.field)
                if operand.field not in fields:
                    different[operand.field] = {operand.value}
                elif values is None or operand.value in values:
                    is_related = True
                else:
                    values.add(operand.value)
                fields.add(operand.field)
                continue
            while isinstance(operand, Not):
                operand = operand.operand
            if isinstance(operand, PREDICATES):  # as most are: a set for each would take a third of the time
                is_related = is_related or operand.field in fields
                different.pop(operand.field, None)
                fields.add(operand.field)
            else:
                others = self._fields_in(operand)
                is_related = is_related or not fields.isdisjoint(others)
                if different:
                    for field in others:
                        different.pop(field, None)
                fields |= others
        if is_related:
            self.joints.append(node)
            self.outermost[inside:] = [node]
        return fields


def find_opposites(node: And | Or) -> tuple[Node, Node] | None:
    """Return two operands of an AND that never hold together, or two of an OR of which one always holds."""
    by_field: dict[Field, list[tuple[Node, Node]]] = {}
    seen: dict[Node, Node] = {}
    for operand in node.operands:
        literal = _as_conjunct(node, operand)
        if literal is None:
            continue
        if (opposite := negation_of(literal)) in seen:
            return seen[opposite], operand
        seen.setdefault(literal, operand)
        near = by_field.setdefault(literal_predicate(literal).field, [])
        for known, source in near[:MAX_COMPARED]:
            if truth_given(known, literal) is False:
                return source, operand
        near.append((literal, operand))
    return None


def find_above_and_below(node: And) -> tuple[Node, Node] | None:
    """Return an operand that asks for a string at a path, and one that asks for something below it.

    They come in the order in which they stand. No session has both.
    """
    strings: dict[tuple[str, ...], int] = {}
    paths: list[tuple[tuple[str, ...], int]] = []
    for place, operand in enumerate(node.operands):
        if isinstance(operand, PREDICATES) and isinstance(operand.field, tuple):
            paths.append((operand.field, place))
            if not isinstance(operand, Exists):
                strings.setdefault(operand.field, place)
    lengths = sorted({len(path) for path in strings})
    for path, below in paths:
        for length in lengths:
            if length >= len(path):
                break
            above = strings.get(path[:length])
            if above is not None:
                return node.operands[min(above, below)], node.operands[max(above, below)]
    return None


def find_redundant(node: And | Or) -> list[Redundancy]:
    """Return the operands that can be left out, together, in the order in which they stand."""
    comparison = _Comparison(node)
    comparison.find_duplicates()
    comparison.find_implied()
    comparison.find_absorbed()
    return [comparison.found[place] for place in sorted(comparison.found)]


class _Comparison:
    """Compares the operands of an AND or OR. What has been found redundant is the source of nothing more."""

    def __init__(self, node: And | Or) -> None:
        self._node = node
        self.found: dict[int, Redundancy] = {}  # by place

    def find_duplicates(self) -> None:
        first: dict[object, Node] = {}
        for place, operand in enumerate(self._node.operands):
            key = (type(operand), frozenset(operand.operands)) if isinstance(operand, JOINTS) else operand
            if key in first:
                self._add(place, "duplicate", first[key])
            else:
                first[key] = operand

    def find_implied(self) -> None:
        """Find literals that hold wherever another one on their field does."""
        by_field: dict[Field, list[tuple[int, Node]]] = {}
        for place, operand in self._left():
            literal = _as_conjunct(self._node, operand)
            if literal is not None:
                by_field.setdefault(literal_predicate(literal).field, []).append((place, literal))
        for literals in by_field.values():
            near = literals[:MAX_COMPARED]
            for place, literal in near:
                for other_place, known in near:
                    is_other = other_place != place and other_place not in self.found
                    if is_other and truth_given(known, literal) is True:
                        self._add(place, "implied", self._node.operands[other_place])
                        break

    def find_absorbed(self) -> None:
        """Find clauses that hold wherever a literal or another clause does: `a AND (a OR b)`, `a OR (a AND b)`."""
        known: dict[Field, list[tuple[Node, Node]]] = {}
        clauses: list[tuple[int, And | Or]] = []
        for place, operand in self._left():
            literal = _as_conjunct(self._node, operand)
            if literal is not None:
                known.setdefault(literal_predicate(literal).field, []).append((literal, operand))
            elif isinstance(operand, JOINTS):
                clauses.append((place, operand))
        for place, clause in clauses:
            for part in clause.operands:
                literal = _as_conjunct(self._node, part)
                near = known.get(literal_predicate(literal).field, [])[:MAX_COMPARED] if literal is not None else []
                source = next((each for fact, each in near if literal and truth_given(fact, literal) is True), None)
                if source is not None:
                    self._add(place, "absorbed", source)
                    break
        if len(clauses) <= MAX_COMPARED:
            self._find_wider([(place, clause, frozenset(clause.operands)) for place, clause in clauses])

    def _find_wider(self, clauses: list[tuple[int, And | Or, frozenset[Node]]]) -> None:
        """Find clauses that have all the operands of another one, and more."""
        for place, _, operands in clauses:
            for other_place, other, fewer in clauses:
                if other_place not in self.found and place not in self.found and fewer < operands:
                    self._add(place, "absorbed", other)

    def _left(self) -> Iterator[tuple[int, Node]]:
        return ((place, operand) for place, operand in enumerate(self._node.operands) if place not in self.found)

    def _add(self, place: int, kind: RedundancyKind, source: Node) -> None:
        self.found[place] = Redundancy(self._node.operands[place], kind, source)


def _as_conjunct(node: And | Or, operand: Node) -> Node | None:
    """Return a literal as an operand of an AND, or None for a clause. Of an OR, a negated AND, it is negated."""
    inner = operand.operand if isinstance(operand, Not) else operand
    if isinstance(inner, And | Or | Not):
        return None
    return operand if isinstance(node, And) else negation_of(operand)
