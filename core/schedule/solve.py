"""Find the one term that is missing - rate, number of installments, payment or principal - with the schedule itself."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from core.contract.terms import INSTALLMENTS_MAX, RATE_MAX, Installment, Method, Terms, installment_total
from core.money import AMOUNT_MAX, Minor
from core.schedule.amortize import work_of
from core.schedule.dates import due_dates
from core.schedule.level import level_part
from core.schedule.plan import Refusal, plan, rows_at_payout
from core.schedule.spans import AT_THE_END, spans_of

COUNTS: Final = (12, 36, 120, INSTALLMENTS_MAX)
"""Numbers of installments tried, so that short terms are not planned to the last year that dates have."""
WORK_MAX: Final = 12_000
"""Spans that one plan may look at where rate or principal is to be found, which takes up to 150 plans, mostly 30."""


class Unknown(StrEnum):
    """The term to be found; what the terms say of it is not read."""

    RATE = "rate"
    INSTALLMENTS = "installments"
    PAYMENT = "payment"
    PRINCIPAL = "principal"


class Unsolvable(StrEnum):
    """Why no terms have the payment that is asked for; stable codes."""

    PAYMENT_MISSING = "payment_missing"
    NO_SUCH_RATE = "no_such_rate"
    NO_SUCH_PRINCIPAL = "no_such_principal"
    NO_SUCH_NUMBER = "no_such_number_of_installments"


def solve(terms: Terms, unknown: Unknown, payment: int | None, disbursed_on: date) -> Terms | Refusal | Unsolvable:
    """Return complete terms whose regular payment is `payment`, or why there are none.

    Many rates and principals give the same payment to the cent: the roundest of them is returned.
    """
    free = replace(terms, agreed_installment=None)
    if unknown is Unknown.PAYMENT:
        planned = plan(free, disbursed_on)
        return planned if isinstance(planned, Refusal) else free
    if payment is None:
        return Unsolvable.PAYMENT_MISSING
    match unknown:
        case Unknown.RATE:
            return _rate(free, payment, disbursed_on)
        case Unknown.PRINCIPAL:
            return _principal(free, payment, disbursed_on)
        case Unknown.INSTALLMENTS:
            return _installments(free, payment, disbursed_on)


def regular_payment(terms: Terms, rows: tuple[Installment, ...]) -> Minor:
    """Return the level installment (the one before the last, which takes the rest); other methods: the first one.

    What falls due at disbursement (a down payment, interest of a broken period) is none, nor is grace on principal.
    """
    regular = _regular(rows)
    level = terms.method is Method.EQUAL_INSTALLMENT and len(regular) > 1
    return installment_total(regular[-2] if level else _repaying(regular))


def _regular(rows: tuple[Installment, ...]) -> list[Installment]:
    return [row for row in rows if row.due_date > rows[0].start]


def _repaying(regular: list[Installment]) -> Installment:
    """Return the first installment that repays principal, if that is not the last alone; else the first one."""
    return next((row for row in regular[:-1] if row.principal), regular[0])


def _rate(terms: Terms, payment: int, on: date) -> Terms | Refusal | Unsolvable:
    def make(ppb: int) -> Terms:
        return replace(terms, rate=replace(terms.rate, ppb=ppb))

    free_of_interest = plan(make(0), on)
    if isinstance(free_of_interest, Refusal):
        return free_of_interest
    # A rate at which the payment does not amortize is too high.
    return _with_payment(make, (0, RATE_MAX), payment, on, AMOUNT_MAX) or Unsolvable.NO_SUCH_RATE


def _principal(terms: Terms, payment: int, on: date) -> Terms | Refusal | Unsolvable:
    def make(principal: int) -> Terms:
        return replace(terms, principal=principal)

    largest = plan(make(AMOUNT_MAX), on)
    if isinstance(largest, Refusal) and largest is not Refusal.INSTALLMENT_TOO_LARGE:
        return largest
    # A principal that does not amortize is too small to have a part in every installment.
    return _with_payment(make, (1, AMOUNT_MAX), payment, on, 0) or Unsolvable.NO_SUCH_PRINCIPAL


def _with_payment(
    make: Callable[[int], Terms], bounds: tuple[int, int], payment: int, on: date, stuck: int
) -> Terms | Refusal | None:
    """Return the terms of the roundest value that gives this payment, which grows with the value.

    `stuck` is what a value counts as at which nothing amortizes. If no value gives the payment, it is agreed.
    """

    def paid(value: int) -> int:
        terms = make(value)
        rows = plan(terms, on)
        if isinstance(rows, Refusal):
            return AMOUNT_MAX if rows is Refusal.INSTALLMENT_TOO_LARGE else stuck
        return regular_payment(terms, rows)

    low, high = bounds
    if _work(make(low), on) > WORK_MAX:
        return Refusal.SCHEDULE_TOO_LONG
    if paid(low) == paid(high):
        return None  # The payment does not depend on it.
    near = _nearest(low, high, lambda value: paid(value) - payment)
    if paid(near) != payment:
        # Rounding moved it back and forth, or there is none.
        near = _first(low, high, lambda value: paid(value) >= payment)
    if paid(near) != payment:
        return _agreed(make, bounds, payment, on)
    return make(_roundest(near, lambda value: low <= value <= high and paid(value) == payment))


def _work(terms: Terms, on: date) -> int:
    dates = due_dates(terms, on)
    return work_of(terms, spans_of(terms, (on, *dates))) if dates else 0


def _agreed(make: Callable[[int], Terms], bounds: tuple[int, int], payment: int, on: date) -> Terms | None:
    """Return terms that state the payment, of the highest value whose last installment is no larger."""

    def terms_of(value: int) -> Terms:
        return replace(make(value), agreed_installment=payment)

    def too_much(value: int) -> bool:
        rows = plan(terms_of(value), on)
        return isinstance(rows, Refusal) or installment_total(rows[-1]) > payment

    low, high = bounds
    terms = terms_of(max(low, _first(low, high, too_much) - 1))
    rows = plan(terms, on)
    if isinstance(rows, Refusal) or regular_payment(terms, rows) != payment or len(rows) < terms.installments:
        return None
    return None if too_much(low) else terms


def _installments(terms: Terms, payment: int, on: date) -> Terms | Refusal | Unsolvable:
    """Return the fewest installments of this payment; one minor unit more in each is rounding, not a longer term."""
    if terms.method in AT_THE_END:
        return Unsolvable.NO_SUCH_NUMBER
    found: Terms | Refusal | Unsolvable = Unsolvable.NO_SUCH_NUMBER
    for count in COUNTS:
        # Grace, or a later tranche, may need more installments than were tried first: a refusal is not the last word.
        found = _of_payment(replace(terms, installments=count), payment, on)
        if isinstance(found, Terms):
            unplannable = plan(found, on)
            return unplannable if isinstance(unplannable, Refusal) else found
    return found


def _of_payment(terms: Terms, payment: int, on: date) -> Terms | Refusal | Unsolvable:
    """Return the terms of a payment with which at most the installments of the terms repay the loan."""
    share = payment if terms.method is Method.EQUAL_INSTALLMENT else _principal_part(terms, payment, on)
    if isinstance(share, Refusal):
        return share
    rows = plan(replace(terms, agreed_installment=share + 1), on)
    if isinstance(rows, Refusal):
        return rows
    due = rows[rows_at_payout(terms, rows, on) :]
    if len(due) == terms.installments and level_part(terms.method, due[-1]) > share + 1:
        stuck = plan(replace(terms, agreed_installment=share), on)
        return stuck if isinstance(stuck, Refusal) else Unsolvable.NO_SUCH_NUMBER
    return replace(terms, installments=len(due), agreed_installment=share)


def _principal_part(terms: Terms, payment: int, on: date) -> int | Refusal:
    """Return what a payment leaves for principal in the first installment that repays any."""
    rows = plan(terms, on)
    if isinstance(rows, Refusal):
        return rows
    part = payment - _repaying(_regular(rows)).interest
    return part if part > 0 else Refusal.PAYMENT_DOES_NOT_AMORTIZE


def _nearest(low: int, high: int, off: Callable[[int], int]) -> int:
    """Return a value that is not off, if one is found, by false position (what grows is almost straight) and halves."""
    before, after, halve = off(low), off(high), False
    while before < 0 < after and high - low > 1:
        width = high - low
        straight = low + min(max(-before * width // (after - before), 1), width - 1)
        middle = low + width // 2 if halve else straight
        found = off(middle)
        if found <= 0:
            low, before = middle, found
        else:
            high, after = middle, found
        halve = not halve and 2 * (high - low) > width
    return high if after <= 0 else low


def _roundest(value: int, fits: Callable[[int], bool]) -> int:
    """Return 0, or the largest with the most zeros at its end, of the numbers that fit, neighbours of this one."""

    def rounded(zeros: int) -> int | None:
        down = value // 10**zeros * 10**zeros
        return next((each for each in (down, down + 10**zeros) if fits(each)), None)

    if fits(0):
        return 0
    zeros = _first(1, len(str(value)) + 1, lambda count: rounded(count) is None) - 1
    found = rounded(zeros)
    assert found is not None, "with no zeros it is the known one"
    # Ten such neighbours would hold one with a zero more.
    most = _first(1, 10, lambda count: not fits(found + count * 10**zeros)) - 1
    return found + most * int(10**zeros)


def _first(low: int, high: int, reached: Callable[[int], bool]) -> int:
    """Return the first value from which on `reached` holds, or `high`."""
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return low
