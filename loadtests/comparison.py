"""Tenor's figures beside LendingClub's published ones: what agrees to the cent, and why the rest does not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from loadtests.lendingclub import CHARGED_OFF, CURRENT, History, PublishedLoan, interest_booked

TOLERANCE: Final = 2
"""Cents: each month's interest is rounded on its own, on either side."""
EXAMPLES_MAX: Final = 3

PAID_AHEAD: Final = "paid ahead: LendingClub took the extra money off principal at once, Tenor holds it for later bills"
LATE_FEE: Final = "a late fee was taken out of what was paid"
MORE_PAID: Final = "part of an installment was paid on top and reduced principal"
LESS_PAID: Final = "part of an installment is missing, or interest for days of delay was taken first"
WRITTEN_OFF: Final = "charged off: the published balance is 0, the loan was not paid"


class Standing(Struct, frozen=True):
    """A loan as Tenor holds it; cents."""

    installment: int
    principal: int


class Reason(Struct, frozen=True):
    """Why some loans' principal differs, with a few of their numbers."""

    reason: str
    loans: int
    examples: list[int]


class StatusLine(Struct, frozen=True):
    """Loans of one published status; interest in cents."""

    status: str
    loans: int
    exact: int
    matched: int
    interest_published: int
    interest_booked: int
    first_period_stub: int
    """Interest published as paid less interest booked, of the loans that match: days before the first full period."""
    reasons: list[Reason]


class InstallmentMiss(Struct, frozen=True):
    """A published installment that is not the level installment of the published terms."""

    loan: int
    published: int
    booked: int


class Comparison(Struct, frozen=True):
    """All loans: installments, and principal outstanding by published status."""

    loans: int
    installments_matched: int
    installments_missed: list[InstallmentMiss]
    current: int
    balances_matched: int
    """Current loans whose principal outstanding is within 2 cents of the published one."""
    lines: list[StatusLine]


class _Pair(Struct, frozen=True):
    loan: PublishedLoan
    past: History
    booked: Standing

    def difference(self) -> int:
        return self.booked.principal - self.loan.balance

    def matches(self) -> bool:
        return abs(self.difference()) <= TOLERANCE


def compare(loans: Sequence[PublishedLoan], histories: Sequence[History], booked: Mapping[int, Standing]) -> Comparison:
    """Compare every published loan with what Tenor holds of it, by loan number."""
    pairs = [_Pair(loan, past, booked[loan.number]) for loan, past in zip(loans, histories, strict=True)]
    missed = [pair for pair in pairs if pair.booked.installment != pair.loan.installment]
    statuses = Counter(loan.status for loan in loans)
    current = [pair for pair in pairs if pair.loan.status == CURRENT]
    return Comparison(
        loans=len(pairs),
        installments_matched=len(pairs) - len(missed),
        installments_missed=[
            InstallmentMiss(pair.loan.number, pair.loan.installment, pair.booked.installment) for pair in missed
        ],
        current=len(current),
        balances_matched=sum(pair.matches() for pair in current),
        lines=[_line(status, [p for p in pairs if p.loan.status == status]) for status, _ in statuses.most_common()],
    )


def reason(loan: PublishedLoan, past: History, difference: int) -> str:
    """Return why Tenor's principal differs from the published balance by `difference` cents."""
    if loan.status == CHARGED_OFF:
        return WRITTEN_OFF
    if loan.late_fees:
        return LATE_FEE
    if past.ahead:
        return PAID_AHEAD
    return MORE_PAID if difference > 0 else LESS_PAID


def _line(status: str, pairs: list[_Pair]) -> StatusLine:
    matched = [pair for pair in pairs if pair.matches()]
    return StatusLine(
        status=status,
        loans=len(pairs),
        exact=sum(pair.difference() == 0 for pair in pairs),
        matched=len(matched),
        interest_published=sum(pair.loan.paid_interest for pair in pairs),
        interest_booked=sum(interest_booked(pair.past) for pair in pairs),
        first_period_stub=sum(pair.loan.paid_interest - interest_booked(pair.past) for pair in matched),
        reasons=_reasons([pair for pair in pairs if not pair.matches()]),
    )


def _reasons(pairs: list[_Pair]) -> list[Reason]:
    numbers: dict[str, list[int]] = {}
    for pair in pairs:
        numbers.setdefault(reason(pair.loan, pair.past, pair.difference()), []).append(pair.loan.number)
    ranked = sorted(numbers.items(), key=lambda item: -len(item[1]))
    return [Reason(text, len(found), found[:EXAMPLES_MAX]) for text, found in ranked]
