"""The product catalogue: what the shipped products lend and cost, which version counts, what the schema says."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from adapters.catalogue.catalogue import SHIPPED, Catalogue, catalogue_of, load_catalogue
from adapters.catalogue.documents import CatalogueError, digest, read_product
from adapters.catalogue.json_schema import schema
from adapters.catalogue.quote import ProductQuote, quote_product
from adapters.console.products import product
from core.contract.terms import PPB, Terms
from core.origination.product import Kind, Product, in_parts, law_of, signal_rules, terms_for
from core.rejections import Code, Rejection
from core.schedule.plan import schedule as planned
from tests.unit.product_documents import QUICK, changed, written

DAY = date(2026, 3, 2)
NAMES = ["consumer-installment", "home-mortgage", "pay-later", "quick-loan", "shop-plan", "sme-working-capital"]


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


def found(catalogue: Catalogue, name: str) -> Product:
    product = catalogue.product(name, DAY)
    assert product is not None
    return product


def quoted(catalogue: Catalogue, name: str, amount: int, installments: int) -> ProductQuote:
    quote = quote_product(found(catalogue, name), amount, installments, DAY)
    assert isinstance(quote, ProductQuote), quote
    return quote


def kinds_for(product: Product, purpose: str, amount: int) -> list[tuple[str, ...]]:
    return [
        needed.kinds
        for needed in product.documents
        if amount >= needed.from_amount and (not needed.purposes or purpose in needed.purposes)
    ]


# What is shipped


def test_six_products_are_shipped(shipped: Catalogue) -> None:
    assert [product.name for product in shipped.all()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_and_the_largest_loan_repay_what_was_lent(shipped: Catalogue, name: str) -> None:
    product = found(shipped, name)
    for amount in (product.amount.least, product.amount.most):
        for count in (product.installments.least, product.installments.most):
            quote = quoted(shipped, name, amount, count)
            assert quote.schedule.summary.principal == quote.paid_out == amount
            assert quote.schedule.rows[-1].balance == 0
            assert len(quote.schedule.rows) == count
            assert quote.total == amount + quote.interest + quote.fees


@pytest.mark.parametrize("name", NAMES)
def test_no_product_costs_more_than_the_law_allows(shipped: Catalogue, name: str) -> None:
    product = found(shipped, name)
    for count in (product.installments.least, product.installments.most):
        rates = quoted(shipped, name, product.amount.most, count).schedule.rates
        assert rates is not None
        assert rates.simple < 240_000_000


@pytest.mark.parametrize("name", NAMES)
def test_penalty_is_one_and_a_half_times_the_rate(shipped: Catalogue, name: str) -> None:
    terms = found(shipped, name).terms
    assert terms.penalty_rate.per == terms.rate.per
    assert terms.penalty_rate.ppb * 2 == terms.rate.ppb * 3


def test_the_quick_loan_asks_for_a_contract_only_where_goods_are_bought(shipped: Catalogue) -> None:
    quick = found(shipped, "quick-loan")
    assert quick.amount.most == 300_000_00
    assert kinds_for(quick, "rent-and-wages", 10_000_00) == [("identity-card",)]
    assert ("purchase-contract", "supplier-quotation") in kinds_for(quick, "stocking-goods", 10_000_00)
    income = ("income-proof", "bank-statement", "tax-record")
    assert income not in kinds_for(quick, "stocking-goods", 49_999_99)
    assert income in kinds_for(quick, "stocking-goods", 50_000_00)


def test_the_quick_loan_is_priced_by_the_day(shipped: Catalogue) -> None:
    quote = quoted(shipped, "quick-loan", 100_000_00, 3)
    assert quote.schedule.rows[0].interest == 31 * 50_00  # 0.05 % a day from 2 March to 2 April.
    assert quote.fees == 0


def test_a_consumer_pays_a_fee_that_falls_with_the_principal(shipped: Catalogue) -> None:
    quote = quoted(shipped, "consumer-installment", 100_000_00, 12)
    assert [fee.name for fee in quote.charged] == ["servicing fee"] * 12
    assert quote.charged[0].amount == 100_00
    amounts = [fee.amount for fee in quote.charged]
    assert amounts == sorted(amounts, reverse=True)
    assert quote.fees == sum(amounts)
    assert quote.schedule.rates is not None
    assert quote.schedule.rates.simple > 144_000_000  # The rate disclosed counts the fees in.


def test_consumers_are_lent_no_more_than_an_online_lender_may(shipped: Catalogue) -> None:
    for name in ("consumer-installment", "shop-plan", "pay-later"):
        assert 0 < found(shipped, name).payouts.exposure_max <= 200_000_00


def test_a_partner_funds_thirty_percent_of_consumer_loans(shipped: Catalogue) -> None:
    shares = found(shipped, "consumer-installment").funding.shares
    assert [(share.funder, share.ppb) for share in shares] == [("own", 700_000_000), ("partner-a", 300_000_000)]
    assert sum(share.ppb for share in shares) == PPB


def test_the_shop_plan_is_free_for_three_months(shipped: Catalogue) -> None:
    assert quoted(shipped, "shop-plan", 3_000_00, 3).interest == 0
    longer = quoted(shipped, "shop-plan", 12_000_00, 12)
    assert [row.interest for row in longer.schedule.rows[:4]] == [0, 0, 0, 45_00]  # 6 % / 12 of 9,000.00


def test_draws_on_a_line_fall_due_on_one_day(shipped: Catalogue) -> None:
    line = found(shipped, "pay-later")
    assert line.kind is Kind.LINE
    for drawn_on in (date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 28)):
        rows = planned(terms_for(line, 600_00, 6), drawn_on)
        assert {row.due_date.day for row in rows} == {10}


def test_an_enterprise_pays_interest_alone_at_first_and_a_guarantor_signs(shipped: Catalogue) -> None:
    product = found(shipped, "sme-working-capital")
    assert product.signers == ("borrower", "guarantor")
    assert product.review.second_officer_from == 1_000_000_00
    quote = quoted(shipped, "sme-working-capital", 2_000_000_00, 12)
    rows = quote.schedule.rows
    assert [row.principal for row in rows[:3]] == [0, 0, 0]
    assert rows[3].principal > 0
    assert all(row.due_date.weekday() < 5 or row.due_date.month in (2, 9, 10) for row in rows)
    assert [(fee.name, fee.on, fee.amount) for fee in quote.charged] == [("arrangement fee", DAY, 10_000_00)]
    assert quote.paid_out == 2_000_000_00


def test_a_mortgage_runs_thirty_years_and_follows_its_index(shipped: Catalogue) -> None:
    product = found(shipped, "home-mortgage")
    assert product.review.second_officer_from == 0  # Always four eyes.
    assert len(kinds_for(product, "resale-home", 1_000_000_00)) == 8
    assert ("payoff-statement",) not in kinds_for(product, "new-home", 1_000_000_00)
    rows = quoted(shipped, "home-mortgage", 1_000_000_00, 360).schedule.rows
    assert (rows[0].due_date, rows[-1].due_date) == (date(2026, 4, 20), date(2056, 3, 20))
    assert rows[0].interest == 4_151_39  # 49 days of 3.05 % on 360.
    floating = product.terms.floating
    assert floating is not None
    assert product.terms.rate.ppb == floating.fixings[-1].ppb + floating.spread_ppb


# Versions


def test_the_version_in_effect_on_a_date_is_found(tmp_path: Path) -> None:
    second = changed("version = 1", "version = 2", changed("2025-01-01", "2026-01-01"))
    catalogue = catalogue_of([written(tmp_path, second, "b.toml"), written(tmp_path, QUICK, "a.toml")])
    in_effect = [catalogue.product("quick-loan", day) for day in (date(2025, 12, 31), date(2026, 1, 1))]
    assert [product and product.version for product in in_effect] == [1, 2]
    assert catalogue.product("quick-loan", date(2024, 12, 31)) is None
    assert catalogue.product("quick-loan", date(2026, 6, 1), version=1) == in_effect[0]
    assert catalogue.product("quick-loan", DAY, version=3) is None
    assert catalogue.product("nothing", DAY) is None
    assert [product.version for product in catalogue.all()] == [1, 2]


def test_a_lenders_own_products_stand_beside_those_shipped(tmp_path: Path) -> None:
    written(tmp_path, changed("quick-loan", "village-loan"))
    assert len(load_catalogue(tmp_path).all()) == len(NAMES) + 1


def test_terms_carry_the_products_name_and_its_smallest_loan(shipped: Catalogue) -> None:
    terms = found(shipped, "quick-loan").terms
    assert (terms.product, terms.principal, terms.installments) == ("quick-loan", 1_000_00, 3)


def test_a_digest_changes_with_what_a_product_says_and_with_nothing_else(tmp_path: Path) -> None:
    first = digest(read_product(written(tmp_path, QUICK)))
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert (
        digest(read_product(written(tmp_path, "# another comment\n" + changed("days = 1\n", "days = 1 \n")))) == first
    )
    assert digest(read_product(written(tmp_path, changed("grace_days = 3", "grace_days = 4")))) != first


def test_the_guide_shows_a_product_that_works(tmp_path: Path) -> None:
    guide = (SHIPPED.parents[2] / "docs" / "products-catalogue.md").read_text()
    smallest, parts, signals, later = re.findall(r"```toml\n((?!# indexes).*?)```", guide, re.DOTALL)
    assert read_product(written(tmp_path, smallest)).amount.most == 20_000_00
    fuller = smallest.replace("[terms]\nrate = { ppb = 90_000_000 }\n", parts + signals)
    risky = read_product(written(tmp_path, fuller.replace("least = 3", "least = 4")))
    assert risky.terms.fees[0].name == "servicing fee"
    assert signal_rules(risky, "card_arrears") == [*risky.signals]
    for of in (None, risky):
        assert [rule.propose for rule in signal_rules(of, "sanctions_hit")] == [None]
    slow = read_product(written(tmp_path, smallest.replace("[terms]", f"{later}\n[terms]")))
    assert [each.amount for each in in_parts(slow, slow.terms, DAY).tranches] == [150_00, 100_00]


# Values of indexes

VALUES = """
[[indexes]]
name = "LPR_1Y"
known_until = 2026-12-20
quotes = [{ since = 2025-05-20, ppb = 30_000_000 }, { since = 2026-11-20, ppb = 29_000_000 }]
"""


def private(tmp_path: Path) -> Path:
    """Return a directory with a product whose legal cap follows an index."""
    cheaper = QUICK.replace("350_000", "100_000").replace("500_000", "300_000").replace("240_000_000", "0")
    written(tmp_path, cheaper.replace('"micro"', '"private"').replace('"quick-loan"', '"friends"'), "friends.toml")
    return tmp_path


def test_what_a_lender_knows_of_an_index_takes_the_place_of_what_ships(tmp_path: Path) -> None:
    before = load_catalogue(private(tmp_path))
    assert before.without_cap(date(2025, 10, 19)) == []
    on = date(2026, 12, 20)
    assert before.without_cap(on) == [
        f"friends: the legal cap is 4 times LPR_1Y, and nobody has given its value on {on}"
    ]
    friends = found(before, "friends")
    refused = quote_product(friends, 1_000_00, 3, on, before.indexes)
    assert isinstance(refused, Rejection)
    assert refused.code is Code.CAP_UNKNOWN
    written(tmp_path, VALUES, "indexes.toml")
    after = load_catalogue(tmp_path)
    assert after.without_cap(on) == []
    assert law_of(friends, on, after.indexes) == 116_000_000
    assert law_of(friends, date(2026, 11, 19), after.indexes) == 120_000_000
    assert [each.split(":")[0] for each in after.without_cap(date(2026, 12, 21))] == ["friends"]


def test_checking_documents_warns_of_products_whose_cap_nobody_knows(tmp_path: Path) -> None:
    own = [str(path) for path in private(tmp_path).glob("*.toml")]
    said = CliRunner().invoke(product, ["check", *own])
    assert said.exit_code == 0
    assert "warning: no contract can be offered today of friends: the legal cap is 4 times LPR_1Y" in said.stderr


@pytest.mark.parametrize(
    ("edit", "wrong"),
    [
        (("2026-12-20", "2026-11-19"), "indexes[0].known_until: 2026-11-19 is before the last value, 2026-11-20"),
        (("2025-05-20", "2026-11-20"), "indexes[0].quotes: has no value, or is not in the order of days"),
        (("LPR_1Y", "LPR"), "indexes[0].name: no cap follows 'LPR'; there are LPR_1Y"),
        (("30_000_000", "3.0"), "Expected `int`, got `float`"),
        ((VALUES, VALUES * 2), "indexes[1].name: 'LPR_1Y' stands there twice"),
    ],
)
def test_values_that_make_no_sense_are_refused(tmp_path: Path, edit: tuple[str, str], wrong: str) -> None:
    written(tmp_path, VALUES.replace(*edit), "indexes.toml")
    with pytest.raises(CatalogueError, match=re.escape(wrong)):
        load_catalogue(tmp_path)


def test_the_guide_shows_values_that_are_read(tmp_path: Path) -> None:
    guide = (SHIPPED.parents[2] / "docs" / "products-catalogue.md").read_text()
    (values,) = re.findall(r"```toml\n(# indexes.toml\n.*?)```", guide, re.DOTALL)
    assert load_catalogue(written(tmp_path, values, "indexes.toml").parent).indexes[0].known_until > DAY


# Quotes


def test_what_a_product_does_not_lend_is_not_quoted(shipped: Catalogue) -> None:
    quick = found(shipped, "quick-loan")
    too_much = quote_product(quick, 300_000_01, 12, DAY)
    too_long = quote_product(quick, 300_000_00, 13, DAY)
    assert isinstance(too_much, Rejection)
    assert isinstance(too_long, Rejection)
    assert (too_much.code, too_long.code) == (Code.AMOUNT_OUT_OF_RANGE, Code.TERM_OUT_OF_RANGE)
    assert too_long.detail == "from 3 to 12"


@pytest.mark.parametrize(
    ("when", "paid_out", "owed", "fees"),
    [
        ("withheld", 995_00, 995_00, 0),
        ("from_payout", 995_00, 1_000_00, 5_00),
        ("disbursement", 1_000_00, 1_000_00, 5_00),
    ],
)
def test_a_fee_at_payout_is_counted_once(tmp_path: Path, when: str, paid_out: int, owed: int, fees: int) -> None:
    fee = f'[[terms.fees]]\nname = "fee"\nwhen = "{when}"\nprice = {{ flat = 5_00 }}\n\n[terms.prepayment]'
    product = read_product(written(tmp_path, changed("[terms.prepayment]", fee)))
    quote = quote_product(product, 1_000_00, 3, DAY)
    assert isinstance(quote, ProductQuote)
    assert (quote.paid_out, quote.principal, quote.fees) == (paid_out, owed, fees)
    assert quote.total == quote.principal + quote.interest + fees


# JSON Schema


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_document_is_valid_by_the_published_schema(name: str) -> None:
    document = msgspec.to_builtins(tomllib.loads((SHIPPED / f"{name}.toml").read_text()))
    validator = Draft202012Validator(schema())
    validator.check_schema(validator.schema)
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_published_schema_refuses_what_the_catalogue_refuses() -> None:
    validator = Draft202012Validator(schema())
    document = msgspec.to_builtins(tomllib.loads(QUICK))
    document["colour"] = 1
    document["terms"] |= {"principal": 1, "method": "balloon"}
    messages = " ".join(error.message for error in validator.iter_errors(document))
    assert all(wrong in messages for wrong in ("colour", "principal", "balloon"))
    assert set(Terms.__struct_fields__) - set(schema()["$defs"]["Terms"]["properties"]) == {
        "product",
        "principal",
        "installments",
    }


# On the command line


def test_a_product_is_quoted_on_the_command_line() -> None:
    asked = ["quote", "consumer-installment", "--amount", "10000.00", "--installments", "6", "--on", "2026-03-02"]
    shown = CliRunner().invoke(product, [*asked, "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["total"] == 10_459_52


def test_wrong_documents_are_named_on_the_command_line(tmp_path: Path) -> None:
    wrong = written(tmp_path, changed("grace_days = 3", "grace_days = 61"))
    shown = CliRunner().invoke(product, ["check", str(wrong), "--json"])
    assert shown.exit_code == 1
    assert [(fault["file"], fault["at"]) for fault in json.loads(shown.stdout)] == [("own.toml", "terms.grace_days")]
    assert CliRunner().invoke(product, ["check", str(SHIPPED / "quick-loan.toml")]).exit_code == 0


def test_what_is_listed_can_be_proven_unchanged() -> None:
    listed = json.loads(CliRunner().invoke(product, ["list", "--json"]).stdout)
    shown = json.loads(CliRunner().invoke(product, ["show", "quick-loan", "--json"]).stdout)
    assert [each["product"] for each in listed] == NAMES
    assert shown["digest"] in [each["digest"] for each in listed]
    assert CliRunner().invoke(product, ["show", "nothing"]).exit_code == 3
