"""What remains of a running loan: where it is planned anew, what bears interest there, and what was earned before."""

from datetime import date
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from core.account import Balance, Contract, Loan, bearing, principal_to_come, promised
from core.charging.fees import withheld
from core.contract.terms import BrokenPeriod, BusinessDays, Installment, Method, Terms
from core.money import Minor
from core.rejections import Code, Rejection
from core.schedule.calendars import shifted
from core.schedule.cycles import grid_date
from core.schedule.dates import due_dates
from core.schedule.daycount import BY_WHOLE_PERIOD
from core.schedule.interest import Ratio, interest_between, plus
from core.schedule.level import level_part
from core.schedule.plan import rows_at_payout
from core.schedule.spans import is_plain
from core.servicing.accrual import running_interest
from core.servicing.recalculation import agreed_rows

NOTHING_REMAINS: Final = Rejection(Code.CHANGE_REFUSED, "no installment is to come that was not paid in advance")
SPREAD: Final = Rejection(Code.CHANGE_REFUSED, "interest of the broken period is spread over all installments")
EVEN: Final = (Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY)
"""Methods whose interest is that of the balance, for each period by itself."""


class Remaining(Struct, frozen=True):
    """The rest of a loan, from a row on."""

    number: int
    """Of the first row."""
    installment: int
    """Of the first agreed due date."""
    principal: int
    start: date
    """Of the first row."""
    dates: tuple[date, ...]
    """Where the first period is counted from, then the agreed due dates."""
    since: date
    """The principal bears interest from here on; `earned` is the interest before."""
    earned: Ratio


def agreed_dates(contract: Contract) -> tuple[date, ...]:
    """Return all agreed due dates of a loan that was paid out, before business days move them."""
    if contract.dates:
        return contract.dates
    assert contract.disbursed_on is not None
    return due_dates(contract.terms, contract.disbursed_on) or ()


def remaining(loan: Loan, contract: Contract, on: date, day: date | None = None) -> Remaining | None:
    """Return what may be planned anew from the row in which a day lies (without it, from the running one).

    Rows in which money was paid in advance stay as they are: what remains begins after them. None if nothing does.
    """
    index = max(loan.billed, max((paid.number for paid in loan.ahead), default=0))
    while day is not None and index < len(contract.schedule) and contract.schedule[index].due_date <= day:
        index += 1
    if index == len(contract.schedule):
        return None
    terms, row = contract.terms, contract.schedule[index]
    dates = agreed_dates(contract)
    passed = sum(1 for each in dates if due_on(terms, each) <= row.start)
    start = counted(contract, row)[0]
    if index == loan.billed:
        since, earned = _ran(loan, contract, row, passed + 1, on)
    else:
        since, earned = start, waiting(loan, contract, index)
    principal = principal_at(loan, contract, index)
    return Remaining(index + 1, passed + 1, principal, row.start, (start, *dates[passed:]), since, earned)


def due_on(terms: Terms, agreed: date) -> date:
    """Return when an agreed due date is paid."""
    return shifted(terms.business_days, terms.calendar, agreed)


def counted(contract: Contract, row: Installment) -> tuple[date, date]:
    """Return the days between which a row bears interest: the agreed ones, where not those on which it is paid."""
    terms = contract.terms
    if terms.business_days is BusinessDays.NONE or terms.count_to_shifted:
        return row.start, row.due_date
    dates = agreed_dates(contract)
    start = max((day for day in dates if due_on(terms, day) <= row.start), default=row.start)
    return start, next((day for day in dates if day > start and due_on(terms, day) == row.due_date), row.due_date)


def principal_at(loan: Loan, contract: Contract, index: int) -> int:
    """Return the principal that is outstanding, and not due, when a row begins."""
    ahead = {paid.number: paid.principal for paid in loan.ahead}
    between = sum(
        row.principal - ahead.get(number, 0) - row.capitalized
        for number, row in enumerate(contract.schedule[loan.billed : index], loan.billed + 1)
    )
    return principal_to_come(loan) - between


def waiting(loan: Loan, contract: Contract, index: int) -> Ratio:
    """Return interest of former periods that falls due with the row or later."""
    numbers = range(loan.billed + 1, index + 1)
    return loan.carried + sum(each.amount for each in contract.deferrals if each.number in numbers), 1


def known_balances(loan: Loan, contract: Contract) -> tuple[Balance, ...]:
    """Return what bore interest in the running period; principal paid in advance goes on, if the schedule stays."""
    if loan.balances:
        return loan.balances
    ahead = 0 if contract.terms.recalculation is not None else sum(paid.principal for paid in loan.ahead)
    principal = bearing(loan, contract) + ahead
    return (Balance(contract.schedule[loan.billed].start, Minor(principal)),)


def noted(loan: Loan, contract: Contract, principal: int, on: date) -> tuple[Balance, ...]:
    """Return what bears interest in the running period once the principal that bears it changes on a day."""
    known = known_balances(loan, contract)
    if on <= known[0].start:
        # It bears it from the period's start; or from this day, up to which a prepayment paid interest.
        return () if on <= contract.schedule[loan.billed].start else (Balance(on, Minor(principal)),)
    return (*(balance for balance in known if balance.start < on), Balance(on, Minor(principal)))


def interest_of(contract: Contract, row: Installment, number: int, start: date, end: date, balance: int) -> Ratio:
    """Return the exact interest of a balance for days within a row."""
    base = base_of(contract.terms, balance)
    return interest_between(contract.terms, *counted(contract, row), start, end, base, number)


def base_of(terms: Terms, balance: int) -> int:
    """Return what bears interest: of a flat loan the principal that its terms say, otherwise the balance."""
    return terms.interest_base_amount or terms.principal if terms.method is Method.FLAT else balance


def has_flat_base(terms: Terms) -> bool:
    """Return whether the terms say what bears interest, whatever the balance."""
    return terms.method is Method.FLAT and terms.interest_base is None


def with_flat_base(contract: Contract) -> Contract:
    """Return the contract with what a flat loan bears interest on in its terms: what was lent, less what came early.

    Not lent are parts that were not paid out, fees that lower the principal, and the down payment.
    """
    terms = contract.terms
    if not has_flat_base(terms) or (contract.dates and terms.interest_base_amount is not None):
        return contract
    at_payout = contract.schedule[: rows_at_payout(terms, contract.schedule, contract.disbursed_on)]
    down = sum(row.principal for row in at_payout)
    base = terms.principal - promised(contract) - withheld(terms)[1] - down
    return replace(contract, terms=replace(terms, interest_base_amount=base))


def counts_by_itself(contract: Contract, row: Installment) -> bool:
    """Return whether a row's interest is that of the balance for its own days, and they are one period of the terms."""
    terms = contract.terms
    if terms.method not in EVEN or terms.interest_base is not None:
        return False
    if row.start == contract.disbursed_on:
        return terms.broken_period is BrokenPeriod.WITHIN
    if terms.day_count not in BY_WHOLE_PERIOD:
        return True
    start, end = counted(contract, row)
    before = grid_date(end, -1, terms.every, terms.unit, grid_day(contract))
    return terms.interest_cycle is None and before == start


def exactly_earned(loan: Loan, contract: Contract, on: date) -> Ratio | None:
    """Return the running period's interest by a day, by what the rate was on each; None where that is not known."""
    rest = remaining(loan, contract, on)
    if rest is None or loan.ahead or not counts_by_itself(contract, contract.schedule[loan.billed]):
        return None
    return earned_by(loan, contract, rest, on).earned


def _ran(loan: Loan, contract: Contract, row: Installment, number: int, on: date) -> tuple[date, Ratio]:
    """Return since when the running period's last principal bears interest, and what was earned in it before."""
    first = counted(contract, row)[0]
    if not counts_by_itself(contract, row):
        # Such interest is no matter of one balance and one period: what the books accrued by today is what was earned.
        return first if on <= row.start else max(on, first), (running_interest(loan, contract, on), 1)
    known = known_balances(loan, contract)
    # What the period began with bears interest from the day that it is counted from.
    starts = [first if each.start == row.start else max(first, each.start) for each in known]
    earned: Ratio = (int(loan.carried), 1)
    for balance, (start, end) in zip(known, pairwise(starts), strict=False):
        earned = plus(earned, interest_of(contract, row, number, start, end, balance.principal))
    return starts[-1], earned


def earned_by(loan: Loan, contract: Contract, rest: Remaining, on: date) -> Remaining:
    """Return what remains with the principal as it is from a day of the running period on."""
    row = contract.schedule[rest.number - 1]
    if on <= rest.since:
        return rest
    bears = known_balances(loan, contract)[-1].principal
    until = min(on, counted(contract, row)[1])
    part = interest_of(contract, row, rest.installment, rest.since, until, bears)
    return replace(rest, since=on, earned=plus(rest.earned, part))


def level_now(contract: Contract, rest: Remaining) -> int | None:
    """Return the installment (or its principal part) that is agreed now; None where only the last row remains."""
    if contract.terms.agreed_installment is not None:
        return contract.terms.agreed_installment
    rows = agreed_rows(contract)[rest.number - 1 : -1]
    return next((level_part(contract.terms.method, row) for row in rows if row.principal), None)


def grid_day(contract: Contract) -> int:
    """Return the day of the month that the due dates keep."""
    return contract.terms.due_day or max(day.day for day in agreed_dates(contract))


def further(contract: Contract, dates: tuple[date, ...], count: int) -> tuple[date, ...] | None:
    """Return dates with so many more after them, whole periods apart; None past the last date."""
    terms, last = contract.terms, dates[-1]
    more = [grid_date(last, k, terms.every, terms.unit, grid_day(contract)) for k in range(1, count + 1)]
    found = [day for day in more if day is not None]
    return (*dates, *found) if len(found) == count else None


def with_stub(contract: Contract, terms: Terms, rest: Remaining, first: date) -> Remaining:
    """Return what remains where the running period ends on another day than agreed.

    A period that counts by its nominal length is then one before the new date; days before it are part of the one
    before that. Counts by dates need no such care.
    """
    agreed = first == rest.dates[1] and (rest.installment == 1 or first == terms.last_due)
    if agreed or terms.day_count not in BY_WHOLE_PERIOD or not is_plain(terms):
        return rest
    day = terms.due_day or (grid_day(contract) if first == rest.dates[1] else first.day)
    regular = grid_date(first, -1, terms.every, terms.unit, day)
    if regular is None or due_on(terms, regular) == rest.start:
        return rest
    earned, end, base = rest.earned, regular, base_of(terms, rest.principal)
    while rest.since < end and (start := grid_date(end, -1, terms.every, terms.unit, day)) is not None:
        since = max(start, rest.since)
        earned = plus(earned, interest_between(terms, start, end, since, end, base, rest.installment))
        end = start
    return replace(rest, dates=(regular, *rest.dates[1:]), since=max(rest.since, regular), earned=earned)
