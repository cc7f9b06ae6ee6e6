"""A loan of an allocation case, played through the core, and the tables that its books show."""

from collections.abc import Iterable
from datetime import date
from itertools import zip_longest
from typing import Final

import msgspec
from msgspec import Raw

from adapters.conformance.cases import MATCHED, MalformedCase, Outcome
from adapters.conformance.fineract import plan_printed
from adapters.conformance.fineract_allocations import SOURCES, AllocationCase, Happening, Paid, Row, allocation_terms
from core.account import Account, Loan, LoanStatus, owed
from core.charge_events import LateInterestBilled
from core.charging.charges import add_charge
from core.contract.servicing import Source
from core.contract.terms import Installment, Terms, installment_total
from core.contract.waterfall import Component
from core.decision import Draft
from core.events import (
    AccountOpened,
    ChargeAdded,
    CreditReceived,
    LoanBooked,
    LoanDisbursed,
    RepaymentReceived,
    ScheduleRestated,
    UnappliedApplied,
)
from core.evolve import evolve
from core.facts import Allocation
from core.money import AMOUNT_MAX, Minor
from core.rejections import Rejection
from core.schedule.plan import Refusal
from core.servicing.advance import advance
from core.servicing.late_interest import bill_late_interest
from core.servicing.quote import quote
from core.servicing.recalculation import project
from core.servicing.repayment import receive

TITLES: Final = {
    None: "Repayment",
    Source.DOWN_PAYMENT: "Down Payment",
    Source.MERCHANT_REFUND: "Merchant Issued Refund",
    Source.PAYOUT_REFUND: "Payout Refund",
    Source.GOODWILL_CREDIT: "Goodwill Credit",
    Source.INTEREST_REFUND: "Interest Refund",
}


def fineract_allocation(raw: Raw) -> Outcome:
    """Play one case and compare every row, payment, status and what was paid too much."""
    case = msgspec.json.decode(raw, type=AllocationCase)
    terms = allocation_terms(case)
    return None if terms is None else _Books(case, terms).compare()


class _Books:
    """A loan played through the core, and tables drawn up from its events."""

    def __init__(self, case: AllocationCase, terms: Terms) -> None:
        self.case = case
        self.terms = terms
        self.refused = ""
        self.planned: tuple[Installment, ...] = ()
        self.opened = evolve(None, AccountOpened(case.disbursed_on, 1, "EUR", Minor(AMOUNT_MAX)))
        self.draft = Draft(self.opened)
        self.last = case.disbursed_on

    def compare(self) -> Outcome:
        planned = self._planned()
        if isinstance(planned, Refusal):
            return f"refused: {planned}"
        self._play(planned)
        if self.refused:
            return self.refused
        for own, printed in (
            (self._rows(), self.case.expected_installments),
            (self._transactions(), self.case.expected_transactions),
        ):
            if own != printed:
                differing = [f"computed {a}, printed {b}" for a, b in zip_longest(own, printed) if a != b]
                return differing[0]
        return self._status()

    def _planned(self) -> tuple[Installment, ...] | Refusal:
        """Plan over the printed due dates: they are input."""
        first = 1 if self.terms.down_payment_ppb else 0
        printed = self.case.expected_installments[first : first + self.case.n_installments]
        return plan_printed(self.case, self.terms, [row.due for row in printed])

    def _play(self, planned: tuple[Installment, ...]) -> None:
        self._disburse(planned)
        self._follow(self.case.events)
        self._advance(max((self.last, *self.case.cob_run_on)))
        bill_late_interest(self.draft, self.draft.account.loans[0], self.last)

    def _disburse(self, planned: tuple[Installment, ...]) -> None:
        case, self.planned = self.case, planned
        self.draft.emit(LoanBooked(case.disbursed_on, 1, self.terms))
        self.draft.emit(LoanDisbursed(case.disbursed_on, 1, Minor(self.terms.principal), planned))
        self._advance(case.disbursed_on)
        if any(paid.type == TITLES[Source.DOWN_PAYMENT] for paid in case.expected_transactions):
            due = self.draft.account.loans[0].dues[0]
            receive(self.draft, due.principal, self.draft.account.loans[0], case.disbursed_on, Source.DOWN_PAYMENT)

    def _follow(self, events: list[Happening]) -> None:
        """Play events by date; by the named strategies every payment sees every charge, whenever it was booked."""
        charged = [each for each in events if each.type == "CHARGE" and self.terms.waterfall.later_charges]
        for charge in charged:
            self._happen(charge, self.case.disbursed_on)
        for happening in sorted(events, key=lambda each: each.effective_on):
            if happening not in charged:
                self._happen(happening, happening.effective_on)

    def _advance(self, to: date) -> None:
        self.last = max(self.last, to)
        for event in advance(self.draft.account, to).events:
            self.draft.emit(event)

    def _happen(self, happening: Happening, on: date) -> None:
        self._advance(on)
        loan = self.draft.account.loans[0]
        amount = Minor(happening.amount)
        match happening.type:
            case "CHARGE":
                self._charge(happening, loan, on)
            case "REPAYMENT" | "PAYOFF":
                if happening.type == "PAYOFF":
                    self._check_quote(happening, on)
                receive(self.draft, amount, loan, on)
            case _:
                receive(self.draft, amount, loan, on, SOURCES[happening.type])

    def _charge(self, charge: Happening, loan: Loan, on: date) -> None:
        """Charges after the last due date share the row that is printed for them: it is due with the last of them."""
        if charge.kind is None:
            raise MalformedCase("a charge is a fee or a penalty")
        schedule, printed = self.draft.account.contracts[0].schedule, self.case.expected_installments
        end, number = schedule[-1].due_date, len(schedule) + 1
        if number <= len(printed) and end < charge.on < printed[number - 1].due:
            extra = Installment(end, printed[number - 1].due, Minor(0), Minor(0))
            self.draft.emit(ScheduleRestated(on, loan.number, number, (extra,), loan.accrual))
        component = Component.FEE if charge.kind == "FEE" else Component.PENALTY
        add_charge(self.draft, loan, component, Minor(charge.amount), charge.on, charge.type, on)

    def _check_quote(self, payoff: Happening, on: date) -> None:
        """Quote from what had been booked by then: of what was booked later nobody knew."""
        events = self.case.events
        known = _Books(self.case, self.terms)
        known._disburse(self.planned)
        known._follow(events[: events.index(payoff)])
        known._advance(on)
        quoted = quote(known.draft.account, 10_001, on, on)
        if isinstance(quoted, Rejection) or quoted.total != payoff.amount:
            self.refused = f"quoted {quoted}, printed {payoff.amount}"

    def _rows(self) -> list[Row]:
        loan, contract = self.draft.account.loans[0], self.draft.account.contracts[0]
        shown = [*contract.schedule[: loan.billed]]
        if contract.terms.recalculation is not None and loan.status is LoanStatus.ACTIVE:
            shown += project(loan, contract, self.last, late_to=self.last).rows
        else:
            shown += contract.schedule[loan.billed :]
        balance: int = sum(row.principal for row in shown)
        rows = []
        for number, row in enumerate(shown, 1):
            balance -= row.principal
            rows.append(self._row(number, row, balance))
        return rows

    def _row(self, number: int, row: Installment, balance: int) -> Row:
        paid = [(on, sum(_parts(part))) for on, part in self._allocated() if part.number == number]
        fees = self._charged(number, Component.FEE)
        penalties = self._charged(number, Component.PENALTY)
        interest = row.interest + self._billed_late(number)
        total = row.principal + interest + fees + penalties
        received = sum(amount for _, amount in paid)
        return Row(
            n=number,
            due=row.due_date,
            days=(row.due_date - row.start).days,
            principal_due=row.principal,
            interest_due=interest,
            fees_due=fees,
            penalties_due=penalties,
            total_due=total,
            balance=balance,
            paid=received,
            in_advance=sum(amount for on, amount in paid if on < row.due_date),
            late=sum(amount for on, amount in paid if on > row.due_date),
            outstanding=total - received,
            paid_date=self._emptied(number) if received == total else None,
        )

    def _emptied(self, number: int) -> date | None:
        """Return since when a row owes nothing: a payment may leave less of it than it has received before."""
        account, since = self.opened, None
        for event in self.draft.events:
            account = evolve(account, event)
            if not isinstance(event, LoanBooked):
                since = None if _open(account, number) else since or event.on
        return since

    def _allocated(self) -> Iterable[tuple[date, Allocation]]:
        for event in self.draft.events:
            if isinstance(event, RepaymentReceived | CreditReceived | UnappliedApplied):
                for part in (*event.allocations, *event.ahead):
                    yield event.on, part

    def _charged(self, number: int, component: Component) -> int:
        added = [event for event in self.draft.events if isinstance(event, ChargeAdded)]
        return sum(event.amount for event in added if event.number == number and event.component is component)

    def _billed_late(self, number: int) -> int:
        added = [event for event in self.draft.events if isinstance(event, LateInterestBilled)]
        return sum(event.interest for event in added if event.number == number)

    def _transactions(self) -> list[Paid]:
        """Return what became of each payment; unapplied money used later belongs to the payment that left it."""
        paid: list[tuple[date, str, int, list[int], int]] = []
        for event in self.draft.events:
            match event:
                case RepaymentReceived() | CreditReceived():
                    parts = _sums((*event.allocations, *event.ahead))
                    title = TITLES[event.source if isinstance(event, CreditReceived) else None]
                    paid.append((event.on, title, event.amount, parts, event.unapplied))
                case UnappliedApplied():
                    self._use(paid, _sums((*event.allocations, *event.ahead)))
                case _:
                    pass
        return [
            Paid(on, title, amount, principal, interest, fees, penalties, left)
            for on, title, amount, (penalties, fees, interest, principal), left in paid
        ]

    def _use(self, paid: list[tuple[date, str, int, list[int], int]], parts: list[int]) -> None:
        """Count unapplied money that is used as paid by the payments that left it, the earliest first."""
        for place, (on, title, amount, own, left) in enumerate(paid):
            taken: list[int] = []
            for part in parts:
                taken.append(min(part, left - sum(taken)))
            parts = [part - take for part, take in zip(parts, taken, strict=True)]
            own = [one + take for one, take in zip(own, taken, strict=True)]
            paid[place] = on, title, amount, own, left - sum(taken)

    def _status(self) -> Outcome:
        account: Account = self.draft.account
        closed = account.loans[0].status is LoanStatus.CLOSED
        status = ("OVERPAID" if account.unapplied else "CLOSED_OBLIGATIONS_MET") if closed else "ACTIVE"
        if self.case.expected_status not in (None, status):
            return f"computed {status}, printed {self.case.expected_status}"
        if self.case.expected_overpaid not in (None, account.unapplied):
            return f"computed {account.unapplied} overpaid, printed {self.case.expected_overpaid}"
        return MATCHED


def _open(account: Account, number: int) -> bool:
    """Return whether a row owes anything, as the account stands."""
    loan, schedule = account.loans[0], account.contracts[0].schedule
    if loan.status is LoanStatus.CLOSED:
        return False
    if number <= loan.billed:
        return any(owed(due) for due in loan.dues if due.number == number)
    if number > len(schedule) or any(charge.number == number for charge in loan.charges):
        return True
    ahead = sum(paid.interest + paid.principal for paid in loan.ahead if paid.number == number)
    return installment_total(schedule[number - 1]) != ahead


def _parts(part: Allocation) -> tuple[int, int, int, int]:
    return part.penalty, part.fee, part.interest, part.principal


def _sums(parts: Iterable[Allocation]) -> list[int]:
    sums = [0, 0, 0, 0]
    for part in parts:
        sums = [a + b for a, b in zip(sums, _parts(part), strict=True)]
    return sums
