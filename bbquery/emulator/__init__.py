"""A local server that behaves as the service is known to (docs/service.md), on SQLite, for tests and demos.

    with Emulator(switches=Switches(bare_q="504")) as emulator:
        client = bbquery.Client(api_key=emulator.api_key, base_url=emulator.url)

The awkward facts about the service are switches, all off by default. Every pytest run loads the pytest plugin in this
package, so nothing is imported until it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .sample_data import generate
    from .server import Emulator
    from .switches import Switches

_HOME = {"Emulator": "server", "Switches": "switches", "generate": "sample_data"}
_EXTRA = ("starlette", "uvicorn", "h11")

__all__ = ["Emulator", "Switches", "generate"]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module("." + _HOME[name], __name__)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        message = f"the emulator needs {error.name}: pip install 'bbquery[emulator]'"
        raise ModuleNotFoundError(message, name=error.name) from error
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
