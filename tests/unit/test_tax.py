"""Tax contained in fees and penalties, and conventions of lateness."""

from datetime import date

import pytest

from core.account import Due
from core.contract.servicing import PenaltyBase
from core.contract.terms import Rate
from core.cost.tax import LENDING_VAT_PPB, split_vat
from core.money import Minor, Rounding
from core.servicing.lateness import days_late, interest_by_day, overdue_base


@pytest.mark.parametrize(("gross", "net", "vat"), [(2_000_00, 1_886_79, 113_21), (500_00, 471_70, 28_30), (0, 0, 0)])
def test_tax_is_what_the_rounded_net_leaves(gross: int, net: int, vat: int) -> None:
    assert split_vat(Minor(gross), LENDING_VAT_PPB) == (net, vat)


def test_the_due_date_is_day_zero_or_one_by_contract() -> None:
    due = date(2024, 5, 5)
    assert [days_late(due, day, 0) for day in (date(2024, 5, 4), due, date(2024, 7, 6))] == [0, 0, 62]
    assert [days_late(due, day, 1) for day in (date(2024, 5, 4), due, date(2024, 7, 6))] == [0, 1, 63]


def test_a_penalty_runs_on_principal_or_on_the_whole_installment() -> None:
    day = date(2024, 5, 5)
    due = Due(1, day, Minor(800_13), Minor(77_50), Minor(10_00), Minor(5_00), day)
    assert overdue_base(due, PenaltyBase.PRINCIPAL) == 800_13
    assert overdue_base(due, PenaltyBase.PRINCIPAL_INTEREST) == 877_63
    assert overdue_base(due, PenaltyBase.INSTALLMENT) == 887_63


def test_interest_rounded_every_day_differs_from_interest_rounded_once() -> None:
    # 171,000.00 at 17 %: 79.6438 a day.
    assert interest_by_day(Minor(171_000_00), Rate(170_000_000), 2, Rounding.HALF_UP, 365) == 159_28
