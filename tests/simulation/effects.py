"""What a command does to the books if it is carried out, once, as a name and an amount."""

from core.commands import (
    BookLoan,
    CancelLoan,
    Command,
    Disburse,
    FreezeAccount,
    OpenAccount,
    PayOff,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    ReverseRepayment,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
)
from core.events import (
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    CreditLimitSet,
    DepositReleased,
    DepositTaken,
    Event,
    LoanBooked,
    LoanCancelled,
    LoanDisbursed,
    LoanPaidOff,
    RepaymentReceived,
    RepaymentReversed,
    UnappliedRefunded,
)
from core.identity import number_of

Effect = tuple[type[Event], int]


def asked_for(command: Command) -> Effect:
    """Return the fact that a command makes, with its amount or whatever tells it from others."""
    match command:
        case OpenAccount():
            return AccountOpened, command.credit_limit
        case SetCreditLimit():
            return CreditLimitSet, command.credit_limit
        case FreezeAccount():
            return AccountFrozen, 0
        case UnfreezeAccount():
            return AccountUnfrozen, 0
        case TakeDeposit():
            return DepositTaken, command.amount
        case ReleaseDeposit():
            return DepositReleased, command.amount
        case BookLoan():
            return LoanBooked, command.terms.principal
        case CancelLoan():
            return LoanCancelled, number_of(command.loan)
        case Disburse():
            return LoanDisbursed, number_of(command.loan)
        case Repay():
            return RepaymentReceived, command.amount
        case PayOff():
            return LoanPaidOff, command.amount
        case ReverseRepayment():
            return RepaymentReversed, command.payment
        case RefundUnapplied():
            return UnappliedRefunded, command.amount


def happened(event: Event) -> Effect | None:
    """Return the fact that an event is; None for what follows by itself."""
    match event:
        case AccountOpened() | CreditLimitSet():
            return type(event), event.credit_limit
        case AccountFrozen() | AccountUnfrozen():
            return type(event), 0
        case DepositTaken() | DepositReleased() | RepaymentReceived() | LoanPaidOff() | UnappliedRefunded():
            return type(event), event.amount
        case LoanBooked():
            return LoanBooked, event.terms.principal
        case LoanCancelled() | LoanDisbursed():
            return type(event), event.loan
        case RepaymentReversed():
            return RepaymentReversed, event.payment
        case _:
            return None
