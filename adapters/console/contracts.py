"""tenor contract: contract texts to look at, receipts to issue and to check, and a local authority to sign with."""

from base64 import b64encode
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.console.calling import ask_book, client, day_or_today
from adapters.console.options import Account, Config, Day, Json, Products, RequestId
from adapters.console.terminal import (
    EXIT_FAILED,
    EXIT_NOT_FOUND,
    EXIT_USAGE,
    facts,
    minor_units,
    moment,
    money,
    show,
    stop,
    table,
)

if TYPE_CHECKING:
    import asyncpg

    from adapters.contracts.texts import Library
    from core.origination.product import Product

contract = typer.Typer(no_args_is_help=True, help="Contract texts, receipts, and a local authority for signatures.")
ca = typer.Typer(no_args_is_help=True, help="A local certificate authority: for tests, trials and the lender itself.")
contract.add_typer(ca, name="ca")

Into = Annotated[Path, typer.Argument(help="The file to write: .html or .pdf.")]
Agreement = Annotated[int, typer.Argument(help="The contract's number within the account.")]
Own = Annotated[Path | None, typer.Option("--templates", help="A directory of contract templates of your own.")]


@contract.command()
def templates(own: Own = None, as_json: Json = False) -> None:
    """List every version of every contract text, and since when it is offered."""
    found = [
        {
            "template": each.name,
            "version": each.version,
            "effective_from": None if each.effective_from == date.min else each.effective_from,
            "title": each.title,
        }
        for each in _library(own).all()
    ]
    rows = [tuple(each.values()) for each in found]
    show(found, as_json, table("contract texts", ("template", "version", "from", "title"), rows, ("version",)))


@contract.command()
def preview(
    name: Annotated[str, typer.Argument(help="A template, or a version of it: sme-standard@1.")],
    into: Into,
    product: Annotated[str | None, typer.Option(help="By default one that uses the template.")] = None,
    amount: Annotated[str | None, typer.Option(help="In major units; by default the most that is lent.")] = None,
    installments: Annotated[int | None, typer.Option(min=1, help="By default as many as are allowed.")] = None,
    on: Day = None,
    own: Own = None,
    products: Products = None,
) -> None:
    """Write a contract of a made-up borrower to a file."""
    from adapters.contracts.pdf import as_pdf
    from adapters.contracts.sample import sample
    from adapters.contracts.texts import LibraryError

    library, day = _library(own), day_or_today(on)
    found = _product(product, name.partition("@")[0], day, products)
    lent = minor_units(amount, found.currency) if amount else found.amount.most
    wanted = installments or found.installments.most
    if not found.amount.least <= lent <= found.amount.most:
        least, most = (money(each, found.currency) for each in (found.amount.least, found.amount.most))
        stop(EXIT_USAGE, f"{found.name} lends {least} to {most} {found.currency}")
    if not found.installments.least <= wanted <= found.installments.most:
        stop(EXIT_USAGE, f"{found.name} lends for {found.installments.least} to {found.installments.most} installments")
    try:
        text = sample(library, name, found, lent, wanted, day)
    except LibraryError as error:
        stop(EXIT_NOT_FOUND, str(error))
    _write(into, as_pdf(text) if into.suffix == ".pdf" else text)


@contract.command("show")
def show_one(account: Account, agreement: Agreement, into: Into, config: Config = None) -> None:
    """Write the text of an account's contract to a file, from the running system."""
    wanted = "pdf" if into.suffix == ".pdf" else "html"
    path = f"/v1/accounts/{account}/contracts/{agreement}"
    _write(into, client(config, False).download(path, format=wanted))


@contract.command("sign")
def sign_one(
    account: Account,
    agreement: Agreement,
    certificate: Annotated[Path, typer.Option(help="The signer's, PEM or DER.")],
    key: Annotated[Path, typer.Option(help="The key of that certificate, PEM.")],
    signer: Annotated[str, typer.Option(help="Who signs, as the product names the party.")] = "borrower",
    text: Annotated[
        Path | None, typer.Option(help="The HTML as it was read; without it, as it is offered now.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Sign an offered contract: for tests, trials and the lender itself. The last signature makes the loan."""
    from adapters.contracts.signing import AuthorityError, load_credentials

    api = client(config, as_json)
    try:
        credentials = load_credentials(certificate, key)
        offered = text.read_bytes() if text else api.download(f"/v1/accounts/{account}/contracts/{agreement}")
    except (OSError, AuthorityError) as error:
        stop(EXIT_USAGE, str(error))
    signature = credentials.sign(sha256(offered).hexdigest())
    body = {
        "account": account,
        "agreement": agreement,
        "signer": signer,
        "certificate": b64encode(credentials.certificate).decode(),
        "signature": b64encode(signature).decode(),
    }
    reply = api.post("/v1/sign-contract", body, request_id=request_id)
    show(reply, as_json, facts(f"contract {agreement} of account {account}, signed by the {signer}", reply))


@contract.command("receipt")
def issue_receipt(
    account: Account,
    agreement: Agreement,
    into: Annotated[Path, typer.Argument(help="The file to write, JSON.")],
    certificate: Annotated[Path, typer.Option(help="The lender's, PEM; its subject is 'lender'.")],
    key: Annotated[Path, typer.Option(help="The key of that certificate, PEM.")],
    config: Config = None,
) -> None:
    """Issue the receipt of a contract: proof that it exists unchanged. Reads the book's database."""
    from adapters.contracts.receipt import make_receipt
    from adapters.contracts.signing import AuthorityError, load_credentials
    from adapters.postgres.book import chain_of

    try:
        credentials = load_credentials(certificate, key)
    except AuthorityError as error:
        stop(EXIT_USAGE, str(error))

    async def read(connection: "asyncpg.Connection", on: date) -> bytes | None:
        return make_receipt(await chain_of(connection, account), account, agreement, credentials, on, datetime.now(UTC))

    receipt = ask_book(config, read)
    if receipt is None:
        stop(EXIT_NOT_FOUND, f"account {account} has no contract {agreement}")
    _write(into, receipt)


@contract.command("check-receipt")
def check(
    receipt: Annotated[Path, typer.Argument(help="The receipt, JSON.")],
    document: Annotated[Path, typer.Argument(help="The contract's text, HTML, byte for byte as it was received.")],
    roots: Annotated[Path, typer.Option(help="A directory with certificates (*.pem) of authorities that you trust.")],
    as_json: Json = False,
) -> None:
    """Check that a receipt proves a document. Exit code 1 if it does not."""
    from adapters.contracts.receipt import check_receipt, read_receipt
    from adapters.contracts.signing import AuthorityError, load_verifier

    try:
        proof, text, verifier = receipt.read_bytes(), document.read_bytes(), load_verifier(roots)
    except (OSError, AuthorityError) as error:
        stop(EXIT_USAGE, str(error))
    wrong = check_receipt(proof, text, verifier)
    if wrong:
        stop(EXIT_FAILED, wrong)
    statement, signed = read_receipt(proof)
    found = {
        "account": statement.account,
        "agreement": statement.agreement,
        "digest": statement.digest,
        "issued_on": statement.issued_on,
        "issued_at": statement.issued_at,
        "offered_at": statement.events[0].recorded_at,
        "signatures": [
            {"signer": each.signature.signer, "on": each.signature.on, "recorded_at": at} for each, at in signed
        ],
    }
    said = [
        f"{each.signature.signer} on {each.signature.on}{f', at {moment(at)}' if at else ''}" for each, at in signed
    ]
    times = {"issued_at": moment(statement.issued_at), "offered_at": moment(statement.events[0].recorded_at)}
    shown = found | times | {"signatures": "; ".join(said)}
    show(found, as_json, facts("the receipt holds", shown))


@ca.command("init")
def init(
    directory: Annotated[Path, typer.Argument(help="Where the authority's key and certificate go.")],
    name: Annotated[str, typer.Option(help="Its name in certificates.")] = "Tenor local authority",
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Make an authority. Its certificate goes where the system reads roots; its key stays with you."""
    from adapters.contracts.signing import AuthorityError, create_authority

    try:
        create_authority(directory, day_or_today(on), name)
    except (AuthorityError, OSError) as error:
        stop(EXIT_USAGE, str(error))
    made = {"name": name, "directory": str(directory)}
    show(made, as_json, facts("authority", made))


@ca.command("issue")
def issue_one(
    directory: Annotated[Path, typer.Argument(help="The authority's directory.")],
    subject: Annotated[str, typer.Argument(help="Role and account, as 'borrower 7'; or 'lender'.")],
    into: Annotated[Path, typer.Argument(help="The directory for the signer's certificate and key.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it holds.")] = 365,
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Issue a signer's key and certificate."""
    from adapters.contracts.signing import AuthorityError, issue, load_authority, save_credentials

    try:
        credentials = issue(load_authority(directory), subject, day_or_today(on), days)
        certificate, key = save_credentials(
            credentials, into, "".join(each if each.isalnum() else "-" for each in subject)
        )
    except (AuthorityError, OSError) as error:
        stop(EXIT_USAGE, str(error))
    made = {"certificate": str(certificate), "key": str(key)}
    show(made, as_json, facts(subject, made))


@ca.command("revoke")
def revoke_one(
    directory: Annotated[Path, typer.Argument(help="The authority's directory.")],
    certificate: Annotated[Path, typer.Argument(help="The signer's certificate, PEM.")],
    on: Day = None,
    as_json: Json = False,
) -> None:
    """Take a certificate back. What was signed before that day still holds; a system that serves knows at once."""
    from adapters.contracts.signing import AuthorityError, revoke

    day = day_or_today(on)
    try:
        revoke(directory, certificate, day)
    except AuthorityError as error:
        stop(EXIT_USAGE, str(error))
    withdrawn = {"withdrawn_on": day, "list": str(directory / "authority.crl")}
    show(withdrawn, as_json, facts(certificate.name, withdrawn))


def _library(own: Path | None) -> "Library":
    from adapters.contracts.texts import LibraryError, load_library

    try:
        return load_library(own)
    except LibraryError as error:
        stop(EXIT_USAGE, str(error))


def _product(name: str | None, template: str, on: date, own: Path | None) -> "Product":
    """Return the newest version of a product by name, or of one that uses a template, or of any."""
    from adapters.catalogue.catalogue import load_catalogue
    from adapters.catalogue.documents import CatalogueError

    try:
        offered = load_catalogue(own).all()
    except CatalogueError as error:
        stop(EXIT_USAGE, str(error))
    usable = [each for each in offered if each.effective_from <= on and name in (None, each.name)]
    using = [each for each in usable if any(one.name == template for one in each.templates)]
    if not usable:
        stop(EXIT_NOT_FOUND, f"There is no product {name or ''} in effect on {on}")
    return (using or usable)[-1]


def _write(into: Path, content: bytes) -> None:
    try:
        into.write_bytes(content)
    except OSError as error:
        stop(EXIT_USAGE, str(error))
