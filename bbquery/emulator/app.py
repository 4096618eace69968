"""The endpoints of the API over a `Store`: what is known of the service (docs/service.md), and nothing more.

An answer that is not a success is an `ErrorResponse`. Sessions go out as the text that the store holds. All other JSON
is ASCII, because metadata may hold a lone surrogate, which UTF-8 cannot.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid4, uuid5

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .. import metadata as metadata_rules
from ..errors import NotAWireQuery, QuerySyntaxError
from ..language.parser import parse_query
from ..language.printer import format_query
from ..language.session_fields import REGIONS, STATUSES
from ..planning.requests import require_wire_query
from .store import LimitReached, Store
from .switches import Switches

_NOT_STORABLE = "Value is not a valid metadata value"
_DEFAULT_CONCURRENCY = 100
_GATEWAY_TIMEOUT = (
    "<html><head><title>504 Gateway Time-out</title></head><body><h1>504 Gateway Time-out</h1></body></html>"
)


class ErrorResponse(Exception):
    """An answer with an error status (docs/service.md#f29)."""

    def __init__(
        self, status: int, message: str, *, key: str = "message", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.answer = json_response({key: message}, status, headers)


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(value, separators=(",", ":"))
    return Response(text, status, headers, media_type="application/json")


class EmulatorApi:
    """The endpoints of the API."""

    def __init__(
        self,
        store: Store,
        keys: Mapping[str, Sequence[str]],
        switches: Callable[[], Switches],
        pause: Callable[[float], Awaitable[object]],
    ) -> None:
        """Take the projects that each API key sees (docs/service.md#f17); the first key also sees those that no key
        names.

        `pause` sleeps, and returns early when the server stops.
        """
        self._store = store
        self._keys = keys
        self._switches = switches
        self._pause = pause

    def starlette(self) -> Starlette:
        routes = [
            Route("/v1/sessions", self._list, methods=["GET"]),
            Route("/v1/sessions", self._create, methods=["POST"]),
            Route("/v1/sessions/{id}", self._retrieve, methods=["GET"]),
            Route("/v1/sessions/{id}", self._update, methods=["POST"]),
            Route("/v1/projects", self._projects, methods=["GET"]),
            Route("/v1/projects/{id}", self._project, methods=["GET"]),
            Route("/v1/projects/{id}/usage", self._usage, methods=["GET"]),
        ]
        handlers: Mapping[Any, Any] = {ErrorResponse: _refuse, HTTPException: _no_route}
        app = Starlette(routes=routes, exception_handlers=handlers)
        # Starlette would redirect /v1/sessions/, and the client follows no redirect.
        app.router.redirect_slashes = False
        return app

    # --- sessions ------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        switches = self._switches()
        projects = self._visible(request)
        q, status = _listing(request, ignore_q=switches.ignore_q)
        entry = None if q is None else _require_wire_query(q)
        if status is not None and status not in STATUSES:
            raise ErrorResponse(400, f"status cannot be {status!r}; it is one of {', '.join(STATUSES)}")
        if entry and status is None and switches.bare_q != "fast":
            await self._pause(switches.bare_q_seconds)
            if switches.bare_q == "504":
                return Response(_GATEWAY_TIMEOUT, 504, media_type="text/html")
        lag = switches.lag if entry else 0
        texts = self._store.list_json(projects, status=status, entry=entry, lag=lag, cap=switches.cap)
        return Response(f"[{','.join(texts)}]", media_type="application/json")

    async def _create(self, request: Request) -> Response:
        switches = self._switches()
        projects = self._visible(request)
        body = await _json_object(request)
        options = _options(body, projects) | {"metadata": _read_metadata(body, strict=switches.strict_metadata)}
        try:
            session = self._store.create(**options, switches=switches)
        except LimitReached as error:
            wait = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
            raise ErrorResponse(429, str(error), headers=wait) from None
        key = uuid4().hex
        # No browser stands behind these: the name is one that can never be looked up.
        session |= {
            "connectUrl": f"wss://connect.emulator.invalid/?signingKey={key}",
            "seleniumRemoteUrl": "http://selenium.emulator.invalid/wd/hub",
            "signingKey": key,
        }
        return json_response(session, 201)

    async def _retrieve(self, request: Request) -> Response:
        return self._session(self._visible(request), request)

    async def _update(self, request: Request) -> Response:
        projects = self._visible(request)
        self._session(projects, request)
        body = await _json_object(request)
        if body.get("status") != "REQUEST_RELEASE":
            raise ErrorResponse(400, "status must be REQUEST_RELEASE")
        self._store.release(request.path_params["id"], self._switches().release_delay)
        return self._session(projects, request)

    def _session(self, projects: Sequence[str], request: Request) -> Response:
        session = request.path_params["id"]
        text = self._store.get_json(projects, session)
        if text is None:
            raise ErrorResponse(404, f"there is no session {session!r}")
        return Response(text, media_type="application/json")

    # --- projects ------------------------------------------------------------------------------

    async def _projects(self, request: Request) -> Response:
        created = self._store.projects()
        visible = self._visible(request)
        return json_response([self._shown(project, created[project]) for project in visible])

    async def _project(self, request: Request) -> Response:
        project = self._asked_project(request)
        return json_response(self._shown(project, self._store.projects()[project]))

    async def _usage(self, request: Request) -> Response:
        return json_response(self._store.usage(self._asked_project(request)))

    def _asked_project(self, request: Request) -> str:
        visible, project = self._visible(request), request.path_params["id"]
        if project not in visible:
            raise ErrorResponse(404, f"there is no project {project!r}")
        return str(project)

    def _shown(self, project: str, created: str) -> dict[str, object]:
        """Return a project as the API lists it (docs/service.md#f23), with `concurrency`, which the vendor's SDK has
        too.
        """
        switches = self._switches()
        limit = switches.max_concurrent
        return {
            "id": project,
            "name": project,
            "createdAt": created,
            "updatedAt": created,
            "ownerId": str(uuid5(NAMESPACE_URL, "bbquery:owner:" + project)),
            "defaultTimeout": int(switches.session_timeout),
            "concurrency": _DEFAULT_CONCURRENCY if limit is None else limit,
        }

    def _visible(self, request: Request) -> list[str]:
        """Return the projects that the request's key sees. Raise ErrorResponse for an unknown key
        (docs/service.md#f27).
        """
        key = request.headers.get("x-bb-api-key")
        if key is None or key not in self._keys:
            raise ErrorResponse(401, "missing or wrong API key", key="error")
        visible = list(self._keys[key])
        if key == next(iter(self._keys)):
            named = {project for projects in self._keys.values() for project in projects}
            # So sessions of any project can be loaded without naming it beforehand.
            visible += [project for project in self._store.projects() if project not in named]
        return visible


# --- what was asked ----------------------------------------------------------------------------


def _listing(request: Request, *, ignore_q: bool) -> tuple[str | None, str | None]:
    """Return `q` and `status` (docs/service.md#f12), decoded as a form: `+` and `%20` are both a space
    (docs/service.md#f8).
    """
    try:
        text = request.scope["query_string"].decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise ErrorResponse(400, "the query string is not UTF-8") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name == "q" and ignore_q:
            continue
        if name in given and name in ("q", "status"):
            raise ErrorResponse(400, f"{name} was given more than once")
        given[name] = value
    return given.get("q"), given.get("status")


def _require_wire_query(q: str) -> tuple[str, ...]:
    """Return the path and the value of a `q`, which must be spelled exactly as documented (docs/service.md#f1, #f5,
    #f6, #f7).
    """
    try:
        equality: Any = parse_query(q, {})
        require_wire_query(equality)  # nothing but an equality on metadata is one
    except QuerySyntaxError as error:
        raise ErrorResponse(400, f"q: {error.message}") from None
    except NotAWireQuery as error:
        raise ErrorResponse(400, f"q: {error}") from None
    if format_query(equality) != q:
        raise ErrorResponse(400, f"q: the documented form is {format_query(equality)}")
    return (*equality.field, equality.value)


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body(), parse_constant=_not_json, parse_float=_read_number)
    except (ValueError, RecursionError, ClientDisconnect):
        raise ErrorResponse(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise ErrorResponse(400, "the body must be a JSON object")
    return body


def _not_json(text: str) -> NoReturn:
    raise ValueError(text)


def _read_number(text: str) -> float | None:
    """Return a number as a server in JavaScript stores it: null if it is beyond every double."""
    number = float(text)
    return number if isfinite(number) else None


def _options(body: Mapping[str, Any], projects: Sequence[str]) -> dict[str, Any]:
    """Return what a creation asks for, except the metadata."""
    project = body.get("projectId")
    if project is None:
        if len(projects) != 1:
            raise ErrorResponse(400, "projectId is required: the API key sees several projects")
        project = projects[0]
    elif project not in projects:
        raise ErrorResponse(400, f"projectId: there is no project {project!r}")
    region = body.get("region", REGIONS[0])
    if region not in REGIONS:
        raise ErrorResponse(400, f"region cannot be {region!r}; it is one of {', '.join(REGIONS)}")
    keep_alive = body.get("keepAlive", False)
    if not isinstance(keep_alive, bool):
        raise ErrorResponse(400, "keepAlive must be a boolean")
    return {"project": project, "region": region, "keep_alive": keep_alive, "timeout": _timeout(body)}


def _timeout(body: Mapping[str, Any]) -> float | None:
    timeout = body.get("timeout")
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 21_600:
        raise ErrorResponse(400, "timeout must be a number of seconds, at most 21600")
    return timeout


def _read_metadata(body: Mapping[str, Any], *, strict: bool) -> dict[str, Any] | None:
    metadata = body.get("userMetadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise ErrorResponse(400, "userMetadata must be an object")
    size = metadata_rules.size(metadata)
    if size > metadata_rules.MAX_SIZE:
        raise ErrorResponse(400, f"userMetadata may have {metadata_rules.MAX_SIZE} characters of JSON; it has {size}")
    if strict and not all(map(metadata_rules.is_accepted_value, _read_strings(metadata))):
        raise ErrorResponse(400, _NOT_STORABLE)
    return metadata


def _read_strings(value: object) -> list[str]:
    """Return every string in a metadata value. Keys are left out: no source says what they may hold
    (docs/service.md#f20).
    """
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _read_strings(each)]


# --- error responses ---------------------------------------------------------------


async def _refuse(_request: Request, refusal: ErrorResponse) -> Response:
    return refusal.answer


async def _no_route(_request: Request, error: HTTPException) -> Response:
    return json_response({"error": error.detail}, error.status_code, error.headers)
