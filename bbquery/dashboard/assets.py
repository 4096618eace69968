"""The static files of the page, and plotly.js out of plotly's own package."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

SCRIPTS = ("dom.js", "format.js", "api.js", "view.js", "chart.js", "tables.js", "completion.js", "app.js")
"""Modules; each imports from those before it only."""

_STATIC = files(__package__).joinpath("static")
_PLOTLY = files("plotly").joinpath("package_data", "plotly.min.js")  # ModuleNotFoundError without the extra


@cache
def asset(name: str) -> str:
    """Return the text of a file by its name."""
    return (_PLOTLY if name == "plotly.js" else _STATIC.joinpath(name)).read_text("utf-8")


@cache
def index() -> str:
    """Return the page itself.

    plotly adds the styles of its maps unless it finds that they are there. There are no maps, and the page's policy
    forbids such styles, so the page makes plotly find them.
    """
    found = re.findall(r'getElementById\("([0-9a-f]{64})"\)', asset("plotly.js"))
    return asset("index.html").replace(
        "<!-- plotly -->", "".join([f'<template id="{name}"></template>' for name in dict.fromkeys(found)])
    )
