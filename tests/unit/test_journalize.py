"""The posting rules: a complete table, and the entry of each kind of event."""

from datetime import date
from typing import get_args

import pytest

from accounting.chart import CHART, Gl, dotted
from accounting.journalize import journalize, movements
from accounting.rules import RULES, Part
from accounting.subledger import CONTROL
from core.account import Loan, LoanStatus
from core.events import (
    Allocation,
    DepositReleased,
    DepositTaken,
    Event,
    InstallmentBilled,
    LoanClosed,
    LoanDisbursed,
    LoanPaidOff,
    LoanRestated,
    PenaltyCharge,
    RepaymentReceived,
    RepaymentReversed,
    UnappliedApplied,
    UnappliedRefunded,
)
from core.money import Minor as M

ON = date(2026, 2, 1)
PAID = (Allocation(1, 1, M(1), M(2), M(30), M(400)), Allocation(2, 5, M(0), M(0), M(7), M(0)))
CHARGED = (PenaltyCharge(1, 1, M(1)),)
EVENTS: list[Event] = [
    LoanDisbursed(ON, 1, M(1_000), ()),
    InstallmentBilled(ON, 1, 1, M(400), M(30)),
    RepaymentReceived(ON, M(500), None, PAID, CHARGED, M(60)),
    UnappliedApplied(ON, PAID, CHARGED),
    LoanPaidOff(ON, 1, M(900), M(141), M(0), PAID[:1], CHARGED, M(600), M(8)),
    UnappliedRefunded(ON, M(5)),
    DepositTaken(ON, M(9)),
    DepositReleased(ON, M(4)),
]


def test_every_part_has_a_rule_between_two_accounts_of_the_chart() -> None:
    assert set(RULES) == set(Part)
    assert all(debit is not credit and {debit, credit} <= set(CHART) for debit, credit in RULES.values())
    assert set(CHART) == set(Gl)
    assert set(CONTROL) <= set(CHART)


def test_every_part_is_posted_by_some_event() -> None:
    assert {part for event in EVENTS for part, _, _ in movements(event)} == set(Part)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_entry_balances_and_has_one_line_per_account_and_loan(event: Event) -> None:
    entry = journalize(event)
    assert sum(line.amount for line in entry) == 0
    assert len({(line.gl, line.loan) for line in entry}) == len(entry)
    assert all(line.amount for line in entry)


def test_a_repayment_debits_the_bank_with_what_came_in() -> None:
    lines = journalize(EVENTS[2])
    assert sum(line.amount for line in lines if line.gl == Gl.BANK) == 500
    assert (Gl.PENALTY_RECEIVABLE, 1) not in {(line.gl, line.loan) for line in lines}, "charged and paid at once"
    assert sorted(line for line in lines if line.gl != Gl.BANK) == sorted(
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
    assert [line for line in journalize(EVENTS[4]) if line.gl == Gl.BANK] == [(Gl.BANK, 1, 900)]


def test_a_reversal_books_only_the_differences() -> None:
    restated = LoanRestated(Loan(1, LoanStatus.ACTIVE), 400, 30, 2, 1, 0, 0)
    event = RepaymentReversed(ON, 7, M(500), "bounced", -67, (restated,))
    assert sorted(journalize(event)) == sorted(
        [
            (Gl.BANK, 0, -500),
            (Gl.UNAPPLIED, 0, 67),
            (Gl.LOAN_PRINCIPAL, 1, 400),
            (Gl.INTEREST_RECEIVABLE, 1, 30),
            (Gl.FEE_RECEIVABLE, 1, 2),
            (Gl.PENALTY_RECEIVABLE, 1, 1),
        ]
    )


def test_an_event_without_money_has_no_entry() -> None:
    assert journalize(LoanClosed(ON, 1)) == []


def test_every_kind_of_event_has_its_own_number() -> None:
    numbers = {kind.__name__: kind.__struct_config__.tag for kind in get_args(Event)}
    assert len(set(numbers.values())) == len(numbers)


@pytest.mark.parametrize(("gl", "text"), [(130301, "1303.01"), (100201, "1002.01"), (602110, "6021.10")])
def test_a_gl_code_is_written_with_a_dot(gl: int, text: str) -> None:
    assert dotted(gl) == text
