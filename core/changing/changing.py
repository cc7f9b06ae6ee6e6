"""How prepayments, changes of terms and further payouts change an account."""

from datetime import date
from typing import assert_never

from msgspec.structs import replace

from core.account import Account, Ahead, Charge, Contract, Deferral, Loan, with_contract, with_loan
from core.change_events import ChangeEvent, Prepaid, Replanned, TermsChanged, TrancheDisbursed
from core.contract.changes import Extend
from core.money import Minor
from core.servicing.settling import add_cost, add_use, charged, moved, settle


def evolve_change(account: Account, event: ChangeEvent) -> Account:
    """Return the account after an event that changes the terms of a running loan."""
    match event:
        case TermsChanged():
            return _change(account, event)
        case Prepaid():
            return _prepay(account, event)
        case TrancheDisbursed():
            loan = account.loans[event.loan - 1]
            after = add_use(loan, replace(loan, principal=loan.principal + event.amount), event.on)
            return _replanned(with_loan(account, after), event.loan, event.replanned)
        case _:
            assert_never(event)


def _change(account: Account, event: TermsChanged) -> Account:
    account = charged(account, event.on, event.charges)
    if event.spreads:
        account = with_loan(account, _spread(account.loans[event.loan - 1], event))
    if isinstance(event.change, Extend):
        contract = account.contracts[event.loan - 1]
        matures = contract.matures or contract.schedule[-1].due_date
        contract = replace(contract, extensions=contract.extensions + 1, matures=matures)
        account = with_contract(account, event.loan, contract)
    return _replanned(account, event.loan, event.replanned)


def _spread(loan: Loan, event: TermsChanged) -> Loan:
    """Make what is due fall due again: principal and interest with the rows, the rest with the first of them."""
    number, due_date = event.replanned.number, event.replanned.rows[0].due_date
    fee, penalty = sum(due.fee for due in loan.dues), sum(due.penalty for due in loan.dues)
    of_dues = (Charge(number, due_date, Minor(penalty), Minor(0)), Charge(number, due_date, Minor(0), Minor(fee)))
    charges = (*loan.charges, *(each for each in of_dues if each.penalty or each.fee))
    return replace(
        loan,
        dues=(),
        charges=charges,
        interest_billed=loan.interest_billed - event.interest,
        reopened=(),
    )


def _prepay(account: Account, event: Prepaid) -> Account:
    account = settle(account, event.on, event.charges, event.allocations)
    loan = account.loans[event.loan - 1]
    after = replace(
        loan, principal=loan.principal - event.principal, interest_billed=loan.interest_billed + event.interest
    )
    after = add_cost(add_use(loan, after, event.on), event.fee)
    if event.replanned is None:
        after = moved(loan, after, account.contracts[event.loan - 1], event.on)
    account = replace(with_loan(account, after), unapplied=account.unapplied + event.unapplied)
    return account if event.replanned is None else _replanned(account, event.loan, event.replanned)


def _replanned(account: Account, number: int, plan: Replanned) -> Account:
    contract, loan = account.contracts[number - 1], account.loans[number - 1]
    schedule = (*contract.schedule[: plan.number - 1], *plan.rows)
    account = with_contract(
        account,
        number,
        replace(
            contract,
            terms=plan.terms,
            schedule=schedule,
            planned=(),
            dates=plan.dates,
            deferrals=_deferrals(contract, plan),
        ),
    )
    again = schedule[loan.billed].due_date != _due_date(contract, loan.billed)
    loan = replace(
        loan,
        accrual=plan.accrual,
        balances=plan.balances,
        carried=plan.carried,
        ahead=_kept(loan.ahead, plan.number),
        charges=_within(loan.charges, len(schedule)),
        reminded=min(loan.reminded, loan.billed) if again else loan.reminded,
    )
    return with_loan(account, loan)


def _deferrals(contract: Contract, plan: Replanned) -> tuple[Deferral, ...]:
    return (*(each for each in contract.deferrals if each.number < plan.number), *plan.deferrals)


def _due_date(contract: Contract, index: int) -> date | None:
    return contract.schedule[index].due_date if index < len(contract.schedule) else None


def _kept(ahead: tuple[Ahead, ...], number: int) -> tuple[Ahead, ...]:
    return tuple(paid for paid in ahead if paid.number < number)


def _within(charges: tuple[Charge, ...], rows: int) -> tuple[Charge, ...]:
    """Return the charges to come, those of rows that are no more with the last one."""
    return tuple(replace(charge, number=min(charge.number, rows)) for charge in charges)
