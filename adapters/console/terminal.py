"""What operators see: tables for people on stdout, one JSON document for machines, talk on stderr."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import msgspec
from rich.console import Console, JustifyMethod
from rich.table import Table

from adapters.console.currencies import digits_of
from core.money import AMOUNT_MAX
from core.rejections import Code

out: Final = Console(highlight=False)
talk: Final = Console(stderr=True, highlight=False)

WHOLE_MAX: Final = 32
"""Letters of a name, code, date or amount that is never broken over lines; what is longer may be."""
AMOUNTS: Final = frozenset(
    {
        Code.AMOUNT_ABOVE_CONTRACT,
        Code.AMOUNT_OUT_OF_RANGE,
        Code.BALANCE_TOO_LARGE,
        Code.COST_ABOVE_CAP,
        Code.DAILY_PAYOUT_EXCEEDED,
        Code.EXPOSURE_EXCEEDED,
        Code.POOL_EXHAUSTED,
        Code.PURPOSE_CAP_EXCEEDED,
    }
)
"""Refusals whose numbers are amounts, in minor units."""
TEXT_LEAST: Final = 12
"""Letters of a line of what may be broken."""
_SELDOM: Final = frozenset({"capitalized", "in_advance", "charges"})
"""Columns of a schedule that are shown only where there is something in them."""

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_FOUND: Final = 3
EXIT_REFUSED: Final = 4
EXIT_UNAVAILABLE: Final = 5


def money(amount: int, currency: str = "CNY") -> str:
    """Return minor units as people write them: 1,066.19."""
    digits = digits_of(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f}"


def moment(at: datetime | None) -> str:
    """Return when something was recorded, to the second; empty where nobody kept it."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def moment_of(row: dict[str, Any]) -> str:
    """Return when what an answer's row tells of was recorded."""
    return moment(row["recorded_at"] and datetime.fromisoformat(row["recorded_at"]))


def minor_units(text: str, currency: str) -> int:
    """Read an amount in major units, as 1066.19 or 1,066.19; anything else ends the command with what to write."""
    digits = digits_of(currency)
    try:
        amount = Decimal(text.replace(",", "")).scaleb(digits)
    except InvalidOperation:
        stop(EXIT_USAGE, f"{text!r} is not an amount; write it like 1066.19")
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 < amount <= AMOUNT_MAX:
        stop(EXIT_USAGE, f"{text} is not a positive amount of {currency} with at most {digits} decimals")
    return int(amount)


def show(document: object, as_json: bool, *tables: Table) -> None:
    """Print a result: the document for machines, or its tables for people."""
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        return
    for drawn in tables:
        # Better wider than the terminal than without a part of a name or an amount.
        least = sum(column.min_width or 0 for column in drawn.columns) + 2 * len(drawn.columns) + 2
        if least > out.width:
            drawn.width = least
        out.print(drawn, crop=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[str] = ()) -> Table:
    """Return a table; the columns named in `right` hold amounts and numbers. Names, codes and dates are not broken."""
    drawn = Table(title=title, title_justify="left", header_style="bold", collapse_padding=True, min_width=len(title))
    numeric = set(right)
    cells = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    for place, column in enumerate(columns):
        lines = [line for row in cells for line in row[place].split("\n")]
        whole = all(len(line) <= WHOLE_MAX and " " not in line for line in lines)
        least = max(map(len, (*column.split(" "), *lines))) if whole else TEXT_LEAST
        justify: JustifyMethod = "right" if column in numeric else "left"
        heading = column.replace(" ", "\n") if whole and least < len(column) else column
        drawn.add_column(heading, justify=justify, overflow="fold", no_wrap=whole, min_width=least)
    for row in cells:
        drawn.add_row(*row)
    return drawn


def facts(title: str, pairs: Mapping[str, object]) -> Table:
    """Return names and values, one under the other."""
    drawn = Table(title=title, title_justify="left", show_header=False, min_width=len(title))
    shown = {name: _said(value) for name, value in pairs.items()}
    drawn.add_column(no_wrap=True, min_width=max(map(len, shown), default=0))
    drawn.add_column(overflow="fold", min_width=min(TEXT_LEAST, max(map(len, shown.values()), default=0)))
    for name, value in shown.items():
        drawn.add_row(name, value)
    return drawn


LIMIT: Final = ("granted", "used", "reserved", "available")


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)


def account_tables(view: dict[str, Any], contracts: Iterable[dict[str, Any]]) -> tuple[Table, ...]:
    """Return an account's balances, its loans, and (if there are any) the lines among its contracts."""
    currency = view["currency"]
    amounts = ("credit_limit", *LIMIT[1:], "unapplied", "deposit")
    balances = {name: money(view[name], currency) for name in amounts}
    head = {"currency": currency, "business date": view["business_date"], **balances, "frozen": view["frozen"] or "no"}
    loans = [
        (
            loan["loan"],
            loan["product"],
            loan["status"],
            money(loan["principal"], currency),
            money(loan["past_due"], currency),
            loan["days_past_due"],
            loan["bucket"],
        )
        for loan in view["loans"]
    ]
    columns = ("loan", "product", "status", "principal", "past due", "DPD", "bucket")
    numbers = ("principal", "past due", "DPD")
    tables = facts(f"account {view['account']}", head), table("loans", columns, loans, numbers)
    lines = [
        (each["agreement"], each["product"], *(money(each["limit"][part], currency) for part in LIMIT))
        for each in contracts
        if each["limit"] is not None
    ]
    return (*tables, table("lines", ("contract", "product", *LIMIT), lines, LIMIT)) if lines else tables


def loan_tables(view: dict[str, Any]) -> tuple[Table, ...]:
    """Return a loan's state and what is due on it."""
    currency = view["currency"]
    names = ("principal", "past_due", "interest_accrued", "penalty_accrued")
    following = view["next"]
    head = {
        "status": view["status"],
        "business date": view["business_date"],
        "disbursed on": view["disbursed_on"],
        **{name.replace("_", " "): money(view[name], currency) for name in names},
        "days past due": view["days_past_due"],
        "bucket": view["bucket"],
        "non-accrual since": view["non_accrual_since"],
        "next installment": following and f"{money(following['amount'], currency)} on {following['due_date']}",
    }
    parts = ("penalty", "fee", "interest", "principal", "total")
    dues = [(due["number"], due["due_date"], *(money(due[part], currency) for part in parts)) for due in view["dues"]]
    return facts(f"loan {view['loan']}", head), table("due and unpaid", ("no.", "due", *parts), dues, parts)


def schedule_table(title: str, rows: Sequence[dict[str, Any]], currency: str) -> Table:
    """Return a schedule as a borrower reads it; that of a live loan with what is paid, if anything is, and unpaid."""
    live = rows and "unpaid" in rows[0]
    columns = ["principal", "interest", "total", "capitalized", "balance"]
    columns += ["in_advance", "charges", "unpaid"] if live else []
    amounts = [name for name in columns if name not in _SELDOM or any(row[name] for row in rows)]
    titles = [name.replace("_", " ") for name in amounts]
    state = ["state"] if live else []
    return table(
        title,
        ("no.", "due", *titles, *state),
        [
            (row["number"], row["due_date"], *(money(row[name], currency) for name in amounts), *map(row.get, state))
            for row in rows
        ],
        ("no.", *titles),
    )


def quote_table(offer: dict[str, Any], currency: str) -> Table:
    """Return a payoff quote."""
    parts = ("principal", "interest", "fee", "penalty", "total", "unapplied", "to_pay")
    amounts = {part.replace("_", " "): money(offer[part], currency) for part in parts}
    return facts(f"payoff of loan {offer['loan']}", {"good through": offer["good_through"], **amounts})


def trial_balance_tables(report: dict[str, Any]) -> tuple[Table, ...]:
    """Return the trial balance; debits and credits must be equal."""
    lines = [
        (
            line["currency"],
            line["account"],
            line["name"],
            line["product"],
            *(money(line[name], line["currency"]) for name in ("debit", "credit", "balance")),
        )
        for line in report["lines"]
    ]
    title = f"trial balance as of {report['as_of'] or 'now'}: difference {report['difference']}"
    amounts = ("debit", "credit", "balance")
    return (table(title, ("currency", "account", "name", "product", *amounts), lines, amounts),)


def why(error: BaseException) -> str:
    """Return what went wrong, for people: without the system's number of it, and without a file's name again."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _without_number(said)


def _without_number(said: str) -> str:
    return re.sub(r"\[Errno -?\d+\] ", "", said)


def in_major(detail: str, currency: str) -> str:
    """Return the detail of a refusal over amounts with these as people write them."""
    return re.sub(r"(?<![\w.-])\d+(?![\w.-])", lambda amount: money(int(amount[0]), currency), detail)


def stop(code: int, message: str) -> NoReturn:
    """End the command with an exit code and a sentence that says what to do."""
    talk.print(_without_number(message), style="red", markup=False, soft_wrap=True)
    raise SystemExit(code)
