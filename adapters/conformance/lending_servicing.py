"""Cases of servicing that state their terms by name: played on an account of the engine, day by day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from adapters.conformance.cases import MalformedCase, minor, rate
from adapters.conformance.lending_schedules import WHOLE, level_of
from core.account import Account, exposure
from core.commands import BookLoan, Command, Disburse, FreezeAccount, OpenAccount, PayOff, Repay
from core.contract.servicing import PenaltyBase, PenaltyTerms
from core.contract.terms import BrokenPeriod, DayCount, Rate, Terms, Unit
from core.decide import decide
from core.identity import loan_id
from core.money import AMOUNT_MAX, Minor, Rounding
from core.rejections import Rejection
from core.servicing.advance import advance
from core.servicing.delinquency import days_past_due
from core.servicing.lateness import accrued_penalty, interest_by_day, running_penalties
from core.servicing.quote import quote

ACCOUNT: Final = 1
LOAN: Final = loan_id(ACCOUNT, 1)
YEAR: Final = 365
CONVENTIONS: Final = (1, 0)
"""What the due date itself may count as in days past due; the printed days say which."""


class ServedTerms(Struct, forbid_unknown_fields=True, kw_only=True):
    """A monthly level loan, the payments on it, and the rate of the penalty."""

    principal: Decimal
    annual_rate_pct: Decimal
    periods: int
    start: date
    first_due: date
    instalment: Decimal | None = None
    payments: list[tuple[date, Decimal]] = []
    penalty_rate_pct: Decimal = Decimal(0)
    as_of: date | None = None


class PayoffTerms(Struct, forbid_unknown_fields=True):
    """A loan of one installment; interest of the days before those of the installment is collected apart."""

    principal: Decimal
    annual_rate_pct: Decimal
    start: date
    due: date
    interest_days_in_instalment: int


class DrawTerms(Struct, forbid_unknown_fields=True):
    """A draw on a credit line and the first payment on it."""

    principal: Decimal
    annual_rate_pct: Decimal
    start: date
    paid_on: date
    amount: Decimal


class LimitTerms(Struct, forbid_unknown_fields=True):
    """A credit limit and what is drawn of it."""

    sanctioned: Decimal
    disbursed: Decimal


def served(given: ServedTerms, expected: Mapping[str, Any]) -> dict[str, object] | None:
    """Return days past due at the end of each printed day, payments of the day included, and the penalty as of one."""
    annual, charged = rate(given.annual_rate_pct / 100), rate(given.penalty_rate_pct / 100)
    if annual is None or charged is None:
        return None
    terms = _served_terms(given, annual, charged)
    own: dict[str, object] = {"instalment": _major(level_of(terms, given.start))}
    printed = expected.get("dpd", {})
    asked = {date.fromisoformat(day) for day in printed}
    account, payments = _lent(terms, given.start), sorted(given.payments)
    late: dict[int, dict[str, int]] = {first: {} for first in CONVENTIONS}
    for day in sorted(asked | {given.as_of or given.start}):
        while payments and payments[0][0] <= day:
            paid_on, amount = payments.pop(0)
            account = _done(_on(account, paid_on), Repay(account=ACCOUNT, amount=minor(amount)), paid_on)
        account = _on(account, day)
        for first, days in late.items():
            days[day.isoformat()] = days_past_due(account.loans[0], day, first)
        if day == given.as_of:
            running = list(running_penalties(account.loans[0], terms))
            own["penalty"] = _major(sum(accrued_penalty(each, terms, day) for each in running))
            own["penalty_days"] = tuple((day - each.since).days for each in running)
    own["dpd"] = next((days for days in late.values() if days.items() >= printed.items()), late[CONVENTIONS[0]])
    return own


def payoff(given: PayoffTerms) -> dict[str, object] | None:
    """Pay what was collected apart, then quote and pay what is left on the due date."""
    annual = rate(given.annual_rate_pct / 100)
    if annual is None:
        return None
    terms = Terms(
        principal=minor(given.principal),
        rate=annual,
        installments=1,
        every=given.interest_days_in_instalment,
        unit=Unit.DAY,
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
    return {
        "payoff": _major(offer.total),
        "bpi": _major(apart),
        "status": closed.loans[0].status.value.capitalize(),
    }


def draw(given: DrawTerms) -> dict[str, object] | None:
    """Return what a payment between due dates pays: interest of whole days first, then principal."""
    annual = rate(given.annual_rate_pct / 100)
    if annual is None:
        return None
    principal, amount = minor(given.principal), minor(given.amount)
    days = (given.paid_on - given.start).days
    interest = min(amount, interest_by_day(Minor(principal), annual, days, Rounding.HALF_UP, YEAR))
    repaid = min(amount - interest, principal)
    next_day = interest_by_day(Minor(principal - repaid), annual, 1, Rounding.HALF_UP, YEAR)
    return {
        "interest_paid": _major(interest),
        "principal_paid": _major(repaid),
        "next_day_accrual": _major(next_day),
    }


def limit(given: LimitTerms) -> dict[str, object]:
    """Return what the account can still be lent, and what once it is frozen for missing security."""
    on = date(2023, 1, 1)
    account = _opened(minor(given.sanctioned), on)
    if given.disbursed:
        drawn = Terms(principal=minor(given.disbursed), rate=Rate(0), installments=1)
        account = _done(account, BookLoan(account=ACCOUNT, terms=drawn), on)
        account = _done(account, Disburse(account=ACCOUNT, loan=LOAN), on)
    frozen = _done(account, FreezeAccount(account=ACCOUNT, reason="security shortfall"), on)
    return {
        "available": _major(_drawable(account, on)),
        "available_with_shortfall": _major(_drawable(frozen, on)),
    }


def _served_terms(given: ServedTerms, annual: Rate, charged: Rate) -> Terms:
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
        penalty_rate=charged,
        penalty=PenaltyTerms(base=PenaltyBase.INSTALLMENT, both_ends=True),
    )


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


def _major(amount: int) -> Decimal:
    return Decimal(amount) / 100
