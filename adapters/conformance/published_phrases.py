"""Read a loan from the trade's own phrases: 等额本息 5000 x 6, 0.05%/day, 放款 2025-01-15, due the 15th."""

import re
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct, structs

from adapters.conformance.cases import MalformedCase, minor, rate
from core.contract.terms import DayCount, Method, Rate, RatePer, Terms
from core.schedule.dates import add_months

METHODS: Final = {
    "等额本息": Method.EQUAL_INSTALLMENT,
    "等额本金": Method.EQUAL_PRINCIPAL,
    "等本等息": Method.FLAT,
    "先息后本": Method.INTEREST_ONLY,
    "一次性还本付息": Method.AT_MATURITY,
}
UNITS: Final = {
    "day": RatePer.DAY,
    "日": RatePer.DAY,
    "month": RatePer.MONTH,
    "月": RatePer.MONTH,
    "flat": RatePer.MONTH,
    "year": RatePer.YEAR,
    "年": RatePer.YEAR,
}
"""A flat rate is one of each month; a rate without a unit is one of the year."""
WAN: Final = 10_000
NOT_SAID_DAY: Final = date(2023, 1, 1)
"""Figures without dates are of nominal periods, which no day of disbursement changes."""

_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
_DAY = r"(\d{4}-\d\d-\d\d)"
_RATE = re.compile(
    r"(?:([日月年])(?:息|利率|化)\s*)?" + _NUMBER + r"%\s*(?:(?:/|a |per )?(day|month|year|flat|[日月年]))?"
)
_PER_PERIOD = re.compile(r"period rate = " + _NUMBER + "%")
_PERIOD_OF_DAYS = re.compile(r"(\d+) days x " + _NUMBER + "%")
_AMOUNT = r"\s*" + _NUMBER + r"(万?)(?![\d.,]*%)"


class Said(Struct, frozen=True):
    """What a text says of a loan; None where it says nothing."""

    method: Method | None = None
    principal: int | None = None
    count: int | None = None
    rate: Rate | None = None
    period_days: int | None = None
    """Days that every period counts, whatever its real ones; 0: the real ones."""
    year: int | None = None
    """Days that a yearly rate is divided by, where real days count."""
    payment: int | None = None
    start: date | None = None
    end: date | None = None
    due_day: int | None = None


def read(text: str, before: Said) -> Said:
    """Return what the text says, and what was said before where it refers to that by the word `same`."""
    said = {
        **_schedule(text),
        **_rates(text),
        **_dates(text),
    }
    known = {name: value for name, value in said.items() if value is not None}
    return structs.replace(before if re.search(r"\bsame\b|同上", text) else Said(), **known)


def terms_of(said: Said) -> tuple[Terms, date] | None:
    """Return the terms and the day of disbursement; None if the text does not say enough for a schedule."""
    if said.method is None or said.principal is None or said.rate is None:
        return None
    by_days = said.year is not None or (said.rate.per is RatePer.DAY and not said.period_days)
    count = said.count or _months(said)
    unsaid = said.start is None if by_days else said.period_days == 0
    if not count or unsaid:
        return None
    start = said.start or NOT_SAID_DAY
    per_period = said.rate
    if said.period_days:
        per_period = Rate(said.rate.ppb * said.period_days, RatePer.MONTH)
    terms = Terms(
        principal=said.principal,
        rate=per_period,
        installments=count,
        method=said.method,
        agreed_installment=said.payment,
        due_day=said.due_day,
        last_due=said.end if said.count is None else None,
        day_count=DayCount.PERIOD if not by_days else DayCount.ACT_360 if said.year == 360 else DayCount.ACT_365,
    )
    return terms, start


def amount(number: str, wan: str = "") -> int:
    """Return a printed amount in minor units; 万 is ten thousand."""
    return minor(Decimal(number.replace(",", "")) * (WAN if wan else 1))


def percent(number: str, per: RatePer) -> Rate:
    """Return a rate printed in percent; raises MalformedCase if it is finer than a part per billion."""
    exact = rate(Decimal(number.replace(",", "")) / 100, per)
    if exact is None:
        raise MalformedCase(f"no exact rate: {number} %")
    return exact


def _schedule(text: str) -> dict[str, object]:
    found = re.search("|".join(METHODS), text)
    lent = re.search(f"(?:{'|'.join(METHODS)}|公积金)" + _AMOUNT, text)
    times = re.search(f"(?:{'|'.join(METHODS)}|公积金)" + _AMOUNT + r"\s*x\s*(\d+)(?![\d.]*%)", text)
    periods = re.search(r"(\d+)\s*(期|个月|年)", text)
    paid = re.search(r"(?<!last )payment " + _NUMBER, text)
    count = int(times[3]) if times else int(periods[1]) * (12 if periods[2] == "年" else 1) if periods else None
    return {
        "method": METHODS[found[0]] if found else None,
        "principal": amount(lent[1], lent[2]) if lent else None,
        "count": count,
        "payment": amount(paid[1]) if paid else None,
    }


def _rates(text: str) -> dict[str, object]:
    nominal = _PERIOD_OF_DAYS.search(text)
    if nominal:
        return {"rate": percent(nominal[2], RatePer.DAY), "period_days": int(nominal[1])}
    per_period = _PER_PERIOD.search(text)
    if per_period:
        return {"rate": percent(per_period[1], RatePer.MONTH)}
    printed = _RATE.search(text)
    actual = 0 if "actual days" in text else None
    divisor = re.search(r"on (360|365)\b", text)
    said: dict[str, object] = {"period_days": actual, "year": int(divisor[1]) if divisor else None}
    if not printed:
        return said
    return {**said, "rate": percent(printed[2], UNITS[printed[3] or printed[1] or "year"])}


def _dates(text: str) -> dict[str, object]:
    span = re.search(_DAY + r" to " + _DAY, text)
    if span:
        return {"start": date.fromisoformat(span[1]), "end": date.fromisoformat(span[2])}
    paid_out = re.search("放款 ?" + _DAY, text)
    start = date.fromisoformat(paid_out[1]) if paid_out else None
    due = re.search(r"due the (\d+)(?:st|nd|rd|th)", text)
    # 对日: the day of the month of disbursement.
    day = int(due[1]) if due else start.day if start and "对日" in text else None
    return {"start": start, "due_day": day}


def _months(said: Said) -> int:
    """Return the months between start and end, a begun one counted; 0 where the text has no such dates."""
    if said.start is None or said.end is None or said.end <= said.start:
        return 0
    months = (said.end.year - said.start.year) * 12 + said.end.month - said.start.month
    reached = add_months(said.start, months, said.start.day)
    return months + (reached is not None and reached < said.end)
