"""An example of each command, for the interface's document."""

from datetime import date
from typing import Final

from adapters.trial import Trial
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
from core.terms import Rate, RatePer, Terms

_ACCOUNT: Final = 700_001
_LOAN: Final = 7_000_010_001
_TERMS: Final = Terms(
    product="installment",
    principal=500_000,
    rate=Rate(500_000, RatePer.DAY),
    installments=6,
    penalty_rate=Rate(750_000, RatePer.DAY),
    grace_days=3,
)

COMMANDS: Final[tuple[Command, ...]] = (
    OpenAccount(account=_ACCOUNT, currency="USD", credit_limit=2_000_000),
    SetCreditLimit(account=_ACCOUNT, credit_limit=3_000_000),
    FreezeAccount(account=_ACCOUNT, reason="court order"),
    UnfreezeAccount(account=_ACCOUNT),
    TakeDeposit(account=_ACCOUNT, amount=50_000),
    ReleaseDeposit(account=_ACCOUNT, amount=50_000),
    BookLoan(account=_ACCOUNT, terms=_TERMS),
    CancelLoan(account=_ACCOUNT, loan=_LOAN),
    Disburse(account=_ACCOUNT, loan=_LOAN),
    Repay(account=_ACCOUNT, amount=87_763, loan=_LOAN),
    PayOff(account=_ACCOUNT, loan=_LOAN, amount=421_500),
    ReverseRepayment(account=_ACCOUNT, payment=12, reason="returned"),
    RefundUnapplied(account=_ACCOUNT, amount=1_250),
)
TRIAL: Final = Trial(_TERMS, date(2026, 1, 31))
