"""What channels ask for, at random: every command, often enough one that can be carried out."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from core.commands import (
    AddCharge,
    AdjustCharge,
    ApplyUnapplied,
    BookLoan,
    CancelLoan,
    ChangeTerms,
    ChargeBack,
    Command,
    Disburse,
    DisburseTranche,
    FreezeAccount,
    PayOff,
    Prepay,
    ReceiveCredit,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    Reverse,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
    Waive,
)
from core.contract.changes import (
    Accelerate,
    Change,
    Effect,
    Extend,
    FixIndex,
    Holiday,
    PauseInterest,
    Reage,
    Reamortize,
    Reschedule,
    UnpaidInterest,
)
from core.contract.servicing import (
    Fee,
    FeeWhen,
    LateWaterfall,
    NonAccrual,
    PenaltyBase,
    PenaltyTerms,
    Prepayment,
    PrepaymentInterest,
    Price,
    Recalculation,
    Rest,
    Source,
)
from core.contract.terms import Cycle, Floating, Method, Rate, RatePer, Terms, Tranche, Unit
from core.contract.waterfall import STANDARD_ORDER, Future, Reach, Step, Waterfall
from core.identity import loan_id
from tests.simulation.borrowing import any_borrowing

if TYPE_CHECKING:
    from tests.simulation.world import World

LIMIT = 10_000_000
PAYMENTS = (Repay, PayOff, ReceiveCredit)
FEES = (
    Fee(name="service", when=FeeWhen.WITHHELD, price=Price(flat=7)),
    Fee(name="late", when=FeeWhen.OVERDUE, price=Price(flat=30)),
)


FROM_THE_END = Waterfall((Step(), Step(Reach.IN_ADVANCE)), Future.LAST)
FEATURES: tuple[dict[str, Any], ...] = (
    {
        "principal": 200_000,
        "tranches": (),
        "rate": Rate(500_000, RatePer.DAY),
        "floating": None,
        "installments": 3,
        "every": 2,
        "unit": Unit.DAY,
        "recalculation": Recalculation(),
        "waterfall": FROM_THE_END,
    },
    {"down_payment_ppb": 200_000_000, "collect_down_payment": True},
    {"down_payment_ppb": 100_000_000},
    {"interest_grace": 1},
    {"interest_grace": 1, "capitalize_grace": True},
    {"balloon": 500, "prepayment": Prepayment(interest=PrepaymentInterest.UNTIL_END)},
    {"cost_cap_ppb": 240_000_000},
    {"cost_cap_ppb": 60_000_000, "rate": Rate(100_000, RatePer.DAY), "floating": None},
    {"cost_cap_ppb": 45_000_000, "rate": Rate(100_000, RatePer.DAY), "floating": None},
    {"prepayment": Prepayment(fee_ppb=10_000_000, interest=PrepaymentInterest.UNTIL_DUE)},
    {"late_waterfalls": (LateWaterfall(1, Waterfall((Step(order=STANDARD_ORDER[::-1]),))),)},
    {"non_accrual": NonAccrual(1, Waterfall((Step(order=STANDARD_ORDER[::-1]),)))},
    {"penalty": PenaltyTerms(base=PenaltyBase.ALL_PRINCIPAL, cap_ppb=100_000_000)},
)


def any_command(world: "World") -> Command:
    """Return a command for anybody's account; some accounts are asked for more than others."""
    draw = world.random
    some = draw.choice((world.accounts, world.accounts, world.accounts[1:5], world.accounts[1:5], world.borrowers))
    return command_for(world, draw.choice(some))


def command_for(world: "World", account: int) -> Command:
    """Return a command for an account; what it takes back may be another's."""
    draw = world.random
    loan, amount = loan_id(account, draw.choice((1, 1, 1, 2))), draw.randint(1, 200_000)
    if account in world.borrowers and draw.random() < 0.8:
        return any_borrowing(world, account)
    if draw.random() < 0.5:
        return _money(world, account, loan, amount)
    kind = draw.choice((_lending, _charging, _changing, _taking_back))
    return kind(world, account, loan, amount)


def any_terms(world: "World") -> Terms:
    """Return the terms of a loan that lives, and ends, within days."""
    draw, tomorrow = world.random, world.disk.business_date + timedelta(days=1)
    floats = draw.random() < 0.1
    return replace(_plain_terms(draw, tomorrow, floats=floats), **draw.choice(FEATURES))


def _plain_terms(draw: Random, tomorrow: date, *, floats: bool) -> Terms:
    return Terms(
        principal=draw.randint(1_000, 900_000),
        tranches=draw.choice(((), (), (), (Tranche(tomorrow, 500),))),
        rate=Rate(draw.randint(0, 292_000_000)) if floats else Rate(draw.randint(0, 800_000), RatePer.DAY),
        floating=Floating(Cycle(tomorrow, unit=Unit.DAY)) if floats else None,
        installments=draw.randint(1, 6),
        method=draw.choice(list(Method)),
        every=draw.randint(1, 3),
        unit=draw.choice((Unit.DAY, Unit.DAY, Unit.WEEK)),
        waterfall=draw.choice((Waterfall(), _in_advance(draw))),
        recalculation=draw.choice((None, Recalculation(rest=draw.choice(list(Rest)), on_past_due=draw.random() < 0.5))),
        penalty_rate=Rate(draw.choice((0, 750_000)), RatePer.DAY),
        compound_rate=Rate(draw.choice((0, 0, 750_000)), RatePer.DAY),
        grace_days=draw.choice((0, 0, 2)),
        reminder_days=draw.choice((0, 1, 3)),
        fees=draw.choice(((), (), FEES)),
        sweep_deposit_after_days=draw.choice((0, 1)),
    )


def _in_advance(draw: Random) -> Waterfall:
    reaches = (Reach.PAST_DUE, Reach.DUE, Reach.CHARGES_DUE, Reach.IN_ADVANCE)
    return Waterfall(tuple(Step(reach) for reach in reaches), draw.choice(list(Future)))


def _money(world: "World", account: int, loan: int, amount: int) -> Command:
    draw, day = world.random, _some_day(world)
    commands: tuple[Command, ...] = (
        Repay(account=account, amount=amount, effective_on=day),
        Repay(account=account, amount=amount, loan=loan, effective_on=day),
        PayOff(account=account, loan=loan, amount=amount * 8, effective_on=day),
        TakeDeposit(account=account, amount=amount, effective_on=day),
        ReleaseDeposit(account=account, amount=amount // 50 + 1, effective_on=day),
        RefundUnapplied(account=account, amount=amount // 50 + 1, effective_on=day),
        ApplyUnapplied(account=account, loan=draw.choice((None, loan)), effective_on=day),
    )
    return draw.choices(commands, (20, 10, 4, 4, 2, 5, 4))[0]


def _lending(world: "World", account: int, loan: int, amount: int) -> Command:
    draw, late = world.random, world.disk.business_date - timedelta(days=1) if amount % 3 == 0 else None
    commands: tuple[Command, ...] = (
        FreezeAccount(account=account, reason="a check"),
        UnfreezeAccount(account=account),
        SetCreditLimit(account=account, credit_limit=LIMIT + amount),
        BookLoan(account=account, terms=any_terms(world)),
        Disburse(account=account, loan=loan_id(account, 2), effective_on=late),
        CancelLoan(account=account, loan=loan_id(account, 2)),
        DisburseTranche(account=account, loan=loan, amount=draw.choice((None, 200))),
    )
    return draw.choices(commands, (1, 3, 1, 6, 4, 3, 3))[0]


def _charging(world: "World", account: int, loan: int, amount: int) -> Command:
    draw, day = world.random, _some_day(world)
    source = draw.choice(list(Source))
    charged, charge = _done(world, account, AddCharge)
    paid, payment = _done(world, account, *PAYMENTS)
    commands: tuple[Command, ...] = (
        AddCharge(account=account, loan=loan, component="fee", amount=amount // 100 + 1, effective_on=day),
        AddCharge(account=account, loan=loan, component="penalty", amount=3, due_date=_some_day(world, -3)),
        ReceiveCredit(account=account, loan=loan, source=source, amount=amount // 10 + 1, effective_on=day),
        Waive(account=account, loan=loan, component=draw.choice(("fee", "penalty", "interest")), effective_on=day),
        Waive(account=charged, loan=loan_id(charged, 1), component="fee"),
        AdjustCharge(account=charged, charge=charge, amount=amount // 1_000 + 1, pay_out=draw.random() < 0.5),
        ChargeBack(account=paid, loan=loan_id(paid, 1), payment=payment, amount=amount // 10 + 1),
    )
    return draw.choice(commands)


def _changing(world: "World", account: int, loan: int, amount: int) -> Command:
    draw, day = world.random, _some_day(world)
    if draw.random() < 0.3:
        effect = draw.choice(list(Effect))
        return Prepay(account=account, loan=loan, amount=amount, effect=effect, effective_on=day)
    return ChangeTerms(account=account, loan=loan, change=_change(draw, world.disk.business_date), effective_on=day)


def _change(draw: Random, on: date) -> Change:
    some = draw.randint(1, 5)
    changes: tuple[Callable[[], Change], ...] = (
        lambda: Extend(installments=1),
        lambda: Reschedule(rate=Rate(some * 100_000, RatePer.DAY)),
        lambda: Reschedule(installments=some),
        lambda: Reschedule(first_due=on + timedelta(days=some)),
        lambda: Holiday(installments=1, capitalize=some > 3, extends=some % 2 == 0),
        lambda: PauseInterest(start=on, end=on + timedelta(days=some)),
        lambda: FixIndex(on=on, ppb=some * 10_000_000),
        lambda: Reage(installments=some, interest=draw.choice(list(UnpaidInterest))),
        lambda: Reamortize(interest=draw.choice(list(UnpaidInterest))),
        Accelerate,
    )
    return draw.choice(changes)()


def _taking_back(world: "World", account: int, _loan: int, _amount: int) -> Command:
    draw = world.random
    kinds = PAYMENTS if draw.random() < 0.4 else (object,)
    of, seq = _done(world, None if draw.random() < 0.5 else account, *kinds)
    return Reverse(account=of, seq=seq)


def _done(world: "World", account: int | None, *kinds: type) -> tuple[int, int]:
    """Return account and number of something that was carried out, this account's if it has any."""
    known = [(of, seq) for of, seq, kind in world.carried_out if issubclass(kind, kinds)]
    own = [each for each in known if each[0] == account]
    return world.random.choice(own or known[-20:] or [(account or world.accounts[0], 2)])


def _some_day(world: "World", back: int = 3) -> date | None:
    """Return the business date (as None), or one up to so many days earlier."""
    days = world.random.choice((0, 0, 1, back))
    return world.disk.business_date - timedelta(days=days) if days else None
