"""An example of each command and of other bodies, for the interface's document."""

from datetime import date
from typing import Final

from actors.queries import Simulate
from adapters.http import origination_examples
from adapters.trial import Trial
from core.commands import (
    AddCharge,
    AdjustCharge,
    ApplyUnapplied,
    BookLoan,
    CancelLoan,
    ChangeTerms,
    ChargeBack,
    Command,
    Disburse,
    DisburseTranche,
    FreezeAccount,
    OpenAccount,
    PayOff,
    Prepay,
    ReceiveCredit,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    Reverse,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
    Waive,
)
from core.contract.changes import Effect, Extend
from core.contract.servicing import Source
from core.contract.terms import Rate, RatePer, Terms
from core.cost.disclosure import Fee
from core.money import Minor

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
    Reverse(account=_ACCOUNT, seq=12, reason="returned"),
    AddCharge(account=_ACCOUNT, loan=_LOAN, component="fee", amount=2_500, name="reminder letter"),
    ReceiveCredit(account=_ACCOUNT, loan=_LOAN, source=Source.MERCHANT_REFUND, amount=20_000, with_interest=True),
    Waive(account=_ACCOUNT, loan=_LOAN, component="penalty", reason="illness"),
    AdjustCharge(account=_ACCOUNT, charge=14, amount=1_000),
    ChargeBack(account=_ACCOUNT, loan=_LOAN, payment=12, amount=87_763),
    ApplyUnapplied(account=_ACCOUNT, loan=_LOAN),
    Prepay(account=_ACCOUNT, loan=_LOAN, amount=100_000, effect=Effect.REDUCE_PAYMENT),
    ChangeTerms(account=_ACCOUNT, loan=_LOAN, change=Extend(installments=2)),
    DisburseTranche(account=_ACCOUNT, loan=_LOAN),
    RefundUnapplied(account=_ACCOUNT, amount=1_250),
    *origination_examples.COMMANDS,
)
SIMULATE: Final = Simulate((Repay(account=_ACCOUNT, amount=300_000, loan=_LOAN),), date(2026, 2, 20))
TRIAL: Final = Trial(_TERMS, date(2026, 1, 31), (Fee(date(2026, 1, 31), Minor(5_000)),))
