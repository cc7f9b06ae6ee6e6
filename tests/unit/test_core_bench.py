"""The micro-bench measures what it says: a whole repayment, and a year of a loan that is paid on time."""

from collections import Counter

import msgspec

from core.account import LoanStatus
from core.events import Event, InstallmentBilled, LoanClosed, RepaymentReceived
from core.evolve import replay
from loadtests.bench import terms
from loadtests.core_bench import Costs, bench_core, due_today, paid_on_time
from loadtests.core_bench import repay as repay_all


def test_every_cost_is_measured_and_the_lowest_is_no_more_than_the_median() -> None:
    told: list[int] = []
    found = bench_core(lambda _, done, __: told.append(done), rounds=2)
    assert told == [0, 1, 2]
    for name in Costs.__struct_fields__:
        assert 0 < getattr(found.lowest, name) <= getattr(found, name)


def test_each_repayment_of_the_bench_pays_an_installment_that_fell_due_today() -> None:
    peak = due_today(terms(1))
    commit = repay_all(peak, [])
    assert len(commit.events) == len(commit.requests) == len(commit.loans) == len(peak.accounts)
    for row in commit.events:
        event = msgspec.msgpack.decode(row.body, type=Event)
        assert isinstance(event, RepaymentReceived)
        assert (event.on, event.unapplied) == (peak.on, 0)
    assert all(loan.past_due == 0 for loan in commit.loans)
    assert sum(line.debit - line.credit for line in commit.ledger) == 0


def test_the_year_that_is_replayed_ends_with_the_loan_closed() -> None:
    events = [msgspec.msgpack.decode(body, type=Event) for body in paid_on_time(terms(1))]
    kinds = Counter(type(event) for event in events)
    assert (kinds[InstallmentBilled], kinds[RepaymentReceived], kinds[LoanClosed]) == (12, 12, 1)
    account = replay(events)
    assert account is not None
    assert account.loans[0].status is LoanStatus.CLOSED
