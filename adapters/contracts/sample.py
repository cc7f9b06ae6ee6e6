"""A made-up borrower: to look at a contract text, and to try each template before a borrower meets it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from adapters.contracts.texts import Library, LibraryError
from core.money import Minor
from core.origination.file import Agreement, Application, ApplicationStatus
from core.origination.product import Product, terms_for

PERSON: Final = {
    "name": "张伟 (Zhang Wei)",
    "identity_number": "1101**********002X",
    "phone": "138****8000",
    "born_on": "1990-**-**",
}


def sample(library: Library, template: str, product: Product, amount: int, installments: int, on: date) -> bytes:
    """Return a text as a borrower would be offered it on a day; raises LibraryError."""
    application = Application(
        number=1,
        product=product.name,
        version=product.version,
        amount=Minor(amount),
        installments=installments,
        purpose=product.purposes[0],
        submitted_on=on,
        expires_on=on + timedelta(days=product.apply_days),
        status=ApplicationStatus.APPROVED,
    )
    agreement = Agreement(
        number=1,
        application=1,
        product=product.name,
        version=product.version,
        template=template,
        digest="",
        terms=terms_for(product, amount, installments),
        offered_on=on,
        expires_on=on + timedelta(days=product.offer_days),
    )
    return library.render(template, agreement, application, product, PERSON)


def try_all(library: Library, products: Iterable[Product]) -> None:
    """Render each product's templates in each version, with the least of all; raises LibraryError for what fails.

    Done when the lender's house opens, so that no borrower is the first to meet a mistake.
    """
    for product in products:
        for each in product.templates:
            on, least = product.effective_from, product.amount.least
            try:
                for version in library.versions(each.name):
                    from_day = max(on, version.effective_from)
                    sample(library, each.name, product, least, product.installments.least, from_day)
            except LibraryError as error:
                raise LibraryError(f"product {product.name} {product.version}: {error}") from None
