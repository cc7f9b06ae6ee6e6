"""Execute one command against an account in memory. No await in here: this is the serial point."""

from datetime import date
from hashlib import blake2b
from typing import Final

from msgspec import Struct, ValidationError
from msgspec.msgpack import Encoder

from actors.aside import aside_of, move_money
from actors.house import House
from actors.messages import Decided, Done, Envelope, Kept, Offered, Received, Refused, Reply, command_decoder
from actors.rows import Recorded, RequestRow
from actors.staging import Cached, Stage
from core.account import Account
from core.change_events import Prepaid
from core.commands import Command
from core.decide import decide
from core.decision import Decision
from core.events import (
    AccountRestated,
    CreditLimitSet,
    CreditReceived,
    Event,
    LoanBooked,
    LoanPaidOff,
    RepaymentReceived,
)
from core.identity import loan_id
from core.origination.commands import PERSONAL
from core.origination.events import ApplicationDecided, ContractOffered, ErasureAsked, ReviewDecided
from core.origination.lender import NOTHING, Findings, Lender
from core.redeciding import is_fact
from core.rejections import Code, Rejection
from core.restatement import History, recorded_fact
from core.servicing.advance import advance

_encoder = Encoder()

REUSED = _encoder.encode(
    Refused(Code.REQUEST_ID_REUSED, "this request id was used for another command; give each command its own")
)


def fingerprint(command: bytes) -> bytes:
    """Return the 16 bytes by which a repeated command is told from another one under the same request id."""
    return blake2b(command, digest_size=16).digest()


def fingerprint_of(envelope: Envelope, command: Command | Refused, house: House | None) -> bytes:
    """Return a command's fingerprint; of one with personal data it is a keyed hash, which tells nobody what it was."""
    if house is not None and isinstance(command, PERSONAL):
        return house.fingerprint(envelope.command)
    return fingerprint(envelope.command)


def repeated(recorded: Recorded, content: bytes) -> bytes:
    """Return the answer to a request id that is on record: the recorded reply, or that it was reused."""
    return recorded.reply if recorded.fingerprint == content else REUSED


def decode_command(envelope: Envelope) -> Command | Refused:
    """Decode a command; gateways send only valid ones, other callers may not."""
    try:
        command = command_decoder.decode(envelope.command)
    except ValidationError as error:
        return Refused(Code.MALFORMED, str(error))
    if command.account != envelope.account:
        return Refused(Code.MALFORMED, f"sent to account {envelope.account} but is for {command.account}")
    return command


class Surroundings(Struct, frozen=True):
    """What a command is decided on besides the account and the day."""

    history: History = ()
    closed_through: date | None = None
    lender: Lender | None = None
    findings: Findings | None = NOTHING
    """None: nobody was asked, and a decision that would look at them raises Unasked."""
    house: House | None = None
    """None where a command is only tried, and for commands that need no lender."""


ALONE: Final = Surroundings()


def execute(
    stage: Stage, cached: Cached, envelope: Envelope, command: Command, on: date, around: Surroundings = ALONE
) -> tuple[Recorded | None, bytes]:
    """Decide a command, stage its rows and its recorded reply; a refusal is recorded and changes nothing else.

    Nothing is recorded of a refusal that is the lender's own failure: the same request may come again.
    An error raised by the core leaves stage and account as they were.
    """
    advanced = _advanced(cached, on)
    history, house = around.history, around.house
    if advanced.events and history:
        history = (*history, *enumerate(advanced.events, cached.seq + 1))
    decided = decide(advanced.account, command, on, history, around.closed_through, around.lender, around.findings)
    content = fingerprint_of(envelope, command, house)
    if isinstance(decided, Rejection):
        reply: Reply = Refused(decided.code, decided.detail)
        if decided.code in (Code.CAP_UNKNOWN, Code.CONTRACT_TEXT_FAILED):
            return None, _encoder.encode(reply)
    else:
        assert decided.account is not None
        before = cached.seq + len(advanced.events)
        aside = (
            None
            if house is None
            else aside_of(house, command, decided.account, decided.events, around.findings or NOTHING)
        )
        stage.record(cached, decided.account, (*advanced.events, *decided.events), on)
        if house is not None and aside is not None:
            stage.put_aside(aside)
            move_money(house, decided.account, decided.events)
        cached.day = on
        reply = _reply(decided.account, decided.events, before)
    encoded = _encoder.encode(reply)
    recorded = Recorded(content, encoded)
    stage.answer(RequestRow(envelope.key, envelope.account, on, recorded.fingerprint, encoded))
    stage.commands += 1
    return recorded, encoded


def _reply(account: Account, events: tuple[Event, ...], before: int) -> Reply:
    """Return what the command did, under the number by which it can be taken back."""
    for seq, event in enumerate(events, before + 1):
        fact = recorded_fact(event) if isinstance(event, AccountRestated) else event
        match fact:
            case RepaymentReceived() | CreditReceived() | Prepaid():
                return _received(account.id, seq, fact, fact.unapplied)
            case LoanPaidOff():
                return _received(account.id, seq, fact, fact.unapplied - fact.from_unapplied)
            case CreditLimitSet() if len(events) > 1:
                continue  # It came with something else.
            case LoanBooked():
                return Done(account.id, seq, loan_id(account.id, fact.loan))
            case ApplicationDecided() | ReviewDecided():
                return _decided(account.id, seq, fact)
            case ContractOffered():
                return Offered(account.id, seq, fact.agreement.number, fact.agreement.digest)
            case ErasureAsked():
                return Kept(account.id, seq, fact.erasable_on)
            case _:
                if fact is None or is_fact(fact):
                    return Done(account.id, seq)
    return Done(account.id, before + len(events))


def _decided(account: int, seq: int, event: ApplicationDecided | ReviewDecided) -> Decided:
    if isinstance(event, ReviewDecided):
        return Decided(account, seq, event.number, event.status)
    reasons = () if event.verdict is None else event.verdict.reasons
    return Decided(account, seq, event.number, event.status, reasons, event.missing)


def _received(
    account: int, seq: int, event: RepaymentReceived | CreditReceived | LoanPaidOff | Prepaid, unapplied: int
) -> Received:
    penalty = fee = interest = principal = 0
    parts = event.allocations
    if isinstance(event, LoanPaidOff | Prepaid):
        fee, interest, principal = event.fee, event.interest, event.principal
        if isinstance(event, LoanPaidOff):
            penalty, fee = event.penalty, fee + event.prepayment_fee
    elif event.ahead:
        parts = (*parts, *event.ahead)
    for part in parts:
        penalty += part.penalty
        fee += part.fee
        interest += part.interest
        principal += part.principal
    return Received(account, seq, penalty, fee, interest, principal, unapplied)


def roll_forward(stage: Stage, cached: Cached, on: date) -> int:
    """Do an account's due work up to a date; return the number of events. Its rows are written even without any."""
    advanced = _advanced(cached, on)
    stage.touch(cached)
    if advanced.events:
        assert advanced.account is not None
        stage.record(cached, advanced.account, advanced.events, on)
    cached.day = on
    return len(advanced.events)


def _advanced(cached: Cached, on: date) -> Decision:
    if cached.account is None or cached.day == on:
        return Decision(cached.account)
    return advance(cached.account, on)
