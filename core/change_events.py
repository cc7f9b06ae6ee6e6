"""What happened to the terms of running loans: prepayments, changes of terms, further payouts."""

from datetime import date

from msgspec import Struct

from core.account import Accrual, Balance, Deferral
from core.contract.changes import Change, Effect
from core.contract.terms import Installment, Terms
from core.facts import Allocation, Fact, PenaltyCharge
from core.money import Minor


class Replanned(Struct, frozen=True, array_like=True, gc=False):
    """The rest of a running loan as it was planned anew."""

    terms: Terms
    number: int
    """Of the first row that changed."""
    rows: tuple[Installment, ...]
    """All from `number` on."""
    dates: tuple[date, ...]
    """All agreed due dates of the loan, the former ones too, before business days move them."""
    accrual: Accrual | None
    """How the running period's interest is earned from now on."""
    balances: tuple[Balance, ...]
    """What bore interest in the running period."""
    carried: Minor
    """Interest that was earned in former periods and has not fallen due."""
    deferrals: tuple[Deferral, ...]
    """Of the rows."""


class TermsChanged(Fact, frozen=True, array_like=True, tag=60):
    """Terms of a running loan changed."""

    loan: int
    change: Change
    replanned: Replanned
    charges: tuple[PenaltyCharge, ...] = ()
    spreads: bool = False
    """Whether nothing is due any more: what was is in the rows, its fees and penalties come with the first."""
    interest: Minor = Minor(0)
    """Interest that was due and is to fall due again."""
    waived: Minor = Minor(0)
    """Interest that was due and is waived."""
    accrued_waived: Minor = Minor(0)
    """Interest that was earned, not due, and is waived."""


class Prepaid(Fact, frozen=True, array_like=True, tag=61):
    """Part of the principal was repaid early, with what was due, interest to the day and a fee."""

    loan: int
    amount: Minor
    effect: Effect
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    interest: Minor
    """Earned since the last due date."""
    fee: Minor
    principal: Minor
    unapplied: Minor
    """What no further unit of principal and its fee can be paid with."""
    replanned: Replanned | None
    """None: the rows stay."""


class TrancheDisbursed(Fact, frozen=True, array_like=True, tag=62):
    """A further part of the principal was paid out."""

    loan: int
    amount: Minor
    replanned: Replanned


ChangeEvent = TermsChanged | Prepaid | TrancheDisbursed
