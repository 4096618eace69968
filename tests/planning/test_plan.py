"""A plan explains itself, to people and to programs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from support.laws import plannable_queries, rule

import bbquery
from bbquery.language.nodes import Node
from bbquery.planning.planner import plan

SHOWN = {
    "user_metadata['client']:'acme'": """
query     user_metadata['client']:'acme'
request   user_metadata['client']:'acme'
          GET /v1/sessions?q=user_metadata%5B%27client%27%5D%3A%27acme%27
residual  none: the requests answer it
""",
    "status:('RUNNING' OR 'ERROR') AND proxy_bytes>1MB": """
query     status:('RUNNING' OR 'ERROR') AND proxy_bytes>1MB
stage 1   status:'RUNNING'
          GET /v1/sessions?status=RUNNING
stage 2   status:'ERROR'
          GET /v1/sessions?status=ERROR
residual  proxy_bytes>1MB
note      proxy_bytes>1MB is neither an equality on metadata nor a status, so the service cannot filter by it
""",
    "user_metadata['a']:'x' AND status:'ERROR' AND user_metadata['b']:'y'": """
query     user_metadata['a']:'x' AND status:'ERROR' AND user_metadata['b']:'y'
request   user_metadata['a']:'x' AND status:'ERROR'
          GET /v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27x%27&status=ERROR
residual  user_metadata['b']:'y'
note      user_metadata['b']:'y' is checked here: the service takes one equality at a time
""",
    "user_metadata['a']:('x' OR 'y')": """
query     user_metadata['a']:('x' OR 'y')
request   user_metadata['a']:'x'
          GET /v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27x%27
request   user_metadata['a']:'y'
          GET /v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27y%27
residual  none: the requests answer it
""",
    "NOT user_metadata['a']:'x'": """
query     NOT user_metadata['a']:'x'
request   every session (a full scan)
          GET /v1/sessions
residual  NOT user_metadata['a']:'x'
note      NOT user_metadata['a']:'x' is a negation, and the service can only list what is equal
""",
    "user_metadata['a']:'it\\'s' AND user_metadata['b']:'y' OR status:'PENDING'": """
query     user_metadata['a']:'it\\'s' AND user_metadata['b']:'y' OR status:'PENDING'
request   user_metadata['b']:'y'
          GET /v1/sessions?q=user_metadata%5B%27b%27%5D%3A%27y%27
request   status:'PENDING'
          GET /v1/sessions?status=PENDING
residual  user_metadata['a']:'it\\'s' AND user_metadata['b']:'y' OR status:'PENDING'
note      user_metadata['a']:'it\\'s' holds ' or \\ or a control character, for which the service documents no escape
""",  # as it is shown
    "status:'ERROR' AND status:'RUNNING'": """
query     status:'ERROR' AND status:'RUNNING'
requests  none: no session can match
residual  none: the requests answer it
""",
    "user_metadata['a']:'x' AND status:('COMPLETED' OR 'PENDING' OR 'ERROR')": """
query     user_metadata['a']:'x' AND status:('COMPLETED' OR 'PENDING' OR 'ERROR')
stage 1   user_metadata['a']:'x' AND status:'PENDING'
          GET /v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27x%27&status=PENDING
stage 2   user_metadata['a']:'x' AND status:'ERROR'
          GET /v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27x%27&status=ERROR
stage 2   user_metadata['a']:'x' AND status:'COMPLETED'
          GET /v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27x%27&status=COMPLETED
residual  none: the requests answer it
""",
}


@pytest.mark.parametrize("query", SHOWN)
def test_a_plan_explains_itself(query: str) -> None:
    assert str(bbquery.parse(query).plan()) == SHOWN[query].strip("\n")


@rule
@given(plannable_queries)
def test_a_plan_is_json(node: Node) -> None:
    made = plan(node)
    read = json.loads(json.dumps(made.to_dict("https://proxy.example/")))
    assert set(read) == {"query", "stages", "residual", "full_scan", "reasons"}
    assert bbquery.parse(read["query"]) == bbquery.Query(node)
    for stage, requests in zip(read["stages"], made.stages, strict=True):
        for entry, request in zip(stage, requests, strict=True):
            assert entry == {**request.params(), "url": f"https://proxy.example{request.target()}"}
    assert repr(made).startswith(f"<Plan: {len(made.requests)} requests")
