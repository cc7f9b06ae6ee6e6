"""Changes of terms that leave what is due alone: what each makes of the terms and the dates to come."""

from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from core.account import Contract, Loan, principal_to_come
from core.change_events import Replanned
from core.changing.remaining import NOTHING_REMAINS, Remaining, further, grid_day, level_now, remaining
from core.changing.replanning import replanned, solve
from core.contract.changes import Effect, Extend, FixIndex, Holiday, PauseInterest, Reschedule
from core.contract.terms import (
    INSTALLMENTS_MAX,
    Fixing,
    Installment,
    Method,
    Pause,
    Rate,
    RateStep,
    Terms,
)
from core.rejections import Code, Rejection
from core.schedule.cycles import cycle_dates, grid_date
from core.schedule.dates import UNIT_MONTHS, add_months
from core.schedule.floating import rate_on, rates_of
from core.schedule.level import level_part
from core.schedule.refusals import Refusal, terms_invalid
from core.schedule.spans import AT_THE_END
from core.servicing.quote import payoff_interest

SHORT_TERM: Final = 12
MID_TERM: Final = 60
"""A loan of up to so many months is short-term, or mid-term; any other is long-term (lending_practice section 1)."""
LONGEST: Final = 36
"""Months by which a long-term loan may be extended."""


def reschedule(loan: Loan, contract: Contract, change: Reschedule, on: date) -> Replanned | Rejection:
    """Plan by another rate, other dates, another number or payment, grace."""
    if change == Reschedule():
        return Rejection(Code.NOTHING_TO_DO, "no term is to be another")
    if change.interest_grace and contract.terms.recalculation is not None:
        return terms_invalid(Refusal.INTEREST_WAITS_AND_FOLLOWS)
    start = change.start or on
    if start < on:
        return Rejection(Code.CHANGE_REFUSED, f"a rate holds from {on} on, or later")
    moves = change.due_day or change.first_due or change.installments or change.payment
    grace = change.principal_grace or change.interest_grace
    rest = remaining(loan, contract, on, None if moves or grace or change.rate is None else start)
    if rest is None or len(rest.dates) == 1:
        return NOTHING_REMAINS
    if change.payment and contract.terms.method in AT_THE_END:
        return Rejection(Code.CHANGE_REFUSED, "all principal is due at the end: there is no installment to agree on")
    terms = contract.terms if change.rate is None else _at_rate(contract.terms, change.rate, start)
    dated = _on_other_dates(contract, terms, rest, change, on)
    if isinstance(dated, Rejection):
        return dated
    terms, rest = dated
    terms = _with_grace(terms, rest, change.principal_grace, change.interest_grace)
    if max(terms.principal_grace, terms.interest_grace) >= rest.installment + len(rest.dates) - 2:
        return terms_invalid(Refusal.GRACE_TOO_LONG)
    level = change.payment or terms.agreed_installment
    rows = solve(contract, terms, rest, level)
    if isinstance(rows, Rejection):
        return rows
    if change.payment and not change.installments and _leaves_a_rest(terms, rest, rows, change.payment):
        return terms_invalid(Refusal.PAYMENT_DOES_NOT_AMORTIZE)
    return replanned(loan, contract, replace(terms, agreed_installment=level), rest, rows, loan.balances, on)


def _at_rate(terms: Terms, rate: Rate, start: date) -> Terms:
    """Return terms at a rate that is agreed from a day on: what was agreed for later, or an index, counts no more."""
    known = rates_of(terms, start)
    steps = [RateStep(day, held) for day, held in zip(known.starts, known.later, strict=True) if day < start]
    return replace(terms, rate_steps=(*steps, RateStep(start, rate)), floating=None)


def _leaves_a_rest(terms: Terms, rest: Remaining, rows: tuple[Installment, ...], payment: int) -> bool:
    """Return whether as many installments as there can be do not repay it, and the last has to take more."""
    return len(rows) == len(rest.dates) - 1 and level_part(terms.method, rows[-1]) > payment


def extend(loan: Loan, contract: Contract, change: Extend, on: date) -> Replanned | Rejection:
    """Extend the maturity: before it, not too often and not too far."""
    matures = contract.matures or contract.schedule[-1].due_date
    if on >= contract.schedule[-1].due_date:
        return Rejection(Code.LOAN_MATURED, f"the loan matured on {contract.schedule[-1].due_date}")
    if contract.extensions >= contract.terms.extensions_max:
        return Rejection(Code.EXTENSION_REFUSED, f"extended {contract.extensions} times, which is all that is agreed")
    rest = remaining(loan, contract, on)
    if rest is None:
        return NOTHING_REMAINS
    dates = further(contract, rest.dates, change.installments)
    if dates is None:
        return terms_invalid(Refusal.SCHEDULE_TOO_LONG)
    assert contract.disbursed_on is not None
    latest = latest_maturity(contract.disbursed_on, matures)
    if latest is None or dates[-1] > latest:
        return Rejection(Code.EXTENSION_REFUSED, f"the latest maturity is {latest}")
    terms = _ending(contract.terms, dates)
    return _planned(loan, contract, terms, replace(rest, dates=dates), terms.agreed_installment, on)


def latest_maturity(disbursed_on: date, matures: date) -> date | None:
    """Return how far a maturity may be moved: the term again, of a mid-term loan half of it, else three years."""
    months = 12 * (matures.year - disbursed_on.year) + matures.month - disbursed_on.month
    if (whole := add_months(disbursed_on, months, disbursed_on.day)) is None or whole > matures:
        months -= 1
    whole = add_months(disbursed_on, months, disbursed_on.day) or disbursed_on
    days = (matures - whole).days
    if months > MID_TERM or (months == MID_TERM and days):
        months, days = LONGEST, 0
    elif months > SHORT_TERM or (months == SHORT_TERM and days):
        months, days = months // 2, (months % 2 * 30 + days) // 2
    latest = add_months(matures, months, matures.day)
    return None if latest is None else latest + timedelta(days=days)


def holiday(loan: Loan, contract: Contract, change: Holiday, on: date) -> Replanned | Rejection:
    """Skip installments; their interest waits, or becomes principal."""
    rest = remaining(loan, contract, on)
    if rest is None:
        return NOTHING_REMAINS
    if change.capitalize and contract.terms.recalculation is not None:
        return Rejection(Code.CHANGE_REFUSED, "interest that follows payments is not added to principal")
    terms = replace(contract.terms, capitalize_grace=change.capitalize)
    if change.extends:
        dates = further(contract, rest.dates, change.installments)
        if dates is None:
            return terms_invalid(Refusal.SCHEDULE_TOO_LONG)
        terms, rest = _ending(terms, dates), replace(rest, dates=dates)
    terms = _with_grace(terms, rest, change.installments, change.installments)
    if terms.interest_grace >= rest.installment + len(rest.dates) - 2:
        return terms_invalid(Refusal.GRACE_TOO_LONG)
    return _planned(loan, contract, terms, rest, terms.agreed_installment, on)


def pause(loan: Loan, contract: Contract, change: PauseInterest, on: date) -> Replanned | Rejection:
    """Charge no interest for some days."""
    if not on <= change.start < change.end:
        return Rejection(Code.CHANGE_REFUSED, f"a pause begins on {on} or later, and has days")
    rest = remaining(loan, contract, on, change.start)
    if rest is None:
        return NOTHING_REMAINS
    terms = replace(contract.terms, pauses=(*contract.terms.pauses, Pause(change.start, change.end)))
    shortens = change.effect is not Effect.REDUCE_PAYMENT
    return _planned(loan, contract, terms, rest, level_now(contract, rest) if shortens else None, on)


def fix(loan: Loan, contract: Contract, change: FixIndex, on: date) -> Replanned | Rejection:
    """Take a value of the index into account: the rate of the resets from it on."""
    floating = contract.terms.floating
    if floating is None:
        return Rejection(Code.CHANGE_REFUSED, "the rate follows no index")
    before = [fixing for fixing in floating.fixings if fixing.on < change.on]
    after = [fixing for fixing in floating.fixings if fixing.on > change.on]
    resets = replace(floating.resets, long_last=False)
    if before and not cycle_dates(resets, before[-1].on, change.on, contract.terms.month_end):
        before.pop()  # No reset looked at it: an index that is told every day would fill the list.
    fixings = (*before, Fixing(change.on, change.ppb), *after)
    terms = replace(contract.terms, floating=replace(floating, fixings=fixings))
    changed = _first_change(contract.terms, terms, contract.schedule[-1].due_date)
    if changed is not None and changed < on:
        return Rejection(Code.CHANGE_REFUSED, f"the rate changes from {changed} on: the value takes effect by that day")
    rest = remaining(loan, contract, on, changed)
    if rest is None:
        return NOTHING_REMAINS
    if changed is None:
        # It is known from now on, and changes nothing yet.
        rows = contract.schedule[rest.number - 1 :]
        return replanned(loan, contract, terms, rest, rows, loan.balances, on)
    return _planned(loan, contract, terms, rest, terms.agreed_installment, on)


def _first_change(before: Terms, after: Terms, until: date) -> date | None:
    """Return the first day on which another rate holds than before."""
    was, now = rates_of(before, until), rates_of(after, until)
    return next((day for day in sorted({*was.starts, *now.starts}) if rate_on(was, day) != rate_on(now, day)), None)


def accelerate(loan: Loan, contract: Contract, on: date) -> Replanned | Rejection:
    """Make everything due on the day, with interest to the day."""
    rest = remaining(replace(loan, ahead=()), contract, on)
    if rest is None or not rest.principal:
        return NOTHING_REMAINS
    interest = payoff_interest(loan, contract, on)
    # The principal paid in advance is no longer outstanding, and interest paid in advance is taken off.
    principal = principal_to_come(loan)
    row = Installment(rest.start, on, principal, interest)
    terms = replace(contract.terms, recalculation=None, last_due=None)
    rest = replace(rest, principal=int(principal), dates=(rest.dates[0], on))
    return replanned(loan, contract, terms, rest, (row,), (), on, settled=True)


def _planned(
    loan: Loan, contract: Contract, terms: Terms, rest: Remaining, level: int | None, on: date
) -> Replanned | Rejection:
    rows = solve(contract, terms, rest, level)
    return rows if isinstance(rows, Rejection) else replanned(loan, contract, terms, rest, rows, loan.balances, on)


def _with_grace(terms: Terms, rest: Remaining, principal: int, interest: int) -> Terms:
    """Return terms that leave so many installments to come without principal, and without interest."""
    before = rest.installment - 1
    return replace(
        terms,
        principal_grace=max(terms.principal_grace, before + principal) if principal else terms.principal_grace,
        interest_grace=max(terms.interest_grace, before + interest) if interest else terms.interest_grace,
    )


def _on_other_dates(
    contract: Contract, terms: Terms, rest: Remaining, change: Reschedule, on: date
) -> tuple[Terms, Remaining] | Rejection:
    """Return the terms and what remains on other due dates, and of another number."""
    once = terms.method is Method.AT_MATURITY
    first = change.first_due or (_next_on_day(rest, change.due_day, on, once) if change.due_day else None)
    dates: tuple[date, ...] | None = rest.dates
    count = len(rest.dates) - 1
    if first is not None:
        if first <= max(on, rest.start):
            return Rejection(Code.CHANGE_REFUSED, f"the next due date lies after {max(on, rest.start)}")
        if once and change.installments:
            return Rejection(
                Code.CHANGE_REFUSED, "all falls due once: on another date, or after another number of periods"
            )
        day = change.due_day or first.day
        terms = replace(terms, due_day=day if terms.unit in UNIT_MONTHS else None, last_due=first if once else None)
        contract = replace(contract, terms=terms)
        dates = _up_to(contract, rest, first) if once else further(contract, (rest.dates[0], first), count - 1)
        count = count if dates is None else len(dates) - 1
    wanted = change.installments or (_most(terms, rest, change.payment) if change.payment else count)
    if dates is not None and wanted > count:
        dates = further(contract, dates, wanted - count)
        terms = terms if dates is None else _ending(terms, dates)
    if dates is None:
        return terms_invalid(Refusal.SCHEDULE_TOO_LONG)
    return terms, replace(rest, dates=dates[: wanted + 1])


def _ending(terms: Terms, dates: tuple[date, ...]) -> Terms:
    """Return terms that end on the grid; what is repaid once and by a date of its own, by days, goes on so."""
    by_days = terms.method is Method.AT_MATURITY and terms.last_due is not None
    return replace(terms, last_due=dates[-1] if by_days else None)


def _up_to(contract: Contract, rest: Remaining, last: date) -> tuple[date, ...] | None:
    """Return whole periods back from a maturity to where the loan is planned anew; None if they are too many."""
    terms, dates = contract.terms, [last]
    for k in range(1, INSTALLMENTS_MAX - rest.installment + 2):
        day = grid_date(last, -k, terms.every, terms.unit, grid_day(contract))
        if day is None or day <= rest.dates[0]:
            return (rest.dates[0], *reversed(dates))
        dates.append(day)
    return None


def _most(terms: Terms, rest: Remaining, payment: int) -> int:
    """Return how many installments of a payment there may be; principal first uses all that it is offered."""
    most = INSTALLMENTS_MAX - rest.installment + 1
    return most if terms.method is not Method.PRINCIPAL_FIRST else min(most, -(-rest.principal // payment))


def _next_on_day(rest: Remaining, day: int, on: date, once: bool) -> date:
    """Return the first due date on another day of the month: in its month, or (if that is past) in the next."""
    due = rest.dates[-1 if once else 1]
    same, later = add_months(due, 0, day), add_months(due, 1, day)
    assert same is not None
    return same if same > max(on, rest.start) or later is None else later
