"""The stored snapshots of one account held against the account that its events build up. Pure.

What the writer derives for its rows is derived here a second time, so that neither can be wrong alone.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from msgspec import DecodeError, json, msgpack

from adapters.verification.tally import Tally
from core.account import Account, Contract, Loan, LoanStatus, deferred, owed
from core.identity import loan_id, slot_of
from core.servicing.accrual import penalty_ratio, penalty_year
from core.servicing.advance import next_loan_action
from core.servicing.lateness import penalty_rows

Row = Sequence[Any]
"""A row as the driver returns it, columns in the order of verify.sql."""
UNREADABLE: Final = (DecodeError, ValueError, RecursionError)
"""What decoding raises on bytes that were tampered with; text that is not UTF-8 is a ValueError."""
LOAN_COLUMNS: Final = (
    "loan_id",
    "slot",
    "currency",
    "product",
    "rounding",
    "penalty_ppb",
    "penalty_denominator",
    "status",
    "principal",
    "past_due",
    "interest_due",
    "fee_due",
    "penalty_due",
    "oldest_due",
    "bucket",
    "non_accrual",
    "period_start",
    "period_end",
    "period_interest",
    "period_earned",
)

_loan: Final = msgpack.Decoder(Loan).decode
_contract: Final = msgpack.Decoder(Contract).decode
_bases: Final = json.Decoder().decode
_encode: Final = msgpack.Encoder().encode


def check_snapshots(
    tally: Tally,
    account_id: int,
    account: Account | None,
    accounts: Sequence[Row],
    loans: Sequence[Row],
    contracts: Sequence[Row],
) -> None:
    """Check the account's row, its loans' states and columns, and its contracts."""
    where = f"account {account_id}"
    tally.compare("snapshots", where, [tuple(row) for row in accounts], _account_rows(account))
    tally.compare("snapshots", f"{where}, loans", len(loans), len(account.loans) if account else 0)
    tally.compare("snapshots", f"{where}, contracts", len(contracts), len(account.contracts) if account else 0)
    if account is not None:
        for loan, contract, row, signed in zip(account.loans, account.contracts, loans, contracts, strict=False):
            _check_loan(tally, account, loan, contract, row)
            _check_contract(tally, loan_id(account_id, loan.number), contract, signed)


def _account_rows(account: Account | None) -> list[tuple[object, ...]]:
    if account is None:
        return []
    fixed = (account.id, slot_of(account.id), account.currency, account.opened_on)
    return [(*fixed, account.credit_limit, account.frozen, account.unapplied, account.deposit)]


def _check_loan(tally: Tally, account: Account, loan: Loan, contract: Contract, row: Row) -> None:
    _, state, wake_on, bases, *columns = row
    where = f"loan {columns[0]}"
    if state != _encode(loan) and _decoded(_loan, state) != loan:
        tally.differ("snapshots", f"{where}: the state is not what the events build up")
    expected = _loan_columns(account, loan, contract)
    if columns != expected:
        names = [name for name, a, b in zip(LOAN_COLUMNS, columns, expected, strict=True) if a != b]
        tally.differ("snapshots", f"{where}: not what the events say: {', '.join(names)}")
    if (None if bases is None else _decoded(_bases, bases)) != _penalty_bases(loan, contract):
        tally.differ("snapshots", f"{where}: not what the events say: penalty_base")
    wakes = next_loan_action(loan, contract)
    if wakes is not None and (wake_on is None or wake_on > wakes):
        tally.differ("snapshots", f"{where}: wakes on {wake_on}, has work on {wakes}")
    tally.compared["snapshots"] += 1


def _check_contract(tally: Tally, loan: int, contract: Contract, row: Row) -> None:
    _, stored, body = row
    if stored != loan or (body != _encode(contract) and _decoded(_contract, body) != contract):
        tally.differ("snapshots", f"loan {loan}: the contract is not what was signed")


def _loan_columns(account: Account, loan: Loan, contract: Contract) -> list[object]:
    """Return the columns of a loan in the order of LOAN_COLUMNS."""
    terms, dues = contract.terms, loan.dues
    return [
        loan_id(account.id, loan.number),
        slot_of(account.id),
        account.currency,
        terms.product,
        terms.rounding.value,
        *penalty_ratio(terms.penalty_rate, penalty_year(terms.day_count)),
        loan.status.value,
        loan.principal,
        sum(owed(due) for due in dues),
        sum(due.interest for due in dues),
        sum(due.fee for due in dues),
        sum(due.penalty for due in dues),
        min((due.due_date for due in dues), default=None),
        int(loan.bucket),
        loan.non_accrual_since is not None,
        *_period_columns(loan, contract),
    ]


def _period_columns(loan: Loan, contract: Contract) -> tuple[date | None, date | None, int, int]:
    """Return from when to when interest is earned, how much, and what was earned and not collected before."""
    if loan.status is not LoanStatus.ACTIVE or loan.billed == len(contract.schedule):
        return None, None, 0, 0
    row = contract.schedule[loan.billed]
    collected = sum(paid.interest for paid in loan.ahead)
    deferring = loan.carried + deferred(contract, loan.billed + 1) if contract.deferrals else 0
    start, earned, total = row.start, loan.carried - collected, row.interest + row.capitalized + deferring - collected
    if loan.accrual is not None:
        start, earned, total = loan.accrual.start, loan.accrual.earned, loan.accrual.total
    return start, row.due_date, max(0, total - earned), earned


def _penalty_bases(loan: Loan, contract: Contract) -> object:
    rows = penalty_rows(loan, contract.terms)
    return _bases(json.encode(rows)) if rows else None


def _decoded(decode: Callable[[Any], object], stored: bytes | str) -> object:
    try:
        return decode(stored)
    except UNREADABLE:
        return "does not decode"
