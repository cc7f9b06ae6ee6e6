"""The bank says what became of a payout: the loan begins, or waits for another try; later, money may come back."""

from core.account import Account, LoanStatus
from core.change_events import TrancheDisbursed
from core.changing.tranches import disburse_tranche
from core.events import LoanCancelled, LoanDisbursed
from core.money import Minor
from core.origination.agreements import has_left
from core.origination.case import Case, contract_behind
from core.origination.commands import SettlePayout
from core.origination.events import PayoutSettled
from core.origination.file import Payout, PayoutStatus, waiting_since
from core.rejections import Code, Rejection
from core.restatement import History, facts, take_back
from core.servicing.disbursing import disburse
from core.servicing.repayment import receive


def settle(case: Case, command: SettlePayout) -> Rejection | None:
    """Record the bank's word on a payout; return why not, if it is refused. The same word twice changes nothing."""
    if command.payout > len(case.file.payouts):
        return Rejection(Code.PAYOUT_UNKNOWN, f"account {case.account.id} has no payout {command.payout}")
    payout, status = case.file.payouts[command.payout - 1], PayoutStatus(command.status)
    returned = status is PayoutStatus.RETURNED
    refused = _not_now(case, payout, returned=returned)
    if refused is not None:
        return refused
    others = shares_of_others(case, payout)
    if isinstance(others, Rejection):
        return others
    about = payout.amount, payout.pool, others, command.reference, command.reason
    case.draft.emit(PayoutSettled(case.on, payout.number, status, *about))
    if status is PayoutStatus.SUCCEEDED:
        return _disbursed(case, payout)
    refused = _came_back(case, payout, command.reason) if returned else None
    if refused is None and waiting_since(case.file) is not None:
        cancel_unpaid(case)
    return refused


def _not_now(case: Case, payout: Payout, *, returned: bool) -> Rejection | None:
    """Refuse news that does not follow from what is known; a part comes back only while no other is on its way."""
    if returned and payout.status in (PayoutStatus.REQUESTED, PayoutStatus.SUCCEEDED):
        for other in case.file.payouts:
            if other.loan == payout.loan and other.status is PayoutStatus.REQUESTED:
                return Rejection(Code.PAYOUT_PENDING, f"payout {other.number} has not succeeded: say that first")
    if payout.status is not (PayoutStatus.SUCCEEDED if returned else PayoutStatus.REQUESTED):
        return Rejection(Code.PAYOUT_SETTLED, f"payout {payout.number} is {payout.status}")
    return None


def cancel_unpaid(case: Case) -> None:
    """Cancel booked loans that nobody is to be paid any more: the borrower waits to be forgotten."""
    for loan in case.account.loans:
        if loan.status is LoanStatus.BOOKED and not has_left(case.account, loan.number):
            case.draft.emit(LoanCancelled(case.on, loan.number))


def disbursements_of(history: History, loan: int) -> list[int]:
    """Return the numbers of all that was paid out of a loan as the books hold it, the first payout first."""
    kinds = LoanDisbursed | TrancheDisbursed
    return [entry.seq for entry in facts(history) if isinstance(entry.event, kinds) and entry.event.loan == loan]


def _disbursement_of(history: History, payout: Payout) -> int:
    """Return the number of what a payout that succeeded paid out; 0 if it was taken back."""
    said = (
        seq
        for seq, event in history
        if isinstance(event, PayoutSettled) and event.number == payout.number and event.status is PayoutStatus.SUCCEEDED
    )
    settled = next(said)
    return next((seq for seq in disbursements_of(history, payout.loan) if seq > settled), 0)


def refused_if_paid_out(account: Account, history: History, seq: int) -> Rejection | None:
    """Refuse to take a payout back that the bank made: it says itself when the money returns."""
    paid = (each for each in account.file.payouts if each.status is PayoutStatus.SUCCEEDED)
    for payout in paid:
        if _disbursement_of(history, payout) == seq:
            return Rejection(Code.EVENT_NOT_REVERSIBLE, f"payout {payout.number} reached the borrower")
    return None


def shares_of_others(case: Case, payout: Payout) -> tuple[tuple[str, Minor], ...] | Rejection:
    """Return what funders other than the lender gave; nothing of a loan that was given back, for they have theirs."""
    given_back = case.account.loans[payout.loan - 1].status is LoanStatus.CANCELLED
    if not payout.shares or given_back:
        return ()
    behind = contract_behind(case, payout.loan)
    if isinstance(behind, Rejection):
        return behind
    _, product = behind
    return tuple(share for share in payout.shares if share[0] != product.funding.own)


def _disbursed(case: Case, payout: Payout) -> Rejection | None:
    loan = case.account.loans[payout.loan - 1]
    if loan.status is LoanStatus.ACTIVE:
        return disburse_tranche(case.draft, loan, payout.amount, case.on)
    if loan.status is not LoanStatus.BOOKED:
        return Rejection(Code.LOAN_NOT_BOOKED, f"loan {loan.number} is {loan.status}, and its money has left")
    return disburse(case.draft, loan, case.on)


def _came_back(case: Case, payout: Payout, reason: str) -> Rejection | None:
    seq = _disbursement_of(case.history, payout)
    if seq:
        return take_back(case.draft, case.history, seq, reason or "the bank returned the payout", case.on)
    if case.account.loans[payout.loan - 1].status is LoanStatus.CANCELLED:
        # The borrower had given the loan back: this money is theirs.
        receive(case.draft, payout.amount, None, case.on)
    return None
