"""Cases of servicing that state their terms by name: played on an account of the engine, day by day."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct, structs

from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, minor, rate
from core.account import Account, exposure
from core.commands import BookLoan, Command, Disburse, FreezeAccount, OpenAccount, PayOff, Repay
from core.contract.servicing import PenaltyBase, PenaltyTerms
from core.contract.terms import BrokenPeriod, DayCount, Rate, Terms
from core.decide import decide
from core.identity import loan_id
from core.money import AMOUNT_MAX, Minor, Rounding
from core.rejections import Rejection
from core.schedule.plan import Refusal, plan
from core.schedule.solve import regular_payment
from core.servicing.advance import advance
from core.servicing.delinquency import days_past_due
from core.servicing.lateness import accrued_penalty, interest_by_day, running_penalties
from core.servicing.quote import quote

ACCOUNT: Final = 1
LOAN: Final = loan_id(ACCOUNT, 1)
WHOLE: Final = 100
"""Installments are rounded up to whole units of the currency."""
YEAR: Final = 365


class LateTerms(Struct, forbid_unknown_fields=True):
    """A monthly level loan of which nothing is paid, and the rate of the penalty."""

    principal: Decimal
    annual_rate_pct: Decimal
    periods: int
    start: date
    first_due: date
    penalty_rate_pct: Decimal
    as_of: date
    instalment: Decimal | None = None


class LateFigures(Struct, forbid_unknown_fields=True):
    """The penalty of all overdue installments, and the days of each."""

    penalty: Decimal
    penalty_days: list[int] | None = None
    instalment: Decimal | None = None


class PayoffTerms(Struct, forbid_unknown_fields=True):
    """A loan of one installment; interest of the days before its last period is collected apart."""

    principal: Decimal
    annual_rate_pct: Decimal
    start: date
    due: date
    interest_days_in_instalment: int


class PayoffFigures(Struct, forbid_unknown_fields=True):
    """What closes it on the due date."""

    payoff: Decimal
    status: str


class DrawTerms(Struct, forbid_unknown_fields=True):
    """A draw on a credit line and the first payment on it."""

    principal: Decimal
    annual_rate_pct: Decimal
    start: date
    paid_on: date
    amount: Decimal


class DrawFigures(Struct, forbid_unknown_fields=True):
    """How the payment is split, and the interest of the day after."""

    interest_paid: Decimal
    principal_paid: Decimal
    next_day_accrual: Decimal


class LimitTerms(Struct, forbid_unknown_fields=True):
    """A credit limit and what is drawn of it."""

    sanctioned: Decimal
    disbursed: Decimal


class LimitFigures(Struct, forbid_unknown_fields=True):
    """What can be drawn, and what while security is missing."""

    available: Decimal
    available_with_shortfall: Decimal | None = None


class AgeingTerms(Struct, forbid_unknown_fields=True):
    """A monthly level loan and the payments on it."""

    principal: Decimal
    annual_rate_pct: Decimal
    periods: int
    start: date
    first_due: date
    payments: list[tuple[date, Decimal]]
    instalment: Decimal | None = None


class AgeingFigures(Struct, forbid_unknown_fields=True):
    """Days past due at the end of each day."""

    dpd: dict[date, int]
    instalment: Decimal | None = None


def late_penalty(given: LateTerms, printed: LateFigures) -> Outcome:
    """Compare the penalty of installments that fell due and were not paid."""
    plain, charged = _level_terms(given), rate(given.penalty_rate_pct / 100)
    if plain is None or charged is None:
        return None
    both_ends = PenaltyTerms(base=PenaltyBase.INSTALLMENT, both_ends=True)
    terms = structs.replace(plain, penalty_rate=charged, penalty=both_ends)
    loan = _on(_lent(terms, given.start), given.as_of).loans[0]
    running = list(running_penalties(loan, terms))
    own = LateFigures(
        penalty=_major(sum(accrued_penalty(each, terms, given.as_of) for each in running)),
        penalty_days=None if printed.penalty_days is None else [(given.as_of - each.since).days for each in running],
        instalment=None if printed.instalment is None else _major(_level(terms, given.start)),
    )
    return _compared(own, printed)


def payoff(given: PayoffTerms, printed: PayoffFigures) -> Outcome:
    """Pay what was collected apart, then quote and pay what is left on the due date."""
    annual = rate(given.annual_rate_pct / 100)
    if annual is None:
        return None
    terms = Terms(
        principal=minor(given.principal),
        rate=annual,
        installments=1,
        first_due=given.due,
        day_count=DayCount.ACT_365,
        broken_period=BrokenPeriod.UPFRONT,
    )
    account = _lent(terms, given.start)
    apart = sum(due.interest for due in account.loans[0].dues)
    account = _on(_done(account, Repay(account=ACCOUNT, amount=apart), given.start) if apart else account, given.due)
    offer = quote(account, LOAN, given.due, given.due)
    if isinstance(offer, Rejection):
        raise MalformedCase(offer.detail)
    closed = _done(account, PayOff(account=ACCOUNT, loan=LOAN, amount=offer.to_pay), given.due)
    own = PayoffFigures(_major(offer.total), closed.loans[0].status.value.capitalize())
    return _compared(own, printed)


def draw(given: DrawTerms, printed: DrawFigures) -> Outcome:
    """Compare a payment between due dates: interest of whole days first, then principal."""
    annual = rate(given.annual_rate_pct / 100)
    if annual is None:
        return None
    principal, amount = minor(given.principal), minor(given.amount)
    days = (given.paid_on - given.start).days
    interest = min(amount, interest_by_day(Minor(principal), annual, days, Rounding.HALF_UP, YEAR))
    repaid = min(amount - interest, principal)
    next_day = interest_by_day(Minor(principal - repaid), annual, 1, Rounding.HALF_UP, YEAR)
    return _compared(DrawFigures(_major(interest), _major(repaid), _major(next_day)), printed)


def limit(given: LimitTerms, printed: LimitFigures) -> Outcome:
    """Compare what the account can still be lent, and what once it is frozen for missing security."""
    on = date(2023, 1, 1)
    account = _opened(minor(given.sanctioned), on)
    drawn = Terms(principal=minor(given.disbursed), rate=Rate(0), installments=1)
    account = _done(
        _done(account, BookLoan(account=ACCOUNT, terms=drawn), on), Disburse(account=ACCOUNT, loan=LOAN), on
    )
    frozen = _done(account, FreezeAccount(account=ACCOUNT, reason="security shortfall"), on)
    own = LimitFigures(
        available=_major(_drawable(account, on)),
        available_with_shortfall=None if printed.available_with_shortfall is None else _major(_drawable(frozen, on)),
    )
    return _compared(own, printed)


def ageing(given: AgeingTerms, printed: AgeingFigures) -> Outcome:
    """Compare days past due at the end of each day, payments of the day included."""
    terms = _level_terms(given)
    if terms is None:
        return None
    account, payments, past_due = _lent(terms, given.start), sorted(given.payments), {}
    for day in sorted(printed.dpd):
        while payments and payments[0][0] <= day:
            paid_on, amount = payments.pop(0)
            account = _done(_on(account, paid_on), Repay(account=ACCOUNT, amount=minor(amount)), paid_on)
        account = _on(account, day)
        past_due[day] = days_past_due(account.loans[0], day, terms.first_late_day)
    own = AgeingFigures(
        dpd=past_due, instalment=None if printed.instalment is None else _major(_level(terms, given.start))
    )
    return _compared(own, printed)


def _level_terms(given: LateTerms | AgeingTerms) -> Terms | None:
    annual = rate(given.annual_rate_pct / 100)
    if annual is None:
        return None
    return Terms(
        principal=minor(given.principal),
        rate=annual,
        installments=given.periods,
        first_due=given.first_due,
        day_count=DayCount.ACT_365,
        level_day_count=DayCount.PERIOD,
        installment_rounding=Rounding.UP,
        installment_multiple=WHOLE,
        agreed_installment=None if given.instalment is None else minor(given.instalment),
        first_late_day=1,
    )


def _level(terms: Terms, start: date) -> int:
    """Return the level installment that the engine solves, whatever was agreed."""
    free = structs.replace(terms, agreed_installment=None)
    rows = plan(free, start)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    return regular_payment(free, rows)


def _opened(credit_limit: int, on: date) -> Account:
    return _done(None, OpenAccount(account=ACCOUNT, currency="INR", credit_limit=credit_limit), on)


def _lent(terms: Terms, on: date) -> Account:
    account = _done(_opened(AMOUNT_MAX, on), BookLoan(account=ACCOUNT, terms=terms), on)
    return _done(account, Disburse(account=ACCOUNT, loan=LOAN), on)


def _on(account: Account, day: date) -> Account:
    advanced = advance(account, day).account
    assert advanced is not None
    return advanced


def _done(account: Account | None, command: Command, on: date) -> Account:
    decided = decide(account, command, on)
    if isinstance(decided, Rejection):
        raise MalformedCase(f"{decided.code}: {decided.detail}")
    assert decided.account is not None
    return decided.account


def _drawable(account: Account, on: date) -> int:
    """Return the largest loan that the account would be lent."""
    left = account.credit_limit - exposure(account)
    if left <= 0:
        return 0
    wanted = BookLoan(account=ACCOUNT, terms=Terms(principal=left, rate=Rate(0), installments=1))
    return 0 if isinstance(decide(account, wanted, on), Rejection) else left


def _compared(own: Struct, printed: Struct) -> Outcome:
    return MATCHED if own == printed else f"computed {own}"


def _major(amount: int) -> Decimal:
    return Decimal(amount) / 100
