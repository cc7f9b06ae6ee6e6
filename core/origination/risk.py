"""Signals of risk: which of them stop lending at once, and who lets it go on."""

from datetime import date
from typing import Final

from core.account import BY_SIGNAL
from core.events import AccountFrozen, AccountUnfrozen
from core.origination.case import Case, officer_of
from core.origination.commands import LiftFreeze, ReportSignal
from core.origination.events import FreezeLifted, SignalReported
from core.origination.lender import Role
from core.rejections import Code, Rejection

MONTHS: Final = {"abnormal_login": 1, "debtor_list_hit": 1, "sanctions_hit": 1, "card_arrears": 3}
"""In how many months in a row, this one the last, a signal must have been reported to freeze the account."""


def report_signal(case: Case, command: ReportSignal) -> None:
    """Record a signal, and freeze the account by rule."""
    case.draft.emit(SignalReported(case.on, command.kind, command.detail))
    reported = {_month(case.on)} | {
        _month(event.on)
        for _, event in case.history
        if isinstance(event, SignalReported) and event.signal == command.kind
    }
    enough = all(_month(case.on) - back in reported for back in range(MONTHS[command.kind]))
    if case.account.frozen is None and enough:
        case.draft.emit(AccountFrozen(case.on, BY_SIGNAL + command.kind))


def lift_freeze(case: Case, command: LiftFreeze) -> Rejection | None:
    """Let an account be lent to again; return why not, if it is refused."""
    frozen = case.account.frozen
    if frozen is None:
        return Rejection(Code.ACCOUNT_NOT_FROZEN, "the account is not frozen")
    least = Role.RISK_OFFICER if frozen.startswith(BY_SIGNAL) else Role.LOAN_OFFICER
    officer = officer_of(case, command.officer, least)
    if isinstance(officer, Rejection):
        return officer
    case.draft.emit(FreezeLifted(case.on, command.officer, command.note))
    case.draft.emit(AccountUnfrozen(case.on))
    return None


def _month(day: date) -> int:
    """Return the number of a month, so that the one before is one less."""
    return day.year * 12 + day.month
