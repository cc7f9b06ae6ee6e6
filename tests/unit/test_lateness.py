"""What a penalty runs on, from which day, up to what; and that the whole book's accrual reads the same."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from core.account import Due, Loan, LoanStatus
from core.contract.servicing import PenaltyBase, PenaltyTerms
from core.contract.terms import DayCount, Rate, RatePer, Terms
from core.events import InstallmentBilled
from core.evolve import evolve
from core.money import Minor as M
from core.servicing.lateness import accrued_penalty, days_late, penalty_rows, running_penalties
from tests.unit.test_charges import lent

DAY = date(2026, 1, 31)
TERMS = Terms(principal=1_000_000, rate=Rate(0), installments=3, penalty_rate=Rate(500_000, RatePer.DAY))
FIRST = Due(1, DAY, M(100_000), M(20_000), M(3_000), M(900), DAY)
SECOND = Due(2, DAY + timedelta(days=20), M(150_000), M(10_000), M(0), M(0), DAY + timedelta(days=20))
LOAN = Loan(1, LoanStatus.ACTIVE, M(800_000), dues=(FIRST, SECOND))


def penalty(terms: Terms, on: date, loan: Loan = LOAN) -> list[int]:
    """Return what each running penalty has accrued."""
    return [accrued_penalty(running, terms, on) for running in running_penalties(loan, terms)]


@pytest.mark.parametrize(
    ("base", "amounts"),
    [
        (PenaltyBase.PRINCIPAL, [1_500, 750]),
        (PenaltyBase.PRINCIPAL_INTEREST, [1_800, 800]),
        (PenaltyBase.INSTALLMENT, [1_845, 800]),
        (PenaltyBase.ALL_PRINCIPAL, [12_000]),
    ],
)
def test_a_penalty_runs_on_its_base(base: PenaltyBase, amounts: list[int]) -> None:
    # 30 and 10 days at 0.05 %.
    assert penalty(replace(TERMS, penalty=PenaltyTerms(base=base)), DAY + timedelta(days=30)) == amounts


@pytest.mark.parametrize(("cap", "amounts"), [(15_000_000, [1_500, 750]), (10_000_000, [1_000, 750]), (1, [0, 0])])
def test_a_cap_is_a_share_of_the_base(cap: int, amounts: list[int]) -> None:
    capped = replace(TERMS, penalty=PenaltyTerms(cap_ppb=cap))
    assert penalty(capped, DAY + timedelta(days=30)) == amounts


def test_what_was_charged_before_counts_towards_the_cap() -> None:
    capped = replace(TERMS, penalty=PenaltyTerms(cap_ppb=10_000_000))
    charged = replace(LOAN, dues=(replace(FIRST, penalty_from=DAY + timedelta(days=8), penalty_charged=M(400)),))
    assert penalty(capped, DAY + timedelta(days=30), charged) == [600]


def test_compound_interest_runs_on_overdue_interest_alone() -> None:
    # 50.00 for 10 days at 9 % of 360 days (loan arithmetic, worked example).
    terms = replace(TERMS, penalty_rate=Rate(0), compound_rate=Rate(90_000_000))
    loan = replace(LOAN, dues=(replace(FIRST, interest=M(5_000)),))
    assert penalty(terms, DAY + timedelta(days=10), loan) == [13]


@pytest.mark.parametrize(("first_day", "days"), [(0, [0, 0, 1, 62]), (1, [0, 1, 2, 63])])
def test_the_due_date_is_day_0_or_day_1(first_day: int, days: list[int]) -> None:
    days_on = (date(2024, 5, 4), date(2024, 5, 5), date(2024, 5, 6), date(2024, 7, 6))
    assert [days_late(date(2024, 5, 5), on, first_day) for on in days_on] == days


def test_both_ends_count_where_the_terms_say_so() -> None:
    book = lent(replace(TERMS, penalty=PenaltyTerms(both_ends=True)))
    account = evolve(book.account, InstallmentBilled(DAY, 1, 1, M(100_000), M(0)))
    [running] = running_penalties(account.loans[0], account.contracts[0].terms)
    assert accrued_penalty(running, TERMS, DAY + timedelta(days=1)) == 100


def test_the_accrual_of_the_whole_book_reads_a_cap_and_a_rate_only_where_there_is_one() -> None:
    plain = [(100_000, DAY, DAY), (150_000, SECOND.due_date, SECOND.due_date)]
    assert penalty_rows(LOAN, TERMS) == plain
    assert penalty_rows(LOAN, replace(TERMS, penalty_rate=Rate(0))) == []
    capped = replace(TERMS, penalty=PenaltyTerms(cap_ppb=10_000_000), day_count=DayCount.ACT_365)
    rows = penalty_rows(LOAN, replace(capped, compound_rate=Rate(90_000_000)))
    assert rows[0] == (100_000, DAY, DAY, 1_000, 500_000, 10**9)
    assert rows[1] == (20_000, DAY, DAY, None, 90_000_000, 365 * 10**9)
