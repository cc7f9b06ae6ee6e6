"""Record the golden histories anew: `python -m tests.golden.regenerate`. Review the diff before keeping it."""

from datetime import date

from msgspec.structs import replace

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
from core.contract.changes import Effect, Extend, Holiday, Reage, Reschedule, UnpaidInterest
from core.contract.servicing import (
    Fee,
    FeeBase,
    FeeWhen,
    NonAccrual,
    PenaltyBase,
    PenaltyTerms,
    Prepayment,
    Price,
    Recalculation,
    Source,
)
from core.contract.terms import DayCount, Method, Rate, RatePer, Terms, Tranche, Unit
from core.contract.waterfall import STANDARD_ORDER, Component, Direction, Future, Reach, Step, Waterfall
from core.identity import loan_id
from tests.golden import before_the_loan
from tests.golden.histories import FOLDER, write
from tests.properties.histories import Book

CLASSIC = Terms(principal=500_000, rate=Rate(500_000, RatePer.DAY), installments=6)
STRICT = Terms(
    product="strict",
    principal=120_000,
    rate=Rate(120_000_000),
    installments=12,
    method=Method.EQUAL_PRINCIPAL,
    day_count=DayCount.ACT_365,
    due_day=31,
    penalty_rate=Rate(180_000_000),
    grace_days=3,
)
FORTNIGHTLY = Terms(
    principal=30_001,
    rate=Rate(10_000_000, RatePer.MONTH),
    installments=3,
    method=Method.FLAT,
    every=2,
    unit=Unit.WEEK,
    waterfall=Waterfall((Step(direction=Direction.VERTICAL),)),
)
IN_PARTS = Terms(
    product="in parts",
    principal=120_000,
    rate=Rate(120_000_000),
    installments=6,
    tranches=(Tranche(date(2024, 3, 10), 30_000),),
    prepayment=Prepayment(fee_ppb=10_000_000),
    reminder_days=0,
)
CHARGED = Terms(
    product="charged",
    principal=120_000,
    rate=Rate(120_000_000),
    installments=4,
    penalty_rate=Rate(180_000_000),
    penalty=PenaltyTerms(base=PenaltyBase.PRINCIPAL_INTEREST, both_ends=True, cap_ppb=50_000_000),
    compound_rate=Rate(90_000_000),
    cost_cap_ppb=360_000_000,
    fees=(
        Fee(name="file", when=FeeWhen.WITHHELD, price=Price(flat=2_000)),
        Fee(name="service", when=FeeWhen.INSTALLMENT, price=Price(share_ppb=5_000_000, of=FeeBase.INSTALLMENT)),
        Fee(
            name="late",
            when=FeeWhen.OVERDUE,
            price=Price(flat=300),
            component=Component.PENALTY,
            every_days=7,
            most=700,
        ),
    ),
    sweep_deposit_after_days=5,
    down_payment_ppb=250_000_000,
    collect_down_payment=True,
    credit_order=(Component.INTEREST,),
)
FOLLOWING = Terms(
    product="follows payments",
    principal=10_000,
    rate=Rate(70_000_000),
    installments=6,
    smoothing_rounds=3,
    waterfall=Waterfall((Step(), Step(Reach.IN_ADVANCE)), Future.NEXT_LAST),
    recalculation=Recalculation(),
    reminder_days=0,
)
FROM_THE_END = replace(
    FOLLOWING, principal=60_000, installments=3, waterfall=Waterfall((Step(), Step(Reach.IN_ADVANCE)), Future.LAST)
)
SUSPENDED = Terms(
    product="suspended",
    principal=120_000,
    rate=Rate(120_000_000),
    installments=4,
    reminder_days=0,
    non_accrual=NonAccrual(31, Waterfall((Step(order=STANDARD_ORDER[::-1]),))),
)
CAPPED = Terms(
    product="capped",
    principal=120_000,
    rate=Rate(180_000_000),
    installments=4,
    reminder_days=0,
    cost_cap_ppb=240_000_000,
)
ONE, TWO, THREE = loan_id(1, 1), loan_id(1, 2), loan_id(1, 3)

Asked = tuple[int, Command | None]
"""Days that pass first, then what is asked (nothing: the days only)."""

HISTORIES: dict[str, list[Asked]] = {
    "classic_paid_on_time": [
        (0, BookLoan(account=1, terms=CLASSIC)),
        (0, Disburse(account=1, loan=ONE)),
        *[(days, Repay(account=1, amount=87_763)) for days in (29, 31, 30, 31, 30)],
        (31, Repay(account=1, amount=87_761)),
    ],
    "overdue_through_m4_and_cured": [
        (0, BookLoan(account=1, terms=STRICT)),
        (0, Disburse(account=1, loan=ONE)),
        (40, Repay(account=1, amount=5_000)),
        (100, None),
        (0, Repay(account=1, amount=60_000)),
        (45, PayOff(account=1, loan=ONE, amount=200_000)),
        (0, RefundUnapplied(account=1, amount=1_000)),
    ],
    "two_loans_and_reversals": [
        (0, SetCreditLimit(account=1, credit_limit=700_000)),
        (0, BookLoan(account=1, terms=STRICT)),
        (0, Disburse(account=1, loan=ONE)),
        (3, BookLoan(account=1, terms=FORTNIGHTLY)),
        (0, Disburse(account=1, loan=TWO)),
        (0, BookLoan(account=1, terms=CLASSIC)),
        (1, CancelLoan(account=1, loan=THREE)),
        (20, Repay(account=1, amount=15_000)),
        (20, Repay(account=1, amount=9_000, loan=ONE)),
        (1, PayOff(account=1, loan=TWO, amount=40_000)),
        (30, Reverse(account=1, seq=12, reason="bounced")),
        (5, Reverse(account=1, seq=26, reason="bounced")),
        (40, None),
    ],
    "charges_and_credits": [
        (0, TakeDeposit(account=1, amount=4_000)),
        (0, BookLoan(account=1, terms=CHARGED)),
        (0, Disburse(account=1, loan=ONE)),
        (3, AddCharge(account=1, loan=ONE, component="fee", amount=900, share_ppb=1_000_000)),
        (1, Waive(account=1, loan=ONE, component="fee", amount=500)),
        (1, AdjustCharge(account=1, charge=8, amount=100)),
        (24, Repay(account=1, amount=30_000, loan=ONE)),
        (5, ChargeBack(account=1, loan=ONE, payment=14, amount=25_000)),
        (5, ReceiveCredit(account=1, loan=ONE, source=Source.MERCHANT_REFUND, amount=20_000, with_interest=True)),
        (0, Repay(account=1, amount=10_000)),
        (0, ApplyUnapplied(account=1, loan=ONE)),
        (60, Waive(account=1, loan=ONE, component="penalty", reason="illness")),
        (5, None),
    ],
    "terms_changed": [
        (0, BookLoan(account=1, terms=IN_PARTS)),
        (0, Disburse(account=1, loan=ONE)),
        (15, DisburseTranche(account=1, loan=ONE)),
        (20, Repay(account=1, amount=25_000, loan=ONE)),
        (0, Prepay(account=1, loan=ONE, amount=20_000, effect=Effect.REDUCE_PAYMENT)),
        (5, ChangeTerms(account=1, loan=ONE, change=Reschedule(rate=Rate(90_000_000)))),
        (1, ChangeTerms(account=1, loan=ONE, change=Holiday(installments=1))),
        (40, ChangeTerms(account=1, loan=ONE, change=Extend(installments=1))),
        (60, ChangeTerms(account=1, loan=ONE, change=Reage(installments=3, interest=UnpaidInterest.EQUAL))),
        (40, Reverse(account=1, seq=10, reason="agreed by mistake")),
        (40, None),
    ],
    "interest_follows_payments": [
        (0, BookLoan(account=1, terms=FOLLOWING)),
        (0, Disburse(account=1, loan=ONE)),
        (14, Repay(account=1, amount=3_402)),
        (50, Repay(account=1, amount=1_000)),
        (40, Repay(account=1, amount=2_000, effective_on=date(2024, 4, 20))),
        (10, PayOff(account=1, loan=ONE, amount=10_000)),
        (1, AddCharge(account=1, loan=ONE, component="fee", amount=500, name="certificate")),
        (3, None),
    ],
    "non_accrual": [
        (0, BookLoan(account=1, terms=SUSPENDED)),
        (0, Disburse(account=1, loan=ONE)),
        (65, Repay(account=1, amount=40_000)),
        (5, Repay(account=1, amount=30_000)),
        (60, None),
    ],
    "capped": [
        (0, BookLoan(account=1, terms=CAPPED)),
        (0, Disburse(account=1, loan=ONE)),
        (35, Repay(account=1, amount=31_200)),
        (1, ChangeTerms(account=1, loan=ONE, change=Reschedule(rate=Rate(600_000_000)))),
        (30, Prepay(account=1, loan=ONE, amount=60_000)),
        (20, Repay(account=1, amount=5_000)),
        (5, PayOff(account=1, loan=ONE, amount=60_000)),
    ],
    "the_last_paid_first": [
        (0, BookLoan(account=1, terms=FROM_THE_END)),
        (1, Disburse(account=1, loan=ONE)),
        (0, Repay(account=1, amount=40_000)),
        (65, Repay(account=1, amount=20_000)),
        (5, Repay(account=1, amount=20_000)),
        (30, None),
    ],
    "deposit_and_freeze": [
        (0, TakeDeposit(account=1, amount=10_000)),
        (1, BookLoan(account=1, terms=CLASSIC)),
        (1, FreezeAccount(account=1, reason="suspected fraud")),
        (1, UnfreezeAccount(account=1)),
        (1, Disburse(account=1, loan=ONE)),
        (1, ReleaseDeposit(account=1, amount=4_000)),
        (90, None),
    ],
}


def lived(asked: list[Asked]) -> Book:
    """Return the book after all of this was asked; a refusal is a mistake in the list."""
    book = Book()
    for days, command in asked:
        book.reach(date.fromordinal(book.on.toordinal() + days))
        if command is not None:
            refused = book.ask(command)
            assert refused is None, (command, refused, book.history)
    return book


def main() -> None:
    """Write every history."""
    for name, asked in HISTORIES.items():
        book = lived(asked)
        write(FOLDER / f"{name}.jsonl", book.history, book.account)
    life = before_the_loan.lived()
    write(FOLDER / "before_the_loan.jsonl", life.history, life.account)


if __name__ == "__main__":
    main()
