"""The routes around applications and contracts in the interface's document."""

from typing import Final

from adapters.catalogue.quote import ProductQuote
from adapters.http.lending import ProductLine, QuoteProduct, Reviews, ShowContract
from adapters.http.openapi_parts import Json, asked, body, named, operation
from adapters.postgres.book import Review

LENDING: Final = (ProductLine, QuoteProduct, ProductQuote, Reviews, Review, ShowContract)


def lending_paths(schemas: Json) -> Json:
    """Return the operations on products, reviews and contract texts."""
    contract = "/v1/accounts/{account}/contracts/{agreement}"
    return {
        "/v1/products": {"get": _products()},
        "/v1/product-quote": {"post": _quote()},
        "/v1/reviews": {"get": _reviews(schemas)},
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


def _reviews(schemas: Json) -> Json:
    return operation(
        "show_reviews",
        Reviews.__doc__,
        "lending",
        parameters=asked("", schemas["Reviews"]),
        returns={"type": "array", "items": named(Review)},
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
