"""What a decision before the loan leaves beside the account: sealed personal data, contract texts, payout orders."""

import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha256
from itertools import zip_longest
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from actors.funding import Leases
from actors.house import House
from actors.rows import ApplicationRow, ContractTextRow, PayoutOrderRow, ProposalRow, SecretRow
from core.account import Account
from core.commands import Command
from core.events import Event
from core.identity import loan_id
from core.origination.case import refused_if_full
from core.origination.commands import AddBankAccount, IdentifyBorrower, SignContract
from core.origination.events import (
    BankAccountAdded,
    BorrowerIdentified,
    BorrowerRestricted,
    ContractOffered,
    ContractSigned,
    PayoutRequested,
    PayoutSettled,
    SignalReported,
)
from core.origination.file import Application, CreditFile, PayoutStatus, Proposal, order_number
from core.origination.lender import Findings
from core.origination.product import SIGNERS_MAX

BANK_ACCOUNT = "bank_account"
CERTIFICATE: Final = "certificate"
"""Names who signed; without it no signature can be verified again."""
_log = logging.getLogger("tenor.shard")


class Aside(Struct, frozen=True):
    """Rows that go with a decision's events into the same transaction."""

    secrets: list[SecretRow] = []
    erased: list[int] = []
    texts: list[ContractTextRow] = []
    payouts: list[PayoutOrderRow] = []


def aside_of(house: House, command: Command, account: Account, events: Iterable[Event], findings: Findings) -> Aside:
    """Return what the events of a command leave outside of the account; nothing is changed yet."""
    aside = Aside()
    for event in events:
        match event:
            case BorrowerIdentified() if isinstance(command, IdentifyBorrower):
                aside.secrets.extend(house.seal_person(command))
            case BankAccountAdded() if isinstance(command, AddBankAccount):
                number, index = event.bank_account.number, event.bank_account.index
                aside.secrets.append(house.seal(account.id, BANK_ACCOUNT, number, index, command.number))
            case BorrowerRestricted(erased=True):
                aside.erased.append(account.id)
                house.forget(account.id)
            case ContractOffered():
                aside.texts.append(_text(house, account, event, findings))
            case ContractSigned() if isinstance(command, SignContract):
                signed = len(account.file.agreements[event.number - 1].signatures)
                number, plain = certificate_number(event.number, signed), b64encode(command.certificate).decode()
                aside.secrets.append(house.seal(account.id, CERTIFICATE, number, "", plain))
            case PayoutRequested():
                aside.payouts.append(_order(account, event))
            case SignalReported():
                # Refused is nobody: the signal itself is recorded, and may have stopped lending.
                if (full := refused_if_full(account.file.proposals, "proposals")) is not None:
                    _log.warning("account %d: %s: signals propose nothing more", account.id, full.detail)
            case _:
                pass
    return aside


def certificate_number(agreement: int, signature: int) -> int:
    """Return the number under which the certificate of a contract's first, second, ... signature is kept."""
    return (agreement - 1) * SIGNERS_MAX + signature


def move_money(house: House, account: Account, events: Iterable[Event]) -> None:
    """Reserve, spend or release our own part of payouts; of several funders, each brings its own."""
    leases = house.leases
    for event in events:
        if isinstance(event, PayoutRequested):
            leases.reserve(event.payout.pool, event.payout.own)
        elif isinstance(event, PayoutSettled):
            payout = account.file.payouts[event.number - 1]
            move = _MOVES[event.status]
            move(leases, payout.pool, payout.requested_on, payout.own)


_MOVES: Final[dict[PayoutStatus, Callable[[Leases, str, date, int], None]]] = {
    PayoutStatus.SUCCEEDED: Leases.post,
    PayoutStatus.FAILED: Leases.void,
    PayoutStatus.RETURNED: Leases.restore,
}


def _text(house: House, account: Account, event: ContractOffered, findings: Findings) -> ContractTextRow:
    agreement = event.agreement
    application = account.file.applications[agreement.application - 1]
    product = house.lender.product(agreement.product, event.on, agreement.version)
    assert product is not None
    # As it was when it was hashed: a text cannot contain its own hash.
    offered = replace(agreement, digest="")
    text = house.lender.render(agreement.template, offered, application, product, findings.person)
    assert text is not None, "it was made for its hash"
    assert sha256(text).hexdigest() == agreement.digest, "what was offered is what is kept"
    return house.seal_text(account.id, agreement.number, agreement.digest, text)


def _order(account: Account, event: PayoutRequested) -> PayoutOrderRow:
    payout = event.payout
    to = account.file.bank_accounts[payout.bank_account - 1]
    number = order_number(account.id, payout.number)
    return PayoutOrderRow(number, account.id, payout.number, account.currency, payout.amount, to.bank, to.number)


def application_rows(account: int, before: CreditFile, after: CreditFile) -> list[ApplicationRow]:
    """Return the rows of the applications that changed."""
    pairs: Sequence[tuple[Application | None, Application]] = list(zip_longest(before.applications, after.applications))
    return [_row(account, now) for was, now in pairs if now is not was]


def proposal_rows(account: int, before: CreditFile, after: CreditFile) -> list[ProposalRow]:
    """Return the rows of the proposals that changed."""
    pairs: Sequence[tuple[Proposal | None, Proposal]] = list(zip_longest(before.proposals, after.proposals))
    return [proposal_row(account, now) for was, now in pairs if now is not was]


def proposal_row(account: int, proposal: Proposal) -> ProposalRow:
    """Return the row that officers find a proposal by."""
    loan, what = loan_id(account, proposal.loan), str(proposal.change.__struct_config__.tag)
    return ProposalRow(account, proposal.number, loan, what, proposal.signal, proposal.proposed_on, proposal.status)


def _row(account: int, application: Application) -> ApplicationRow:
    claim = application.claim
    return ApplicationRow(
        account,
        application.number,
        application.product,
        application.status,
        application.amount,
        application.installments,
        application.submitted_on,
        application.expires_on,
        None if claim is None else claim.officer,
        None if claim is None else claim.until,
    )
