"""What a command does to the books if it is carried out, once, as a name and an amount."""

from typing import Final

from core import charge_events, commands, events
from core.change_events import Prepaid, TermsChanged, TrancheDisbursed
from core.charging.recharging import follows
from core.commands import Command
from core.events import AccountRestated, Event
from core.identity import number_of
from core.origination import commands as asked
from core.origination import events as filed
from core.origination.events import OriginationEvent
from core.restatement import recorded_fact
from tests.simulation.effects_before_loan import asked_before_loan, happened_before_loan

Effect = tuple[type[Event], object]

RECORDED: Final[dict[type[Command], type[Event]]] = {
    commands.OpenAccount: events.AccountOpened,
    commands.SetCreditLimit: events.CreditLimitSet,
    commands.FreezeAccount: events.AccountFrozen,
    commands.UnfreezeAccount: events.AccountUnfrozen,
    commands.TakeDeposit: events.DepositTaken,
    commands.ReleaseDeposit: events.DepositReleased,
    commands.BookLoan: events.LoanBooked,
    commands.CancelLoan: events.LoanCancelled,
    commands.Disburse: events.LoanDisbursed,
    commands.Repay: events.RepaymentReceived,
    commands.PayOff: events.LoanPaidOff,
    commands.RefundUnapplied: events.UnappliedRefunded,
    commands.AddCharge: events.ChargeAdded,
    commands.ReceiveCredit: events.CreditReceived,
    commands.Waive: charge_events.ChargeWaived,
    commands.AdjustCharge: charge_events.ChargeReduced,
    commands.ChargeBack: charge_events.PaymentChargedBack,
    commands.ApplyUnapplied: charge_events.UnappliedUsed,
    commands.Prepay: Prepaid,
    commands.ChangeTerms: TermsChanged,
    commands.DisburseTranche: TrancheDisbursed,
    commands.Reverse: AccountRestated,
    asked.IdentifyBorrower: filed.BorrowerIdentified,
    asked.ChangeConsent: filed.ConsentChanged,
    asked.RestrictBorrower: filed.BorrowerRestricted,
    asked.AddDocument: filed.DocumentAdded,
    asked.VerifyDocument: filed.DocumentVerified,
    asked.AddBankAccount: filed.BankAccountAdded,
    asked.Apply: filed.ApplicationSubmitted,
    asked.AmendApplication: filed.ApplicationAmended,
    asked.WithdrawApplication: filed.ApplicationWithdrawn,
    asked.AskForReview: filed.ReviewAsked,
    asked.ClaimReview: filed.ReviewClaimed,
    asked.ReleaseReview: filed.ReviewReleased,
    asked.DecideReview: filed.ReviewDecided,
    asked.OfferContract: filed.ContractOffered,
    asked.SignContract: filed.ContractSigned,
    asked.Draw: filed.PayoutRequested,
    asked.RequestPayout: filed.PayoutRequested,
    asked.SettlePayout: filed.PayoutSettled,
    asked.Rescind: events.LoanCancelled,
    asked.ReportSignal: filed.SignalReported,
    asked.LiftFreeze: filed.FreezeLifted,
    asked.DecideProposal: filed.ProposalDecided,
}
"""The fact that each kind of command makes."""


def asked_for(command: Command) -> Effect:
    """Return the fact that a command makes, with its amount or whatever tells it from others."""
    told: object
    match command:
        case asked.Rescind():
            told = number_of(command.loan)
        case asked.BeforeLoan():
            told = asked_before_loan(command)
        case commands.OpenAccount() | commands.SetCreditLimit():
            told = command.credit_limit
        case commands.BookLoan():
            told = command.terms.principal
        case commands.CancelLoan() | commands.Disburse() | commands.DisburseTranche():
            told = number_of(command.loan)
        case commands.ChangeTerms():
            told = number_of(command.loan), command.change
        case commands.FreezeAccount() | commands.UnfreezeAccount() | commands.ApplyUnapplied():
            told = 0
        case commands.Reverse():
            told = command.seq
        case _:
            told = command.amount or 0
    return RECORDED[type(command)], told


def happened(event: Event) -> Effect | None:
    """Return the fact that an event is; None for what follows by itself."""
    if isinstance(event, filed.ErasureAsked):
        return filed.BorrowerRestricted, happened_before_loan(event)
    if isinstance(event, AccountRestated):
        fact = recorded_fact(event)
        return (AccountRestated, event.reverses) if fact is None else happened(fact)
    if type(event) not in RECORDED.values() or follows(event):
        return None
    told: object
    match event:
        case _ if isinstance(event, OriginationEvent):
            told = happened_before_loan(event)
        case events.AccountOpened() | events.CreditLimitSet():
            told = event.credit_limit
        case events.LoanBooked():
            told = event.terms.principal
        case events.LoanCancelled() | events.LoanDisbursed() | TrancheDisbursed():
            told = event.loan
        case TermsChanged():
            told = event.loan, event.change
        case events.AccountFrozen() | events.AccountUnfrozen() | charge_events.UnappliedUsed():
            told = 0
        case events.ChargeAdded():
            assert event.price is not None
            told = event.price.flat
        case charge_events.ChargeWaived():
            told = event.asked or 0
        case _:
            told = event.amount  # type: ignore[union-attr]  # Whatever has none stands above.
    return type(event), told
