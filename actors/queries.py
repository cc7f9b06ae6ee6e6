"""What a channel may ask to see, answered from one account in memory. Pure."""

from datetime import date
from typing import Annotated, assert_never

from msgspec import Meta, Struct
from msgspec.msgpack import Decoder

from core.account import Account, Contract, Due, Loan, LoanStatus, contract_of, exposure, find_loan, owed, past_due
from core.advance import penalties
from core.delinquency import days_past_due
from core.identity import AccountField, LoanField, account_of, loan_id
from core.quote import Quote, quote, running_interest
from core.rejections import Code, Rejection
from core.terms import Installment, Terms, installment_total

PAGE_MAX = 500


class Query(Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """A question about one account."""


class ShowAccount(Query, frozen=True, tag="account"):
    """The account with a line per loan."""

    account: AccountField


class ShowLoan(Query, frozen=True, tag="loan"):
    """One loan in full."""

    loan: LoanField


class ShowSchedule(Query, frozen=True, tag="schedule"):
    """The schedule of a loan, with what is unpaid of each installment."""

    loan: LoanField


class ShowTransactions(Query, frozen=True, tag="transactions"):
    """The account's events after a sequence number, oldest first."""

    account: AccountField
    after: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 100


class QuotePayoff(Query, frozen=True, tag="quote"):
    """The payoff of a loan, good through a date (the business date if none is given)."""

    loan: LoanField
    good_through: date | None = None


AnyQuery = ShowAccount | ShowLoan | ShowSchedule | ShowTransactions | QuotePayoff
query_decoder: Decoder[AnyQuery] = Decoder(AnyQuery)


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
    interest_accrued: int
    """Earned since the last due date, not yet due."""
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
    balance: int
    """Principal scheduled to remain after it."""
    unpaid: int
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


class TransactionsView(Struct, frozen=True):
    """A page of an account's events; go on with `after` = `next`, if it is given."""

    account: int
    transactions: list[Transaction]
    next: int | None


View = AccountView | LoanView | ScheduleView | Quote


def account_named(query: AnyQuery) -> int:
    """Return the account that a query is about."""
    return query.account if isinstance(query, ShowAccount | ShowTransactions) else account_of(query.loan)


def answer(
    query: ShowAccount | ShowLoan | ShowSchedule | QuotePayoff, account: Account, seq: int, on: date
) -> View | Rejection:
    """Answer from an account that has been advanced to the business date `on`."""
    if isinstance(query, ShowAccount):
        return _account(account, seq, on)
    loan = find_loan(account, query.loan)
    if loan is None:
        return Rejection(Code.LOAN_UNKNOWN, f"account {account.id} has no loan {query.loan}")
    match query:
        case ShowLoan():
            return _loan(account, loan, on)
        case ShowSchedule():
            return _schedule(account, loan, on)
        case QuotePayoff():
            return quote(account, query.loan, on, query.good_through or on)
        case _:
            assert_never(query)


def _account(account: Account, seq: int, on: date) -> AccountView:
    lines = [
        LoanLine(
            loan_id(account.id, loan.number),
            contract_of(account, loan).terms.product,
            loan.status,
            loan.principal,
            past_due(loan, on),
            days_past_due(loan, on),
            loan.bucket.name,
        )
        for loan in account.loans
    ]
    return AccountView(
        account.id,
        account.currency,
        on,
        account.opened_on,
        seq,
        account.credit_limit,
        max(0, account.credit_limit - exposure(account)),
        account.frozen,
        account.unapplied,
        account.deposit,
        lines,
    )


def _loan(account: Account, loan: Loan, on: date) -> LoanView:
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
        days_past_due(loan, on),
        loan.bucket.name,
        running_interest(loan, contract, on),
        sum(accruing.values()),
        [_due(due, accruing.get(due.number, 0)) for due in loan.dues],
        _next(loan, contract),
        contract.terms,
    )


def _due(due: Due, accruing: int) -> DueView:
    total = owed(due) + accruing
    return DueView(due.number, due.due_date, due.penalty + accruing, due.fee, due.interest, due.principal, total)


def _next(loan: Loan, contract: Contract) -> NextInstallment | None:
    if loan.status is not LoanStatus.ACTIVE or loan.billed == len(contract.schedule):
        return None
    installment = contract.schedule[loan.billed]
    return NextInstallment(loan.billed + 1, installment.due_date, installment_total(installment))


def _schedule(account: Account, loan: Loan, on: date) -> ScheduleView:
    contract = contract_of(account, loan)
    unpaid = {due.number: owed(due) for due in loan.dues}
    balance: int = sum(installment.principal for installment in contract.schedule)
    rows = []
    for number, installment in enumerate(contract.schedule, 1):
        balance -= installment.principal
        rows.append(_row(number, installment, balance, loan, unpaid.get(number, 0), on))
    return ScheduleView(loan_id(account.id, loan.number), account.currency, rows)


def _row(number: int, installment: Installment, balance: int, loan: Loan, unpaid: int, on: date) -> ScheduleRow:
    total = installment_total(installment)
    if number > loan.billed:
        state, unpaid = "scheduled", total
    elif unpaid:
        state = "past_due" if installment.due_date < on else "due"
    else:
        state = "paid"
    return ScheduleRow(
        number,
        installment.start,
        installment.due_date,
        installment.principal,
        installment.interest,
        total,
        balance,
        unpaid,
        state,
    )
