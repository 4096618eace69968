"""The tables of `grammar/cases`, one case each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.paths import CASES

FOLDER = CASES


def cases(name: str) -> list[Any]:
    table: list[Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return table


def named(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases(name)])
