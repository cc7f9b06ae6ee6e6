"""What holds for the cost of any loan: rates give back the contract's, solving agrees with planning."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.contract.terms import BrokenPeriod, DayCount, Method, Rate, RatePer, Terms
from core.cost.disclosure import Fee, disclose
from core.cost.tax import split_vat
from core.money import Minor
from core.schedule.plan import Refusal, plan
from core.schedule.solve import Unknown, regular_payment, solve
from core.servicing.disbursing import refused_terms

ON = date(2025, 1, 31)

levels = st.builds(
    Terms,
    principal=st.integers(1_000_00, 10**10),
    rate=st.integers(100, 40_000).map(lambda hundredths: Rate(hundredths * 1_000, RatePer.MONTH)),
    installments=st.integers(1, 60),
)


@given(levels, st.sampled_from([Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY]))
def test_without_fees_a_loan_costs_its_rate(terms: Terms, method: Method) -> None:
    terms = replace(terms, method=method)
    rows = plan(terms, ON)
    assert not isinstance(rows, Refusal)
    rates = disclose(terms, ON, rows)
    assert rates is not None
    # Each row's interest is rounded by at most half a minor unit of a balance that is at least the last row's.
    least = min(sum(row.principal for row in rows[k:]) for k in range(len(rows)))
    assert abs(rates.per_period - terms.rate.ppb) <= 10**9 // (2 * least) + 1
    assert abs(rates.simple - 12 * rates.per_period) <= 6
    assert rates.compound >= rates.simple


@given(levels, st.integers(1, 100_00))
def test_a_fee_never_makes_a_loan_cheaper(terms: Terms, fee: int) -> None:
    rows = plan(terms, ON)
    assert not isinstance(rows, Refusal)
    bare, withheld = disclose(terms, ON, rows), disclose(terms, ON, rows, [Fee(ON, fee)])
    assert bare is not None
    assert withheld is not None
    assert withheld.per_period >= bare.per_period
    assert withheld.by_days >= bare.by_days


@given(levels, st.sampled_from([Unknown.RATE, Unknown.PRINCIPAL, Unknown.INSTALLMENTS]))
def test_terms_solved_for_a_payment_have_it(terms: Terms, unknown: Unknown) -> None:
    rows = plan(terms, ON)
    assert not isinstance(rows, Refusal)
    payment = regular_payment(terms, rows)
    found = solve(terms, unknown, payment, ON)
    assert isinstance(found, Terms)
    again = plan(found, ON)
    assert not isinstance(again, Refusal)
    assert regular_payment(found, again) == payment
    assert len(again) == found.installments == terms.installments


amounts = st.integers(0, 10**12).map(Minor)


@given(amounts, st.integers(0, 500_000_000))
def test_net_and_tax_are_the_gross(gross: Minor, vat: int) -> None:
    assert sum(split_vat(gross, vat)) == gross


@given(
    st.sampled_from(DayCount),
    st.sampled_from(BrokenPeriod),
    st.sampled_from([0, 200_000_000]),
    st.sampled_from([Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY, Method.AT_MATURITY]),
    st.none() | st.dates(date(2025, 2, 5), date(2025, 3, 20)),
    st.integers(1, 24),
)
def test_a_rate_that_is_the_cap_is_not_above_it_and_one_that_is_far_above_is(
    day_count: DayCount, broken: BrokenPeriod, down: int, method: Method, first: date | None, count: int
) -> None:
    terms = Terms(
        principal=1_000_000,
        rate=Rate(240_000_000),
        installments=count,
        method=method,
        day_count=day_count,
        broken_period=broken,
        down_payment_ppb=down,
        first_due=first,
        cost_cap_ppb=240_000_000,
    )
    on = date(2025, 1, 15)
    assert refused_terms(terms, on) is None
    # A nominal month may be a first period of up to 64 days: at twice the cap it costs what the cap allows for those.
    assert refused_terms(replace(terms, rate=Rate(720_000_000)), on) is not None
