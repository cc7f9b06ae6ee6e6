"""What a lender offers: a versioned document that says what may be asked for, on which terms, and who must agree."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from core.contract.changes import Relief
from core.contract.terms import PRINTABLE, Terms, Tranche
from core.cost.caps import CAPS, Index, cap_for, cap_ppb
from core.money import AMOUNT_MAX
from core.rejections import Code, Rejection

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z0-9][a-z0-9_-]*$")]
"""A name in documents and commands: lower case, no spaces."""
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]
Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
OptionalAmount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
GlCode = Annotated[str, Meta(pattern=r"^\d{4}\.\d{2}$")]
"""A GL account as people write it: 1303.01."""
Days = Annotated[int, Meta(ge=0, le=3660)]
PPB = 1_000_000_000
SignalKind = Literal["card_arrears", "abnormal_login", "debtor_list_hit", "sanctions_hit"]
SIGNERS_MAX: Final = 4


class _Document(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A part of a product's document."""


class Kind(StrEnum):
    """How a product lends."""

    LOAN = "loan"
    """One contract is one loan."""
    LINE = "line"
    """A contract is a limit, from which loans are drawn again and again."""


class Range(_Document, frozen=True, kw_only=True):
    """From and to, both included."""

    least: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
    most: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class Requirement(_Document, frozen=True, kw_only=True):
    """A document that an application needs. Several `kinds`: any one of them will do."""

    kinds: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=8)]
    purposes: tuple[Name, ...] = ()
    """Only for these purposes; empty: for all."""
    from_amount: OptionalAmount = 0
    """Only from this amount on."""


class PurposeCap(_Document, frozen=True, kw_only=True):
    """What one customer may owe for a purpose under this product, at most."""

    purpose: Name
    most: Amount


class Clause(_Document, frozen=True, kw_only=True):
    """A number in the contract that an officer may set within bounds."""

    name: Name
    """`prepayment_fee_ppb`, `grace_days` or `rate_ppb`: what of the terms it sets."""
    least: OptionalAmount
    most: OptionalAmount


class Template(_Document, frozen=True, kw_only=True):
    """A contract text and when it is used; the first that fits is."""

    name: Name
    to_amount: OptionalAmount = 0
    """Up to this amount; 0: any."""
    to_installments: Annotated[int, Meta(ge=0, le=600)] = 0


class Share(_Document, frozen=True, kw_only=True):
    """A funder's share of each payout."""

    funder: Name
    ppb: Annotated[int, Meta(ge=1, le=PPB)]


class Funding(_Document, frozen=True, kw_only=True):
    """Where the money comes from."""

    pool: Name
    shares: Annotated[tuple[Share, ...], Meta(max_length=8)] = ()
    """Of several funders, together the whole; the first one takes the residual cent. Empty: all is our own."""
    own: Name = "own"
    """The funder that is the lender itself."""


class LedgerAccount(_Document, frozen=True, kw_only=True):
    """An account of the lender's own ledger in which a product's money stands; statements add it to its control."""

    control: GlCode
    """The account of the chart that it is a part of."""
    code: GlCode
    name: Text


class LaterPart(_Document, frozen=True, kw_only=True):
    """A part of the principal that is not paid out with the rest."""

    ppb: Annotated[int, Meta(ge=1, lt=PPB)]
    """Its share of the principal, rounded down."""
    after_days: Annotated[int, Meta(ge=1, le=3660)]
    """From so many days after the offer of the contract on it is paid out."""


class Payouts(_Document, frozen=True, kw_only=True):
    """What is checked before money leaves."""

    refuse_if_past_due: bool = True
    debtor_list_days: Days = 1
    """How old the answer of the debtor list may be."""
    daily_max: OptionalAmount = 0
    """Paid out to one customer a day, at most (anti-money-laundering); 0: no bound."""
    exposure_max: OptionalAmount = 0
    """Principal of one customer, at most (licence); 0: no bound."""
    cooling_off_days: Days = 0
    """Days after the payout within which the borrower may give all of it back without any cost."""
    available_days: Days = 0
    """Days after the last signature within which a loan, or a draw on a line, may be asked for; 0: no bound."""


class Licence(_Document, frozen=True, kw_only=True):
    """Under which licence a product lends: the legal cap on all costs follows from it and from the day of signing."""

    jurisdiction: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    name: Name
    """`private`, `licensed`, `micro`: as the table of caps calls it."""
    kind: Name = "loan"
    """What the law calls the product, where it has a cap of its own: `assisted`."""
    unconfirmed: bool = False
    """Whether caps count that are known from the trade and were not checked against the text of the rule."""


class Review(_Document, frozen=True, kw_only=True):
    """Who decides what the rules refer."""

    claim_days: Annotated[int, Meta(ge=1, le=30)] = 1
    """For how many days a claimed application stays with its officer."""
    second_officer_from: OptionalAmount | None = None
    """From this amount on two officers must approve, whatever rules say; None: never."""


class SignalRule(_Document, frozen=True, kw_only=True):
    """What follows from a signal of risk."""

    kind: SignalKind
    months: Annotated[int, Meta(ge=1, le=12)] = 1
    """In how many months in a row, this one the last, it must have been reported."""
    propose: Relief | None = None
    """A change of terms that an officer decides on, for each loan that runs; None: the account is frozen."""


STANDING: Final = (
    SignalRule(kind="abnormal_login"),
    SignalRule(kind="debtor_list_hit"),
    SignalRule(kind="sanctions_hit"),
    SignalRule(kind="card_arrears", months=3),
)
"""What follows from kinds of signals that a product has no rule for."""


class Product(_Document, frozen=True, kw_only=True):
    """One version of a product. A version never changes; a loan stays with the version of its application."""

    name: Name
    version: Annotated[int, Meta(ge=1, le=10_000)]
    title: Text
    effective_from: date
    """Applications from this day on are made under this version."""
    sold_until: date | None = None
    """The last day on which anybody may apply; what was applied for and lent goes on."""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    kind: Kind = Kind.LOAN
    amount: Range
    installments: Range
    licence: Licence | None = None
    """None: the cap on all costs is what the terms say, if they say any."""
    rate_ppb: Range | None = None
    """The bounds of a rate agreed by an officer; None: the rate of the terms."""
    terms: Terms
    """All terms; principal and number of installments are replaced by those applied for."""
    purposes: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=32)] = ("any",)
    purpose_caps: Annotated[tuple[PurposeCap, ...], Meta(max_length=32)] = ()
    """A purpose that is not here has no cap of its own."""
    documents: Annotated[tuple[Requirement, ...], Meta(max_length=32)] = ()
    rules: Name
    """The rule set that decides."""
    review: Review = Review()
    apply_days: Annotated[int, Meta(ge=1, le=366)] = 30
    """How long an application, and then an approval, stays valid."""
    offer_days: Annotated[int, Meta(ge=1, le=366)] = 7
    """How long an unsigned contract stays valid."""
    templates: Annotated[tuple[Template, ...], Meta(min_length=1, max_length=32)]
    clauses: Annotated[tuple[Clause, ...], Meta(max_length=8)] = ()
    signers: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=SIGNERS_MAX)] = ("borrower",)
    """Who signs, in this order."""
    later_parts: Annotated[tuple[LaterPart, ...], Meta(max_length=16)] = ()
    """What of the principal is paid out later, in this order; empty: all of it is paid out at once."""
    funding: Funding
    accounting: Annotated[tuple[LedgerAccount, ...], Meta(max_length=32)] = ()
    """Where the product's money stands in the lender's ledger; what is not here stands in the control account."""
    payouts: Payouts = Payouts()
    signals: Annotated[tuple[SignalRule, ...], Meta(max_length=16)] = ()
    """What follows from signals of risk; a kind without a rule here freezes the account, as it does anywhere."""


def purpose_cap(product: Product, purpose: str) -> int | None:
    """Return what one customer may owe for a purpose, if that is bounded."""
    return next((cap.most for cap in product.purpose_caps if cap.purpose == purpose), None)


def signal_rules(product: Product | None, kind: str) -> list[SignalRule]:
    """Return what may follow from a kind of signal for who has a loan or a line of this product, or (None) of none."""
    own = [rule for rule in (product.signals if product else ()) if rule.kind == kind]
    return own or [rule for rule in STANDING if rule.kind == kind]


def needs_two_officers(product: Product, amount: int) -> bool:
    """Return whether nobody lends this much alone: neither an officer nor the rules."""
    second_from = product.review.second_officer_from
    return second_from is not None and amount >= second_from


def law_of(product: Product, on: date, indexes: Iterable[Index]) -> int | Rejection | None:
    """Return the legal cap on all costs of a loan signed on a day, in ppb a year, if there is one."""
    under = product.licence
    if under is None:
        return None
    cap = cap_for(CAPS, under.jurisdiction, under.name, under.kind, on, unconfirmed=under.unconfirmed)
    if cap is None:
        return None
    law = cap_ppb(cap, indexes, on)
    unknown = f"the legal cap is {cap.times} times {cap.index}, and nobody has given its value on {on}"
    return Rejection(Code.CAP_UNKNOWN, unknown) if law is None else law


def under_law(product: Product, terms: Terms, on: date, indexes: Iterable[Index]) -> Terms | Rejection:
    """Return terms as they are signed on a day: with the legal cap, unless the product's own is lower."""
    law, own = law_of(product, on, indexes), terms.cost_cap_ppb
    if law is None or isinstance(law, Rejection):
        return law or terms
    return terms if 0 < own <= law else replace(terms, cost_cap_ppb=law)


def terms_for(product: Product, amount: int, installments: int) -> Terms:
    """Return the terms of a loan of this product, all of it paid out at once."""
    return replace(product.terms, product=product.name, principal=amount, installments=installments)


def in_parts(product: Product, terms: Terms, on: date) -> Terms:
    """Return the terms of a contract that is offered on a day, with the later parts that it promises."""
    parts = [(on + timedelta(days=part.after_days), terms.principal * part.ppb // PPB) for part in product.later_parts]
    return replace(terms, tranches=tuple(Tranche(day, amount) for day, amount in parts if amount))
