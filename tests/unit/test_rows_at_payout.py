"""What falls due with the payout is a row, and no installment: what counts installments, or what is lent, knows it."""

from datetime import date

import pytest
from msgspec.structs import replace

from core.charging.credits import interest_cost
from core.commands import Repay
from core.contract.servicing import Recalculation
from core.contract.terms import BrokenPeriod, DayCount, Method, Rate, Terms
from core.contract.waterfall import Reach, Step, Waterfall
from tests.unit.running_loan import LOAN, RunningLoan

DISBURSED = date(2025, 1, 15)
FIFTH = Terms(principal=1_000_000, rate=Rate(60_000_000), installments=6, down_payment_ppb=200_000_000, reminder_days=0)


@pytest.mark.parametrize(
    ("terms", "interest"),
    [
        (replace(FIFTH, interest_free=2), [0, 0, 2_656]),
        (replace(FIFTH, first_due=date(2025, 2, 25), first_day_count=DayCount.ACT_360), [5_467, 3_342, 2_680]),
    ],
    ids=["free of interest", "first by actual days"],
)
def test_interest_that_follows_payments_knows_which_installment_is_the_first(terms: Terms, interest: list[int]) -> None:
    in_advance = Waterfall((Step(), Step(Reach.IN_ADVANCE)))
    loan = RunningLoan(replace(terms, waterfall=in_advance, recalculation=Recalculation()), DISBURSED)
    loan.ask(Repay(account=1, amount=200_000, loan=LOAN))
    assert [row.interest for row in loan.to_come[:3]] == interest
    loan.live_until(date(2025, 1, 16))
    loan.ask(Repay(account=1, amount=1, loan=LOAN))
    assert [row.interest for row in loan.to_come[:3]] == interest


@pytest.mark.parametrize("method", [Method.FLAT, Method.INTEREST_ONLY])
def test_a_refund_of_all_that_was_lent_saves_all_interest(method: Method) -> None:
    loan = RunningLoan(replace(FIFTH, method=method, interest_free=1), DISBURSED)
    assert [row.interest for row in loan.to_come[:2]] == [0, 4_000]
    assert interest_cost(loan.loan, loan.contract, 800_000, date(2025, 3, 15)) == 4_000
    assert interest_cost(loan.loan, loan.contract, 400_000, date(2025, 3, 15)) == 2_000


@pytest.mark.parametrize("method", [Method.FLAT, Method.INTEREST_ONLY])
@pytest.mark.parametrize("broken", [BrokenPeriod.UPFRONT, BrokenPeriod.FIRST])
def test_a_refund_saves_the_interest_of_the_broken_period_too(method: Method, broken: BrokenPeriod) -> None:
    terms = replace(FIFTH, method=method, down_payment_ppb=0, broken_period=broken, first_due=date(2025, 3, 1))
    loan = RunningLoan(terms, DISBURSED)
    loan.live_until(date(2025, 3, 1))
    # 16 days of 30 at 0.5 % a month, and one month.
    assert interest_cost(loan.loan, loan.contract, 1_000_000, loan.on) == loan.loan.interest_billed == 2_667 + 5_000
    assert interest_cost(loan.loan, loan.contract, 300_000, loan.on) == 2_300
