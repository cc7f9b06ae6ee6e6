"""What happened to an account. Past tense; each carries every amount that books and replay need."""

from datetime import date
from typing import Final, get_args

from msgspec import Struct

from core.account import Accrual, Bucket, Contract, Deferral, Loan
from core.change_events import ChangeEvent
from core.charge_events import ChargeEvent
from core.contract.servicing import Price, Source
from core.contract.terms import Installment, Terms
from core.contract.waterfall import Component
from core.facts import Allocation, Fact, PenaltyCharge
from core.money import Minor
from core.origination.events import OriginationEvent


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
    deferrals: tuple[Deferral, ...] = ()


class InstallmentReminded(Fact, frozen=True, array_like=True, tag=13):
    """The borrower is to be reminded of an installment that falls due soon."""

    loan: int
    number: int
    due_date: date
    amount: Minor


class InstallmentBilled(Fact, frozen=True, array_like=True, tag=14):
    """A scheduled installment fell due; amounts are without what was paid in advance."""

    loan: int
    number: int
    principal: Minor
    interest: Minor
    carried: Minor = Minor(0)
    """Interest earned by now that goes to the next installment: this one was paid in advance, or its interest waits."""
    capitalized: Minor = Minor(0)
    """Interest that is added to principal."""


class UnappliedApplied(Fact, frozen=True, array_like=True, tag=15):
    """Unapplied money was allocated to what is due."""

    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    ahead: tuple[Allocation, ...] = ()


class RepaymentReceived(Fact, frozen=True, array_like=True, tag=16):
    """Money came in, was allocated, and the rest became unapplied."""

    amount: Minor
    loan: int | None
    """The loan's number that the payer named, if any."""
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    unapplied: Minor
    ahead: tuple[Allocation, ...] = ()
    """Received by installments that have not fallen due."""


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
    penalty: Minor = Minor(0)
    """Charges that were not yet due."""
    fee: Minor = Minor(0)
    prepayment_fee: Minor = Minor(0)


class CreditReceived(Fact, frozen=True, array_like=True, tag=22):
    """Money that is no repayment reduced the debt: a down payment, a refund, goodwill. The rest became unapplied."""

    source: Source
    amount: Minor
    loan: int
    allocations: tuple[Allocation, ...]
    charges: tuple[PenaltyCharge, ...]
    unapplied: Minor
    ahead: tuple[Allocation, ...] = ()
    with_interest: bool = False
    """Whether interest that the amount has cost is to be given back as well."""
    follows: bool = False
    """Decided with the fact before it, not asked for by itself."""


class ChargeAdded(Fact, frozen=True, array_like=True, tag=23):
    """A fee or penalty was charged; it belongs to the installment of its due date, or to one that is overdue."""

    loan: int
    number: int
    due_date: date
    component: Component
    amount: Minor
    name: str
    charges: tuple[PenaltyCharge, ...] = ()
    waived: Minor = Minor(0)
    """What a cap on all costs forbade on top."""
    price: Price | None = None
    """What was asked for, where somebody asked for it; the amount follows from it."""
    fee: int = 0
    """The place in the terms of a fee that is charged by itself; 0 where somebody asked."""


class ScheduleRestated(Fact, frozen=True, array_like=True, tag=24):
    """Installments from `number` on were computed anew, since money came early or late, or terms changed."""

    loan: int
    number: int
    rows: tuple[Installment, ...]
    """All installments from `number` on."""
    accrual: Accrual | None
    """How the running period's interest is earned from now on."""


class LoanReopened(Fact, frozen=True, array_like=True, tag=25):
    """Something is owed again on a loan that was closed."""

    loan: int


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


class NonAccrualBegun(Fact, frozen=True, array_like=True, tag=26):
    """A loan became so late that its interest is income only as it is paid."""

    loan: int
    days_past_due: int


class NonAccrualEnded(Fact, frozen=True, array_like=True, tag=27):
    """No interest of a loan is overdue any more: it accrues again."""

    loan: int


class InterestCapped(Fact, frozen=True, array_like=True, tag=28):
    """Interest that falls due or is collected now is above a cap on all costs: so much of it is waived."""

    loan: int
    number: int
    """The installment's."""
    amount: Minor


class UnappliedRefunded(Fact, frozen=True, array_like=True, tag=20):
    """Unapplied money was paid out to the borrower."""

    amount: Minor


AccountEvent = (
    AccountOpened
    | CreditLimitSet
    | AccountFrozen
    | AccountUnfrozen
    | DepositTaken
    | DepositReleased
    | UnappliedRefunded
)
MoneyEvent = RepaymentReceived | CreditReceived | UnappliedApplied | LoanPaidOff
"""Money that reduces a debt."""
LoanEvent = (
    LoanBooked
    | LoanCancelled
    | LoanDisbursed
    | InstallmentReminded
    | InstallmentBilled
    | ChargeAdded
    | ScheduleRestated
    | LoanReopened
    | BucketChanged
    | NonAccrualBegun
    | NonAccrualEnded
    | InterestCapped
    | LoanClosed
)
PlainEvent = AccountEvent | MoneyEvent | LoanEvent | ChargeEvent | ChangeEvent | OriginationEvent


class Entry(Struct, frozen=True, gc=False, array_like=True):
    """An event of an account's timeline: a fact has its sequence number, what followed by itself has 0."""

    seq: int
    event: PlainEvent


class AccountRestated(Fact, frozen=True, array_like=True, tag=21):
    """A fact was booked on an earlier day, or taken back: what followed was decided anew, the difference is booked."""

    effective_on: date
    reverses: int
    """Sequence number of the fact that was taken back, or 0."""
    reason: str
    undone: tuple[Entry, ...]
    """What holds no longer."""
    done: tuple[Entry, ...]
    """What holds in its place; -1 numbers the fact that this event records."""
    unapplied: Minor
    deposit: Minor
    loans: tuple[Loan, ...]
    """State of the loans that changed."""
    contracts: tuple[tuple[int, Contract], ...]
    """By loan number."""


Event = PlainEvent | AccountRestated


def kind_of(event: Event) -> int:
    """Return the number under which this kind of event is stored."""
    return KINDS[type(event)]


KINDS: Final[dict[type, int]] = {kind: kind.__struct_config__.tag for kind in get_args(Event)}
"""Each kind's number, for good."""
