"""The plan of a query, and how it is printed."""

from __future__ import annotations

from .requests import ListRequest
from .urls import BASE_URL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Plan:
    """The way to answer a query.

    `stages` are groups of requests: those of a stage run concurrently, after the stage before. `residual` is the
    canonical text of what the requests leave to be checked here, or None if they answer the query by themselves; every
    session is checked against the whole query all the same (docs/service.md#f11). `full_scan` says that all sessions
    are listed, and `reasons` why the service cannot be asked for what is left.
    """

    __slots__ = ("full_scan", "query", "reasons", "residual", "stages")

    def __init__(
        self,
        query: str,
        stages: tuple[tuple[ListRequest, ...], ...],
        residual: str | None,
        full_scan: bool,
        reasons: tuple[str, ...],
    ) -> None:
        self.query = query
        self.stages = stages
        self.residual = residual
        self.full_scan = full_scan
        self.reasons = reasons

    @property
    def requests(self) -> tuple[ListRequest, ...]:
        """All requests, in the order in which they are sent."""
        return tuple([request for stage in self.stages for request in stage])

    def to_dict(self, base_url: str = BASE_URL) -> dict[str, Any]:
        """Return the plan for a program to read."""
        return {
            "query": self.query,
            "stages": [
                [{**request.params(), "url": request.url(base_url)} for request in stage] for stage in self.stages
            ],
            "residual": self.residual,
            "full_scan": self.full_scan,
            "reasons": list(self.reasons),
        }

    def __repr__(self) -> str:
        return f"<Plan: {len(self.requests)} requests in {len(self.stages)} stages, full_scan={self.full_scan}>"

    def _repr_html_(self) -> str:
        """Return the plan as a table, for notebooks."""
        from .html_tables import html_table

        rows = [
            (str(number), describe_request(request), f"GET {request.target()}")
            for number, stage in enumerate(self.stages, 1)
            for request in stage
        ]
        residual = f"residual: {self.residual or 'none: the requests answer it'}"
        notes = [residual] if rows else ["no request: no session can match"]
        return html_table(self.query, ("stage", "asks for", "request"), rows, [*notes, *self.reasons])

    def __str__(self) -> str:
        lines = [f"query     {self.query}"]
        if not self.stages:
            lines.append("requests  none: no session can match")
        several = len(self.stages) > 1
        for number, stage in enumerate(self.stages, 1):
            for request in stage:
                label = f"stage {number} " if several else "request "
                lines.append(f"{label.ljust(9)} {describe_request(request)}")
                lines.append(f"{'':10}GET {request.target()}")
        lines.append(f"residual  {self.residual or 'none: the requests answer it'}")
        lines += [f"note      {reason}" for reason in self.reasons]
        return "\n".join(lines)


LIST_ALL = Plan("", ((ListRequest(),),), None, True, ())
"""The plan where there is no query."""


def describe_request(request: ListRequest) -> str:
    """Return what a request asks for, in words of the language."""
    parts = [request.q] if request.q is not None else []
    if request.status is not None:
        parts.append(f"status:'{request.status}'")
    return " AND ".join(parts) or "every session (a full scan)"
