"""Prices: nothing that was used is free, and an estimate never says too little."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.pricing import TokenPrice, cost, estimate_tokens

AMOUNTS = st.decimals(min_value=0, max_value=1000, places=4)
TOKENS = st.integers(min_value=0, max_value=10_000_000)


@given(tokens_in=TOKENS, tokens_out=TOKENS, price_in=AMOUNTS, price_out=AMOUNTS)
def test_a_cost_is_exact_to_nine_places_and_never_rounded_down(
    tokens_in: int, tokens_out: int, price_in: Decimal, price_out: Decimal
) -> None:
    charged = cost(tokens_in, tokens_out, TokenPrice(price_in, price_out))
    exact = (tokens_in * price_in + tokens_out * price_out) / 1_000_000
    assert exact <= charged < exact + Decimal("0.000000001")
    assert charged.as_tuple().exponent == -9


@pytest.mark.parametrize(
    ("tokens_in", "tokens_out", "price_in", "price_out", "expected"),
    [
        (0, 0, "5", "15", "0.000000000"),
        (1, 0, "0.0001", "0", "0.000000001"),
        (0, 1, "0", "15", "0.000015000"),
        (1_000_000, 1_000_000, "2.5", "10", "12.500000000"),
        (100_000_000, 100_000_000, "1000", "1000", "200000.000000000"),
        (10, 10, "0", "0", "0.000000000"),
    ],
)
def test_costs(
    tokens_in: int, tokens_out: int, price_in: str, price_out: str, expected: str
) -> None:
    price = TokenPrice(Decimal(price_in), Decimal(price_out))
    assert cost(tokens_in, tokens_out, price) == Decimal(expected)


@given(st.text())
def test_an_estimate_is_at_least_a_token_for_each_three_characters(text: str) -> None:
    tokens = estimate_tokens(text)
    assert len(text) / 3 <= tokens <= len(text)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("雨です", 3), ("ab雨", 2)]
)
def test_estimates(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(st.text(), st.text())
def test_two_texts_cost_no_less_than_their_whole(first: str, second: str) -> None:
    assert estimate_tokens(first + second) <= estimate_tokens(first) + estimate_tokens(second)
