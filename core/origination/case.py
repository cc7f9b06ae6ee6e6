"""What a decision before the loan is made on, and what many of them look up first."""

from collections.abc import Sized
from datetime import date
from typing import Final

from msgspec import Struct

from core.account import Account
from core.decision import Draft
from core.identity import loan_id
from core.origination.agreements import agreement_behind
from core.origination.file import OPEN, Agreement, Application, ApplicationStatus, CreditFile
from core.origination.lender import Findings, Lender, Officer, Role, Unasked, reaches
from core.origination.product import Product
from core.rejections import Code, Rejection
from core.restatement import History

RECORDS_MAX: Final = 1_000
"""Applications of one credit file, and so many of each other kind of record."""


class Case(Struct, frozen=True):
    """One command's surroundings."""

    draft: Draft
    on: date
    lender: Lender
    heard: Findings | None
    history: History

    @property
    def account(self) -> Account:
        """The account as the events so far leave it."""
        return self.draft.account

    @property
    def file(self) -> CreditFile:
        """What precedes its loans."""
        return self.draft.account.file

    @property
    def findings(self) -> Findings:
        """What sources say; raises Unasked while nobody has asked them."""
        if self.heard is None:
            raise Unasked
        return self.heard


def refused_if_full(records: Sized, kind: str) -> Rejection | None:
    """Refuse one record more than a file holds."""
    if len(records) < RECORDS_MAX:
        return None
    return Rejection(Code.TOO_MANY_RECORDS, f"a credit file holds at most {RECORDS_MAX} {kind}")


def refused_if_frozen(account: Account) -> Rejection | None:
    """Refuse what leads to lending while it is stopped."""
    return None if account.frozen is None else Rejection(Code.ACCOUNT_FROZEN, account.frozen)


def product_of(case: Case, pinned: Application | Agreement) -> Product | Rejection:
    """Return the version of the product that an application or contract was made under."""
    product = case.lender.product(pinned.product, case.on, pinned.version)
    return product or Rejection(Code.PRODUCT_UNKNOWN, f"there is no {pinned.product} version {pinned.version}")


def contract_behind(case: Case, loan: int) -> tuple[Agreement, Product] | Rejection:
    """Return the signed contract that a loan rests on, and its product."""
    agreement = agreement_behind(case.account, case.account.loans[loan - 1])
    if agreement is None:
        return Rejection(Code.CONTRACT_UNSIGNED, f"no signed contract is behind loan {loan_id(case.account.id, loan)}")
    product = product_of(case, agreement)
    return product if isinstance(product, Rejection) else (agreement, product)


def refused_out_of_range(product: Product, amount: int, installments: int) -> Rejection | None:
    """Refuse an amount or a number of installments that a product does not lend."""
    if not product.amount.least <= amount <= product.amount.most:
        return Rejection(Code.AMOUNT_OUT_OF_RANGE, f"from {product.amount.least} to {product.amount.most}")
    if not product.installments.least <= installments <= product.installments.most:
        return Rejection(Code.TERM_OUT_OF_RANGE, f"from {product.installments.least} to {product.installments.most}")
    return None


def application_of(case: Case, number: int, statuses: tuple[ApplicationStatus, ...] = OPEN) -> Application | Rejection:
    """Return an application that is in one of these states and not expired."""
    if number > len(case.file.applications):
        return Rejection(Code.APPLICATION_UNKNOWN, f"account {case.account.id} has no application {number}")
    application = case.file.applications[number - 1]
    if application.status not in statuses:
        return Rejection(Code.APPLICATION_NOT_OPEN, f"application {number} is {application.status}")
    if case.on > application.expires_on:
        return Rejection(Code.APPLICATION_EXPIRED, f"application {number} expired after {application.expires_on}")
    return application


def officer_of(case: Case, name: str, least: Role = Role.LOAN_OFFICER) -> Officer | Rejection:
    """Return an officer who may do what takes a role, on this account."""
    officer = case.lender.officer(name)
    if officer is None:
        return Rejection(Code.OFFICER_UNKNOWN, f"nobody here is called {name}")
    if not reaches(officer.role, least):
        return Rejection(Code.ROLE_INSUFFICIENT, f"{name} is {officer.role}; it takes {least}")
    if case.account.id in officer.accounts:
        return Rejection(Code.OWN_CASE, f"account {case.account.id} is {name}'s own")
    return officer
