"""The routes around applications and contracts in the interface's document."""

from typing import Final

from msgspec import Struct

from adapters.catalogue.quote import ProductQuote
from adapters.http.lending import ProductLine, Proposals, QuoteProduct, Reviews, ShowContract
from adapters.http.openapi_parts import Json, asked, body, named, operation
from adapters.postgres.book import Review, WaitingProposal

LENDING: Final = (ProductLine, QuoteProduct, ProductQuote, Reviews, Review, Proposals, WaitingProposal, ShowContract)


def lending_paths(schemas: Json) -> Json:
    """Return the operations on products, what waits for officers, and contract texts."""
    contract = "/v1/accounts/{account}/contracts/{agreement}"
    return {
        "/v1/products": {"get": _products()},
        "/v1/product-quote": {"post": _quote()},
        "/v1/reviews": {"get": _waiting("show_reviews", Reviews, Review, schemas)},
        "/v1/proposals": {"get": _waiting("show_proposals", Proposals, WaitingProposal, schemas)},
        contract: {"get": _contract(contract, schemas)},
    }


def _products() -> Json:
    return operation(
        "show_products",
        "What is offered on the business date.",
        "lending",
        returns={"type": "array", "items": named(ProductLine)},
        fails=(429, 500, 503),
    )


def _quote() -> Json:
    example = {"product": "quick-loan", "amount": 5_000_000, "installments": 6, "on": "2026-01-31"}
    return operation(
        "quote_product",
        QuoteProduct.__doc__,
        "lending",
        requestBody=body(named(QuoteProduct), example),
        returns=named(ProductQuote),
        fails=(400, 404, 413, 415, 422, 429, 500, 503),
    )


def _waiting(name: str, query: type[Struct], line: type[Struct], schemas: Json) -> Json:
    return operation(
        name,
        query.__doc__,
        "lending",
        parameters=asked("", schemas[query.__name__]),
        returns={"type": "array", "items": named(line)},
        fails=(400, 429, 500, 503),
    )


def _contract(path: str, schemas: Json) -> Json:
    return operation(
        "show_contract",
        ShowContract.__doc__,
        "lending",
        parameters=asked(path, schemas["ShowContract"]),
        returns={"type": "string"},
        fails=(400, 404, 429, 500, 503),
    )
