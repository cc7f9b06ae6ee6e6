"""What happened to charges and credits, and to money that was already here."""

from core.contract.waterfall import Component
from core.facts import Allocation, Fact, PenaltyCharge
from core.money import Minor


class ChargeWaived(Fact, frozen=True, array_like=True, tag=40):
    """The lender let the borrower off a fee, penalty or interest that was due or charged."""

    loan: int
    component: Component
    asked: Minor | None
    """None: all of it."""
    number: int | None
    """The installment; None: the oldest first."""
    reason: str
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    ahead: tuple[Allocation, ...]


class ChargeReduced(Fact, frozen=True, array_like=True, tag=41):
    """A charge had been too high: less is owed, and what was paid of the difference is given back."""

    loan: int
    charge: int
    """Sequence number of the charge."""
    number: int
    """Its installment's."""
    component: Component
    amount: Minor
    reason: str
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    ahead: tuple[Allocation, ...]
    returned: Minor
    """What had been paid: it becomes unapplied, or is paid out."""
    paid_out: bool
    unapplied: Minor = Minor(0)
    """Of what is returned and paid out, what came to light only later: that much had not been paid out."""


class PaymentChargedBack(Fact, frozen=True, array_like=True, tag=42):
    """The payer's bank took a payment back: it is owed again, in the installment of the day."""

    loan: int
    payment: int
    """Sequence number of the payment."""
    amount: Minor
    from_unapplied: Minor
    """Taken from money that was not owed."""
    owed: Allocation
    """What is owed again."""
    reopened: Minor
    """What of it is late from this day on; the rest was paid in advance."""
    extra: bool
    """Whether it is an installment of its own, since all others have fallen due."""
    due: bool
    """Whether the installment falls due on the day itself."""
    charges: tuple[PenaltyCharge, ...]


class UnappliedUsed(Fact, frozen=True, array_like=True, tag=43):
    """The borrower had unapplied money pay, in advance too."""

    amount: Minor
    """The most to be used."""
    loan: int | None
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    ahead: tuple[Allocation, ...]


class DepositSwept(Fact, frozen=True, array_like=True, tag=44):
    """The security deposit was claimed for what is overdue; it paid as far as it went."""

    loan: int
    number: int
    """The last installment that it was claimed for."""
    amount: Minor
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]


class FeesWithheld(Fact, frozen=True, array_like=True, tag=45):
    """Fees were kept back from the payout."""

    loan: int
    amount: Minor
    lowers: Minor
    """The part that the borrower does not owe: principal is what was paid out (Civil Code of China 670)."""


class LateInterestBilled(Fact, frozen=True, array_like=True, tag=46):
    """All that comes was paid before: what overdue principal earned since is due with the last open installment."""

    loan: int
    number: int
    """The installment's."""
    interest: Minor
    waived: Minor = Minor(0)
    """What a cap on all costs forbids of it, on top."""
    charges: tuple[PenaltyCharge, ...] = ()


ChargeEvent = (
    ChargeWaived | ChargeReduced | PaymentChargedBack | UnappliedUsed | DepositSwept | FeesWithheld | LateInterestBilled
)
