"""Read the files that ship with the package: the grammar, the schema of the tree, the pages of the rules.

This module stays at the package root, because it finds those files relative to itself.
"""

from __future__ import annotations


def resource_path(name: str, folder: str = "grammar") -> str | None:
    """Return the path of a file, or None if the package is not installed as files."""
    import os.path

    here = os.path.dirname(os.path.abspath(__file__))
    paths = [os.path.join(above, folder, name) for above in (here, os.path.dirname(here))]
    return next(filter(os.path.isfile, paths), None)


def read_resource(name: str, folder: str = "grammar") -> str:
    """Return the text of a file, from the installed package or from the checkout."""
    import os.path

    here = os.path.dirname(os.path.abspath(__file__))
    for above in (here, os.path.dirname(here)):
        try:
            # The loader reads from a zipped wheel as well as from a folder.
            data: bytes = __spec__.loader.get_data(os.path.join(above, folder, name))  # type: ignore[union-attr]  # every loader of source files has it
        except OSError:
            continue
        return data.decode()
    raise FileNotFoundError(f"{name} is missing from the installation; reinstall bbquery")
