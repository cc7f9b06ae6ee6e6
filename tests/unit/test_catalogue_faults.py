"""Wrong product documents are refused by file, place and reason."""

import re
from pathlib import Path

import pytest

from adapters.catalogue.catalogue import catalogue_of, load_catalogue
from adapters.catalogue.documents import CatalogueError, read_product
from tests.unit.product_documents import QUICK, changed, written


def capped(purpose: str, most: int) -> str:
    """Return the quick loan with a cap for a purpose."""
    return changed("[terms]", f'[[purpose_caps]]\npurpose = "{purpose}"\nmost = {most}\n\n[terms]')


def booked(control: str, code: str) -> str:
    """Return the quick loan with another account of its own."""
    return changed('control = "1303.01"\ncode = "1303.11"', f'control = "{control}"\ncode = "{code}"')


def parted(*shares: int, days: int = 20) -> str:
    """Return the quick loan paid out in parts, each so many days after the one before."""
    parts = ", ".join(f"{{ ppb = {ppb}, after_days = {days * place} }}" for place, ppb in enumerate(shares, 1))
    return changed("[licence]", f"later_parts = [{parts}]\n\n[licence]")


def signalled(propose: str, terms: str = "") -> str:
    """Return the quick loan with a rule for signals."""
    rule = f'[[signals]]\nkind = "card_arrears"\npropose = {{ {propose} }}\n\n'
    return changed("[terms]", f"{rule}[terms]", changed("extensions_max = 1", terms) if terms else QUICK)


REFUSED = [
    (changed("[terms]", "[terms]\ncolour = 1"), "terms", "unknown field `colour`"),
    (changed("least = 1_000_00", "least = 1000.5"), "amount.least", "Expected `int`, got `float`"),
    (changed('method = "equal_installment"', 'method = "balloon"'), "terms.method", "Invalid enum value 'balloon'"),
    (changed("rate = { ppb = 500_000", "rate = { "), "", "is not TOML"),
    (changed('rate = { ppb = 500_000, per = "day" }', "rate = {}"), "terms.rate", "missing required field `ppb`"),
    (changed("[terms]", "[terms]\nprincipal = 1"), "terms.principal", "an application says it"),
    (changed("[terms]", "[terms]\nfirst_due = 2026-04-01"), "terms.first_due", "belongs to one loan"),
    (changed('name = "quick-loan"', f'name = "{"q" * 41}"'), "name", "has 41 letters"),
    (
        changed('["principal", "interest", "fee", "penalty"]', '["principal", "interest", "fee"]'),
        "terms.late_waterfalls[0]",
        "does not pay every component",
    ),
    (changed("least = 1_000_00", "least = 300_000_01"), "amount", "least 30000001 is above most 30000000"),
    (changed("least = 1_000_00", "least = 0"), "amount", "is not within 1 to"),
    (changed("most = 12 }", "most = 601 }"), "installments", "3 to 601 is not within 1 to 600"),
    (changed("least = 350_000", "least = 500_001"), "rate_ppb", "least 500001 is above most 500000"),
    (changed("ppb = 500_000", "ppb = 500_001"), "terms.rate.ppb", "500001 is not within 350000 to 500000"),
    (changed('purposes = ["vehicle"]', 'purposes = ["boat"]'), "documents[4].purposes", "'boat' is not one of"),
    (capped("boat", 5_000_00), "purpose_caps[0].purpose", "'boat' is not one of"),
    (capped("vehicle", 9), "purpose_caps[0].most", "9 is below the least"),
    (booked("2001.01", "2001.11"), "accounting[0].control", "2001.01 is no account"),
    (booked("2241.01", "2241.11"), "accounting[0].control", "2241.01 is no account that loans are booked on"),
    (booked("1303.01", "1304.01"), "accounting[0].code", "1304.01 is not free, or not below 1303"),
    (booked("1303.01", "1303.03"), "accounting[0].code", "1303.03 is not free"),
    (booked("1303.01", "130311"), "accounting[0].code", "matching regex"),
    (changed('name = "micro"', 'name = "guild"'), "licence", "no cap of CN guild is known"),
    (
        changed("cost_cap_ppb = 240_000_000", "cost_cap_ppb = 240_000_001", changed('"micro"', '"licensed"')),
        "terms.cost_cap_ppb",
        "240000001 is above the law, 240000000",
    ),
    (changed("cost_cap_ppb = 240_000_000", "cost_cap_ppb = 180_000_000"), "terms", "cost_above_cap: 100000 in 3"),
    (changed("version = 1", "version = 1\nsold_until = 2020-01-01"), "sold_until", "before the day"),
    (changed('"vehicle", "rent', '"equipment", "rent'), "purposes", "'equipment' stands there twice"),
    (changed("from_amount = 50_000_00", "from_amount = 300_000_01"), "documents[2].from_amount", "would never count"),
    (changed("from = 200_000_00", "from = 300_000_01"), "review.second_officer_from", "would never count"),
    (changed('name = "grace_days"', 'name = "grace"'), "clauses[2].name", "'grace' is no clause; there are"),
    (changed("most = 7\n", "most = 61\n"), "clauses[2]", "0 to 61 is not within 0 to 60"),
    (changed("most = 7\n", "most = 2\n"), "clauses[2]", "own grace_days: 3 is not within 0 to 2"),
    (changed("least = 350_000\n", "least = 300_000\n"), "clauses[1]", "300000 to 500000 is not within 350000"),
    (
        changed("[[clauses]]", '[[clauses]]\nname = "rate_ppb"\nleast = 500_000\nmost = 500_000\n\n[[clauses]]'),
        "clauses",
        "'rate_ppb' stands there twice",
    ),
    (changed('name = "quick-loan-standard"', 'name = "quick-loan-standard"\nto_amount = 1'), "templates", "none fits"),
    (
        changed('pool = "main"', 'pool = "main"\nshares = [{ funder = "own", ppb = 999_999_999 }]'),
        "funding.shares",
        "sum to 999999999 ppb",
    ),
    (parted(500_000_000, 500_000_000), "later_parts", "leave nothing to pay out at first"),
    (parted(500_000_000, days=120), "terms", "tranches_invalid"),
    (
        changed("[licence]", 'kind = "line"\nlater_parts = [{ ppb = 1, after_days = 1 }]\n\n[licence]'),
        "later_parts",
        "on a line each part is a draw",
    ),
    (signalled('what = "fix_index", on = 2026-01-01, ppb = 1'), "signals[0].propose", "Invalid value 'fix_index'"),
    (signalled('what = "reage", installments = 3, first_due = 2026-02-01'), "signals[0].propose.first_due", "one loan"),
    (signalled('what = "extend", installments = 3', "extensions_max = 0"), "signals[0].propose", "may be extended"),
    (
        changed("[terms]", 2 * '[[signals]]\nkind = "card_arrears"\n\n' + "[terms]"),
        "signals",
        "'card_arrears after 1' stands there twice",
    ),
    (changed("grace_days = 3", "grace_days = 3\nprincipal_grace = 3"), "terms", "grace_too_long"),
    (
        changed(
            "[terms.prepayment]",
            '[[terms.fees]]\nname = "fee"\nwhen = "withheld"\nprice = { flat = 1_000_00 }\n\n[terms.prepayment]',
        ),
        "terms",
        "fees_exceed_principal: 100000 in 3 installments",
    ),
]


@pytest.mark.parametrize(("text", "at", "what"), REFUSED, ids=[f"{at}: {what}"[:60] for _, at, what in REFUSED])
def test_a_wrong_document_is_refused_by_file_place_and_reason(tmp_path: Path, text: str, at: str, what: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        read_product(written(tmp_path, text))
    message = str(refused.value)
    assert message.startswith(f"own.toml: {at}")
    assert what in message


@pytest.mark.parametrize(
    ("edit", "wrong"),
    [
        (("grace_days = 3", "grace_days = 4"), "b.toml: version: quick-loan 1 is also in a.toml"),
        (("version = 1", "version = 2"), "b.toml: effective_from: 2025-01-01 is not after version 1 in a.toml"),
    ],
)
def test_versions_that_contradict_each_other_are_refused(tmp_path: Path, edit: tuple[str, str], wrong: str) -> None:
    paths = [written(tmp_path, QUICK, "a.toml"), written(tmp_path, changed(*edit), "b.toml")]
    with pytest.raises(CatalogueError, match=re.escape(wrong)):
        catalogue_of(paths)


def test_a_product_keeps_its_currency(tmp_path: Path) -> None:
    later = changed("version = 1", "version = 2", changed("2025-01-01", "2026-01-01", changed("CNY", "JPY")))
    with pytest.raises(CatalogueError, match=r"b.toml: currency: JPY is not CNY as in a.toml"):
        catalogue_of([written(tmp_path, QUICK, "a.toml"), written(tmp_path, later, "b.toml")])


def test_all_wrong_documents_are_named_at_once(tmp_path: Path) -> None:
    written(tmp_path, changed("grace_days = 3", "grace_days = 61"), "a.toml")
    written(tmp_path, changed('pool = "main"', 'pool = "Main pool"'), "b.toml")
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(tmp_path)
    assert [fault.file for fault in refused.value.faults] == ["a.toml", "b.toml"]
    with pytest.raises(CatalogueError, match="is not a directory"):
        load_catalogue(tmp_path / "nowhere")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"^nowhere.toml: cannot be read: No such file"):
        read_product(tmp_path / "nowhere.toml")
