"""The words of what precedes a loan: products, what sources say, what is asked, what events are called."""

import re
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any

import msgspec

from core.account import Account
from core.change_events import TrancheDisbursed
from core.commands import Command
from core.contract.terms import Terms
from core.events import AccountRestated, Event, LoanDisbursed
from core.identity import loan_id
from core.origination import events
from core.origination.lender import Findings
from core.origination.product import Product
from tests.scenarios.amounts import minor, money, share
from tests.scenarios.changing import asked_change, change_of
from tests.unit.lender import BORN_ON, CARD, IDENTITY_NUMBER, OTHER_CARD, SmallLender, findings, signature_of

Found = re.Match[str]
Fields = dict[str, Any]


def product_of(name: str, text: str, terms_of: Callable[[str], Terms]) -> Product:
    """Read a product; what is no phrase of a product is one of its terms."""
    fields: Fields = {"name": name, "version": 1, "title": name, "effective_from": "2020-01-01", "currency": "CNY"}
    fields |= {"rules": "small", "templates": [{"name": "standard"}], "funding": {"pool": "main"}}
    fields |= {"payouts": {}, "review": {}, "documents": [], "clauses": []}
    terms = ["1.00 in 1 installment every month"]
    for phrase in text.split("; "):
        found = [(add, match) for pattern, add in _PHRASES if (match := re.fullmatch(pattern, phrase))]
        if found:
            found[0][0](fields, *found[0][1].groups())
        else:
            terms.append(phrase)
    return msgspec.convert(fields | {"terms": terms_of("; ".join(terms))}, Product, strict=False)


def _range(fields: Fields, line: str | None, least: str, most: str, fewest: str, longest: str) -> None:
    fields["kind"] = "line" if line else "loan"
    fields["amount"] = {"least": minor(least), "most": minor(most)}
    fields["installments"] = {"least": int(fewest), "most": int(longest)}


def _document(fields: Fields, kinds: str, purpose: str | None, amount: str | None) -> None:
    needed = {"kinds": kinds.split(" or "), "purposes": [purpose] if purpose else []}
    fields["documents"].append(needed | {"from_amount": minor(amount) if amount else 0})


def _clause(fields: Fields, name: str, least: str, most: str) -> None:
    fields["clauses"].append({"name": name, "least": int(least), "most": int(most)})


def _licence(fields: Fields, name: str, jurisdiction: str) -> None:
    fields["licence"] = {"jurisdiction": jurisdiction, "name": name, "unconfirmed": True}


def _purpose_cap(fields: Fields, most: str, purpose: str) -> None:
    fields["purpose_caps"] = [*fields.get("purpose_caps", ()), {"purpose": purpose, "most": minor(most)}]


def _later_part(fields: Fields, of: str, days: str) -> None:
    part = {"ppb": share(of), "after_days": int(days)}
    fields["later_parts"] = [*fields.get("later_parts", ()), part]


def _signal(fields: Fields, kind: str, months: str, then: str) -> None:
    rule: Fields = {"kind": kind, "months": int(months)}
    if then != "freezes":
        asked = asked_change(then.removeprefix("proposes "))
        assert asked is not None, then
        rule["propose"] = msgspec.to_builtins(change_of(*asked))
    fields["signals"] = [*fields.get("signals", ()), rule]


def _shares(fields: Fields, pool: str, own: str, funder: str, other: str) -> None:
    shares = [{"funder": "own", "ppb": share(own)}, {"funder": funder, "ppb": share(other)}]
    fields["funding"] = {"pool": pool, "shares": shares}


def _set(name: str, value: Callable[[str], object]) -> Callable[..., None]:
    def add(fields: Fields, found: str) -> None:
        part, _, key = name.rpartition(".")
        (fields[part] if part else fields)[key] = value(found)

    return add


def _names(text: str) -> list[str]:
    return text.split(", then ") if ", then " in text else text.split(", ")


_AMOUNT, _NAME = r"([\d,]+\.\d\d)", r"([a-z0-9_-]+)"
_PHRASES: tuple[tuple[str, Callable[..., None]], ...] = (
    (rf"(a line )?from {_AMOUNT} to {_AMOUNT} in (\d+) to (\d+) installments", _range),
    (rf"needs ([a-z -]+?)(?: for {_NAME})?(?: from {_AMOUNT} on)?", _document),
    (r"for ([a-z, -]+)", _set("purposes", _names)),
    (rf"an officer may set {_NAME} from (\d+) to (\d+)", _clause),
    (rf"two officers from {_AMOUNT} on", _set("review.second_officer_from", minor)),
    (r"claims last (\d+) days", _set("review.claim_days", int)),
    (r"applications last (\d+) days", _set("apply_days", int)),
    (r"offers last (\d+) days", _set("offer_days", int)),
    (r"signed by ([a-z, ]+)", _set("signers", _names)),
    (rf"paid from {_NAME}", lambda fields, pool: fields.update(funding={"pool": pool})),
    (rf"paid from {_NAME}: ([\d.]+ %) own, {_NAME} ([\d.]+ %)", _shares),
    (rf"at most {_AMOUNT} paid out a day", _set("payouts.daily_max", minor)),
    (rf"at most {_AMOUNT} for {_NAME}", _purpose_cap),
    (r"sold until (\S+)", _set("sold_until", str)),
    (rf"lent under a {_NAME} licence of ([A-Z]+)", _licence),
    (rf"at most {_AMOUNT} lent", _set("payouts.exposure_max", minor)),
    (r"given back within (\d+) days", _set("payouts.cooling_off_days", int)),
    (r"money within (\d+) days", _set("payouts.available_days", int)),
    (r"([\d.]+ %) paid out after (\d+) days", _later_part),
    (r"lists at most (\d+) days old", _set("payouts.debtor_list_days", int)),
    (r"([a-z_]+) in (\d+) months? in a row (freezes|proposes .+)", _signal),
)

_ASKS: dict[str, Callable[..., Fields]] = {
    r"identify": lambda: {
        "type": "identify_borrower",
        "name": "Li Hua",
        "identity_number": IDENTITY_NUMBER,
        "phone": "13800138000",
        "born_on": BORN_ON,
        "consents": ["credit_query"],
    },
    rf"(agree to|no longer agree to) {_NAME}": lambda how, purpose: {
        "type": "change_consent",
        "purpose": purpose,
        "given": how == "agree to",
    },
    rf"(restrict|erase) by {_NAME}": lambda how, officer: {
        "type": "restrict_borrower",
        "officer": officer,
        "erase": how == "erase",
    },
    r"(another )?bank account": lambda another: {
        "type": "add_bank_account",
        "bank": "icbc",
        "number": OTHER_CARD if another else CARD,
        "holder": "Li Hua",
    },
    rf"hand in {_NAME}(?: (\d+))?": lambda kind, copy: {
        "type": "add_document",
        "kind": kind,
        "digest": sha256(f"{kind} {copy}".encode()).hexdigest(),
    },
    rf"verify document (\d+) by {_NAME}(?: until (\S+))?": lambda number, officer, until: {
        "type": "verify_document",
        "document": number,
        "officer": officer,
        "expires_on": until,
    },
    rf"apply for {_NAME} over (\d+)(?: for {_NAME})?(?: after application (\d+))?": lambda name, over, purpose, after: {
        "type": "apply",
        "product": name,
        "installments": over,
        "purpose": purpose or "any",
        "previous": after or 0,
    },
    rf"amend application (\d+)(?: over (\d+))?(?: for {_NAME})?": lambda number, over, purpose: {
        "type": "amend_application",
        "application": number,
        "installments": over,
        "purpose": purpose,
    },
    r"withdraw application (\d+)": lambda number: {"type": "withdraw_application", "application": number},
    r"ask for a person on application (\d+)": lambda number: {"type": "ask_for_review", "application": number},
    rf"(claim|release) application (\d+) by {_NAME}": lambda how, number, officer: {
        "type": f"{how}_review",
        "application": number,
        "officer": officer,
    },
    rf"(approve|decline|return) application (\d+) by {_NAME}": lambda outcome, number, officer: {
        "type": "decide_review",
        "application": number,
        "officer": officer,
        "outcome": outcome,
        "note": "as agreed",
    },
    rf"offer contract of application (\d+)(?: by {_NAME})?(?: with {_NAME} (\d+))?": lambda number, officer, name, to: {
        "type": "offer_contract",
        "application": number,
        "officer": officer,
        "clauses": {name: to} if name else {},
    },
    rf"sign contract (\d+) by {_NAME}( with another text)?": lambda number, signer, wrong: {
        "type": "sign_contract",
        "agreement": number,
        "signer": signer,
        "certificate": b"of " + signer.encode(),
        "signature": b"" if wrong else None,
    },
    r"draw on contract (\d+) over (\d+)(?: to bank account (\d+))?": lambda agreement, over, to: {
        "type": "draw",
        "agreement": agreement,
        "installments": over,
        "bank_account": to or 1,
    },
    r"pay out loan (\d+)(?: to bank account (\d+))?": lambda loan, to: {
        "type": "request_payout",
        "loan": loan_id(1, int(loan)),
        "bank_account": to or 1,
    },
    r"bank says payout (\d+) (succeeded|failed|returned)": lambda number, status: {
        "type": "settle_payout",
        "payout": number,
        "status": status,
    },
    r"give back loan (\d+)": lambda loan: {"type": "rescind", "loan": loan_id(1, int(loan))},
    rf"lift the freeze by {_NAME}": lambda officer: {"type": "lift_freeze", "officer": officer, "note": "as seen"},
    rf"(accept|decline) proposal (\d+) by {_NAME}": lambda outcome, number, officer: {
        "type": "decide_proposal",
        "proposal": number,
        "officer": officer,
        "outcome": outcome,
        "note": "as agreed",
    },
    r"signal ([a-z_]+)": lambda kind: {"type": "report_signal", "kind": kind, "detail": "as reported"},
}
"""What rows ask, each with the fields of its command; the amount comes from its column."""
FOLLOWS = {
    "limit granted": "limit",
    "loan booked": "book",
    "disbursed": "disburse",
    "loan cancelled": "cancel",
    "account frozen": "freeze",
    "account unfrozen": "unfreeze",
    "received": "payment",
    "taken from unapplied": "refund",
    "installments skipped": "holiday",
    "maturity moved": "extend",
    "part disbursed": "tranche",
}
"""What follows from an act before the loan, by the name that it has where it is asked for."""
_WITH_AMOUNT = ("apply", "amend_application", "draw", "rescind")


def asked_lender(what: str) -> bool:
    """Return whether a row asks for something that precedes a loan."""
    return any(re.fullmatch(pattern, what) for pattern in _ASKS)


class Desk:
    """The lender of a scenario: its products, pools, and what sources say at present."""

    def __init__(self, products: dict[str, Product]) -> None:
        self.lender = SmallLender(*products.values())
        self.lender.pools = dict.fromkeys((each.funding.pool for each in products.values()), 10**9)
        self._said: Fields = {}

    def hears(self, what: str, amount: str) -> bool:
        """Take a row that says how things stand outside: sources, or a pool's money."""
        if found := re.fullmatch(rf"pool {_NAME}", what):
            self.lender.pools[found[1]] = minor(amount) if amount else 0
        elif found := re.fullmatch(r"sources say (.+)", what):
            self._said = {}
            for said in found[1].split(", "):
                self._hear(said)
        return found is not None

    def _hear(self, said: str) -> None:
        if said.startswith("score "):
            self._said["score"] = int(said.removeprefix("score "))
        elif said.startswith("no "):
            self._said[said.removeprefix("no ").replace(" ", "_")] = None
        elif said.startswith("on "):
            self._said[said.removeprefix("on ").replace(" ", "_")] = {"listed": True}
        elif said == "known elsewhere":
            self._said["person"] = {"elsewhere": True}
        else:
            assert said in ("nothing bad", "not their bank account"), said
            self._said["bank_account"] = {"belongs": said == "nothing bad"}

    def findings(self, on: date) -> Findings:
        """Return what sources say on a day."""
        return findings(on, **self._said)

    def command(self, what: str, amount: str, account: Account | None) -> Command:
        """Return what a row asks."""
        pattern = next(pattern for pattern in _ASKS if re.fullmatch(pattern, what))
        found = re.fullmatch(pattern, what)
        assert found is not None
        fields: Fields = {"account": 1} | _ASKS[pattern](*found.groups())
        if amount and fields["type"] in _WITH_AMOUNT:
            fields["amount"] = minor(amount)
        if "signature" in fields and fields["signature"] is None:
            assert account is not None
            offered = account.file.agreements[: int(fields["agreement"])]
            digest = offered[-1].digest if offered else ""
            fields["signature"] = signature_of(digest, fields["certificate"])
        command: Command = msgspec.convert(fields, Command, strict=False)
        return command


def told_lender(event: Event) -> dict[str, str] | None:
    """Return an event before the loan as cells; what the row that asked says already is called nothing."""
    match event:
        case events.ApplicationDecided() if event.missing:
            missing = ", ".join(event.missing).replace("|", " or ")
            return {"what": f"application {event.number} incomplete: {missing}"}
        case events.ApplicationDecided() | events.ReviewDecided():
            return {"what": f"application {event.number} {event.status}"}
        case events.ContractOffered():
            agreement = event.agreement
            return {"what": f"contract {agreement.number} offered", "amount": money(agreement.terms.principal)}
        case events.ContractSigned() if event.status == "signed":
            return {"what": f"contract {event.number} signed"}
        case events.PayoutRequested():
            return {"what": f"payout {event.payout.number} requested", "amount": money(event.payout.amount)}
        case events.ChangeProposed():
            return {"what": f"proposal {event.proposal.number} for loan {event.proposal.loan}"}
        case events.BankAccountAdded() if not event.bank_account.verified:
            return {"what": f"bank account {event.bank_account.number} unverified"}
        case events.ErasureAsked():
            until = "" if event.erasable_on is None else f", possible on {event.erasable_on}"
            return {"what": f"erasure asked{until}"}
        case events.SharesReturned():
            return {"what": "shares returned", "amount": money(sum(amount for _, amount in event.shares))}
        case events.BorrowerRestricted():
            return {"what": "data destroyed" if event.erased else "data restricted"}
        case AccountRestated():
            undone = next((entry.event for entry in event.undone if entry.seq == event.reverses), None)
            if isinstance(undone, LoanDisbursed | TrancheDisbursed):
                return {"what": f"payout of loan {undone.loan} undone", "amount": money(undone.amount)}
            return None
        case _:
            return {"what": ""} if isinstance(event, events.OriginationEvent) else None
