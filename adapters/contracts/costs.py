"""What a contract says that the loan costs: its schedule from the day of the offer, fees if paid on time, rates."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import count, takewhile
from typing import Final

from msgspec import Struct

from core.charging.fees import share_of
from core.contract.servicing import Fee as FeeTerms
from core.contract.servicing import FeeBase, FeeWhen
from core.contract.terms import Installment, Rate, Terms, installment_total
from core.cost.disclosure import Disclosure, Fee, disclose
from core.rejections import Rejection
from core.schedule.cycles import cycle_date
from core.schedule.dates import add_months
from core.schedule.floating import rate_on, rates_of
from core.schedule.plan import balances, schedule
from core.servicing.disbursing import lent_of

_DAY: Final = timedelta(days=1)


class Row(Struct, frozen=True, gc=False):
    """A line of the repayment table."""

    number: int
    due: date
    principal: int
    interest: int
    fees: int
    total: int
    balance: int
    """Principal that remains after it."""


class Charge(Struct, frozen=True, gc=False):
    """A fee of a loan that is paid on time."""

    name: str
    on: date
    amount: int


class Costs(Struct, frozen=True):
    """What a loan costs if it is paid out on the day of the offer and everything is paid on time."""

    paid_out: int
    principal: int
    """What is lent: without fees withheld."""
    interest: int
    fees: int
    total: int
    rows: list[Row]
    apart: list[Charge]
    """Fees on days without an installment; the others are in the rows."""
    rates: Disclosure | None
    """None where no rate makes the flows worth nothing."""


def costs_of(terms: Terms, on: date) -> Costs:
    """Return what a loan costs. The terms give a schedule: whoever offers a contract has seen to that.

    A cap on all costs can only lower it.
    """
    lent = lent_of(terms)
    assert not isinstance(lent, Rejection), lent
    planned = schedule(lent[0], on)
    left = balances(planned)
    charges = list(_charges(terms, planned, left, on))
    rates = disclose(lent[0], on, planned, [Fee(each.on, each.amount) for each in charges])
    rows = _rows(planned, left, charges)
    principal, interest = sum(row.principal for row in rows), sum(row.interest for row in rows)
    fees, due = sum(each.amount for each in charges), {row.due for row in rows}
    apart = [each for each in charges if each.on not in due]
    total = principal + interest + fees
    return Costs(lent[1], lent[0].principal, interest, fees, total, rows, apart, rates)


def rate_at(terms: Terms, on: date) -> Rate:
    """Return the rate that holds on a day, as far as it is known: a reset or step before it counts."""
    return rate_on(rates_of(terms, on + _DAY), on)


def next_reset(terms: Terms, on: date) -> date | None:
    """Return the first reset of a floating rate after a day; None for a fixed rate, or past the calendar."""
    if terms.floating is None:
        return None
    cycle, months = terms.floating.resets, terms.month_end
    dates = (cycle_date(cycle, k, months) for k in count())
    return next(day for day in dates if day is None or day > on)


def _rows(planned: tuple[Installment, ...], left: list[int], charges: Iterable[Charge]) -> list[Row]:
    fees: dict[date, int] = {}
    for charge in charges:
        fees[charge.on] = fees.get(charge.on, 0) + charge.amount
    rows = []
    for number, (row, balance) in enumerate(zip(planned, left[1:], strict=True), 1):
        fee, owed = fees.get(row.due_date, 0), row.principal + row.interest
        rows.append(Row(number, row.due_date, row.principal, row.interest, fee, owed + fee, balance))
    return rows


def _charges(terms: Terms, planned: tuple[Installment, ...], left: list[int], on: date) -> Iterator[Charge]:
    """Yield every fee that comes by itself while all is paid on time; what is withheld is not owed, so no fee."""
    for fee in terms.fees:
        match fee.when:
            case FeeWhen.FROM_PAYOUT:
                days = [(on, terms.principal)]
            case FeeWhen.DISBURSEMENT:
                days = [(on, left[0])]
            case FeeWhen.INSTALLMENT:
                days = _with_installments(fee, planned, left, on)
            case FeeWhen.DATE | FeeWhen.YEARLY:
                days = [(day, _outstanding(planned, left, day)) for day in _dates(fee, planned, on)]
            case FeeWhen.WITHHELD | FeeWhen.OVERDUE:
                days = []
        for day, base in days:
            share = share_of(base, fee.price, terms) if _counts(fee) else 0
            if fee.price.flat + share:
                yield Charge(fee.name, day, fee.price.flat + share)


def _with_installments(
    fee: FeeTerms, planned: tuple[Installment, ...], left: list[int], on: date
) -> list[tuple[date, int]]:
    """Return the days of installments and what a percentage is taken of; a down payment bears no fee."""
    whole = fee.price.of is FeeBase.INSTALLMENT
    pairs = zip(planned, left, strict=False)
    return [(row.due_date, installment_total(row) if whole else before) for row, before in pairs if row.due_date != on]


def _counts(fee: FeeTerms) -> bool:
    """Return whether a percentage comes to anything on time: nothing is overdue, and some days have no installment."""
    return fee.price.of is FeeBase.PRINCIPAL or (
        fee.price.of is FeeBase.INSTALLMENT and fee.when is FeeWhen.INSTALLMENT
    )


def _dates(fee: FeeTerms, planned: tuple[Installment, ...], on: date) -> list[date]:
    """Return the days of a fee on a date, or on each anniversary, before the last installment."""
    last = planned[-1].due_date
    if fee.when is FeeWhen.DATE:
        days = [max(fee.on, on)] if fee.on is not None else []
        return [day for day in days if day <= last]
    anniversaries = (add_months(on, 12 * years, on.day) for years in count(1))
    return [day for day in takewhile(lambda day: day is not None and day <= last, anniversaries) if day is not None]


def _outstanding(planned: tuple[Installment, ...], left: list[int], day: date) -> int:
    """Return the principal that is lent on a day, before what is due on it is paid."""
    return left[sum(row.due_date < day for row in planned)]
