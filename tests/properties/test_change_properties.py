"""What holds for every running loan, whatever is changed of its terms, prepaid, or paid out later."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from accounting.subledger import CONTROL, subledger
from core.account import Contract, Loan, LoanStatus, owed
from core.change_events import ChangeEvent
from core.commands import ChangeTerms, Command, DisburseTranche, PayOff, Prepay, Repay, Reverse
from core.contract.changes import (
    Accelerate,
    Change,
    Effect,
    Extend,
    FixIndex,
    Holiday,
    PauseInterest,
    Reage,
    Reamortize,
    Reschedule,
    UnpaidInterest,
)
from core.contract.servicing import Prepayment, PrepaymentInterest, Recalculation
from core.contract.terms import PPB, Cycle, DayCount, Floating, Rate, RatePer, Terms, Tranche, Unit
from core.decide import decide
from core.decision import Decision
from core.events import InstallmentBilled
from core.identity import loan_id
from core.money import Rounding
from core.rejections import Rejection
from core.servicing.accrual import interest_ahead, running_interest
from core.servicing.advance import advance
from core.servicing.penalties import penalties
from core.servicing.repayment import shortfall
from tests.properties.histories import START, Book, lend, some_terms
from tests.proving import assert_books_hold, assert_derived

LOAN = loan_id(1, 1)


WHAT = "rate day number payment grace extend holiday pause fix reage reamortize accelerate prepay tranche pay reverse"


class Act(Struct, frozen=True):
    """Some days pass, bills are paid or not, then somebody asks for something."""

    days: int
    pays: bool
    what: str
    count: int
    share: int
    option: int


acts = st.builds(
    Act,
    days=st.integers(0, 40),
    pays=st.booleans(),
    what=st.sampled_from(WHAT.split()),
    count=st.integers(1, 5),
    share=st.integers(1, 120),
    option=st.integers(0, 2),
)


@st.composite
def changeable(draw: st.DrawFn) -> Terms:
    """Terms of a small loan with what changes touch: grace, tranches, an index, fees of prepayment."""
    terms = draw(some_terms())
    grace = draw(st.integers(0, 2))
    return replace(
        terms,
        principal=terms.principal + 1_000,
        rate=Rate(terms.rate.ppb // 5, terms.rate.per),
        installments=terms.installments + 3,
        principal_grace=draw(st.sampled_from([0, grace])),
        interest_grace=draw(st.sampled_from([0, grace])),
        capitalize_grace=draw(st.booleans()) and terms.recalculation is None,
        tranches=draw(st.sampled_from([(), (), (Tranche(START + timedelta(days=5), 400),)])),
        floating=draw(st.sampled_from([None, None, Floating(Cycle(START + timedelta(days=20), 1, Unit.MONTH))])),
        prepayment=draw(
            st.sampled_from(
                [
                    Prepayment(),
                    Prepayment(fee_ppb=PPB // 50, least=3),
                    Prepayment(interest=PrepaymentInterest.UNTIL_DUE),
                    Prepayment(interest=PrepaymentInterest.UNTIL_END),
                ]
            )
        ),
        extensions_max=9,
    )


def command_of(book: Book, act: Act) -> Command:
    """Return what an act asks as things stand."""
    loan = book.account.loans[0]
    amount = max(1, loan.principal * act.share // 100)
    match act.what:
        case "prepay":
            return Prepay(account=1, loan=LOAN, amount=amount, effect=list(Effect)[act.option])
        case "tranche":
            return DisburseTranche(account=1, loan=LOAN)
        case "pay":
            return Repay(account=1, amount=amount, loan=LOAN)
        case "reverse":
            seqs = [seq for seq, event in book.history if isinstance(event, ChangeEvent)] or [1]
            return Reverse(account=1, seq=seqs[-1])
        case _:
            return ChangeTerms(account=1, loan=LOAN, change=change_of(act, book.on))


def change_of(act: Act, on: date) -> Change:
    """Return a change of terms."""
    interest = list(UnpaidInterest)[act.option]
    ahead = on + timedelta(days=act.share)
    match act.what:
        case "rate":
            return Reschedule(rate=Rate(act.share * 1_000_000), start=None if act.option else ahead)
        case "day":
            return Reschedule(first_due=on + timedelta(days=act.share))
        case "number":
            return Reschedule(installments=act.count)
        case "payment":
            return Reschedule(payment=act.share * 1_000)
        case "grace":
            return Reschedule(principal_grace=act.count, interest_grace=act.option)
        case "extend":
            return Extend(installments=act.count)
        case "holiday":
            return Holiday(installments=act.count, capitalize=act.option == 0, extends=act.option != 1)
        case "pause":
            return PauseInterest(start=on + timedelta(days=act.count), end=ahead + timedelta(days=6))
        case "fix":
            return FixIndex(on=on, ppb=act.share * 1_000_000)
        case "reage":
            return Reage(installments=act.count, interest=interest)
        case "reamortize":
            return Reamortize(interest=interest)
        case _:
            return Accelerate()


def runs(book: Book) -> bool:
    """Return whether the loan was paid out and is not closed."""
    return bool(book.account.loans) and book.account.loans[0].status is LoanStatus.ACTIVE


def reach(book: Book, day: date, *, pays: bool) -> None:
    """Let days pass, one by one; pay what falls due, or do not."""
    while book.on < day:
        book.reach(book.on + timedelta(days=1))
        if pays:
            pay_due(book)


def pay_due(book: Book) -> None:
    """Pay what is due, with penalty to the day."""
    due: int = sum(owed(due) for due in book.account.loans[0].dues)
    due += sum(charge.amount for charge in penalties(book.account, book.on)) if due else 0
    if due:
        assert book.ask(Repay(account=1, amount=due, loan=LOAN)) is None


def check(loan: Loan, contract: Contract, on: date) -> None:
    """Check a loan as it stands on a date."""
    ahead = sum(paid.principal for paid in loan.ahead)
    rows = contract.schedule[loan.billed :]
    if loan.status is LoanStatus.ACTIVE and rows:
        due = sum(due.principal for due in loan.dues)
        assert sum(row.principal - row.capitalized for row in rows) - ahead == loan.principal - due
    assert all(min(row.principal, row.interest, row.capitalized) >= 0 for row in contract.schedule)
    assert all(one.due_date <= other.due_date for one, other in pairwise(rows))
    assert loan.principal >= 0
    assert running_interest(loan, contract, on) + interest_ahead(loan) >= 0, "more was billed than was earned"
    assert all(min(due.principal, due.interest, due.fee, due.penalty) >= 0 for due in loan.dues)


@given(changeable(), st.lists(acts, min_size=1, max_size=6))
@example(  # Late interest that is billed with the last open installment is not of the period's interest once more.
    Terms(
        principal=1_001,
        rate=Rate(0),
        installments=4,
        every=15,
        unit=Unit.DAY,
        rounding=Rounding.UP,
        recalculation=Recalculation(),
    ),
    [
        Act(0, False, "rate", 1, 1, 0),
        Act(15, True, "day", 1, 1, 0),
        Act(0, False, "prepay", 1, 34, 2),
        Act(16, False, "tranche", 1, 1, 0),
        Act(1, True, "tranche", 1, 1, 0),
    ],
)
def test_a_loan_that_is_changed_stays_whole_and_ends_at_zero(terms: Terms, course: list[Act]) -> None:
    book = lend((terms,))
    if not runs(book):
        return
    for act in course:
        reach(book, book.on + timedelta(days=act.days), pays=act.pays)
        if runs(book):
            book.ask(command_of(book, act))
        check(book.account.loans[0], book.account.contracts[0], book.on)
        assert_books_hold(book.history, book.account)
    while runs(book):
        last = book.account.contracts[0].schedule[-1].due_date
        reach(book, max(last, book.on + timedelta(days=1)), pays=True)
    assert book.account.loans[0].principal == 0
    assert not any(subledger(book.account)[gl] for gl in CONTROL if subledger(book.account)[gl] > 0)


@given(changeable(), st.sampled_from([4, 599, 600]), acts, st.sampled_from([1, 600]))
def test_what_a_change_makes_of_the_longest_loans_can_be_read_again(
    terms: Terms, installments: int, act: Act, count: int
) -> None:
    book = lend((replace(terms, installments=installments),))
    if not runs(book):
        return
    book.reach(book.on + timedelta(days=act.days))
    book.ask(command_of(book, replace(act, count=count)))
    assert_derived(book.history, book.account, book.on)


@given(changeable(), acts, acts)
def test_reversing_a_change_restores_everything(terms: Terms, first: Act, second: Act) -> None:
    book = lend((terms,))
    if not runs(book):
        return
    book.reach(book.on + timedelta(days=first.days))
    as_it_was = replace(book.account)
    if book.ask(command_of(book, first)) is not None:
        return
    seq = next((seq for seq, event in book.history if isinstance(event, ChangeEvent)), 0)
    if not seq:
        return
    book.reach(book.on + timedelta(days=second.days))
    expected = advance(as_it_was, book.on).account
    refused = book.ask(Reverse(account=1, seq=seq))
    assert refused is None
    assert book.account == expected


@given(changeable(), st.lists(acts, max_size=3))
@example(  # Rounded, more was earned at the old rate than the lower one makes of the whole period.
    Terms(principal=1_001, rate=Rate(0), installments=4),
    [Act(0, False, "rate", 1, 10, 0), Act(15, False, "rate", 1, 1, 0)],
)
@example(  # What a prepayment in a holiday has paid of its interest is not earned once more.
    Terms(principal=100_100, rate=Rate(0), installments=4, every=15, unit=Unit.DAY, extensions_max=9),
    [Act(30, False, "rate", 2, 120, 1), Act(0, True, "holiday", 2, 30, 2), Act(15, False, "prepay", 3, 1, 0)],
)
@example(  # Interest that is added to principal and rounds to nothing does not wait for a later row.
    Terms(
        principal=1_665,
        rate=Rate(50_051, RatePer.DAY),
        installments=4,
        every=3,
        unit=Unit.DAY,
        day_count=DayCount.ACT_365,
        principal_grace=2,
        interest_grace=2,
        capitalize_grace=True,
    ),
    [Act(5, False, "rate", 1, 4, 0)],
)
def test_interest_earned_by_the_due_date_is_what_is_billed_added_or_still_to_come(
    terms: Terms, course: list[Act]
) -> None:
    book = lend((replace(terms, recalculation=None),))
    if not book.account.loans:
        return
    for act in [*course, *course]:
        for _ in range(act.days):
            loan, contract = book.account.loans[0], book.account.contracts[0]
            if loan.status is LoanStatus.ACTIVE and loan.billed < len(contract.schedule) and not loan.ahead:
                row = contract.schedule[loan.billed]
                if row.due_date == book.on + timedelta(days=1):
                    earned = running_interest(loan, contract, row.due_date)
                    billed = _billed(advance(book.account, row.due_date))
                    assert earned == billed.interest + billed.capitalized + billed.carried
            book.reach(book.on + timedelta(days=1))
            pay_due(book)
        if runs(book):
            book.ask(command_of(book, act))


def _billed(decision: Decision) -> InstallmentBilled:
    return next(event for event in decision.events if isinstance(event, InstallmentBilled))


@given(changeable(), acts)
def test_a_changed_loan_can_be_paid_off(terms: Terms, act: Act) -> None:
    book = lend((terms,))
    if not runs(book):
        return
    reach(book, book.on + timedelta(days=act.days), pays=True)
    if not runs(book):
        return
    book.ask(command_of(book, act))
    if runs(book):
        missing = shortfall(book.account, 0, book.account.loans[0], book.on)
        decided = decide(book.account, PayOff(account=1, loan=LOAN, amount=missing), book.on, book.history)
        assert not isinstance(decided, Rejection)
        assert decided.account is not None
        assert decided.account.loans[0].status is LoanStatus.CLOSED
