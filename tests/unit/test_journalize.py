"""The posting rules: a complete table, and the entry of each kind of event."""

from datetime import date
from typing import get_args

import pytest
from msgspec.structs import astuple

from accounting.chart import CHART, Gl, dotted
from accounting.journalize import Posting, journalize, journalize_accrual, movements
from accounting.rules import RULES, Part
from accounting.subledger import CONTROL
from core.book import AccrualBooked
from core.change_events import Prepaid, Replanned, TermsChanged, TrancheDisbursed
from core.charge_events import (
    ChargeReduced,
    ChargeWaived,
    DepositSwept,
    FeesWithheld,
    LateInterestBilled,
    PaymentChargedBack,
    UnappliedUsed,
)
from core.contract.changes import Effect, Reamortize
from core.contract.terms import Rate, Terms
from core.contract.waterfall import Component
from core.events import (
    AccountRestated,
    ChargeAdded,
    DepositReleased,
    DepositTaken,
    Entry,
    Event,
    InstallmentBilled,
    InterestCapped,
    LoanClosed,
    LoanDisbursed,
    LoanPaidOff,
    PlainEvent,
    RepaymentReceived,
    UnappliedApplied,
    UnappliedRefunded,
)
from core.facts import Allocation, PenaltyCharge
from core.money import Minor as M
from core.origination.events import PayoutSettled
from core.origination.file import PayoutStatus

ON = date(2026, 2, 1)
PAID = (Allocation(1, 1, M(1), M(2), M(30), M(400)), Allocation(2, 5, M(0), M(0), M(7), M(0)))
CHARGED = (PenaltyCharge(1, 1, M(1)),)
TERMS = Terms(principal=1_000, rate=Rate(0), installments=1)
REPLANNED = Replanned(TERMS, 1, (), (), None, (), M(0), ())
EVENTS: list[PlainEvent] = [
    LoanDisbursed(ON, 1, M(1_000), ()),
    InstallmentBilled(ON, 1, 1, M(400), M(30)),
    RepaymentReceived(ON, M(500), None, PAID, CHARGED, M(60)),
    UnappliedApplied(ON, PAID, CHARGED),
    LoanPaidOff(ON, 1, M(900), M(141), M(0), PAID[:1], CHARGED, M(600), M(8)),
    UnappliedRefunded(ON, M(5)),
    Prepaid(ON, 1, M(900), Effect.SHORTEN, PAID[:1], CHARGED, M(8), M(9), M(449), M(1), None),
    TermsChanged(
        ON, 1, Reamortize(), REPLANNED, CHARGED, spreads=True, interest=M(30), waived=M(2), accrued_waived=M(3)
    ),
    TrancheDisbursed(ON, 1, M(500), REPLANNED),
    DepositTaken(ON, M(9)),
    DepositReleased(ON, M(4)),
    ChargeAdded(ON, 1, 1, ON, Component.FEE, M(5), "letter", CHARGED),
    ChargeAdded(ON, 1, 1, ON, Component.PENALTY, M(5), "late"),
    ChargeWaived(ON, 1, Component.PENALTY, None, None, "illness", PAID[:1], CHARGED, ()),
    ChargeWaived(ON, 1, Component.FEE, None, None, "illness", PAID[:1], (), ()),
    ChargeWaived(ON, 1, Component.INTEREST, M(30), 1, "illness", PAID[:1], (), ()),
    ChargeReduced(ON, 1, 9, 1, Component.FEE, M(5), "wrong", PAID[:1], (), (), M(3), False),
    ChargeReduced(ON, 1, 9, 1, Component.FEE, M(5), "wrong", PAID[:1], (), (), M(3), True),
    ChargeReduced(ON, 1, 9, 1, Component.PENALTY, M(5), "wrong", PAID[:1], CHARGED, (), M(4), False),
    ChargeReduced(ON, 1, 9, 1, Component.PENALTY, M(5), "wrong", PAID[:1], (), (), M(4), True),
    PaymentChargedBack(ON, 1, 7, M(443), M(10), PAID[0], M(430), False, True, CHARGED),
    PaymentChargedBack(ON, 1, 7, M(433), M(0), PAID[0], M(430), False, False, ()),
    UnappliedUsed(ON, M(500), None, PAID, CHARGED, PAID[1:]),
    DepositSwept(ON, 1, 1, M(433), PAID[:1], CHARGED),
    FeesWithheld(ON, 1, M(20), M(5)),
    LateInterestBilled(ON, 1, 2, M(7), M(1), CHARGED),
    InterestCapped(ON, 1, 1, M(4)),
    PayoutSettled(ON, 1, PayoutStatus.SUCCEEDED, M(1_000), "joint", (("north-bank", M(700)),), "77", ""),
]


def test_every_part_has_a_rule_between_two_accounts_of_the_chart() -> None:
    assert set(RULES) == set(Part)
    assert all(debit is not credit and {debit, credit} <= set(CHART) for debit, credit in RULES.values())
    assert set(CHART) == set(Gl)
    assert set(CONTROL) <= set(CHART)


def test_every_part_is_posted_by_some_event() -> None:
    daily = {Part.INTEREST_ACCRUED, Part.PENALTY_ACCRUED, Part.INTEREST_SUSPENDED, Part.PENALTY_SUSPENDED}
    assert {part for event in EVENTS for part, _, _ in movements(event)} == set(Part) - daily


def test_what_a_day_accrues_is_income_but_for_what_non_accrual_loans_owe() -> None:
    entry = journalize_accrual(AccrualBooked(ON, "CNY", "loan", 1_000, 50, 7, interest_suspended=300))
    assert {line.gl: line.amount for line in entry} == {
        Gl.ACCRUED_INTEREST: 1_000,
        Gl.ACCRUED_PENALTY: 50,
        Gl.INTEREST_SUSPENDED: -300,
        Gl.INTEREST_INCOME: -700,
        Gl.PENALTY_INCOME: -50,
    }


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_entry_balances_and_has_one_line_per_account_and_loan(event: PlainEvent) -> None:
    entry = journalize(event)
    assert sum(line.amount for line in entry) == 0
    assert len({(line.gl, line.loan) for line in entry}) == len(entry)
    assert all(line.amount for line in entry)


@pytest.mark.parametrize(
    ("status", "owed"), [(PayoutStatus.SUCCEEDED, 1_000), (PayoutStatus.FAILED, 0), (PayoutStatus.RETURNED, -1_000)]
)
def test_what_other_funders_give_of_a_payout_is_owed_to_them_until_it_comes_back(
    status: PayoutStatus, owed: int
) -> None:
    shares = (("north-bank", M(700)), ("south-bank", M(300)))
    lines = journalize(PayoutSettled(ON, 1, status, M(1_500), "joint", shares, "77", ""))
    assert {line.gl: line.amount for line in lines} == ({Gl.BANK: owed, Gl.DUE_TO_FUNDERS: -owed} if owed else {})


def test_a_repayment_debits_the_bank_with_what_came_in() -> None:
    lines = journalize(EVENTS[2])
    assert sum(line.amount for line in lines if line.gl == Gl.BANK) == 500
    assert (Gl.PENALTY_RECEIVABLE, 1) not in {(line.gl, line.loan) for line in lines}, "charged and paid at once"
    assert sorted(astuple(line) for line in lines if line.gl != Gl.BANK) == sorted(
        [
            (Gl.ACCRUED_PENALTY, 1, -1),
            (Gl.FEE_RECEIVABLE, 1, -2),
            (Gl.INTEREST_RECEIVABLE, 1, -30),
            (Gl.LOAN_PRINCIPAL, 1, -400),
            (Gl.INTEREST_RECEIVABLE, 2, -7),
            (Gl.UNAPPLIED, 0, -60),
        ]
    )


def test_a_payoff_debits_the_bank_once_with_what_came_in() -> None:
    assert [line for line in journalize(EVENTS[4]) if line.gl == Gl.BANK] == [Posting(Gl.BANK, 1, 900)]


def test_a_restatement_books_only_the_differences() -> None:
    before = RepaymentReceived(ON, M(500), None, PAID, CHARGED, M(60))
    after = RepaymentReceived(ON, M(500), None, PAID[:1], CHARGED, M(67))
    event = AccountRestated(
        ON,
        ON,
        0,
        "",
        (Entry(7, before), Entry(0, EVENTS[1])),
        (Entry(7, after), Entry(0, EVENTS[1])),
        M(67),
        M(0),
        (),
        (),
    )
    assert sorted(map(astuple, journalize(event))) == sorted([(Gl.INTEREST_RECEIVABLE, 2, 7), (Gl.UNAPPLIED, 0, -7)])


def test_a_reversal_gives_the_money_back() -> None:
    came = RepaymentReceived(ON, M(60), None, (), (), M(60))
    event = AccountRestated(ON, ON, 7, "bounced", (Entry(7, came),), (), M(0), M(0), (), ())
    assert sorted(map(astuple, journalize(event))) == sorted([(Gl.BANK, 0, -60), (Gl.UNAPPLIED, 0, 60)])


def test_an_event_without_money_has_no_entry() -> None:
    assert journalize(LoanClosed(ON, 1)) == []


def test_every_kind_of_event_has_its_own_number() -> None:
    numbers = {kind.__name__: kind.__struct_config__.tag for kind in get_args(Event)}
    assert len(set(numbers.values())) == len(numbers)


@pytest.mark.parametrize(("gl", "text"), [(130301, "1303.01"), (100201, "1002.01"), (602110, "6021.10")])
def test_a_gl_code_is_written_with_a_dot(gl: int, text: str) -> None:
    assert dotted(gl) == text
