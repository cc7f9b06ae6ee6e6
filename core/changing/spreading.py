"""Re-aging and re-amortizing: what is overdue is spread over installments to come."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from core.account import Contract, Deferral, Loan
from core.change_events import Replanned, TermsChanged
from core.changing.remaining import Remaining, agreed_dates, earned_by, further, noted, remaining
from core.changing.replanning import replanned, solve
from core.contract.changes import Reage, Reamortize, UnpaidInterest
from core.contract.terms import Method, Rate, Terms
from core.facts import PenaltyCharge
from core.money import Minor, equal_parts
from core.rejections import Code, Rejection
from core.schedule.cycles import grid_date
from core.schedule.dates import UNIT_MONTHS
from core.schedule.refusals import Refusal, terms_invalid
from core.schedule.spans import APART
from core.servicing.quote import earned_interest


class Unpaid(Struct, frozen=True):
    """Interest that is unpaid when what is due is spread anew."""

    due: int
    accrued: int
    """Earned and not due."""


def spread(
    loan: Loan, contract: Contract, change: Reage | Reamortize, charges: tuple[PenaltyCharge, ...], on: date
) -> TermsChanged | Rejection:
    """Return the change that makes what is due fall due again; penalties are charged in `loan`."""
    if loan.ahead:
        return Rejection(Code.CHANGE_REFUSED, "installments were paid in advance")
    unpaid = Unpaid(sum(due.interest for due in loan.dues), earned_interest(loan, contract, on))
    planned = (
        _reage(loan, contract, change, unpaid, on)
        if isinstance(change, Reage)
        else _reamortize(loan, contract, change, unpaid, on)
    )
    if isinstance(planned, Rejection):
        return planned
    waives = change.interest is UnpaidInterest.WAIVE
    return TermsChanged(
        on,
        loan.number,
        change,
        planned,
        charges,
        spreads=True,
        interest=Minor(0 if waives else unpaid.due),
        waived=Minor(unpaid.due if waives else 0),
        accrued_waived=Minor(unpaid.accrued if waives and isinstance(change, Reage) else 0),
    )


def _reage(loan: Loan, contract: Contract, change: Reage, unpaid: Unpaid, on: date) -> Replanned | Rejection:
    """Plan all that is outstanding over new dates; by now nothing of the former schedule is to come."""
    terms = _new_terms(contract.terms, loan, change)
    first = change.first_due or grid_date(on, 1, terms.every, terms.unit, on.day)
    if first is None or first <= on:
        return Rejection(Code.CHANGE_REFUSED, f"the first due date lies after {on}")
    if terms.unit in UNIT_MONTHS:
        terms = replace(terms, due_day=first.day)
    dates = further(replace(contract, terms=terms), (on, first), change.installments - 1)
    if dates is None:
        return terms_invalid(Refusal.SCHEDULE_TOO_LONG)
    passed = sum(1 for day in agreed_dates(contract) if day <= on and day <= _last_due(loan, contract))
    rest = Remaining(loan.billed + 1, passed + 1, loan.principal, on, dates, on, (0, 1))
    rows = solve(contract, terms, rest, None)
    if isinstance(rows, Rejection):
        return rows
    anew = replace(loan, carried=0, accrual=None, balances=(), dues=())
    return _with_unpaid(replanned(anew, contract, terms, rest, rows, (), on), change, unpaid.due + unpaid.accrued)


def _reamortize(loan: Loan, contract: Contract, change: Reamortize, unpaid: Unpaid, on: date) -> Replanned | Rejection:
    """Plan all that is outstanding over the dates that remain."""
    if not loan.dues:
        return Rejection(Code.CHANGE_REFUSED, "nothing is overdue")
    terms, rest = contract.terms, remaining(loan, contract, on)
    in_parts = change.interest is UnpaidInterest.EQUAL and terms.recalculation is not None
    if rest is None or in_parts:
        return Rejection(Code.CHANGE_REFUSED, "no installment is to come that can bear it")
    rest = replace(earned_by(loan, contract, rest, on), principal=int(loan.principal))
    rows = solve(contract, terms, rest, None)
    if isinstance(rows, Rejection):
        return rows
    balances, anew = noted(loan, contract, loan.principal, on), replace(loan, dues=())
    return _with_unpaid(replanned(anew, contract, terms, rest, rows, balances, on), change, unpaid.due)


def _new_terms(terms: Terms, loan: Loan, change: Reage) -> Terms:
    """Return the terms of the new installments: nothing holds of the former dates, grace and balloon."""
    terms = replace(
        terms,
        every=change.every or terms.every,
        unit=change.unit or terms.unit,
        method=Method.EQUAL_INSTALLMENT if terms.method in APART else terms.method,
        due_day=None,
        last_due=None,
        interest_cycle=None,
        agreed_installment=None,
        balloon=None,
        amortize_over=None,
        amortize_until=None,
        principal_grace=0,
        interest_grace=0,
        interest_free=0,
        capitalize_until=None,
        interest_base=None,
        interest_base_amount=int(loan.principal) if terms.method is Method.FLAT else None,
    )
    if change.interest is UnpaidInterest.FIRST:
        return terms
    free = Rate(0)
    return replace(terms, method=Method.EQUAL_PRINCIPAL, rate=free, rate_steps=(), floating=None, recalculation=None)


def _last_due(loan: Loan, contract: Contract) -> date:
    assert contract.disbursed_on is not None
    return contract.schedule[loan.billed - 1].due_date if loan.billed else contract.disbursed_on


def _with_unpaid(plan: Replanned | Rejection, change: Reage | Reamortize, interest: int) -> Replanned | Rejection:
    """Put unpaid interest on top of the first row, or of all rows in equal parts, the last of which takes the rest."""
    if isinstance(plan, Rejection) or not interest or change.interest is UnpaidInterest.WAIVE:
        return plan
    count = len(plan.rows) if change.interest is UnpaidInterest.EQUAL else 1
    parts = equal_parts(interest, count, plan.terms.rounding)
    more = [replace(row, interest=row.interest + part) for row, part in zip(plan.rows, parts, strict=False)]
    # Where interest follows payments, a row takes what is carried into it anyway.
    follows = plan.terms.recalculation is not None
    brings = () if follows else (Deferral(number, -part) for number, part in enumerate(parts, plan.number) if part)
    accrual = plan.accrual
    if accrual is not None:
        accrual = replace(accrual, earned=accrual.earned + interest, total=accrual.total + interest)
    return replace(
        plan,
        rows=(*more, *plan.rows[count:]),
        accrual=accrual,
        carried=Minor(plan.carried + interest),
        deferrals=(*plan.deferrals, *brings),
    )
