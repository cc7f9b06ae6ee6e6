"""Give a loan back within its cooling-off days: as if it had never been paid out, so without any cost."""

from datetime import timedelta
from typing import Final

from core.account import Contract, contract_of
from core.deciding.account import refused_above_balance
from core.deciding.lending import running_loan
from core.events import AccountRestated, LoanCancelled, UnappliedRefunded
from core.identity import number_of
from core.money import Minor
from core.origination.case import Case, contract_behind
from core.origination.commands import Rescind
from core.origination.events import SharesReturned
from core.origination.file import PayoutStatus
from core.origination.settling import disbursements_of, shares_of_others
from core.rejections import Code, Rejection
from core.restatement import History, take_back
from core.servicing.disbursing import lent_of
from core.servicing.repayment import receive

RESCINDED: Final = "rescinded within the cooling-off days"
"""The reason by which the books know why a payout was undone."""


def refused_if_given_back(history: History, seq: int) -> Rejection | None:
    """Refuse to take back what giving a loan back took from the unapplied balance: the loan is gone for good."""
    events = dict(history)
    before, event = events.get(seq - 1), events.get(seq)
    if isinstance(event, UnappliedRefunded) and isinstance(before, AccountRestated) and before.reason == RESCINDED:
        return Rejection(Code.EVENT_NOT_REVERSIBLE, "it is part of giving a loan back")
    return None


def rescind(case: Case, command: Rescind) -> Rejection | None:
    """Take all money back that left for a loan; return why not, if it is refused.

    What was paid on the loan by then becomes unapplied and counts; what is over stays there.
    """
    loan = running_loan(case.account, command.loan)
    if isinstance(loan, Rejection):
        return loan
    contract = contract_of(case.account, loan)
    refused = _too_late(case, command, contract) or refused_above_balance(case.account, command.amount)
    if refused is not None:
        return refused
    shares = _shares(case, loan.number)
    if isinstance(shares, Rejection):
        return shares
    given = _given(contract)
    refused = _undone(case, loan.number)
    if refused is not None:
        return refused
    missing = given - command.amount
    if missing > case.account.unapplied:
        short = missing - case.account.unapplied
        return Rejection(Code.PAYOFF_AMOUNT_TOO_LOW, f"{short} is missing of the {given} that was paid out")
    if missing > 0:
        case.draft.emit(UnappliedRefunded(case.on, Minor(missing)))
    case.draft.emit(LoanCancelled(case.on, loan.number))
    for each in shares:
        case.draft.emit(each)
    if missing < 0:
        receive(case.draft, -missing, None, case.on)
    return None


def _too_late(case: Case, command: Rescind, contract: Contract) -> Rejection | None:
    behind = contract_behind(case, number_of(command.loan))
    if isinstance(behind, Rejection):
        return behind
    _, product = behind
    assert contract.disbursed_on is not None
    last = contract.disbursed_on + timedelta(days=product.payouts.cooling_off_days)
    if case.on <= last and product.payouts.cooling_off_days:
        return None
    return Rejection(Code.COOLING_OFF_OVER, f"the loan could be given back until {last}")


def _undone(case: Case, loan: int) -> Rejection | None:
    """Take back all that was paid out of a loan, the last part first: none stands without those before it."""
    for seq in reversed(disbursements_of(case.history, loan)):
        history = [*case.history, *enumerate(case.draft.events, case.history[-1][0] + 1)]
        refused = take_back(case.draft, history, seq, RESCINDED, case.on)
        if refused is not None:
            return refused
    return None


def _shares(case: Case, loan: int) -> list[SharesReturned] | Rejection:
    """Return what other funders get back with a loan, payout by payout; nothing may be on its way."""
    returned = []
    for payout in (each for each in case.file.payouts if each.loan == loan):
        if payout.status is PayoutStatus.REQUESTED:
            return Rejection(Code.PAYOUT_PENDING, f"payout {payout.number} is on its way")
        others = shares_of_others(case, payout) if payout.status is PayoutStatus.SUCCEEDED else ()
        if isinstance(others, Rejection):
            return others
        if others:
            returned.append(SharesReturned(case.on, payout.number, others))
    return returned


def _given(contract: Contract) -> int:
    """Return what the borrower has of a loan: without fees kept back, nor a down payment collected at once."""
    lent = lent_of(contract.terms)
    assert not isinstance(lent, Rejection), "it was paid out"
    if not contract.terms.collect_down_payment:
        return lent[1]
    return lent[1] - sum(row.principal for row in contract.schedule if row.due_date == contract.disbursed_on)
