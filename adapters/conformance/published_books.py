"""Published postings: tax contained in an amount, and the entry of what a title says in words happened to a loan."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Final

import msgspec
from msgspec import Raw, Struct

from accounting.chart import Gl
from accounting.journalize import journalize, journalize_accrual
from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, minor, rate
from adapters.conformance.published_phrases import NOT_SAID_DAY, amount
from core.book import AccrualBooked
from core.contract.waterfall import Component
from core.cost.tax import LENDING_VAT_PPB, split_vat
from core.events import ChargeAdded, Event, InstallmentBilled, LoanDisbursed, RepaymentReceived
from core.facts import Allocation
from core.money import Minor

OUTPUT_VAT: Final = 222101
"""Taxes payable, VAT on sales."""
NAMES: Final = {
    "银行存款": 1002,
    "应收利息": 1132,
    "增值税": 2221,
    "利息收入": 6011,
    "罚息收入": 6011,
    "营业收入": 6011,
    "手续费": 6021,
    "贷款": 1303,
}
"""GL accounts of the first four digits by what their published names contain."""
PARTS: Final = {
    "发放贷款": "lent",
    "放款": "lent",
    "计提利息": "accrued",
    "本金": "principal",
    "预提利息": "interest",
    "应收利息": "interest",
    "当期利息": "running",
    "利息收入": "running",
    "利息": "interest",
    "罚息": "penalty",
    "违约金": "penalty",
    "手续费": "fee",
    "服务费": "fee",
}
"""What a title calls a part: money out, interest earned, or part of a receipt, where interest is due or running."""
_PART = re.compile(rf"({'|'.join(PARTS)})\s*([\d,.]+)(万?)元?\s*[(\uff08]?((?:含税|税率)(?:([\d.]+)%)?)?")


Amounts = list[Decimal] | Decimal


class VatInputs(Struct, forbid_unknown_fields=True):
    """Amounts that contain tax, or one, and the rate as a fraction."""

    gross: Amounts
    vat_rate: Decimal


class VatFigures(Struct, forbid_unknown_fields=True):
    """What of each amount is earned, and what is tax."""

    net: Amounts
    vat: Amounts


class VatCase(Struct):
    """Amounts and their split."""

    inputs: VatInputs
    published: VatFigures


class Entry(Struct, forbid_unknown_fields=True):
    """A published entry: amounts by account name."""

    dr: dict[str, Decimal]
    cr: dict[str, Decimal]


class JournalCase(Struct):
    """What happened in parts that the title names, its total by any name, and its entry."""

    title: str
    inputs: dict[str, Decimal]
    published: Entry


class Part(Struct, frozen=True):
    """One part; `vat_ppb` is 0 where it contains no tax."""

    name: str
    amount: Minor
    vat_ppb: int


def vat_split(raw: Raw) -> Outcome:
    """Compare the split of each amount, to the cent."""
    case = msgspec.json.decode(raw, type=VatCase)
    vat = rate(case.inputs.vat_rate)
    if vat is None:
        return None
    own = [tuple(split_vat(Minor(gross), vat.ppb)) for gross in _listed(case.inputs.gross)]
    printed = [*zip(_listed(case.published.net), _listed(case.published.vat), strict=True)]
    return MATCHED if own == printed else f"computed {own}"


def _listed(amounts: Amounts) -> list[int]:
    return [minor(each) for each in (amounts if isinstance(amounts, list) else [amounts])]


def journal(raw: Raw) -> Outcome:
    """Compare the entry that the posting rules make of what happened, by GL account."""
    case = msgspec.json.decode(raw, type=JournalCase)
    parts = [_part(found) for found in _PART.finditer(case.title)]
    if not parts or sum(part.amount for part in parts) != minor(sum(case.inputs.values(), Decimal(0))):
        raise MalformedCase("the parts in the title do not sum to the amounts")
    printed = Counter[int]()
    for side, sign in ((case.published.dr, 1), (case.published.cr, -1)):
        for name, printed_amount in side.items():
            gl = next((gl for known, gl in NAMES.items() if known in name), None)
            if gl is None:
                return None
            printed[gl] += sign * minor(printed_amount)
    own = _entry(parts)
    return MATCHED if own == dict(printed) else f"computed {own}"


def _part(found: re.Match[str]) -> Part:
    name, number, wan, taxed, vat = found.groups()
    exact = rate(Decimal(vat) / 100) if vat else None
    ppb = (exact.ppb if exact else LENDING_VAT_PPB) if taxed else 0
    return Part(PARTS[name], Minor(amount(number, wan)), ppb)


def _entry(parts: list[Part]) -> dict[int, int]:
    """Return the balance by which each GL account moves, by its first four digits, once income is earned and taxed."""
    of = Counter[str]()
    lines = Counter[int]()
    for part in parts:
        of[part.name] += part.amount
        tax = split_vat(part.amount, part.vat_ppb).vat
        lines[Gl.FEE_INCOME if part.name == "fee" else Gl.INTEREST_INCOME] += tax
        lines[OUTPUT_VAT] -= tax
    # Interest of the running period is earned on the day that it is paid.
    earned = AccrualBooked(NOT_SAID_DAY, "CNY", "loan", of["running"] + of["accrued"], penalty=0, loans=1)
    happened = _events({name: Minor(of[name]) for name in PARTS.values()})
    entries = [journalize_accrual(earned), *map(journalize, happened)]
    for posting in chain.from_iterable(entries):
        lines[posting.gl] += posting.amount
    heads = Counter[int]()
    for gl, moved in lines.items():
        heads[gl // 100] += moved
    return {gl: moved for gl, moved in heads.items() if moved}


def _events(of: Mapping[str, Minor]) -> Iterator[Event]:
    """Yield what happened: penalty and fee are charged when the money comes."""
    on = NOT_SAID_DAY
    yield LoanDisbursed(on, 1, of["lent"], ())
    yield InstallmentBilled(on, 1, 1, Minor(0), of["accrued"])
    yield ChargeAdded(on, 1, 1, on, Component.PENALTY, of["penalty"], "penalty")
    yield ChargeAdded(on, 1, 1, on, Component.FEE, of["fee"], "fee")
    due = Allocation(1, 1, of["penalty"], of["fee"], of["interest"], of["principal"])
    running = Allocation(1, 2, Minor(0), Minor(0), of["running"], Minor(0))
    received = Minor(sum(of[name] for name in ("penalty", "fee", "interest", "principal", "running")))
    yield RepaymentReceived(on, received, 1, (due,), (), Minor(0), (running,))
