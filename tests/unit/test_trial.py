"""The trial calculation: schedule, totals and rates; with a term to be found."""

from datetime import date

import msgspec
import pytest

from adapters.trial import Trial, TrialSchedule, calculate
from core.contract.terms import Rate

LEVEL = {"principal": 10_000_00, "rate": {"ppb": 60_000_000}, "installments": 12}
INDEX = [{"on": "2024-01-01", "ppb": 1_000_000}, {"on": "2027-01-01", "ppb": 1_100_000}]


def follows_index(unit: str, every: int = 1) -> dict[str, object]:
    return {"resets": {"first": "2025-01-16", "unit": unit, "every": every}, "fixings": INDEX}


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


@pytest.mark.parametrize(
    ("terms", "solve"),
    [
        ({"installments": 600, "unit": "year", "floating": follows_index("day")}, "principal"),
        ({"installments": 360, "floating": follows_index("month")}, "rate"),
        (
            {
                "installments": 7,
                "every": 366,
                "unit": "year",
                "method": "at_maturity",
                "day_count": "act/act",
                "floating": follows_index("day", 30),
            },
            None,
        ),
        ({"interest_base": {"first": "2025-01-16", "unit": "day"}, "every": 12}, None),
        ({"pauses": [{"start": "2025-02-01", "end": "2025-02-02"}] * 1_201}, None),
        ({"rate_steps": [{"start": f"{year}-01-01", "rate": {"ppb": 1}} for year in range(2025, 3300)]}, None),
    ],
)
def test_what_would_take_long_is_refused_at_once(terms: dict[str, object], solve: str | None) -> None:
    fields = {"solve": solve, "payment": 100_000} if solve else {}
    assert calculate(trial(terms={**LEVEL, **terms}, **fields)) == "schedule_too_long"


def test_a_level_may_be_solved_anew_in_every_month_of_a_long_loan() -> None:
    shown = calculated(terms={**LEVEL, "installments": 360, "floating": follows_index("month")})
    assert len(shown.rows) == 360


def test_the_day_of_disbursement_is_kept() -> None:
    assert calculated().rows[0].start == date(2025, 1, 15)
