"""Allocation cases in the terms of Apache Fineract: what happened to a loan, and what its books then show; exact."""

from datetime import date
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct, field, structs

from adapters.conformance.cases import MalformedCase
from adapters.conformance.fineract import LoanCase, fineract_terms
from core.contract.servicing import (
    PayoffInterest,
    Prepayment,
    PrepaymentInterest,
    Recalculation,
    Source,
    SourceWaterfall,
)
from core.contract.terms import PPB, Terms
from core.contract.waterfall import STANDARD_ORDER, Component, Direction, Future, Reach, Step, Waterfall

PENALTY, FEE, INTEREST, PRINCIPAL = STANDARD_ORDER
VERTICAL: Final = Direction.VERTICAL
STRATEGIES: Final = {
    "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER": Waterfall(
        (Step(Reach.OWED, STANDARD_ORDER), Step(Reach.IN_ADVANCE, STANDARD_ORDER)), later_charges=True
    ),
    "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST": Waterfall(
        (
            Step(Reach.OWED, STANDARD_ORDER, VERTICAL),
            Step(Reach.CHARGES_DUE, (PENALTY, FEE), VERTICAL),
            Step(Reach.IN_ADVANCE, (PRINCIPAL, PENALTY, FEE, INTEREST)),
        ),
        later_charges=True,
    ),
    "DUE_PENALTY_INTEREST_PRINCIPAL_FEE_IN_ADVANCE_PENALTY_INTEREST_PRINCIPAL_FEE": Waterfall(
        (
            Step(Reach.OWED, (PENALTY, INTEREST, PRINCIPAL, FEE), VERTICAL),
            Step(Reach.CHARGES_DUE, (PENALTY, FEE), VERTICAL),
            Step(Reach.IN_ADVANCE, (PENALTY, INTEREST, PRINCIPAL, FEE)),
        ),
        later_charges=True,
    ),
}
REACHES: Final = {"PAST_DUE": Reach.PAST_DUE, "DUE": Reach.DUE, "IN_ADVANCE": Reach.IN_ADVANCE}
FUTURES: Final = {
    "NEXT_INSTALLMENT": Future.NEXT,
    "LAST_INSTALLMENT": Future.LAST,
    "NEXT_LAST_INSTALLMENT": Future.NEXT_LAST,
    "REAMORTIZATION": Future.REAMORTIZE,
}
SOURCES: Final = {
    "MERCHANT_ISSUED_REFUND": Source.MERCHANT_REFUND,
    "PAYOUT_REFUND": Source.PAYOUT_REFUND,
    "GOODWILL_CREDIT": Source.GOODWILL_CREDIT,
    "INTEREST_REFUND": Source.INTEREST_REFUND,
    "DOWN_PAYMENT": Source.DOWN_PAYMENT,
}


class Order(Struct, frozen=True):
    """The allocation order of one kind of transaction."""

    transaction_type: str
    future_installment_rule: Literal["NEXT_INSTALLMENT", "LAST_INSTALLMENT", "NEXT_LAST_INSTALLMENT", "REAMORTIZATION"]
    order: list[str]


class Happening(Struct, frozen=True):
    """Something that happened to the loan."""

    type: str
    on: date = field(name="date")
    amount: int
    booked_on: date
    kind: Literal["FEE", "PENALTY"] | None = None

    @property
    def effective_on(self) -> date:
        """A charge may be booked before its date, a payment after it."""
        return min(self.on, self.booked_on)


class Row(Struct, frozen=True):
    """One installment as the books show it."""

    n: int
    due: date
    days: int
    principal_due: int
    interest_due: int
    fees_due: int
    penalties_due: int
    total_due: int
    balance: int
    paid: int
    in_advance: int
    late: int
    outstanding: int
    paid_date: date | None


class Paid(Struct, frozen=True):
    """One transaction as the books show it."""

    on: date = field(name="date")
    type: str
    amount: int
    principal: int
    interest: int
    fees: int
    penalties: int
    overpayment: int


class AllocationCase(LoanCase, kw_only=True):
    """A loan's terms, what happened to it, and its books."""

    events: list[Happening]
    expected_installments: list[Row]
    expected_transactions: list[Paid]
    allocation_strategy: str
    payment_allocation: list[Order] | None = None
    schedule_processing: Literal["HORIZONTAL", "VERTICAL"] = "HORIZONTAL"
    interest_recalculation: bool = False
    pre_closure_strategy: str | None = None
    no_interest_on_past_due: bool = False
    cob_run_on: tuple[date, ...] = ()
    expected_status: str | None = None
    expected_overpaid: int | None = None


def allocation_terms(case: AllocationCase) -> Terms | None:
    plain = fineract_terms(structs.replace(case, down_payment=False))
    orders = {
        order.transaction_type: _ordered(order, case.schedule_processing) for order in case.payment_allocation or []
    }
    waterfall = STRATEGIES.get(case.allocation_strategy) or orders.get("DEFAULT")
    if plain is None or waterfall is None or not orders.keys() <= {"DEFAULT", "REPAYMENT", *SOURCES}:
        return None
    if not {event.type for event in case.events} <= {"REPAYMENT", "PAYOFF", "CHARGE", *SOURCES}:
        return None
    recalculation = None
    if case.interest_recalculation and plain.rate.ppb:
        until_due = case.pre_closure_strategy is not None and case.pre_closure_strategy.startswith(
            "TILL_REST_FREQUENCY"
        )
        payoff = PayoffInterest.UNTIL_DUE if until_due else PayoffInterest.UNTIL_PAID
        recalculation = Recalculation(payoff=payoff, on_past_due=not case.no_interest_on_past_due)
    return structs.replace(
        plain,
        waterfall=orders.get("REPAYMENT", waterfall),
        source_waterfalls=tuple(
            SourceWaterfall(source, orders.get(name, waterfall)) for name, source in SOURCES.items()
        ),
        recalculation=recalculation,
        prepayment=Prepayment(interest=PrepaymentInterest.UNTIL_END),
        down_payment_ppb=PPB // 4 if case.down_payment else 0,
        reminder_days=0,
    )


def _ordered(order: Order, processing: str) -> Waterfall:
    """Return a list of rules as steps: neighbours of the same kind together, or (vertical) each rule alone."""
    names = [name.rpartition("_")[::2] for name in order.order]
    if unknown := [name for name in names if name[0] not in REACHES or name[1].lower() not in STANDARD_ORDER]:
        raise MalformedCase(f"order {unknown}")
    rules = [(REACHES[reach], Component(component.lower())) for reach, component in names]
    if processing == "VERTICAL":
        steps = [Step(reach, (component,)) for reach, component in rules]
    else:
        steps = [
            Step(reach, tuple(component for _, component in group))
            for reach, group in groupby(rules, key=lambda rule: rule[0])
        ]
    return Waterfall(tuple(steps), FUTURES[order.future_installment_rule])
