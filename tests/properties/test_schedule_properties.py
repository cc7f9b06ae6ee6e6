"""What holds for every schedule, whatever its terms."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.contract.terms import BusinessDays, Installment, Method, Pause, Rate, RateStep, Terms
from core.money import Minor, Rounding, divide, divide_to_multiple, equal_parts
from core.schedule.calendars import is_business_day
from core.schedule.dates import due_dates
from core.schedule.interest import interest_between
from core.schedule.plan import Refusal, plan, replan, summary
from tests.properties.oracle.interest import BY_DAYS, interest
from tests.properties.random_terms import DATES, USUAL_RATES, moved_terms, plain_terms, shaped_terms

NEVER: Final = Pause(date(9998, 12, 1), date(9998, 12, 2))
"""Days without interest after every loan."""


@given(plain_terms(), DATES)
def test_a_schedule_repays_the_principal_in_ascending_parts_that_are_never_negative(
    terms: Terms, disbursed_on: date
) -> None:
    rows = plan(terms, disbursed_on)
    if isinstance(rows, Refusal):
        return
    assert 1 <= len(rows) <= terms.installments
    assert sum(row.principal for row in rows) == terms.principal
    assert all(row.principal >= 0 and row.interest >= 0 for row in rows)
    assert rows[-1].principal > 0
    assert [row.start for row in rows] == [disbursed_on, *(row.due_date for row in rows[:-1])]
    assert all(row.start < row.due_date for row in rows)
    assert summary(rows).total == sum(row.principal + row.interest for row in rows)


@given(st.data(), DATES)
def test_whatever_is_agreed_the_rows_repay_what_was_paid_out_and_what_was_capitalized(
    data: st.DataObject, disbursed_on: date
) -> None:
    terms = data.draw(shaped_terms(disbursed_on))
    rows = plan(terms, disbursed_on)
    if isinstance(rows, Refusal):
        return
    assert sum(row.principal for row in rows) == terms.principal + sum(row.capitalized for row in rows)
    assert all(row.principal >= 0 and row.interest >= 0 and row.capitalized >= 0 for row in rows)
    assert all(row.start <= row.due_date for row in rows)
    assert all(earlier.due_date <= later.due_date for earlier, later in pairwise(rows))
    outstanding = _outstanding(terms, disbursed_on, rows)
    assert min(outstanding) >= 0
    assert outstanding[-1] == 0
    if terms.business_days is not BusinessDays.NONE:
        agreed = [row for row in rows if row.due_date > disbursed_on]
        assert all(is_business_day(terms.calendar, row.due_date) for row in agreed)


def _outstanding(terms: Terms, disbursed_on: date, rows: tuple[Installment, ...]) -> list[int]:
    """Return what is outstanding after each row, tranches counted on the day they are paid out."""
    paid_out = [(tranche.on, tranche.amount) for tranche in terms.tranches]
    balance = terms.principal - sum(amount for _, amount in paid_out)
    after = []
    for row in rows:
        while paid_out and paid_out[0][0] < row.due_date:
            balance += paid_out.pop(0)[1]
        balance += row.capitalized - row.principal
        after.append(balance)
    return after


@given(plain_terms(), DATES)
def test_a_change_that_never_comes_changes_nothing(terms: Terms, disbursed_on: date) -> None:
    rows = plan(terms, disbursed_on)
    assume(not isinstance(rows, Refusal))
    # A pause after the loan takes the same loan through the walk that looks at every span.
    assert plan(replace(terms, pauses=(NEVER,)), disbursed_on) == rows
    assert plan(replace(terms, rate_steps=(RateStep(NEVER.start, Rate(1)),)), disbursed_on) == rows
    assert not isinstance(rows, Refusal)
    # A row without principal may leave interest, which waits, or becomes principal where that is agreed; smoothing
    # tries levels at which rows do.
    if terms.method is not Method.FLAT and not terms.smoothing_rounds and all(row.principal for row in rows):
        assert plan(replace(terms, negative_amortization=True), disbursed_on) == rows


@given(plain_terms(), DATES, st.integers(0, 60))
def test_a_level_counted_by_the_day_count_of_the_loan_is_the_same(terms: Terms, disbursed_on: date, free: int) -> None:
    counted = replace(terms, interest_free=free, level_day_count=None)
    assert plan(replace(counted, level_day_count=terms.day_count), disbursed_on) == plan(counted, disbursed_on)


@given(st.data(), DATES)
def test_a_loan_all_of_whose_periods_are_free_of_interest_is_one_at_no_rate(
    data: st.DataObject, disbursed_on: date
) -> None:
    terms = data.draw(moved_terms(disbursed_on))
    free = replace(terms, interest_free=terms.installments)
    steps = tuple(RateStep(step.start, Rate(0)) for step in terms.rate_steps)
    assert plan(free, disbursed_on) == plan(replace(terms, rate=Rate(0), rate_steps=steps), disbursed_on)


@given(plain_terms(), DATES)
def test_replanning_from_the_start_gives_the_plan(terms: Terms, disbursed_on: date) -> None:
    rows = plan(terms, disbursed_on)
    assume(not isinstance(rows, Refusal))
    assert not isinstance(rows, Refusal)
    assume(terms.method is not Method.AT_MATURITY and len(rows) == terms.installments)
    dates = (disbursed_on, *(row.due_date for row in rows))
    assert replan(terms, terms.principal, dates) == rows


@given(st.data(), DATES)
def test_replanning_within_the_first_period_gives_the_plan_wherever_business_days_move_it(
    data: st.DataObject, disbursed_on: date
) -> None:
    drawn = data.draw(moved_terms(disbursed_on))
    # The end of the loan is another for the days of a period that the plan counts than for those that were agreed.
    terms = replace(drawn, day_count=data.draw(st.sampled_from(BY_DAYS)), rate_steps=(), pauses=())
    rows, agreed = plan(terms, disbursed_on), due_dates(terms, disbursed_on)
    assume(not isinstance(rows, Refusal) and agreed is not None)
    assert not isinstance(rows, Refusal)
    assert agreed is not None
    since = data.draw(st.dates(disbursed_on, max(disbursed_on, min(rows[0].due_date, agreed[0]))))
    days = disbursed_on, rows[0].due_date, disbursed_on, since
    earned = interest_between(terms, *days, terms.principal, 1)
    replanned = replan(terms, terms.principal, (disbursed_on, *agreed), since=since, earned=earned)
    assert replanned == rows or replanned is Refusal.NOTHING_TO_PLAN


@given(plain_terms(), DATES, st.integers(1, 400), st.lists(st.integers(0, 400), max_size=3), USUAL_RATES)
def test_parts_of_a_period_bear_the_interest_of_the_whole(
    terms: Terms, start: date, days: int, cuts: list[int], rate: Rate
) -> None:
    end = start + timedelta(days=days)
    stepped = replace(terms, rate_steps=(RateStep(start + timedelta(days=days // 3), rate),))
    for loan in (terms, stepped):
        ends = [start, *sorted(start + timedelta(days=min(cut, days)) for cut in cuts), end]
        whole = Fraction(*interest_between(loan, start, end, start, end, 10**6))
        parts = [Fraction(*interest_between(loan, start, end, a, b, 10**6)) for a, b in pairwise(ends)]
        assert sum(parts) == whole
        assert min(parts) >= 0


@given(plain_terms(), DATES)
def test_the_interest_between_is_that_of_the_plan(terms: Terms, disbursed_on: date) -> None:
    rows = plan(terms, disbursed_on)
    assume(not isinstance(rows, Refusal))
    assume(terms.method not in (Method.AT_MATURITY, Method.PRINCIPAL_FIRST, Method.FLAT))
    balance, waits = terms.principal, 0
    assert not isinstance(rows, Refusal)
    for number, row in enumerate(rows, start=1):
        top, whole = interest_between(terms, row.start, row.due_date, row.start, row.due_date, balance, number)
        waits = divide(top + waits * whole, whole, terms.rounding) - row.interest
        assert waits == 0 or (waits > 0 == row.principal)
        balance -= row.principal


@given(st.data(), DATES)
def test_each_period_bears_the_interest_of_what_is_outstanding_wherever_business_days_move_it(
    data: st.DataObject, disbursed_on: date
) -> None:
    terms = data.draw(moved_terms(disbursed_on))
    rows = plan(terms, disbursed_on)
    if isinstance(rows, Refusal):
        return
    agreed = due_dates(terms, disbursed_on)
    assert agreed is not None
    balance, start, waits = terms.principal, disbursed_on, 0
    for number, (row, day) in enumerate(zip(rows, agreed, strict=False), start=1):
        end = row.due_date if terms.count_to_shifted else day
        exact = interest(terms, start, end, balance) if number > terms.interest_free else Fraction(0)
        exact += waits
        waits = divide(exact.numerator, exact.denominator, terms.rounding) - row.interest
        assert waits == 0 or (waits > 0 == row.principal and terms.method is Method.EQUAL_INSTALLMENT)
        balance, start = balance - row.principal, end
    assert waits == balance == 0
    # The same loan through the walk that looks at every day on which something may change.
    assert plan(replace(terms, pauses=(*terms.pauses, NEVER)), disbursed_on) == rows


@given(plain_terms(), DATES)
def test_only_the_last_of_the_level_installments_differs(terms: Terms, disbursed_on: date) -> None:
    rows = plan(terms, disbursed_on)
    if isinstance(rows, Refusal) or terms.method is not Method.EQUAL_INSTALLMENT or terms.first_day_count is not None:
        return
    assert len({row.principal + row.interest for row in rows[:-1]}) <= 1


@given(st.integers(0, 10**15), st.integers(1, 10**6), st.sampled_from(Rounding))
def test_rounding_is_the_nearest_unit_of_its_mode(numerator: int, denominator: int, rounding: Rounding) -> None:
    exact, rounded = Fraction(numerator, denominator), divide(numerator, denominator, rounding)
    assert abs(exact - rounded) < 1
    if rounding in (Rounding.HALF_UP, Rounding.HALF_EVEN):
        assert abs(exact - rounded) <= Fraction(1, 2)
    assert divide(-numerator, denominator, rounding) == -rounded


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_planted_ties_split_the_modes(whole: int, half: int) -> None:
    numerator, denominator = (2 * whole + 1) * half, 2 * half
    assert divide(numerator, denominator, Rounding.HALF_UP) == whole + 1
    assert divide(numerator, denominator, Rounding.HALF_EVEN) == whole + whole % 2
    assert divide(numerator, denominator, Rounding.UP) == whole + 1
    assert divide(numerator, denominator, Rounding.DOWN) == whole


@given(st.integers(0, 10**12), st.integers(1, 10**4), st.sampled_from(Rounding))
def test_a_multiple_is_a_multiple(numerator: int, multiple: int, rounding: Rounding) -> None:
    rounded = divide_to_multiple(numerator, 7, Minor(multiple), rounding)
    assert rounded % multiple == 0
    assert abs(Fraction(numerator, 7) - rounded) < multiple


@given(st.integers(0, 10**12), st.integers(1, 600), st.sampled_from(Rounding))
def test_equal_parts_are_the_whole_and_none_is_below_zero(amount: int, count: int, rounding: Rounding) -> None:
    parts = equal_parts(amount, count, rounding)
    assert (len(parts), sum(parts)) == (count, amount)
    assert min(parts) >= 0
    assert max(parts[:-1], default=0) <= divide(amount, count, rounding)
