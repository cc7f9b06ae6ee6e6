"""Record the golden histories anew: `python -m tests.golden.regenerate`. Review the diff before keeping it."""

from datetime import date

from core.commands import (
    BookLoan,
    CancelLoan,
    Command,
    Disburse,
    FreezeAccount,
    PayOff,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    ReverseRepayment,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
)
from core.identity import loan_id
from core.terms import DayCount, Method, Rate, RatePer, Terms, Unit
from core.waterfall import Direction, Waterfall
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
    waterfall=Waterfall(direction=Direction.VERTICAL),
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
        (30, ReverseRepayment(account=1, payment=12, reason="bounced")),
        (5, ReverseRepayment(account=1, payment=26, reason="bounced")),
        (40, None),
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


if __name__ == "__main__":
    main()
