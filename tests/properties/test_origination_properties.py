"""Whatever is applied for, signed, paid out and given back: nothing leaves unchecked, or twice, and the books hold."""

from collections import Counter

import msgspec
from hypothesis import given, settings
from msgspec.structs import replace

from accounting.chart import Gl
from actors.file_view import credit_file_view
from actors.views import account_view
from core.account import LoanStatus, exposure, past_due, promised
from core.change_events import TrancheDisbursed
from core.events import Event, LoanDisbursed
from core.evolve import evolve
from core.origination.agreements import agreement_behind, drawn
from core.origination.events import PayoutRequested
from core.origination.file import AgreementStatus, PayoutStatus
from core.origination.lender import Findings
from core.rejections import Rejection
from core.restatement import facts
from tests.properties.borrowings import Step, lives, resolve, start
from tests.proving import assert_books_hold
from tests.unit.lender import Borrowing

_LEFT = (PayoutStatus.REQUESTED, PayoutStatus.SUCCEEDED)


def _take(borrowing: Borrowing, step: Step) -> tuple[Event, ...]:
    """Take a step; a refusal leaves the account byte for byte as it was."""
    borrowing.wait(step.days)
    borrowing.said = {"score": step.score, "debtor_list": {"listed": step.listed}}
    before = msgspec.msgpack.encode(borrowing.account)
    done = borrowing.ask(resolve(borrowing, step))
    if isinstance(done, Rejection):
        assert msgspec.msgpack.encode(borrowing.account) == before
        return ()
    return done


@given(life=lives)
@settings(max_examples=150, deadline=None)
def test_every_check_holds_whenever_money_leaves(life: list[Step]) -> None:
    borrowing = start()
    for step in life:
        for event in _take(borrowing, step):
            if isinstance(event, PayoutRequested):
                _checked(borrowing, event, borrowing.findings())
        _left_once(borrowing)


def _left_once(borrowing: Borrowing) -> None:
    """Prove that each part of a loan left once, through the bank, and is on the books if it reached the borrower."""
    account, kinds = borrowing.account, LoanDisbursed | TrancheDisbursed
    paid = Counter(each.event.loan for each in facts(borrowing.history) if isinstance(each.event, kinds))
    for loan, contract in zip(account.loans, account.contracts, strict=True):
        left = [each for each in borrowing.file.payouts if each.loan == loan.number and each.status in _LEFT]
        reached = [each for each in left if each.status is PayoutStatus.SUCCEEDED]
        assert len(left) - len(reached) <= 1, "one part at a time"
        assert left or loan.status in (LoanStatus.BOOKED, LoanStatus.CANCELLED), "no loan without its money"
        assert len(left) <= 1 or contract.terms.product == "parts", "money leaves once"
        assert sum(each.amount for each in left) <= contract.terms.principal
        given_back = loan.status is LoanStatus.CANCELLED
        assert paid[loan.number] == (0 if given_back else len(reached))
        if loan.status is LoanStatus.ACTIVE and contract.terms.product == "parts":
            assert sum(each.amount for each in reached) + promised(contract) == contract.terms.principal


def _checked(borrowing: Borrowing, event: PayoutRequested, found: Findings) -> None:
    account, payout = borrowing.account, event.payout
    loan = account.loans[payout.loan - 1]
    agreement = agreement_behind(account, loan)
    assert agreement is not None
    product = borrowing.lender.product(agreement.product, borrowing.on, agreement.version)
    assert product is not None
    assert agreement.status is AgreementStatus.SIGNED
    terms = account.contracts[loan.number - 1].terms
    if loan.status is LoanStatus.BOOKED:
        assert terms == replace(agreement.terms, principal=terms.principal, installments=terms.installments)
    assert product.amount.least <= terms.principal <= product.amount.most
    assert product.installments.least <= terms.installments <= product.installments.most
    assert tuple(each.signer for each in agreement.signatures) == product.signers
    assert account.frozen is None
    assert account.file.borrower is not None
    assert not account.file.borrower.restricted
    assert account.file.bank_accounts[payout.bank_account - 1].verified
    assert not any(past_due(each, borrowing.on) for each in account.loans)
    assert (found.answers["debtor_list"]["listed"], found.answers["sanctions"]["listed"]) == (False, False)
    used = terms.principal if agreement.loan else drawn(account, product.name)
    assert used <= agreement.terms.principal
    assert exposure(account) <= min(account.credit_limit, product.payouts.exposure_max)
    today = [each for each in account.file.payouts if each.requested_on == borrowing.on]
    assert sum(each.amount for each in today if each.status != "failed") <= product.payouts.daily_max
    assert dict(payout.shares).get("own", payout.amount) <= borrowing.lender.pools[payout.pool]
    assert sum(amount for _, amount in payout.shares) in (0, payout.amount)


@given(life=lives)
@settings(max_examples=100, deadline=None)
def test_the_limit_is_used_by_loans_and_the_books_hold(life: list[Step]) -> None:
    borrowing = start()
    for step in life:
        _take(borrowing, step)
        account = borrowing.account
        to_come = [
            promised(contract) if loan.status is LoanStatus.ACTIVE else contract.terms.principal
            for loan, contract in zip(account.loans, account.contracts, strict=True)
            if loan.status in (LoanStatus.BOOKED, LoanStatus.ACTIVE)
        ]
        assert exposure(account) == sum(to_come) + sum(loan.principal for loan in account.loans)
        assert exposure(account) == sum(drawn(account, product) for product in ("cash", "line", "joint", "parts"))
        _limits_hold(borrowing)
    balance = assert_books_hold(borrowing.history, borrowing.account)
    assert -balance[Gl.DUE_TO_FUNDERS] == sum(
        amount
        for payout in borrowing.file.payouts
        for funder, amount in payout.shares
        if payout.status is PayoutStatus.SUCCEEDED and funder != "own"
        # Who gave a loan back gave it back to all of them.
        if borrowing.account.loans[payout.loan - 1].status is not LoanStatus.CANCELLED
    )


def _limits_hold(borrowing: Borrowing) -> None:
    """Prove what channels are told: a limit is used by the loans under it, and none of it is both lent and left."""
    account, file = borrowing.account, credit_file_view(borrowing.account, borrowing.on)
    seen = account_view(account, len(borrowing.history), borrowing.on)
    assert seen.used == sum(line.principal for line in seen.loans)
    assert seen.used + seen.reserved == exposure(account)
    assert seen.available == max(0, seen.credit_limit - seen.used - seen.reserved)
    for agreement in file.agreements:
        if agreement.limit is not None:
            limit, loans = agreement.limit, [each for each in seen.loans if each.product == agreement.product]
            assert limit.used == sum(each.principal for each in loans)
            assert (limit.reserved > 0) == any(each.status is LoanStatus.BOOKED for each in loans)
            assert limit.available == min(seen.available, max(0, limit.granted - limit.used - limit.reserved))
    signed = {each.product for each in account.file.agreements if not each.loan and each.status == "signed"}
    assert {each.product for each in file.agreements if each.limit is not None} == signed


@given(life=lives)
@settings(max_examples=100, deadline=None)
def test_events_alone_lead_to_the_same_file_and_facts(life: list[Step]) -> None:
    borrowing = start()
    for step in life:
        _take(borrowing, step)
    folded = None
    for _, event in borrowing.history:
        folded = evolve(folded, event)
    assert folded == borrowing.account
    disbursed = Counter(each.event.loan for each in facts(borrowing.history) if isinstance(each.event, LoanDisbursed))
    assert all(count == 1 for count in disbursed.values())
    running = {each.number for each in borrowing.account.loans if each.status in (LoanStatus.ACTIVE, LoanStatus.CLOSED)}
    assert set(disbursed) == running
