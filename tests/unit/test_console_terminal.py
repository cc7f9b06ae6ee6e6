"""What operators read: nothing that they compare, copy or type again is broken or cut, however narrow it gets."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.core import TyperArgument, TyperOption
from typer.main import get_command
from typer.testing import CliRunner

from adapters.catalogue.catalogue import load_catalogue
from adapters.catalogue.documents import digest
from adapters.console import terminal
from adapters.console.products import product
from adapters.console.rules import rules
from adapters.console.terminal import (
    EXIT_REFUSED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    facts,
    in_major,
    show,
    stop,
    table,
    why,
)
from adapters.rules.book import MODELS, RuleBook
from cli import app

TERMS = '{"principal": 500000, "rate": {"ppb": 500000, "per": "day"}, "installments": 6}'


@pytest.fixture(params=[40, 80, 120])
def screen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """A terminal of some width."""
    written = StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=written, width=request.param, highlight=False))
    return written


def test_names_codes_and_amounts_are_never_broken(screen: StringIO) -> None:
    rows = [("consumer-installment", "debtor_list_stale", "10,000,000.00", "words that " * 20)] * 2
    show(None, False, table("long", ("product", "reason code", "amount", "why"), rows, ("amount",)))
    for whole in ("consumer-installment", "debtor_list_stale", "10,000,000.00"):
        assert screen.getvalue().count(whole) == 2


def test_a_long_value_is_folded_and_not_cut(screen: StringIO) -> None:
    proof = "0123456789abcdef" * 4
    show(None, False, facts("product", {"SHA-256": proof}))
    assert "".join(letter for letter in screen.getvalue() if letter in "0123456789abcdef").endswith(proof)


def test_all_of_a_products_digest_is_shown(screen: StringIO) -> None:
    for each in load_catalogue().all():
        screen.truncate(0)
        assert CliRunner().invoke(product, ["show", each.name]).exit_code == 0
        cells = [line.split("│")[2].strip() for line in screen.getvalue().splitlines() if line.count("│") == 3]
        assert digest(each) in "".join(cells)


def test_all_names_are_in_the_lists(screen: StringIO) -> None:
    assert CliRunner().invoke(product, ["list"]).exit_code == 0
    for each in load_catalogue().all():
        assert f" {each.name} " in screen.getvalue()
    book = RuleBook(MODELS)
    for name in book.names():
        assert CliRunner().invoke(rules, ["show", name, "--version", "1"]).exit_code == 0
        for rule in book.rules(name, 1):
            assert all(said in screen.getvalue() for said in rule.then.values())


def test_a_product_is_shown_with_what_bounds_it() -> None:
    said = " ".join(CliRunner().invoke(product, ["show", "sme-working-capital"]).stdout.split())
    for part in ("two officers from", "1,000,000.00", "agreed within 4.5000 %", "prepayment_fee"):
        assert part in said


def test_a_quote_has_one_total_and_says_of_what() -> None:
    asked = ["quote", "consumer-installment", "--amount", "20000", "--installments", "6", "--on", "2026-02-02"]
    lines = CliRunner().invoke(product, asked).stdout.splitlines()
    totals = [line for line in lines if line.startswith("│ total")]
    assert len(totals) == 1
    assert "total with fees" in totals[0]
    assert "20,919.05" in totals[0]


def test_refusals_over_amounts_speak_the_units_that_were_typed() -> None:
    refused = CliRunner().invoke(product, ["quote", "quick-loan", "--amount", "1.00", "--installments", "6"])
    assert refused.exit_code == EXIT_REFUSED
    assert "from 1,000.00 to 300,000.00" in refused.output
    assert in_major("at most 5000000 for 3-months of pool7", "CNY") == "at most 50,000.00 for 3-months of pool7"


def test_a_file_that_is_not_there_is_named_once() -> None:
    refused = CliRunner().invoke(rules, ["try", "classic", "--inputs", "none.json"])
    assert refused.exit_code == EXIT_USAGE
    assert refused.output.count("none.json") == 1
    assert "Errno" not in refused.output
    assert why(ValueError("[Errno 111] Connection refused")) == "Connection refused"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("schedule", TERMS, "2026-02-31"), EXIT_USAGE, "'2026-02-31' is not a date; write it like 2026-01-31"),
        (("schedule", TERMS, "2026-01-31", "--fee", "1=2"), EXIT_USAGE, "write it like 2026-01-31"),
        (("schedule", TERMS, "2026-01-31", "--solve", "all"), EXIT_USAGE, "'installments'"),
        (("bank", "--conduct", '{"nonsense": 1}'), EXIT_USAGE, "settle_seconds"),
        (("conformance", "none.json"), EXIT_USAGE, "none.json: No such file"),
        (("contract", "ca", "issue", "none", "lender", "."), EXIT_USAGE, "none: No such file"),
        (("verify",), EXIT_UNAVAILABLE, "there is no"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == code
    assert said in ended.output
    assert "Errno" not in ended.output
    assert list(tmp_path.iterdir()) == [], "what fails makes nothing"


def test_what_looks_like_markup_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stop(EXIT_USAGE, "pip install 'tenor[demo]'")
    assert "tenor[demo]" in capsys.readouterr().err


def _commands(command: Any, path: str = "tenor") -> Iterator[tuple[str, Any]]:
    """Yield all commands by what is typed."""
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path, command


def test_what_is_shown_to_people_machines_can_have_too() -> None:
    people = {path for path, each in _commands(get_command(app)) if "as_json" not in {one.name for one in each.params}}
    running = {"tenor serve", "tenor bank", "tenor sources"}
    writing = {"tenor product schema", *(f"tenor contract {each}" for each in ("preview", "show", "receipt"))}
    assert people == running | writing


def test_every_argument_and_option_says_what_it_is() -> None:
    silent = [
        f"{path}: {each.name}"
        for path, command in _commands(get_command(app))
        for each in command.params
        if isinstance(each, TyperArgument | TyperOption) and not each.help
    ]
    assert silent == []
