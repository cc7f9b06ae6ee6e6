"""What holds for every account that is charged, waived, credited and charged back."""

from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.account import Loan, LoanStatus, owed
from core.commands import ChangeTerms, Repay
from core.contract.changes import Reschedule
from core.contract.terms import Rate, Terms
from core.cost.caps import allowance
from core.identity import loan_id
from core.servicing.advance import next_action
from tests.properties.charging import charge_step, charged_book, charged_life, charging_lives, charging_terms
from tests.properties.histories import Book, Life
from tests.proving import assert_books_hold, assert_days_add_up, assert_derived

LOAN = loan_id(1, 1)


@given(charging_lives)
def test_entries_balance_and_control_accounts_equal_the_account_after_every_step(life: Life) -> None:
    book = charged_book(life)
    assert_books_hold(book.history, book.account)
    for step in life.steps:
        charge_step(book, step, life.terms)
        assert_books_hold(book.history, book.account)


@given(charging_lives)
def test_nothing_is_negative_and_a_closed_loan_owes_nothing(life: Life) -> None:
    book = charged_book(life)
    for step in life.steps:
        charge_step(book, step, life.terms)
        assert min(book.account.unapplied, book.account.deposit) >= 0
        for loan in book.account.loans:
            assert all(min(due.penalty, due.fee, due.interest, due.principal) >= 0 for due in loan.dues)
            assert all(min(charge.penalty, charge.fee) >= 0 for charge in loan.charges)
            assert loan.principal >= sum(due.principal for due in loan.dues)
            if loan.status is not LoanStatus.ACTIVE:
                assert (loan.principal, loan.dues, loan.charges, loan.reopened) == (0, (), (), ())


@given(charging_lives, st.integers(0, 120))
def test_what_comes_by_itself_day_by_day_equals_all_days_at_once(life: Life, days: int) -> None:
    book = charged_life(life)
    assert_days_add_up(book.account, book.on, days)


@given(charging_lives)
def test_stored_events_and_facts_decided_anew_give_the_live_account(life: Life) -> None:
    book = charged_life(life)
    assert_derived(book.history, book.account, book.on)


@given(charging_terms(), st.integers(0, 2_000_000_000), st.integers(0, 45))
def test_a_loan_paid_on_time_costs_no_more_than_its_cap_whatever_becomes_of_its_rate(
    terms: Terms, ppb: int, days: int
) -> None:
    capped = replace(terms, cost_cap_ppb=240_000_000, grace_days=0, collect_down_payment=True)
    book = charged_book(Life((capped,), ()))
    assume(book.account.loans and book.account.loans[0].status is not LoanStatus.BOOKED)
    _pay_on_time(book, book.on + timedelta(days=days))
    # What was charged was within the cap of the plan as it was; on the new one principal may be in use for less.
    before = _costs(book.account.loans[0])
    book.ask(ChangeTerms(account=1, loan=LOAN, change=Reschedule(rate=Rate(ppb))))
    _pay_on_time(book, date.max)
    loan = book.account.loans[0]
    assert loan.status is LoanStatus.CLOSED
    assert loan.use is not None
    assert _costs(loan) <= max(before, allowance(240_000_000, loan.use.principal_days))


def _costs(loan: Loan) -> int:
    assert loan.use is not None
    return loan.interest_billed + loan.penalty_charged + loan.use.charges


def _pay_on_time(book: Book, until: date) -> None:
    """Live until a day, or the end, and pay what is due on the day that it is due."""
    while book.account.loans[0].status is LoanStatus.ACTIVE:
        due = sum(owed(due) for due in book.account.loans[0].dues)
        if due:
            assert book.ask(Repay(account=1, loan=LOAN, amount=due)) is None
            continue
        day = next_action(book.account)
        assert day is not None
        if day > until:
            book.reach(until)
            return
        book.reach(day)
