"""bbquery: the query language of Browserbase session metadata.

Everything public is here, and nothing is loaded until it is used: `import bbquery` costs next to nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import metadata as metadata
    from .errors import (
        ApiError as ApiError,
        AuthenticationError as AuthenticationError,
        BadRequest as BadRequest,
        BBQueryError as BBQueryError,
        BuildError as BuildError,
        DecodeError as DecodeError,
        Diagnostic as Diagnostic,
        NotAWireQuery as NotAWireQuery,
        NotFound as NotFound,
        QuerySyntaxError as QuerySyntaxError,
        RateLimited as RateLimited,
        ServerError as ServerError,
        Span as Span,
        TransportError as TransportError,
    )

# Where each public name lives. The imports above say the same to type checkers; a test holds the two together.
_HOMES = {
    "errors": (
        "ApiError AuthenticationError BBQueryError BadRequest BuildError DecodeError Diagnostic NotAWireQuery "
        "NotFound QuerySyntaxError RateLimited ServerError Span TransportError"
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted([*_HOME, "__version__", "metadata"])  # noqa: PLE0605  # one list, kept in one place


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "metadata":
        return import_module(".metadata", __name__)
    try:
        module = import_module("." + _HOME[name], __name__)
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
