"""Find the shortest equivalent query.

One pass pushes every NOT down to the predicates, reduces each AND and OR from below, and writes the result with the
NOTs where they are shortest. An OR is reduced as the negated AND of its negated operands, so that one set of rules
serves both. Passes are repeated as long as they make the canonical text shorter, so the result is never longer, and
simplifying it again changes nothing.

A reduction can end in a constant, which the language cannot write. The query then becomes `NEVER`, which plans to no
request at all, or `ALWAYS`, if that is shorter.
"""

from __future__ import annotations

from ..language.limits import MAX_NESTING, measure_query
from ..language.nodes import EQUALITIES, JOINTS, And, Equal, Exists, Node, Not, OneOf, Or, and_of, or_of
from ..language.session_fields import SESSION_FIELDS, field_type
from .predicates import MAX_COMPARED, holds_for_value, literal_predicate, negation_of, truth_given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from ..language.session_fields import Field

    Facts: TypeAlias = dict[Field, list[Node]]
    """Predicates and negated predicates that are known to hold, by field."""

_MAX_VALUE_CHECKS = 50_000
"""The most times that values of a one-of are tried on other predicates.

If that is not enough for all, none is tried.
"""

_WORK_LIMIT = 2_000_000
"""Characters that all passes together may go through. What takes more is left as it was."""

_ID, _STATUS_FIELD = SESSION_FIELDS["id"], SESSION_FIELDS["status"]
ALWAYS = or_of([Exists(_ID), Not(Exists(_ID))])
NEVER = and_of([Equal(_STATUS_FIELD, "ERROR"), Equal(_STATUS_FIELD, "PENDING")])


def simplify_node(node: Node) -> Node:
    """Return the shortest equivalent that the rules find, or `node` itself if they find none."""
    best, length, left = node, measure_query(node).characters, _WORK_LIMIT
    while left >= 0:
        left -= length
        shorter = _shortest_form(_reduce(best, True))
        extent = measure_query(shorter)
        if extent.characters >= length or extent.nesting > MAX_NESTING:
            return best
        best, length = shorter, extent.characters
    return node


def find_constant_parts(node: Node) -> list[tuple[Node, bool]]:
    """Return the parts that hold for every session (True) or for none (False), as far as the rules tell.

    A part that does so only because a part inside it does is left out.
    """
    found: list[tuple[Node, bool]] = []
    _reduce(node, True, found)
    return found


# --- constants ---------------------------------------------------------------------------------


class _Constant(Node):
    """Something that holds for every session, or for none. It never stands inside another node."""

    __slots__ = ()


_TRUE = _Constant()
_FALSE = _Constant()


# --- reducing ----------------------------------------------------------------------------------


def _reduce(node: Node, positive: bool, found: list[tuple[Node, bool]] | None = None) -> Node:
    """Return the node, or its negation, with NOT on predicates only and every AND and OR reduced.

    An AND or OR that becomes a constant, without an operand that did, is added to `found` with its truth.
    """
    if isinstance(node, Not):
        return _reduce(node.operand, not positive, found)
    if isinstance(node, JOINTS):
        joint = And if isinstance(node, And) == positive else Or
        operands = [_reduce(operand, positive, found) for operand in node.operands]
        reduced = _Reducer(joint).reduce(operands)
        is_new = isinstance(reduced, _Constant) and not any(operand is reduced for operand in operands)
        if found is not None and is_new:
            found.append((node, (reduced is _TRUE) == positive))
        return reduced
    if isinstance(node, OneOf):
        node = _membership(node.field, dict.fromkeys(node.values))
    return node if positive else Not(node)


class _Reducer:
    """Reduces one AND or OR. An OR is handled as a negated AND of its negated operands."""

    def __init__(self, joint: type[And | Or]) -> None:
        self._joint = joint
        self._is_and = joint is And
        self._true, self._false = (_TRUE, _FALSE) if self._is_and else (_FALSE, _TRUE)
        self._facts: Facts = {}

    def reduce(self, operands: list[Node]) -> Node:
        """Return what is left of the operands."""
        clauses: dict[Node, None] = {}
        places: dict[Field | Node, None] = {}  # fields and clauses in the order in which they come
        for operand in _operands_of(self._joint, operands):
            if operand is self._false:
                return operand
            if operand is self._true:
                continue
            if isinstance(operand, JOINTS):
                clauses[operand] = None
                places[operand] = None
            else:
                literal = self._read(operand)
                self._facts.setdefault(literal_predicate(literal).field, []).append(literal)
                places[literal_predicate(literal).field] = None
        for field, literals in self._facts.items():
            reduced = _reduce_field(field, literals)
            if reduced is None:
                return self._false
            self._facts[field] = reduced
        settled = self._reduce_clauses(clauses)
        if settled is None:
            return self._false
        return self._rebuild(places, settled)

    def _read(self, literal: Node) -> Node:
        """Return a literal as an operand of the AND."""
        return literal if self._is_and else negation_of(literal)

    def _reduce_clauses(self, clauses: Iterable[Node]) -> dict[Node, Node] | None:
        """Return what is left of each clause, or None if one of them cannot hold."""
        settled: dict[Node, Node] = {}
        for clause in clauses:
            assert isinstance(clause, JOINTS), "literals are not clauses"
            truths = [(operand, self._truth_of(operand)) for operand in clause.operands]
            if any(truth for _, truth in truths):
                continue
            left = [operand for operand, truth in truths if truth is None]
            if not left:
                return None
            settled[clause] = clause if len(left) == len(truths) else _join(type(clause), left)
        return _without_absorbed(settled) if len(settled) <= MAX_COMPARED else settled

    def _truth_of(self, node: Node) -> bool | None:
        """Return the truth of a part of a clause if the facts decide it, otherwise None."""
        if isinstance(node, JOINTS):
            truths = {self._truth_of(operand) for operand in node.operands}
            decisive = isinstance(node, Or) == self._is_and  # one that holds is enough
            if decisive in truths:
                return decisive
            return not decisive if truths == {not decisive} else None
        literal = self._read(node)
        for known in self._facts.get(literal_predicate(literal).field, ())[:MAX_COMPARED]:
            truth = truth_given(known, literal)
            if truth is not None:
                return truth
        return None

    def _rebuild(self, places: dict[Field | Node, None], settled: dict[Node, Node]) -> Node:
        """Return the node of the facts and clauses that are left, in the order in which they first came."""
        operands: list[Node] = []
        for place in places:
            if isinstance(place, JOINTS):
                if place in settled:
                    operands.append(settled[place])
            else:
                operands += [self._read(literal) for literal in self._facts[place]]  # type: ignore[index]  # a field
        return _join(self._joint, operands) if operands else self._true


def _operands_of(joint: type[And | Or], operands: Iterable[Node]) -> list[Node]:
    return [part for operand in operands for part in (operand.operands if isinstance(operand, joint) else (operand,))]


def _join(joint: type[Node], operands: Iterable[Node]) -> Node:
    return and_of(operands) if joint is And else or_of(operands)


def _without_absorbed(clauses: dict[Node, Node]) -> dict[Node, Node]:
    """Return the clauses without those that follow from another one, which has some of their operands."""
    operands = {
        key: frozenset(_operands_of(And if isinstance(key, And) else Or, [clause])) for key, clause in clauses.items()
    }
    kept: dict[Node, Node] = {}
    for key in sorted(clauses, key=lambda key: len(operands[key])):
        if not any(operands[smaller] <= operands[key] for smaller in kept):
            kept[key] = clauses[key]
    return kept


# --- literals on one field ---------------------------------------------------------------------


def _reduce_field(field: Field, literals: list[Node]) -> list[Node] | None:
    """Return the fewest literals that hold together whenever all of these do, or None if these cannot hold together."""
    inside: dict[str, None] | None = None
    outside: dict[str, None] = {}
    others: dict[Node, None] = {}
    for literal in literals:
        predicate = literal_predicate(literal)
        if not isinstance(predicate, EQUALITIES) or field_type(field) != "string":
            others[literal] = None
            continue
        values: dict[str, None] = dict.fromkeys(
            (predicate.value,) if isinstance(predicate, Equal) else predicate.values  # type: ignore[arg-type]  # strings
        )
        if isinstance(literal, Not):
            outside.update(values)
        else:
            inside = values if inside is None else {value: None for value in inside if value in values}
    kept = _drop_implied(others)
    if kept is None:
        return None
    tried = kept if len(kept) * len(outside if inside is None else inside) <= _MAX_VALUE_CHECKS else []

    def can_be(value: str) -> bool:
        return not any(
            holds_for_value(literal_predicate(literal), value) is isinstance(literal, Not) for literal in tried
        )

    if inside is None:
        outside = {value: None for value in outside if can_be(value)}
        return [Not(_membership(field, outside)), *kept] if outside else kept
    inside = {value: None for value in inside if value not in outside and can_be(value)}
    if not inside:
        return None
    member = _membership(field, inside)
    return [member, *[literal for literal in kept if not (tried and truth_given(member, literal))]]


def _membership(field: Field, values: dict[str, None]) -> Node:
    return OneOf(field, tuple(values)) if len(values) > 1 else Equal(field, next(iter(values)))


def _drop_implied(literals: dict[Node, None]) -> list[Node] | None:
    """Return the literals without those that others imply, or None if two of them exclude one another."""
    if any(negation_of(literal) in literals for literal in literals):
        return None
    if len(literals) > MAX_COMPARED:
        return list(literals)
    kept: list[Node] = []
    for literal in literals:
        truths = {truth_given(known, literal) for known in kept}
        if False in truths:
            return None
        if True not in truths:
            kept = [known for known in kept if not truth_given(literal, known)]
            kept.append(literal)
    return kept


# --- spelling ----------------------------------------------------------------------------------


def _shortest_form(node: Node) -> Node:
    """Return the shortest form of a reduced node."""
    if isinstance(node, _Constant):
        return ALWAYS if node is _TRUE else NEVER
    return _shortest_forms(node)[0]


def _shortest_forms(node: Node) -> tuple[Node, Node]:
    """Return a short form of a reduced node, and one of its negation."""
    if not isinstance(node, JOINTS):
        return node, negation_of(node)
    pairs = [_shortest_forms(operand) for operand in node.operands]
    swapped = [(negation, spelling) for spelling, negation in pairs]
    dual: type[And | Or] = Or if isinstance(node, And) else And
    return _merge_negations(type(node), pairs), _merge_negations(dual, swapped)


def _merge_negations(joint: type[And | Or], pairs: list[tuple[Node, Node]]) -> Node:
    """Join operands, with the negated ones under a single NOT, where the first of them stood (De Morgan).

    Nothing else goes under a NOT, because that could hide what the service can be asked.
    """
    negations = [negation for spelling, negation in pairs if isinstance(spelling, Not)]
    operands: list[Node] = []
    for spelling, _ in pairs:
        if not isinstance(spelling, Not):
            operands.append(spelling)
        elif negations:
            operands.append(Not(_join(Or if joint is And else And, negations)))
            negations = []
    return _join(joint, operands)
