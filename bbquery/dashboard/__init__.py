"""The usage page: figures of sessions in a browser, served on this machine or written into one file.

    with Dashboard(Source(lambda: list(client.sessions()), refresh=15)) as dashboard:
        print(dashboard.url)

`session_source` keeps the sessions, `view_state` reads what a page asks for, `responses` measures it, `server` serves,
`static_export` writes the file. `static/` has what runs in the browser. Nothing is imported until it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .server import Dashboard
    from .session_source import SessionSource as Source
    from .static_export import export

_HOME = {"Dashboard": "server", "Source": "session_source", "export": "static_export"}
_EXTRA = ("starlette", "uvicorn", "h11", "plotly")

__all__ = ["Dashboard", "Source", "export"]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module("." + _HOME[name], __name__)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        message = f"the dashboard needs {missing}: pip install 'bbquery[dashboard]'"
        raise ModuleNotFoundError(message, name=error.name) from error
    value = globals()[name] = getattr(module, {"Source": "SessionSource"}.get(name, name))
    return value


def __dir__() -> list[str]:
    return list(__all__)
