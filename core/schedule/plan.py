"""The schedule of a loan: dated installments from its terms, or a stable code of why the terms give none."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from core.contract.terms import PPB, BrokenPeriod, BusinessDays, Installment, Terms
from core.money import AMOUNT_MAX, Minor, Rounding, divide, equal_parts
from core.schedule.amortize import amortize
from core.schedule.checks import date_error, term_error
from core.schedule.cycles import grid_date
from core.schedule.dates import due_dates
from core.schedule.daycount import Period
from core.schedule.floating import pieces, rates_of
from core.schedule.interest import Ratio, factor, plus
from core.schedule.refusals import Refusal as Refusal
from core.schedule.spans import SPANS_MAX, is_too_long, nominal_of, spans_of


class Summary(Struct, frozen=True):
    """Totals of a schedule, in minor units, as shown on a trial calculation."""

    installments: int
    first_due: date
    last_due: date
    first_total: Minor
    last_total: Minor
    principal: Minor
    interest: Minor
    total: Minor


@lru_cache(maxsize=1024)  # A loan is planned when it is booked, and again when it is disbursed soon after.
def plan(terms: Terms, disbursed_on: date) -> tuple[Installment, ...] | Refusal:
    """Return the schedule of a loan paid out on `disbursed_on`, or why its terms give none."""
    wrong = term_error(terms, disbursed_on)
    if wrong is not None:
        return wrong
    dates = due_dates(terms, disbursed_on)
    if dates is None:
        return Refusal.SCHEDULE_TOO_LONG
    return date_error(terms, disbursed_on, dates) or plan_over(terms, (disbursed_on, *dates))


def schedule(terms: Terms, disbursed_on: date) -> tuple[Installment, ...]:
    """Return the schedule of terms that `check_terms` accepts."""
    planned = plan(terms, disbursed_on)
    assert not isinstance(planned, Refusal), planned
    return planned


def check_terms(terms: Terms, disbursed_on: date) -> str | None:
    """Return the code of what is wrong with the terms, or None if they give a schedule."""
    planned = plan(terms, disbursed_on)
    return planned.value if isinstance(planned, Refusal) else None


def plan_over(terms: Terms, dates: tuple[date, ...]) -> tuple[Installment, ...] | Refusal:
    """Return the schedule over given dates: the disbursement, then each agreed due date, ascending."""
    start, at_start = dates[0], terms.principal
    if is_too_long(terms, start, dates[-1]):
        return Refusal.SCHEDULE_TOO_LONG
    longer = _longer(terms, start)
    if isinstance(longer, Refusal):
        return longer
    if terms.tranches:
        at_start -= sum(tranche.amount for tranche in terms.tranches)
    first: tuple[Installment, ...] = ()
    if terms.down_payment_ppb:
        down = divide(at_start * terms.down_payment_ppb, PPB, Rounding.HALF_EVEN)
        first, at_start = (Installment(start, start, down, Minor(0)),), at_start - down
        if at_start <= (terms.balloon or 0):
            return Refusal.DOWN_PAYMENT_TOO_LARGE
    if terms.broken_period is BrokenPeriod.WITHIN:
        rows = _rows(terms, at_start, dates, over=longer)
        return rows if isinstance(rows, Refusal) else first + rows
    regular, paid_out, broken = _broken_period(terms, at_start, dates)
    rows = _rows(terms, paid_out, (regular, *dates[1:]), over=longer)
    return rows if isinstance(rows, Refusal) else first + _with_broken_period(terms, start, rows, broken)


def replan(
    terms: Terms,
    principal: int,
    dates: tuple[date, ...],
    *,
    since: date | None = None,
    earned: Ratio = (0, 1),
    number: int = 1,
    over: tuple[date, ...] = (),
) -> tuple[Installment, ...] | Refusal:
    """Return the rest of a running loan's schedule from the principal that is outstanding now.

    `terms` are the loan's, with what is changed changed: rate or a rate step, agreed installment, method, grace, a
    pause. `dates` are the start of the running period and the agreed due dates that remain (more or fewer of them move
    the maturity). The installment is solved for them, unless the terms state one: then rows end when it has repaid.

    Within a period `since` is the day of the change: the principal bears interest from it, and `earned` is the exact
    interest of the period before it that is still to be paid (a sum of `interest_between`). `number` is that of the
    first installment here: grace and what is free of interest are counted from the loan's first. `over` are the agreed
    dates of a longer plan that the installment is solved for. Later tranches of the terms are paid out as planned; a
    flat loan's interest is on the principal of its terms.
    """
    running = since or dates[0]
    if len(dates) < 2 or not 0 < principal <= AMOUNT_MAX or running >= dates[-1]:
        return Refusal.NOTHING_TO_PLAN
    if any(later < earlier for earlier, later in pairwise(dates)):
        return Refusal.DATES_OUT_OF_ORDER
    if is_too_long(terms, dates[0], dates[-1]):
        return Refusal.SCHEDULE_TOO_LONG
    return _rows(terms, principal, dates, running, earned, number, over)


def balances(installments: Sequence[Installment]) -> list[int]:
    """Return the principal before the first installment of a schedule, and after each."""
    left = [sum(row.principal - row.capitalized for row in installments)]
    for row in installments:
        left.append(left[-1] - row.principal + row.capitalized)
    return left


def summary(installments: tuple[Installment, ...]) -> Summary:
    """Return the totals of a schedule."""
    first, last = installments[0], installments[-1]
    principal = sum(row.principal for row in installments)
    interest = sum(row.interest for row in installments)
    return Summary(
        installments=len(installments),
        first_due=first.due_date,
        last_due=last.due_date,
        first_total=Minor(first.principal + first.interest),
        last_total=Minor(last.principal + last.interest),
        principal=Minor(principal),
        interest=Minor(interest),
        total=Minor(principal + interest),
    )


def rows_at_payout(terms: Terms, rows: tuple[Installment, ...], disbursed_on: date | None) -> int:
    """Return how many rows fall due with the payout and are no agreed installment: a down payment, broken interest."""
    count = sum([row.due_date == disbursed_on for row in rows[:3]])
    return count - (count > 0 and terms.first_due == disbursed_on)


def _rows(
    terms: Terms,
    principal: int,
    dates: tuple[date, ...],
    since: date | None = None,
    earned: Ratio = (0, 1),
    number: int = 1,
    over: tuple[date, ...] = (),
) -> tuple[Installment, ...] | Refusal:
    spans = spans_of(terms, dates, number)
    if len(spans) > SPANS_MAX:
        return Refusal.SCHEDULE_TOO_LONG
    if terms.business_days is not BusinessDays.NONE and any(span.due < span.paid_from for span in spans):
        return Refusal.DATES_OUT_OF_ORDER
    parts = amortize(terms, spans, principal, _base(terms, principal, since), since or dates[0], earned, over)
    if isinstance(parts, Refusal):
        return parts
    if sum(map(sum, parts)) > AMOUNT_MAX and any(max(part[0] + part[1], part[2]) > AMOUNT_MAX for part in parts):
        return Refusal.INSTALLMENT_TOO_LARGE
    # zip stops at the row that clears the balance: after payoff there are no zero rows.
    rows = cast("list[tuple[Minor, Minor, Minor]]", parts)
    return tuple([Installment(span.paid_from, span.due, *row) for span, row in zip(spans, rows, strict=False)])


def _base(terms: Terms, principal: int, since: date | None) -> int:
    """Return what bears interest where that is not the balance: of a running flat loan its first principal."""
    if terms.interest_base is not None:
        resets = since is not None and terms.interest_base.first <= since
        return principal if resets or terms.interest_base_amount is None else terms.interest_base_amount
    return principal if since is None else terms.interest_base_amount or terms.principal


def _longer(terms: Terms, disbursed_on: date) -> tuple[date, ...] | Refusal:
    """Return the agreed dates of the longer plan that the installment is solved for; empty if there is none."""
    if terms.amortize_over is None:
        return ()
    longer = replace(terms, installments=terms.amortize_over, last_due=terms.amortize_until, tranches=())
    dates = due_dates(longer, disbursed_on)
    return Refusal.SCHEDULE_TOO_LONG if dates is None else date_error(longer, disbursed_on, dates) or dates


def _broken_period(terms: Terms, principal: int, dates: tuple[date, ...]) -> tuple[date, int, Minor]:
    """Return when the first regular period starts, the principal paid out by then, and the interest before it."""
    start, regular = dates[0], regular_start(terms, dates[0], dates[1])
    if regular == start:
        return start, principal, Minor(0)
    early = [tranche for tranche in terms.tranches if tranche.on <= regular]
    earned: Ratio = (0, 1)
    for day, amount in [(start, principal), *((tranche.on, int(tranche.amount)) for tranche in early)]:
        earned = plus(earned, broken_interest(terms, (start, regular), day, regular, amount))
    paid_out = principal + sum(tranche.amount for tranche in early)
    return regular, paid_out, divide(*earned, terms.rounding)


def regular_start(terms: Terms, start: date, first_due: date) -> date:
    """Return when the first regular period starts, if the terms keep the days before it apart; else the payout."""
    if terms.broken_period is BrokenPeriod.WITHIN:
        return start
    regular = grid_date(first_due, -1, terms.every, terms.unit, terms.due_day or first_due.day)
    return start if regular is None else max(start, regular)


def broken_interest(terms: Terms, broken: tuple[date, date], start: date, end: date, amount: int) -> Ratio:
    """Return the exact interest of an amount for days of the broken period, which ends as the regular one starts."""
    period = Period(*broken, nominal_of(replace(terms, last_due=broken[1]), *broken), False)
    top, bottom = factor(terms.day_count, period, pieces(rates_of(terms, broken[1]), start, end))
    return amount * top, bottom


def _with_broken_period(
    terms: Terms, start: date, rows: tuple[Installment, ...], broken: Minor
) -> tuple[Installment, ...]:
    """Put the interest of the broken period where the terms want it."""
    if not broken:
        return (replace(rows[0], start=start), *rows[1:])
    if terms.broken_period is BrokenPeriod.UPFRONT:
        return (Installment(start, start, Minor(0), broken), *rows)
    count = len(rows) if terms.broken_period is BrokenPeriod.SPREAD else 1
    parts = equal_parts(broken, count, terms.rounding)
    spread = [replace(row, interest=Minor(row.interest + part)) for row, part in zip(rows, parts, strict=False)]
    return (replace(spread[0], start=start), *spread[1:], *rows[count:])
