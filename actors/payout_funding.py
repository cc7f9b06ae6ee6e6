"""What commands and events mean for the funding pools: the lender's own part of each payout."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from actors.funding import Leases
from core.account import Account
from core.commands import Command
from core.contract.terms import Terms
from core.deciding.lending import named_loan
from core.events import Event
from core.identity import number_of
from core.origination.agreements import agreement_behind
from core.origination.assessing import lent_of
from core.origination.commands import Draw, RequestPayout
from core.origination.events import PayoutRequested, PayoutSettled
from core.origination.file import Agreement, PayoutStatus
from core.origination.lender import Lender
from core.origination.product import Product
from core.origination.shares import split
from core.rejections import Rejection


def demand(command: Command, account: Account | None, lender: Lender, on: date) -> tuple[str, int] | None:
    """Return which pool a command may pay out of and how much, if it may; called before it is decided."""
    found = None if account is None else _asked_for(command, account)
    if found is None:
        return None
    agreement, terms = found
    product = lender.product(agreement.product, on, agreement.version)
    lent = lent_of(terms)
    if product is None or isinstance(lent, Rejection):
        return None
    return product.funding.pool, own_part(lent[1], product)


def follow(leases: Leases, account: Account, events: Iterable[Event], lender: Lender) -> None:
    """Reserve and settle what an account's newest events paid out; the account is as after them."""
    for event in events:
        if isinstance(event, PayoutRequested):
            payout = event.payout
            agreement = agreement_behind(account, account.loans[payout.loan - 1])
            assert agreement is not None, "a payout rests on a contract"
            product = lender.product(agreement.product, event.on, agreement.version)
            assert product is not None
            leases.reserve(payout.pool, own_part(payout.amount, product))
        elif isinstance(event, PayoutSettled):
            _settled(leases, event, account.file.payouts[event.number - 1].requested_on)


def own_part(amount: int, product: Product) -> int:
    """Return what of a payout the lender itself gives, out of the pool."""
    shares = split(amount, product.funding.shares)
    return dict(shares).get(product.funding.own, 0) if shares else amount


def _asked_for(command: Command, account: Account) -> tuple[Agreement, Terms] | None:
    """Return the contract that a payout would rest on, and its terms; wrong commands are refused when decided."""
    if isinstance(command, Draw) and command.agreement <= len(account.file.agreements):
        agreement = account.file.agreements[command.agreement - 1]
        return agreement, replace(agreement.terms, principal=command.amount, installments=command.installments)
    if isinstance(command, RequestPayout):
        loan = named_loan(account, command.loan)
        behind = None if isinstance(loan, Rejection) else agreement_behind(account, loan)
        return None if behind is None else (behind, account.contracts[number_of(command.loan) - 1].terms)
    return None


def _settled(leases: Leases, event: PayoutSettled, day: date) -> None:
    own = event.amount - sum(amount for _, amount in event.shares)
    match event.status:
        case PayoutStatus.SUCCEEDED:
            leases.post(event.pool, day, own)
        case PayoutStatus.FAILED:
            leases.void(event.pool, day, own)
        case PayoutStatus.RETURNED:
            leases.restore(event.pool, day, own)
        case PayoutStatus.REQUESTED:
            raise AssertionError(event)
