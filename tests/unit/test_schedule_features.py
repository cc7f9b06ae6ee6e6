"""What a loan may agree besides a level installment: grace, balloon, broken periods, tranches, changing rates."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from core.contract.terms import (
    PPB,
    BrokenPeriod,
    BusinessDays,
    Cycle,
    DayCount,
    Fixing,
    Floating,
    Method,
    Pause,
    Rate,
    RateStep,
    Terms,
    Tranche,
)
from core.money import Rounding
from core.schedule.plan import Refusal, check_terms, plan, schedule, summary

NEW_YEAR = date(2026, 1, 1)


def loan(**changes: Any) -> Terms:
    """12,000.00 at 1 % a month for six months, every month a twelfth of a year."""
    given: dict[str, Any] = {"principal": 1_200_000, "rate": Rate(120_000_000), "installments": 6}
    return Terms(**(given | changes))


def rows(terms: Terms, disbursed_on: date = NEW_YEAR) -> list[tuple[int, int]]:
    return [(row.principal, row.interest) for row in schedule(terms, disbursed_on)]


def totals(terms: Terms, disbursed_on: date = NEW_YEAR) -> list[int]:
    return [principal + interest for principal, interest in rows(terms, disbursed_on)]


def test_grace_on_principal_is_interest_only_and_then_level() -> None:
    paid = rows(loan(principal_grace=2))
    assert paid[:2] == [(0, 12_000), (0, 12_000)]
    assert paid[2:] == rows(loan(installments=4))


def test_grace_on_interest_carries_it_to_the_first_installment_after() -> None:
    paid = rows(loan(method=Method.EQUAL_PRINCIPAL, interest_grace=2))
    assert [interest for _, interest in paid] == [0, 0, 12_000 + 10_000 + 8_000, 6_000, 4_000, 2_000]


def test_a_moratorium_defers_everything() -> None:
    paid = rows(loan(principal_grace=3, interest_grace=3))
    assert paid[:3] == [(0, 0)] * 3
    # Level: what is owed by then is the principal and four months' interest.
    assert totals(loan(principal_grace=3, interest_grace=3))[3:] == [420_146, 420_146, 420_147]
    assert paid[3][1] == 48_000


def test_a_moratorium_capitalizes_month_by_month_if_it_is_agreed() -> None:
    planned = schedule(loan(principal_grace=3, interest_grace=3, capitalize_grace=True), NEW_YEAR)
    assert [row.capitalized for row in planned] == [12_000, 12_120, 12_241, 0, 0, 0]
    assert sum(row.principal for row in planned) == 1_200_000 + 36_361
    assert planned[3].interest == 12_364


def test_interest_is_capitalized_until_a_day() -> None:
    # A full moratorium of 5,000 at 8 %, actual/365, 181 days: 5,198.36.
    terms = Terms(
        principal=500_000,
        rate=Rate(80_000_000),
        installments=12,
        method=Method.INTEREST_ONLY,
        day_count=DayCount.ACT_365,
        capitalize_until=date(2026, 7, 1),
        interest_cycle=Cycle(date(2026, 7, 1)),
    )
    planned = schedule(terms, NEW_YEAR)
    july = next(row for row in planned if row.due_date == date(2026, 7, 1))
    assert (july.capitalized, july.interest) == (19_836, 0)
    assert planned[-1].principal == 519_836


def test_periods_free_of_interest_make_the_installment_smaller() -> None:
    paid = rows(loan(interest_free=3))
    assert [interest for _, interest in paid[:3]] == [0, 0, 0]
    assert len(set(totals(loan(interest_free=3))[:-1])) == 1


def test_principal_first_leaves_all_interest_to_the_end() -> None:
    paid = rows(loan(method=Method.PRINCIPAL_FIRST))
    assert paid == [*[(200_000, 0)] * 5, (200_000, 42_000)]
    assert rows(loan(method=Method.PRINCIPAL_FIRST, agreed_installment=600_000)) == [(600_000, 0), (600_000, 18_000)]


def test_a_balloon_stays_to_the_end() -> None:
    paid = totals(loan(balloon=600_000))
    assert len(set(paid[:-1])) == 1
    assert abs(paid[-1] - paid[0] - 600_000) <= 3
    # 600,000 repaid in six, and 1 % a month on the 600,000 that stay.
    assert paid[0] == totals(loan(principal=600_000))[0] + 6_000


def test_a_balloon_is_what_a_longer_plan_leaves() -> None:
    paid = rows(loan(amortize_over=24))
    assert paid[:5] == rows(loan(installments=24))[:5]
    assert paid[5][0] == 1_200_000 - sum(principal for principal, _ in paid[:5])


def test_a_balloon_of_the_whole_principal_is_refused() -> None:
    assert check_terms(loan(balloon=1_200_000), NEW_YEAR) == Refusal.BALLOON_TOO_LARGE


BROKEN = Terms(
    principal=10_000_000,
    rate=Rate(145_000_000),
    installments=12,
    first_due=date(2023, 12, 5),
    day_count=DayCount.ACT_365,
    level_day_count=DayCount.PERIOD,
    installment_multiple=100,
    installment_rounding=Rounding.UP,
    broken_period=BrokenPeriod.FIRST,
)
"""Source: Frappe Lending's tests of broken period interest, from 3 November 2023: two days too many."""


def test_broken_period_interest_is_added_to_the_first_installment() -> None:
    planned = schedule(BROKEN, date(2023, 11, 3))
    assert (planned[0].start, planned[0].interest) == (date(2023, 11, 3), 127_123)
    assert planned[0].principal == 900_300 - (127_123 - 7_945)


def test_broken_period_interest_is_spread_over_the_term() -> None:
    planned = schedule(replace(BROKEN, broken_period=BrokenPeriod.SPREAD), date(2023, 11, 3))
    assert [row.interest for row in planned[:2]] == [119_840, 114_193]
    assert planned[0].principal + planned[0].interest == 900_300 + 662


def test_broken_period_interest_is_taken_upfront() -> None:
    planned = schedule(replace(BROKEN, broken_period=BrokenPeriod.UPFRONT), date(2023, 11, 3))
    assert (planned[0].due_date, planned[0].principal, planned[0].interest) == (date(2023, 11, 3), 0, 7_945)
    assert (planned[1].start, planned[1].interest) == (date(2023, 11, 5), 119_178)


def test_a_down_payment_is_due_at_disbursement_and_the_rest_is_scheduled() -> None:
    planned = schedule(loan(down_payment_ppb=PPB // 4), NEW_YEAR)
    assert (planned[0].due_date, planned[0].principal, planned[0].interest) == (NEW_YEAR, 300_000, 0)
    assert [(row.principal, row.interest) for row in planned[1:]] == rows(loan(principal=900_000))


def test_a_down_payment_of_half_a_unit_rounds_to_the_even() -> None:
    assert schedule(loan(principal=1_010, down_payment_ppb=PPB // 4), NEW_YEAR)[0].principal == 252


def test_a_tranche_bears_interest_from_its_day_and_the_installment_is_solved_anew() -> None:
    terms = loan(principal=1_200_000, tranches=(Tranche(date(2026, 2, 16), 600_000),), day_count=DayCount.ACT_365)
    planned = schedule(terms, NEW_YEAR)
    february = 600_000 - planned[0].principal
    # February: 28 days on what was paid out first, 13 on the tranche.
    assert planned[1].interest == round((february * 28 + 600_000 * 13) * 0.12 / 365)
    assert sum(row.principal for row in planned) == 1_200_000
    assert len({row.principal + row.interest for row in planned[1:-1]}) == 1


@pytest.mark.parametrize(
    "tranches",
    [
        (Tranche(NEW_YEAR, 1),),
        (Tranche(date(2026, 7, 1), 1),),
        (Tranche(date(2026, 3, 1), 1), Tranche(date(2026, 2, 1), 1)),
        (Tranche(date(2026, 2, 1), 1_200_000),),
    ],
)
def test_tranches_outside_the_term_or_beyond_the_principal_are_refused(tranches: tuple[Tranche, ...]) -> None:
    assert check_terms(loan(tranches=tranches), NEW_YEAR) == Refusal.TRANCHES_INVALID


def test_nothing_is_paid_out_on_the_business_day_on_which_the_loan_ends() -> None:
    moved = {"last_due": date(2026, 2, 28), "business_days": BusinessDays.PRECEDING}
    terms = {"installments": 2, "first_due": date(2026, 1, 30)} | moved
    friday, thursday = (Tranche(date(2026, 2, day), 1) for day in (27, 26))
    assert check_terms(loan(tranches=(friday,), **terms), NEW_YEAR) == Refusal.TRANCHES_INVALID
    assert check_terms(loan(tranches=(thursday,), **terms), NEW_YEAR) is None


def test_a_rate_change_solves_the_installment_for_what_remains() -> None:
    # 1,000,000 over 12 months at 2.5 %, then 3.25 % from the seventh (worked by hand).
    terms = Terms(
        principal=100_000_000,
        rate=Rate(25_000_000),
        installments=12,
        rate_steps=(RateStep(date(2026, 7, 1), Rate(32_500_000)),),
    )
    paid = totals(terms)
    assert paid == [*[8_446_611] * 6, *[8_465_027] * 5, 8_465_028]
    assert summary(schedule(terms, NEW_YEAR)).interest == 1_469_829


def test_a_rate_change_within_a_period_splits_its_interest_by_days() -> None:
    terms = loan(
        method=Method.EQUAL_PRINCIPAL,
        day_count=DayCount.ACT_365,
        rate_steps=(RateStep(date(2026, 1, 11), Rate(240_000_000)),),
    )
    assert rows(terms)[0][1] == round(1_200_000 * (10 * 0.12 + 21 * 0.24) / 365)


def test_a_nominal_period_is_split_by_its_real_days() -> None:
    terms = loan(method=Method.EQUAL_PRINCIPAL, rate_steps=(RateStep(date(2026, 1, 11), Rate(240_000_000)),))
    assert rows(terms)[0][1] == round(12_000 * 10 / 31 + 24_000 * 21 / 31)


FLOATING = Floating(
    resets=Cycle(date(2026, 3, 1), 2),
    fixings=(Fixing(date(2026, 2, 15), 20_000_000), Fixing(date(2026, 4, 20), 60_000_000)),
    spread_ppb=100_000_000,
    cap_ppb=150_000_000,
)


def test_a_floating_rate_follows_the_last_fixing_within_its_cap() -> None:
    balance, interests = 1_200_000, []
    for principal, interest in rows(loan(floating=FLOATING)):
        interests.append(round(interest * 12 / balance, 3))
        balance -= principal
    assert interests == [0.12, 0.12, 0.12, 0.12, 0.15, 0.15]


def test_an_agreed_next_rate_stands_at_the_first_reset() -> None:
    terms = loan(floating=replace(FLOATING, next_rate=Rate(60_000_000)), method=Method.INTEREST_ONLY)
    assert [interest for _, interest in rows(terms)] == [12_000, 12_000, 6_000, 6_000, 15_000, 15_000]


def test_an_index_below_zero_is_never_paid_to_the_borrower() -> None:
    falling = replace(FLOATING, fixings=(Fixing(date(2026, 2, 15), -300_000_000),))
    terms = loan(floating=falling, method=Method.INTEREST_ONLY)
    assert [interest for _, interest in rows(terms)] == [12_000, 12_000, 0, 0, 0, 0]


def test_an_agreed_installment_stays_when_the_rate_changes_unless_it_is_to_be_solved() -> None:
    step = (RateStep(date(2026, 3, 1), Rate(240_000_000)),)
    kept = totals(loan(agreed_installment=210_000, rate_steps=step))
    solved = totals(loan(agreed_installment=210_000, rate_steps=step, keep_installment=False))
    assert kept[:5] == [210_000] * 5
    assert solved[:2] == [210_000] * 2
    assert len(set(solved[2:5])) == 1
    assert abs(solved[5] - solved[4]) <= 3


def test_no_interest_between_two_days() -> None:
    paused = loan(
        method=Method.INTEREST_ONLY, day_count=DayCount.ACT_365, pauses=(Pause(date(2026, 1, 22), date(2026, 2, 1)),)
    )
    assert rows(paused)[0][1] == round(1_200_000 * 0.12 * 21 / 365)


def test_a_lagged_base_of_interest_is_set_on_its_dates() -> None:
    terms = loan(method=Method.EQUAL_PRINCIPAL, interest_base=Cycle(date(2026, 3, 1), 2))
    assert [interest for _, interest in rows(terms)] == [12_000, 12_000, 8_000, 8_000, 4_000, 4_000]


def test_the_number_of_periods_follows_from_the_payment() -> None:
    # Source: Frappe Lending's tests; 280,000 at 8.4 %, 14,000 a month, whole units.
    terms = Terms(principal=280_000, rate=Rate(84_000_000), installments=600, agreed_installment=14_000)
    totals_of = summary(schedule(terms, NEW_YEAR))
    assert (totals_of.installments, totals_of.interest, totals_of.total) == (22, 22_712, 302_712)


def test_a_payment_below_the_interest_adds_to_the_debt_only_if_that_is_agreed() -> None:
    small = {"agreed_installment": 10_000}
    assert plan(loan(**small), NEW_YEAR) is Refusal.PAYMENT_DOES_NOT_AMORTIZE
    planned = schedule(loan(**small, negative_amortization=True), NEW_YEAR)
    assert [(row.principal, row.interest, row.capitalized) for row in planned[:2]] == [
        (0, 10_000, 2_000),
        (0, 10_000, 2_020),
    ]
    assert planned[-1].principal == 1_200_000 + sum(row.capitalized for row in planned)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"principal_grace": 6}, Refusal.GRACE_TOO_LONG),
        ({"interest_grace": 7}, Refusal.GRACE_TOO_LONG),
        ({"pauses": (Pause(NEW_YEAR, NEW_YEAR),)}, Refusal.PAUSE_WITHOUT_DAYS),
        (
            {"rate_steps": (RateStep(date(2026, 3, 1), Rate(1)), RateStep(date(2026, 2, 1), Rate(1)))},
            Refusal.RATES_OUT_OF_ORDER,
        ),
        ({"principal": 1, "down_payment_ppb": PPB - 1}, Refusal.DOWN_PAYMENT_TOO_LARGE),
        ({"method": Method.AT_MATURITY, "interest_free": 1}, Refusal.TERMS_CONTRADICT),
    ],
)
def test_what_cannot_be_is_refused_by_code(changes: dict[str, object], code: Refusal) -> None:
    assert check_terms(loan(**changes), NEW_YEAR) == code
