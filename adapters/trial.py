"""Trial calculation: the schedule that terms would give, nothing booked."""

from datetime import date

from msgspec import Struct

from core.schedule import Refusal, Summary, plan, summary
from core.terms import Installment, Terms, installment_total


class Trial(Struct, frozen=True, forbid_unknown_fields=True):
    """Terms to calculate a schedule from, and the day they would be disbursed on."""

    terms: Terms
    disbursed_on: date


class TrialRow(Struct, frozen=True):
    """One installment of a trial calculation."""

    number: int
    start: date
    due_date: date
    principal: int
    interest: int
    total: int
    balance: int
    """Principal that remains after it."""


class TrialSchedule(Struct, frozen=True):
    """What a loan on these terms would be repaid as."""

    rows: list[TrialRow]
    summary: Summary


def calculate(trial: Trial) -> TrialSchedule | Refusal:
    """Return the schedule and its totals, or why the terms give none."""
    planned = plan(trial.terms, trial.disbursed_on)
    return planned if isinstance(planned, Refusal) else TrialSchedule(_rows(planned), summary(planned))


def _rows(planned: tuple[Installment, ...]) -> list[TrialRow]:
    balance: int = sum(row.principal for row in planned)
    rows = []
    for number, row in enumerate(planned, 1):
        balance -= row.principal
        total = installment_total(row)
        rows.append(TrialRow(number, row.start, row.due_date, row.principal, row.interest, total, balance))
    return rows
