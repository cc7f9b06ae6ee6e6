"""Legal caps: which one a loan is signed under, and what it allows."""

from datetime import date

from core.cost.caps import (
    CAPS,
    INDEXES,
    Cap,
    Index,
    Quote,
    allowance,
    balance_days,
    cap_for,
    cap_ppb,
)

SIGNED = date(2026, 3, 1)
LPR = (
    Index("LPR_1Y", date(2026, 3, 19), (Quote(date(2024, 10, 21), 31_000_000), Quote(date(2025, 5, 20), 30_000_000))),
)


def test_a_private_loan_is_capped_at_four_times_the_index_at_signing() -> None:
    cap = cap_for(CAPS, "CN", "private", "any", SIGNED)
    assert cap is not None
    assert cap_ppb(cap, LPR, SIGNED) == 120_000_000
    assert cap_ppb(cap, LPR, date(2025, 1, 1)) == 124_000_000
    assert cap_ppb(cap, LPR, date(2024, 1, 1)) is None


def test_a_value_counts_until_the_next_one_is_to_be_published() -> None:
    cap = cap_for(CAPS, "CN", "private", "any", SIGNED)
    assert cap is not None
    assert cap_ppb(cap, LPR, date(2026, 3, 19)) == 120_000_000
    assert cap_ppb(cap, LPR, date(2026, 3, 20)) is None
    assert cap_ppb(cap, (), SIGNED) is None


def test_what_is_not_confirmed_counts_only_where_a_lender_opts_in() -> None:
    assert cap_for(CAPS, "CN", "licensed", "cash", SIGNED) is None
    cap = cap_for(CAPS, "CN", "licensed", "cash", SIGNED, unconfirmed=True)
    assert cap is not None
    assert cap_ppb(cap, (), SIGNED) == 240_000_000


def test_the_day_of_signing_and_the_product_choose_the_cap() -> None:
    def cap(since: date, yearly: int, product: str | None = None) -> Cap:
        return Cap(jurisdiction="XX", licence="bank", product=product, since=since, yearly=yearly, source="a law")

    table = (cap(date(2020, 1, 1), 300), cap(date(2025, 1, 1), 200), cap(date(2021, 1, 1), 100, "card"))
    assert cap_for(table, "XX", "bank", "loan", date(2019, 12, 31)) is None
    assert cap_for(table, "XX", "bank", "loan", date(2024, 12, 31)) == table[0]
    assert cap_for(table, "XX", "bank", "loan", date(2025, 1, 1)) == table[1]
    assert cap_for(table, "XX", "bank", "card", date(2025, 1, 1)) == table[2]
    assert cap_for(table, "YY", "bank", "loan", SIGNED) is None


def test_what_is_known_gives_the_cap_of_a_day() -> None:
    def cap(licence: str, on: date, product: str = "any") -> int | None:
        found = cap_for(CAPS, "CN", licence, product, on, unconfirmed=licence != "private")
        assert found is not None
        return cap_ppb(found, INDEXES, on)

    assert cap("private", date(2020, 8, 20)) == 154_000_000
    assert cap("private", date(2025, 10, 19)) == 120_000_000
    assert cap("private", SIGNED) is None
    assert cap("micro", SIGNED) == 240_000_000
    assert cap("licensed", SIGNED, "assisted") == 240_000_000


def test_principal_in_use_is_counted_by_its_days() -> None:
    balances = [(date(2026, 1, 1), 1_000), (date(2026, 1, 11), 400)]
    assert balance_days(balances, date(2026, 1, 21)) == 10 * 1_000 + 10 * 400
    assert balance_days(balances, date(2026, 1, 6)) == 5 * 1_000
    assert balance_days([], date(2026, 1, 6)) == 0


def test_a_fraction_of_what_a_cap_allows_is_not_allowed() -> None:
    # 24 % a year on 5,000.00 for 30 days: 98.6301...
    assert allowance(240_000_000, 5_000_00 * 30) == 98_63
