"""What the passing of days does to an account: reminders, bills, ageing. Idempotent, cheap when nothing is due."""

from datetime import date, timedelta

from core.account import NOTHING_AHEAD, Account, Ahead, Contract, Loan, LoanStatus, contract_of, deferred, to_pay
from core.charging.fees import fees_on, installment_fees, next_fee_day, overdue_fees
from core.contract.terms import Installment, installment_total
from core.decision import Decision, Draft
from core.events import (
    BucketChanged,
    InstallmentBilled,
    InstallmentReminded,
    InterestCapped,
    LoanClosed,
    NonAccrualBegun,
    NonAccrualEnded,
    ScheduleRestated,
    UnappliedApplied,
)
from core.money import Minor
from core.servicing.capping import interest_above_cap
from core.servicing.delinquency import (
    ACTION,
    begins_non_accrual,
    bucket_for,
    days_past_due,
    ends_non_accrual,
    next_lateness_date,
)
from core.servicing.late_interest import bill_late_interest, claim
from core.servicing.recalculation import leaves_interest, next_late_day, project
from core.servicing.restating import came_early_or_late, restate
from core.servicing.settling import charged
from core.servicing.split import Split, split_over
from core.servicing.sweeping import next_sweep_day, sweep


def advance(account: Account, to: date) -> Decision:
    """Bring an account to a date: every missed day's work is done, each on its own date."""
    day = next_action(account)
    if day is None or day > to:
        return Decision(account)
    draft = Draft(account)
    while day is not None and day <= to:
        day = _work_on(draft, day)
    return draft.decision()


def catch_up(draft: Draft, on: date) -> None:
    """Do what a command has made due by its day, on that day: nothing that comes of it is dated earlier."""
    day = next_action(draft.account)
    if day is not None and day <= on:
        _work_on(draft, on)


def _work_on(draft: Draft, day: date) -> date | None:
    """Do what is due by a day; return the next date on which something happens by itself, which is later."""
    _work(draft, day)
    following = next_action(draft.account)
    assert following is None or following > day
    return following


def next_action(account: Account) -> date | None:
    """Return the next date on which something happens by itself, if ever."""
    soonest = None
    for loan, contract in zip(account.loans, account.contracts, strict=True):
        day = next_loan_action(loan, contract)
        if day is not None and (soonest is None or day < soonest):
            soonest = day
    return soonest


def next_loan_action(loan: Loan, contract: Contract) -> date | None:
    """Return the next date on which something happens to one loan by itself."""
    if loan.status is not LoanStatus.ACTIVE:
        return None
    day = next_lateness_date(loan, contract.terms)
    if loan.billed < len(contract.schedule):
        bill = contract.schedule[loan.billed].due_date
        day = bill if day is None or bill < day else day
        late = next_late_day(loan, contract)
        day = day if late is None else min(day, late)
        if loan.reminded == loan.billed and contract.terms.reminder_days:
            day = min(day, _reminder_date(contract.schedule[loan.billed], contract.terms.reminder_days))
    if contract.terms.fees or contract.terms.sweep_deposit_after_days:
        days = (day, next_fee_day(loan, contract), next_sweep_day(loan, contract))
        day = min((each for each in days if each is not None), default=None)
    return day


def settle_states(draft: Draft, on: date) -> None:
    """Emit what follows from the dues as they are now: ageing changes, cures and closings."""
    for loan in draft.account.loans:
        if loan.status is not LoanStatus.ACTIVE:
            continue
        contract = contract_of(draft.account, loan)
        days = days_past_due(loan, on, contract.terms.first_late_day)
        bucket = bucket_for(days, contract.terms.grace_days)
        if bucket is not loan.bucket:
            draft.emit(BucketChanged(on, loan.number, loan.bucket, bucket, days, ACTION[bucket]))
        if begins_non_accrual(loan, contract.terms, days):
            draft.emit(NonAccrualBegun(on, loan.number, days))
        elif ends_non_accrual(loan, contract.terms, days):
            draft.emit(NonAccrualEnded(on, loan.number))
        if not loan.dues and not loan.charges and _nothing_comes(loan, contract):
            assert loan.principal == 0
            draft.emit(LoanClosed(on, loan.number))


def _nothing_comes(loan: Loan, contract: Contract) -> bool:
    """Return whether every installment has fallen due or was paid in full before."""
    if loan.billed == len(contract.schedule):
        return True
    if loan.principal:
        return False
    paid = sum(part.interest + part.principal for part in loan.ahead)
    return paid == sum(installment_total(row) for row in contract.schedule[loan.billed :])


def _reminder_date(installment: Installment, days: int) -> date:
    return max(installment.due_date - timedelta(days=days), installment.start)


def _work(draft: Draft, day: date) -> None:
    billed = False
    for loan in draft.account.loans:
        if loan.status is LoanStatus.ACTIVE:
            for event in fees_on(loan, contract_of(draft.account, loan), day):
                draft.emit(event)
            while _bill(draft, draft.account.loans[loan.number - 1], day):
                billed = True
            late = next_late_day(draft.account.loans[loan.number - 1], contract_of(draft.account, loan))
            if late is not None and late <= day:
                restate(draft, loan.number, day, late=True)
            _remind(draft, draft.account.loans[loan.number - 1], day)
    if billed and draft.account.unapplied:
        apply_unapplied(draft, day)
    for loan in draft.account.loans:
        if loan.status is LoanStatus.ACTIVE and loan.dues:
            _press(draft, loan, contract_of(draft.account, loan), day)
    settle_states(draft, day)


def _press(draft: Draft, loan: Loan, contract: Contract, day: date) -> None:
    """Do what comes of being overdue: the security deposit pays, then charges are made."""
    sweeps = next_sweep_day(loan, contract)
    if sweeps is not None and sweeps <= day:
        sweep(draft, loan, day)
    for event in overdue_fees(draft.account.loans[loan.number - 1], contract, day):
        draft.emit(event)


def _bill(draft: Draft, loan: Loan, day: date) -> bool:
    contract = contract_of(draft.account, loan)
    if loan.billed == len(contract.schedule) or contract.schedule[loan.billed].due_date > day:
        return False
    bill_late_interest(draft, loan, day)
    loan = draft.account.loans[loan.number - 1]
    number = loan.billed + 1
    carried = Minor(loan.carried + deferred(contract, number))
    row = contract.schedule[loan.billed]
    if contract.terms.recalculation is not None and (
        came_early_or_late(loan, contract) or leaves_interest(loan, contract, day)
    ):
        projected = project(loan, contract, day, late_to=day)
        row, carried = projected.rows[0], projected.carried
        if row != contract.schedule[loan.billed]:
            draft.emit(ScheduleRestated(day, loan.number, number, projected.rows, loan.accrual))
    paid = _paid(loan, number)
    principal, interest = Minor(row.principal - paid.principal), Minor(row.interest - paid.interest)
    for fee in installment_fees(loan, contract_of(draft.account, loan), number, day):
        draft.emit(fee)
    loan = draft.account.loans[loan.number - 1]
    waived = interest_above_cap(loan, contract_of(draft.account, loan), interest, day)
    if waived:
        draft.emit(InterestCapped(day, loan.number, number, waived))
    interest = Minor(interest - waived)
    draft.emit(InstallmentBilled(day, loan.number, number, principal, interest, carried, row.capitalized))
    if carried or loan.ahead or loan.carried < 0:
        restate(draft, loan.number, day)
    return True


def _paid(loan: Loan, number: int) -> Ahead:
    return next((paid for paid in loan.ahead if paid.number == number), NOTHING_AHEAD)


def _remind(draft: Draft, loan: Loan, day: date) -> None:
    contract = contract_of(draft.account, loan)
    days = contract.terms.reminder_days
    if not days or loan.reminded > loan.billed or loan.billed == len(contract.schedule):
        return
    installment = contract.schedule[loan.billed]
    if _reminder_date(installment, days) <= day < installment.due_date:
        number, amount = loan.billed + 1, to_pay(loan, installment)
        coming = sum(fee.amount for fee in installment_fees(loan, contract, number, day))
        waived = interest_above_cap(loan, contract, installment.interest - _paid(loan, number).interest, day)
        amount = Minor(amount + coming - waived)
        draft.emit(InstallmentReminded(day, loan.number, number, installment.due_date, amount))


def apply_unapplied(draft: Draft, day: date) -> None:
    """Allocate the unapplied balance to what the account owes."""
    charges = claim(draft, day)
    split = split_over(charged(draft.account, day, charges), draft.account.unapplied, None, day)
    if split.allocations or split.ahead:
        draft.emit(UnappliedApplied(day, tuple(split.allocations), charges, tuple(split.ahead)))
        restate_paid(draft, split, day)


def restate_paid(draft: Draft, split: Split, on: date) -> None:
    """Restate the loans that a split paid, where interest follows payments."""
    for number in {part.loan for part in (*split.allocations, *split.ahead)}:
        if draft.account.contracts[number - 1].terms.recalculation is not None:
            restate(draft, number, on, split.settled.get(number, ()))
