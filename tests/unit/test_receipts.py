"""Receipts: what they prove, and that any change of what they prove is seen."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from msgspec.msgpack import Encoder
from typer.testing import CliRunner

from actors.rows import EventRow
from actors.staging import GENESIS
from adapters.catalogue.catalogue import load_catalogue
from adapters.console.contracts import contract
from adapters.contracts.receipt import check_receipt, make_receipt, read_receipt
from adapters.contracts.signing import (
    Authority,
    Credentials,
    Verifier,
    create_authority,
    issue,
    load_verifier,
)
from adapters.contracts.texts import load_library
from core.events import kind_of
from core.origination.commands import Apply, OfferContract, SignContract
from core.origination.file import Agreement, Application
from core.origination.product import Product, Template
from core.rejections import Code, Rejection
from tests.unit.lender import LOAN, START, Borrowing, SmallLender

ISSUED: Final = date(2024, 3, 1)
NOW: Final = datetime(2024, 3, 1, 8, tzinfo=UTC)
RECORDED: Final = datetime(2024, 2, 2, 8, tzinfo=UTC)
LIBRARY: Final = load_library()
PRODUCT: Final = msgspec.structs.replace(LOAN, documents=(), templates=(Template(name="generic"),))


class SigningLender(SmallLender):
    """Real texts and real signatures."""

    def __init__(self, verifier: Verifier) -> None:
        super().__init__(PRODUCT)
        self.verifier = verifier
        self.text = b""

    def render(
        self, template: str, agreement: Agreement, application: Application, product: Product, person: dict[str, str]
    ) -> bytes:
        """See Lender; keeps the text."""
        self.text = LIBRARY.render(template, agreement, application, product, person)
        return self.text

    def verifies(self, digest: str, certificate: bytes, signature: bytes, on: date, subject: str) -> str:
        """See Lender."""
        return self.verifier.verify(digest, certificate, signature, on, "borrower 1")

    def revoked(self, certificate: bytes, on: date) -> str:
        """See Lender."""
        return self.verifier.revoked(certificate, on)


class Signed:
    """A contract that a borrower signed, with its text, its events and its receipt."""

    def __init__(self, home: Path) -> None:
        self.roots = home / "authority"
        self.authority: Authority = create_authority(self.roots, START)
        self.verifier = load_verifier(self.roots)
        self.lender = SigningLender(self.verifier)
        self.life = Borrowing(self.lender)
        self.life.identify()
        self.life.do(Apply(account=1, product="cash", amount=50_000, installments=6))
        self.life.do(OfferContract(account=1, application=1))
        self.text = self.lender.text
        self.own = issue(self.authority, "lender", START)
        self.life.wait(2)
        self.sign(issue(self.authority, "borrower 1", START))
        receipt = make_receipt(self.rows(), 1, 1, self.own, ISSUED, NOW)
        assert receipt is not None
        self.receipt = receipt

    def sign(self, signer: Credentials) -> None:
        self.life.do(signature(self.life, signer))

    def rows(self) -> list[tuple[EventRow, datetime]]:
        """Return the account's events as they are stored, a second after each other."""
        chain, rows = GENESIS, []
        for seq, event in self.life.history:
            body = Encoder().encode(event)
            chain = sha256(chain + body).digest()
            row = EventRow(1, seq, kind_of(event), event.on, event.on, body, chain)
            rows.append((row, RECORDED + timedelta(seconds=seq)))
        return rows

    def changed(self, change: Callable[[Any], object]) -> bytes:
        """Return the receipt with something in it changed."""
        document = msgspec.json.decode(self.receipt)
        change(document)
        return msgspec.json.encode(document)


def signature(life: Borrowing, signer: Credentials) -> SignContract:
    signed = signer.sign(life.file.agreements[0].digest)
    return SignContract(account=1, agreement=1, signer="borrower", certificate=signer.certificate, signature=signed)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return Signed(tmp_path_factory.mktemp("receipts"))


def test_a_receipt_proves_the_document(signed: Signed) -> None:
    assert check_receipt(signed.receipt, signed.text, signed.verifier) == ""
    statement, signatures = read_receipt(signed.receipt)
    assert statement.digest == sha256(signed.text).hexdigest()
    assert len(signatures) == 1
    assert (signatures[0][0].signature.signer, signatures[0][0].on) == ("borrower", date(2024, 2, 2))
    assert make_receipt(signed.rows(), 1, 1, signed.own, ISSUED, NOW) == signed.receipt
    assert make_receipt(signed.rows(), 1, 2, signed.own, ISSUED, NOW) is None


def test_a_receipt_says_when_each_event_was_recorded_and_when_it_was_issued(signed: Signed) -> None:
    statement, signatures = read_receipt(signed.receipt)
    assert statement.issued_at == NOW
    offer, signature = statement.events
    assert (offer.recorded_at, signature.recorded_at) == tuple(
        RECORDED + timedelta(seconds=link.seq) for link in (offer, signature)
    )
    assert signatures[0][1] == signature.recorded_at


def test_a_receipt_of_a_book_that_kept_no_times_still_holds(signed: Signed) -> None:
    receipt = make_receipt([(row, None) for row, _ in signed.rows()], 1, 1, signed.own, ISSUED, None)
    assert receipt is not None
    assert b"recorded_at" not in receipt
    assert b"issued_at" not in receipt
    assert check_receipt(receipt, signed.text, signed.verifier) == ""


def test_a_changed_byte_of_the_receipt_is_seen_wherever_it_is(signed: Signed) -> None:
    for place, byte in enumerate(signed.receipt):
        changed = b"%b%c%b" % (signed.receipt[:place], byte ^ 1, signed.receipt[place + 1 :])
        assert check_receipt(changed, signed.text, signed.verifier), place


@pytest.mark.parametrize("place", [0, 500, -2])
def test_a_changed_byte_of_the_document_is_seen(signed: Signed, place: int) -> None:
    text = bytearray(signed.text)
    text[place] ^= 1
    assert check_receipt(signed.receipt, bytes(text), signed.verifier).startswith("the document is another one")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda it: it["statement"].update(account=2), "lender's signature"),
        (lambda it: it["statement"].update(issued_on="2024-02-29"), "lender's signature"),
        (lambda it: it["statement"].update(agreement=2), "not about this contract"),
        (lambda it: it["statement"].update(issued_at="2024-03-01T08:00:01Z"), "lender's signature"),
        (lambda it: it["statement"]["events"][1].update(recorded_at="2024-02-03T08:00:00Z"), "lender's signature"),
        (lambda it: it["statement"]["events"].pop(), "lender's signature"),
        (lambda it: it["statement"]["events"].pop(0), "not about this contract"),
        (lambda it: it["statement"]["events"].reverse(), "not about this contract"),
        (lambda it: it["statement"]["events"][0].update(previous="00" * 32), "not the one that its hash names"),
        (lambda it: it["statement"]["events"][1].update(body="00"), "not the one that its hash names"),
        (lambda it: it["statement"]["events"][1].update(seq=1), "does not follow"),
        (lambda it: it["statement"]["events"][1].update(hash="zz"), "this is no receipt"),
        (lambda it: it["statement"].update(more=1), "this is no receipt"),
        (lambda it: it.update(signature="00" * 64), "lender's signature"),
        (lambda it: it.update(certificate="nothing"), "lender's signature"),
        (lambda it: it.clear(), "this is no receipt"),
    ],
)
def test_any_change_of_the_receipt_is_seen(signed: Signed, change: Callable[[Any], object], wrong: str) -> None:
    assert wrong in check_receipt(signed.changed(change), signed.text, signed.verifier)


@pytest.mark.parametrize("receipt", [b"", b"{}", b"\xff", b"[]"])
def test_nonsense_is_no_receipt(signed: Signed, receipt: bytes) -> None:
    assert "this is no receipt" in check_receipt(receipt, signed.text, signed.verifier)


def test_only_the_lender_issues_receipts(signed: Signed, tmp_path: Path) -> None:
    forged = make_receipt(signed.rows(), 1, 1, issue(signed.authority, "borrower 1", START), ISSUED, NOW)
    assert forged is not None
    assert "not that of lender" in check_receipt(forged, signed.text, signed.verifier)
    own = issue(create_authority(tmp_path / "a", START), "lender", START)
    strange = make_receipt(signed.rows(), 1, 1, own, ISSUED, NOW)
    assert strange is not None
    assert "no trusted authority" in check_receipt(strange, signed.text, signed.verifier)


def test_signatures_that_do_not_hold_are_refused_by_the_account(tmp_path: Path) -> None:
    fresh = Signed(tmp_path)
    fresh.life.do(Apply(account=1, product="cash", amount=60_000, installments=6))
    fresh.life.do(OfferContract(account=1, application=2))
    digest = fresh.life.file.agreements[1].digest
    right = issue(fresh.authority, "borrower 1", START)
    for signer, over in (
        (issue(fresh.authority, "borrower 2", START), digest),
        (issue(fresh.authority, "borrower 1", START, days=1), digest),
        (right, "00" * 32),
    ):
        command = SignContract(
            account=1, agreement=2, signer="borrower", certificate=signer.certificate, signature=signer.sign(over)
        )
        refused = fresh.life.ask(command)
        assert isinstance(refused, Rejection)
        assert refused.code is Code.SIGNATURE_INVALID


def test_the_console_checks_receipts_and_keeps_an_authority(signed: Signed, tmp_path: Path) -> None:
    run = CliRunner()
    receipt, document = tmp_path / "receipt.json", tmp_path / "contract.html"
    receipt.write_bytes(signed.receipt)
    document.write_bytes(signed.text)
    asked = ["check-receipt", str(receipt), str(document), "--roots", str(signed.roots), "--json"]
    answer = run.invoke(contract, asked)
    assert answer.exit_code == 0
    assert msgspec.json.decode(answer.stdout)["signatures"] == [
        {"signer": "borrower", "on": "2024-02-02", "recorded_at": "2024-02-02T08:00:07Z"}
    ]
    document.write_bytes(signed.text + b" ")
    assert run.invoke(contract, asked).exit_code == 1
    home = tmp_path / "ca"
    assert run.invoke(contract, ["ca", "init", str(home), "--on", "2026-01-05"]).exit_code == 0
    assert run.invoke(contract, ["ca", "init", str(home)]).exit_code == 2
    issued = run.invoke(
        contract, ["ca", "issue", str(home), "borrower 7", str(tmp_path / "keys"), "--on", "2026-01-05"]
    )
    assert issued.exit_code == 0
    assert (tmp_path / "keys" / "borrower-7.key").stat().st_mode & 0o777 == 0o600
    assert load_verifier(home).verify("00" * 32, (tmp_path / "keys" / "borrower-7.pem").read_bytes(), b"", START) != ""


def test_the_console_shows_texts(tmp_path: Path) -> None:
    run = CliRunner()
    listed = msgspec.json.decode(run.invoke(contract, ["templates", "--json"]).stdout)
    names = {each["template"] for each in listed}
    assert names >= {template.name for product in load_catalogue().all() for template in product.templates}
    for name in ("sme-guaranteed", "generic@1"):
        for suffix, head in ((".html", b"<!DOCTYPE"), (".pdf", b"%PDF")):
            into = tmp_path / f"preview{suffix}"
            assert run.invoke(contract, ["preview", name, str(into), "--on", "2026-01-05"]).exit_code == 0
            assert into.read_bytes().startswith(head)
    for arguments, code in (
        (["preview", "nowhere", str(tmp_path / "x.html")], 3),
        (["preview", "generic", str(tmp_path / "x.html"), "--product", "nothing"], 3),
        (["preview", "generic", str(tmp_path / "x.html"), "--amount", "1.00"], 2),
        (["preview", "generic", str(tmp_path / "x.html"), "--on", "yesterday"], 2),
        (["preview", "generic", str(tmp_path / "no" / "x.html")], 2),
    ):
        assert run.invoke(contract, arguments).exit_code == code
