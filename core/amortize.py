"""Rows of principal and interest by method; every amount is rounded once and the last row takes the rest."""

from functools import reduce
from math import gcd
from typing import assert_never

from core.daycount import Period, days, year_fraction
from core.money import Minor, Rounding, divide, divide_to_multiple
from core.terms import PPB, DayCount, Method, Rate, RatePer, Terms

Part = tuple[int, int]
"""Principal and interest of one row, in minor units."""
Factors = tuple[list[int], int]
"""Each period's interest on one unit of principal: whole numerators over one denominator."""


def amortize(terms: Terms, periods: list[Period]) -> list[Part] | None:
    """Return the rows, fewer than periods if the balance clears early; None if the payment does not amortize."""
    factors = interest_factors(terms.rate, terms.day_count, periods)
    match terms.method:
        case Method.EQUAL_INSTALLMENT:
            parts = _equal_installment(terms, factors, periods)
        case Method.EQUAL_PRINCIPAL:
            parts = _equal_principal(terms, factors)
        case Method.FLAT:
            parts = _flat(terms, factors)
        case Method.INTEREST_ONLY | Method.AT_MATURITY:
            parts = _bullet(terms, factors)
        case _:
            assert_never(terms.method)
    if parts is not None and terms.first_day_count is not None:
        # Only the first total moves: its principal is still what the regular interest leaves.
        (first,), whole = interest_factors(terms.rate, terms.first_day_count, periods[:1])
        parts[0] = (parts[0][0], divide(terms.principal * first, whole, terms.rounding))
    return parts


def interest_factors(rate: Rate, day_count: DayCount, periods: list[Period]) -> Factors:
    """Return each period's exact interest on one unit of principal, in lowest terms."""
    if rate.per is RatePer.DAY:
        numerators, denominator = [rate.ppb * days(day_count, period) for period in periods], PPB
    else:
        ppb = rate.ppb * 12 if rate.per is RatePer.MONTH else rate.ppb
        fractions = [year_fraction(day_count, period) for period in periods]
        numerators, denominator = [ppb * numerator for numerator, _ in fractions], PPB * fractions[0][1]
    common = reduce(gcd, numerators, denominator)
    return [numerator // common for numerator in numerators], denominator // common


def level_installment(principal: int, factors: Factors, rounding: Rounding, multiple: int = 1) -> Minor:
    """Return the level installment, exact for unequal periods and for rate 0, rounded to a unit and then a multiple."""
    numerators, whole = factors
    # M = P / sum of 1/((1+f(1))...(1+f(k))), from the last period back, every term times a power of `whole`.
    growth, annuity = 1, 0
    for numerator in reversed(numerators):
        annuity = whole * (growth + annuity)
        growth *= whole + numerator
    return _to_multiple(divide(principal * growth, annuity, rounding), multiple, rounding)


def _to_multiple(amount: int, multiple: int, rounding: Rounding) -> Minor:
    return divide_to_multiple(amount, 1, Minor(multiple), rounding)


def _equal_installment(terms: Terms, factors: Factors, periods: list[Period]) -> list[Part] | None:
    if terms.agreed_installment is not None:
        return _level_parts(terms, factors, terms.agreed_installment)
    rounding = terms.installment_rounding or terms.rounding
    solved_with = factors
    if terms.level_day_count is not None:
        solved_with = interest_factors(terms.rate, terms.level_day_count, periods)
    level: int = level_installment(terms.principal, solved_with, rounding, terms.installment_multiple)
    parts = _level_parts(terms, factors, level)
    for _ in range(terms.smoothing_rounds):
        smoother = _smoothed(terms, factors, level, parts)
        if smoother is None:
            break
        level, parts = smoother
    return parts


def _level_parts(terms: Terms, factors: Factors, level: int) -> list[Part] | None:
    """Return the rows of one level installment, up to the row that clears the balance."""
    numerators, whole = factors
    balance, rounding = terms.principal, terms.rounding
    parts: list[Part] = []
    for numerator in numerators[:-1]:
        interest = divide(balance * numerator, whole, rounding)
        principal = level - interest
        if principal <= 0:
            return None
        if principal >= balance:
            return [*parts, (balance, interest)]
        parts.append((principal, interest))
        balance -= principal
    parts.append((balance, divide(balance * numerators[-1], whole, rounding)))
    return parts


def _smoothed(terms: Terms, factors: Factors, level: int, parts: list[Part] | None) -> tuple[int, list[Part]] | None:
    """Spread what the last installment differs by over all of them; None if that brings it no closer."""
    if parts is None:
        return None
    count, difference = len(factors[0]), sum(parts[-1]) - level
    if abs(difference) <= count // 2:
        return None
    rounding = terms.installment_rounding or terms.rounding
    share = divide(abs(difference), count, rounding)
    moved = max(level + share if difference > 0 else level - share, 0)
    moved = _to_multiple(moved, terms.installment_multiple, rounding)
    again = _level_parts(terms, factors, moved)
    if again is None or abs(sum(again[-1]) - moved) >= abs(difference):
        return None
    return moved, again


def _equal_principal(terms: Terms, factors: Factors) -> list[Part] | None:
    numerators, whole = factors
    shares = _principal_shares(terms, len(numerators))
    if shares is None:
        return None
    balance = terms.principal
    parts: list[Part] = []
    for numerator, share in zip(numerators, shares, strict=False):
        parts.append((share, divide(balance * numerator, whole, terms.rounding)))
        balance -= share
    return parts


def _flat(terms: Terms, factors: Factors) -> list[Part] | None:
    """Return equal principal with interest on the original principal throughout."""
    numerators, whole = factors
    shares = _principal_shares(terms, len(numerators))
    if shares is None:
        return None
    return [
        (share, divide(terms.principal * numerator, whole, terms.rounding))
        for numerator, share in zip(numerators, shares, strict=False)
    ]


def _principal_shares(terms: Terms, count: int) -> list[int] | None:
    """Return P/n (or the agreed part) for each row, the last with the rest; None if P/n rounds to nothing."""
    rounding = terms.installment_rounding or terms.rounding
    share = terms.agreed_installment or divide_to_multiple(
        terms.principal, count, Minor(terms.installment_multiple), rounding
    )
    if share == 0:
        return None
    full = min(count, -(-terms.principal // share)) - 1
    return [*[share] * full, terms.principal - share * full]


def _bullet(terms: Terms, factors: Factors) -> list[Part]:
    """Return interest only, and the principal with the last row."""
    numerators, whole = factors
    interests = [divide(terms.principal * numerator, whole, terms.rounding) for numerator in numerators]
    return [*[(0, interest) for interest in interests[:-1]], (terms.principal, interests[-1])]
