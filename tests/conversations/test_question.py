"""A visitor's question and the ids of events: what is taken, what is refused, what is another turn's."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.chatbots.origins import is_allowed, parse_entry, parse_origin, suggest_entry
from conversations.turns import events
from conversations.turns.question import MAX_TEXT_LENGTH, check_text, without_nul
from core.errors import InvalidRequest

# Fixed: it is part of the names of tests.
TURN = UUID("01a21bb6-3b58-7371-80ce-74945355cdd0")


@given(st.text(max_size=200))
def test_a_text_loses_its_nuls_and_nothing_else(text: str) -> None:
    kept = without_nul(text)
    assert "\x00" not in kept
    assert [c for c in text if c != "\x00"] == list(kept)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00\x00", "\u2003"])
def test_a_question_says_something(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_text(text)
    assert caught.value.param == "text"


def test_a_question_has_a_length_that_is_told() -> None:
    assert check_text("x" * MAX_TEXT_LENGTH + "\x00") == "x" * MAX_TEXT_LENGTH
    with pytest.raises(InvalidRequest) as caught:
        check_text("x" * (MAX_TEXT_LENGTH + 1))
    assert "8,000" in caught.value.message
    assert "8,001" in caught.value.message


EVENTS: list[events.TurnEvent] = [
    events.TurnStarted(
        turn_id=TURN, event_id=f"{TURN}:1", conversation_id=uuid4(), client_turn_id="1"
    ),
    events.TurnDelta(turn_id=TURN, event_id=f"{TURN}:2", text='"\n\u2028 語'),
    events.TurnCitation(
        turn_id=TURN,
        event_id=f"{TURN}:3",
        n=1,
        document_id=uuid4(),
        title="T",
        url=None,
        page=3,
        quote="Q",
    ),
    events.TurnCompleted(
        turn_id=TURN,
        event_id=f"{TURN}:4",
        message_id=uuid4(),
        finish_reason="stop",
        usage=events.TokenUsage(1, 2),
    ),
    events.TurnFailed(turn_id=TURN, event_id=f"{TURN}:5", code="c", message="m", retryable=True),
    events.TurnSnapshot(
        turn_id=TURN,
        event_id=f"{TURN}:6",
        status="completed",
        text="t",
        citations=[],
        message_id=None,
        finish_reason="stop",
        usage=events.TokenUsage(1, 2),
    ),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was_written(event: events.TurnEvent) -> None:
    line = events.wire(event)
    assert line.startswith('{"type":"turn.')
    assert events.read(line) == event
    told = events.as_sse(line)
    # One line of data, whatever it says: a line end in it would end the event.
    assert told.splitlines()[0] == f"id: {event.event_id}"
    assert told.count("\n") == 4
    assert told.endswith("\n\n")


@pytest.mark.parametrize("line", ["", "{}", '{"type":"turn.other"}', "[]"])
def test_what_is_no_event_is_not_read(line: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        events.read(line)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (None, 0),
        ("", 0),
        (f"{TURN}:7", 7),
        (f"{TURN}:0", 0),
        (f"{TURN}:999999999", 999_999_999),
        (f"{TURN}:1000000000", None),
        (f"{TURN}:-1", None),
        (f"{TURN}:", None),
        (f"{TURN}:٣", None),
        (f"{TURN}:1.5", None),
        ("01a21bb6-3b58-7371-80ce-74945355cdd1:7", None),
        ("7", None),
        (str(TURN), None),
    ],
)
def test_an_id_of_another_turn_or_of_none_is_not_taken(raw: str | None, number: int | None) -> None:
    assert events.sequence(raw, TURN) == number


@given(st.integers(0, 999_999_999))
def test_an_id_gives_its_number_back(number: int) -> None:
    assert events.sequence(events.event_id(TURN, number), TURN) == number


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("https://Shop.Example", ("https", "shop.example", 443)),
        ("http://shop.example:8080", ("http", "shop.example", 8080)),
        ("https://[::1]:3000", ("https", "[::1]", 3000)),
        ("http://localhost", ("http", "localhost", 80)),
        ("https://shop.example:0443", None),
        ("https://shop.example:65536", None),
        ("https://shop.example/", None),
        ("https://user@shop.example", None),
        ("https://-shop.example", None),
        ("https://shop.example\n", None),
        ("null", None),
        ("file://", None),
        ("", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(raw: str, parts: Any) -> None:
    assert parse_origin(raw) == parts


@pytest.mark.parametrize(
    ("page", "allowed"),
    [
        ("https://shop.example", True),
        ("https://shop.example:443", True),
        ("HTTPS://SHOP.EXAMPLE", True),
        ("http://shop.example", False),
        ("https://shop.example.evil.org", False),
        ("https://www.shop.example", False),
        ("https://shop.example:8443", False),
        ("null", False),
        (None, False),
    ],
)
def test_a_page_is_allowed_by_the_whole_of_its_origin(page: str | None, allowed: bool) -> None:
    assert is_allowed(page, ["https://shop.example", "nonsense"]) is allowed


@pytest.mark.parametrize(
    ("page", "allowed"),
    [
        ("https://a.example.com", True),
        ("https://a.b.c.example.com", True),
        ("https://xn--bcher-kva.example.com:443", True),
        ("HTTPS://A.EXAMPLE.COM", True),
        ("https://example.com", False),
        ("https://.example.com", False),
        ("https://a..example.com", False),
        ("https://evilexample.com", False),
        ("https://a.evilexample.com", False),
        ("https://a.example.com.evil.test", False),
        ("https://a.example.com.", False),
        ("https://example.com.evil.test", False),
        ("https://a.example.co", False),
        ("https://a.example.com:8443", False),
        ("http://a.example.com", False),
        ("https://a.example.com/", False),
        ("https://evil.test/.example.com", False),
        ("https://evil.test#.example.com", False),
        ("https://a@b.example.com", False),
        ("https://*.example.com", False),
        ("null", False),
        (None, False),
    ],
)
def test_a_star_stands_for_subdomains_and_nothing_else(page: str | None, allowed: bool) -> None:
    assert is_allowed(page, ["https://*.example.com"]) is allowed


def test_a_star_keeps_to_its_scheme_and_port() -> None:
    allowed = ["http://*.dev.example.com:8080"]
    assert is_allowed("http://a.dev.example.com:8080", allowed)
    assert not is_allowed("http://a.dev.example.com", allowed)
    assert not is_allowed("https://a.dev.example.com:8080", allowed)


@pytest.mark.parametrize(
    "entry",
    [
        *("https://*", "https://*.", "https://*.com", "https://*.co.uk", "https://*.com.au"),
        *("https://*.github.io", "https://*.localhost", "https://*.0.0.1", "https://*.[::1]"),
        *("https://a.*.com", "https://*.*.com", "https://a*.example.com", "https://*example.com"),
        *("*.example.com", "*://a.example.com", "https://example.*", "https://*.example.com:*"),
        *("https://*.example.com/", "https://*.example..com", "ftp://*.example.com"),
    ],
)
def test_a_star_elsewhere_or_before_what_strangers_share_is_no_entry(entry: str) -> None:
    assert parse_entry(entry) is None
    assert not is_allowed("https://a.example.com", [entry])
    assert not is_allowed("https://a.github.io", [entry])


def test_a_subdomain_of_what_strangers_share_is_somebodys_own() -> None:
    assert is_allowed("https://a.mine.github.io", ["https://*.mine.github.io"])
    assert is_allowed("https://a.mine.co.uk", ["https://*.mine.co.uk"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://shop.example/path", "https://shop.example"),
        ("shop.example", "https://shop.example"),
        ("https://shop.example:8443/a?b#c", "https://shop.example:8443"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("//shop.example", "https://shop.example"),
        ("*.shop.example", "https://*.shop.example"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example"),
        ("https://user@shop.example", "https://shop.example"),
        ("“”", None),
        ("*", None),
        ("https://*.com", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://[::1", None),
        ("https://shop.example:99999", None),
        ("", None),
    ],
)
def test_what_was_meant_is_told_where_it_can_be(written: str, meant: str | None) -> None:
    assert suggest_entry(written) == meant
