"""Decide what makes the rest of a running loan another: prepayments, changes of terms, further payouts."""

from datetime import date
from typing import assert_never

from core.changing.changes import change_terms
from core.changing.prepayment import prepay
from core.changing.tranches import disburse_tranche
from core.commands import ChangeCommand, ChangeTerms, DisburseTranche, Prepay
from core.deciding.lending import refused_lending, refused_past_contract, running_loan
from core.decision import Draft
from core.rejections import Rejection


def decide_change(draft: Draft, command: ChangeCommand, on: date) -> Rejection | None:
    """Decide a change of a running loan; return why not, if it is refused."""
    loan = running_loan(draft.account, command.loan)
    if isinstance(loan, Rejection):
        return loan
    match command:
        case Prepay():
            return prepay(draft, loan, command.amount, command.effect, on)
        case ChangeTerms():
            return change_terms(draft, loan, command.change, on)
        case DisburseTranche():
            refused = refused_lending(draft.account) or refused_past_contract(draft.account)
            return refused or disburse_tranche(draft, loan, command.amount, on)
        case _:
            assert_never(command)
