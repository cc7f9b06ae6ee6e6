"""What holds for every account that is charged, waived, credited and charged back."""

from hypothesis import given
from hypothesis import strategies as st

from core.account import LoanStatus
from tests.properties.charging import charge_step, charged_book, charged_life, charging_lives
from tests.properties.histories import Life
from tests.proving import assert_books_hold, assert_days_add_up, assert_derived


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
