"""Pay a loan out: what is kept back, what falls due at once, what is collected on the same day."""

from datetime import date

from msgspec.structs import replace

from core.account import Contract, Loan, LoanStatus, Use, contract_of
from core.changing.replanning import first_deferrals
from core.changing.tranches import first_part
from core.charge_events import FeesWithheld
from core.charging.fees import disbursement_fees, withheld
from core.contract.servicing import Source
from core.contract.terms import Installment, Method, Rate, Terms
from core.decision import Draft
from core.events import LoanDisbursed
from core.money import Minor, divide
from core.rejections import Code, Rejection
from core.schedule.dates import due_dates
from core.schedule.interest import interest_between
from core.schedule.plan import broken_interest, plan, regular_start, rows_at_payout
from core.schedule.refusals import Refusal, terms_invalid
from core.servicing.advance import catch_up, settle_states
from core.servicing.capping import above_cap
from core.servicing.repayment import receive


def disburse(draft: Draft, loan: Loan, on: date) -> Rejection | None:
    """Fix the schedule on what is really lent and pay it out, less what the terms keep back."""
    terms = contract_of(draft.account, loan).terms
    found = lent_of(terms)
    if isinstance(found, Rejection):
        return found
    lent = found[0]
    planned = plan(lent, on)
    if isinstance(planned, Refusal):
        return terms_invalid(planned)
    pay_out(draft, LoanDisbursed(on, loan.number, Minor(lent.principal), planned, first_deferrals(lent, on, planned)))
    return None


def lent_of(terms: Terms) -> tuple[Terms, int] | Rejection:
    """Return the terms of what is lent on the first day, and what of it leaves: the rest is kept back as fees."""
    kept, lowers = withheld(terms)
    first = first_part(terms)
    if kept >= first.principal:
        return Rejection(Code.TERMS_INVALID, "fees_exceed_principal")
    lent = replace(first, principal=first.principal - lowers) if lowers else first
    return lent, first.principal - kept


def refused_terms(terms: Terms, on: date) -> Rejection | None:
    """Refuse terms of which nothing can be paid out: the first part gives no schedule, or is above its own cost cap."""
    found = lent_of(terms)
    if isinstance(found, Rejection):
        return found
    lent, leaves = found
    planned = plan(lent, on)
    if isinstance(planned, Refusal):
        return terms_invalid(planned)
    return _cost_above_cap(terms, on, lent, planned, lent.principal - leaves) if terms.cost_cap_ppb else None


def _cost_above_cap(
    terms: Terms, on: date, lent: Terms, planned: tuple[Installment, ...], fees: int
) -> Rejection | None:
    """Refuse interest and fees out of the payout that are above the cap from the first day on.

    Counted by days, as the cap is; a rate that is the cap is not above it, however the terms count a year.
    """
    begun = Loan(1, LoanStatus.ACTIVE, Minor(lent.principal), use=Use(on, 0, Minor(0)))
    above = above_cap(begun, Contract(terms, on, planned), on, fees)
    interest = sum(row.interest + row.capitalized for row in planned)
    if not above or (not fees and interest <= _at_cap(lent, planned, on)):
        return None
    return Rejection(Code.COST_ABOVE_CAP, f"interest of {interest} and fees of {fees} are {above} above the cap")


def _at_cap(terms: Terms, planned: tuple[Installment, ...], on: date) -> int:
    """Return the interest that the rows would bear if the rate were the cap, by the terms' own count of days."""
    capped = replace(terms, rate=Rate(terms.cost_cap_ppb), rate_steps=(), floating=None, pauses=(), interest_free=0)
    if terms.method is Method.AT_MATURITY:
        capped = replace(capped, every=terms.every * terms.installments)  # One row is for all periods.
    at_payout = rows_at_payout(terms, planned, on)
    balance = terms.principal - sum(row.principal for row in planned[:at_payout])
    start = regular_start(terms, on, (due_dates(terms, on) or (on,))[0])
    total: int = divide(*broken_interest(capped, (on, start), on, start, balance), terms.rounding) if on < start else 0
    for number, row in enumerate(planned[at_payout:], 1):
        days = max(start, row.start), row.due_date
        total += divide(*interest_between(capped, *days, *days, balance, number), terms.rounding)
        balance += row.capitalized - row.principal
    return total


def pay_out(draft: Draft, disbursed: LoanDisbursed) -> None:
    """Pay out, with all that comes of it on the same day."""
    draft.emit(disbursed)
    on, loan = disbursed.on, draft.account.loans[disbursed.loan - 1]
    terms = contract_of(draft.account, loan).terms
    kept, lowers = withheld(terms)
    if kept:
        draft.emit(FeesWithheld(on, loan.number, Minor(kept), Minor(lowers)))
    loan = draft.account.loans[loan.number - 1]
    for event in disbursement_fees(loan, contract_of(draft.account, loan), on):
        draft.emit(event)
    catch_up(draft, on)
    if terms.collect_down_payment:
        _collect_down_payment(draft, loan.number, on)
    settle_states(draft, on)


def _collect_down_payment(draft: Draft, number: int, on: date) -> None:
    loan = draft.account.loans[number - 1]
    due = sum(due.principal for due in loan.dues if due.number)
    if due:
        receive(draft, due, loan, on, Source.DOWN_PAYMENT, follows=True)
