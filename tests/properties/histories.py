"""Random lives of an account: terms, and steps that are resolved against the account as it then stands."""

from datetime import date, timedelta

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from core.account import Account, Loan, LoanStatus, owed
from core.commands import (
    BookLoan,
    CancelLoan,
    Command,
    Disburse,
    FreezeAccount,
    OpenAccount,
    PayOff,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    Reverse,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
)
from core.contract.servicing import NonAccrual, PayoffInterest, Recalculation, Rest
from core.contract.terms import DayCount, Method, Rate, RatePer, Terms, Unit, installment_total
from core.contract.waterfall import STANDARD_ORDER, Direction, Future, Reach, Waterfall
from core.contract.waterfall import Step as WaterfallStep
from core.decide import decide
from core.decision import Decision
from core.events import Event, LoanPaidOff, RepaymentReceived
from core.identity import loan_id
from core.money import Rounding
from core.rejections import Rejection
from core.servicing.advance import advance
from core.servicing.penalties import penalties
from core.servicing.repayment import shortfall

START = date(2024, 1, 31)
LIMIT = 10**9
ACTS = ("pay", "pay", "pay", "pay loan", "pay off", "reverse", "refund", "book", "disburse", "other")


class Step(Struct, frozen=True):
    """Some days pass, then somebody asks for something; `share` in per cent says of how much."""

    days: int
    act: str
    share: int
    loan: int


class Life(Struct, frozen=True):
    """The terms of the loans that are lent, and what happens then."""

    terms: tuple[Terms, ...]
    steps: tuple[Step, ...]


rates = st.builds(
    Rate,
    ppb=st.one_of(st.just(0), st.integers(0, 300_000_000)),
    per=st.just(RatePer.YEAR),
) | st.builds(Rate, ppb=st.integers(0, 2_000_000), per=st.just(RatePer.DAY))

waterfall_steps = st.builds(
    WaterfallStep,
    order=st.permutations(STANDARD_ORDER).map(tuple) | st.just(STANDARD_ORDER),
    direction=st.sampled_from(Direction),
)


@st.composite
def waterfalls(draw: st.DrawFn) -> Waterfall:
    """A waterfall over what is owed, and perhaps over what comes."""
    owed = draw(waterfall_steps)
    if draw(st.booleans()):
        return Waterfall((owed,))
    ahead = replace(draw(waterfall_steps), reach=Reach.IN_ADVANCE)
    return Waterfall((owed, ahead), draw(st.sampled_from(Future)))


recalculations = st.none() | st.builds(
    Recalculation, rest=st.sampled_from(Rest), payoff=st.sampled_from(PayoffInterest), on_past_due=st.booleans()
)

non_accruals = st.none() | st.builds(NonAccrual, days_past_due=st.integers(1, 100), waterfall=st.none() | waterfalls())

periods = st.sampled_from([(1, Unit.MONTH), (2, Unit.MONTH), (15, Unit.DAY), (3, Unit.DAY), (2, Unit.WEEK)])


@st.composite
def some_terms(draw: st.DrawFn) -> Terms:
    """Terms of a small loan of any kind; few of them give no schedule."""
    every, unit = draw(periods)
    return Terms(
        principal=draw(st.integers(1, 1_000_000)),
        rate=draw(rates),
        installments=draw(st.integers(1, 6)),
        method=draw(st.sampled_from(Method)),
        every=every,
        unit=unit,
        day_count=draw(st.sampled_from(DayCount)),
        rounding=draw(st.sampled_from(Rounding)),
        waterfall=draw(waterfalls()),
        recalculation=draw(recalculations),
        penalty_rate=draw(st.sampled_from([Rate(0), Rate(180_000_000), Rate(750_000, RatePer.DAY)])),
        grace_days=draw(st.sampled_from([0, 0, 3, 40])),
        non_accrual=draw(non_accruals),
        reminder_days=draw(st.sampled_from([0, 3, 10])),
    )


steps = st.builds(
    Step,
    days=st.integers(0, 40) | st.sampled_from([0, 0, 1, 95]),
    act=st.sampled_from(ACTS),
    share=st.integers(1, 250) | st.sampled_from([100, 100, 1]),
    loan=st.integers(1, 3),
)
lives = st.builds(
    Life,
    terms=st.lists(some_terms(), min_size=1, max_size=2).map(tuple),
    steps=st.lists(steps, min_size=1, max_size=10).map(tuple),
)


class Book:
    """One account being lived: its state, every event with its number, every accepted command with its date."""

    def __init__(self) -> None:
        self.on = START
        self.history: list[tuple[int, Event]] = []
        self.accepted: list[tuple[date, Command, int]] = []
        opening = decide(None, OpenAccount(account=1, currency="CNY", credit_limit=LIMIT), START)
        assert isinstance(opening, Decision)
        self._take(opening)

    def _take(self, decision: Decision) -> None:
        assert decision.account is not None
        self.account: Account = decision.account
        self.history += enumerate(decision.events, len(self.history) + 1)

    def reach(self, day: date) -> None:
        """Bring the account to a date."""
        self.on = day
        self._take(advance(self.account, day))

    def ask(self, command: Command) -> Rejection | None:
        """Decide a command on the current date; return why not, if it is refused."""
        decided = decide(self.account, command, self.on, self.history)
        if isinstance(decided, Rejection):
            return decided
        assert all(event.on == self.on for event in decided.events), "nothing comes of a command before its day"
        assert decided.account is not None
        nothing = Decision(decided.account)
        assert advance(decided.account, self.on) == nothing, "a command leaves nothing to do on its day"
        self.accepted.append((self.on, command, len(self.history) + 1))
        self._take(decided)
        return None

    def payments(self) -> list[int]:
        """Return the numbers of all payments, reversed ones too."""
        return [seq for seq, event in self.history if isinstance(event, RepaymentReceived | LoanPaidOff)]


def lend(terms: tuple[Terms, ...]) -> Book:
    """Return a book in which these loans are booked and disbursed, where their terms allow it."""
    book = Book()
    for each in terms:
        if book.ask(BookLoan(account=1, terms=each)) is None:
            assert book.ask(Disburse(account=1, loan=loan_id(1, len(book.account.loans)))) is None
    return book


def resolve(book: Book, step: Step, terms: tuple[Terms, ...]) -> Command:
    """Return the command that a step means as things stand."""
    account, number = book.account, min(step.loan, max(1, len(book.account.loans)))
    loan = loan_id(1, number)
    match step.act:
        case "pay":
            return Repay(account=1, amount=_share(_owing(book, account.loans), step))
        case "pay loan":
            return Repay(account=1, amount=_share(_owing(book, account.loans[number - 1 : number]), step), loan=loan)
        case "pay off":
            return PayOff(account=1, loan=loan, amount=_to_pay_off(book, number) * max(100, step.share) // 100)
        case "reverse":
            payments = book.payments() or [1]
            return Reverse(account=1, seq=payments[step.share % len(payments)])
        case "refund":
            return RefundUnapplied(account=1, amount=_share(account.unapplied, step))
        case "book":
            return BookLoan(account=1, terms=replace(terms[0], principal=step.share))
        case "disburse":
            return Disburse(account=1, loan=loan)
        case _:
            return others(step.share, loan)[step.share % 6]


def others(amount: int, loan: int) -> tuple[Command, ...]:
    """Return what touches no money owed."""
    return (
        TakeDeposit(account=1, amount=amount),
        ReleaseDeposit(account=1, amount=amount),
        FreezeAccount(account=1, reason="a check"),
        UnfreezeAccount(account=1),
        SetCreditLimit(account=1, credit_limit=LIMIT + amount),
        CancelLoan(account=1, loan=loan),
    )


def live(life: Life) -> Book:
    """Return the book after all steps."""
    book = lend(life.terms)
    for step in life.steps:
        take(book, step, life.terms)
    return book


def take(book: Book, step: Step, terms: tuple[Terms, ...]) -> Rejection | None:
    """Take one step; return why its command was refused, if it was."""
    book.reach(book.on + timedelta(days=step.days))
    return book.ask(resolve(book, step, terms))


def _share(amount: int, step: Step) -> int:
    return max(1, amount * step.share // 100)


def _owing(book: Book, loans: tuple[Loan, ...]) -> int:
    """Return what is due now with penalty, or the next installment if nothing is."""
    numbers = {loan.number for loan in loans}
    due: int = sum(owed(due) for loan in loans for due in loan.dues)
    due += sum(charge.amount for charge in penalties(book.account, book.on) if charge.loan in numbers)
    schedules = [book.account.contracts[loan.number - 1].schedule[loan.billed : loan.billed + 1] for loan in loans]
    return due or sum(installment_total(installment) for rest in schedules for installment in rest)


def _to_pay_off(book: Book, number: int) -> int:
    if number > len(book.account.loans) or book.account.loans[number - 1].status is not LoanStatus.ACTIVE:
        return 0
    return shortfall(book.account, 0, book.account.loans[number - 1], book.on)
