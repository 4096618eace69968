"""A local server that behaves as the service is known to (docs/service.md), on SQLite, for tests and demos.

    with Emulator(switches=Switches(bare_q="504")) as emulator:
        client = bbquery.Client(api_key=emulator.api_key, base_url=emulator.url)

The awkward facts about the service are switches, all off by default. Every pytest run loads the pytest plugin in this
package, so nothing is imported until it is used.
"""

from __future__ import annotations

from ..servers.lazy_exports import lazy_exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .sample_data import generate
    from .server import Emulator
    from .switches import Switches

__all__ = ["Emulator", "Switches", "generate"]


__getattr__ = lazy_exports(
    __name__,
    {"Emulator": "server:Emulator", "Switches": "switches:Switches", "generate": "sample_data:generate"},
    libraries=("starlette", "uvicorn", "h11"),
    extra="emulator",
)


def __dir__() -> list[str]:
    return list(__all__)
