"""Figures derived from terms that a title states in words; a title may refer to the ones before it."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.cases import MalformedCase, Outcome
from adapters.conformance.published_figures import RATES, figures_of, major, ratio
from adapters.conformance.published_phrases import Said, amount, percent, read, terms_of
from core.contract.terms import Installment, Rate, RatePer, installment_total
from core.cost.disclosure import Disclosure, disclose, yearly
from core.money import Minor, Rounding
from core.schedule.plan import Refusal, plan
from core.servicing.accrual import penalty

Printed = object
"""A text, a number, or a list of such."""
_ORDINALS: Final = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
_LATE = re.compile(
    rf"({'|'.join(_ORDINALS)}|\d+(?=st|nd|rd|th))(?:st|nd|rd|th)? inst?al?lment of (\w+), (\d+) days late, "
    r"([\d.]+) x ([\d.]+)%/day(?: on principal ([\d.,]+))?"
)


class DerivedCase(Struct):
    """A title in words; all other fields are figures."""

    id: str
    title: str = ""


class Planned(Struct, frozen=True):
    """The schedule that a title leads to."""

    principal: int
    rows: tuple[Installment, ...]
    rates: Disclosure | None


def derived(raws: list[Raw]) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """Yield the name of each case and what compares it; in order, since a title may refer to those before."""
    read_so_far = _Read()
    for raw in raws:
        case = msgspec.json.decode(raw, type=DerivedCase)
        yield case.id, partial(_compare, case, raw, read_so_far)


class _Read(Struct):
    """What the titles so far have said."""

    said: Said = Said()
    planned: dict[str, Planned] = {}


def _compare(case: DerivedCase, raw: Raw, before: _Read) -> Outcome:
    figures = msgspec.json.decode(raw, type=dict[str, Printed])
    printed = {name: value for name, value in figures.items() if name not in ("id", "title")}
    late = _LATE.search(case.title)
    before.said = read(case.title, before.said)
    if late:
        return _late(late, before.planned, printed)
    loan = _planned(before.said)
    if loan is None:
        return _rates(before.said.rate, printed)
    before.planned[case.id] = loan
    return _differences({name: _figure(name, value, loan) for name, value in printed.items()}, printed)


def _planned(said: Said) -> Planned | None:
    loan = terms_of(said)
    if loan is None:
        return None
    terms, start = loan
    rows = plan(terms, start)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    return Planned(terms.principal, rows, disclose(terms, start, rows))


def _differences(own: dict[str, Printed | None], printed: dict[str, Printed]) -> Outcome:
    if not printed or None in own.values():
        return None
    return "; ".join(
        f"{name}: computed {own[name]}, printed {printed[name]}" for name in own if own[name] != printed[name]
    )


def _figure(name: str, printed: Printed, loan: Planned) -> Printed | None:
    """Return a figure of a schedule in the shape in which it is printed; None for one that is not known."""
    if name in RATES and isinstance(printed, str):
        return None if loan.rates is None else ratio(RATES[name](loan.rates), printed)
    if name == "due":
        return [row.due_date.isoformat() for row in loan.rows]
    if name == "rows" and isinstance(printed, list):
        return _rows(loan, printed)
    figure = figures_of(loan.principal, loan.rows).get(ALIASES.get(name, name))
    if not isinstance(figure, list):
        return None if figure is None else major(int(figure))
    texts: list[Printed] = [major(int(each)) for each in figure]
    return texts if isinstance(printed, list) else texts[0] if len(texts) == 1 else None


def _rows(loan: Planned, printed: list[Printed]) -> Printed:
    """Return rows: number or date, days where they are printed, payment, principal, interest, balance."""
    first = printed[0] if printed else None
    if not isinstance(first, list) or not first:
        raise MalformedCase("rows without columns")
    dated, counted = "-" in str(first[0]), len(first) == 6
    rows: list[Printed] = []
    balance = loan.principal
    for number, row in enumerate(loan.rows, 1):
        balance -= row.principal
        head: list[Printed] = [row.due_date.isoformat() if dated else str(number)]
        if counted:
            head.append((row.due_date - row.start).days)
        amounts = (installment_total(row), row.principal, row.interest, balance)
        rows.append([*head, *map(major, amounts)])
    return rows


def _late(late: re.Match[str], planned: dict[str, Planned], printed: dict[str, Printed]) -> Outcome:
    """Compare penalty on the principal of an overdue installment, and compound interest on its interest."""
    ordinal, of, days, times, day_rate, principal = late.groups()
    if of not in planned:
        raise MalformedCase(f"there is no {of} before it")
    row = planned[of].rows[int(ordinal) - 1 if ordinal.isdigit() else _ORDINALS.index(ordinal)]
    if principal and row.principal != amount(principal):
        return f"principal: computed {major(row.principal)}, printed {principal}"
    charged = percent(str(Decimal(day_rate) * Decimal(times)), RatePer.DAY)
    own: dict[str, Printed | None] = {}
    for name in printed:
        on_interest = re.fullmatch(r"compound_on_interest_(\d+)_(\d\d)", name)
        if name == "penalty":
            own[name] = major(penalty(row.principal, charged, int(days), Rounding.HALF_UP))
        elif on_interest:
            base = amount(f"{on_interest[1]}.{on_interest[2]}")
            if base != row.interest:
                return f"interest: computed {major(row.interest)}, printed {major(base)}"
            own[name] = major(penalty(Minor(base), charged, int(days), Rounding.HALF_UP))
        else:
            own[name] = None
    return _differences(own, printed)


def _rates(rate: Rate | None, printed: dict[str, Printed]) -> Outcome:
    """Compare a rate as one of the year: on_360, on_365, penalty_1_5x_360."""
    if rate is None:
        return None
    own: dict[str, Printed | None] = {}
    for name, value in printed.items():
        asked = re.fullmatch(r"(?:penalty_(\d+)(?:_(\d+))?x|on)_(\d+)", name)
        if asked is None or not isinstance(value, str):
            return None
        times = Decimal(f"{asked[1] or 1}.{asked[2] or 0}")
        own[name] = ratio(int(yearly(rate, int(asked[3])) * times), value)
    return _differences(own, printed)


ALIASES: Final = {"last": "last_payment", "total": "total_interest"}
"""Short names of figures."""
