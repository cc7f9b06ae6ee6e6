"""Borrowers to whom everything happens that can happen in servicing, on a real book."""

from datetime import timedelta

from msgspec.structs import replace

from actors.messages import Received, Refused
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
from core.contract.changes import Effect, FixIndex, Holiday, Reage, Reschedule
from core.contract.servicing import Fee, FeeWhen, NonAccrual, Price, Recalculation, Source
from core.contract.terms import Cycle, Floating, Rate, Terms, Tranche
from core.contract.waterfall import Future, Reach, Step, Waterfall
from core.identity import loan_id
from tests.integration.books import FIRST_DAY, TERMS, Book

MIDDLE_DAYS = 10
AHEAD = Waterfall(tuple(Step(reach) for reach in (Reach.PAST_DUE, Reach.DUE, Reach.CHARGES_DUE, Reach.IN_ADVANCE)))
RECALCULATED = replace(TERMS, product="recalculated", recalculation=Recalculation(), waterfall=AHEAD)
FEES = (
    Fee(name="service", when=FeeWhen.WITHHELD, price=Price(share_ppb=10_000_000)),
    Fee(name="late", when=FeeWhen.OVERDUE, price=Price(flat=2_000)),
)
BORROWERS: dict[int, Terms] = {
    20: RECALCULATED,
    21: RECALCULATED,
    22: RECALCULATED,
    23: replace(TERMS, fees=FEES, cost_cap_ppb=240_000_000),
    24: replace(TERMS, sweep_deposit_after_days=5),
    25: TERMS,
    26: TERMS,
    27: TERMS,
    28: TERMS,
    29: replace(TERMS, tranches=(Tranche(FIRST_DAY + timedelta(days=MIDDLE_DAYS), 100_000),)),
    30: replace(
        TERMS,
        rate=Rate(60_000_000),
        floating=Floating(Cycle(FIRST_DAY + timedelta(days=MIDDLE_DAYS))),
        cost_cap_ppb=70_000_000,
    ),
    31: TERMS,
    32: replace(TERMS, waterfall=AHEAD, compound_rate=TERMS.penalty_rate),
    33: replace(TERMS, non_accrual=NonAccrual(5)),
    34: replace(TERMS, non_accrual=NonAccrual(5)),
    35: replace(RECALCULATED, installments=2, waterfall=replace(AHEAD, future=Future.LAST)),
}


async def serve(book: Book) -> None:
    """Let them live for 45 days; every kind of event happens."""
    await _lend(book)
    await book.close_days(MIDDLE_DAYS)
    await _in_the_first_period(book)
    await book.close_days(31 - MIDDLE_DAYS)
    await _on_the_due_date(book)
    await book.close_days(12)
    await _in_arrears(book)
    await book.close_days(2)


async def _lend(book: Book) -> None:
    for account, terms in BORROWERS.items():
        await _carry_out(
            book,
            OpenAccount(account=account, currency="CNY", credit_limit=1_000_000),
            BookLoan(account=account, terms=terms),
            Disburse(account=account, loan=loan_id(account, 1)),
        )


async def _in_the_first_period(book: Book) -> None:
    paid = [Repay(account=account, amount=200_000) for account in (20, 32)]
    await _carry_out(book, *paid, Repay(account=23, amount=30_000), PayOff(account=31, loan=_of(31), amount=600_000))
    await _carry_out(book, Repay(account=35, amount=260_000))
    await _carry_out(
        book,
        TakeDeposit(account=24, amount=60_000),
        TakeDeposit(account=25, amount=5_000),
        ReleaseDeposit(account=25, amount=5_000),
        FreezeAccount(account=25, reason="a check"),
        UnfreezeAccount(account=25),
        SetCreditLimit(account=25, credit_limit=2_000_000),
        BookLoan(account=25, terms=TERMS),
        CancelLoan(account=25, loan=loan_id(25, 2)),
        AddCharge(account=25, loan=_of(25), component="fee", amount=3_000),
        Prepay(account=26, loan=_of(26), amount=100_000, effect=Effect.REDUCE_PAYMENT),
        ChangeTerms(account=27, loan=_of(27), change=Holiday(installments=1)),
        DisburseTranche(account=29, loan=_of(29)),
        ChangeTerms(account=30, loan=_of(30), change=FixIndex(on=book.on, ppb=80_000_000)),
    )


async def _on_the_due_date(book: Book) -> None:
    await _carry_out(
        book,
        Repay(account=22, amount=50_000),
        Repay(account=25, amount=120_000),
        RefundUnapplied(account=25, amount=1_000),
        ApplyUnapplied(account=25),
        ReceiveCredit(account=26, loan=_of(26), source=Source.MERCHANT_REFUND, amount=50_000, with_interest=True),
        Repay(account=28, amount=87_763),
    )
    late, high = await _carry_out(
        book,
        AddCharge(account=28, loan=_of(28), component="penalty", amount=700),
        AddCharge(account=28, loan=_of(28), component="fee", amount=900),
    )
    await _carry_out(book, AdjustCharge(account=28, charge=high, amount=400, reason="a slip"))
    await _carry_out(book, Waive(account=28, loan=_of(28), component="fee"))
    await _carry_out(book, Reverse(account=28, seq=late))


async def _in_arrears(book: Book) -> None:
    found = book.on - timedelta(days=7)
    for account in (21, 22, 23, 27):
        await _carry_out(book, Repay(account=account, amount=40_000, effective_on=found))
    await _carry_out(book, Repay(account=34, amount=120_000), Repay(account=35, amount=10_000))
    await _carry_out(book, AddCharge(account=22, loan=_of(22), component="fee", amount=100, effective_on=found))
    await _carry_out(book, ChangeTerms(account=29, loan=_of(29), change=Reage(installments=8)))
    faster = ChangeTerms(account=26, loan=_of(26), change=Reschedule(installments=3), effective_on=found)
    (changed,) = await _carry_out(book, faster)
    await _carry_out(book, Reverse(account=26, seq=changed))
    for account, amount in ((28, 50_000), (31, 200_000)):
        payment = await book.connection.fetchval(_PAYMENT, account)
        await _carry_out(book, ChargeBack(account=account, loan=_of(account), payment=payment, amount=amount))


_PAYMENT = "SELECT max(seq) FROM event WHERE account_id = $1 AND kind IN (16, 17)"


def _of(account: int) -> int:
    return loan_id(account, 1)


async def _carry_out(book: Book, *commands: Command) -> list[int]:
    """Do all of it; return the numbers by which each is known."""
    numbers = []
    for reply in await book.do(*commands):
        assert not isinstance(reply, Refused), reply
        numbers.append(reply.payment if isinstance(reply, Received) else reply.seq)
    return numbers
