"""Propose other terms for a loan whose borrower shows signs of risk, and carry out what an officer accepts."""

from core.account import Loan, LoanStatus
from core.commands import ChangeTerms
from core.deciding.changes import decide_change
from core.identity import loan_id
from core.origination.case import Case, officer_of, refused_if_full
from core.origination.commands import DecideProposal
from core.origination.events import ChangeProposed, ProposalDecided
from core.origination.file import Proposal, ProposalStatus
from core.origination.product import Product, SignalRule
from core.rejections import Code, Rejection


def propose(case: Case, loan: Loan, product: Product, rule: SignalRule) -> None:
    """Propose a change of terms, unless one waits for the loan or this rule proposed it in this month already."""
    assert rule.propose is not None
    month = case.on.replace(day=1)
    known = (each for each in case.file.proposals if each.loan == loan.number)
    again = any(
        each.status is ProposalStatus.WAITING
        or ((each.signal, each.months) == (rule.kind, rule.months) and each.proposed_on >= month)
        for each in known
    )
    if loan.status is not LoanStatus.ACTIVE or again or refused_if_full(case.file.proposals, "proposals"):
        return
    number = len(case.file.proposals) + 1
    of = rule.propose, rule.kind, rule.months, product.name, product.version
    case.draft.emit(ChangeProposed(case.on, Proposal(number, loan.number, *of, case.on)))


def decide_proposal(case: Case, command: DecideProposal) -> Rejection | None:
    """Decide a proposal; return why not, if it is refused. Accepted, it is carried out as any change of terms."""
    if command.proposal > len(case.file.proposals):
        return Rejection(Code.PROPOSAL_UNKNOWN, f"account {case.account.id} has no proposal {command.proposal}")
    proposal = case.file.proposals[command.proposal - 1]
    if proposal.status is not ProposalStatus.WAITING:
        return Rejection(Code.PROPOSAL_DECIDED, f"proposal {proposal.number} is {proposal.status}")
    officer = officer_of(case, command.officer)
    if isinstance(officer, Rejection):
        return officer
    accepted = command.outcome == "accept"
    status = ProposalStatus.ACCEPTED if accepted else ProposalStatus.DECLINED
    owing = case.account.loans[proposal.loan - 1].principal
    if accepted and owing > officer.approves_up_to:
        return Rejection(Code.GRADE_INSUFFICIENT, f"{officer.name} decides up to {officer.approves_up_to}")
    case.draft.emit(ProposalDecided(case.on, proposal.number, officer.name, status, command.note))
    if not accepted:
        return None
    loan = loan_id(case.account.id, proposal.loan)
    return decide_change(case.draft, ChangeTerms(account=case.account.id, loan=loan, change=proposal.change), case.on)
