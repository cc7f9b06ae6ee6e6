"""What tells commands before a loan from others of their kind, and the same of their events."""

from core.origination import commands as asked
from core.origination import events as filed
from core.origination.file import ProposalStatus
from core.origination.personal import masked_card_number


def asked_before_loan(command: asked.OriginationCommand) -> str:
    """Return what tells a command before a loan from others of its kind."""
    told: object
    match command:
        case asked.IdentifyBorrower():
            told = command.consents
        case asked.ChangeConsent():
            told = command.purpose, command.given
        case asked.RestrictBorrower():
            told = command.officer
        case asked.AddDocument():
            told = command.digest
        case asked.VerifyDocument():
            told = command.document, command.officer, command.expires_on
        case asked.AddBankAccount():
            told = command.bank, masked_card_number(command.number)
        case asked.Apply():
            told = command.product, command.amount, command.installments
        case asked.DecideReview():
            told = command.application, command.officer, command.outcome
        case asked.ClaimReview() | asked.ReleaseReview():
            told = command.application, command.officer
        case asked.OfferContract():
            told = command.application, dict(command.clauses)
        case asked.SignContract():
            told = command.agreement, command.signer, command.signature
        case asked.Draw() | asked.RequestPayout():
            told = command.bank_account
        case asked.SettlePayout():
            told = command.payout, command.status, command.reference
        case asked.ReportSignal():
            told = command.kind, command.detail
        case asked.LiftFreeze():
            told = command.officer, command.note
        case asked.DecideProposal():
            told = command.proposal, command.officer, command.outcome == "accept"
        case asked.AmendApplication() | asked.WithdrawApplication() | asked.AskForReview():
            told = command.application
        case _:
            raise AssertionError(command)
    return repr(told)


def happened_before_loan(event: filed.OriginationEvent) -> str:
    """Return the same of the event that it makes."""
    told: object
    match event:
        case filed.BorrowerIdentified():
            told = event.consents
        case filed.ConsentChanged():
            told = event.purpose, event.given
        case filed.BorrowerRestricted() | filed.ErasureAsked():
            told = event.officer
        case filed.DocumentAdded():
            told = event.document.digest
        case filed.DocumentVerified():
            told = event.number, event.officer, event.expires_on
        case filed.BankAccountAdded():
            told = event.bank_account.bank, event.bank_account.masked
        case filed.ApplicationSubmitted():
            told = event.application.product, event.application.amount, event.application.installments
        case filed.ReviewDecided():
            told = event.number, event.officer, event.outcome
        case filed.ReviewClaimed() | filed.ReviewReleased():
            told = event.number, event.officer
        case filed.ContractOffered():
            told = event.agreement.application, event.clauses
        case filed.ContractSigned():
            told = event.number, event.signature.signer, event.signature.signature
        case filed.PayoutRequested():
            told = event.payout.bank_account
        case filed.PayoutSettled():
            told = event.number, event.status.value, event.reference
        case filed.SignalReported():
            told = event.signal, event.detail
        case filed.FreezeLifted():
            told = event.officer, event.note
        case filed.ProposalDecided():
            told = event.number, event.officer, event.status is ProposalStatus.ACCEPTED
        case filed.ApplicationAmended() | filed.ApplicationWithdrawn() | filed.ReviewAsked():
            told = event.number
        case filed.ApplicationDecided():
            raise AssertionError("it follows")
    return repr(told)
