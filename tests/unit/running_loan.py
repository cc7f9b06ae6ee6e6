"""One loan of one account, lived day by day."""

from datetime import date

from core.account import Account, Contract, Loan, LoanStatus, owed
from core.commands import BookLoan, Command, Disburse, OpenAccount, Repay
from core.contract.terms import Installment, Terms
from core.decide import decide
from core.decision import Decision
from core.events import Event
from core.identity import loan_id
from core.rejections import Rejection
from core.servicing.accrual import running_interest
from core.servicing.advance import advance
from core.servicing.quote import Quote, quote

LOAN = loan_id(1, 1)


class RunningLoan:
    """A loan that was paid out, and all that happened."""

    def __init__(self, terms: Terms, on: date) -> None:
        self.on = on
        self.account: Account | None = None
        self.history: list[tuple[int, Event]] = []
        self.ask(OpenAccount(account=1, currency="CNY", credit_limit=10**12))
        self.ask(BookLoan(account=1, terms=terms))
        self.ask(Disburse(account=1, loan=LOAN))

    def try_to(self, command: Command) -> tuple[Event, ...] | Rejection:
        """Decide a command; return its events, or why it is refused."""
        decided = decide(self.account, command, self.on, self.history)
        if isinstance(decided, Rejection):
            return decided
        self._take(decided)
        return decided.events

    def ask(self, command: Command) -> tuple[Event, ...]:
        """Decide a command that is not refused."""
        events = self.try_to(command)
        assert not isinstance(events, Rejection), events
        return events

    def live_until(self, day: date, *, pays: bool = True) -> None:
        """Let days pass; pay what falls due on its day, or do not."""
        while self.loan.status is LoanStatus.ACTIVE and self.to_come and self.to_come[0].due_date <= day:
            self._reach(self.to_come[0].due_date)
            due = sum(owed(due) for due in self.loan.dues)
            if due and pays:
                self.ask(Repay(account=1, amount=due, loan=LOAN))
        self._reach(max(day, self.on))

    @property
    def loan(self) -> Loan:
        """The loan as it stands."""
        assert self.account is not None
        return self.account.loans[0]

    @property
    def contract(self) -> Contract:
        """Its contract."""
        assert self.account is not None
        return self.account.contracts[0]

    @property
    def to_come(self) -> tuple[Installment, ...]:
        """The installments that have not fallen due."""
        return self.contract.schedule[self.loan.billed :]

    def accrued(self) -> int:
        """Return interest earned and neither billed nor collected."""
        return running_interest(self.loan, self.contract, self.on)

    def quote(self) -> Quote:
        """Return the payoff today."""
        assert self.account is not None
        quoted = quote(self.account, LOAN, self.on, self.on)
        assert isinstance(quoted, Quote)
        return quoted

    def _reach(self, day: date) -> None:
        assert self.account is not None
        self.on = day
        self._take(advance(self.account, day))

    def _take(self, decision: Decision) -> None:
        self.account = decision.account
        self.history += enumerate(decision.events, len(self.history) + 1)
