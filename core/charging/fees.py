"""Fees and penalties of the product: what each costs, and on which day each is charged without anybody asking."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

from core.account import Contract, Due, Loan, Recurrence
from core.contract.servicing import Fee, FeeBase, FeeWhen, Price
from core.contract.terms import PPB, Terms, installment_total
from core.events import ChargeAdded
from core.money import Minor, divide
from core.schedule.dates import add_months
from core.servicing.capping import within_cap
from core.servicing.settling import add_cost


def price_of(price: Price, loan: Loan, contract: Contract, number: int, on: date) -> int:
    """Return what a charge on an installment comes to on a day."""
    if not price.share_ppb:
        return price.flat
    match price.of:
        case FeeBase.PRINCIPAL:
            base = int(loan.principal)
        case FeeBase.INSTALLMENT:
            in_schedule = 0 < number <= len(contract.schedule)
            base = installment_total(contract.schedule[number - 1]) if in_schedule else 0
        case FeeBase.OVERDUE:
            base = sum(unpaid(due) + due.fee for due in loan.dues if due.due_date < on)
    return price.flat + share_of(base, price, contract.terms)


def share_of(base: int, price: Price, terms: Terms) -> int:
    """Return a percentage of a base."""
    return divide(base * price.share_ppb, PPB, terms.rounding)


def next_fee_day(loan: Loan, contract: Contract) -> date | None:
    """Return the next day on which a fee comes by itself, but for those that come with an installment."""
    days = [day for _, _, day in _coming(loan, contract)]
    return min(days, default=None)


def fees_on(loan: Loan, contract: Contract, day: date) -> Iterator[ChargeAdded]:
    """Yield the fees on a date and the yearly fees that came by a day; they belong to the installment that runs."""
    for place, due, when in _coming(loan, contract):
        if when <= day and due is None:
            yield (event := _charged(loan, contract, place, loan.billed + 1, day))
            loan = add_cost(loan, event.amount)


def overdue_fees(loan: Loan, contract: Contract, day: date) -> Iterator[ChargeAdded]:
    """Yield the charges that came by a day on installments that are overdue; they are due at once."""
    for place, due, when in _coming(loan, contract):
        if when <= day and due is not None:
            yield (event := _charged(loan, contract, place, due.number, day, due))
            loan = add_cost(loan, event.amount)


def installment_fees(loan: Loan, contract: Contract, number: int, day: date) -> Iterator[ChargeAdded]:
    """Yield the fees that come with an installment."""
    if contract.schedule[number - 1].due_date == contract.disbursed_on:
        return
    for place, fee in enumerate(contract.terms.fees, 1):
        if fee.when is FeeWhen.INSTALLMENT:
            yield (event := _charged(loan, contract, place, number, day))
            loan = add_cost(loan, event.amount)


def disbursement_fees(loan: Loan, contract: Contract, day: date) -> Iterator[ChargeAdded]:
    """Yield the fees that are due on the day of disbursement."""
    for place, fee in enumerate(contract.terms.fees, 1):
        if fee.when is FeeWhen.DISBURSEMENT:
            yield (event := _charged(loan, contract, place, 0, day))
            loan = add_cost(loan, event.amount)


def withheld(terms: Terms) -> tuple[int, int]:
    """Return what is kept back from the payout, and what of it lowers the principal."""
    taken = lowers = 0
    for fee in terms.fees:
        if fee.when in (FeeWhen.WITHHELD, FeeWhen.FROM_PAYOUT):
            amount = fee.price.flat + share_of(terms.principal, fee.price, terms)
            taken += amount
            lowers += amount if fee.when is FeeWhen.WITHHELD else 0
    return taken, lowers


def unpaid(due: Due) -> int:
    """Return principal and interest unpaid of an installment: without them nothing comes for being overdue."""
    return due.principal + due.interest


def _coming(loan: Loan, contract: Contract) -> Iterator[tuple[int, Due | None, date]]:
    """Yield each fee that will come by itself: its place in the terms, the overdue installment, the day."""
    last = {(each.fee, each.number): each for each in loan.recurrences}
    for place, fee in enumerate(contract.terms.fees, 1):
        match fee.when:
            case FeeWhen.OVERDUE:
                for due in loan.dues:
                    day = _overdue_day(fee, due, last.get((place, due.number)))
                    if day is not None and unpaid(due):
                        yield place, due, day
            case FeeWhen.DATE | FeeWhen.YEARLY if loan.billed < len(contract.schedule):
                day = _dated(fee, contract, last.get((place, 0)))
                if day is not None:
                    yield place, None, day


def _dated(fee: Fee, contract: Contract, last: Recurrence | None) -> date | None:
    start = contract.disbursed_on
    assert start is not None
    if fee.when is FeeWhen.DATE:
        day = fee.on if last is None else None
        return None if day is None else max(day, start)
    after = start if last is None else last.last
    years = after.year - start.year
    days = (add_months(start, 12 * each, start.day) for each in (years, years + 1))
    return next((day for day in days if day is None or day > after), None)


def _overdue_day(fee: Fee, due: Due, last: Recurrence | None) -> date | None:
    first = due.due_date + timedelta(days=fee.wait_days)
    if last is None:
        return first
    if fee.most and last.total >= fee.most:
        return None
    if fee.every_days:
        return last.last + timedelta(days=fee.every_days)
    if fee.every_months:
        # Counted from the first one, so that the 31st does not become the 28th for good.
        days = (add_months(first, fee.every_months * k, first.day) for k in count(1))
        return next((day for day in days if day is None or day > last.last), None)
    return None


def _charged(loan: Loan, contract: Contract, place: int, number: int, day: date, due: Due | None = None) -> ChargeAdded:
    terms, fee = contract.terms, contract.terms.fees[place - 1]
    if due is not None and fee.price.of is FeeBase.OVERDUE:
        amount = fee.price.flat + share_of(unpaid(due) + due.fee, fee.price, terms)
    else:
        amount = price_of(fee.price, loan, contract, number, day)
    if due is not None and fee.most:
        made = (each for each in loan.recurrences if (each.fee, each.number) == (place, due.number))
        amount = min(amount, fee.most - sum(each.total for each in made))
    allowed = within_cap(loan, contract, amount, day)
    waived = Minor(amount - allowed)
    return ChargeAdded(day, loan.number, number, day, fee.component, allowed, fee.name, waived=waived, fee=place)
