"""Money from the borrower: repayments and payoffs."""

from datetime import date

from core.account import Account, Loan, contract_of, owed
from core.advance import charge, penalties, settle_states
from core.allocation import allocate, allocate_account
from core.decision import Draft
from core.events import LoanPaidOff, RepaymentReceived
from core.money import Minor
from core.quote import payoff


def receive(draft: Draft, amount: int, loan: Loan | None, on: date) -> None:
    """Allocate a repayment to one loan, or to the whole account; what is left becomes unapplied."""
    charges = penalties(draft.account, on, loan)
    charged = charge(draft.account, on, charges)
    if loan is None:
        allocations, left = allocate_account(amount, charged)
    else:
        waterfall = contract_of(charged, loan).terms.waterfall
        allocations, left = allocate(amount, loan.number, charged.loans[loan.number - 1].dues, waterfall)
    number = None if loan is None else loan.number
    draft.emit(RepaymentReceived(on, Minor(amount), number, tuple(allocations), charges, left))
    settle_states(draft, on)


def shortfall(account: Account, amount: int, loan: Loan, on: date) -> int:
    """Return how much is missing to pay a loan off with this amount and the unapplied balance; 0 if nothing."""
    charged = charge(account, on, penalties(account, on, loan))
    total = payoff(charged, charged.loans[loan.number - 1], on).total
    return max(0, total - amount - account.unapplied)


def pay_off(draft: Draft, amount: int, loan: Loan, on: date) -> None:
    """Repay all of a loan; what the amount lacks comes from the unapplied balance, what is over goes there."""
    charges = penalties(draft.account, on, loan)
    charged = charge(draft.account, on, charges)
    loan = charged.loans[loan.number - 1]
    parts = payoff(charged, loan, on)
    due = sum(owed(due) for due in loan.dues)
    allocations, left = allocate(due, loan.number, loan.dues, contract_of(charged, loan).terms.waterfall)
    assert left == 0
    draft.emit(
        LoanPaidOff(
            on,
            loan.number,
            Minor(amount),
            from_unapplied=Minor(max(0, parts.total - amount)),
            unapplied=Minor(max(0, amount - parts.total)),
            allocations=tuple(allocations),
            charges=charges,
            principal=parts.principal,
            interest=parts.interest,
        )
    )
    settle_states(draft, on)
