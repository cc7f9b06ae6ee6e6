"""Apply an event to an account. Nothing is computed that the event does not carry, so replay never re-decides."""

from collections.abc import Iterable
from typing import assert_never

from msgspec.structs import replace

from core.account import (
    Account,
    Contract,
    Due,
    Loan,
    LoanStatus,
    Use,
    owed,
    with_contract,
    with_loan,
)
from core.change_events import ChangeEvent
from core.changing.changing import evolve_change
from core.charge_events import ChargeEvent
from core.charging.crediting import charge_added, evolve_charge
from core.contract.servicing import Source
from core.contract.terms import Terms
from core.events import (
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountRestated,
    AccountUnfrozen,
    BucketChanged,
    ChargeAdded,
    CreditLimitSet,
    CreditReceived,
    DepositReleased,
    DepositTaken,
    Event,
    InstallmentBilled,
    InstallmentReminded,
    InterestCapped,
    LoanBooked,
    LoanCancelled,
    LoanClosed,
    LoanDisbursed,
    LoanEvent,
    LoanPaidOff,
    LoanReopened,
    MoneyEvent,
    NonAccrualBegun,
    NonAccrualEnded,
    RepaymentReceived,
    ScheduleRestated,
    UnappliedApplied,
    UnappliedRefunded,
)
from core.facts import allocated
from core.money import Minor
from core.origination.events import OriginationEvent
from core.origination.filing import filed
from core.servicing.lateness import penalty_start
from core.servicing.settling import add_cost, add_use, pay_ahead, settle


def evolve(account: Account | None, event: Event) -> Account:
    """Return the account after the event; only AccountOpened comes without an account."""
    if isinstance(event, AccountOpened):
        assert account is None
        return Account(event.account, event.currency, event.on, event.credit_limit)
    assert account is not None
    if isinstance(event, MoneyEvent):
        return _evolve_money(account, event)
    if isinstance(event, LoanEvent):
        return _evolve_loan(account, event)
    if isinstance(event, AccountEvent):
        return _evolve_account(account, event)
    if isinstance(event, AccountRestated):
        return _restate_account(account, event)
    if isinstance(event, ChargeEvent):
        return evolve_charge(account, event)
    if isinstance(event, ChangeEvent):
        return evolve_change(account, event)
    if isinstance(event, OriginationEvent):
        return replace(account, file=filed(account.file, event))
    assert_never(event)


def replay(events: Iterable[Event]) -> Account | None:
    """Return the account that these events, oldest first, built up."""
    account: Account | None = None
    for event in events:
        account = evolve(account, event)
    return account


def _evolve_account(account: Account, event: AccountEvent) -> Account:
    match event:
        case CreditLimitSet():
            return replace(account, credit_limit=event.credit_limit)
        case AccountFrozen():
            return replace(account, frozen=event.reason)
        case AccountUnfrozen():
            return replace(account, frozen=None)
        case DepositTaken():
            return replace(account, deposit=account.deposit + event.amount)
        case DepositReleased():
            return replace(account, deposit=account.deposit - event.amount)
        case UnappliedRefunded():
            return _unapplied(account, -event.amount)
        case AccountOpened():
            raise AssertionError("an account is opened once")
        case _:
            assert_never(event)


def _restate_account(account: Account, event: AccountRestated) -> Account:
    account = replace(account, unapplied=event.unapplied, deposit=event.deposit)
    for loan in event.loans:
        account = with_loan(account, loan)
    for number, contract in event.contracts:
        account = with_contract(account, number, contract)
    return account


def _evolve_loan(account: Account, event: LoanEvent) -> Account:
    if isinstance(event, LoanBooked):
        loan = Loan(event.loan, LoanStatus.BOOKED)
        contracts = (*account.contracts, Contract(event.terms))
        return replace(account, loans=(*account.loans, loan), contracts=contracts)
    loan = account.loans[event.loan - 1]
    match event:
        case LoanCancelled():
            return with_loan(account, replace(loan, status=LoanStatus.CANCELLED))
        case LoanDisbursed():
            return _disburse(account, loan, event)
        case InstallmentReminded():
            return with_loan(account, replace(loan, reminded=event.number))
        case InstallmentBilled():
            return with_loan(account, _bill(loan, event, account.contracts[event.loan - 1].terms))
        case BucketChanged():
            return with_loan(account, replace(loan, bucket=event.after))
        case NonAccrualBegun():
            return with_loan(account, replace(loan, non_accrual_since=event.on))
        case NonAccrualEnded():
            return with_loan(account, replace(loan, non_accrual_since=None))
        case InterestCapped():
            return account  # What falls due or is collected is without it.
        case ChargeAdded():
            return charge_added(account, event)
        case ScheduleRestated():
            return _restate(account, loan, event)
        case LoanReopened():
            return with_loan(account, replace(loan, status=LoanStatus.ACTIVE))
        case LoanClosed():
            return with_loan(account, replace(loan, status=LoanStatus.CLOSED))
        case _:
            assert_never(event)


def _evolve_money(account: Account, event: MoneyEvent) -> Account:
    match event:
        case RepaymentReceived():
            return _received(account, event)
        case CreditReceived():
            return _received(_refunded(account, event), event)
        case UnappliedApplied():
            account = settle(account, event.on, event.charges, event.allocations)
            used = allocated((*event.allocations, *event.ahead))
            return _unapplied(pay_ahead(account, event.on, event.ahead), -used)
        case LoanPaidOff():
            account = settle(account, event.on, event.charges, event.allocations)
            return _unapplied(_pay_off(account, event), event.unapplied - event.from_unapplied)
        case _:
            assert_never(event)


def _received(account: Account, event: RepaymentReceived | CreditReceived) -> Account:
    account = settle(account, event.on, event.charges, event.allocations)
    if event.ahead:
        account = pay_ahead(account, event.on, event.ahead)
    return _unapplied(account, event.unapplied) if event.unapplied else account


def _refunded(account: Account, event: CreditReceived) -> Account:
    if event.source is not Source.INTEREST_REFUND:
        return account
    loan = account.loans[event.loan - 1]
    return with_loan(account, replace(loan, interest_refunded=loan.interest_refunded + event.amount))


def _pay_off(account: Account, event: LoanPaidOff) -> Account:
    loan, schedule = account.loans[event.loan - 1], account.contracts[event.loan - 1].schedule
    paid = replace(
        loan,
        principal=loan.principal - event.principal,
        interest_billed=loan.interest_billed + event.interest,
        billed=len(schedule),
        reminded=len(schedule),
        ahead=(),
        charges=(),
        balances=(),
        carried=Minor(0),
        accrual=None,
        reopened=(),
    )
    return with_loan(account, add_cost(add_use(loan, paid, event.on), event.prepayment_fee))


def _disburse(account: Account, loan: Loan, event: LoanDisbursed) -> Account:
    terms = account.contracts[loan.number - 1].terms
    contract = Contract(terms, event.on, event.schedule, deferrals=event.deferrals)
    use = Use(event.on, 0, Minor(0)) if terms.cost_cap_ppb else None
    loan = replace(loan, status=LoanStatus.ACTIVE, principal=event.amount, use=use)
    return with_loan(with_contract(account, loan.number, contract), loan)


def _bill(loan: Loan, event: InstallmentBilled, terms: Terms) -> Loan:
    fee = penalty = 0
    for charge in loan.charges:
        if charge.number == event.number:
            fee += charge.fee
            penalty += charge.penalty
    if event.capitalized:
        loan = add_use(loan, replace(loan, principal=loan.principal + event.capitalized), event.on)
    since = penalty_start(event.on, terms)
    due = Due(event.number, event.on, event.principal, event.interest, Minor(fee), Minor(penalty), since)
    return replace(
        loan,
        billed=event.number,
        reminded=max(loan.reminded, event.number),
        interest_billed=loan.interest_billed + event.interest,
        dues=(*loan.dues, due) if owed(due) else loan.dues,
        ahead=tuple([paid for paid in loan.ahead if paid.number > event.number]) if loan.ahead else (),
        charges=tuple([charge for charge in loan.charges if charge.number > event.number]) if loan.charges else (),
        balances=(),
        carried=event.carried,
        accrual=None,
        reopened=tuple([each for each in loan.reopened if each.amount]) if loan.reopened else (),
    )


def _restate(account: Account, loan: Loan, event: ScheduleRestated) -> Account:
    contract = account.contracts[loan.number - 1]
    if event.rows != contract.schedule[event.number - 1 :]:
        schedule = (*contract.schedule[: event.number - 1], *event.rows)
        contract = replace(contract, schedule=schedule, planned=contract.planned or contract.schedule)
        account = with_contract(account, loan.number, contract)
    return with_loan(account, replace(loan, accrual=event.accrual))


def _unapplied(account: Account, change: int) -> Account:
    assert account.unapplied + change >= 0
    return replace(account, unapplied=account.unapplied + change)
