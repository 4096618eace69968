"""The wire form of queries, from the tables that any implementation can run."""

from __future__ import annotations

from typing import Any

import pytest
from support.case_tables import named

import bbquery
from bbquery.errors import NotAWireQuery, QuerySyntaxError


@named("wire")
def test_wire(case: dict[str, Any]) -> None:
    if "decode" in case:
        if "error" in case:
            with pytest.raises(QuerySyntaxError) as caught:
                bbquery.decode(case["decode"])
            assert caught.value.code == case["error"]
        else:
            assert str(bbquery.decode(case["decode"])) == case["query"]
        return
    query = bbquery.parse(case["text"])
    if "wire" in case:
        assert (query.wire(), query.encode()) == (case["wire"], case["encoded"])
    else:
        with pytest.raises(NotAWireQuery):
            query.wire()
    if "error" in case:
        with pytest.raises(NotAWireQuery):
            query.params()
    else:
        assert query.params() == case["params"]
        assert bbquery.decode(query.url()).params() == case["params"]
