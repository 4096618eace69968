"""The vendor's SDK, given what a query writes, finds what our clients find."""

from __future__ import annotations

from collections.abc import Callable

from browserbase import Browserbase
from support.clients import Blocking
from support.raw_server import SESSION

import bbquery
from bbquery.emulator import Emulator, generate

Connect = Callable[..., Blocking]

TEXTS = [
    "a",
    "A",
    "a b",
    "a+b",
    "a%20b",
    "%27",
    "%2527",
    "&status=ERROR",
    "=",
    "#",
    "é",
    "e\u0301",
    "😀",
    '"',
    "[x]",
    "$&()!",
    "",
]


def test_the_sdk_finds_the_same_sessions(connect: Connect, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add(generate(300))
    bbquery_emulator.add(
        {**SESSION, "id": f"{at} {status}", "status": status, "userMetadata": {"odd": {text: text}}}
        for at, text in enumerate(TEXTS)
        for status in ("RUNNING", "ERROR")
    )
    sampled = {str(session["userMetadata"]["client"]) for session in generate(300) if session.get("userMetadata")}
    queries = [
        *(bbquery.meta["odd"][text] == text for text in TEXTS),
        *(bbquery.meta["client"] == client for client in sampled),
        *(bbquery.from_dict({"client": client}) & (bbquery.field.status == "COMPLETED") for client in sampled),
        bbquery.parse("user_metadata['odd']['a']:$text AND status:'ERROR'", text="a"),
        bbquery.parse("status:'TIMED_OUT'"),
    ]
    client = connect(bbquery_emulator)
    counts = []
    with Browserbase(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url, max_retries=0) as sdk:
        for query in queries:
            ours = client.sessions(query)
            theirs = sdk.sessions.list(**query.params())  # type: ignore[arg-type]  # the SDK lists the statuses
            assert [session.id for session in ours] == [session.id for session in theirs]
            assert [session.user_metadata for session in ours] == [session.user_metadata for session in theirs]
            assert [session.created_at for session in ours] == [session.created_at for session in theirs]
            counts.append(len(ours))
    assert counts[: len(TEXTS)] == [2] * len(TEXTS)
    assert all(counts[: len(TEXTS) + len(sampled)])
