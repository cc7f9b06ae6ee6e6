"""What is wrong with a product although every field of it is well formed."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from accounting.chart import Gl, dotted
from core.contract.changes import Extend
from core.contract.terms import INSTALLMENTS_MAX, PPB, RATE_MAX, Terms
from core.contract.waterfall import is_complete
from core.cost.caps import CAPS, INDEXES
from core.money import AMOUNT_MAX
from core.origination.product import Clause, Kind, Product, Range, Template, in_parts, law_of, terms_for, under_law
from core.rejections import Rejection
from core.schedule.plan import check_terms
from core.servicing.disbursing import lent_of, refused_terms

CONTROLS: Final = frozenset(dotted(gl) for gl in Gl)
OF_LOANS: Final = CONTROLS - {dotted(Gl.DEPOSITS), dotted(Gl.UNAPPLIED)}
"""The others are the borrower's account's, whatever was lent."""
NAME_MAX: Final = 40
"""A loan's terms carry the product's name."""
CLAUSES: Final = {"prepayment_fee_ppb": PPB, "grace_days": 60, "rate_ppb": RATE_MAX}
"""What an officer may set in a contract, and the most that terms hold."""
_OF_ONE_LOAN: Final = ("first_due", "last_due", "amortize_until", "capitalize_until", "tranches", "pauses")
"""Terms with dates of one loan: on the next day they would be wrong."""


class Found(NamedTuple):
    """Something wrong, and where in the document."""

    at: str
    what: str


def faults_of(product: Product) -> list[Found]:
    """Return everything that is wrong with a product; a schedule is tried only if nothing else is."""
    parts = (_head, _law, _ranges, _purposes, _documents, _contract, _funding, _accounting, _signals, _later_parts)
    return [found for part in parts for found in part(product)] or list(_schedules(product))


def _head(product: Product) -> Iterator[Found]:
    if len(product.name) > NAME_MAX:
        yield Found("name", f"has {len(product.name)} letters; at most {NAME_MAX}")
    for field in _OF_ONE_LOAN:
        if getattr(product.terms, field):
            yield Found(f"terms.{field}", "belongs to one loan, not to all loans of a product; leave it out")
    for place, late in enumerate(product.terms.late_waterfalls):
        if not is_complete(late.waterfall):
            yield Found(f"terms.late_waterfalls[{place}]", "does not pay every component of what is owed, once")
    yield from _twice("purposes", product.purposes)
    if product.sold_until is not None and product.sold_until < product.effective_from:
        yield Found("sold_until", f"{product.sold_until} is before the day from which it is offered")


def _law(product: Product) -> Iterator[Found]:
    """Look a product's licence up in the table of caps, and its own cap against the law of its first day."""
    under = product.licence
    if under is not None and not any(
        (cap.jurisdiction, cap.licence) == (under.jurisdiction, under.name) for cap in CAPS
    ):
        yield Found("licence", f"no cap of {under.jurisdiction} {under.name} is known; write one into the terms")
    law = law_of(product, product.effective_from, INDEXES)
    if isinstance(law, int) and product.terms.cost_cap_ppb > law:
        yield Found("terms.cost_cap_ppb", f"{product.terms.cost_cap_ppb} is above the law, {law}")


def _ranges(product: Product) -> Iterator[Found]:
    yield from _range("amount", product.amount, 1, AMOUNT_MAX)
    yield from _range("installments", product.installments, 1, INSTALLMENTS_MAX)
    if product.rate_ppb is not None:
        yield from _range("rate_ppb", product.rate_ppb, 0, RATE_MAX)
        yield from _within("terms.rate.ppb", product.terms.rate.ppb, product.rate_ppb)
    second = product.review.second_officer_from
    if second is not None:
        yield from _reached("review.second_officer_from", second, product)


def _purposes(product: Product) -> Iterator[Found]:
    yield from _twice("purpose_caps", [cap.purpose for cap in product.purpose_caps])
    for place, cap in enumerate(product.purpose_caps):
        if cap.purpose not in product.purposes:
            yield Found(f"purpose_caps[{place}].purpose", f"{cap.purpose!r} is not one of the product's purposes")
        if cap.most < product.amount.least:
            yield Found(f"purpose_caps[{place}].most", f"{cap.most} is below the least that is lent")


def _documents(product: Product) -> Iterator[Found]:
    for place, needed in enumerate(product.documents):
        for purpose in needed.purposes:
            if purpose not in product.purposes:
                yield Found(f"documents[{place}].purposes", f"{purpose!r} is not one of the product's purposes")
        yield from _twice(f"documents[{place}].kinds", needed.kinds)
        yield from _reached(f"documents[{place}].from_amount", needed.from_amount, product)


def _contract(product: Product) -> Iterator[Found]:
    if not any(_fits(template, product) for template in product.templates):
        yield Found("templates", "none fits the largest amount with the most installments; let the last one fit any")
    yield from _twice("clauses", [clause.name for clause in product.clauses])
    for place, clause in enumerate(product.clauses):
        yield from _clause(f"clauses[{place}]", clause, product)
    yield from _twice("signers", product.signers)


def _clause(at: str, clause: Clause, product: Product) -> Iterator[Found]:
    if clause.name not in CLAUSES:
        yield Found(f"{at}.name", f"{clause.name!r} is no clause; there are {', '.join(CLAUSES)}")
        return
    bounds = Range(least=clause.least, most=clause.most)
    if clause.name == "rate_ppb" and product.rate_ppb is not None:
        yield from _range(at, bounds, product.rate_ppb.least, product.rate_ppb.most)
    else:
        yield from _range(at, bounds, 0, CLAUSES[clause.name])
    yield from _within(f"{at}: the terms' own {clause.name}", _set_by(clause.name, product.terms), bounds)


def _set_by(name: str, terms: Terms) -> int:
    own = {
        "prepayment_fee_ppb": terms.prepayment.fee_ppb,
        "grace_days": terms.grace_days,
        "rate_ppb": terms.rate.ppb,
    }
    return own[name]


def _funding(product: Product) -> Iterator[Found]:
    shares = product.funding.shares
    whole = sum(share.ppb for share in shares)
    if shares and whole != PPB:
        yield Found("funding.shares", f"sum to {whole} ppb; together they are the whole, {PPB}")
    yield from _twice("funding.shares", [share.funder for share in shares])


def _accounting(product: Product) -> Iterator[Found]:
    yield from _twice("accounting", [each.control for each in product.accounting])
    yield from _twice("accounting", [each.code for each in product.accounting])
    for place, each in enumerate(product.accounting):
        if each.control not in OF_LOANS:
            yield Found(f"accounting[{place}].control", f"{each.control} is no account that loans are booked on")
        if each.code[:4] != each.control[:4] or each.code in CONTROLS:
            yield Found(f"accounting[{place}].code", f"{each.code} is not free, or not below {each.control[:4]}")


def _signals(product: Product) -> Iterator[Found]:
    yield from _twice("signals", [f"{rule.kind} after {rule.months}" for rule in product.signals])
    for place, rule in enumerate(product.signals):
        at, change = f"signals[{place}].propose", rule.propose
        if isinstance(change, Extend) and not product.terms.extensions_max:
            yield Found(at, "no loan of the product may be extended: see terms.extensions_max")
        for field in ("start", "first_due"):
            if getattr(change, field, None) is not None:
                yield Found(f"{at}.{field}", "belongs to one loan, not to all loans of a product; leave it out")


def _later_parts(product: Product) -> Iterator[Found]:
    if product.later_parts and product.kind is Kind.LINE:
        yield Found("later_parts", "belong to a loan; on a line each part is a draw")
    if sum(part.ppb for part in product.later_parts) >= PPB:
        yield Found("later_parts", f"leave nothing to pay out at first; together they are less than {PPB}")


def _schedules(product: Product) -> Iterator[Found]:
    """Try the smallest and the largest loan of the product with the fewest and with the most installments."""
    for amount in sorted({product.amount.least, product.amount.most}):
        for count in sorted({product.installments.least, product.installments.most}):
            code = _refused(terms_for(product, amount, count), product)
            if code is not None:
                yield Found("terms", f"{code}: {amount} in {count} installments gives no schedule")
            elif (above := _above_cap(terms_for(product, amount, count), product)) is not None:
                yield Found("terms", f"{above.code}: {amount} in {count} installments: {above.detail}")


def _refused(terms: Terms, product: Product) -> str | None:
    promised = in_parts(product, terms, product.effective_from)
    lent = lent_of(promised)
    if isinstance(lent, Rejection):
        return lent.detail
    return check_terms(promised, product.effective_from) or check_terms(lent[0], product.effective_from)


def _above_cap(terms: Terms, product: Product) -> Rejection | None:
    """Refuse the highest rate that may be agreed where it is above the cap."""
    rates = [clause.most for clause in product.clauses if clause.name == "rate_ppb"]
    rates += [product.rate_ppb.most] if product.rate_ppb is not None else []
    dearest = replace(terms, rate=replace(terms.rate, ppb=max(rates))) if rates else terms
    lawful = under_law(product, dearest, product.effective_from, INDEXES)
    # A cap that nobody knows yet is known when a contract is offered, or refuses it.
    return refused_terms(dearest if isinstance(lawful, Rejection) else lawful, product.effective_from)


def _fits(template: Template, product: Product) -> bool:
    """Return whether a template fits the largest loan: then it fits all, for its bounds are upper ones."""
    amount = template.to_amount == 0 or product.amount.most <= template.to_amount
    return amount and (template.to_installments == 0 or product.installments.most <= template.to_installments)


def _range(at: str, bounds: Range, least: int, most: int) -> Iterator[Found]:
    if bounds.least > bounds.most:
        yield Found(at, f"least {bounds.least} is above most {bounds.most}")
    elif bounds.least < least or bounds.most > most:
        yield Found(at, f"{bounds.least} to {bounds.most} is not within {least} to {most}")


def _within(at: str, number: int, bounds: Range) -> Iterator[Found]:
    if not bounds.least <= number <= bounds.most:
        yield Found(at, f"{number} is not within {bounds.least} to {bounds.most}")


def _reached(at: str, amount: int, product: Product) -> Iterator[Found]:
    if amount > product.amount.most:
        yield Found(at, f"{amount} is above the largest amount, {product.amount.most}: it would never count")


def _twice(at: str, names: Iterable[str]) -> Iterator[Found]:
    listed = list(names)
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield Found(at, f"{name!r} stands there twice")
