"""ast → Plan: which requests to send so that no matching session is missed, and what is left to check here.

An **access path** is a `q` or none, with a `status` or none. The service answers one at a time (docs/service.md#f1,
#f12), and a set of them covers a query when every session that matches is returned by at least one. Three walks find a
cheap set, each linear in the size of the query, with no normal form in between: the first finds from below the statuses
that a part confines its sessions to, the second carries them down and prices every part, the third collects along the
cheapest way.
"""

from __future__ import annotations

from ..errors import FullScanRefused
from ..language.nodes import And, Equal, Node, Not, OneOf, Or, and_of
from ..language.printer import format_query, needs_no_escape, preview
from ..language.session_fields import STATUSES, SessionField
from .plan import Plan
from .requests import ListRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    Statuses: TypeAlias = frozenset[str] | None
    """The statuses that sessions are confined to;

    None where they may be in any, a newer one too (docs/service.md#f15).
    """

    StatusBounds: TypeAlias = dict[int, tuple[Statuses, bool]]
    """The statuses of each part, by the node's identity, and whether they are all that the part asks for."""

    RequestSet: TypeAlias = dict[tuple[str | None, str | None], None]
    """Access paths in order, each once."""

# The cost model, in units of one quick request. A `q` with a status is answered from an index in about 150 ms; alone it
# can take 75 s and end in a 504 (docs/service.md#f9), so that even five statuses are cheaper. A status alone returns
# every session in it, and a full scan every session there is: it is what is left where nothing else is.
Q_WITH_STATUS = 1
Q_ALONE = 6
STATUS_ALONE = 1_000
NO_PATH = float("inf")


def plan(node: Node, *, allow_full_scan: bool = True) -> Plan:
    """The cheapest plan that the cost model finds. FullScanRefused where it would list every session, if so asked."""
    confined: StatusBounds = {}
    _infer_statuses(node, confined)
    way = _access_paths(node, None, confined)
    full_scan = way.price == NO_PATH
    reasons = tuple([f"{preview(part)} {reason}" for part, reason in _explain(way)])
    if full_scan and not allow_full_scan:
        hint = "AND it with an equality on metadata or with a status"
        raise FullScanRefused(f"the query would list every session: {'; '.join(reasons[:3])}; {hint}")
    paths: RequestSet = {}
    if full_scan:
        paths[None, None] = None
    else:
        _collect(way, paths)
    return Plan(format_query(node), stage_requests(_without_redundant(paths)), _residual(way), full_scan, reasons)


def full_scan_reasons(node: Node) -> list[tuple[Node, str]]:
    """The parts because of which only a full scan answers a query, each with why; none where requests can answer it."""
    confined: StatusBounds = {}
    _infer_statuses(node, confined)
    way = _access_paths(node, None, confined)
    return list(_explain(way)) if way.price == NO_PATH else []


# --- from below: the statuses that each part confines its sessions to ---------------------------


def _infer_statuses(node: Node, confined: StatusBounds) -> tuple[Statuses, bool]:
    """Note the statuses of a part and of everything inside of it."""
    found: Statuses = None
    alone = _is_status(node)
    if isinstance(node, And | Or):
        inner = [_infer_statuses(operand, confined) for operand in node.operands]
        known = [statuses for statuses, _ in inner if statuses is not None]
        alone = all(each_alone for _, each_alone in inner)
        if isinstance(node, And):
            found = frozenset.intersection(*known) if known else None
        elif len(known) == len(inner):
            found = frozenset.union(*known)
    elif alone:
        found = frozenset(_values_of(node))
    confined[id(node)] = found, alone
    return found, alone


def _is_status(node: Node) -> bool:
    return isinstance(node, Equal | OneOf) and isinstance(node.field, SessionField) and node.field.name == "status"


def _is_pushable(node: Node) -> bool:
    if not isinstance(node, Equal | OneOf) or isinstance(node.field, SessionField):
        return False
    return all(needs_no_escape(text) for text in (*node.field, *_values_of(node)))


def _values_of(node: Any) -> tuple[Any, ...]:
    return (node.value,) if isinstance(node, Equal) else node.values


# --- from above: the price of each part, and the cheapest way to list it ------------------------


class _AccessPaths:
    """How a part can be listed, among sessions in the statuses that are `allowed` where it stands.

    `inner` are the ways of its operands and `chosen` the cheapest of them for an AND. `answered` says that the requests
    return exactly the sessions of the part, `pushed` that it asks for nothing but statuses: inside of an AND, these are
    asked for beside whatever else is.
    """

    __slots__ = ("allowed", "answered", "chosen", "inner", "node", "price", "pushed")

    def __init__(self, node: Node, allowed: Statuses, pushed: bool) -> None:
        self.node = node
        self.allowed = allowed
        self.pushed = pushed
        self.price = NO_PATH
        self.answered = False
        self.inner: list[_AccessPaths] = []
        self.chosen: _AccessPaths | None = None


def _access_paths(node: Node, allowed: Statuses, confined: StatusBounds) -> _AccessPaths:
    statuses, pushed = confined[id(node)]
    if statuses is not None:
        allowed = statuses if allowed is None else allowed & statuses
    way = _AccessPaths(node, allowed, pushed)
    if allowed is not None and not allowed:  # no session can match, whatever else is asked
        way.price = 0
        way.answered = True
    elif isinstance(node, Or):
        way.inner = [_access_paths(operand, allowed, confined) for operand in node.operands]
        way.price = sum([each.price for each in way.inner])
        way.answered = all(each.answered for each in way.inner)
    elif isinstance(node, And):
        way.inner = [_access_paths(operand, allowed, confined) for operand in node.operands]
        way.chosen = min(way.inner, key=lambda each: each.price)
        way.price = way.chosen.price
        way.answered = not _unanswered(way)
    elif _is_status(node):
        way.price = STATUS_ALONE * len(allowed or ())
        way.answered = True
    elif _is_pushable(node):
        way.price = len(_values_of(node)) * (Q_ALONE if allowed is None else Q_WITH_STATUS * len(allowed))
        way.answered = True
    return way


def _collect(way: _AccessPaths, paths: RequestSet) -> None:
    """Add the access paths of the cheapest way."""
    if way.chosen is not None:
        _collect(way.chosen, paths)
    elif isinstance(way.node, Or):
        for each in way.inner:
            _collect(each, paths)
    elif isinstance(way.node, Equal | OneOf):  # and not an AND that no session can match
        statuses = [None] if way.allowed is None else [status for status in STATUSES if status in way.allowed]
        asked = (
            [None]
            if _is_status(way.node)
            else [format_query(Equal(way.node.field, value)) for value in _values_of(way.node)]
        )
        paths.update({(q, status): None for q in asked for status in statuses})


def _without_redundant(paths: RequestSet) -> list[ListRequest]:
    """The access paths that no other one contains."""
    return [
        ListRequest(q, status)
        for q, status in paths
        if not (status is not None and (q, None) in paths) and not (q is not None and (None, status) in paths)
    ]


def stage_requests(requests: list[ListRequest]) -> tuple[tuple[ListRequest, ...], ...]:
    """In the order in which a session can move (docs/service.md#f16), so that one that moves while we read is seen at
    least once.

    A request without a status sees a session wherever it is, and goes with the first stage.
    """
    stages: list[list[ListRequest]] = [[], [], []]
    for request in requests:
        stages[{"PENDING": 0, "RUNNING": 1}.get(request.status or "", 2)].append(request)
    anywhere = [request for request in stages[2] if request.status is None]
    stages[2] = [request for request in stages[2] if request.status is not None]
    filled = [stage for stage in stages if stage]
    if anywhere:
        filled[:1] = [anywhere + (filled[0] if filled else [])]
    return tuple([tuple(stage) for stage in filled])


# --- what is left ------------------------------------------------------------------------------


def _unanswered(way: _AccessPaths) -> list[_AccessPaths]:
    """The operands of an AND that the requests do not answer."""
    return [each for each in way.inner if not (each.pushed or (each is way.chosen and each.answered))]


def _residual(way: _AccessPaths) -> str | None:
    """The conjuncts that the requests do not answer by themselves."""
    if way.answered:
        return None
    return format_query(and_of([each.node for each in _unanswered(way)]) if way.chosen else way.node)


def _explain(way: _AccessPaths) -> Iterator[tuple[Node, str]]:
    """Why the service cannot be asked for what is left: the parts that stand in the way, each with its reason."""
    node = way.node
    if way.answered:
        return
    if isinstance(node, And):
        for each in _unanswered(way):
            if each.answered:
                yield each.node, "is checked here: the service takes one equality at a time"
            else:
                yield from _explain(each)
    elif isinstance(node, Or):
        in_the_way = [each for each in way.inner if each.price == NO_PATH] or way.inner
        for each in in_the_way:
            yield from _explain(each)
    elif isinstance(node, Equal | OneOf) and not isinstance(node.field, SessionField):
        yield node, "holds ' or \\ or a control character, for which the service documents no escape"
    elif isinstance(node, Not):
        yield node, "is a negation, and the service can only list what is equal"
    else:
        yield node, "is neither an equality on metadata nor a status, so the service cannot filter by it"
