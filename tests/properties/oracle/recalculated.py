"""Installments whose interest follows the payments: the whole table is computed anew after every step."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from tests.properties.oracle.books import PARTS, Books, Installment
from tests.properties.oracle.schedules import Case, fraction


@dataclass
class Period:
    """One installment in the making; the agreed one stays in `original`."""

    start: date
    due: date
    level: int
    original: int
    paid_principal: int = 0
    paid_interest: int = 0
    accrued: int = 0
    """Interest on its days, wherever it is charged."""
    interest: int = 0
    principal: int = 0
    moved: int = 0
    """Interest of later rows that were paid whole, charged here."""
    silent: bool = False
    """Its interest was moved to an earlier row."""
    unrecognized: int = 0
    """Interest for which its installment has no room: the next row's."""

    def total(self) -> int:
        return self.level + self.moved

    def paid(self) -> bool:
        return self.total() == self.paid_principal + self.paid_interest


def part_of(case: Case, period: Period, since: date, until: date) -> Fraction:
    """Interest on a balance of 1 for some days of a period: a share of it; real days of real years are counted."""
    basis = case["day_count"]
    real = basis["days_in_month"] != "30" and case["interest_calculation_period"] == "DAILY"
    if real and basis["days_in_year"] == "ACTUAL" and not basis.get("days_in_year_custom"):
        return fraction(case, since, until)
    whole = fraction(case, period.start, period.due)
    return whole * Fraction((until - since).days, (period.due - period.start).days)


class Model:
    """Periods, and by how much the balance differs from the agreed one from which day on."""

    def __init__(self, books: "RecalculatedBooks") -> None:
        self.case = books.case
        self.lent = sum(row.principal for row in books.scheduled)
        self.periods = [
            Period(row.start, row.due, row.principal + row.interest, row.principal + row.interest)
            for row in books.scheduled
        ]
        # What the last one pays differs from the agreed installment by the rest of rounding.
        if len(self.periods) > 1:
            self.periods[-1].original = self.periods[0].original
        self.corrections: list[tuple[date, int]] = []
        self.until: date | None = None
        self.recompute_at(self.periods[0].start)

    def correct(self, since: date, amount: int, on: date) -> None:
        self.corrections.append((since, amount))
        self.recompute_at(on)

    def interest_of(self, at: int, balance: int) -> Fraction:
        period, total = self.periods[at], Fraction(0)
        stop = period.due if self.until is None else min(period.due, self.until)
        if stop <= period.start:
            return total
        own = [(on, amount) for on, amount in self.corrections if self.inside(on, at)]
        cuts = sorted({period.start, stop, *(on for on, _ in own if on < stop)})
        for since, until in pairwise(cuts):
            now = max(0, balance + sum(amount for on, amount in own if on <= since))
            total += now * part_of(self.case, period, since, until)
        return total

    def inside(self, on: date, at: int) -> bool:
        period = self.periods[at]
        return period.start < on <= period.due or (at == 0 and on == period.start)

    def compute(self) -> None:
        balance, unrecognized = self.lent, 0
        for at, period in enumerate(self.periods):
            period.accrued = round(self.interest_of(at, balance))
            earned = max(0, (0 if period.silent else period.accrued) + period.moved + unrecognized)
            due = min(earned, period.total())
            if period.paid_principal > max(0, period.total() - earned):
                due = period.paid_interest
            period.interest = max(due, period.paid_interest)
            period.principal = max(0, period.total() - period.interest, period.paid_principal)
            unrecognized = earned - period.interest
            period.unrecognized = unrecognized
            balance += sum(amount for on, amount in self.corrections if self.inside(on, at))
            balance = max(0, balance - period.principal + period.paid_principal)

    def settle_last(self, till: date) -> None:
        """The last row that is not paid, or the last of all, takes what the others leave."""
        last = next((period for period in reversed(self.periods) if not period.paid()), self.periods[-1])
        if last.paid() and sum(period.paid_principal for period in self.periods) == self.lent:
            return
        last.moved = 0
        for period in self.periods:
            period.silent = False
        self.compute()
        last.level += self.lent + sum(p.interest for p in self.periods) - sum(p.total() for p in self.periods)
        if last.level < last.paid_principal + last.paid_interest:
            last.level = last.paid_principal + last.paid_interest
            self.compute()
            self.settle_last(till)
            return
        self.compute()
        if last is self.periods[-1] and last.unrecognized > 0:
            # Its own interest comes on top of what it repays, however much of that was paid early.
            last.level += last.unrecognized
            self.compute()
        self.defer(last, till)

    def defer(self, last: Period, till: date) -> None:
        """Interest of rows that are paid whole, after the last open one, is charged to that one."""
        copy = deepcopy(self)
        copy.until = till if copy.until is None else min(till, copy.until)
        copy.compute()
        at = self.periods.index(last)
        own = max(0, copy.periods[at].unrecognized)
        later = sum(period.accrued - period.paid_interest for period in copy.periods[at + 1 :])
        if last is not self.periods[-1] and own + later > 0:
            last.level, last.moved = last.level + own, max(0, later)
            for period in self.periods:
                period.silent = period.due > last.due
            self.compute()
            last.level -= sum(period.principal for period in self.periods) - self.lent
            self.compute()

    def at(self, on: date) -> "Model":
        """The table as it would be if interest ended on a date."""
        copy = deepcopy(self)
        if on < self.periods[-1].due:
            copy.until = on
            copy.recompute_at(on)
        return copy

    def recompute_at(self, on: date) -> None:
        self.compute()
        self.settle_last(on)

    def due_today(self, at: int, on: date) -> tuple[int, int]:
        """Principal and interest that one row asks for if it is paid on a day before it falls due."""
        copy = self.at(on)
        period = copy.periods[at]
        unpaid = sum(not each.paid() for each in copy.periods)
        if on <= period.start and unpaid > 1:
            period.level = period.original
            copy.compute()
            rest = copy.lent - sum(each.paid_principal for each in copy.periods)
            period.level -= max(0, max(0, period.principal - period.paid_principal) - rest)
            copy.compute()
        elif on <= period.start and unpaid == 1 and period.paid():
            rest = copy.lent - sum(each.paid_principal for each in copy.periods)
            period.level = min(period.original, rest + period.paid_principal + period.interest)
            copy.compute()
        return period.principal, period.interest


class RecalculatedBooks(Books):
    """Books over a model; rows are copied from it after every step."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.model = Model(self)
        self.regular = [row for row in self.rows if not row.down_payment]
        self.known = self.disbursed_on
        self.until: date | None = None

    def before(self, on: date) -> None:
        """Principal past due bore interest until today, and is taken to be paid today."""
        on = max(on, self.until or on)
        if self.case.get("no_interest_on_past_due") or on <= self.known:
            return
        for row in self.regular:
            late = row.left("principal")
            if row.due < on and late:
                self.model.correct(max(row.due, self.known), late, on)
                self.model.correct(min(on, self.regular[-1].due), -late, on)
                self.copy()
        self.known = on

    def take(self, row: Installment, part: str, on: date, bucket: str, offered: int, paid: dict[str, int]) -> int:
        if row not in self.regular or part not in ("interest", "principal"):
            return super().take(row, part, on, bucket, offered, paid)
        at, paid_on, on = self.regular.index(row), on, max(on, self.until or on)
        if bucket == "IN_ADVANCE":
            principal, interest = self.model.due_today(at, on)
            if self.case.get("schedule_processing") == "VERTICAL":
                principal = self.whole(at)
            row.owed[part] = principal if part == "principal" else interest
        taken = super().take(row, part, paid_on, bucket, offered, paid)
        period = self.model.periods[at]
        if part == "principal":
            if taken:
                period.paid_principal += taken
                self.model.correct(min(on, row.due), -taken, on)
                self.mark(period, paid_on)
                self.model.recompute_at(on)
        else:
            period.paid_interest += taken
            self.model.recompute_at(on)
        self.copy()
        return taken

    def whole(self, at: int) -> int:
        """Principal that comes before interest pays a row whole, as long as any is left."""
        period, agreed = self.model.periods[at], self.scheduled[at]
        rest = self.model.lent - sum(each.paid_principal for each in self.model.periods) + period.paid_principal
        return min(agreed.principal + agreed.interest - period.paid_interest, rest)

    def pay(self, on: date, title: str, kind: str, amount: int) -> None:
        self.until = on
        if str(self.case.get("pre_closure_strategy")).startswith("TILL_REST_FREQUENCY"):
            due = next((row.due for row in self.regular if row.start < on <= row.due), on)
            self.until = due if amount >= self.payoff(due) else on
        super().pay(on, title, kind, amount)

    def payoff(self, until: date) -> int:
        """Everything that is owed with interest to a date."""
        books = deepcopy(self)
        books.until = None
        books.before(until)
        extra = sum(row.left(part) for row in books.rows for part in PARTS if row.down_payment or part in PARTS[:2])
        periods = books.model.at(until).periods
        interest = sum(period.interest - period.paid_interest for period in periods)
        return extra + interest + books.model.lent - sum(period.paid_principal for period in periods)

    def mark(self, period: Period, on: date) -> None:
        paid = period.paid_principal + period.paid_interest
        if on < period.start and (paid > period.total() or paid == period.original):
            period.level = paid

    def copy(self) -> None:
        for row, period in zip(self.regular, self.model.periods, strict=True):
            row.owed["principal"], row.owed["interest"] = period.principal, period.interest

    def finish(self) -> None:
        closes = [date.fromisoformat(day) for day in self.case.get("cob_run_on", ())]
        self.until = None
        if closes:
            self.before(max(closes))
