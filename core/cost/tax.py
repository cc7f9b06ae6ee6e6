"""Value added tax that is contained in an amount charged."""

from typing import Final, NamedTuple

from core.contract.terms import PPB
from core.money import Minor, Rounding, divide

LENDING_VAT_PPB: Final = 60_000_000
"""China: financial services bear 6 % (since 2016-05-01)."""


class Split(NamedTuple):
    """A gross amount in two: what is earned, and what is owed to the tax office."""

    net: Minor
    vat: Minor


def split_vat(gross: Minor, vat_ppb: int, rounding: Rounding = Rounding.HALF_UP) -> Split:
    """Return net = gross / (1 + rate), rounded once, and the rest as tax, so that both sum to gross."""
    net = divide(gross * PPB, PPB + vat_ppb, rounding)
    return Split(net, Minor(gross - net))
