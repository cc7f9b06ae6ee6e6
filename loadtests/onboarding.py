"""Book the real loans and what was paid on them, each act on its own date."""

from collections.abc import Iterator, Sequence
from datetime import date

from core.commands import PayOff, Repay
from core.identity import loan_id
from loadtests.book import Progress, carry_out, close_days, onboard
from loadtests.client import Order
from loadtests.lendingclub import DUE_DATES, ISSUED, History, PublishedLoan, terms

Borrower = tuple[PublishedLoan, History]


async def play(base_url: str, borrowers: Sequence[Borrower], progress: Progress) -> None:
    """Bring the book from its opening day to the last due date, with everything that happened on each."""
    days = sorted({*ISSUED.values(), *DUE_DATES})
    for number, day in enumerate(days):
        progress("real loans: months closed", number, len(days))
        if number:
            await close_days(base_url, day)
        groups = [orders for borrower in borrowers if (orders := list(acts(borrower, day)))]
        await carry_out(base_url, groups, sum(map(len, groups)), progress, f"real loans: {day:%B %Y}")
    progress("real loans: months closed", len(days), len(days))


def acts(borrower: Borrower, day: date) -> Iterator[Order]:
    """Return what a borrower does on a day: borrow, pay the installment that falls due, pay off, pay ahead."""
    loan, past = borrower
    account = loan.number
    if past.disbursed_on == day:
        yield from onboard(account, terms(loan))
    for number in range(1, past.paid - past.ahead + 1):
        if past.due(number) == day:
            yield Order(f"{account}-pay-{number}", Repay(account=account, amount=past.amount(number)))
    if past.paid_off_on == day:
        rest = loan.principal - sum(row.principal for row in past.schedule[: past.paid])
        yield Order(f"{account}-pay-off", PayOff(account=account, loan=loan_id(account, 1), amount=rest))
    if past.ahead and day == DUE_DATES[-1]:
        early = sum(past.amount(number) for number in range(past.paid - past.ahead + 1, past.paid + 1))
        yield Order(f"{account}-pay-ahead", Repay(account=account, amount=early))
