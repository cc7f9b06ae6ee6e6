"""What precedes a loan, beside commands: products and what they would cost, what waits for officers, contract texts."""

import asyncio
from datetime import date
from typing import Annotated

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta, Struct

from adapters.catalogue.quote import quote_product
from adapters.http.backend import Backend
from adapters.http.media import Codec, answer, answer_json
from adapters.http.problems import AnyRequest, Refusal, rejected
from adapters.http.queries import asked
from adapters.roster import OFFICER_TOKEN, PAYER
from core.commands import Command
from core.identity import AccountField
from core.origination.commands import SettlePayout
from core.origination.product import Name, Product
from core.rejections import Code, Rejection

REVIEWS_MAX = 500


class ProductLine(Struct, frozen=True):
    """A product in the list of what is offered."""

    product: str
    version: int
    title: str
    kind: str
    currency: str
    amount: tuple[int, int]
    installments: tuple[int, int]
    purposes: tuple[str, ...]


class QuoteProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """What a loan of a product would cost, paid out on a day (the business date if none is given)."""

    product: Name
    amount: Annotated[int, Meta(ge=1)]
    installments: Annotated[int, Meta(ge=1)]
    on: date | None = None


class Reviews(Struct, frozen=True, forbid_unknown_fields=True):
    """Applications that wait for an officer: those of claims that lapsed first, then the oldest."""

    product: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=REVIEWS_MAX)] = 100


class Proposals(Struct, frozen=True, forbid_unknown_fields=True):
    """Changes of terms that signals of risk led to and that wait for an officer, the oldest first."""

    product: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=REVIEWS_MAX)] = 100


class ShowContract(Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a contract that was offered, as HTML or (`format=pdf`) PDF."""

    account: AccountField
    agreement: Annotated[int, Meta(ge=1)]
    format: Annotated[str, Meta(pattern="^(html|pdf)$")] = "html"


_quote = Codec(QuoteProduct)


def lending_routes(backend: Backend) -> list[HTTPRouteHandler]:
    """Return the routes around applications and contracts."""

    @get("/v1/products")
    async def show_products() -> Response[bytes]:
        on = await backend.business_date()
        return answer_json([_line(each) for each in backend.products.offered(on)])

    @post("/v1/product-quote", status_code=200)
    async def quote(request: AnyRequest) -> Response[bytes]:
        wanted = await _quote.read(request)
        on = wanted.on or await backend.business_date()
        product = backend.products.product(wanted.product, on)
        if product is None:
            return rejected(Rejection(Code.PRODUCT_UNKNOWN, f"{wanted.product} is not offered on {on}"))
        quoted = quote_product(product, wanted.amount, wanted.installments, on, backend.products.indexes)
        return rejected(quoted) if isinstance(quoted, Rejection) else answer_json(quoted)

    @get("/v1/accounts/{account:str}/contracts/{agreement:str}")
    async def show_contract(request: AnyRequest) -> Response[bytes]:
        wanted = asked(request, ShowContract)
        text = await backend.contract_text(wanted.account, wanted.agreement)
        if text is None:
            raise Refusal(
                Code.AGREEMENT_UNKNOWN, f"account {wanted.account} has no text of contract {wanted.agreement}"
            )
        if wanted.format == "pdf":
            # It takes up to half a second of CPU.
            return Response(await asyncio.to_thread(backend.as_pdf, text), media_type="application/pdf")
        return Response(text, media_type="text/html; charset=utf-8")

    return [show_products, quote, show_contract, *_queues(backend)]


def _queues(backend: Backend) -> list[HTTPRouteHandler]:
    """Return the routes of what waits for officers."""

    @get("/v1/reviews")
    async def show_reviews(request: AnyRequest) -> Response[bytes]:
        wanted = asked(request, Reviews)
        return answer(await backend.reviews(wanted.product, wanted.limit))

    @get("/v1/proposals")
    async def show_proposals(request: AnyRequest) -> Response[bytes]:
        wanted = asked(request, Proposals)
        return answer(await backend.proposals(wanted.product, wanted.limit))

    return [show_reviews, show_proposals]


def authenticate(request: AnyRequest, backend: Backend, command: object) -> Rejection | None:
    """Return why a command is not carried out that only an officer, or the payer, may send: nothing proves them."""
    sender = PAYER if isinstance(command, SettlePayout) else getattr(command, "officer", None)
    if sender is None or backend.authentic(sender, request.headers.get(OFFICER_TOKEN, "")):
        return None
    return Rejection(Code.OFFICER_UNAUTHENTICATED, f"send the token of {sender} in {OFFICER_TOKEN}")


def proves(kind: type[Command]) -> bool:
    """Return whether a command of this kind may have to prove where it comes from."""
    return kind is SettlePayout or "officer" in kind.__struct_fields__


def _line(product: Product) -> ProductLine:
    return ProductLine(
        product.name,
        product.version,
        product.title,
        product.kind,
        product.currency,
        (product.amount.least, product.amount.most),
        (product.installments.least, product.installments.most),
        product.purposes,
    )
