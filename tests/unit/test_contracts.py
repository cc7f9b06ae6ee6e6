"""Contract texts: every shipped one renders, says its key terms, and stays as it was released."""

import re
from datetime import date
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from adapters.catalogue.catalogue import load_catalogue
from adapters.catalogue.quote import ProductQuote, quote_product
from adapters.contracts.costs import costs_of
from adapters.contracts.formats import amount_in_words, money, percent, rounded_percent
from adapters.contracts.pdf import as_pdf
from adapters.contracts.reading import Block, blocks_of
from adapters.contracts.sample import PERSON, sample, try_all
from adapters.contracts.texts import SHIPPED, Library, LibraryError, load_library
from adapters.house import LendingHouse, house_settings
from adapters.settings import Settings
from core.contract.servicing import Fee, FeeBase, FeeWhen, LateWaterfall, NonAccrual, Price
from core.contract.terms import Cycle, Floating, Method, Pause, Rate, RateStep, Tranche, Unit
from core.contract.waterfall import Component, Step, Waterfall
from core.money import Minor
from core.origination.file import Agreement, AgreementStatus, Application, ApplicationStatus, Claim, Signature
from core.origination.product import Product, Template, terms_for

ON: Final = date(2026, 1, 5)
LIBRARY: Final = load_library()
PRODUCTS: Final = {each.name: each for each in load_catalogue().all() if each.version == 1}
USES: Final = [(each, template) for each in PRODUCTS.values() for template in each.templates]
LOAN: Final = replace(
    PRODUCTS["consumer-installment"],
    name="made-up",
    funding=PRODUCTS["quick-loan"].funding,
    templates=(Template(name="generic"),),
)
RELEASED: Final = {
    "consumer-long@1": "ee2df18f45b69890e99c58bfe8d8e7644565a39d3be4c0af3a01afb59e18e959",
    "consumer-small@1": "dda591b752d9ec93cbed5fbe5d67ea021d989d6b600a383153eb665428396cf2",
    "consumer-standard@1": "db2ecd4ff7a1e043bf80c2c625804d0ff539755a84db36d57adf6b3e9e5b5636",
    "generic@1": "0b804efe5fc4dfc4620abb257538c931e6f1e8d86e2f4a24d9514bf9edb6b458",
    "generic@2": "0eaba51324c9301022e80563e4e1a57a333cea350773b325efedb4673a4426db",
    "mortgage-fixed@1": "597877288271d44510ceeda782c1bea1c85ad8f5fc803172387c7ce00cce3647",
    "mortgage-fixed@2": "913c848ba8d712cf9cd49d00d18f17bfc7fbefc0f52c13b8474c869db4057aff",
    "mortgage-floating@1": "748d3aa54d26dd03f46087621501d19bdb89f6f27b8cb75bc0dfddf085649d17",
    "mortgage-floating@2": "88bb26be03dffb3c5dbeb39ad72ee8e7d04d740dedad6675dc3664dbf5154b9e",
    "pay-later-line@1": "4f0412fee976aa585a989c017c725bbb9b930977baa373eaf8583f0578832822",
    "quick-loan-short@1": "4e0d10de382ac96b0967973287b868c92ad677e7e4520b3bd58741083643375d",
    "quick-loan-standard@1": "be42314d5ba71b54572f33add3c96ac0927208653a36b59f2782ad5d17c67de5",
    "shop-plan-standard@1": "73cc47111c9e10f2485a3d623c04970f444e7966a61ad5fb6416db76487e1f5e",
    "shop-plan-standard@2": "20e91a92ae9bc5e41e40c6f6b6f333bf74c988388a885f0cb29dee4366ed253e",
    "sme-guaranteed@1": "7156a5bbafe9e37b87df3dea465ff1db6b43b03e4daddf0c5c0d13991809bc9c",
    "sme-standard@1": "621c25d198debcf93c09ba90e6ba460a2711de33c31c5048c978fc07666977e7",
}
"""What each released text says to the sample borrower, by SHA-256. A text is never edited: add its next version."""


def text_of(product: Product, template: str, amount: int = 0, installments: int = 0) -> str:
    """Return a contract as it is read, without markup."""
    lent, count = amount or product.amount.most, installments or product.installments.most
    return read(sample(LIBRARY, template, product, lent, count, ON))


def read(html: bytes) -> str:
    text = re.sub(r"<style>.*?</style>", "", html.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.mark.parametrize(("product", "template"), USES, ids=lambda each: each.name)
def test_every_product_has_its_texts_with_the_key_terms(product: Product, template: Template) -> None:
    amount = template.to_amount or product.amount.most
    installments = template.to_installments or product.installments.most
    found = LIBRARY.find(product, amount, installments, ON)
    assert found is not None
    assert found.name == template.name
    text = text_of(product, template.name, amount, installments)
    quoted = quote_product(product, amount, installments, ON)
    assert isinstance(quoted, ProductQuote)
    assert quoted.schedule.rates is not None
    for said in (
        product.title,
        *PERSON.values(),
        f"CNY {money(amount, 'CNY')} ({amount_in_words(amount, 'CNY')})",
        percent(product.terms.rate.ppb),
        f"{rounded_percent(quoted.schedule.rates.simple)} simple",
        f"{rounded_percent(quoted.schedule.rates.compound)} compounded",
        f"You repay in all CNY {money(quoted.total, 'CNY')}",
        percent(product.terms.penalty_rate.ppb),
        *(fee.name for fee in product.terms.fees),
        *(signer for signer in product.signers),
        quoted.schedule.rows[-1].due_date.isoformat(),
    ):
        assert said == PERSON["born_on"] or said in text, said
    assert "  " not in text


@pytest.mark.parametrize("text", LIBRARY.all(), ids=lambda each: f"{each.name}@{each.version}")
@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda each: each.name)
def test_every_text_serves_every_product(text: object, product: Product) -> None:
    name = getattr(text, "name", "")
    assert text_of(product, name, product.amount.least, product.installments.least)


def test_there_are_a_dozen() -> None:
    assert len({each.name for each in LIBRARY.all()}) == 12


@pytest.mark.parametrize("released", RELEASED)
def test_a_released_text_is_never_edited(released: str) -> None:
    using = (product for product, template in USES if template.name == released.partition("@")[0])
    product = next(using, PRODUCTS["home-mortgage"] if "mortgage" in released else LOAN)
    html = sample(LIBRARY, released, product, product.amount.most, product.installments.most, ON)
    assert sha256(html).hexdigest() == RELEASED[released], "add the next version instead: the old one was signed"


def test_every_text_is_on_record() -> None:
    assert {f"{each.name}@{each.version}" for each in LIBRARY.all()} == set(RELEASED)


def test_what_became_of_an_offer_does_not_change_its_text() -> None:
    application, agreement = offered(LOAN)
    first = LIBRARY.render("generic", agreement, application, LOAN, PERSON)
    signed = replace(
        agreement,
        digest=sha256(first).hexdigest(),
        status=AgreementStatus.SIGNED,
        signatures=(Signature("borrower", ON, "ab" * 32, b"x"),),
        loan=3,
    )
    contracted = replace(
        application,
        status=ApplicationStatus.CONTRACTED,
        claim=Claim("lin", ON),
        approvals=("lin",),
        asked_for_review=True,
    )
    assert load_library().render("generic", signed, contracted, LOAN, PERSON) == first


def test_a_person_is_text_and_no_markup() -> None:
    application, agreement = offered(LOAN)
    person = PERSON | {"name": "<b>{{ 7 * 7 }}</b> & Söhne"}
    html = LIBRARY.render("generic", agreement, application, LOAN, person).decode()
    assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt; &amp; Söhne" in html
    with pytest.raises(LibraryError, match="has no attribute 'identity_number'"):
        LIBRARY.render("generic", agreement, application, LOAN, {"name": "Li Hua", "phone": "1"})


def test_all_is_in_the_file() -> None:
    html = sample(LIBRARY, "generic", LOAN, 1_000_000, 6, ON).decode()
    assert not re.search(r"(src|href|url)\s*[=(]|<script|<link|@import|https?:", html)


EVERY_FEE: Final = (
    Fee(name="kept back", when=FeeWhen.WITHHELD, price=Price(share_ppb=10_000_000)),
    Fee(name="out of it", when=FeeWhen.FROM_PAYOUT, price=Price(flat=500)),
    Fee(name="arrangement", when=FeeWhen.DISBURSEMENT, price=Price(share_ppb=1_000_000)),
    Fee(name="service", when=FeeWhen.INSTALLMENT, price=Price(flat=10, share_ppb=1_000_000, of=FeeBase.INSTALLMENT)),
    Fee(name="check", when=FeeWhen.DATE, price=Price(share_ppb=1_000_000), on=date(2026, 4, 5)),
    Fee(name="account", when=FeeWhen.YEARLY, price=Price(share_ppb=1_000_000)),
    Fee(name="reminder", when=FeeWhen.OVERDUE, price=Price(flat=700), most=900),
)


@pytest.mark.parametrize("installments", [6, 36])
@pytest.mark.parametrize("product", [*PRODUCTS.values(), replace(LOAN, name="fees")], ids=lambda each: each.name)
def test_costs_are_those_of_a_loan_that_is_lived_through(product: Product, installments: int) -> None:
    if product.name == "fees":
        product = replace(product, terms=replace(product.terms, fees=EVERY_FEE, cost_cap_ppb=0))
    count = min(max(installments, product.installments.least), product.installments.most)
    quoted = quote_product(product, product.amount.most, count, ON)
    assert isinstance(quoted, ProductQuote)
    costs = costs_of(terms_for(product, product.amount.most, count), ON)
    assert (costs.paid_out, costs.principal, costs.interest) == (quoted.paid_out, quoted.principal, quoted.interest)
    assert (costs.fees, costs.total, costs.rates) == (quoted.fees, quoted.total, quoted.schedule.rates)
    assert sum(row.fees for row in costs.rows) + sum(each.amount for each in costs.apart) == costs.fees
    assert costs.rows[-1].balance == 0


def test_unusual_terms_are_said() -> None:
    terms = replace(
        LOAN.terms,
        fees=EVERY_FEE,
        floating=Floating(Cycle(date(2025, 7, 1), 6, Unit.MONTH), spread_ppb=5_000_000, floor_ppb=10_000_000),
        rate_steps=(RateStep(date(2026, 6, 5), Rate(150_000_000)),),
        pauses=(Pause(date(2026, 3, 1), date(2026, 3, 11)),),
        method=Method.EQUAL_PRINCIPAL,
        principal_grace=1,
        down_payment_ppb=100_000_000,
        tranches=(Tranche(date(2026, 5, 1), 100_000),),
    )
    text = text_of(replace(LOAN, terms=terms), "generic")
    for said in (
        "next reset on 1 July 2026",
        "every 6 months, to the index that was agreed, as last published before that day, plus 0.50 percentage points, "
        "but never below 1.00 %",
        "From 5 June 2026 on the rate is 15.00 % a year.",
        "From 1 March 2026 up to the day before 11 March 2026 no interest is counted.",
        "The first 1 installment is interest alone.",
        "10.00 % of the principal is due as a down payment",
        "CNY 1,000.00 of it is paid out from 1 May 2026 on",
        "at first, CNY 1,000.00 later",
        "They are those of what is paid out at first",
        "kept back 1.00 % of the principal then outstanding kept back from the payout; the principal is lower",
        "service CNY 0.10 plus 0.10 % of the installment with each installment",
        "reminder CNY 7.00 from 1 day overdue CNY 9.00 an installment",
        "check 0.10 % of the principal then outstanding on 5 April 2026",
    ):
        assert said in text, said
    assert "does not change" not in text.partition("6. Fees")[0].partition("The rate is reset")[0]


@pytest.mark.parametrize("name", ["mortgage-fixed", "mortgage-floating", "shop-plan-standard"])
def test_money_goes_where_the_checks_let_it_go(name: str) -> None:
    text = text_of(PRODUCTS["home-mortgage" if "mortgage" in name else "shop-plan"], name)
    assert "to a bank account in the borrower's own name" in text
    assert "paid to the seller" not in text
    assert "cannot be paid out in cash" not in text


def test_for_how_long_money_may_be_asked_for_is_said() -> None:
    said = "You may ask for money until 30 days after the last signature"
    bounded = replace(LOAN, payouts=replace(LOAN.payouts, available_days=30))
    assert said in text_of(bounded, "generic")
    assert "You may ask for money" not in text_of(LOAN, "generic")


def test_an_order_of_allocation_without_accrual_is_said() -> None:
    principal_first = Waterfall((Step(order=(*list(Component)[::-1],)),))
    terms = replace(LOAN.terms, late_waterfalls=(), non_accrual=NonAccrual(days_past_due=61, waterfall=principal_first))
    said = (
        "From 61 days past due, until no interest is overdue and the loan is less late than that, it settles what has "
        "fallen due (the oldest installment first): principal, interest, fee, penalty. What is over is kept"
    )
    assert said in text_of(replace(LOAN, terms=terms), "generic")
    late = replace(terms, late_waterfalls=(LateWaterfall(31, principal_first),))
    assert "fee, penalty, whatever else is said here. What is over" in text_of(replace(LOAN, terms=late), "generic")
    silent = replace(terms, non_accrual=NonAccrual(days_past_due=61))
    assert "From 61 days" not in text_of(replace(LOAN, terms=silent), "generic")


def test_versions_follow_one_another_and_old_offers_keep_theirs(tmp_path: Path) -> None:
    (tmp_path / "generic@3.html.j2").write_text("{#- Shorter. In effect from 2026-02-01 -#}\nPay {{ money(7) }}.\n")
    (tmp_path / "own@1.html.j2").write_text('{#- Ours -#}\n{% extends "generic@1.html.j2" %}\n')
    library = load_library(tmp_path)
    assert len(library.all()) == len(LIBRARY.all()) + 2
    assert sample(library, "generic", LOAN, 300_000, 6, ON) == sample(LIBRARY, "generic", LOAN, 300_000, 6, ON)
    assert sample(library, "generic", LOAN, 300_000, 6, date(2026, 2, 1)) == b"Pay CNY 0.07."
    assert sample(library, "generic@1", LOAN, 300_000, 6, date(2026, 2, 1)).startswith(b"<!DOCTYPE html>")
    assert b"own@1" in sample(library, "own", LOAN, 300_000, 6, ON)


def test_a_lender_says_who_it_is_from_a_day_on(tmp_path: Path) -> None:
    who = 'licence = "L-1"\naddress = "A"\ncontact = "C"\ncourt = "T"\n'
    later = f'[[lender]]\neffective_from = 2026-03-01\nname = "New Lending"\n{who}'
    (tmp_path / "lender.toml").write_text(
        f'{later}[[lender]]\neffective_from = 2025-01-01\nname = "Old Lending"\n{who}'
    )
    library = load_library(tmp_path)
    assert b"Old Lending" in sample(library, "generic", LOAN, 300_000, 6, ON)
    assert b"New Lending" in sample(library, "generic", LOAN, 300_000, 6, date(2026, 3, 1))


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("generic@1.html.j2", "{#- Again -#}", r"versions are 1, 2, 3.*not \[1, 1, 2\]"),
        ("generic@4.html.j2", "{#- Later. In effect from 2027-01-01 -#}", r"not \[1, 2, 4\]"),
        ("generic@3.html.j2", "{#- Later -#}", "the first line says from when"),
        ("own.html.j2", "{#- Ours -#}", "is called name@1.html.j2"),
        ("own@1.html.j2", "Hello", "the first line says what it is"),
        ("own@1.html.j2", "{#- Ours -#}{% if %}", "own@1.html.j2: Expected an expression"),
        ("own@1.html.j2", "{#- Ours -#}{{ 1 | unheard }}", "No filter named 'unheard'"),
        ("lender.toml", "[[lender]]\nname = 1", "lender.toml"),
        ("lender.toml", "lender = []", "names no lender"),
    ],
)
def test_templates_that_cannot_be_used_are_refused_at_the_start(
    tmp_path: Path, name: str, text: str, wrong: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(LibraryError, match=wrong):
        load_library(tmp_path)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{{ terms.intrest }}", "has no attribute 'intrest'"),
        ("{{ borower }}", "'borower' is undefined"),
        ("{{ terms.__class__.__mro__ }}", "__class__"),
        ("{% extends 'missing@1.html.j2' %}", "missing@1.html.j2"),
    ],
)
def test_mistakes_are_found_before_a_borrower_meets_them(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "own@1.html.j2").write_text(f"{{#- Ours -#}}{text}")
    library = load_library(tmp_path)
    with pytest.raises(LibraryError, match=wrong):
        try_all(library, [replace(LOAN, templates=(Template(name="own"),))])


def test_a_template_that_nobody_wrote_is_named() -> None:
    with pytest.raises(LibraryError, match=r"product made-up 1: there is no template nowhere"):
        try_all(LIBRARY, [replace(LOAN, templates=(Template(name="nowhere"),))])
    try_all(LIBRARY, PRODUCTS.values())


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="is not a directory"):
        Library((SHIPPED, tmp_path / "missing"))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "zero yuan only"),
        (106_619, "one thousand and sixty-six yuan and nineteen fen"),
        (30_000_000, "three hundred thousand yuan only"),
        (
            1_234_567_89,
            "one million two hundred and thirty-four thousand five hundred and sixty-seven yuan and eighty-nine fen",
        ),
        (10**13, "one hundred billion yuan only"),
        (100_001, "one thousand yuan and one fen"),
        (100_100, "one thousand and one yuan only"),
    ],
)
def test_amounts_are_written_in_words(amount: int, words: str) -> None:
    assert amount_in_words(amount, "CNY") == words


def test_other_currencies_have_their_own_decimals() -> None:
    assert (money(1_234_567, "JPY"), amount_in_words(1_021, "JPY")) == (
        "1,234,567",
        "one thousand and twenty-one JPY only",
    )
    assert (money(-1_234_567, "KWD"), amount_in_words(1_021, "USD")) == ("-1,234.567", "ten USD and 21/100")


@pytest.mark.parametrize(
    ("ppb", "exact", "rounded"),
    [
        (0, "0.00 %", "0.00 %"),
        (500_000, "0.05 %", "0.05 %"),
        (94_822_000, "9.4822 %", "9.48 %"),
        (1, "0.0000001 %", "0.00 %"),
    ],
)
def test_rates_are_exact(ppb: int, exact: str, rounded: str) -> None:
    assert (percent(ppb), rounded_percent(ppb)) == (exact, rounded)
    assert percent(-4_500_000) == "-0.45 %"


def test_the_pdf_is_the_same_for_the_same_text() -> None:
    html = sample(LIBRARY, "sme-guaranteed", PRODUCTS["sme-working-capital"], 100_000_000, 12, ON)
    first = as_pdf(html)
    assert first == as_pdf(html)
    assert first.startswith(b"%PDF-")
    assert b"/STSong-Light" in first
    assert as_pdf(html.replace("张伟".encode(), b"Li")) != first


def test_the_pdf_takes_any_text() -> None:
    odd = "<h1>A & B</h1><ul><li>one <i>two<br>three</i></li></ul><p class='small'>\U00020bb7 ạ</p><table></table>tail"
    assert as_pdf(odd.encode()).startswith(b"%PDF-")


def test_nothing_written_is_left_out_of_the_pdf() -> None:
    html = (
        "<title>T</title><style>no</style>"
        "<div>a <span>b</span> <strong>c<p>d</p></div>e<table class='rows'><tr><td>1</td>"
        "</tr><tr><td>&amp;2</td><td><b>3</b></td></tr></table><dl><dt>f</dt><dd>g</dd></dl>张 \U00020bb7"
    )
    found = blocks_of(html)
    assert found.title == "T"
    said = [each.text if isinstance(each, Block) else each.body for each in found.blocks]
    chinese = '<font name="STSong-Light">张</font> [U+20BB7]'
    assert said == ["a b <b>c</b>", "d", "e", [["1"], ["&amp;2", "<b>3</b>"]], "f", "g", chinese]
    assert as_pdf(html.encode()).startswith(b"%PDF-")


def offered(product: Product) -> tuple[Application, Agreement]:
    """Return an application and the offer that came of it."""
    terms = terms_for(product, 3_000_000, 12)
    amount, approved = Minor(terms.principal), ApplicationStatus.APPROVED
    application = Application(1, product.name, 1, amount, 12, "travel", ON, ON, approved)
    return application, Agreement(1, 1, product.name, 1, "generic", "", terms, ON, date(2026, 1, 12))


def test_a_text_that_cannot_be_rendered_is_none_and_the_log_names_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "payer.token").write_text("of the payer", encoding="utf-8")
    settings = house_settings(Settings(data_dir=str(tmp_path)), "http://127.0.0.1:1")
    house = LendingHouse.open(settings, "postgresql://127.0.0.1:1/none")
    application, agreement = offered(LOAN)
    assert house.render("generic", agreement, application, LOAN, PERSON) is not None
    assert house.render("nothing-of-the-kind", agreement, application, LOAN, PERSON) is None
    assert house.render("generic", agreement, application, LOAN, {**PERSON, "name": "Wang\udcff"}) is None
    assert "there is no template nothing-of-the-kind" in caplog.text
    assert "UnicodeEncodeError" in caplog.text
    assert "Wang" not in caplog.text
