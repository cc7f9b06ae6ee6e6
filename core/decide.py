"""Decide a command on an account: the events it leads to, or the reason why not."""

from datetime import date, timedelta
from typing import Final, assert_never

from core.account import Account, Contract, Loan, LoanStatus, contract_of
from core.commands import (
    AccountCommand,
    AdjustCharge,
    ChangeCommand,
    ChargeBack,
    ChargeCommand,
    Command,
    LendingCommand,
    MoneyCommand,
    OpenAccount,
    Reverse,
)
from core.deciding.account import decide_account
from core.deciding.changes import decide_change
from core.deciding.charges import decide_charge
from core.deciding.lending import decide_lending, named_loan, refused_now
from core.deciding.money import decide_money
from core.deciding.origination import decide_origination
from core.decision import Decision, Draft
from core.events import AccountOpened, LoanBooked
from core.evolve import evolve
from core.money import Minor
from core.origination.commands import (
    AddBankAccount,
    AmendApplication,
    Apply,
    BeforeLoan,
    Draw,
    OfferContract,
    ReportSignal,
    RequestPayout,
    Rescind,
    RestrictBorrower,
    SettlePayout,
    VerifyDocument,
)
from core.origination.lender import NOTHING, Findings, Lender, Unasked
from core.origination.rescinding import refused_if_given_back
from core.origination.settling import refused_if_paid_out
from core.rejections import Code, Rejection
from core.request import Dated
from core.restatement import History, backdate, take_back
from core.servicing.advance import advance

_ServicingCommand = AccountCommand | LendingCommand | MoneyCommand | ChargeCommand | ChangeCommand | Reverse
_OF_THE_PAST: Final = Reverse | AdjustCharge | ChargeBack | SettlePayout | Rescind | ReportSignal | RestrictBorrower
"""Commands that are decided on what happened before."""
_ON_FINDINGS: Final = Apply | AmendApplication | VerifyDocument | Draw | RequestPayout | OfferContract | AddBankAccount
"""Commands that may be decided on what sources outside say: none of them is decided on what happened before."""
BACKDATE_DAYS_MAX: Final = 366
"""How far back a command may take effect where no loan's terms say."""


def decide(
    account: Account | None,
    command: Command,
    on: date,
    history: History = (),
    closed_through: date | None = None,
    lender: Lender | None = None,
    findings: Findings | None = NOTHING,
) -> Decision | Rejection:
    """Decide a command on the business date `on`, to which the account has been advanced.

    `history` is read where `needs_history` says so. Nothing takes effect in a period that is closed.
    `lender` and `findings` are read by what precedes a loan; without findings it raises Unasked where it would look at
    them. A rejection leaves everything as it was.
    """
    if account is None:
        return _open(command, on)
    draft = Draft(account)
    if isinstance(command, BeforeLoan):
        refused = decide_origination(draft, command, on, lender, findings, history)
    else:
        refused = _decide(draft, command, on, history, closed_through)
    if refused is not None:
        return refused
    return draft.decision()


def needs_history(command: Command, on: date) -> bool:
    """Return whether a command is decided on all that happened: it takes something back, or takes effect earlier."""
    return isinstance(command, _OF_THE_PAST) or _effective_on(command, on) < on


def needs_findings(account: Account, command: Command, on: date, lender: Lender) -> bool:
    """Return whether a command, on this account as it will stand by a date, is decided on what sources outside say."""
    if not isinstance(command, _ON_FINDINGS):
        return False
    try:
        decide(advance(account, on).account, command, on, lender=lender, findings=None)
    except Unasked:
        return True
    return False


def _open(command: Command, on: date) -> Decision | Rejection:
    if not isinstance(command, OpenAccount):
        return Rejection(Code.ACCOUNT_UNKNOWN, f"there is no account {command.account}")
    event = AccountOpened(on, command.account, command.currency, Minor(command.credit_limit))
    return Decision(evolve(None, event), (event,))


def _decide(
    draft: Draft, command: _ServicingCommand, on: date, history: History, closed_through: date | None
) -> Rejection | None:
    if isinstance(command, Reverse):
        refused = refused_if_paid_out(draft.account, history, command.seq)
        refused = refused or refused_if_given_back(history, command.seq)
        if refused is not None:
            return refused
        return take_back(draft, history, command.seq, command.reason, on)
    effective_on = _effective_on(command, on)
    if effective_on == on:
        return _decide_on(draft, command, on, history)
    if effective_on > on:
        return Rejection(Code.EFFECTIVE_DATE_IN_FUTURE, f"the business date is {on}")
    refused = refused_now(draft.account, command)
    if refused is not None:
        return refused
    earliest = _earliest(draft.account, command, on, history)
    if effective_on < earliest:
        return Rejection(Code.EFFECTIVE_DATE_TOO_EARLY, f"the earliest day is {earliest}")
    if closed_through is not None and effective_on <= closed_through:
        return Rejection(Code.PERIOD_CLOSED, f"the books are closed through {closed_through}")
    return backdate(draft, history, on, effective_on, lambda past: _decide_on(past, command, effective_on, history))


def _decide_on(draft: Draft, command: _ServicingCommand, on: date, history: History) -> Rejection | None:
    """Decide a command on the day on which it takes effect."""
    if isinstance(command, MoneyCommand):
        return decide_money(draft, command, on)
    if isinstance(command, LendingCommand):
        return decide_lending(draft, command, on)
    if isinstance(command, AccountCommand):
        return decide_account(draft, command, on)
    if isinstance(command, ChargeCommand):
        return decide_charge(draft, command, on, history)
    if isinstance(command, ChangeCommand):
        return decide_change(draft, command, on)
    assert not isinstance(command, Reverse)
    assert_never(command)


def _earliest(account: Account, command: Command, on: date, history: History) -> date:
    """Return how far back a command may take effect: not before what it is about began.

    One that names no loan may touch any that runs: the strictest of them says.
    """
    named: int | None = getattr(command, "loan", None)
    loan = named and named_loan(account, named)
    about = (loan,) if isinstance(loan, Loan) else [each for each in account.loans if each.status is LoanStatus.ACTIVE]
    contracts = [contract_of(account, each) for each in about]
    days = min((each.terms.backdate_days for each in contracts), default=BACKDATE_DAYS_MAX)
    began = _began(contracts[0], loan.number, history) if isinstance(loan, Loan) else None
    return max(began or account.opened_on, on - timedelta(days=days))


def _began(contract: Contract, number: int, history: History) -> date | None:
    """Return when a loan was paid out, or where it was not yet, when it was booked."""
    booked = (event.on for _, event in history if isinstance(event, LoanBooked) and event.loan == number)
    return contract.disbursed_on or next(booked, None)


def _effective_on(command: Command, on: date) -> date:
    return (command.effective_on or on) if isinstance(command, Dated) else on
