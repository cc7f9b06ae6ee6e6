"""What is stored beside an account, held against the credit file that its events build up. Pure."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from msgspec import msgpack

from actors.aside import proposal_row
from adapters.verification.snapshots import UNREADABLE, Row
from adapters.verification.tally import Tally
from core.account import Account
from core.origination.file import EMPTY, Application, CreditFile, PayoutStatus, lasting, order_number, waiting_since

CHECK: Final = "credit_files"

_HELD: Final = {PayoutStatus.REQUESTED: "reserved", PayoutStatus.SUCCEEDED: "spent"}
"""As what a pool still counts a payout."""

_file: Final = msgpack.Decoder(CreditFile).decode


def check_credit_file(
    tally: Tally,
    account_id: int,
    account: Account | None,
    files: Sequence[Row],
    applications: Sequence[Row],
    proposals: Sequence[Row],
    payouts: Sequence[Row],
    texts: Sequence[Row],
) -> None:
    """Check the stored file, the queue's rows, the orders for money, and that the contracts' texts are there."""
    file = EMPTY if account is None else account.file
    where = f"account {account_id}"
    stored = [(_decoded(row[1]), row[2]) for row in files]
    tally.compare(CHECK, f"{where}, credit file", stored, [(file, waiting_since(file))] if file != EMPTY else [])
    queued = [_queued(application) for application in file.applications]
    tally.compare(CHECK, f"{where}, applications", [tuple(row[1:]) for row in applications], queued)
    waiting = [proposal_row(account_id, proposal) for proposal in file.proposals]
    tally.compare(CHECK, f"{where}, proposals", [tuple(row) for row in proposals], waiting)
    orders = [
        (order_number(account_id, payout.number), payout.number, payout.amount, payout.bank_account)
        for payout in file.payouts
    ]
    tally.compare(CHECK, f"{where}, payout orders", [tuple(row[1:]) for row in payouts], orders)
    for payout in file.payouts:
        if (kind := _HELD.get(payout.status)) is not None:
            tally.pools[payout.pool, payout.requested_on.isoformat(), kind] += payout.own
    offered = [(agreement.number, agreement.digest) for agreement in lasting(file)]
    tally.compare(CHECK, f"{where}, contract texts", [tuple(row[1:]) for row in texts], offered)


def _queued(application: Application) -> tuple[object, ...]:
    claim = application.claim
    return (
        application.number,
        application.product,
        application.status.value,
        application.amount,
        application.installments,
        application.submitted_on,
        application.expires_on,
        None if claim is None else claim.officer,
        None if claim is None else claim.until,
    )


def _decoded(body: bytes) -> CreditFile | str:
    try:
        return _file(body)
    except UNREADABLE:
        return f"does not decode: {sha256(body).hexdigest()}"
