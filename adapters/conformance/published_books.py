"""Published postings: tax contained in fees and penalties, and the entry of a receipt that a title splits in words."""

import re
from collections import Counter
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct

from accounting.chart import Gl
from accounting.journalize import journalize
from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, minor, rate
from adapters.conformance.published_phrases import NOT_SAID_DAY, amount
from core.contract.waterfall import Component
from core.cost.tax import LENDING_VAT_PPB, split_vat
from core.events import ChargeAdded, Event, RepaymentReceived
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
    "手续费": 6021,
    "贷款": 1303,
}
"""GL accounts of the first four digits by what their published names contain."""
PARTS: Final = {
    "本金": "本金",
    "预提利息": "利息",
    "应收利息": "利息",
    "当期利息": "当期利息",
    "利息": "利息",
    "罚息": "罚息",
    "违约金": "罚息",
    "手续费": "手续费",
    "服务费": "手续费",
}
"""What a title calls a part, and which part it is: interest accrued before, or of the running period, and so on."""
_PART = re.compile(rf"({'|'.join(PARTS)})\s*([\d,.]+)(万?)\s*(?:[(\uff08]含税(?:([\d.]+)%)?[)\uff09])?")


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


class Receipt(Struct, forbid_unknown_fields=True):
    """Money that came in."""

    receipt: Decimal


class Entry(Struct, forbid_unknown_fields=True):
    """A published entry: amounts by account name."""

    dr: dict[str, Decimal]
    cr: dict[str, Decimal]


class JournalCase(Struct):
    """A receipt whose parts the title names, and its entry."""

    title: str
    inputs: Receipt
    published: Entry


class Part(Struct, frozen=True):
    """One part of a receipt; `vat_ppb` is 0 where it contains no tax."""

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
    """Compare the entry that the posting rules make of the receipt, by GL account."""
    case = msgspec.json.decode(raw, type=JournalCase)
    parts = [_part(found) for found in _PART.finditer(case.title)]
    if not parts or sum(part.amount for part in parts) != minor(case.inputs.receipt):
        raise MalformedCase("the parts in the title do not sum to the receipt")
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
    name, number, wan, vat = found.groups()
    taxed = "含税" in found[0]
    exact = rate(Decimal(vat) / 100) if vat else None
    ppb = (exact.ppb if exact else LENDING_VAT_PPB) if taxed else 0
    return Part(PARTS[name], Minor(amount(number, wan)), ppb)


def _entry(parts: list[Part]) -> dict[int, int]:
    """Return the balance by which each GL account moves, by its first four digits, once income is earned and taxed."""
    lines = Counter[int]()
    for event in _events(parts):
        for posting in journalize(event):
            lines[posting.gl] += posting.amount
    for part in parts:
        if part.name == "当期利息":
            # Interest of the running period is earned on the day that it is paid.
            lines[Gl.ACCRUED_INTEREST] += part.amount
            lines[Gl.INTEREST_INCOME] -= part.amount
        if part.vat_ppb:
            tax = split_vat(part.amount, part.vat_ppb).vat
            lines[Gl.FEE_INCOME if part.name == "手续费" else Gl.PENALTY_INCOME] += tax
            lines[OUTPUT_VAT] -= tax
    heads = Counter[int]()
    for gl, moved in lines.items():
        heads[gl // 100] += moved
    return {gl: moved for gl, moved in heads.items() if moved}


def _events(parts: list[Part]) -> list[Event]:
    """Return what happened: penalty and fee are charged when the money comes."""
    paid = {name: Minor(sum(part.amount for part in parts if part.name == name)) for name in PARTS.values()}
    on = NOT_SAID_DAY
    events: list[Event] = [
        ChargeAdded(on, 1, 1, on, component, paid[name], name)
        for name, component in (("罚息", Component.PENALTY), ("手续费", Component.FEE))
        if paid[name]
    ]
    due = Allocation(1, 1, paid["罚息"], paid["手续费"], paid["利息"], paid["本金"])
    running = Allocation(1, 2, Minor(0), Minor(0), paid["当期利息"], Minor(0))
    received = Minor(sum(paid.values()))
    ahead = (running,) if paid["当期利息"] else ()
    return [*events, RepaymentReceived(on, received, 1, (due,), (), Minor(0), ahead)]
