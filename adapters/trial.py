"""Trial calculation: the schedule that terms would give and what it costs, nothing booked."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from core.contract.terms import INSTALLMENTS_MAX, Amount, Installment, Terms, installment_total
from core.cost.disclosure import Disclosure, Fee, disclose
from core.schedule.plan import Refusal, Summary, balances, plan, summary
from core.schedule.solve import Unknown, Unsolvable, solve


class Trial(Struct, frozen=True, forbid_unknown_fields=True):
    """Terms to calculate a schedule from, and the day they would be disbursed on."""

    terms: Terms
    disbursed_on: date
    fees: Annotated[tuple[Fee, ...], Meta(max_length=INSTALLMENTS_MAX)] = ()
    """Costs beside interest; dated at disbursement they are withheld from the proceeds."""
    solve: Unknown | None = None
    """The term to find; what `terms` say of it is not read."""
    payment: Amount | None = None
    """The regular installment wanted, where rate, principal or number of installments is to be found."""


class TrialRow(Struct, frozen=True):
    """One installment of a trial calculation."""

    number: int
    start: date
    due_date: date
    principal: int
    interest: int
    total: int
    capitalized: int
    """Interest that becomes principal on its due date."""
    balance: int
    """Principal that remains after it."""


class TrialSchedule(Struct, frozen=True):
    """What a loan on these terms would be repaid as."""

    rows: list[TrialRow]
    summary: Summary
    rates: Disclosure | None
    """What it costs with its fees; null if they take all the proceeds."""
    terms: Terms
    """Complete: with the term that was to be found."""


class Untried(StrEnum):
    """What is wrong with a trial whose terms are right; stable codes."""

    FEE_DATE_INVALID = "fee_date_invalid"


Refused = Refusal | Unsolvable | Untried


def calculate(trial: Trial) -> TrialSchedule | Refused:
    """Return the schedule, its totals and its rates, or why there are none."""
    terms = _complete(trial)
    if not isinstance(terms, Terms):
        return terms
    planned = plan(terms, trial.disbursed_on)
    if isinstance(planned, Refusal):
        return planned
    if any(not trial.disbursed_on <= fee.on <= planned[-1].due_date for fee in trial.fees):
        return Untried.FEE_DATE_INVALID
    rates = disclose(terms, trial.disbursed_on, planned, trial.fees)
    return TrialSchedule(_rows(planned), summary(planned), rates, terms)


def _complete(trial: Trial) -> Terms | Refused:
    if trial.solve is None:
        return trial.terms
    return solve(trial.terms, trial.solve, trial.payment, trial.disbursed_on)


def _rows(planned: tuple[Installment, ...]) -> list[TrialRow]:
    rows = []
    for number, (row, balance) in enumerate(zip(planned, balances(planned)[1:], strict=True), 1):
        parts = row.principal, row.interest, installment_total(row), row.capitalized
        rows.append(TrialRow(number, row.start, row.due_date, *parts, balance))
    return rows
