"""Signals of risk, and which of them stop lending at once."""

from datetime import timedelta
from typing import Final

from core.events import AccountFrozen
from core.origination.case import Case
from core.origination.commands import ReportSignal
from core.origination.events import SignalReported

_FREEZES_AT: Final = {"abnormal_login": 1, "debtor_list_hit": 1, "sanctions_hit": 1, "card_arrears": 3}
"""How many reports within `COUNTED_DAYS` freeze the account: arrears are reported monthly, and count from three months
on."""
COUNTED_DAYS: Final = 92


def report_signal(case: Case, command: ReportSignal) -> None:
    """Record a signal, and freeze the account by rule; whoever may unfreeze it does."""
    case.draft.emit(SignalReported(case.on, command.kind, command.detail))
    oldest = case.on - timedelta(days=COUNTED_DAYS)
    before = sum(
        isinstance(event, SignalReported) and event.signal == command.kind and event.on >= oldest
        for _, event in case.history
    )
    if case.account.frozen is None and before + 1 >= _FREEZES_AT[command.kind]:
        case.draft.emit(AccountFrozen(case.on, f"risk signal: {command.kind}"))
