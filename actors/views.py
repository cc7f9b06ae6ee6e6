"""What a channel sees of an account: its loans, their schedules, its events. Pure."""

from collections import Counter
from datetime import date, datetime

from msgspec import Struct

from core.account import Account, Contract, Due, Loan, LoanStatus, contract_of, exposure, owed, past_due, to_pay
from core.contract.terms import Terms, installment_total
from core.identity import loan_id
from core.schedule.plan import balances
from core.servicing.accrual import running_interest
from core.servicing.delinquency import days_past_due
from core.servicing.penalties import penalties


class LoanLine(Struct, frozen=True):
    """A loan in its account's list."""

    loan: int
    product: str
    status: LoanStatus
    principal: int
    past_due: int
    days_past_due: int
    bucket: str


class AccountView(Struct, frozen=True):
    """An account on the business date."""

    account: int
    currency: str
    business_date: date
    opened_on: date
    seq: int
    credit_limit: int
    used: int
    """Principal lent."""
    reserved: int
    """Promised: loans that are booked or on their way, and what is still to be paid out of those that run."""
    available: int
    frozen: str | None
    unapplied: int
    deposit: int
    loans: list[LoanLine]


class DueView(Struct, frozen=True):
    """What is still owed of a billed installment; penalty accrued and not yet charged is included."""

    number: int
    due_date: date
    penalty: int
    fee: int
    interest: int
    principal: int
    total: int


class NextInstallment(Struct, frozen=True):
    """The next installment to fall due."""

    number: int
    due_date: date
    amount: int
    """With its charges, without what was paid of it in advance."""


class LoanView(Struct, frozen=True):
    """A loan on the business date."""

    loan: int
    account: int
    currency: str
    business_date: date
    status: LoanStatus
    disbursed_on: date | None
    principal: int
    past_due: int
    days_past_due: int
    bucket: str
    non_accrual_since: date | None
    """Since when its interest is income only as it is paid."""
    interest_accrued: int
    """Earned since the last due date, not yet due; below zero where it was paid before it was earned."""
    penalty_accrued: int
    dues: list[DueView]
    next: NextInstallment | None
    terms: Terms


class ScheduleRow(Struct, frozen=True):
    """One installment of a schedule."""

    number: int
    start: date
    due_date: date
    principal: int
    interest: int
    total: int
    capitalized: int
    """Interest that becomes principal on its due date."""
    balance: int
    """Principal scheduled to remain after it."""
    in_advance: int
    """Paid of it already, while it is not yet due."""
    charges: int
    """Fees and penalties on it that are unpaid."""
    unpaid: int
    """With the charges."""
    state: str
    """paid, due, past_due or scheduled."""


class ScheduleView(Struct, frozen=True):
    """The schedule of a loan."""

    loan: int
    currency: str
    rows: list[ScheduleRow]


class Transaction(Struct, frozen=True):
    """One event of an account, with the fields of its kind."""

    seq: int
    type: str
    on: date
    event: dict[str, object]
    recorded_at: datetime | None
    """When it was recorded, by the database's clock."""


class TransactionsView(Struct, frozen=True):
    """A page of an account's events; go on with `after` = `next`, if it is given."""

    account: int
    transactions: list[Transaction]
    next: int | None


def account_view(account: Account, seq: int, on: date) -> AccountView:
    """Return an account that has been advanced to this date."""
    lines = [
        LoanLine(
            loan_id(account.id, loan.number),
            contract_of(account, loan).terms.product,
            loan.status,
            loan.principal,
            past_due(loan, on),
            days_past_due(loan, on, contract_of(account, loan).terms.first_late_day),
            loan.bucket.name,
        )
        for loan in account.loans
    ]
    used = sum(loan.principal for loan in account.loans)
    return AccountView(
        account.id,
        account.currency,
        on,
        account.opened_on,
        seq,
        account.credit_limit,
        used,
        exposure(account) - used,
        max(0, account.credit_limit - exposure(account)),
        account.frozen,
        account.unapplied,
        account.deposit,
        lines,
    )


def loan_view(account: Account, loan: Loan, on: date) -> LoanView:
    """Return a loan of an account that has been advanced to this date."""
    contract = contract_of(account, loan)
    accruing = {charge.number: charge.amount for charge in penalties(account, on, loan)}
    return LoanView(
        loan_id(account.id, loan.number),
        account.id,
        account.currency,
        on,
        loan.status,
        contract.disbursed_on,
        loan.principal,
        past_due(loan, on),
        days_past_due(loan, on, contract.terms.first_late_day),
        loan.bucket.name,
        loan.non_accrual_since,
        running_interest(loan, contract, on),
        sum(accruing.values()),
        [_due(due, accruing.get(due.number, 0)) for due in loan.dues],
        _next(loan, contract),
        contract.terms,
    )


def schedule_rows(account: Account, loan: Loan, on: date) -> list[ScheduleRow]:
    """Return each installment with what is paid and unpaid of it."""
    contract = contract_of(account, loan)
    left, rows = balances(contract.schedule), []
    for number, (installment, (unpaid, charges)) in enumerate(
        zip(contract.schedule, _unpaid(loan, contract), strict=True), 1
    ):
        total = installment_total(installment)
        rows.append(
            ScheduleRow(
                number,
                installment.start,
                installment.due_date,
                installment.principal,
                installment.interest,
                total,
                installment.capitalized,
                left[number],
                total - unpaid if number > loan.billed else 0,
                charges,
                unpaid + charges,
                _state(number > loan.billed, installment.due_date < on, unpaid + charges),
            )
        )
    return rows


def _due(due: Due, accruing: int) -> DueView:
    total = owed(due) + accruing
    return DueView(due.number, due.due_date, due.penalty + accruing, due.fee, due.interest, due.principal, total)


def _next(loan: Loan, contract: Contract) -> NextInstallment | None:
    if loan.status is not LoanStatus.ACTIVE or loan.billed == len(contract.schedule):
        return None
    installment = contract.schedule[loan.billed]
    return NextInstallment(loan.billed + 1, installment.due_date, to_pay(loan, installment))


def _unpaid(loan: Loan, contract: Contract) -> list[tuple[int, int]]:
    """Return what is unpaid of each installment: of its principal and interest, and of the charges on it."""
    dues = {due.number: (due.principal + due.interest, due.fee + due.penalty) for due in loan.dues}
    ahead = {paid.number: paid.interest + paid.principal for paid in loan.ahead}
    charges = Counter[int]()
    for charge in loan.charges:
        charges[charge.number] += charge.fee + charge.penalty
    return [
        dues.get(number, (0, 0))
        if number <= loan.billed
        else (installment_total(installment) - ahead.get(number, 0), charges[number])
        for number, installment in enumerate(contract.schedule, 1)
    ]


def _state(to_come: bool, overdue: bool, unpaid: int) -> str:
    if not unpaid:
        return "paid"
    if to_come:
        return "scheduled"
    return "past_due" if overdue else "due"
