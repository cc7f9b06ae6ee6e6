"""What all case files share: exact amounts and rates from printed decimals, and the outcome of a case."""

from decimal import Decimal

from core.contract.terms import PPB, Rate, RatePer

Outcome = str | None
"""An empty string for a match, what differs for a miss, None for terms that the engine does not claim to cover."""
MATCHED = ""


class MalformedCase(ValueError):
    """A case of a known kind whose fields do not make sense."""


def minor(amount: Decimal, digits: int = 2) -> int:
    """Return a printed amount of major units as minor units; raises MalformedCase if it is finer."""
    scaled = amount.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise MalformedCase(f"{amount} has more than {digits} decimals")
    return int(scaled)


def rate(fraction: Decimal, per: RatePer = RatePer.YEAR) -> Rate | None:
    """Return a rate given as a fraction (0.08 for 8 %); None if it is finer than a part per billion or too large."""
    ppb = fraction * PPB
    if ppb != ppb.to_integral_value() or not 0 <= ppb <= 10 * PPB:
        return None
    return Rate(int(ppb), per)
