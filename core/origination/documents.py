"""Which documents an application needs, and which of them are missing."""

from datetime import date

from core.origination.file import Application, Document
from core.origination.product import Product, Requirement


def required_documents(product: Product, purpose: str, amount: int) -> tuple[Requirement, ...]:
    """Return what a product asks for: nothing that this purpose and amount do not need."""
    return tuple(
        each
        for each in product.documents
        if amount >= each.from_amount and (not each.purposes or purpose in each.purposes)
    )


def missing_documents(
    product: Product, application: Application, documents: tuple[Document, ...], on: date
) -> tuple[str, ...]:
    """Return the code of each document that is missing: its kinds, any one of which would do, joined by `|`."""
    there = {each.kind for each in documents if _counts(each, on)}
    needed = required_documents(product, application.purpose, application.amount)
    return tuple("|".join(each.kinds) for each in needed if there.isdisjoint(each.kinds))


def _counts(document: Document, on: date) -> bool:
    """Return whether a document was found right and holds on a date."""
    return bool(document.verified_by) and (document.expires_on is None or on <= document.expires_on)
