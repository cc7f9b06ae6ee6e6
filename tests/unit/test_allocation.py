"""Who receives what of a payment, by order and direction."""

from datetime import date

import pytest

from core.account import Account, Contract, Due, Loan, LoanStatus
from core.contract.terms import Rate, Terms
from core.contract.waterfall import STANDARD_ORDER, Component, Direction, Future, Reach, Step, Waterfall
from core.money import Minor
from core.servicing.allocation import Open, allocate_open, allocate_owed, allocations_of, payable
from core.servicing.split import split_over

FIRST = Due(1, date(2026, 1, 31), Minor(100), Minor(10), Minor(5), Minor(1), date(2026, 1, 31))
SECOND = Due(2, date(2026, 2, 28), Minor(100), Minor(8), Minor(0), Minor(0), date(2026, 2, 28))
PRINCIPAL_FIRST = (Component.PRINCIPAL, Component.INTEREST, Component.FEE, Component.PENALTY)

Row = tuple[int, int, int, int]
"""Penalty, fee, interest, principal."""


@pytest.mark.parametrize(
    ("amount", "order", "direction", "first", "second", "left"),
    [
        (0, STANDARD_ORDER, Direction.HORIZONTAL, None, None, 0),
        (3, STANDARD_ORDER, Direction.HORIZONTAL, (1, 2, 0, 0), None, 0),
        (116, STANDARD_ORDER, Direction.HORIZONTAL, (1, 5, 10, 100), None, 0),
        (120, STANDARD_ORDER, Direction.HORIZONTAL, (1, 5, 10, 100), (0, 0, 4, 0), 0),
        (224, STANDARD_ORDER, Direction.HORIZONTAL, (1, 5, 10, 100), (0, 0, 8, 100), 0),
        (300, STANDARD_ORDER, Direction.HORIZONTAL, (1, 5, 10, 100), (0, 0, 8, 100), 76),
        (20, STANDARD_ORDER, Direction.VERTICAL, (1, 5, 10, 0), (0, 0, 4, 0), 0),
        (30, STANDARD_ORDER, Direction.VERTICAL, (1, 5, 10, 6), (0, 0, 8, 0), 0),
        (300, STANDARD_ORDER, Direction.VERTICAL, (1, 5, 10, 100), (0, 0, 8, 100), 76),
        (105, PRINCIPAL_FIRST, Direction.HORIZONTAL, (0, 0, 5, 100), None, 0),
        (150, PRINCIPAL_FIRST, Direction.VERTICAL, (0, 0, 0, 100), (0, 0, 0, 50), 0),
        (212, PRINCIPAL_FIRST, Direction.VERTICAL, (0, 0, 10, 100), (0, 0, 2, 100), 0),
    ],
)
def test_a_payment_is_split_by_the_contract(
    amount: int, order: tuple[Component, ...], direction: Direction, first: Row | None, second: Row | None, left: int
) -> None:
    allocations, rest = allocate_owed(amount, 1, (FIRST, SECOND), Step(order=order, direction=direction))
    rows = {part.number: (part.penalty, part.fee, part.interest, part.principal) for part in allocations}
    assert rows == {number: row for number, row in ((1, first), (2, second)) if row}
    assert rest == left


def test_nothing_owed_leaves_all_of_it() -> None:
    assert allocate_owed(50, 1, (), Step()) == ([], 50)


def test_an_account_pays_the_oldest_due_date_first_and_then_the_lower_loan_number() -> None:
    late = Due(1, date(2026, 1, 15), Minor(50), Minor(0), Minor(0), Minor(0), date(2026, 1, 15))
    same = Due(4, date(2026, 1, 31), Minor(70), Minor(0), Minor(0), Minor(0), date(2026, 1, 31))
    loans = (Loan(1, LoanStatus.ACTIVE, dues=(FIRST, SECOND)), Loan(2, LoanStatus.ACTIVE, dues=(late, same)))
    contract = Contract(Terms(principal=1, rate=Rate(0), installments=1))
    account = Account(1, "CNY", date(2026, 1, 1), Minor(0), loans=loans, contracts=(contract, contract))
    split = split_over(account, 200, None, date(2026, 2, 1))
    assert [(part.loan, part.number) for part in split.allocations] == [(2, 1), (1, 1), (2, 4)]
    assert split.allocations[-1].principal == 200 - 50 - 116
    assert split.left == 0


@pytest.mark.parametrize("future", Future)
def test_money_in_advance_pays_no_more_than_all_principal(future: Future) -> None:
    """After a prepayment that kept the schedule its rows ask for more than is left."""
    rows = [payable(number, 0, 0, 0, 40) for number in (1, 2, 3)]
    waterfall = Waterfall((Step(Reach.IN_ADVANCE),), future)
    assert allocate_open(100, waterfall, Open((), (), (), rows, 1, 50)) == 50
    assert sum(part.principal for part in allocations_of(1, rows)) == 50


def test_of_shares_in_advance_the_installment_that_is_filled_last_absorbs_the_rest() -> None:
    # Its share was a cent short when the later one was full already: that one is paid whole, as agreed.
    rows = [payable(5, 0, 0, 4, 2_384), payable(6, 0, 0, 0, 2_388), payable(7, 0, 0, 0, 2_387)]
    waterfall = Waterfall((Step(reach=Reach.IN_ADVANCE),), Future.REAMORTIZE)
    left = allocate_open(7_166, waterfall, Open((), (), in_advance=rows, principal_in_advance=7_162))
    assert left == 0
    assert [row.paid for row in rows] == [[0, 0, 4, 2_384], [0, 0, 0, 2_391], [0, 0, 0, 2_387]]
