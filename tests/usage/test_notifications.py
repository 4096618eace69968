"""Breaches are told over a real socket: once, signed, and again after what may pass."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.usage_sessions import session
from support.webhook_receiver import Receiver, webhook_receiver

from bbquery import BBQueryError, BuildError, TransportError, measure_usage
from bbquery.usage.notifications import (
    TRIES,
    Breach,
    Target,
    ToldBreaches,
    message_for,
    parse_target,
    read_secret,
    send_message,
    signed_headers,
)
from bbquery.usage.pricing import CostEstimate
from bbquery.usage.thresholds import exceeded, parse_threshold

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
PRICES = CostEstimate(Fraction(0), Fraction(0), "USD")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as running:
        yield running


def breaches(*limits: str, client: str = "acme") -> list[Breach]:
    report = measure_usage([session(1, 600, userMetadata={"client": client})], by=["client"], now=NOW)
    found = exceeded(report, [parse_threshold(limit) for limit in limits], PRICES)
    return [Breach(each, is_failure=True) for each in found]


REPORT = measure_usage([session(1, 600)], now=NOW)


def test_a_webhook_is_told_what_is_known(receiver: Receiver) -> None:
    target = parse_target(receiver.url)
    send_message(target, message_for(target, REPORT, breaches("client:acme.browser_minutes=5")), b"key")
    (message,) = receiver.received
    assert json.loads(message.body) == {
        "type": "usage.limit_exceeded",
        "timestamp": "2026-11-20T12:30:00Z",
        "data": {
            "start": None,
            "end": None,
            "limits": [
                {
                    "severity": "error",
                    "message": "client acme: browser_minutes is 10, over 5",
                    "limit": "client:acme.browser_minutes=5",
                    "metric": "browser_minutes",
                    "key": "client",
                    "value": "acme",
                    "amount": 10.0,
                    "most": 5.0,
                }
            ],
        },
    }
    number, sent = message.headers["webhook-id"], message.headers["webhook-timestamp"]
    signed = hmac.new(b"key", f"{number}.{sent}.".encode() + message.body, sha256).digest()
    assert message.headers["webhook-signature"] == f"v1,{b64encode(signed).decode()}"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of their specification."""
    secret = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(b'{"test": 2432232314}', secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert "webhook-signature" not in signed_headers(b"{}", None, "msg_1", 0)


def test_slack_gets_a_message_in_which_nothing_is_a_link(receiver: Receiver) -> None:
    target = parse_target(f"slack:{receiver.url}")
    assert target.is_slack
    assert parse_target("https://hooks.slack.com/services/T/B/X").is_slack
    found = breaches("client:<!channel>.browser_minutes=5", client="<!channel>")
    send_message(target, message_for(target, REPORT, found), None)
    text = json.loads(receiver.received[0].body)["text"]
    assert "&lt;!channel&gt;: browser_minutes is 10, over 5" in text
    assert "<" not in text


@pytest.mark.parametrize(("answers", "tries"), [([500, 429, 204], 3), ([408, 200], 2), ([503], TRIES)])
def test_what_may_pass_is_tried_again_with_the_same_id(receiver: Receiver, answers: list[int], tries: int) -> None:
    receiver.answers = list(answers)
    waits: list[float] = []
    is_taken = answers[-1] < 300
    with nullcontext() if is_taken else pytest.raises(TransportError, match="answered 503"):
        send_message(parse_target(receiver.url), b"{}", b"key", waits.append)
    assert len(receiver.received) == tries
    assert len({message.headers["webhook-id"] for message in receiver.received}) == 1
    assert waits == [1.0, 2.0, 4.0][: tries - 1]


@pytest.mark.parametrize("status", [400, 404, 410, 302, 307])
def test_a_refusal_or_redirect_is_not_tried_again_and_tells_no_secret(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    target = parse_target(receiver.url)
    with pytest.raises(TransportError) as caught:
        send_message(target, b"{}", None, lambda _: pytest.fail("it waits"))
    assert len(receiver.received) == 1
    assert "S3CRET" not in f"{caught.value}{caught.value!r}{target!r}"


def test_nobody_there_is_an_error_without_the_address() -> None:
    with webhook_receiver() as gone:
        url = gone.url
    with pytest.raises(TransportError) as caught:
        send_message(parse_target(url), b"{}", None, lambda _: None)
    assert "S3CRET" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text", ["", "example", "http://example.com/x", "ftp://127.0.0.1/", "slack:", "https://", "https://[::1", "\ud800"]
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(BuildError):
        parse_target(text)


def test_a_secret_that_is_not_base64_is_an_error_without_it() -> None:
    with pytest.raises(BBQueryError) as caught:
        read_secret("whsec_T0P S3CRET")
    assert "S3CRET" not in str(caught.value)
    assert read_secret("") is None
    assert read_secret("whsec_" + b64encode(b"k").decode()) == b64decode("aw==")


# --- once for each breach ----------------------------------------------------------------------

A, B = "browser_minutes=5", "sessions=0"


@given(st.lists(st.lists(st.sampled_from([A, B, "client:acme.sessions=0"]), unique=True, max_size=3), max_size=6))
@examples(60)
def test_each_breach_is_told_once_until_it_is_over(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[str]]
) -> None:
    file = tmp_path_factory.mktemp("told") / "deep" / "told.json"
    target = parse_target("https://example.com/1")
    before: set[str] = set()
    for limits in runs:
        state = ToldBreaches(file)
        found = breaches(*limits)
        assert {each.exceeded.limit.text for each in state.new(target, "24h", found)} == set(limits) - before
        state.keep(target, "24h", found, "now")
        before = set(limits)


def test_another_target_period_or_limit_is_told_too(tmp_path: Path) -> None:
    here, there = parse_target("https://example.com/1"), parse_target("https://example.com/2")
    ToldBreaches(tmp_path / "told").keep(here, "cycle 1", breaches(A), "now")
    state = ToldBreaches(tmp_path / "told")

    def told(target: Target, period: str, limit: str) -> bool:
        return not state.new(target, period, breaches(limit))

    assert told(here, "cycle 1", A)
    assert not any([told(there, "cycle 1", A), told(here, "cycle 2", A), told(here, "cycle 1", "browser_minutes=6")])
    state.keep(here, "cycle 2", [], "now")
    assert not ToldBreaches(tmp_path / "told").new(here, "cycle 1", breaches(A))


@pytest.mark.parametrize("held", ["", "{", "[]", '{"told": 5}', '{"told": {"a": []}}', "\x00"])
def test_a_state_file_that_is_odd_tells_all_anew(tmp_path: Path, held: str) -> None:
    file = tmp_path / "told"
    file.write_text(held)
    state, target = ToldBreaches(file), parse_target("https://example.com")
    found = breaches(A)
    assert state.new(target, "24h", found) == found
    state.keep(target, "24h", found, "now")
    assert ToldBreaches(file).new(target, "24h", found) == []


def test_the_state_file_holds_no_address_and_no_name(tmp_path: Path) -> None:
    target = parse_target("https://example.com/T0P-S3CRET")
    ToldBreaches(tmp_path / "told").keep(target, "24h", breaches("client:acme.sessions=0"), "now")
    held: Any = (tmp_path / "told").read_text()
    assert not any(secret in held for secret in ("S3CRET", "example", "acme"))
