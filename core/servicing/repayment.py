"""Money that reduces a debt: repayments, credits and payoffs."""

from datetime import date

from msgspec.structs import replace

from core.account import Account, Loan
from core.contract.servicing import Source
from core.decision import Draft
from core.events import CreditReceived, InterestCapped, LoanPaidOff, RepaymentReceived
from core.facts import Allocation, PenaltyCharge
from core.money import Minor
from core.servicing.advance import restate_paid, settle_states
from core.servicing.late_interest import claim
from core.servicing.penalties import penalties
from core.servicing.quote import payoff
from core.servicing.settling import charged
from core.servicing.split import Split, split_over


def receive(
    draft: Draft,
    amount: int,
    loan: Loan | None,
    on: date,
    source: Source | None = None,
    *,
    with_interest: bool = False,
    follows: bool = False,
) -> None:
    """Allocate money to one loan, or to the whole account; what is left becomes unapplied."""
    number = None if loan is None else loan.number
    charges = claim(draft, on, number, 0 if loan is None else amount)
    split = split_over(charged(draft.account, on, charges), amount, number, on, source)
    received = _received(split, amount, loan, charges, on, source)
    if isinstance(received, CreditReceived) and (with_interest or follows):
        received = replace(received, with_interest=with_interest, follows=follows)
    draft.emit(received)
    restate_paid(draft, split, on)
    settle_states(draft, on)


def shortfall(account: Account, amount: int, loan: Loan, on: date) -> int:
    """Return how much is missing to pay a loan off with this amount and the unapplied balance; 0 if nothing."""
    account = charged(account, on, penalties(account, on, loan))
    total = payoff(account, account.loans[loan.number - 1], on).total
    return max(0, total - amount - account.unapplied)


def pay_off(draft: Draft, amount: int, loan: Loan, on: date) -> None:
    """Repay all of a loan; what the amount lacks comes from the unapplied balance, what is over goes there."""
    charges = penalties(draft.account, on, loan)
    account = charged(draft.account, on, charges)
    loan = account.loans[loan.number - 1]
    parts = payoff(account, loan, on)
    draft.emit(
        LoanPaidOff(
            on,
            loan.number,
            Minor(amount),
            from_unapplied=Minor(max(0, parts.total - amount)),
            unapplied=Minor(max(0, amount - parts.total)),
            allocations=tuple(
                Allocation(loan.number, due.number, due.penalty, due.fee, due.interest, due.principal)
                for due in loan.dues
            ),
            charges=charges,
            principal=parts.principal,
            interest=parts.interest,
            penalty=parts.penalty,
            fee=parts.fee,
            prepayment_fee=parts.prepayment_fee,
        )
    )
    if parts.waived:
        draft.emit(InterestCapped(on, loan.number, loan.billed + 1, parts.waived))
    settle_states(draft, on)


def _received(
    split: Split, amount: int, loan: Loan | None, charges: tuple[PenaltyCharge, ...], on: date, source: Source | None
) -> RepaymentReceived | CreditReceived:
    allocations, ahead, left = tuple(split.allocations), tuple(split.ahead), Minor(split.left)
    if source is None:
        number = None if loan is None else loan.number
        return RepaymentReceived(on, Minor(amount), number, allocations, charges, left, ahead)
    assert loan is not None
    return CreditReceived(on, source, Minor(amount), loan.number, allocations, charges, left, ahead)
