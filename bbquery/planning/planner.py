"""Tree to plan: the cheapest requests that miss no match, and what is left to check.

An **access path** is a `q` or none, with a `status` or none. The service answers one at a time (docs/service.md#f1,
#f12), and a set of them covers a query when at least one returns each session that matches. Three walks find a cheap
set, each linear in the size of the query, without a normal form in between. The first finds, from below, the statuses
to which each part restricts its sessions. The second carries them down and prices every part. The third collects the
requests of the cheapest way.
"""

from __future__ import annotations

from ..errors import FullScanRefused
from ..language.nodes import EQUALITIES, JOINTS, And, Equal, Node, Not, Or, and_of
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
    """Return the cheapest plan that the cost model finds.

    Raise FullScanRefused if it would list every session and `allow_full_scan` is false.
    """
    confined: StatusBounds = {}
    _infer_statuses(node, confined)
    paths = _access_paths(node, None, confined)
    full_scan = paths.cost == NO_PATH
    reasons = tuple([f"{preview(part)} {reason}" for part, reason in _explain(paths)])
    if full_scan and not allow_full_scan:
        hint = "AND it with an equality on metadata or with a status"
        raise FullScanRefused(f"the query would list every session: {'; '.join(reasons[:3])}; {hint}")
    requests: RequestSet = {}
    if full_scan:
        requests[None, None] = None
    else:
        _collect(paths, requests)
    return Plan(format_query(node), stage_requests(_without_redundant(requests)), _residual(paths), full_scan, reasons)


def full_scan_reasons(node: Node) -> list[tuple[Node, str]]:
    """Return the parts that only a full scan answers, each with the reason; an empty list if requests can answer the
    query.
    """
    if _has_path(node):  # as most have, and at once
        return []
    confined: StatusBounds = {}
    _infer_statuses(node, confined)
    paths = _access_paths(node, None, confined)
    return list(_explain(paths)) if paths.cost == NO_PATH else []


def _has_path(node: Node) -> bool:
    """Return whether requests can fetch what matches, as far as that is seen without their price."""
    if isinstance(node, And):
        return any(map(_has_path, node.operands))
    if isinstance(node, Or):
        return all(map(_has_path, node.operands))
    return _is_status(node) or _is_pushable(node)


# --- from below: the statuses that each part confines its sessions to ---------------------------


def _infer_statuses(node: Node, confined: StatusBounds) -> tuple[Statuses, bool]:
    """Note the statuses of a part and of everything inside it, and return those of the part."""
    found: Statuses = None
    alone = _is_status(node)
    if isinstance(node, JOINTS):
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
    return isinstance(node, EQUALITIES) and isinstance(node.field, SessionField) and node.field.name == "status"


def _is_pushable(node: Node) -> bool:
    if not isinstance(node, EQUALITIES) or isinstance(node.field, SessionField):
        return False
    return all(needs_no_escape(text) for text in (*node.field, *_values_of(node)))


def _values_of(node: Any) -> tuple[Any, ...]:
    return (node.value,) if isinstance(node, Equal) else node.values


# --- from above: the price of each part, and the cheapest way to list it ------------------------


class _AccessPaths:
    """The cheapest way found to fetch the sessions that match one node.

    `allowed_statuses` are those that sessions can have where the node stands, and `cost` is in units of one quick
    request. `inner` are the ways of its operands, and `chosen` is the cheapest of them for an AND. `exact` says that
    the requests return exactly the sessions of the node. `status_only` says that it asks for nothing but statuses:
    inside an AND, these go along with whatever else is asked.
    """

    __slots__ = ("allowed_statuses", "chosen", "cost", "exact", "inner", "node", "status_only")

    def __init__(self, node: Node, allowed: Statuses, pushed: bool) -> None:
        self.node = node
        self.allowed_statuses = allowed
        self.status_only = pushed
        self.cost = NO_PATH
        self.exact = False
        self.inner: list[_AccessPaths] = []
        self.chosen: _AccessPaths | None = None


def _access_paths(node: Node, allowed: Statuses, confined: StatusBounds) -> _AccessPaths:
    statuses, pushed = confined[id(node)]
    if statuses is not None:
        allowed = statuses if allowed is None else allowed & statuses
    paths = _AccessPaths(node, allowed, pushed)
    if allowed is not None and not allowed:  # no session can match, whatever else is asked
        paths.cost = 0
        paths.exact = True
    elif isinstance(node, Or):
        paths.inner = [_access_paths(operand, allowed, confined) for operand in node.operands]
        paths.cost = sum([each.cost for each in paths.inner])
        paths.exact = all(each.exact for each in paths.inner)
    elif isinstance(node, And):
        paths.inner = [_access_paths(operand, allowed, confined) for operand in node.operands]
        paths.chosen = min(paths.inner, key=lambda each: each.cost)
        paths.cost = paths.chosen.cost
        paths.exact = not _unanswered(paths)
    elif _is_status(node):
        paths.cost = STATUS_ALONE * len(allowed or ())
        paths.exact = True
    elif _is_pushable(node):
        paths.cost = len(_values_of(node)) * (Q_ALONE if allowed is None else Q_WITH_STATUS * len(allowed))
        paths.exact = True
    return paths


def _collect(paths: _AccessPaths, requests: RequestSet) -> None:
    """Add the access paths of the cheapest way."""
    if paths.chosen is not None:
        _collect(paths.chosen, requests)
    elif isinstance(paths.node, Or):
        for each in paths.inner:
            _collect(each, requests)
    elif isinstance(paths.node, EQUALITIES):  # and not an AND that no session can match
        statuses = (
            [None]
            if paths.allowed_statuses is None
            else [status for status in STATUSES if status in paths.allowed_statuses]
        )
        asked = (
            [None]
            if _is_status(paths.node)
            else [format_query(Equal(paths.node.field, value)) for value in _values_of(paths.node)]
        )
        requests.update({(q, status): None for q in asked for status in statuses})


def _without_redundant(requests: RequestSet) -> list[ListRequest]:
    """Return the access paths that no other one contains."""
    return [
        ListRequest(q, status)
        for q, status in requests
        if not (status is not None and (q, None) in requests) and not (q is not None and (None, status) in requests)
    ]


def stage_requests(requests: list[ListRequest]) -> tuple[tuple[ListRequest, ...], ...]:
    """Return requests in stages, in the order in which a session can move (docs/service.md#f16).

    So a session that moves during the run is seen at least once. A request without a status sees a session wherever it
    is, and goes with the first stage.
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


def _unanswered(paths: _AccessPaths) -> list[_AccessPaths]:
    """Return the operands of an AND that the requests do not answer."""
    return [each for each in paths.inner if not (each.status_only or (each is paths.chosen and each.exact))]


def _residual(paths: _AccessPaths) -> str | None:
    """Return the canonical text of what the requests do not answer by themselves, or None."""
    if paths.exact:
        return None
    return format_query(and_of([each.node for each in _unanswered(paths)]) if paths.chosen else paths.node)


def _explain(paths: _AccessPaths) -> Iterator[tuple[Node, str]]:
    """Yield the parts that the service cannot be asked for, each with the reason."""
    node = paths.node
    if paths.exact:
        return
    if isinstance(node, And):
        for each in _unanswered(paths):
            if each.exact:
                yield each.node, "is checked here: the service takes one equality at a time"
            else:
                yield from _explain(each)
    elif isinstance(node, Or):
        in_the_way = [each for each in paths.inner if each.cost == NO_PATH] or paths.inner
        for each in in_the_way:
            yield from _explain(each)
    elif isinstance(node, EQUALITIES) and not isinstance(node.field, SessionField):
        yield node, "holds ' or \\ or a control character, for which the service documents no escape"
    elif isinstance(node, Not):
        yield node, "is a negation, and the service can only list what is equal"
    else:
        yield node, "is neither an equality on metadata nor a status, so the service cannot filter by it"
