"""Interest that follows what was paid and when: early principal bears none, late principal goes on (loan_math 9).

The installment stays; a row's principal is what its interest leaves; the last row that is not paid absorbs the rest.
A row paid in full in advance keeps as interest what was paid, and what its period earns after that goes to the next.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from core.account import NOTHING_AHEAD, Accrual, Ahead, Contract, Loan, bearing, is_down_payment, principal_to_come
from core.contract.servicing import PayoffInterest
from core.contract.terms import Installment, installment_total
from core.money import Minor, divide
from core.schedule.interest import Ratio, interest_between, plus
from core.schedule.plan import rows_at_payout
from core.schedule.walk import LEVEL


class Projection(Struct, frozen=True):
    """The rows that have not fallen due, as computed anew, and what the first leaves to the next."""

    rows: tuple[Installment, ...]
    carried: Minor


def project(
    loan: Loan,
    contract: Contract,
    on: date,
    until: date | None = None,
    settled: Collection[int] = (),
    late_to: date | None = None,
) -> Projection:
    """Compute the rows that have not fallen due anew, from what bore interest so far and what bears it on a date.

    `until` stops the clock: interest earned by then. `settled` are numbers of rows paid in full by this payment.
    Principal past due bears interest until it is paid: the period's end, or `late_to`.
    """
    planned = (*contract.planned, *contract.schedule[len(contract.planned) :])
    ahead, agreed = {paid.number: paid for paid in loan.ahead}, len(agreed_rows(contract))
    late = last_open(loan, contract)
    settled = {*settled, *paid_whole(loan, contract), *(asking_nothing(loan, contract) if late else ())}
    left: int = principal_to_come(loan)
    last = _absorbing(loan, contract, settled)
    if left and not last:
        # Each had been paid as agreed, and principal that rounding left to the last one is still to come.
        last = agreed
        settled.discard(last)
    rows: list[Installment] = []
    carried = [int(loan.carried)]
    for number, row in enumerate(contract.schedule[loan.billed :], loan.billed + 1):
        paid = ahead.get(number, NOTHING_AHEAD)
        if rows:
            interest = carried[-1] + _whole(contract, row, number, left if number <= agreed else 0, until)
        else:
            interest = carried[-1] + _running(loan, contract, row, on, until, late_to)
        asked = interest if rows or number in settled else _asked(loan, number, interest)
        rows.append(_row(contract, planned[number - 1], row, paid, asked, left, number == last, number in settled))
        carried.append(max(0, interest - rows[-1].interest))
        left -= rows[-1].principal - paid.principal
    if rows and carried[-1] and not late:
        # All that comes is paid, and what was earned before is still to come: it is due at the end.
        rows[-1] = replace(rows[-1], interest=rows[-1].interest + carried.pop())
        carried.append(0)
    return Projection(tuple(rows), Minor(carried[1] if rows else 0))


def _asked(loan: Loan, number: int, interest: int) -> int:
    """Return what the running installment asks of what it earned: opened again by a chargeback, others paid some."""
    paid = {part.number: part.interest for part in loan.ahead}
    return max(paid.get(number, 0), interest - sum(paid[later] for later in paid if later > number))


def earned(loan: Loan, contract: Contract, on: date, until: date | None = None) -> int:
    """Return interest of the running period, with what was carried into it, and without what was collected."""
    interest = _running(loan, contract, contract.schedule[loan.billed], on, until, None)
    return interest + loan.carried - sum(paid.interest for paid in loan.ahead)


def leaves_interest(loan: Loan, contract: Contract, on: date) -> bool:
    """Return whether the running installment asks for less than it earned: it is skipped, or its level is too low."""
    row = contract.schedule[loan.billed]
    return not row.principal and earned(loan, contract, on) > row.interest


def agreed_rows(contract: Contract) -> tuple[Installment, ...]:
    """Return the installments as agreed; those that charges make after the end are none, and bear no interest."""
    return contract.planned or contract.schedule


def last_open(loan: Loan, contract: Contract) -> int:
    """Return the number of the last overdue installment where all that comes is paid; 0 if there is none."""
    recalculation = contract.terms.recalculation
    if not loan.dues or recalculation is None or not recalculation.on_past_due:
        return 0
    if not {*paid_whole(loan, contract), *asking_nothing(loan, contract)}.issuperset(_coming(loan, contract)):
        return 0
    late = [due for due in loan.dues if due.principal or due.interest]
    return next((due.number for due in reversed(late) if not is_down_payment(due, contract)), 0)


def accrual_of(loan: Loan, contract: Contract, on: date) -> Accrual:
    """Return how the running period's interest is earned from a date on."""
    start = max(on, contract.schedule[loan.billed].start)
    return Accrual(start, earned(loan, contract, on, until=start), earned(loan, contract, on))


def payoff_interest(loan: Loan, contract: Contract, on: date) -> Minor:
    """Return interest earned and uncollected that an early payoff owes."""
    recalculation = contract.terms.recalculation
    if recalculation is None or loan.billed == len(contract.schedule):
        return loan.carried
    return Minor(max(0, earned(loan, contract, on, until=payoff_until(contract, loan.billed, on))))


def payoff_until(contract: Contract, index: int, on: date) -> date:
    """Return up to when a payoff owes interest: its day, or the end of the period that has begun before it."""
    recalculation, row = contract.terms.recalculation, contract.schedule[index]
    whole = recalculation is not None and recalculation.payoff is PayoffInterest.UNTIL_DUE
    return row.due_date if whole and on > row.start else on


def next_late_day(loan: Loan, contract: Contract) -> date | None:
    """Return the day on which unpaid principal begins to bear interest as past due, if it is not counted yet."""
    recalculation = contract.terms.recalculation
    if recalculation is None or not recalculation.on_past_due or not loan.dues:
        return None
    if loan.billed == len(contract.schedule):
        return None
    due = loan.dues[-1].due_date
    if due < contract.schedule[loan.billed].start:
        return None  # It was late before this period began.
    return due + timedelta(days=1) if loan.accrual is None or loan.accrual.start <= due else None


def _running(
    loan: Loan, contract: Contract, row: Installment, on: date, until: date | None, late_to: date | None
) -> int:
    """Return the running period's interest, rounded once over all balances that bore it."""
    stop = row.due_date if until is None else min(row.due_date, until)
    total, number = (0, 1), loan.billed + 1
    if number > len(agreed_rows(contract)):
        return 0
    if row.start == row.due_date:
        return _whole(contract, row, number, bearing(loan, contract), until)
    for start, end, balance in _segments(loan, contract, row, on, late_to):
        if start < min(end, stop):
            end = min(end, stop)
            total = plus(total, _interest(contract, row, number, start, end, balance))
    return divide(*total, contract.terms.rounding)


def _segments(
    loan: Loan, contract: Contract, row: Installment, on: date, late_to: date | None
) -> Iterator[tuple[date, date, int]]:
    """Yield what bore interest, from when to when, and what will until the row falls due."""
    known = [(balance.start, int(balance.principal)) for balance in loan.balances]
    if not known:
        known = [(row.start, int(bearing(loan, contract)))]
    for (start, balance), (end, _) in pairwise(known):
        yield start, end, balance
    start, balance = known[-1]
    # What fell due today is taken to be paid today; what is past due stays, unless the question says otherwise.
    turn = max(start, on if late_to is None else late_to)
    recalculation = contract.terms.recalculation
    late = loan.dues if recalculation is not None and recalculation.on_past_due else ()
    late = tuple(due for due in late if not is_down_payment(due, contract))
    leaving = sum(due.principal for due in late if late_to is not None or due.due_date >= on)
    yield start, turn, balance
    yield turn, row.due_date, balance - leaving


def _whole(contract: Contract, row: Installment, number: int, balance: int, until: date | None) -> int:
    stop = row.due_date if until is None else min(row.due_date, until)
    if stop < row.start or balance <= 0 or row.due_date == contract.disbursed_on:
        return 0
    return divide(*_interest(contract, row, number, row.start, stop, balance), contract.terms.rounding)


def _interest(contract: Contract, row: Installment, number: int, start: date, end: date, balance: int) -> Ratio:
    installment = number - rows_at_payout(contract.terms, contract.schedule, contract.disbursed_on)
    return interest_between(contract.terms, row.start, row.due_date, start, end, balance, installment)


def _row(
    contract: Contract,
    planned: Installment,
    row: Installment,
    paid: Ahead,
    interest: int,
    left: int,
    absorbs: bool,
    settled: bool,
) -> Installment:
    """Return one row: its interest, and the principal that a level leaves; other methods keep their principal part."""
    if settled:
        return Installment(row.start, row.due_date, paid.principal, paid.interest)
    if absorbs:
        return Installment(row.start, row.due_date, Minor(left + paid.principal), Minor(max(interest, paid.interest)))
    if contract.terms.method is LEVEL:
        total = installment_total(planned)
        interest = max(min(interest, total), paid.interest)
        principal = total - interest
    else:
        principal = planned.principal
        if not installment_total(planned):
            interest = int(paid.interest)  # It is skipped: what its period earns goes to the next.
    if paid.principal > principal:
        # More principal came early than the interest leaves: the row owes no more interest than was paid.
        interest = paid.interest
        principal = max(total - interest, paid.principal) if contract.terms.method is LEVEL else paid.principal
    return Installment(row.start, row.due_date, Minor(min(principal, left + paid.principal)), Minor(interest))


def _absorbing(loan: Loan, contract: Contract, settled: Collection[int]) -> int:
    """Return the number of the last row that is not paid in full; 0 if there is none."""
    numbers = range(len(agreed_rows(contract)), loan.billed, -1)
    return next((number for number in numbers if number not in settled), 0)


def _coming(loan: Loan, contract: Contract) -> range:
    """Return the numbers of the agreed installments that have not fallen due."""
    return range(loan.billed + 1, len(agreed_rows(contract)) + 1)


def asking_nothing(loan: Loan, contract: Contract) -> list[int]:
    """Return the numbers of the installments to come for which what was paid before leaves nothing."""
    return [number for number in _coming(loan, contract) if not installment_total(contract.schedule[number - 1])]


def paid_whole(loan: Loan, contract: Contract) -> list[int]:
    """Return the numbers of the installments that were paid whole before they fell due."""
    rows = contract.schedule
    return [
        paid.number for paid in loan.ahead if paid.interest + paid.principal == installment_total(rows[paid.number - 1])
    ]
