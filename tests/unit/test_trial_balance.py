"""The trial balance by product: a product's money in accounts of its own, the sum untouched."""

from datetime import date

from accounting.chart import Gl
from adapters.catalogue.catalogue import load_catalogue
from adapters.postgres.book import TrialBalance
from adapters.trial_balance import TrialBalanceLine, report

DAY = date(2026, 1, 31)
ROWS = [
    TrialBalance("CNY", Gl.BANK, 0, 900, -900, "quick-loan"),
    TrialBalance("CNY", Gl.LOAN_PRINCIPAL, 500, 0, 500, "quick-loan"),
    TrialBalance("CNY", Gl.LOAN_PRINCIPAL, 400, 0, 400, "of-old"),
]


def test_a_product_has_its_money_in_accounts_of_its_own() -> None:
    found = report(DAY, ROWS, load_catalogue())
    assert found.difference == 0
    assert found.lines == [
        TrialBalanceLine("CNY", "1002.01", "Bank deposits", 0, 900, -900, "quick-loan"),
        TrialBalanceLine("CNY", "1303.11", "Principal, quick loans", 500, 0, 500, "quick-loan", "1303.01"),
        TrialBalanceLine("CNY", "1303.01", "Loans, principal", 400, 0, 400, "of-old"),
    ]


def test_in_all_products_the_accounts_are_those_of_the_chart() -> None:
    (line,) = report(None, [TrialBalance("CNY", Gl.LOAN_PRINCIPAL, 900, 0, 900)], load_catalogue()).lines
    assert (line.account, line.product, line.control) == ("1303.01", "", "")
