"""Changes of terms: worked figures (loan_math sections 6 and 12), the rules of extension, and what is refused."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from core.changing.rescheduling import latest_maturity
from core.commands import ChangeTerms, DisburseTranche, Prepay, Repay
from core.contract.changes import (
    Change,
    Extend,
    FixIndex,
    Holiday,
    PauseInterest,
    Reage,
    Reamortize,
    Reschedule,
)
from core.contract.servicing import Fee, FeeWhen, Price, Recalculation
from core.contract.terms import (
    BrokenPeriod,
    BusinessDays,
    Cycle,
    DayCount,
    Fixing,
    Floating,
    Method,
    Rate,
    RateStep,
    Terms,
    Tranche,
    Unit,
    installment_total,
)
from core.contract.waterfall import Reach, Step, Waterfall
from core.events import RepaymentReceived
from core.rejections import Code, Rejection
from core.schedule.plan import schedule
from tests.unit.running_loan import LOAN, RunningLoan

DISBURSED = date(2025, 1, 15)
LEVEL = Terms(principal=1_000_000, rate=Rate(60_000_000), installments=12, reminder_days=0)
MORTGAGE = replace(LEVEL, principal=100_000_000, rate=Rate(25_000_000))


def lived(terms: Terms, until: date, *, pays: bool = True) -> RunningLoan:
    """Return the loan on a day, all paid or nothing since the third installment."""
    loan = RunningLoan(terms, DISBURSED)
    if not pays:
        loan.live_until(date(2025, 4, 15))
    loan.live_until(until, pays=pays)
    return loan


def change(loan: RunningLoan, wanted: Change) -> None:
    """Change the terms."""
    loan.ask(ChangeTerms(account=1, loan=LOAN, change=wanted))


@pytest.mark.parametrize("day_count", [DayCount.ACT_365, DayCount.PERIOD])
@pytest.mark.parametrize("rule", [BusinessDays.FOLLOWING, BusinessDays.PRECEDING])
def test_a_period_that_is_counted_to_the_agreed_days_is_so_after_a_change(
    rule: BusinessDays, day_count: DayCount
) -> None:
    terms = replace(LEVEL, day_count=day_count, business_days=rule, count_to_shifted=False)
    loan = lived(terms, date(2025, 2, 25))  # Saturday 15 February and Saturday 15 March are paid on other days.
    before = loan.to_come[0].interest
    change(loan, Reschedule(rate=Rate(120_000_000)))
    assert loan.to_come[0].interest == pytest.approx(before * (10 + 2 * 18) / 28, abs=1)


@pytest.mark.parametrize("asked_on", [date(2025, 7, 15), date(2025, 3, 20)], ids=["on the day", "long before"])
def test_another_rate_from_the_seventh_installment_on(asked_on: date) -> None:
    loan = lived(MORTGAGE, asked_on)
    change(loan, Reschedule(rate=Rate(32_500_000), start=date(2025, 7, 15)))
    rows = loan.contract.schedule
    assert [installment_total(row) for row in rows] == [8_446_611] * 6 + [8_465_027] * 5 + [8_465_028]
    assert sum(row.interest for row in rows) == 1_469_829


def test_an_index_gives_the_rate_of_the_next_reset() -> None:
    resets = Floating(Cycle(date(2025, 7, 15), 1, Unit.YEAR), spread_ppb=2_500_000)
    loan = lived(replace(MORTGAGE, floating=resets), date(2025, 3, 20))
    change(loan, FixIndex(on=date(2025, 3, 20), ppb=30_000_000))
    assert [installment_total(row) for row in loan.contract.schedule[6:]] == [8_465_027] * 5 + [8_465_028]


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY])
def test_where_interest_follows_payments_a_skipped_installment_asks_nothing_and_its_interest_waits(
    method: Method,
) -> None:
    loan = lived(replace(LEVEL, method=method, day_count=DayCount.ACT_365, recalculation=Recalculation()), DISBURSED)
    change(loan, Holiday(installments=1))
    loan.live_until(date(2025, 3, 1))
    assert not loan.loan.dues
    assert loan.quote().interest == 7_397, "31 days and 14 days of 164.38"
    assert loan.contract.schedule[1].interest == 5_096 + 4_603, "and 14 days more"


@pytest.mark.parametrize(
    "agreed",
    [{}, {"rate_steps": (RateStep(date(2025, 2, 10), Rate(90_000_000)),)}, {"recalculation": Recalculation()}],
    ids=["constant", "stepped", "recalculated"],
)
def test_a_part_paid_out_on_the_day_of_a_prepayment_bears_interest_from_that_day(agreed: dict[str, Any]) -> None:
    parts = (Tranche(date(2025, 2, 1), 200_000),)
    loan = RunningLoan(replace(LEVEL, day_count=DayCount.ACT_365, tranches=parts, **agreed), DISBURSED)
    loan.live_until(date(2025, 2, 1))
    loan.ask(Prepay(account=1, loan=LOAN, amount=200_000 + 2_236))
    loan.ask(DisburseTranche(account=1, loan=LOAN))
    assert (loan.loan.principal, loan.quote().interest) == (800_000, 0)
    loan.live_until(date(2025, 2, 6))
    assert loan.quote().interest == 658, "5 days of 131.51"


@pytest.mark.parametrize("broken", BrokenPeriod)
def test_a_payoff_owes_each_day_once_whatever_is_made_of_a_broken_period_before_a_grace(broken: BrokenPeriod) -> None:
    terms = replace(LEVEL, day_count=DayCount.ACT_365, interest_grace=1, principal_grace=1, first_due=date(2025, 3, 6))
    loan = RunningLoan(replace(terms, broken_period=broken), DISBURSED)
    loan.live_until(date(2025, 3, 9), pays=False)
    assert loan.quote().interest == 8_712, "53 days of 164.38, due or waiting"


@pytest.mark.parametrize("wanted", [Reage(installments=4), Reamortize()])
def test_what_is_spread_anew_on_its_due_day_goes_on_bearing_interest_that_the_books_accrue(wanted: Change) -> None:
    terms = replace(LEVEL, day_count=DayCount.ACT_365, recalculation=Recalculation())
    loan = RunningLoan(terms, DISBURSED)
    loan.live_until(date(2025, 2, 15), pays=False)
    loan.ask(Repay(account=1, amount=5_096 + 27_000, loan=LOAN))
    change(loan, wanted)
    loan.live_until(date(2025, 2, 25))
    assert loan.accrued() == 1_599, "10 days of 159.95 on 9,730.00"


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY])
@pytest.mark.parametrize("day_count", [DayCount.PERIOD, DayCount.ACT_365])
@pytest.mark.parametrize("interest_grace", [0, 2])
def test_interest_of_a_broken_period_is_paid_by_a_payoff_wherever_it_is_due(
    method: Method, day_count: DayCount, interest_grace: int
) -> None:
    broken = replace(
        LEVEL, first_due=date(2025, 3, 1), method=method, day_count=day_count, interest_grace=interest_grace
    )

    def paid_off(where: BrokenPeriod, on: date) -> int:
        loan = lived(replace(broken, broken_period=where), on)
        paid = sum(event.amount for _, event in loan.history if isinstance(event, RepaymentReceived))
        return paid + loan.quote().total

    for on in (date(2025, 1, 20), date(2025, 2, 14), date(2025, 3, 1), date(2025, 3, 20), date(2025, 6, 12)):
        assert paid_off(BrokenPeriod.SPREAD, on) == paid_off(BrokenPeriod.FIRST, on), on


def test_of_an_index_that_is_told_every_day_what_resets_look_at_is_kept() -> None:
    resets = Floating(Cycle(date(2025, 4, 15), 3, Unit.MONTH), spread_ppb=2_500_000)
    loan = lived(replace(MORTGAGE, floating=resets), date(2025, 1, 20))
    for count in range(120):
        told = date(2025, 1, 21) + timedelta(days=count)
        loan.live_until(told)
        change(loan, FixIndex(on=told, ppb=30_000_000 + count))
    floating = loan.contract.terms.floating
    assert floating is not None
    # What the reset of 15 April looked at, and what that of 15 July will, unless more is told.
    assert floating.fixings == (Fixing(date(2025, 4, 15), 30_000_084), Fixing(told, 30_000_119))


def test_a_cap_holds_against_the_index() -> None:
    resets = Floating(Cycle(date(2025, 7, 15), 1, Unit.YEAR), cap_ppb=32_500_000)
    loan = lived(replace(MORTGAGE, floating=resets), date(2025, 3, 20))
    change(loan, FixIndex(on=date(2025, 3, 20), ppb=90_000_000))
    assert installment_total(loan.contract.schedule[6]) == 8_465_027


def test_a_rate_within_a_period_splits_its_interest_by_days() -> None:
    loan = lived(replace(LEVEL, day_count=DayCount.ACT_365), date(2025, 7, 25))
    owing = loan.loan.principal
    change(loan, Reschedule(rate=Rate(90_000_000)))
    assert loan.to_come[0].interest == (owing * (60 * 10 + 90 * 21) * 2 + 365_000) // (2 * 365_000)
    assert loan.accrued() == loan.quote().interest == (owing * 60 * 10 * 2 + 365_000) // (2 * 365_000)


@pytest.mark.parametrize(
    ("months", "latest"),
    [
        (3, date(2025, 7, 15)),
        (12, date(2027, 1, 15)),
        (24, date(2028, 1, 15)),
        (60, date(2032, 7, 15)),
        (61, date(2033, 2, 15)),
    ],
)
def test_a_maturity_moves_by_the_term_or_half_of_it_or_three_years(months: int, latest: date) -> None:
    matures = date(2025 + months // 12, 1 + months % 12, 15)
    assert latest_maturity(DISBURSED, matures) == latest


def test_an_extension_counts_from_the_maturity_as_signed() -> None:
    loan = lived(replace(LEVEL, installments=3, extensions_max=9), date(2025, 3, 20))
    change(loan, Extend(installments=2))
    refused = loan.try_to(ChangeTerms(account=1, loan=LOAN, change=Extend(installments=2)))
    assert isinstance(refused, Rejection)
    assert refused.code is Code.EXTENSION_REFUSED
    change(loan, Extend(installments=1))
    assert loan.to_come[-1].due_date == date(2025, 7, 15)


@pytest.mark.parametrize("method", [Method.EQUAL_PRINCIPAL, Method.EQUAL_INSTALLMENT])
@pytest.mark.parametrize("longer", [3, 4])
def test_an_extension_past_the_longer_plan_is_solved_for_its_own_dates(method: Method, longer: int) -> None:
    agreed = replace(LEVEL, principal=300_000, rate=Rate(0), installments=3, amortize_over=longer, method=method)
    loan = lived(agreed, date(2025, 3, 20))
    change(loan, Extend(installments=2))
    *level, last = [row.principal for row in loan.to_come]
    assert (level, sum(level) + last) == ([loan.loan.principal // 3] * 2, loan.loan.principal)


def test_interest_added_to_principal_stands_on_the_row_until_it_is_billed() -> None:
    loan = lived(LEVEL, date(2025, 7, 20))
    owing = loan.loan.principal
    change(loan, Holiday(installments=2, capitalize=True))
    assert [row.capitalized for row in loan.to_come[:3]] == [2_537, 2_550, 0]
    loan.live_until(date(2025, 9, 15))
    assert loan.loan.principal == owing + 2_537 + 2_550
    assert loan.accrued() == 0


def test_interest_that_waits_accrues_and_is_owed_at_payoff() -> None:
    loan = lived(LEVEL, date(2025, 7, 15))
    change(loan, Holiday(installments=2))
    loan.live_until(date(2025, 9, 15))
    assert loan.accrued() == loan.quote().interest == 5_075
    loan.live_until(date(2025, 10, 15), pays=False)
    assert loan.loan.dues[0].interest == 7_612
    assert loan.accrued() == 0


@pytest.mark.parametrize(
    ("terms", "on", "wanted", "code"),
    [
        (LEVEL, date(2025, 7, 20), Reschedule(rate=Rate(1), start=date(2025, 7, 19)), Code.CHANGE_REFUSED),
        (LEVEL, date(2025, 7, 20), Reschedule(first_due=date(2025, 7, 20)), Code.CHANGE_REFUSED),
        (LEVEL, date(2025, 7, 20), Reschedule(payment=2_000), Code.TERMS_INVALID),
        (LEVEL, date(2025, 7, 20), Reschedule(principal_grace=6), Code.TERMS_INVALID),
        (LEVEL, date(2026, 1, 15), Extend(installments=1), Code.LOAN_NOT_ACTIVE),
        (replace(LEVEL, extensions_max=0), date(2025, 7, 20), Extend(installments=1), Code.EXTENSION_REFUSED),
        (LEVEL, date(2025, 7, 20), FixIndex(on=date(2025, 7, 20), ppb=1), Code.CHANGE_REFUSED),
        (
            LEVEL,
            date(2025, 7, 20),
            PauseInterest(start=date(2025, 7, 19), end=date(2025, 8, 1)),
            Code.CHANGE_REFUSED,
        ),
        (LEVEL, date(2025, 7, 20), Reamortize(), Code.CHANGE_REFUSED),
        (LEVEL, date(2025, 7, 20), Reage(installments=2, first_due=date(2025, 7, 20)), Code.CHANGE_REFUSED),
        (
            replace(
                LEVEL, broken_period=BrokenPeriod.SPREAD, first_due=date(2025, 3, 1), recalculation=Recalculation()
            ),
            date(2025, 3, 20),
            Reamortize(),
            Code.CHANGE_REFUSED,
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_code(terms: Terms, on: date, wanted: Change, code: Code) -> None:
    refused = lived(terms, on).try_to(ChangeTerms(account=1, loan=LOAN, change=wanted))
    assert isinstance(refused, Rejection)
    assert refused.code is code


def test_a_matured_loan_is_re_aged_and_not_extended() -> None:
    loan = lived(LEVEL, date(2026, 3, 20), pays=False)
    refused = loan.try_to(ChangeTerms(account=1, loan=LOAN, change=Extend(installments=1)))
    assert isinstance(refused, Rejection)
    assert refused.code is Code.LOAN_MATURED
    change(loan, Reage(installments=6))
    assert len(loan.to_come) == 6
    assert not loan.loan.dues
    loan.live_until(date(2026, 9, 20))
    assert loan.loan.principal == 0


@pytest.mark.parametrize("wanted", [Reamortize(), Reage(installments=355), Reage(installments=12)])
def test_arrears_above_an_installment_are_on_top_of_the_first(wanted: Change) -> None:
    loan = lived(replace(MORTGAGE, rate=Rate(49_000_000), installments=360), date(2025, 9, 20), pays=False)
    unpaid, accrued = sum(due.interest for due in loan.loan.dues), loan.accrued()
    assert unpaid > installment_total(loan.to_come[0])
    change(loan, wanted)
    first, second = loan.to_come[:2]
    on_top = unpaid + accrued if isinstance(wanted, Reage) else unpaid
    assert installment_total(first) == installment_total(second) + on_top
    assert first.principal > 0
    change(loan, Reschedule(rate=Rate(30_000_000)))
    loan.live_until(loan.to_come[-1].due_date)
    assert loan.loan.principal == 0


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY])
def test_parts_paid_out_on_their_planned_days_give_the_planned_schedule(method: Method) -> None:
    parts = Tranche(date(2025, 3, 15), 300_000), Tranche(date(2025, 6, 25), 200_000)
    terms = replace(LEVEL, method=method, tranches=parts)
    loan = RunningLoan(terms, DISBURSED)
    for part in parts:
        loan.live_until(part.on)
        loan.ask(DisburseTranche(account=1, loan=LOAN))
    assert loan.contract.schedule == schedule(terms, DISBURSED)


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALLMENT, Method.INTEREST_ONLY, Method.FLAT])
def test_a_part_paid_out_in_a_first_period_by_actual_days_bears_interest_for_its_own(method: Method) -> None:
    parts = (Tranche(date(2025, 1, 25), 200_000),)
    terms = replace(LEVEL, principal=1_200_000, rate=Rate(120_000_000), method=method, tranches=parts)
    terms = replace(terms, first_due=date(2025, 2, 20), first_day_count=DayCount.ACT_360)
    loan = RunningLoan(terms, DISBURSED)
    loan.live_until(parts[0].on)
    loan.ask(DisburseTranche(account=1, loan=LOAN))
    # 10,000.00 for 10 days and 12,000.00 for 26 at 12 %.
    assert loan.to_come[0].interest == schedule(terms, DISBURSED)[0].interest == 13_733


def test_a_part_paid_out_in_a_period_free_of_interest_bears_none_in_it_though_its_installment_was_paid() -> None:
    in_advance = Waterfall((Step(), Step(Reach.IN_ADVANCE)))
    parts = (Tranche(date(2025, 1, 25), 400_000),)
    loan = RunningLoan(replace(LEVEL, interest_free=2, waterfall=in_advance, tranches=parts), DISBURSED)
    loan.ask(Repay(account=1, amount=installment_total(loan.to_come[0]), loan=LOAN))
    loan.live_until(parts[0].on)
    loan.ask(DisburseTranche(account=1, loan=LOAN))
    assert [row.interest for row in loan.to_come[:2]] == [0, 0]


def test_a_flat_loan_bears_interest_on_what_was_lent_of_it() -> None:
    parts = Tranche(date(2025, 3, 15), 300_000), Tranche(date(2025, 6, 15), 200_000)
    kept = Fee(name="arrangement", when=FeeWhen.WITHHELD, price=Price(flat=10_000))
    terms = replace(LEVEL, method=Method.FLAT, tranches=parts, down_payment_ppb=200_000_000)
    loan = RunningLoan(replace(terms, fees=(kept,)), DISBURSED)
    # Lent: half of it less 100.00 that are kept, and of that four fifths: 3,920.00 bear 0.5 % a month.
    assert [row.interest for row in loan.to_come] == [1_960] * 12
    change(loan, Reschedule(due_day=15))
    assert [row.interest for row in loan.to_come] == [1_960] * 12
    loan.live_until(parts[0].on)
    loan.ask(DisburseTranche(account=1, loan=LOAN))
    assert [row.interest for row in loan.to_come] == [3_460] * 10
    loan.live_until(parts[1].on)
    loan.ask(DisburseTranche(account=1, loan=LOAN))
    assert [row.interest for row in loan.to_come] == [4_460] * 7
    assert loan.contract.terms.principal == 1_000_000


def test_a_payoff_within_a_pause_owes_what_was_earned_before_it() -> None:
    loan = lived(replace(LEVEL, day_count=DayCount.ACT_365), date(2025, 7, 20))
    owing = loan.loan.principal
    change(loan, PauseInterest(start=date(2025, 7, 25), end=date(2025, 8, 10)))
    loan.live_until(date(2025, 8, 5))
    assert loan.quote().interest == (owing * 60 * 10 * 2 + 365_000) // (2 * 365_000)
    loan.live_until(date(2025, 8, 15), pays=False)
    assert loan.loan.dues[0].interest == (owing * 60 * 15 * 2 + 365_000) // (2 * 365_000)


ONCE = replace(LEVEL, method=Method.AT_MATURITY, installments=6)


@pytest.mark.parametrize(
    ("wanted", "due", "days"),
    [
        (Reschedule(first_due=date(2025, 8, 20)), date(2025, 8, 20), 217),
        (Reschedule(first_due=date(2025, 5, 20)), date(2025, 5, 20), 125),
        (Reschedule(due_day=20), date(2025, 7, 20), 186),
        (Reschedule(due_day=1), date(2025, 7, 1), 167),
    ],
)
def test_the_next_due_date_of_a_loan_that_falls_due_once_is_its_maturity(
    wanted: Reschedule, due: date, days: int
) -> None:
    loan = lived(replace(ONCE, rate=Rate(365_000_000), day_count=DayCount.ACT_365), date(2025, 3, 2))
    change(loan, wanted)
    assert [(row.due_date, row.interest) for row in loan.to_come] == [(due, 1_000 * days)]


def test_a_maturity_that_was_moved_off_the_grid_counts_thirty_days_a_month_also_once_it_is_extended() -> None:
    loan = lived(replace(ONCE, rate=Rate(360_000_000)), date(2025, 1, 15))
    change(loan, Reschedule(due_day=20))
    assert [row.interest for row in loan.to_come] == [185_000]
    change(loan, Extend(installments=1))
    assert [(row.due_date, row.interest) for row in loan.to_come] == [(date(2025, 8, 20), 215_000)]
