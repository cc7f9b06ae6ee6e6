"""Holds what is stored beside an account against its events: money settled once, secrets of known borrowers only."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from actors.aside import BANK_ACCOUNT, CERTIFICATE, certificate_number
from actors.messages import Decided, Done, Kept, Offered, Received
from actors.rows import RequestRow
from adapters.memory_journal import Disk
from core.account import Account, LoanStatus, exposure, promised
from core.change_events import TermsChanged, TrancheDisbursed
from core.commands import CancelLoan, Command
from core.events import (
    AccountFrozen,
    AccountRestated,
    AccountUnfrozen,
    CreditLimitSet,
    Event,
    LoanBooked,
    LoanCancelled,
    LoanDisbursed,
    RepaymentReceived,
    UnappliedRefunded,
)
from core.identity import loan_id, number_of
from core.origination.agreements import agreement_behind
from core.origination.commands import BeforeLoan, Rescind
from core.origination.events import (
    BorrowerRestricted,
    ChangeProposed,
    ContractSigned,
    FreezeLifted,
    PayoutSettled,
    ProposalDecided,
    SignalReported,
)
from core.origination.file import PayoutStatus
from core.restatement import facts, recorded_fact
from tests.simulation.borrowing import ID, card_number, identify
from tests.simulation.house import PERSON, PHONE

Success = Done | Received | Decided | Offered | Kept
_CAUSES: dict[type[Event], tuple[type[Event], ...]] = {
    CreditLimitSet: (ContractSigned,),
    AccountFrozen: (SignalReported, ChangeProposed),
    TermsChanged: (ProposalDecided,),
    AccountUnfrozen: (FreezeLifted,),
    UnappliedRefunded: (AccountRestated,),
    RepaymentReceived: (LoanCancelled, PayoutSettled),
}
"""What an event comes right after where a command before a loan brought it along."""
_WORDS = ((), ("succeeded",), ("failed",), ("succeeded", "returned"))
"""What a bank may have said of a payout."""


class Files(Struct):
    """The checks of one account in the end."""

    disk: Disk
    expect: Callable[[bool, str], None]

    def check(self, account: Account, events: Sequence[Event], requests: Sequence[RequestRow]) -> None:
        """Check an account."""
        self._check_secrets(account, events)
        self._check_plain(account, requests)
        self._check_payouts(account, events)
        self._check_limit(account)

    def _check_secrets(self, account: Account, events: Sequence[Event]) -> None:
        """Check that sealed data is there of borrowers who are known, and gone of those who were erased."""
        stored = {(kind, number) for of, kind, number in self.disk.secrets if of == account.id}
        wanted = set[tuple[str, int]]()
        erased = any(isinstance(event, BorrowerRestricted) and event.erased for event in events)
        if account.file.borrower is not None and not erased:
            wanted = {(PERSON, 1), (PHONE, 1)} | {(BANK_ACCOUNT, each.number) for each in account.file.bank_accounts}
            owner = self.disk.people.get(account.file.borrower.index)
            self.expect(owner == account.id, f"account {account.id}: its borrower is account {owner}'s")
            wanted |= {
                (CERTIFICATE, certificate_number(agreement.number, signature))
                for agreement in account.file.agreements
                for signature in range(1, len(agreement.signatures) + 1)
            }
        self.expect(stored == wanted, f"account {account.id}: sealed are {stored}, not {wanted}")

    def _check_plain(self, account: Account, requests: Sequence[RequestRow]) -> None:
        """Check that no personal data is stored in plain."""
        disk, person = self.disk, identify(account.id)
        plain = [person.name, ID, person.phone, *(card_number(account.id, n) for n in (1, 2, 3))]
        bodies = [row.body for row in disk.events[account.id]]
        sealed = [row.sealed for key, row in disk.secrets.items() if key[0] == account.id]
        texts = [row.sealed for key, row in disk.texts.items() if key[0] == account.id]
        replies = [row.reply for row in requests]
        files = [disk.files[account.id].body] if account.id in disk.files else []
        stored = b"\n".join((*bodies, *sealed, *texts, *replies, *files))
        self.expect(not any(each.encode() in stored for each in plain), f"account {account.id}: stored in plain")

    def _check_payouts(self, account: Account, events: Sequence[Event]) -> None:
        """Check that a loan's money left once, and that its loan began exactly if it reached the borrower."""
        known = facts(list(enumerate(events, 1)))
        paid = [each.event for each in known if isinstance(each.event, LoanDisbursed | TrancheDisbursed)]
        for payout in account.file.payouts:
            settled = [event for event in events if isinstance(event, PayoutSettled) and event.number == payout.number]
            words = tuple(event.status.value for event in settled)
            said = words in _WORDS and payout.status == (words[-1] if words else PayoutStatus.REQUESTED)
            self.expect(said, f"account {account.id}, payout {payout.number}: {words}, and it is {payout.status}")
            sent = sum(event.amount for event in settled)
            self.expect(sent == payout.amount * len(words), f"account {account.id}: {sent} settled for {payout}")
        for number in {payout.loan for payout in account.file.payouts}:
            payouts = [each for each in account.file.payouts if each.loan == number]
            out = [each for each in payouts if each.status in (PayoutStatus.REQUESTED, PayoutStatus.SUCCEEDED)]
            parts, reached = self._parts(account, number), [each for each in out if each.status == "succeeded"]
            once = len(out) <= parts and len(out) - len(reached) <= 1
            self.expect(once, f"account {account.id}, loan {number}: paid out twice: {out}")
            given_back = account.loans[number - 1].status is LoanStatus.CANCELLED
            began, begins = sum(event.loan == number for event in paid), 0 if given_back else len(reached)
            self.expect(began == begins, f"account {account.id}, loan {number}: began {began} times")

    def _parts(self, account: Account, number: int) -> int:
        """Return in how many parts a loan is paid out."""
        agreement = agreement_behind(account, account.loans[number - 1])
        return 1 if agreement is None else 1 + len(agreement.terms.tranches)

    def _check_limit(self, account: Account) -> None:
        """Check that what counts against the limit is what the stored loans owe and promise."""
        rows, used = self.disk.loans.get(account.id, {}), 0
        for loan, contract in zip(account.loans, account.contracts, strict=True):
            row = rows[loan_id(account.id, loan.number)]
            match row.status:
                case LoanStatus.BOOKED:
                    used += contract.terms.principal
                case LoanStatus.ACTIVE:
                    used += row.principal + promised(contract)
                case _:
                    self.expect(row.principal == 0, f"loan {row.loan_id} is {row.status} and owes {row.principal}")
        lent = exposure(account)
        self.expect(used == lent, f"account {account.id}: {lent} of the limit is used, and loans say {used}")


def followers(account: Account, events: Sequence[Event], done: Sequence[tuple[Command, Success]]) -> set[int]:
    """Return the numbers of the facts that commands before a loan brought along; others have commands of their own."""
    file = account.file
    named = {
        reply.payment if isinstance(reply, Received) else reply.seq
        for command, reply in done
        if not isinstance(command, BeforeLoan)
    }
    contracted = {each.loan for each in file.agreements} | {each.loan for each in file.payouts}
    ended = {number_of(command.loan) for command, _ in done if isinstance(command, CancelLoan | Rescind)}
    found = set[int]()
    for seq, event in enumerate(events, 1):
        match event:
            case LoanCancelled():
                follows = event.loan not in ended  # The borrower waits to be forgotten.
            case LoanBooked() | LoanDisbursed() | TrancheDisbursed():
                follows = event.loan in contracted
            case AccountRestated() if recorded_fact(event) is None:
                former = events[event.reverses - 1]
                follows = isinstance(former, LoanDisbursed | TrancheDisbursed) and former.loan in contracted
            case _:
                causes, before = _CAUSES.get(type(event), ()), events[max(0, seq - 4) : seq - 1]
                follows = seq not in named and any(isinstance(each, causes) for each in before)
        if follows:
            found.add(seq)
    return found
