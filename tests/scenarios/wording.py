"""The words of the table: what a row asks as a command, what an event and the account after it show in each column."""

import msgspec
from msgspec import Struct

from core import commands, events
from core.account import Account, past_due
from core.advance import penalties
from core.commands import Command
from core.delinquency import days_past_due
from core.events import Allocation, BucketChanged, Event, InstallmentBilled, LoanPaidOff
from core.identity import loan_id
from core.terms import Terms
from tests.scenarios.reading import Row, minor, money

ASKED: dict[str, type[Struct]] = {
    "open account": commands.OpenAccount,
    "limit": commands.SetCreditLimit,
    "freeze": commands.FreezeAccount,
    "unfreeze": commands.UnfreezeAccount,
    "deposit": commands.TakeDeposit,
    "release deposit": commands.ReleaseDeposit,
    "book": commands.BookLoan,
    "cancel": commands.CancelLoan,
    "disburse": commands.Disburse,
    "payment": commands.Repay,
    "payoff": commands.PayOff,
    "refund": commands.RefundUnapplied,
    "reverse payment": commands.ReverseRepayment,
}
HAPPENED: dict[type[Struct], str] = {
    events.AccountOpened: "open account",
    events.CreditLimitSet: "limit",
    events.AccountFrozen: "freeze",
    events.AccountUnfrozen: "unfreeze",
    events.DepositTaken: "deposit",
    events.DepositReleased: "release deposit",
    events.LoanBooked: "book",
    events.LoanCancelled: "cancel",
    events.LoanDisbursed: "disburse",
    events.RepaymentReceived: "payment",
    events.LoanPaidOff: "payoff",
    events.UnappliedRefunded: "refund",
    events.RepaymentReversed: "reverse payment",
    events.InstallmentReminded: "reminder",
    events.InstallmentBilled: "bill",
    events.UnappliedApplied: "apply unapplied",
    events.LoanClosed: "closed",
}
PARTS = ("penalty", "fee", "interest", "principal")


def command_of(row: Row, terms: dict[int, Terms], payments: list[int]) -> Command:
    """Return what the row asks; a payment without a loan is for the whole account."""
    kind = ASKED[row.what]
    amount = minor(row.cells["amount"]) if row.cells["amount"] else 0
    number = row.loan if row.what == "payment" else row.loan or 1
    values = {
        "account": 1,
        "currency": "CNY",
        "credit_limit": amount,
        "amount": amount,
        "loan": loan_id(1, number) if number else None,
        "terms": terms.get(number or 1),
        "payment": payments[int(row.argument) - 1] if row.what == "reverse payment" else None,
        "reason": "as agreed",
    }
    fields = {field.name: values[field.name] for field in msgspec.structs.fields(kind)}
    command: Command = msgspec.convert(msgspec.to_builtins(kind(**fields)), Command)
    return command


def tell(event: Event, loan: int | None) -> dict[str, str]:
    """Return an event as cells; of one loan only, if a loan is given."""
    parts = _parts(event, loan)
    if isinstance(event, BucketChanged):
        what = f"to {event.after.name} {event.action}" if event.after else "to current"
    else:
        what = HAPPENED[type(event)]
    return {
        "what": what.replace("_", " "),
        "amount": money(_amount(event, loan, sum(parts.values()))),
        **{part: money(amount) for part, amount in parts.items()},
    }


def _amount(event: Event, loan: int | None, parts: int) -> int:
    if isinstance(event, events.LoanBooked):
        return event.terms.principal
    if loan is not None and getattr(event, "loan", loan) is None:
        return parts  # of a payment for the whole account, what this loan received
    return int(getattr(event, "amount", getattr(event, "credit_limit", parts)))


def _parts(event: Event, loan: int | None) -> dict[str, int]:
    named = getattr(event, "loan", None)
    assert loan is None or named in (None, loan), f"this is of loan {named}: {event}"
    if isinstance(event, InstallmentBilled):
        return {"interest": event.interest, "principal": event.principal}
    allocations: tuple[Allocation, ...] = getattr(event, "allocations", ())
    parts = {part: sum(getattr(a, part) for a in allocations if loan in (None, a.loan)) for part in PARTS}
    if isinstance(event, LoanPaidOff):
        parts["interest"] += event.interest
        parts["principal"] += event.principal
    return parts


def balances(account: Account | None, row: Row) -> dict[str, str]:
    """Return the account's balances on the row's date, of the row's loan only if it names one."""
    if account is None:
        return {}
    loans = [loan for loan in account.loans if row.loan in (None, loan.number)]
    accruing = sum(charge.amount for loan in loans for charge in penalties(account, row.on, loan))
    worst = max((loan.bucket for loan in loans), default=None)
    return {
        "limit": money(account.credit_limit),
        "unapplied": money(account.unapplied),
        "deposit": money(account.deposit),
        "outstanding": money(sum(loan.principal for loan in loans)),
        "past due": money(sum(past_due(loan, row.on) for loan in loans)),
        "accruing": money(accruing),
        "dpd": str(max((days_past_due(loan, row.on) for loan in loans), default=0) or ""),
        "bucket": worst.name if worst else "",
    }
