"""What a channel may ask to see, answered from one account in memory. Pure."""

from datetime import date
from typing import Annotated, Final, assert_never

from msgspec import Meta, Struct
from msgspec.msgpack import Decoder

from actors.file_view import CreditFileView, credit_file_view
from actors.views import AccountView, LoanView, ScheduleView, account_view, loan_view, schedule_rows
from core.account import Account, find_loan
from core.commands import Command
from core.identity import AccountField, LoanField, account_of
from core.rejections import Code, Rejection
from core.servicing.quote import Quote, quote

PAGE_MAX: Final = 500
SIMULATED_MAX: Final = 20
"""Commands that one simulation tries."""


class Query(Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """A question about one account."""


class ShowAccount(Query, frozen=True, tag="account"):
    """The account with a line per loan."""

    account: AccountField


class ShowFile(Query, frozen=True, tag="file"):
    """What precedes the account's loans: applications and why they were decided so, documents, contracts, payouts."""

    account: AccountField


class ShowLoan(Query, frozen=True, tag="loan"):
    """One loan in full."""

    loan: LoanField


class ShowSchedule(Query, frozen=True, tag="schedule"):
    """The schedule of a loan, with what is paid and unpaid of each installment."""

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


class Simulate(Query, frozen=True, tag="simulate"):
    """Try commands, one after the other, on a copy of their account: what they would do, and nothing is done."""

    commands: Annotated[tuple[Command, ...], Meta(min_length=1, max_length=SIMULATED_MAX)]
    """All of one account."""
    on: date | None = None
    """The business date on which they are tried, up to 366 days ahead; the open one if none is given."""


AnyView = ShowAccount | ShowFile | ShowLoan | ShowSchedule | QuotePayoff
AnyQuery = AnyView | ShowTransactions | Simulate
query_decoder: Decoder[AnyQuery] = Decoder(AnyQuery)

View = AccountView | CreditFileView | LoanView | ScheduleView | Quote


def account_named(query: AnyQuery) -> int:
    """Return the account that a query is about."""
    match query:
        case ShowAccount() | ShowFile() | ShowTransactions():
            return query.account
        case ShowLoan() | ShowSchedule() | QuotePayoff():
            return account_of(query.loan)
        case Simulate():
            return query.commands[0].account
        case _:
            assert_never(query)


def answer(query: AnyView, account: Account, seq: int, on: date) -> View | Rejection:
    """Answer from an account that has been advanced to the business date `on`."""
    if isinstance(query, ShowAccount):
        return account_view(account, seq, on)
    if isinstance(query, ShowFile):
        return credit_file_view(account, on)
    loan = find_loan(account, query.loan)
    if loan is None:
        return Rejection(Code.LOAN_UNKNOWN, f"account {account.id} has no loan {query.loan}")
    match query:
        case ShowLoan():
            return loan_view(account, loan, on)
        case ShowSchedule():
            return ScheduleView(query.loan, account.currency, schedule_rows(account, loan, on))
        case QuotePayoff():
            return quote(account, query.loan, on, query.good_through or on)
        case _:
            assert_never(query)
