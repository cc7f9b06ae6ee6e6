"""A simulation tells what commands would do, and does nothing."""

import asyncio
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from msgspec.json import decode as decode_json
from msgspec.msgpack import encode
from msgspec.structs import asdict

from actors import reading
from actors.messages import Done, Refused, encoder
from actors.queries import SIMULATED_MAX, Simulate
from actors.staging import Cached
from actors.what_if import Simulation, simulate
from core.commands import BookLoan, ChangeTerms, Command, Disburse, FreezeAccount, PayOff, Repay, Reverse, TakeDeposit
from core.contract.changes import Holiday
from core.contract.terms import Rate, RatePer, Terms
from core.decide import decide
from core.decision import Decision
from core.identity import loan_id
from core.rejections import Code, Rejection
from tests.unit.running_shard import TODAY, Bench, deposit, opening, with_shard

LOAN = loan_id(1, 1)
TERMS = Terms(principal=500_000, rate=Rate(500_000, RatePer.DAY), installments=6)
LEND: tuple[Command, ...] = (BookLoan(account=1, terms=TERMS), Disburse(account=1, loan=LOAN))
FEW_DAYS = timedelta(days=5)


async def simulated(running: Bench, *commands: Command, days: int = 0) -> dict[str, Any]:
    """Return what these commands would do so many days from now; nothing is done by asking."""
    shard, disk = running.shard, running.disk
    kept = shard._accounts.get(1)
    before = encode(asdict(disk)), kept and _slots(kept), len(running.journal.commits)
    on = TODAY + timedelta(days=days) if days else None
    framed = await shard.read(encoder.encode(Simulate(commands, on)))
    await running.settle()
    assert (encode(asdict(disk)), kept and _slots(kept), len(running.journal.commits)) == before
    found: dict[str, Any] = decode_json(framed[1:])
    assert framed[0] == ("outcomes" in found)
    return found


def _slots(kept: Cached) -> list[object]:
    return [getattr(kept, name) for name in Cached.__slots__]


def scratch(commands: tuple[Command, ...] = ()) -> Cached:
    """Return an account that these commands led to."""
    account, seq = None, 0
    for command in (opening(1), *commands):
        decided = decide(account, command, TODAY)
        assert isinstance(decided, Decision)
        account, seq = decided.account, seq + len(decided.events)
    return Cached(1, account, seq)


def tried(query: Simulate, cached: Cached) -> Simulation:
    found = simulate(query, cached, TODAY)
    assert isinstance(found, Simulation)
    return found


def test_a_repayment_shows_its_allocation_schedule_entry_and_payoff() -> None:
    async def test(running: Bench) -> None:
        await running.ask(*LEND)
        found = await simulated(running, Repay(account=1, amount=87_750, loan=LOAN), days=31)
        assert [event["type"] for event in found["due"]][-1] == "InstallmentBilled"
        (outcome,) = found["outcomes"]
        assert outcome["reply"]["status"] == "received"
        (paid,) = outcome["events"]
        assert paid["seq"] == outcome["reply"]["payment"] == found["after"]["seq"]
        assert paid["event"]["allocations"] == [
            {"loan": 1, "number": 1, "penalty": 0, "fee": 0, "interest": 7_500, "principal": 80_250}
        ]
        assert [(line["account"], line["loan"], line["debit"], line["credit"]) for line in paid["entry"]] == [
            ("1002.01", LOAN, 87_750, 0),
            ("1132.01", LOAN, 0, 7_500),
            ("1303.01", LOAN, 0, 80_250),
        ]
        (loan,) = found["loans"]
        assert loan["after"]["principal"] == loan["quote"]["to_pay"] == 419_750
        first = loan["schedule_before"][0]
        assert (first["state"], first["unpaid"]) == ("due", first["total"])
        assert (loan["schedule"][0]["state"], loan["schedule"][0]["unpaid"]) == ("due", first["total"] - 87_750)

    with_shard(test)


def test_interest_that_becomes_principal_raises_the_balance_on_its_due_date() -> None:
    holiday = ChangeTerms(account=1, loan=LOAN, change=Holiday(installments=2, capitalize=True))
    (loan,) = tried(Simulate((holiday,)), scratch(LEND)).loans
    first, second, third = loan.schedule[:3]
    assert (first.capitalized, first.balance) == (7_500, 507_500)
    assert (second.capitalized, second.balance) == (7_613, 515_113)  # 30 days at 0.05 % on 507,500
    assert (third.capitalized, third.balance) == (0, 515_113 - third.principal)
    assert loan.schedule[-1].balance == 0


def test_commands_are_tried_one_on_top_of_the_other_and_refusals_change_nothing() -> None:
    found = tried(Simulate((*LEND, Disburse(account=1, loan=LOAN), TakeDeposit(account=1, amount=5))), scratch())
    booked, disbursed, again, taken = (outcome.reply for outcome in found.outcomes)
    assert booked == Done(1, 2, LOAN)
    assert isinstance(disbursed, Done)
    assert isinstance(again, Refused)
    assert (again.code, found.outcomes[2].events) == (Code.LOAN_NOT_BOOKED, [])
    assert taken == Done(1, disbursed.seq + 1)
    assert found.after is not None
    assert found.after.deposit == 5
    assert [len(loan.schedule_before) for loan in found.loans] == [0]
    assert len(found.loans[0].schedule) == 6


def test_payments_are_taken_back_in_a_simulation_real_ones_and_simulated_ones() -> None:
    async def test(running: Bench) -> None:
        await running.ask(*LEND, Repay(account=1, amount=400))
        back = Reverse(account=1, seq=4)
        found = await simulated(running, back, back, Repay(account=1, amount=70), Reverse(account=1, seq=6))
        kinds = [[event["type"] for event in outcome["events"]] for outcome in found["outcomes"]]
        assert kinds == [["AccountRestated"], [], ["RepaymentReceived"], ["AccountRestated"]]
        assert found["outcomes"][1]["reply"]["code"] == Code.EVENT_REVERSED
        assert await running.ask(back) == [Done(1, 5)]

    with_shard(test)


def test_a_payment_that_waits_for_its_commit_is_taken_back_once_it_is_durable() -> None:
    async def test(running: Bench) -> None:
        await running.ask(*LEND)
        running.journal.open.clear()
        asked = running.start_asking(Repay(account=1, amount=400))
        await running.settle()
        back = Simulate((Reverse(account=1, seq=4),))
        found = asyncio.create_task(running.shard.read(encoder.encode(back)))
        await running.settle()
        assert not found.done()
        running.journal.open.set()
        assert decode_json((await found)[1:])["outcomes"][0]["reply"]["status"] == "done"
        await asked

    with_shard(test)


def test_an_account_that_is_not_open_is_refused_as_the_command_would_be() -> None:
    async def test(running: Bench) -> None:
        found = decode_json((await running.shard.read(encoder.encode(Simulate((deposit(2, 5),)))))[1:])
        assert found["outcomes"][0]["reply"]["code"] == Code.ACCOUNT_UNKNOWN
        assert (found["after"], found["loans"]) == (None, [])
        opened = decode_json((await running.shard.read(encoder.encode(Simulate((opening(2), deposit(2, 5))))))[1:])
        assert opened["after"]["deposit"] == 5
        assert 2 not in running.disk.accounts
        assert running.shard._accounts.get(2) is None

    with_shard(test)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (Simulate((deposit(1, 5), deposit(2, 5))), Code.MALFORMED),
        (Simulate((deposit(1, 5),), TODAY - timedelta(days=1)), Code.QUOTE_DATE_INVALID),
        (Simulate((deposit(1, 5),), TODAY + timedelta(days=367)), Code.QUOTE_DATE_INVALID),
    ],
)
def test_simulations_have_bounds(query: Simulate, code: Code) -> None:
    refused = simulate(query, scratch(), TODAY)
    assert isinstance(refused, Rejection)
    assert refused.code is code


def test_too_many_commands_or_none_do_not_decode() -> None:
    async def test(running: Bench) -> None:
        for commands in ((), (deposit(1, 5),) * (SIMULATED_MAX + 1)):
            framed = await running.shard.read(encoder.encode(Simulate(commands)))
            assert (framed[0], decode_json(framed[1:])["code"]) == (0, Code.MALFORMED)

    with_shard(test)


def test_a_suspended_account_is_not_tried() -> None:
    async def test(running: Bench) -> None:
        kept = running.shard._accounts.get(1)
        assert kept is not None
        kept.suspended = "planted"
        assert (await simulated(running, deposit(1, 5)))["code"] == Code.ACCOUNT_SUSPENDED

    with_shard(test)


def test_a_broken_invariant_refuses_the_simulation_and_suspends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("planted")

    async def test(running: Bench) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(reading, "simulate", broken)
            assert (await simulated(running, deposit(1, 5)))["code"] == Code.ACCOUNT_SUSPENDED
        assert (await simulated(running, deposit(1, 5)))["after"]["deposit"] == 5

    with_shard(test)


def test_only_the_first_loans_are_shown_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.what_if.LOANS_MAX", 1)
    found = tried(Simulate((LEND[0], LEND[0], LEND[0])), scratch())
    assert (len(found.loans), found.loans_left_out) == (1, 2)
    assert found.after is not None
    assert len(found.after.loans) == 3


def test_changed_loans_come_first_then_active_ones_and_a_closed_loan_has_no_payoff() -> None:
    second = loan_id(1, 2)
    lent = scratch((*LEND, LEND[0], Disburse(account=1, loan=second), LEND[0]))
    found = tried(Simulate((PayOff(account=1, loan=second, amount=500_000),), TODAY), copy(lent))
    shown = [(loan.after.loan, loan.after.status, loan.quote is None) for loan in found.loans]
    assert shown == [(second, "closed", True), (LOAN, "active", False)]
    frozen = tried(Simulate((FreezeAccount(account=1, reason="a check"),), TODAY + FEW_DAYS), copy(lent))
    assert [loan.schedule == loan.schedule_before for loan in frozen.loans] == [True, True]
