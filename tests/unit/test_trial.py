"""The trial calculation: schedule, totals and rates; with a term to be found."""

from datetime import date

import msgspec
import pytest

from adapters.trial import Trial, TrialSchedule, calculate
from core.contract.terms import Rate

LEVEL = {"principal": 10_000_00, "rate": {"ppb": 60_000_000}, "installments": 12}


def trial(**fields: object) -> Trial:
    return msgspec.convert({"terms": LEVEL, "disbursed_on": "2025-01-15", **fields}, Trial, strict=False)


def calculated(**fields: object) -> TrialSchedule:
    found = calculate(trial(**fields))
    assert isinstance(found, TrialSchedule), found
    return found


def test_a_trial_shows_what_a_loan_costs() -> None:
    shown = calculated()
    assert [row.total for row in shown.rows] == [860_66] * 11 + [860_70]
    assert shown.rows[-1].balance == 0
    assert shown.summary.interest == 327_96
    assert shown.rates is not None
    assert round(shown.rates.simple, -5) == 60_000_000


def test_fees_count_in_the_rates_and_not_in_the_schedule() -> None:
    shown = calculated(fees=[{"on": "2025-01-15", "amount": 200_00}])
    assert shown.summary == calculated().summary
    assert shown.rates is not None
    assert (round(shown.rates.simple, -5), round(shown.rates.compound, -5)) == (98_000_000, 102_500_000)


def test_a_missing_term_is_found_and_shown() -> None:
    shown = calculated(terms={**LEVEL, "rate": {"ppb": 0}}, solve="rate", payment=860_66)
    assert shown.terms.rate == Rate(60_000_000)
    assert shown.rows[0].total == 860_66


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"terms": {**LEVEL, "first_due": "2025-01-01"}}, "first_due_before_disbursement"),
        ({"solve": "rate"}, "payment_missing"),
        ({"solve": "rate", "payment": 1}, "no_such_rate"),
        ({"solve": "installments", "payment": 1}, "payment_does_not_amortize"),
        ({"fees": [{"on": "2025-01-14", "amount": 1}]}, "fee_date_invalid"),
        ({"fees": [{"on": "2026-01-16", "amount": 1}]}, "fee_date_invalid"),
    ],
)
def test_what_cannot_be_calculated_is_a_code(fields: dict[str, object], code: str) -> None:
    assert calculate(trial(**fields)) == code


def test_the_day_of_disbursement_is_kept() -> None:
    assert calculated().rows[0].start == date(2025, 1, 15)
