"""How charges, chargebacks and money that was already here change an account."""

from datetime import date
from typing import Final, assert_never

from msgspec.structs import replace

from core.account import (
    Account,
    Accrual,
    Charge,
    Contract,
    Due,
    Loan,
    Recurrence,
    Reopened,
    with_contract,
    with_loan,
)
from core.charge_events import (
    ChargeEvent,
    ChargeReduced,
    ChargeWaived,
    DepositSwept,
    FeesWithheld,
    LateInterestBilled,
    PaymentChargedBack,
    UnappliedUsed,
)
from core.contract.servicing import Fee, FeeWhen
from core.contract.terms import Installment
from core.events import ChargeAdded
from core.facts import Allocation, allocated
from core.money import Minor
from core.servicing.accrual import running, running_interest
from core.servicing.lateness import penalty_start
from core.servicing.settling import add_charge, add_cost, add_use, charged, moved, pay_ahead, settle

RECURRING: Final = (FeeWhen.OVERDUE, FeeWhen.DATE, FeeWhen.YEARLY)
"""Fees of which the loan notes when they were charged last."""


def evolve_charge(account: Account, event: ChargeEvent) -> Account:
    """Return the account after an event of charges and credits."""
    match event:
        case ChargeWaived():
            return _taken_off(account, event)
        case ChargeReduced():
            account = _taken_off(account, event)
            account = with_loan(account, add_cost(account.loans[event.loan - 1], -event.amount))
            kept = event.unapplied if event.paid_out else event.returned
            return replace(account, unapplied=account.unapplied + kept)
        case UnappliedUsed():
            account = _taken_off(account, event)
            used = allocated((*event.allocations, *event.ahead))
            return replace(account, unapplied=account.unapplied - used)
        case DepositSwept():
            account = settle(account, event.on, event.charges, event.allocations)
            account = replace(account, deposit=account.deposit - event.amount)
            return with_loan(account, replace(account.loans[event.loan - 1], swept=event.number))
        case FeesWithheld():
            cost = event.amount - event.lowers
            return with_loan(account, add_cost(account.loans[event.loan - 1], cost))
        case LateInterestBilled():
            account = charged(account, event.on, event.charges)
            return with_loan(account, _billed_late(account.loans[event.loan - 1], event))
        case PaymentChargedBack():
            return _charge_back(account, event)
        case _:
            assert_never(event)


def _billed_late(loan: Loan, event: LateInterestBilled) -> Loan:
    """Put interest on what is due; the running period has earned it and no longer owes it."""
    taken, accrual = event.interest + event.waived, loan.accrual
    return replace(
        loan,
        dues=tuple(
            replace(due, interest=due.interest + event.interest) if due.number == event.number else due
            for due in loan.dues
        ),
        interest_billed=loan.interest_billed + event.interest,
        carried=loan.carried - taken,
        accrual=accrual and Accrual(accrual.start, accrual.earned - taken, accrual.total - taken),
    )


def charge_added(account: Account, event: ChargeAdded) -> Account:
    """Return the account with a charge on it."""
    account = charged(account, event.on, event.charges)
    contract = account.contracts[event.loan - 1]
    loan = add_cost(add_charge(account.loans[event.loan - 1], contract, event), event.amount)
    if event.fee and contract.terms.fees[event.fee - 1].when in RECURRING:
        loan = _noted(loan, contract.terms.fees[event.fee - 1], event)
    return with_loan(account, loan)


def _taken_off(account: Account, event: ChargeWaived | ChargeReduced | UnappliedUsed) -> Account:
    account = settle(account, event.on, event.charges, event.allocations)
    return pay_ahead(account, event.on, event.ahead) if event.ahead else account


def _noted(loan: Loan, fee: Fee, event: ChargeAdded) -> Loan:
    """Note when a fee that comes again was charged."""
    number = event.number if fee.when is FeeWhen.OVERDUE else 0
    before = sum(each.total for each in loan.recurrences if (each.fee, each.number) == (event.fee, number))
    made = Recurrence(event.fee, number, event.on, Minor(before + event.amount))
    open_still = {0, *(due.number for due in loan.dues)}
    others = (each for each in loan.recurrences if (each.fee, each.number) != (event.fee, number))
    return replace(loan, recurrences=(*(each for each in others if each.number in open_still), made))


def _charge_back(account: Account, event: PaymentChargedBack) -> Account:
    account = charged(account, event.on, event.charges)
    account = replace(account, unapplied=account.unapplied - event.from_unapplied)
    contract, loan, owed = account.contracts[event.loan - 1], account.loans[event.loan - 1], event.owed
    if not owed.number:
        return account  # Money that was not owed covers all of it.
    if event.extra:
        row = Installment(event.on, event.on, owed.principal, owed.interest)
        if contract.terms.recalculation is not None:
            # It is none of the agreed ones, so it bears nothing by itself; its interest was earned before.
            contract = replace(contract, planned=contract.planned or contract.schedule)
            loan = replace(loan, carried=loan.carried + owed.interest)
        contract = replace(contract, schedule=(*contract.schedule, row))
    if owed.number > loan.billed:
        if not event.extra:
            contract, loan = _with_more(contract, loan, event)
        charge = Charge(owed.number, event.on, owed.penalty, owed.fee)
        charges = (*loan.charges, charge) if owed.penalty or owed.fee else loan.charges
        after = replace(loan, charges=charges)
    else:
        after = replace(loan, dues=_dues_with(loan, contract, owed, event.on))
    covered = Minor(owed.principal + owed.interest - event.reopened)
    reopened = (*after.reopened, Reopened(owed.number, event.on, event.reopened, covered))
    after = replace(after, principal=loan.principal + owed.principal, reopened=reopened)
    after = moved(loan, add_use(loan, after, event.on), contract, event.on)
    return with_loan(with_contract(account, event.loan, contract), after)


def _with_more(contract: Contract, loan: Loan, event: PaymentChargedBack) -> tuple[Contract, Loan]:
    """Add what is owed again to the running installment; its interest has been earned."""
    owed, interest = event.owed, event.owed.interest
    if contract.terms.recalculation is not None:
        rows, planned = _grown(contract.schedule, owed), _grown(contract.planned or contract.schedule, owed)
        return replace(contract, schedule=rows, planned=planned), replace(loan, carried=loan.carried + interest)
    if interest:
        was = running(loan, contract)
        assert was is not None
        earned = running_interest(loan, contract, event.on)
        loan = replace(loan, accrual=Accrual(event.on, earned + interest, was.total + interest))
    return replace(contract, schedule=_grown(contract.schedule, owed)), loan


def _grown(rows: tuple[Installment, ...], owed: Allocation) -> tuple[Installment, ...]:
    if owed.number > len(rows):
        return rows
    row = rows[owed.number - 1]
    row = replace(row, principal=row.principal + owed.principal, interest=row.interest + owed.interest)
    return (*rows[: owed.number - 1], row, *rows[owed.number :])


def _dues_with(loan: Loan, contract: Contract, owed: Allocation, on: date) -> tuple[Due, ...]:
    """Return the dues with what is owed again on the installment that falls due on this day."""
    dues = {due.number: due for due in loan.dues}
    start, nothing = penalty_start(on, contract.terms), Minor(0)
    due = dues.get(owed.number, Due(owed.number, on, nothing, nothing, nothing, nothing, start))
    dues[owed.number] = replace(
        due,
        principal=due.principal + owed.principal,
        interest=due.interest + owed.interest,
        fee=due.fee + owed.fee,
        penalty=due.penalty + owed.penalty,
    )
    return tuple(dues[number] for number in sorted(dues))
