"""What holds for every schedule, whatever its terms."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.money import AMOUNT_MAX, Minor, Rounding, divide, divide_to_multiple
from core.schedule import Refusal, plan, summary
from core.terms import DayCount, Method, Rate, RatePer, Terms, Unit

DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))
RATES = st.builds(
    Rate,
    st.one_of(st.just(0), st.integers(0, 20_000_000), st.integers(0, 10**10)),
    st.sampled_from(RatePer),
)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    unit = draw(st.sampled_from(Unit))
    return Terms(
        principal=draw(st.one_of(st.integers(1, 1_000), st.integers(1, AMOUNT_MAX))),
        rate=draw(RATES),
        installments=draw(st.integers(1, 60)),
        method=draw(st.sampled_from(Method)),
        every=draw(st.integers(1, 40)),
        unit=unit,
        due_day=draw(st.none() | st.integers(1, 31)) if unit in (Unit.MONTH, Unit.YEAR) else None,
        day_count=draw(st.sampled_from(DayCount)),
        level_day_count=draw(st.none() | st.sampled_from(DayCount)),
        first_day_count=draw(st.none() | st.sampled_from(DayCount)),
        rounding=draw(st.sampled_from(Rounding)),
        installment_rounding=draw(st.none() | st.sampled_from(Rounding)),
        installment_multiple=draw(st.sampled_from([1, 10, 100])),
        agreed_installment=draw(st.none() | st.integers(1, AMOUNT_MAX)),
        smoothing_rounds=draw(st.integers(0, 3)),
    )


@given(any_terms(), DATES)
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


@given(any_terms(), DATES)
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
