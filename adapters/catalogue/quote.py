"""What a loan of a product would cost before anybody applies: tried from payout to the last cent, all paid on time."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from adapters.trial import Trial, TrialSchedule, calculate
from core.account import Account, LoanStatus, owed
from core.charge_events import FeesWithheld
from core.commands import BookLoan, Command, Disburse, OpenAccount, Repay
from core.contract.terms import Terms
from core.cost.caps import INDEXES, Index
from core.cost.disclosure import Fee
from core.decide import decide
from core.events import ChargeAdded, Event, LoanDisbursed
from core.identity import loan_id
from core.money import AMOUNT_MAX
from core.origination.applying import refused_if_withdrawn
from core.origination.case import refused_out_of_range
from core.origination.product import Product, terms_for, under_law
from core.rejections import Code, Rejection
from core.servicing.advance import advance, next_action

_LOAN = loan_id(1, 1)


class NamedFee(Struct, frozen=True):
    """A fee that a loan repaid on time is charged."""

    name: str
    on: date
    amount: int


class ProductQuote(Struct, frozen=True):
    """What a loan of a product would cost; amounts are minor units."""

    product: str
    version: int
    currency: str
    disbursed_on: date
    paid_out: int
    """What reaches the borrower."""
    principal: int
    interest: int
    fees: int
    total: int
    """All that the borrower pays: principal, interest and fees."""
    charged: list[NamedFee]
    """The fees one by one; what is kept back from the payout first."""
    schedule: TrialSchedule
    """Installments without fees; its rates count the fees in."""


def quote_product(
    product: Product, amount: int, installments: int, on: date, indexes: Iterable[Index] = INDEXES
) -> ProductQuote | Rejection:
    """Return what a loan of a product paid out on a day would cost, or why there is no such loan."""
    refused = refused_if_withdrawn(product, on) or refused_out_of_range(product, amount, installments)
    if refused is not None:
        return refused
    terms = under_law(product, terms_for(product, amount, installments), on, indexes)
    if isinstance(terms, Rejection):
        return terms
    events = _lived(terms, product.currency, on)
    if isinstance(events, Rejection):
        return events
    lent = next(event.amount for event in events if isinstance(event, LoanDisbursed))
    charged = _fees(events)
    trial = Trial(replace(terms, principal=lent), on, tuple(Fee(fee.on, fee.amount) for fee in charged))
    schedule = calculate(trial)
    if not isinstance(schedule, TrialSchedule):
        return Rejection(Code.TERMS_INVALID, schedule.value)
    return _quoted(product, on, amount - _kept_back(events), charged, schedule)


def _quoted(product: Product, on: date, paid_out: int, charged: list[NamedFee], found: TrialSchedule) -> ProductQuote:
    fees, principal, interest = sum(fee.amount for fee in charged), found.summary.principal, found.summary.interest
    return ProductQuote(
        product=product.name,
        version=product.version,
        currency=product.currency,
        disbursed_on=on,
        paid_out=paid_out,
        principal=principal,
        interest=interest,
        fees=fees,
        total=principal + interest + fees,
        charged=charged,
        schedule=found,
    )


def _lived(terms: Terms, currency: str, on: date) -> list[Event] | Rejection:
    """Return all that happens to a loan of which everything is paid on the day it is owed."""
    opening = OpenAccount(account=1, currency=currency, credit_limit=AMOUNT_MAX)
    account: Account | None = None
    events: list[Event] = []
    command: Command
    for command in (opening, BookLoan(account=1, terms=terms), Disburse(account=1, loan=_LOAN)):
        decided = decide(account, command, on)
        if isinstance(decided, Rejection):
            return decided
        account = decided.account
        events += decided.events
    assert account is not None
    while account.loans[0].status is LoanStatus.ACTIVE:
        due = sum(owed(due) for due in account.loans[0].dues)
        on = on if due else next_action(account) or on
        step = decide(account, Repay(account=1, amount=due, loan=_LOAN), on) if due else advance(account, on)
        assert not isinstance(step, Rejection), step
        assert step.account is not None
        account = step.account
        events += step.events
    return events


def _fees(events: list[Event]) -> list[NamedFee]:
    """Return what the borrower is charged; what is withheld from the principal is not owed, so it is no fee."""
    kept = [
        NamedFee("kept back from the payout", event.on, event.amount - event.lowers)
        for event in events
        if isinstance(event, FeesWithheld) and event.amount > event.lowers
    ]
    charges = [event for event in events if isinstance(event, ChargeAdded) and event.amount]
    return kept + [NamedFee(event.name, event.on, event.amount) for event in charges]


def _kept_back(events: list[Event]) -> int:
    return sum(event.amount for event in events if isinstance(event, FeesWithheld))
