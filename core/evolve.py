"""Apply an event to an account. Nothing is computed that the event does not carry, so replay never re-decides."""

from collections.abc import Iterable
from datetime import date
from typing import assert_never

from msgspec.structs import replace

from core.account import Account, Contract, Due, Loan, LoanStatus, owed, with_loan
from core.events import (
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    Allocation,
    BucketChanged,
    CreditLimitSet,
    DepositReleased,
    DepositTaken,
    Event,
    InstallmentBilled,
    InstallmentReminded,
    LoanBooked,
    LoanCancelled,
    LoanClosed,
    LoanDisbursed,
    LoanPaidOff,
    PenaltyCharge,
    RepaymentReceived,
    RepaymentReversed,
    UnappliedApplied,
    UnappliedRefunded,
)
from core.money import Minor


def evolve(account: Account | None, event: Event) -> Account:
    """Return the account after the event; only AccountOpened comes without an account."""
    if isinstance(event, AccountOpened):
        assert account is None
        return Account(event.account, event.currency, event.on, event.credit_limit)
    assert account is not None
    match event:
        case RepaymentReceived():
            account = _settle(account, event.on, event.charges, event.allocations)
            return _unapplied(account, event.unapplied) if event.unapplied else account
        case UnappliedApplied():
            used = sum(a.penalty + a.fee + a.interest + a.principal for a in event.allocations)
            return _unapplied(_settle(account, event.on, event.charges, event.allocations), -used)
        case LoanPaidOff() | RepaymentReversed() | UnappliedRefunded():
            return _evolve_money(account, event)
        case (
            LoanBooked()
            | LoanCancelled()
            | LoanDisbursed()
            | InstallmentReminded()
            | InstallmentBilled()
            | BucketChanged()
            | LoanClosed()
        ):
            return _evolve_loan(account, event)
        case CreditLimitSet():
            return replace(account, credit_limit=event.credit_limit)
        case AccountFrozen():
            return replace(account, frozen=event.reason)
        case AccountUnfrozen():
            return replace(account, frozen=None)
        case DepositTaken():
            return replace(account, deposit=account.deposit + event.amount)
        case DepositReleased():
            return replace(account, deposit=account.deposit - event.amount)
        case _:
            assert_never(event)


def replay(events: Iterable[Event]) -> Account | None:
    """Return the account that these events, oldest first, built up."""
    account: Account | None = None
    for event in events:
        account = evolve(account, event)
    return account


def _evolve_loan(
    account: Account,
    event: LoanBooked
    | LoanCancelled
    | LoanDisbursed
    | InstallmentReminded
    | InstallmentBilled
    | BucketChanged
    | LoanClosed,
) -> Account:
    if isinstance(event, LoanBooked):
        loan = Loan(event.loan, LoanStatus.BOOKED)
        contracts = (*account.contracts, Contract(event.terms))
        return replace(account, loans=(*account.loans, loan), contracts=contracts)
    loan = account.loans[event.loan - 1]
    match event:
        case LoanCancelled():
            return with_loan(account, replace(loan, status=LoanStatus.CANCELLED))
        case LoanDisbursed():
            return _disburse(account, loan, event)
        case InstallmentReminded():
            return with_loan(account, replace(loan, reminded=event.number))
        case InstallmentBilled():
            return with_loan(account, _bill(loan, event))
        case BucketChanged():
            return with_loan(account, replace(loan, bucket=event.after))
        case LoanClosed():
            return with_loan(account, replace(loan, status=LoanStatus.CLOSED))
        case _:
            assert_never(event)


def _evolve_money(account: Account, event: LoanPaidOff | RepaymentReversed | UnappliedRefunded) -> Account:
    match event:
        case LoanPaidOff():
            account = _settle(account, event.on, event.charges, event.allocations)
            loan = account.loans[event.loan - 1]
            schedule = account.contracts[event.loan - 1].schedule
            loan = replace(
                loan,
                principal=loan.principal - event.principal,
                interest_billed=loan.interest_billed + event.interest,
                billed=len(schedule),
                reminded=len(schedule),
            )
            return _unapplied(with_loan(account, loan), event.unapplied - event.from_unapplied)
        case RepaymentReversed():
            for restated in event.loans:
                account = with_loan(account, restated.state)
            return _unapplied(account, event.unapplied)
        case UnappliedRefunded():
            return _unapplied(account, -event.amount)
        case _:
            assert_never(event)


def _disburse(account: Account, loan: Loan, event: LoanDisbursed) -> Account:
    index = loan.number - 1
    contract = Contract(account.contracts[index].terms, event.on, event.schedule)
    contracts = (*account.contracts[:index], contract, *account.contracts[index + 1 :])
    loan = replace(loan, status=LoanStatus.ACTIVE, principal=event.amount)
    return with_loan(replace(account, contracts=contracts), loan)


def _bill(loan: Loan, event: InstallmentBilled) -> Loan:
    due = Due(event.number, event.on, event.principal, event.interest, Minor(0), Minor(0), event.on)
    return replace(
        loan,
        billed=event.number,
        reminded=max(loan.reminded, event.number),
        interest_billed=loan.interest_billed + event.interest,
        dues=(*loan.dues, due) if owed(due) else loan.dues,
    )


def _unapplied(account: Account, change: int) -> Account:
    assert account.unapplied + change >= 0
    return replace(account, unapplied=account.unapplied + change)


def _settle(
    account: Account, on: date, charges: tuple[PenaltyCharge, ...], allocations: tuple[Allocation, ...]
) -> Account:
    """Charge penalties, then take the allocations off what is due."""
    for number in {charge.loan for charge in charges}:
        amounts = {charge.number: charge.amount for charge in charges if charge.loan == number}
        account = with_loan(account, _charge(account.loans[number - 1], on, amounts))
    for number in {part.loan for part in allocations}:
        paid = {part.number: part for part in allocations if part.loan == number}
        account = with_loan(account, _pay(account.loans[number - 1], paid))
    return account


def _charge(loan: Loan, on: date, amounts: dict[int, Minor]) -> Loan:
    dues = tuple(
        replace(due, penalty=due.penalty + amounts[due.number], penalty_from=on) if due.number in amounts else due
        for due in loan.dues
    )
    return replace(loan, dues=dues, penalty_charged=loan.penalty_charged + sum(amounts.values()))


def _pay(loan: Loan, paid: dict[int, Allocation]) -> Loan:
    principal = sum([part.principal for part in paid.values()])
    dues = [_less(due, paid[due.number]) if due.number in paid else due for due in loan.dues]
    return replace(loan, principal=loan.principal - principal, dues=tuple([due for due in dues if owed(due)]))


def _less(due: Due, part: Allocation) -> Due:
    left = Due(
        due.number,
        due.due_date,
        Minor(due.principal - part.principal),
        Minor(due.interest - part.interest),
        Minor(due.fee - part.fee),
        Minor(due.penalty - part.penalty),
        due.penalty_from,
    )
    assert min(left.principal, left.interest, left.fee, left.penalty) >= 0
    return left
