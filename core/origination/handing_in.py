"""Documents come in and are verified; the last one that was missing lets the rules decide."""

from typing import assert_never

from core.origination.assessing import assess
from core.origination.case import Case, officer_of, product_of, refused_if_full
from core.origination.commands import AddDocument, VerifyDocument
from core.origination.documents import missing_documents
from core.origination.events import DocumentAdded, DocumentVerified
from core.origination.file import Application, ApplicationStatus, Document
from core.origination.identifying import refused_without_consent
from core.rejections import Code, Rejection

DocumentCommand = AddDocument | VerifyDocument


def decide_document(case: Case, command: DocumentCommand) -> Rejection | None:
    """Decide what concerns a document; return why not, if it is refused."""
    match command:
        case AddDocument():
            return _add(case, command)
        case VerifyDocument():
            return _verify(case, command)
        case _:
            assert_never(command)


def _add(case: Case, command: AddDocument) -> Rejection | None:
    documents = case.file.documents
    same = next((each for each in documents if each.digest == command.digest), None)
    if same is not None:
        return Rejection(Code.DOCUMENT_KNOWN, f"it is document {same.number}")
    if (full := refused_if_full(documents, "documents")) is not None:
        return full
    case.draft.emit(DocumentAdded(case.on, Document(len(documents) + 1, command.kind, command.digest, case.on)))
    return None


def _verify(case: Case, command: VerifyDocument) -> Rejection | None:
    documents = case.file.documents
    if command.document > len(documents):
        return Rejection(Code.DOCUMENT_UNKNOWN, f"account {case.account.id} has no document {command.document}")
    officer = officer_of(case, command.officer)
    if isinstance(officer, Rejection):
        return officer
    verified_by = documents[command.document - 1].verified_by
    if verified_by:
        return Rejection(Code.DOCUMENT_VERIFIED, f"{verified_by} verified it")
    case.draft.emit(DocumentVerified(case.on, command.document, officer.name, command.expires_on))
    for application in case.file.applications:
        if application.status is ApplicationStatus.INCOMPLETE and case.on <= application.expires_on:
            _complete(case, application)
    return None


def _complete(case: Case, application: Application) -> None:
    """Decide an application that waits for documents, now that it has more. What is in its way is no fault here."""
    product = product_of(case, application)
    if isinstance(product, Rejection) or refused_without_consent(case.file) is not None:
        return
    if missing_documents(product, application, case.file.documents, case.on) != application.missing:
        assess(case, product, application.number)
