"""What happened to an account. Past tense; each carries every amount that books and replay need."""

from datetime import date

from msgspec import Struct

from core.account import Bucket, Loan
from core.money import Minor
from core.terms import Installment, Terms


class Allocation(Struct, frozen=True, array_like=True, gc=False):
    """What one installment received of a payment."""

    loan: int
    """The loan's number within the account."""
    number: int
    """The installment's number, from 1."""
    penalty: Minor
    fee: Minor
    interest: Minor
    principal: Minor


class PenaltyCharge(Struct, frozen=True, array_like=True, gc=False):
    """Penalty interest that accrued on an overdue installment up to the day of a payment."""

    loan: int
    number: int
    amount: Minor


class Fact(Struct, frozen=True, gc=False, array_like=True, tag_field="kind"):
    """An event; `on` is its effective date. The number in `tag` is its kind, for good."""

    on: date


class AccountOpened(Fact, frozen=True, array_like=True, tag=1):
    """A borrower's account was opened."""

    account: int
    currency: str
    credit_limit: Minor


class CreditLimitSet(Fact, frozen=True, array_like=True, tag=2):
    """The credit limit became this."""

    credit_limit: Minor


class AccountFrozen(Fact, frozen=True, array_like=True, tag=3):
    """Lending on the account was stopped."""

    reason: str


class AccountUnfrozen(Fact, frozen=True, array_like=True, tag=4):
    """Lending on the account was allowed again."""


class DepositTaken(Fact, frozen=True, array_like=True, tag=5):
    """A security deposit came in."""

    amount: Minor


class DepositReleased(Fact, frozen=True, array_like=True, tag=6):
    """Security deposit was paid back."""

    amount: Minor


class LoanBooked(Fact, frozen=True, array_like=True, tag=10):
    """A loan was booked on these terms."""

    loan: int
    terms: Terms


class LoanCancelled(Fact, frozen=True, array_like=True, tag=11):
    """A booked loan was cancelled before disbursement."""

    loan: int


class LoanDisbursed(Fact, frozen=True, array_like=True, tag=12):
    """The principal was paid out and the schedule fixed."""

    loan: int
    amount: Minor
    schedule: tuple[Installment, ...]


class InstallmentReminded(Fact, frozen=True, array_like=True, tag=13):
    """The borrower is to be reminded of an installment that falls due soon."""

    loan: int
    number: int
    due_date: date
    amount: Minor


class InstallmentBilled(Fact, frozen=True, array_like=True, tag=14):
    """A scheduled installment fell due."""

    loan: int
    number: int
    principal: Minor
    interest: Minor


class UnappliedApplied(Fact, frozen=True, array_like=True, tag=15):
    """Unapplied money was allocated to what is due."""

    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]


class RepaymentReceived(Fact, frozen=True, array_like=True, tag=16):
    """Money came in, was allocated, and the rest became unapplied."""

    amount: Minor
    loan: int | None
    """The loan's number that the payer named, if any."""
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    unapplied: Minor


class LoanPaidOff(Fact, frozen=True, array_like=True, tag=17):
    """A loan was repaid early and in full."""

    loan: int
    amount: Minor
    """Money received; with `from_unapplied` it covers the payoff, what is over became unapplied."""
    from_unapplied: Minor
    unapplied: Minor
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    principal: Minor
    """Principal that was not yet due."""
    interest: Minor
    """Interest accrued since the last due date."""


class BucketChanged(Fact, frozen=True, array_like=True, tag=18):
    """A loan moved between ageing states; the action is what collections does about it."""

    loan: int
    before: Bucket
    after: Bucket
    days_past_due: int
    action: str


class LoanClosed(Fact, frozen=True, array_like=True, tag=19):
    """Everything owed on a loan was paid."""

    loan: int


class UnappliedRefunded(Fact, frozen=True, array_like=True, tag=20):
    """Unapplied money was paid out to the borrower."""

    amount: Minor


class LoanRestated(Struct, frozen=True, gc=False, array_like=True):
    """A loan's state re-decided from the facts, and by how much each balance differs from before."""

    state: Loan
    principal: int
    interest_due: int
    fee_due: int
    penalty_due: int
    interest_billed: int
    penalty_charged: int


class RepaymentReversed(Fact, frozen=True, array_like=True, tag=21):
    """A payment was taken back; what followed from it was re-decided and the difference is booked."""

    payment: int
    """Sequence number of the reversed payment."""
    amount: Minor
    reason: str
    unapplied: int
    """Change of the unapplied balance."""
    loans: tuple[LoanRestated, ...]


Event = (
    AccountOpened
    | CreditLimitSet
    | AccountFrozen
    | AccountUnfrozen
    | DepositTaken
    | DepositReleased
    | LoanBooked
    | LoanCancelled
    | LoanDisbursed
    | InstallmentReminded
    | InstallmentBilled
    | UnappliedApplied
    | RepaymentReceived
    | LoanPaidOff
    | BucketChanged
    | LoanClosed
    | UnappliedRefunded
    | RepaymentReversed
)


def kind_of(event: Event) -> int:
    """Return the number under which this kind of event is stored."""
    tag = type(event).__struct_config__.tag
    assert isinstance(tag, int)
    return tag
