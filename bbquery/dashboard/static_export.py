"""The page as one file, with its scripts and every response that it can ask for.

There is no server to ask, so the choices are fixed: each range, by each of the commonest keys. The file works offline,
and its policy (CSP) lets nothing run or load but what was put in.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from ..usage.report import rfc3339
from . import responses
from .assets import SCRIPTS, asset, index
from .session_source import SessionSource
from .view_state import RANGES, PageSettings, ViewState, read_period

MAX_EXPORTED_KEYS = 8


def export(
    source: SessionSource,
    by: Sequence[str] | None = None,
    billing_day: int = 1,
    settings: PageSettings | None = None,
) -> str:
    """Return the page. `by` are the keys that it starts with; None stands for the commonest key of the metadata.

    `settings` say more than a `billing_day`, which does not count beside them.
    """
    settings = settings or PageSettings(billing_day)
    data, now = source.data, source.now()
    keys = [name for name, _ in data.commonest_keys(MAX_EXPORTED_KEYS)]
    first = data.first_key if by is None else tuple(by)
    choices = dict.fromkeys([first, (), *[(key,) for key in (*keys, "status", "region")]])
    found: list[dict[str, Any]] = []
    for name in RANGES:
        period = read_period(name, now, settings)
        listed = responses.sessions(data, ViewState(None, period, ()), now, settings)
        found.append({"of": "sessions", "range": name, "by": None, "answer": listed})
        for by in choices:
            measured = responses.report(data, ViewState(None, period, by), now, settings)
            found.append({"of": "report", "range": name, "by": list(by), "answer": measured})
    return _exported_page(
        {
            "at": rfc3339(data.at),
            "scope": source.scope,
            "timezone": str(settings.zone or "UTC"),
            "by": list(first),
            "answers": found,
        }
    )


def _exported_page(recorded: dict[str, Any]) -> str:
    style, scripts = asset("style.css"), [_inline(text) for text in (asset("theme.js"), asset("plotly.js"), _bundle())]
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    # `<` could end the element too early; JSON has another way to write it.
    data = json.dumps(recorded, separators=(",", ":")).replace("<", "\\u003c")
    theme, chart, app = scripts
    page = index()
    for link, content in (
        ("<!-- policy -->", f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        (f'<link rel="stylesheet" href="style.css" {_STYLE}>', f"<style {_STYLE}>{style}</style>"),
        ('<script src="theme.js"></script>', f"<script>{theme}</script>"),
        ('<script src="plotly.js" defer></script>', f"<script>{chart}</script>"),
        (
            '<script src="app.js" type="module"></script>',
            f'<script id="recorded" type="application/json">{data}</script>\n<script type="module">{app}</script>',
        ),
    ):
        before, found, after = page.partition(link)
        assert found, f"index.html has no {link}"
        page = before + content + after
    return page


_STYLE = 'id="plotly.js-style-global" class="no-inline-styles"'
"""By which plotly knows that its styles are there already, and adds none, as the policy would not let it."""


def _bundle() -> str:
    """Return the modules as one script, in their order. Their names are distinct, so only imports and exports are taken
    out.
    """
    text = "\n".join([asset(name) for name in SCRIPTS])
    return re.sub(r"^import .* from .*;\n|^export ", "", text, flags=re.MULTILINE)


def _inline(script: str) -> str:
    """Return a script as it may stand in an element, where `</script` and `<!--` may be in strings only, escaped."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r\n", "\n").replace("\r", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
