"""Plan the rest of a running loan anew, with all that its state then needs."""

from collections import Counter
from datetime import date

from msgspec.structs import replace

from core.account import Accrual, Balance, Contract, Deferral, Loan
from core.change_events import Replanned
from core.changing.remaining import Remaining, agreed_dates, base_of, with_stub
from core.contract.terms import INSTALLMENTS_MAX, BrokenPeriod, Installment, Method, Terms
from core.money import Minor, divide
from core.rejections import Rejection
from core.schedule.checks import waits
from core.schedule.dates import due_dates
from core.schedule.interest import interest_between, plus
from core.schedule.plan import plan, regular_start, replan, rows_at_payout
from core.schedule.refusals import Refusal, terms_invalid
from core.schedule.spans import AT_THE_END, is_too_long
from core.servicing.accrual import running_interest
from core.servicing.recalculation import accrual_of


def solve(contract: Contract, terms: Terms, rest: Remaining, level: int | None) -> tuple[Installment, ...] | Rejection:
    """Return the rows of what remains: for a given level until it is repaid, or of one solved for all its dates."""
    rest = with_stub(contract, terms, rest, rest.dates[1]) if len(rest.dates) > 1 else rest
    planned = replace(terms, agreed_installment=level if terms.method not in AT_THE_END else None, tranches=())
    rows = replan(
        planned,
        rest.principal,
        rest.dates,
        since=rest.since,
        earned=rest.earned,
        number=rest.installment,
        over=_longer(contract, terms, rest),
    )
    if isinstance(rows, Refusal):
        return terms_invalid(rows)
    return (replace(rows[0], start=rest.start), *rows[1:])


def replanned(
    loan: Loan,
    contract: Contract,
    terms: Terms,
    rest: Remaining,
    rows: tuple[Installment, ...],
    balances: tuple[Balance, ...],
    on: date,
    *,
    settled: bool = False,
) -> Replanned | Rejection:
    """Return rows as a change's outcome, in terms that agree with them; `settled`: what was earned is paid with it."""
    if sum(row.principal - row.capitalized for row in rows) != rest.principal:
        return terms_invalid(Refusal.NOTHING_TO_PLAN)
    dates = (*agreed_dates(contract)[: rest.installment - 1], *rest.dates[1:])
    # Dates that an installment which is agreed no longer needs are no more.
    dates = dates[: rest.installment - 1 + _dates_used(terms, rest, rows)]
    if len(dates) > INSTALLMENTS_MAX or is_too_long(terms, dates[0], dates[-1]):
        return terms_invalid(Refusal.SCHEDULE_TOO_LONG)
    terms = replace(terms, installments=len(dates), last_due=terms.last_due if terms.last_due == dates[-1] else None)
    if rest.number > loan.billed + 1:
        deferrals = _deferrals(contract, terms, rest, rows, divide(*rest.earned, terms.rounding))
        return Replanned(terms, rest.number, rows, dates, loan.accrual, balances, loan.carried, deferrals)
    carried = 0 if settled else loan.carried
    deferrals = _deferrals(contract, terms, rest, rows, carried)
    earned = carried if on <= rows[0].start else 0 if settled else running_interest(loan, contract, on)
    outcome = Replanned(terms, rest.number, rows, dates, None, balances, Minor(carried), deferrals)
    return replace(outcome, accrual=_accrual(loan, contract, outcome, earned, on))


def _deferrals(
    contract: Contract, terms: Terms, rest: Remaining, rows: tuple[Installment, ...], carried: int
) -> tuple[Deferral, ...]:
    """Return what interest of rows falls due later; rows that stay leave what they left."""
    if rows == contract.schedule[rest.number - 1 :]:
        return tuple(each for each in contract.deferrals if each.number >= rest.number)
    return deferrals_of(terms, rest, rows, carried)


def _accrual(loan: Loan, contract: Contract, outcome: Replanned, earned: int, on: date) -> Accrual | None:
    """Return how interest of the running period, now the first row's, is earned from a day on."""
    first = outcome.rows[0]
    if outcome.terms.recalculation is not None:
        after = replace(
            contract, terms=outcome.terms, schedule=(*contract.schedule[: outcome.number - 1], *outcome.rows)
        )
        return accrual_of(replace(loan, balances=outcome.balances, carried=outcome.carried), after, on)
    if on <= first.start:
        return None
    total = first.interest + first.capitalized
    if outcome.deferrals:
        total += outcome.carried + sum(each.amount for each in outcome.deferrals if each.number == outcome.number)
    # Rounded day by day it may be a unit ahead of a total that a lower rate makes.
    return Accrual(on, min(earned, total), total)


def spread_for_good(terms: Terms) -> bool:
    """Return whether shares of a broken period's interest stand in rows that payments move: none can be made due."""
    return terms.broken_period is BrokenPeriod.SPREAD and terms.recalculation is not None


def first_deferrals(terms: Terms, on: date, rows: tuple[Installment, ...]) -> tuple[Deferral, ...]:
    """Return what interest of a new loan falls due later than it is earned."""
    if terms.broken_period is BrokenPeriod.SPREAD and terms.recalculation is None:
        return _spread_deferrals(terms, on, rows)
    if not waits(terms) and all([row.principal for row in rows[:-1]]):
        return ()
    skipped = rows_at_payout(terms, rows, on)
    principal = sum(row.principal - row.capitalized for row in rows[skipped:])
    since = regular_start(terms, on, rows[skipped].due_date) if terms.broken_period is BrokenPeriod.UPFRONT else on
    rest = Remaining(skipped + 1, 1, principal, on, (on,), since, (0, 1))
    return deferrals_of(replace(terms, interest_base_amount=principal), rest, rows[skipped:], 0)


def _spread_deferrals(terms: Terms, on: date, rows: tuple[Installment, ...]) -> tuple[Deferral, ...]:
    """Return the same where interest of a broken period is spread: earned with the first installment, due with all."""
    terms = replace(terms, broken_period=BrokenPeriod.FIRST)
    first = plan(terms, on)
    assert not isinstance(first, Refusal), first
    waiting = Counter({each.number: each.amount for each in first_deferrals(terms, on, first)})
    for number, (due, spread) in enumerate(zip(first, rows, strict=True), 1):
        waiting[number] += due.interest - spread.interest
    return tuple(Deferral(number, waiting[number]) for number in sorted(waiting) if waiting[number])


def deferrals_of(terms: Terms, rest: Remaining, rows: tuple[Installment, ...], carried: int) -> tuple[Deferral, ...]:
    """Return what interest of rows falls due later than it is earned, rounded as it adds up."""
    if terms.recalculation is not None:
        return ()  # Where interest follows payments, what a row leaves goes to the next.
    deferrals: list[Deferral] = []
    total, noted, balance = rest.earned, carried, rest.principal
    for index, row in enumerate(rows):
        number = rest.number + index
        left, leaves = 0, _leaves(terms, rows, index, rest.installment + index)
        if leaves:
            base, start = base_of(terms, balance), rest.since if index == 0 else row.start
            own = interest_between(terms, row.start, row.due_date, start, row.due_date, base, rest.installment + index)
            total = plus(total, own)
            left = max(0, divide(*total, terms.rounding) - row.interest)
        if row.interest or not leaves:
            total = left, 1  # Of what a level leaves, whole units wait.
        deferrals.append(Deferral(number, left - noted))
        noted = left
        balance += row.capitalized - row.principal
    return tuple(each for each in deferrals if each.amount)


def _leaves(terms: Terms, rows: tuple[Installment, ...], index: int, number: int) -> bool:
    """Return whether a row may leave interest to later ones: all of it in grace, what is above the level out of it."""
    row = rows[index]
    if index == len(rows) - 1 or row.capitalized:
        return False
    # Interest that is added to principal does not wait, also where it rounds to nothing.
    in_grace = number <= terms.interest_grace and not terms.capitalize_grace
    if row.interest:
        level = terms.method is Method.EQUAL_INSTALLMENT and terms.interest_base is None
        # What an installment in grace asks for is the interest of a broken period.
        return in_grace or (level and not row.principal and number > terms.principal_grace)
    return terms.method is Method.PRINCIPAL_FIRST or terms.interest_cycle is not None or in_grace


def _dates_used(terms: Terms, rest: Remaining, rows: tuple[Installment, ...]) -> int:
    """Return how many of the agreed dates to come the rows need."""
    if terms.method is Method.AT_MATURITY or terms.interest_cycle is not None:
        return len(rest.dates) - 1
    return min(len(rows), len(rest.dates) - 1)


def _longer(contract: Contract, terms: Terms, rest: Remaining) -> tuple[date, ...]:
    """Return the dates to come of a longer plan that the installment is solved for; none if it is longer no more."""
    if terms.amortize_over is None or contract.disbursed_on is None:
        return ()
    longer = due_dates(
        replace(terms, installments=terms.amortize_over, last_due=terms.amortize_until), contract.disbursed_on
    )
    if not longer or longer[-1] < rest.dates[-1]:
        return ()
    return tuple(day for day in longer if day > rest.dates[0])
