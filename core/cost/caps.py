"""Legal caps on what a loan may cost: dated data, and the costs that a cap allows on the principal in use."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Final

from msgspec import Meta, Struct

from core.contract.terms import PPB, RATE_MAX
from core.money import Minor


class Cap(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A cap on all costs of a loan signed on or after `since`: so much a year, or so many times an index."""

    jurisdiction: str
    licence: str
    product: str | None = None
    """None: all products."""
    since: date
    yearly: int = 0
    """ppb of the principal in use, a year; 0 where `index` counts."""
    index: str | None = None
    times: int = 1
    source: str
    confirmed: bool = True
    """False: known in the trade, not checked against the text of the rule; counts only where a lender opts in."""


class Quote(Struct, frozen=True, forbid_unknown_fields=True):
    """The value of an index from a date on, in ppb a year."""

    since: date
    ppb: Annotated[int, Meta(ge=0, le=RATE_MAX)]


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """An index that caps are multiples of: each value counts until the next, the last one as long as it is known."""

    name: str
    known_until: date
    """The last day on which the last value is known to count: the day before the next one is published."""
    quotes: tuple[Quote, ...]
    """Oldest first."""


CAPS: Final = (
    Cap(
        jurisdiction="CN",
        licence="private",
        since=date(2020, 8, 20),
        index="LPR_1Y",
        times=4,
        source="Supreme People's Court, provisions on private lending, articles 25, 28 and 29 (2020): at signing",
    ),
    Cap(
        jurisdiction="CN",
        licence="licensed",
        since=date(2017, 8, 4),
        yearly=240_000_000,
        source="Courts trim claims of financial institutions above 24 %",
        confirmed=False,
    ),
    Cap(
        jurisdiction="CN",
        licence="licensed",
        product="assisted",
        since=date(2025, 10, 1),
        yearly=240_000_000,
        source="Assisted lending of banks: all costs at most 24 %",
        confirmed=False,
    ),
    Cap(
        jurisdiction="CN",
        licence="micro",
        since=date(2026, 1, 1),
        yearly=240_000_000,
        source="Micro-lenders: all costs at most 24 %",
        confirmed=False,
    ),
    Cap(
        jurisdiction="CN",
        licence="micro",
        since=date(2028, 1, 1),
        index="LPR_1Y",
        times=4,
        source="Micro-lenders: new loans at most 4 x LPR by the end of 2027",
        confirmed=False,
    ),
)
"""Known caps. A lender's own table may take their place; it is data."""


_LPR_1Y: Final = (
    (date(2019, 8, 20), 42_500_000),
    (date(2019, 9, 20), 42_000_000),
    (date(2019, 11, 20), 41_500_000),
    (date(2020, 2, 20), 40_500_000),
    (date(2020, 4, 20), 38_500_000),
    (date(2021, 12, 20), 38_000_000),
    (date(2022, 1, 20), 37_000_000),
    (date(2022, 8, 22), 36_500_000),
    (date(2023, 6, 20), 35_500_000),
    (date(2023, 8, 21), 34_500_000),
    (date(2024, 7, 22), 33_500_000),
    (date(2024, 10, 21), 31_000_000),
    (date(2025, 5, 20), 30_000_000),
)
INDEXES: Final = (Index("LPR_1Y", date(2025, 10, 19), tuple(Quote(since, ppb) for since, ppb in _LPR_1Y)),)
"""Known values of indexes (source: National Interbank Funding Center). A lender's own take their place."""


def cap_for(
    caps: Iterable[Cap], jurisdiction: str, licence: str, product: str, signed_on: date, *, unconfirmed: bool = False
) -> Cap | None:
    """Return the cap that a loan is signed under: the product's own before the licence's, the latest before older."""
    found = [
        cap
        for cap in caps
        if (cap.jurisdiction, cap.licence) == (jurisdiction, licence)
        and cap.product in (None, product)
        and cap.since <= signed_on
        and (cap.confirmed or unconfirmed)
    ]
    return max(found, key=lambda cap: (cap.product is not None, cap.since), default=None)


def cap_ppb(cap: Cap, indexes: Iterable[Index], signed_on: date) -> int | None:
    """Return the cap in ppb a year, fixed at signing; None if the value of its index on that day is not known."""
    if cap.index is None:
        return cap.yearly
    values = (
        quote.ppb * cap.times
        for index in indexes
        if index.name == cap.index and signed_on <= index.known_until
        for quote in reversed(index.quotes)
        if quote.since <= signed_on
    )
    return next(values, None)


def balance_days(balances: Sequence[tuple[date, int]], until: date) -> int:
    """Return the sum of principal in use times days, from balances that each hold from their date on."""
    steps = [*balances, (until, 0)]
    return sum(balance * max(0, (min(end, until) - start).days) for (start, balance), (end, _) in pairwise(steps))


def allowance(cap: int, principal_days: int) -> Minor:
    """Return the costs that a cap of so many ppb a year of 365 days allows on `balance_days`; no fraction is allowed.

    Allowances of a loan whose cap changed (some laws act backwards in time) add up.
    """
    return Minor(principal_days * cap // (PPB * 365))
