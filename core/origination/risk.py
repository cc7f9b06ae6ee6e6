"""Signals of risk: by rule they stop lending at once or propose other terms; who lets lending go on."""

from datetime import date
from itertools import count

from core.account import BY_SIGNAL, Loan, LoanStatus
from core.events import AccountFrozen, AccountUnfrozen
from core.origination.agreements import agreement_behind, line_of
from core.origination.case import Case, officer_of
from core.origination.commands import LiftFreeze, ReportSignal
from core.origination.events import FreezeLifted, SignalReported
from core.origination.file import Agreement
from core.origination.lender import Role
from core.origination.product import Product, signal_rules
from core.origination.proposing import propose
from core.rejections import Code, Rejection


def report_signal(case: Case, command: ReportSignal) -> None:
    """Record a signal, and do what the rules of the products in use say: the strictest one freezes the account."""
    case.draft.emit(SignalReported(case.on, command.kind, command.detail))
    months, freezes = _months_in_a_row(case, command.kind), False
    for loan, product in _in_use(case) or [(None, None)]:
        for rule in signal_rules(product, command.kind):
            if rule.months > months:
                continue
            freezes = freezes or rule.propose is None
            if rule.propose is not None and loan is not None and product is not None:
                propose(case, loan, product, rule)
    # What an officer froze, or a channel, stays frozen for the signal's sake too: it takes a risk officer then.
    if freezes and not (case.account.frozen or "").startswith(BY_SIGNAL):
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


def _months_in_a_row(case: Case, kind: str) -> int:
    """Return in how many months in a row, this one the last, a signal has been reported."""
    reported = {_month(case.on)} | {
        _month(event.on) for _, event in case.history if isinstance(event, SignalReported) and event.signal == kind
    }
    return next(back for back in count(1) if _month(case.on) - back not in reported)


def _in_use(case: Case) -> list[tuple[Loan | None, Product | None]]:
    """Return each loan that is booked or runs, and each line that can be drawn on, with the product of its contract."""
    account = case.account
    loans = [each for each in account.loans if each.status in (LoanStatus.BOOKED, LoanStatus.ACTIVE)]
    lines = [each for each in case.file.agreements if line_of(account, each.product) == each]
    return [
        *((loan, _product(case, agreement_behind(account, loan))) for loan in loans),
        *((None, _product(case, line)) for line in lines),
    ]


def _product(case: Case, agreement: Agreement | None) -> Product | None:
    return None if agreement is None else case.lender.product(agreement.product, case.on, agreement.version)


def _month(day: date) -> int:
    """Return the number of a month, so that the one before is one less."""
    return day.year * 12 + day.month
