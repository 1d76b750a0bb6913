"""What tokens cost. Pure: `Decimal` US dollars, nine places, rounded up so no use is free of charge."""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

_MILLION = Decimal(1_000_000)
_NANO = Decimal("0.000000001")
# English text has about four characters a token; three overestimates, which a hold should.
_CHARACTERS_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """US dollars per million tokens."""

    input_per_million: Decimal
    output_per_million: Decimal


def cost(tokens_in: int, tokens_out: int, price: TokenPrice) -> Decimal:
    """
    >>> cost(1_000_000, 500_000, TokenPrice(Decimal("0.25"), Decimal("2")))
    Decimal('1.250000000')
    """
    exact = tokens_in * price.input_per_million + tokens_out * price.output_per_million
    return (exact / _MILLION).quantize(_NANO, rounding=ROUND_UP)


def most_tokens(text: str) -> int:
    """What no tokenizer goes beyond: models read bytes where they know no longer piece, and a rare
    character has up to four."""
    return len(text.encode("utf-8", "surrogatepass"))


def estimate_tokens(text: str) -> int:
    """An upper estimate of a text's tokens where the provider reports none.

    A character beyond ASCII counts as a token of its own: scripts other than Latin come close.
    """
    if text.isascii():
        return -(-len(text) // _CHARACTERS_PER_TOKEN)
    ascii_characters = len(text.encode("ascii", "ignore"))
    return -(-ascii_characters // _CHARACTERS_PER_TOKEN) + len(text) - ascii_characters
