"""The usage page: figures of sessions in a browser, served on this machine or written into one file.

    with Dashboard(Source(lambda: list(client.sessions()), refresh=15)) as dashboard:
        print(dashboard.url)

`session_source` keeps the sessions, `view_state` reads what a page asks for, `responses` measures it, `server` serves,
`static_export` writes the file. `static/` has what runs in the browser. Nothing is imported until it is used.
"""

from __future__ import annotations

from ..servers.lazy_exports import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .server import Dashboard
    from .session_source import SessionSource as Source
    from .static_export import export

__all__ = ["Dashboard", "Source", "export"]


__getattr__ = lazy_exports(
    __name__,
    {"Dashboard": "server:Dashboard", "Source": "session_source:SessionSource", "export": "static_export:export"},
    libraries=("starlette", "uvicorn", "h11", "plotly"),
    extra="dashboard",
)


def __dir__() -> list[str]:
    return list(__all__)
