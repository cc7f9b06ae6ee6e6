"""tenor product: what the lender offers, checked documents, and what a loan would cost before anybody applies."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from adapters.console.calling import day_or_today
from adapters.console.options import Day, Json, Products
from adapters.console.terminal import (
    AMOUNTS,
    EXIT_FAILED,
    EXIT_NOT_FOUND,
    EXIT_REFUSED,
    EXIT_USAGE,
    facts,
    in_major,
    minor_units,
    money,
    show,
    stop,
    table,
)
from adapters.console.trial import percent, trial_tables

if TYPE_CHECKING:
    from adapters.catalogue.catalogue import Catalogue
    from adapters.catalogue.quote import ProductQuote
    from core.origination.product import Clause, Product, Share

product = typer.Typer(no_args_is_help=True, help="What the lender offers; documents of products.")
Name = Annotated[str, typer.Argument(help="The product, as `product list` has it.")]
Version = Annotated[int, typer.Option(min=0, help="This version; without it, the one in effect.")]


@product.command("list")
def list_products(own: Products = None, as_json: Json = False) -> None:
    """List every version of every product."""
    from adapters.catalogue.documents import digest

    products = _catalogue(own).all()
    listed = [
        {
            "product": each.name,
            "version": each.version,
            "title": each.title,
            "effective_from": each.effective_from,
            "kind": each.kind,
            "amount": each.amount,
            "installments": each.installments,
            "currency": each.currency,
            "digest": digest(each),
        }
        for each in products
    ]
    columns = ("product", "version", "from", "kind", "amount", "installments")
    show(listed, as_json, table("products", columns, map(_line, products), ("version",)))


@product.command("show")
def show_product(name: Name, version: Version = 0, on: Day = None, own: Products = None, as_json: Json = False) -> None:
    """Show one product: what may be asked for, which documents it needs, who decides and signs."""
    from adapters.catalogue.documents import digest

    found = _product(_catalogue(own), name, version, day_or_today(on))
    shown = msgspec.to_builtins(found) | {"digest": digest(found)}
    show(shown, as_json, *_tables(found, digest(found)))


@product.command()
def check(files: Annotated[list[Path], typer.Argument(help="Documents, TOML or JSON.")], as_json: Json = False) -> None:
    """Check product documents, each by itself and as versions of one another. Exit code 1 if anything is wrong."""
    from adapters.catalogue.catalogue import catalogue_of
    from adapters.catalogue.documents import CatalogueError

    try:
        checked = catalogue_of(files)
    except CatalogueError as error:
        wrong = [(fault.file, fault.at, fault.what) for fault in error.faults]
        show(error.faults, as_json, table("wrong", ("file", "at", "what"), wrong))
        raise SystemExit(EXIT_FAILED) from None
    right = table("right", ("product", "version"), [(each.name, each.version) for each in checked.all()], ("version",))
    for unknown in checked.without_cap(day_or_today(None)):
        typer.echo(f"warning: no contract can be offered today of {unknown}", err=True)
    show([], as_json, right)


@product.command()
def schema() -> None:
    """Print the JSON Schema of a product document."""
    from adapters.catalogue.json_schema import schema as described

    show(described(), True)


@product.command()
def quote(
    name: Name,
    amount: Annotated[str, typer.Option(help="In major units: 50000.00.")],
    installments: Annotated[int, typer.Option(min=1, help="How many.")],
    on: Annotated[str | None, typer.Option(help="The day of the payout; without it, today.")] = None,
    version: Version = 0,
    own: Products = None,
    as_json: Json = False,
) -> None:
    """Show schedule and total cost of a loan that is repaid on time; nothing is applied for."""
    from adapters.catalogue.quote import quote_product
    from core.rejections import Rejection

    catalogue, day = _catalogue(own), day_or_today(on)
    found = _product(catalogue, name, version, day)
    quoted = quote_product(found, minor_units(amount, found.currency), installments, day, catalogue.indexes)
    if isinstance(quoted, Rejection):
        detail = in_major(quoted.detail, found.currency) if quoted.code in AMOUNTS else quoted.detail
        stop(EXIT_REFUSED, f"{quoted.code}: {detail}")
    show(quoted, as_json, *_costs(quoted))


def _catalogue(own: Path | None) -> "Catalogue":
    from adapters.catalogue.catalogue import load_catalogue
    from adapters.catalogue.documents import CatalogueError

    try:
        return load_catalogue(own)
    except CatalogueError as error:
        stop(EXIT_USAGE, str(error))


def _product(catalogue: "Catalogue", name: str, version: int, on: date) -> "Product":
    found = catalogue.product(name, on, version)
    if found is None:
        wanted = f"version {version} of {name!r}" if version else f"product {name!r} in effect on {on}"
        known = ", ".join(sorted({each.name for each in catalogue.all()}))
        stop(EXIT_NOT_FOUND, f"There is no {wanted}. Products: {known}")
    return found


def _line(each: "Product") -> tuple[object, ...]:
    return (
        each.name,
        each.version,
        each.effective_from,
        each.kind,
        _amounts(each).replace(" to ", " to\n"),
        f"{each.installments.least} to {each.installments.most}",
    )


def _amounts(found: "Product") -> str:
    low, high = money(found.amount.least, found.currency), money(found.amount.most, found.currency)
    return f"{low} to {high} {found.currency}"


def _tables(found: "Product", proof: str) -> tuple[Table, ...]:
    head = {
        "title": found.title,
        "in effect from": found.effective_from,
        "sold until": found.sold_until,
        "kind": found.kind,
        "amount": _amounts(found),
        "installments": f"{found.installments.least} to {found.installments.most}",
        "purposes": ", ".join(_purpose(found, each) for each in found.purposes),
        "rate": _rate(found),
        "rules": found.rules,
        "review": _review(found),
        "valid": f"applications {found.apply_days} days, offers {found.offer_days}",
        "templates": ", ".join(each.name for each in found.templates),
        "clauses": ", ".join(map(_clause, found.clauses)) or "none to set",
        "signers": ", ".join(found.signers),
        "pool": ", ".join((found.funding.pool, *map(_share, found.funding.shares))),
        "before money leaves": _payouts(found),
        "SHA-256": proof,
    }
    needed = [
        (" or ".join(each.kinds), ", ".join(each.purposes) or "any", money(each.from_amount, found.currency))
        for each in found.documents
    ]
    documents = table("documents", ("document", "purpose", "from amount"), needed, ("from amount",))
    return facts(f"{found.name} {found.version}", head), documents


def _rate(found: "Product") -> str:
    agreed = f"{percent(found.terms.rate.ppb)} a {found.terms.rate.per}"
    bounds = found.rate_ppb
    return agreed if bounds is None else f"{agreed}; agreed within {percent(bounds.least)} to {percent(bounds.most)}"


def _review(found: "Product") -> str:
    days = found.review.claim_days
    least = found.review.second_officer_from
    second = ""
    if least is not None:
        second = f"; two officers from {money(least, found.currency)} on" if least else "; always two officers"
    return f"a claim holds {days} {'day' if days == 1 else 'days'}{second}"


def _clause(clause: "Clause") -> str:
    write = percent if clause.name.endswith("_ppb") else str
    return f"{clause.name.removesuffix('_ppb')} {write(clause.least)} to {write(clause.most)}"


def _share(share: "Share") -> str:
    return f"{share.funder} {percent(share.ppb)}"


def _payouts(found: "Product") -> str:
    """Return what is checked of a customer besides what always is."""
    checks = found.payouts
    said = [
        "nothing past due" if checks.refuse_if_past_due else "",
        f"debtor list at most {checks.debtor_list_days} days old",
        f"at most {money(checks.daily_max, found.currency)} a day" if checks.daily_max else "",
        f"at most {money(checks.exposure_max, found.currency)} lent in all" if checks.exposure_max else "",
        f"asked for within {checks.available_days} days of signing" if checks.available_days else "",
        f"{checks.cooling_off_days} days to give it back" if checks.cooling_off_days else "no cooling off",
    ]
    return "; ".join(each for each in said if each)


def _purpose(found: "Product", purpose: str) -> str:
    from core.origination.product import purpose_cap

    cap = purpose_cap(found, purpose)
    return purpose if cap is None else f"{purpose} (at most {money(cap, found.currency)})"


def _costs(quoted: "ProductQuote") -> tuple[Table, ...]:
    """Return schedule, fees, and one set of totals with all of it."""
    names = ("paid_out", "principal", "interest", "fees", "total")
    totals = {name.replace("_", " "): money(getattr(quoted, name), quoted.currency) for name in names}
    totals["total with fees"] = totals.pop("total")
    fees = [(fee.on, fee.name, money(fee.amount, quoted.currency)) for fee in quoted.charged]
    charged = table("fees", ("on", "fee", "amount"), fees, ("amount",))
    title = f"{quoted.product} {quoted.version}: what it costs"
    schedule, *rest = trial_tables(quoted.schedule, quoted.currency, title, totals)
    return (schedule, *([charged] if fees else ()), *rest)
