"""Charges that somebody makes or takes back: each belongs to the installment in whose period its due date lies."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from core.account import Account, Contract, Loan, LoanStatus, contract_of
from core.charge_events import ChargeReduced, ChargeWaived
from core.charging.fees import price_of
from core.contract.servicing import PenaltyBase, Price
from core.contract.terms import Installment
from core.contract.waterfall import STANDARD_ORDER, Component
from core.decision import Draft
from core.events import ChargeAdded, Entry, LoanReopened, PlainEvent, ScheduleRestated
from core.facts import Allocation, PenaltyCharge
from core.money import Minor
from core.rejections import Code, Rejection
from core.servicing.advance import apply_unapplied, catch_up, settle_states
from core.servicing.capping import within_cap
from core.servicing.late_interest import bill_late_interest
from core.servicing.penalties import penalties
from core.servicing.settling import charged


class Taken(Struct, frozen=True):
    """What is taken off what is due, and off charges to come."""

    due: tuple[Allocation, ...]
    to_come: tuple[Allocation, ...]
    total: int


def add_charge(
    draft: Draft,
    loan: Loan,
    component: Component,
    price: Price | Minor,
    due_date: date,
    name: str,
    on: date,
) -> None:
    """Charge a loan; a closed one is open again, and money that waits on the account pays at once."""
    contract = contract_of(draft.account, loan)
    number = installment_at(contract, due_date)
    asked = price if isinstance(price, Price) else Price(flat=price)
    amount = price_of(asked, loan, contract, number, on)
    allowed = within_cap(loan, contract, amount, on)
    charges = _before(draft.account, loan, contract, on) if number <= loan.billed else ()
    waived = Minor(amount - allowed)
    draft.emit(ChargeAdded(on, loan.number, number, due_date, component, allowed, name, charges, waived, asked))
    if number > len(contract.schedule):
        # Due after everything else: an installment of its own, which falls due today at the earliest.
        extra = Installment(contract.schedule[-1].due_date, max(due_date, on), Minor(0), Minor(0))
        draft.emit(ScheduleRestated(on, loan.number, number, (extra,), loan.accrual))
    if loan.status is LoanStatus.CLOSED:
        reopen(draft, loan, on)
    else:
        catch_up(draft, on)
    if draft.account.unapplied:
        apply_unapplied(draft, on)
    settle_states(draft, on)


def waive(
    draft: Draft, loan: Loan, component: Component, asked: int | None, number: int | None, reason: str, on: date
) -> int:
    """Let a borrower off what is charged or due, accrued penalty too; return how much. With nothing, do nothing."""
    if component is Component.INTEREST:
        bill_late_interest(draft, loan, on)
        loan = draft.account.loans[loan.number - 1]
    charges, taken = _off(draft.account, loan, component, asked, number, on)
    if not taken.total:
        return 0
    wanted = None if asked is None else Minor(asked)
    parts = taken.due, charges, taken.to_come
    draft.emit(ChargeWaived(on, loan.number, component, wanted, number, reason, *parts))
    settle_states(draft, on)
    return taken.total


def reduce_charge(
    draft: Draft,
    seq: int,
    loan: Loan,
    component: Component,
    number: int,
    amount: int,
    reason: str,
    on: date,
    *,
    paid_out: bool,
    left: int | None = None,
) -> Rejection | None:
    """Take back (part of) a charge that had been too high; what was paid of it is given back.

    Decided anew, exactly what left is paid out: there must be as much, and what is more becomes unapplied.
    """
    charges, taken = _off(draft.account, loan, component, amount, number, on)
    returned = amount - taken.total
    kept = 0 if left is None else returned - left
    if kept < 0:
        return Rejection(Code.REVERSAL_LEAVES_SHORTFALL, f"{left} of charge {seq} was paid back on {on}")
    parts = taken.due, charges, taken.to_come, Minor(returned), paid_out, Minor(kept)
    draft.emit(ChargeReduced(on, loan.number, seq, number, component, Minor(amount), reason, *parts))
    if draft.account.unapplied:
        apply_unapplied(draft, on)
    settle_states(draft, on)
    return None


def refused_above_charge(seq: int, added: ChargeAdded, amount: int, known: Iterable[Entry]) -> Rejection | None:
    """Refuse to take back more than is left of a charge by what is known: what was waived was not paid."""
    events = [entry.event for entry in known]
    taken = sum(event.amount for event in events if isinstance(event, ChargeReduced) and event.charge == seq)
    left = min(added.amount - taken, _left_on_installment(added, events))
    return None if amount <= left else Rejection(Code.AMOUNT_TOO_HIGH, f"{left} is left of charge {seq}")


def reopen(draft: Draft, loan: Loan, on: date) -> None:
    """Open a closed loan again, and bill what it owes by now."""
    draft.emit(LoanReopened(on, loan.number))
    catch_up(draft, on)


def installment_at(contract: Contract, day: date) -> int:
    """Return the number of the installment in whose period (start, due date] a day lies; one more than all if after.

    A day up to disbursement belongs to the first installment that has days.
    """
    rows = enumerate(contract.schedule, 1)
    found = (number for number, row in rows if row.start < row.due_date and day <= row.due_date)
    return next(found, len(contract.schedule) + 1)


def _before(account: Account, loan: Loan, contract: Contract, on: date) -> tuple[PenaltyCharge, ...]:
    """Return what accrued before a fee changes what a penalty runs on."""
    return penalties(account, on, loan) if contract.terms.penalty.base is PenaltyBase.INSTALLMENT else ()


def _off(
    account: Account, loan: Loan, component: Component, asked: int | None, number: int | None, on: date
) -> tuple[tuple[PenaltyCharge, ...], Taken]:
    """Return what accrued before, and what is then taken off a component, the oldest installment first."""
    charges = penalties(account, on, loan)
    loan = charged(account, on, charges).loans[loan.number - 1]
    owing: dict[int, int] = {due.number: getattr(due, component) for due in loan.dues}
    for coming in loan.charges if component is not Component.INTEREST else ():
        owing[coming.number] = owing.get(coming.number, 0) + getattr(coming, component)
    left, parts = sum(owing.values()) if asked is None else asked, []
    for each in sorted(owing):
        part = min(left, owing[each]) if number in (None, each) else 0
        left -= part
        if part:
            amounts = (Minor(part if which is component else 0) for which in STANDARD_ORDER)
            parts.append(Allocation(loan.number, each, *amounts))
    due = {each.number for each in loan.dues}
    off = [part for part in parts if part.number in due], [part for part in parts if part.number not in due]
    return charges, Taken(tuple(off[0]), tuple(off[1]), sum(getattr(part, component) for part in parts))


def _left_on_installment(added: ChargeAdded, events: Iterable[PlainEvent]) -> int:
    """Return what is left of a component's charges on the installment."""
    left, place = 0, (added.loan, added.component, added.number)
    for event in events:
        match event:
            case ChargeAdded() | ChargeReduced() if (event.loan, event.component, event.number) == place:
                left += event.amount if isinstance(event, ChargeAdded) else -event.amount
            case ChargeWaived() if (event.loan, event.component) == place[:2]:
                parts = (part for part in (*event.allocations, *event.ahead) if part.number == added.number)
                # Penalty interest is waived with the same component: count it to the charges last.
                left -= sum(getattr(part, event.component) for part in parts)
            case _:
                pass
    return max(0, left)
