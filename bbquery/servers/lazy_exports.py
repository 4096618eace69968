"""Public names of a package that are loaded on first use, with a hint if the extra for them is missing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_exports(
    package: str, homes: Mapping[str, str], libraries: tuple[str, ...], extra: str
) -> Callable[[str], object]:
    """Return a package's `__getattr__`.

    `homes` maps each public name to `module:name`. If one of the `libraries` is missing, the ModuleNotFoundError says
    which `extra` brings it.
    """

    def load(name: str) -> object:
        import sys
        from importlib import import_module

        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = homes[name].partition(":")
        try:
            value: object = getattr(import_module(f".{module}", package), attribute)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing not in libraries:
                raise
            message = f"the {extra} needs {missing}: pip install 'bbquery[{extra}]'"
            raise ModuleNotFoundError(message, name=error.name) from error
        setattr(sys.modules[package], name, value)  # from now on it is found without this function
        return value

    return load
