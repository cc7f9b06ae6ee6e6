"""What the passing of days does to an account: reminders, bills, ageing. Idempotent, cheap when nothing is due."""

from datetime import date, timedelta

from core.account import Account, Contract, Loan, LoanStatus, contract_of
from core.allocation import allocate_account
from core.decision import Decision, Draft
from core.delinquency import ACTION, accrued_penalty, bucket_for, days_past_due, next_bucket_date
from core.events import (
    BucketChanged,
    InstallmentBilled,
    InstallmentReminded,
    LoanClosed,
    PenaltyCharge,
    UnappliedApplied,
)
from core.terms import Installment, installment_total


def advance(account: Account, to: date) -> Decision:
    """Bring an account to a date: every missed day's work is done, each on its own date."""
    day = next_action(account)
    if day is None or day > to:
        return Decision(account)
    draft = Draft(account)
    while day is not None and day <= to:
        _work(draft, day)
        following = next_action(draft.account)
        assert following is None or following > day
        day = following
    return draft.decision()


def next_action(account: Account) -> date | None:
    """Return the next date on which something happens by itself, if ever."""
    days = [day for loan in account.loans if (day := next_loan_action(loan, contract_of(account, loan))) is not None]
    return min(days, default=None)


def next_loan_action(loan: Loan, contract: Contract) -> date | None:
    """Return the next date on which something happens to one loan by itself."""
    if loan.status is not LoanStatus.ACTIVE:
        return None
    day = next_bucket_date(loan, contract.terms.grace_days)
    if loan.billed < len(contract.schedule):
        bill = contract.schedule[loan.billed].due_date
        day = bill if day is None or bill < day else day
        if loan.reminded == loan.billed and contract.terms.reminder_days:
            day = min(day, _reminder_date(contract.schedule[loan.billed], contract.terms.reminder_days))
    return day


def settle_states(draft: Draft, on: date) -> None:
    """Emit what follows from the dues as they are now: ageing changes, cures and closings."""
    for loan in draft.account.loans:
        if loan.status is not LoanStatus.ACTIVE:
            continue
        contract = contract_of(draft.account, loan)
        days = days_past_due(loan, on)
        bucket = bucket_for(days, contract.terms.grace_days)
        if bucket is not loan.bucket:
            draft.emit(BucketChanged(on, loan.number, loan.bucket, bucket, days, ACTION[bucket]))
        if not loan.dues and loan.billed == len(contract.schedule):
            assert loan.principal == 0
            draft.emit(LoanClosed(on, loan.number))


def penalties(account: Account, on: date, loan: Loan | None = None) -> tuple[PenaltyCharge, ...]:
    """Return the penalty accrued up to a date on what is overdue, of one loan or of all."""
    return tuple(
        PenaltyCharge(each.number, due.number, amount)
        for each in (account.loans if loan is None else (loan,))
        if each.dues and (terms := contract_of(account, each).terms).penalty_rate.ppb
        for due in each.dues
        if (amount := accrued_penalty(due, terms, on))
    )


def _reminder_date(installment: Installment, days: int) -> date:
    return max(installment.due_date - timedelta(days=days), installment.start)


def _work(draft: Draft, day: date) -> None:
    billed = False
    for loan in draft.account.loans:
        if loan.status is LoanStatus.ACTIVE:
            billed |= _bill(draft, loan, day)
            _remind(draft, draft.account.loans[loan.number - 1], day)
    if billed and draft.account.unapplied:
        _apply_unapplied(draft, day)
    settle_states(draft, day)


def _bill(draft: Draft, loan: Loan, day: date) -> bool:
    schedule = contract_of(draft.account, loan).schedule
    if loan.billed == len(schedule) or schedule[loan.billed].due_date > day:
        return False
    installment = schedule[loan.billed]
    draft.emit(InstallmentBilled(day, loan.number, loan.billed + 1, installment.principal, installment.interest))
    return True


def _remind(draft: Draft, loan: Loan, day: date) -> None:
    contract = contract_of(draft.account, loan)
    days = contract.terms.reminder_days
    if not days or loan.reminded > loan.billed or loan.billed == len(contract.schedule):
        return
    installment = contract.schedule[loan.billed]
    if _reminder_date(installment, days) <= day < installment.due_date:
        number, amount = loan.billed + 1, installment_total(installment)
        draft.emit(InstallmentReminded(day, loan.number, number, installment.due_date, amount))


def _apply_unapplied(draft: Draft, day: date) -> None:
    charges = penalties(draft.account, day)
    charged = charge(draft.account, day, charges)
    allocations, _ = allocate_account(draft.account.unapplied, charged)
    if allocations:
        draft.emit(UnappliedApplied(day, tuple(allocations), charges))


def charge(account: Account, on: date, charges: tuple[PenaltyCharge, ...]) -> Account:
    """Return the account as it is once these penalties are charged."""
    if not charges:
        return account
    draft = Draft(account)
    draft.emit(UnappliedApplied(on, (), charges))
    return draft.account
