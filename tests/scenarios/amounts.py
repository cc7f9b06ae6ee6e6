"""Amounts, rates and shares as people write them."""

import re
from fractions import Fraction

from core.contract.terms import PPB


def money(amount: int) -> str:
    """Write minor units as people do: 1,066.19; nothing is blank."""
    sign, amount = "-" * (amount < 0), abs(amount)
    return f"{sign}{amount // 100:,}.{amount % 100:02}" if amount else ""


def minor(text: str) -> int:
    """Read 1,066.19 as minor units."""
    assert re.fullmatch(r"\d{1,3}(,\d{3})*\.\d\d", text), f"not an amount: {text!r}"
    return int(re.sub("[,.]", "", text))


def share(text: str) -> int:
    """Read 1.5 % as parts per billion."""
    ppb = Fraction(text.removesuffix(" %")) * PPB / 100
    assert ppb.denominator == 1
    return int(ppb)


def rate(text: str) -> dict[str, object]:
    """Read 18 % a year."""
    percent, per = text.split(" % a ")
    return {"ppb": share(f"{percent} %"), "per": per}
