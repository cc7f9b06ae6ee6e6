"""The words of the table: what a row asks as a command, what an event and the account after it show in each column."""

from datetime import date

import msgspec
from msgspec import Struct

from core import commands, events
from core.account import Account, Loan, past_due, to_pay
from core.commands import Command
from core.contract.terms import Terms, installment_total
from core.events import AccountRestated, BucketChanged, Event, InstallmentBilled, LoanPaidOff
from core.facts import Allocation
from core.identity import loan_id
from core.restatement import NEW
from core.servicing.delinquency import days_past_due
from core.servicing.penalties import penalties
from tests.scenarios.amounts import minor, money
from tests.scenarios.changing import asked_change, change_command, change_parts, is_change, told_change
from tests.scenarios.charging import asked, charge_command, charge_parts, told
from tests.scenarios.originating import told_lender
from tests.scenarios.reading import Row

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
    "reverse payment": commands.Reverse,
    "reverse change": commands.Reverse,
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
    events.InstallmentReminded: "reminder",
    events.InstallmentBilled: "bill",
    events.UnappliedApplied: "apply unapplied",
    events.ScheduleRestated: "schedule moves",
    events.LoanReopened: "open again",
    events.NonAccrualBegun: "to non-accrual",
    events.NonAccrualEnded: "to accrual",
    events.InterestCapped: "interest above the cap",
    events.LoanClosed: "closed",
}
PARTS = ("penalty", "fee", "interest", "principal")


def command_of(row: Row, terms: dict[int, Terms], payments: list[int], charges: list[int]) -> Command:
    """Return what the row asks; a payment without a loan is for the whole account."""
    amount = minor(row.cells["amount"]) if row.cells["amount"] else 0
    if asked(row.what) is not None:
        charging = charge_command(row.what, row.argument, amount, row.loan or 1, payments, charges)
        return msgspec.structs.replace(charging, effective_on=row.effective_on)
    if asked_change(row.what + row.argument) is not None:
        changing = change_command(row.what, row.argument, amount, row.loan or 1, row.effective_on or row.on)
        return msgspec.structs.replace(changing, effective_on=row.effective_on)
    kind = ASKED[row.what]
    number = row.loan if row.what == "payment" else row.loan or 1
    values = {
        "account": 1,
        "currency": "CNY",
        "credit_limit": amount,
        "amount": amount,
        "loan": loan_id(1, number) if number else None,
        "terms": terms.get(number or 1),
        "seq": payments[int(row.argument) - 1] if row.what.startswith("reverse ") else None,
        "effective_on": row.effective_on,
        "reason": "as agreed",
    }
    fields = {field.name: values[field.name] for field in msgspec.structs.fields(kind)}
    command: Command = msgspec.convert(msgspec.to_builtins(kind(**fields)), Command)
    return command


def tell(event: Event, loan: int | None) -> dict[str, str]:
    """Return an event as cells; of one loan only, if a loan is given."""
    if (told_before := told_lender(event)) is not None:
        return told_before
    if isinstance(event, AccountRestated):
        return _tell_restated(event, loan)
    parts = _parts(event, loan)
    if isinstance(event, BucketChanged):
        what = f"to {event.after.name} {event.action}" if event.after else "to current"
    else:
        what = told(event) or told_change(event) or HAPPENED[type(event)]
    return {
        "what": what.replace("_", " "),
        "amount": money(_amount(event, loan, sum(parts.values()))),
        **{part: money(amount) for part, amount in parts.items()},
    }


def _tell_restated(event: AccountRestated, loan: int | None) -> dict[str, str]:
    """Return a fact that was booked on an earlier day as such, and the reversal of one with its amount."""
    if event.reverses:
        undone = next(entry.event for entry in event.undone if entry.seq == event.reverses)
        what = "reverse change" if is_change(undone) else "reverse payment"
        return {"what": what, "amount": tell(undone, loan)["amount"]}
    return tell(next(entry.event for entry in event.done if entry.seq == NEW), loan)


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
    charged = charge_parts(event) or change_parts(event)
    if charged is not None:
        return charged
    allocations: tuple[Allocation, ...] = (*getattr(event, "allocations", ()), *getattr(event, "ahead", ()))
    parts = {part: sum(getattr(a, part) for a in allocations if loan in (None, a.loan)) for part in PARTS}
    if isinstance(event, LoanPaidOff):
        parts["fee"] += event.fee + event.prepayment_fee
        parts["interest"] += event.interest
        parts["principal"] += event.principal
    return parts


def balances(account: Account | None, row: Row) -> dict[str, str]:
    """Return the account's balances on the row's date, of the row's loan only if it names one."""
    if account is None:
        return {}
    loans = [loan for loan in account.loans if row.loan in (None, loan.number)]
    nexts = [(loan, account.contracts[loan.number - 1].schedule[loan.billed :]) for loan in loans]
    accruing = sum(charge.amount for loan in loans for charge in penalties(account, row.on, loan))
    worst = max((loan.bucket for loan in loans), default=None)
    return {
        "limit": money(account.credit_limit),
        "unapplied": money(account.unapplied),
        "deposit": money(account.deposit),
        "outstanding": money(sum(loan.principal for loan in loans)),
        "next": money(sum(to_pay(loan, rows[0]) for loan, rows in nexts if rows)),
        "last": money(sum(installment_total(rows[-1]) for loan, rows in nexts if rows)),
        "left": str(sum(len(rows) for _, rows in nexts) or ""),
        "ends": max((str(rows[-1].due_date) for _, rows in nexts if rows), default=""),
        "past due": money(sum(past_due(loan, row.on) for loan in loans)),
        "accruing": money(accruing),
        "dpd": str(max((_late(account, loan, row.on) for loan in loans), default=0) or ""),
        "bucket": worst.name if worst else "",
    }


def _late(account: Account, loan: Loan, on: date) -> int:
    return days_past_due(loan, on, account.contracts[loan.number - 1].terms.first_late_day)
