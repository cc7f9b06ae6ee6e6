"""How a contract writes amounts, rates and days: exact, from integers."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from adapters.console.currencies import digits_of
from adapters.contracts.costs import Row
from core.contract.terms import Rate
from core.cost.disclosure import yearly
from core.money import Rounding, divide

_PERCENT: Final = 10**7
"""Parts per billion in one percent."""
_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def money(amount: int, currency: str) -> str:
    """Return minor units as people write them: 1,066.19."""
    digits = digits_of(currency)
    units, rest = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else ""
    return f"{sign}{units:,}.{rest:0{digits}d}" if digits else f"{sign}{units:,}"


def amount_in_words(amount: int, currency: str) -> str:
    """Return minor units in words: one thousand and sixty-six yuan and nineteen fen."""
    digits = digits_of(currency)
    units, rest = divmod(amount, 10**digits)
    unit, part = ("yuan", f"{_words(rest)} fen") if currency == "CNY" else (currency, f"{rest}/{10**digits}")
    return f"{_words(units)} {unit} {f'and {part}' if rest else 'only'}"


def percent(ppb: int) -> str:
    """Return parts per billion as an exact percentage with at least two decimals: 9.4822 %."""
    units, rest = divmod(abs(ppb), _PERCENT)
    decimals = f"{rest:07d}".rstrip("0").ljust(2, "0")
    return f"{'-' if ppb < 0 else ''}{units:,}.{decimals} %"


def rounded_percent(ppb: int) -> str:
    """Return a computed rate to the hundredth of a percent: 19.56 %."""
    hundredths = divide(max(0, ppb), _PERCENT // 100, Rounding.HALF_UP)
    return f"{hundredths // 100:,}.{hundredths % 100:02d} %"


def rate(agreed: Rate, year: int) -> str:
    """Return a rate as agreed, and what it is a year: 0.05 % a day (18.25 % a year)."""
    text = f"{percent(agreed.ppb)} a {agreed.per}"
    return text if agreed.per == "year" or not agreed.ppb else f"{text} ({percent(yearly(agreed, year))} a year)"


def day(on: date) -> str:
    """Return a date as in 5 January 2026."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def _words(number: int) -> str:
    """Return a whole number in words; below a quadrillion."""
    for scale, name in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            joined = f" {'and ' if rest < 100 else ''}{_words(rest)}" if rest else ""
            return f"{_words(head)} {name}{joined}"
    if number >= 100:
        head, rest = divmod(number, 100)
        return f"{_SMALL[head]} hundred" + (f" and {_words(rest)}" if rest else "")
    if number >= 20:
        head, rest = divmod(number, 10)
        return _TENS[head] + (f"-{_SMALL[rest]}" if rest else "")
    return _SMALL[number]


def _points(ppb: int) -> str:
    """Return a difference of rates: 0.45 percentage points."""
    return f"{percent(ppb).removesuffix(' %')} percentage points"


def _spoken(name: object) -> str:
    """Return a name of documents and commands as people say it."""
    return str(name).replace("-", " ").replace("_", " ")


def _purpose(name: str) -> str:
    return "any lawful purpose" if name == "any" else _spoken(name)


def _table_rows(rows: Iterable[Row], amount: Callable[[int], str], fees: int) -> Markup:
    """Return the lines of a repayment table: digits and commas only, so nothing is to be escaped."""
    lines = [
        f"<tr><td>{row.number}</td><td>{row.due}</td><td>{amount(row.principal)}</td><td>{amount(row.interest)}</td>"
        f"{f'<td>{amount(row.fees)}</td>' if fees else ''}"
        f"<td>{amount(row.total)}</td><td>{amount(row.balance)}</td></tr>"
        for row in rows
    ]
    return Markup("\n".join(lines))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "words": amount_in_words,
    "percent": percent,
    "rounded_percent": rounded_percent,
    "rate": rate,
    "day": day,
    "points": _points,
    "magnitude": abs,
    "spoken": _spoken,
    "purpose": _purpose,
    "table_rows": _table_rows,
}
"""What templates write behind a bar."""
