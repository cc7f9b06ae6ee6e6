"""What holds for every account whatever happens to it."""

from datetime import date, timedelta

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.account import Account, Loan, LoanStatus
from core.commands import Command, PayOff, RefundUnapplied, Repay, Reverse
from core.contract.servicing import PayoffInterest, Recalculation
from core.contract.terms import Terms
from core.contract.waterfall import Future, Reach, Waterfall
from core.decide import decide
from core.events import AccountRestated, LoanPaidOff, RepaymentReceived, UnappliedApplied
from core.evolve import evolve
from core.identity import loan_id
from core.rejections import Code
from core.servicing.advance import next_action
from core.servicing.delinquency import begins_non_accrual, bucket_for, days_past_due, ends_non_accrual
from core.servicing.quote import Quote, quote
from tests.properties.histories import (
    START,
    Book,
    Life,
    Step,
    lend,
    live,
    lives,
    resolve,
    some_terms,
    take,
    waterfall_steps,
)
from tests.proving import assert_books_hold, assert_days_add_up, assert_derived

LOAN = loan_id(1, 1)
PAYING = RepaymentReceived | UnappliedApplied | LoanPaidOff | AccountRestated


@given(lives)
def test_every_entry_balances_and_control_accounts_equal_the_account(life: Life) -> None:
    book = lend(life.terms)
    for step in life.steps:
        take(book, step, life.terms)
        assert_books_hold(book.history, book.account)


@given(lives)
def test_allocations_sum_to_the_payment(life: Life) -> None:
    before: Account | None = None
    for _, event in live(life).history:
        if isinstance(event, RepaymentReceived):
            assert _allocated(event) + event.unapplied == event.amount
        if isinstance(event, LoanPaidOff):
            paid = _allocated(event) + event.principal + event.interest
            assert paid == event.amount + event.from_unapplied - event.unapplied
        if isinstance(event, UnappliedApplied):
            assert before is not None
            assert 0 < _allocated(event) <= before.unapplied
        before = evolve(before, event)


@given(lives)
def test_stored_events_and_facts_decided_anew_give_the_live_account(life: Life) -> None:
    book = live(life)
    assert_derived(book.history, book.account, book.on)


@given(lives)
def test_a_refusal_changes_nothing(life: Life) -> None:
    book = lend(life.terms)
    for step in life.steps:
        book.reach(book.on + timedelta(days=step.days))
        before, events = msgspec.msgpack.encode(book.account), len(book.history)
        if book.ask(resolve(book, step, life.terms)) is not None:
            assert (msgspec.msgpack.encode(book.account), len(book.history)) == (before, events)


@given(lives, st.integers(0, 200))
def test_advance_day_by_day_equals_all_days_at_once_and_twice_is_once(life: Life, days: int) -> None:
    book = live(life)
    assert_days_add_up(book.account, book.on, days)


@given(lives, st.integers(1, 200))
def test_next_action_is_never_later_than_what_happens(life: Life, days: int) -> None:
    book = live(life)
    for _ in range(days):
        nothing_before = next_action(book.account)
        day = book.on + timedelta(days=1)
        if any(_something_happens(book.account, loan, day) for loan in book.account.loans):
            assert nothing_before is not None
            assert nothing_before <= day
        book.reach(day)


@given(lives)
def test_no_amount_is_negative_and_nothing_unpaid_is_forgotten(life: Life) -> None:
    book = lend(life.terms)
    for step in life.steps:
        take(book, step, life.terms)
        account = book.account
        assert min(account.unapplied, account.deposit, account.credit_limit) >= 0
        for loan, contract in zip(account.loans, account.contracts, strict=True):
            assert all(min(due.penalty, due.fee, due.interest, due.principal) >= 0 for due in loan.dues)
            due = sum(due.principal for due in loan.dues)
            unbilled = sum(installment.principal for installment in contract.schedule[loan.billed :])
            ahead = sum(paid.principal for paid in loan.ahead)
            assert loan.principal == due + unbilled - ahead
            assert [due.due_date for due in loan.dues] == sorted(due.due_date for due in loan.dues)
            if loan.status is LoanStatus.ACTIVE:
                days = days_past_due(loan, book.on)
                assert loan.bucket is bucket_for(days, contract.terms.grace_days)
                assert not begins_non_accrual(loan, contract.terms, days)
                assert not ends_non_accrual(loan, contract.terms, days)
            else:
                assert (loan.principal, loan.dues, loan.bucket) == (0, (), 0)


@given(lives)
def test_days_past_due_fall_only_by_paying(life: Life) -> None:
    account: Account | None = None
    for _, event in live(life).history:
        after = evolve(account, event)
        if account is not None and not isinstance(event, PAYING):
            for was, now in zip(account.loans, after.loans, strict=False):
                assert days_past_due(now, event.on) >= days_past_due(was, event.on)
        account = after


@given(lives, st.integers(0, 60), st.data())
def test_paying_what_the_quote_says_by_its_date_closes_the_loan(life: Life, days: int, data: st.DataObject) -> None:
    book = live(life)
    open_loans = [loan.number for loan in book.account.loans if loan.status is LoanStatus.ACTIVE]
    assume(open_loans)
    loan = loan_id(1, data.draw(st.sampled_from(open_loans)))
    quoted = quote(book.account, loan, book.on, book.on + timedelta(days=days))
    assert isinstance(quoted, Quote)
    assert quoted.total == quoted.principal + quoted.interest + quoted.fee + quoted.penalty
    assert quoted.to_pay == quoted.total - quoted.unapplied
    book.reach(book.on + timedelta(days=data.draw(st.integers(0, days))))
    refused = book.ask(PayOff(account=1, loan=loan, amount=quoted.to_pay))
    assert refused is None or refused.code is Code.LOAN_NOT_ACTIVE
    assert book.account.loans[loan % 10_000 - 1].status is LoanStatus.CLOSED


@st.composite
def following(draw: st.DrawFn) -> Terms:
    """Terms whose interest follows payments day by day, and whose payments reach what comes, in any order."""
    ahead = replace(draw(waterfall_steps), reach=Reach.IN_ADVANCE)
    return replace(
        draw(some_terms()),
        recalculation=Recalculation(payoff=draw(st.sampled_from(PayoffInterest)), on_past_due=draw(st.booleans())),
        waterfall=Waterfall((draw(waterfall_steps), ahead), draw(st.sampled_from(Future))),
        non_accrual=None,
    )


@given(following(), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 250)), max_size=6), st.integers(0, 60))
def test_repaying_what_a_payoff_asks_closes_a_loan_whose_interest_follows_payments(
    terms: Terms, paid: list[tuple[int, int]], days: int
) -> None:
    book = live(Life((terms,), tuple(Step(after, "pay", share, 1) for after, share in paid)))
    book.reach(book.on + timedelta(days=days))
    assume(book.account.loans and not book.account.unapplied)
    asked = quote(book.account, LOAN, book.on, book.on)
    assume(isinstance(asked, Quote) and asked.to_pay)
    assert isinstance(asked, Quote)
    assert book.ask(Repay(account=1, amount=asked.to_pay, loan=LOAN)) is None
    assert (book.account.loans[0].status, book.account.unapplied) == (LoanStatus.CLOSED, 0)


@given(lives, st.integers(0, 60), st.data())
def test_a_reversed_payment_leaves_the_account_as_if_it_had_never_come(
    life: Life, days: int, data: st.DataObject
) -> None:
    book = live(life)
    gone = {command.seq for _, command, _ in book.accepted if isinstance(command, Reverse)}
    payments = [payment for payment in book.payments() if payment not in gone]
    assume(payments)
    payment = data.draw(st.sampled_from(payments))
    book.reach(book.on + timedelta(days=days))
    without = _lived_otherwise(book, gone | {payment})
    refused = book.ask(Reverse(account=1, seq=payment))
    if without is None:
        assert refused is not None
        assert refused.code is Code.REVERSAL_LEAVES_SHORTFALL
    else:
        assert refused is None
        assert book.account == without.account


@given(lives, st.integers(0, 60), st.integers(0, 200), st.data())
def test_a_payment_booked_late_leaves_the_account_as_if_it_had_been_known_in_time(
    life: Life, days: int, back: int, data: st.DataObject
) -> None:
    book = live(life)
    book.reach(book.on + timedelta(days=days))
    day = max(START, book.on - timedelta(days=back))
    loan = data.draw(st.sampled_from([None, LOAN]))
    payment = Repay(account=1, amount=data.draw(st.integers(1, 1_000_000)), loan=loan)
    gone = {command.seq for _, command, _ in book.accepted if isinstance(command, Reverse)}
    in_time = _lived_otherwise(book, gone, (day, payment))
    refused = book.ask(replace(payment, effective_on=day))
    if in_time is None:
        assert refused is not None
    else:
        assert refused is None
        assert book.account == in_time.account


@given(lives)
def test_deciding_twice_gives_the_same(life: Life) -> None:
    book = lend(life.terms)
    for step in life.steps:
        book.reach(book.on + timedelta(days=step.days))
        command = resolve(book, step, life.terms)
        first = decide(book.account, command, book.on, book.history)
        assert decide(book.account, command, book.on, book.history) == first
        book.ask(command)


def _allocated(event: RepaymentReceived | LoanPaidOff | UnappliedApplied) -> int:
    ahead = () if isinstance(event, LoanPaidOff) else event.ahead
    return sum(part.penalty + part.fee + part.interest + part.principal for part in (*event.allocations, *ahead))


def _something_happens(account: Account, loan: Loan, day: date) -> bool:
    """Say whether a bill, a reminder or a change of ageing state or accrual is to be expected that day."""
    contract = account.contracts[loan.number - 1]
    if loan.status is not LoanStatus.ACTIVE:
        return False
    coming = contract.schedule[loan.billed : loan.billed + 1]
    remind = contract.terms.reminder_days
    reminder = remind and loan.reminded == loan.billed and any(0 < (i.due_date - day).days <= remind for i in coming)
    days = days_past_due(loan, day)
    ages = bucket_for(days, contract.terms.grace_days) is not loan.bucket
    stops = begins_non_accrual(loan, contract.terms, days)
    return bool(reminder) or any(i.due_date == day for i in coming) or ages or stops


def _lived_otherwise(book: Book, without: set[int], extra: tuple[date, Command] | None = None) -> Book | None:
    """Return a book where these payments never came and another did; None if something then cannot be done."""
    other = Book()
    asked = [(on, command) for on, command, seq in book.accepted if seq not in without]
    if extra is not None:
        asked.insert(sum(on <= extra[0] for on, _ in asked), extra)
    for on, command in asked:
        if isinstance(command, Reverse):
            continue
        other.reach(on)
        if other.ask(command) is not None:
            if isinstance(command, RefundUnapplied) or extra == (on, command):
                return None
            assert other.ask(_instead(other, command)) is None
    other.reach(book.on)
    return other


def _instead(book: Book, command: Command) -> Command:
    """Return what a payment becomes that does not fit any more: money for the loan if it is open, else for all."""
    assert isinstance(command, PayOff | Repay)
    assert command.loan is not None
    is_open = book.account.loans[command.loan % 10_000 - 1].status is LoanStatus.ACTIVE
    return Repay(account=1, amount=command.amount, loan=command.loan if is_open else None)
