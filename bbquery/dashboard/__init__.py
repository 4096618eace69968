"""The usage page: sessions → figures in a browser, served on this machine or written into one file.

    with Dashboard(Source(lambda: list(client.sessions()), refresh=15)) as dashboard:
        print(dashboard.url)

`source` keeps the sessions, `view` reads what a page asks for, `answers` measures it, `server` serves, `onefile` writes
the file. What runs in the browser lies in `page`, as it is sent. Nothing is imported until it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .onefile import export as export
    from .server import Dashboard as Dashboard
    from .source import Source as Source

_HOME = {"Dashboard": "server", "Source": "source", "export": "onefile"}
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
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
