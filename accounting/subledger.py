"""What the borrowers' accounts say each control account must hold."""

from accounting.chart import Gl
from core.account import Account

CONTROL: tuple[Gl, ...] = (
    Gl.LOAN_PRINCIPAL,
    Gl.INTEREST_RECEIVABLE,
    Gl.FEE_RECEIVABLE,
    Gl.PENALTY_RECEIVABLE,
    Gl.UNAPPLIED,
    Gl.DEPOSITS,
)
"""GL accounts whose balance is the sum of a balance over borrowers."""


def subledger(account: Account) -> dict[Gl, int]:
    """Return an account's share of each control account: positive debit, negative credit."""
    dues = [due for loan in account.loans for due in loan.dues]
    charges = [charge for loan in account.loans for charge in loan.charges]
    return {
        Gl.LOAN_PRINCIPAL: sum(loan.principal for loan in account.loans),
        Gl.INTEREST_RECEIVABLE: sum(due.interest for due in dues),
        Gl.FEE_RECEIVABLE: sum(due.fee for due in dues) + sum(charge.fee for charge in charges),
        Gl.PENALTY_RECEIVABLE: sum(due.penalty for due in dues) + sum(charge.penalty for charge in charges),
        Gl.UNAPPLIED: -account.unapplied,
        Gl.DEPOSITS: -account.deposit,
    }
