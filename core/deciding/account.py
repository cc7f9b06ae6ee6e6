"""Decide what concerns the account as a whole: limit, freeze, deposit, money that waits."""

from datetime import date
from typing import Final, assert_never

from core.account import BY_SIGNAL, Account, exposure
from core.commands import (
    AccountCommand,
    FreezeAccount,
    OpenAccount,
    RefundUnapplied,
    ReleaseDeposit,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
)
from core.decision import Draft
from core.events import (
    AccountFrozen,
    AccountUnfrozen,
    CreditLimitSet,
    DepositReleased,
    DepositTaken,
    UnappliedRefunded,
)
from core.money import AMOUNT_MAX, Minor
from core.rejections import Code, Rejection
from core.servicing.advance import settle_states
from core.servicing.sweeping import sweep_new_deposit

BALANCE_MAX: Final = 100 * AMOUNT_MAX
"""Bound on money kept for a borrower."""


def refused_above_balance(account: Account, amount: int) -> Rejection | None:
    """Refuse money of which more would wait on the account than is kept for a borrower."""
    if account.unapplied + amount <= BALANCE_MAX:
        return None
    return Rejection(Code.BALANCE_TOO_LARGE, f"an unapplied balance may hold {BALANCE_MAX}")


def decide_account(draft: Draft, command: AccountCommand, on: date) -> Rejection | None:
    """Decide a command on the account; return why not, if it is refused."""
    account = draft.account
    match command:
        case OpenAccount():
            return Rejection(Code.ACCOUNT_EXISTS, f"account {account.id} is open since {account.opened_on}")
        case SetCreditLimit():
            if command.credit_limit < exposure(account):
                return Rejection(Code.LIMIT_BELOW_EXPOSURE, f"{exposure(account)} is lent or promised")
            draft.emit(CreditLimitSet(on, Minor(command.credit_limit)))
        case FreezeAccount():
            if account.frozen is not None:
                return Rejection(Code.ACCOUNT_FROZEN, f"frozen already: {account.frozen}")
            draft.emit(AccountFrozen(on, command.reason))
        case UnfreezeAccount():
            if account.frozen is None:
                return Rejection(Code.ACCOUNT_NOT_FROZEN, "the account is not frozen")
            if account.frozen.startswith(BY_SIGNAL):
                return Rejection(Code.ROLE_INSUFFICIENT, f"{account.frozen}: a risk officer lifts it (lift-freeze)")
            draft.emit(AccountUnfrozen(on))
        case TakeDeposit():
            if account.deposit + command.amount > BALANCE_MAX:
                return Rejection(Code.BALANCE_TOO_LARGE, f"a deposit may hold {BALANCE_MAX}")
            draft.emit(DepositTaken(on, Minor(command.amount)))
            sweep_new_deposit(draft, on)
            settle_states(draft, on)
        case ReleaseDeposit():
            if account.deposit < command.amount:
                return Rejection(Code.DEPOSIT_INSUFFICIENT, f"the deposit is {account.deposit}")
            draft.emit(DepositReleased(on, Minor(command.amount)))
        case RefundUnapplied():
            if account.unapplied < command.amount:
                return Rejection(Code.UNAPPLIED_INSUFFICIENT, f"the unapplied balance is {account.unapplied}")
            draft.emit(UnappliedRefunded(on, Minor(command.amount)))
        case _:
            assert_never(command)
    return None
