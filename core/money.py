"""Money is an integer of minor units; this is the one place that rounds."""

from enum import StrEnum
from typing import Final, NewType

Minor = NewType("Minor", int)
"""An amount in the smallest unit of its currency (cents, fen); the currency stands once, on the account."""

AMOUNT_MAX: Final = 10**13
"""Largest amount accepted anywhere: far above any loan, and sums of many stay below 2**63."""


class Rounding(StrEnum):
    """How an exact amount becomes minor units; a term of the contract."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"


def divide(numerator: int, denominator: int, rounding: Rounding) -> Minor:
    """Return numerator / denominator in whole units, a negative one rounded as its size is; denominator above 0."""
    assert denominator > 0
    if numerator < 0:
        return Minor(-divide(-numerator, denominator, rounding))
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    match rounding:
        case Rounding.HALF_UP:
            up = twice >= denominator
        case Rounding.HALF_EVEN:
            up = twice > denominator or (twice == denominator and quotient % 2 == 1)
        case Rounding.UP:
            up = remainder > 0
        case Rounding.DOWN:
            up = False
    return Minor(quotient + up)


def divide_to_multiple(numerator: int, denominator: int, multiple: Minor, rounding: Rounding) -> Minor:
    """Return numerator / denominator rounded to a multiple of `multiple` minor units."""
    return Minor(divide(numerator, denominator * multiple, rounding) * multiple)


def equal_parts(amount: int, count: int, rounding: Rounding) -> list[Minor]:
    """Return an amount in equal parts: each rounded while it lasts, the last takes the rest (loan_math section 1)."""
    share = divide(amount, count, rounding)
    parts = [Minor(max(0, min(share, amount - share * taken))) for taken in range(count - 1)]
    return [*parts, Minor(amount - sum(parts))]
