"""Random lives in which a lender charges, waives, credits and charges back, on terms that do so by themselves too."""

from datetime import timedelta
from types import UnionType
from typing import Literal

from hypothesis import strategies as st
from msgspec.structs import replace

from core.commands import (
    AddCharge,
    AdjustCharge,
    ApplyUnapplied,
    BookLoan,
    ChargeBack,
    Command,
    Disburse,
    ReceiveCredit,
    TakeDeposit,
    Waive,
)
from core.contract.servicing import Fee, FeeBase, FeeWhen, PenaltyBase, PenaltyTerms, Price, Source
from core.contract.terms import Rate, Terms
from core.contract.waterfall import STANDARD_ORDER, Component
from core.events import ChargeAdded, LoanPaidOff, RepaymentReceived
from core.identity import loan_id
from tests.properties.histories import START, Book, Life, Step, resolve, some_terms

ACTS = ("pay", "pay", "charge", "waive", "adjust", "credit", "charge back", "apply", "deposit", "pay off", "refund")
CHARGED: tuple[Literal["fee", "penalty"], ...] = ("fee", "penalty")
WAIVED: tuple[Literal["fee", "penalty", "interest"], ...] = ("fee", "penalty", "interest")

prices = st.builds(Price, flat=st.integers(1, 500), share_ppb=st.sampled_from([0, 10**7]), of=st.sampled_from(FeeBase))
fees = st.builds(
    Fee,
    name=st.just("fee"),
    when=st.sampled_from(FeeWhen),
    price=prices,
    component=st.sampled_from([Component.FEE, Component.PENALTY]),
    on=st.none(),
    wait_days=st.sampled_from([1, 4, 40]),
    every_days=st.sampled_from([0, 7]),
    every_months=st.sampled_from([0, 1]),
    most=st.sampled_from([0, 700]),
).flatmap(lambda fee: _dated(fee))


def _dated(fee: Fee) -> st.SearchStrategy[Fee]:
    """Give a fee on a date its date."""
    if fee.when is not FeeWhen.DATE:
        return st.just(fee)
    return st.integers(0, 90).map(lambda days: replace(fee, on=START + timedelta(days=days)))


@st.composite
def charging_terms(draw: st.DrawFn) -> Terms:
    """Terms with fees and penalty of every kind."""
    return replace(
        draw(some_terms()),
        penalty=PenaltyTerms(
            base=draw(st.sampled_from(PenaltyBase)),
            both_ends=draw(st.booleans()),
            cap_ppb=draw(st.sampled_from([0, 0, 5 * 10**7])),
        ),
        compound_rate=draw(st.sampled_from([Rate(0), Rate(180_000_000)])),
        cost_cap_ppb=draw(st.sampled_from([0, 0, 240_000_000])),
        fees=draw(st.lists(fees, max_size=3).map(tuple)),
        first_late_day=draw(st.integers(0, 1)),
        sweep_deposit_after_days=draw(st.sampled_from([0, 3, 30])),
        credit_order=draw(st.sampled_from([(), STANDARD_ORDER])),
        down_payment_ppb=draw(st.sampled_from([0, 0, 250_000_000])),
        collect_down_payment=draw(st.booleans()),
    )


charging_steps = st.builds(
    Step,
    days=st.integers(0, 40) | st.sampled_from([0, 0, 1, 95]),
    act=st.sampled_from(ACTS),
    share=st.integers(1, 250) | st.sampled_from([100, 100, 1]),
    loan=st.integers(1, 3),
)
charging_lives = st.builds(
    Life,
    terms=st.lists(charging_terms(), min_size=1, max_size=2).map(tuple),
    steps=st.lists(charging_steps, min_size=1, max_size=10).map(tuple),
)


def charge_command(book: Book, step: Step, terms: tuple[Terms, ...]) -> Command:
    """Return the command that a step means as things stand."""
    loan = loan_id(1, min(step.loan, max(1, len(book.account.loans))))
    match step.act:
        case "charge":
            due_date = book.on + timedelta(days=step.share - 60)
            component = CHARGED[step.share % 2]
            return AddCharge(
                account=1, loan=loan, component=component, amount=step.share, share_ppb=10**6, due_date=due_date
            )
        case "waive":
            amount = None if step.share % 2 else step.share
            return Waive(account=1, loan=loan, component=WAIVED[step.share % 3], amount=amount)
        case "adjust":
            seq = _some(book, ChargeAdded, step.share)
            return AdjustCharge(account=1, charge=seq, amount=max(1, step.share // 2), pay_out=step.share % 2 == 0)
        case "credit":
            source = tuple(Source)[step.share % 5]
            return ReceiveCredit(account=1, loan=loan, source=source, amount=step.share * 97, with_interest=True)
        case "charge back":
            seq = _some(book, RepaymentReceived | LoanPaidOff, step.share)
            return ChargeBack(account=1, loan=loan, payment=seq, amount=step.share * 7)
        case "apply":
            return ApplyUnapplied(account=1, loan=loan if step.share % 2 else None)
        case "deposit":
            return TakeDeposit(account=1, amount=step.share * 11)
        case _:
            return resolve(book, step, terms)


def _some(book: Book, kind: type[object] | UnionType, share: int) -> int:
    """Return the number of a fact of this kind, any of them."""
    found = [seq for seq, event in book.history if isinstance(event, kind)] or [1]
    return found[share % len(found)]


def charged_life(life: Life) -> Book:
    """Return the book after all steps."""
    book = charged_book(life)
    for step in life.steps:
        charge_step(book, step, life.terms)
    return book


def charged_book(life: Life) -> Book:
    """Return a book in which the loans of a life are paid out, where their terms allow it."""
    book = Book()
    for each in life.terms:
        if book.ask(BookLoan(account=1, terms=each)) is None:
            book.ask(Disburse(account=1, loan=loan_id(1, len(book.account.loans))))
    return book


def charge_step(book: Book, step: Step, terms: tuple[Terms, ...]) -> None:
    """Take one step."""
    book.reach(book.on + timedelta(days=step.days))
    book.ask(charge_command(book, step, terms))
