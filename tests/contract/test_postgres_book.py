"""The daily accrual and the trial balance, against the core's own arithmetic."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from itertools import product
from random import Random

from msgspec import convert
from msgspec.json import decode as decode_json
from msgspec.json import encode as encode_json
from msgspec.msgpack import decode
from msgspec.structs import replace

from accounting.chart import Gl
from actors.rows import ContractRow, GroupCommit, LoanRow
from adapters.postgres import book
from core.book import AccrualBooked, BookEvent, DayClosed
from core.contract.terms import Installment
from core.money import Minor, Rounding, divide
from core.servicing.accrual import accrued
from core.servicing.lateness import PenaltyRow
from tests.contract.building import TODAY, PostgresStore, account_row, contract_row, event, loan_row, on_postgres

NEXT = TODAY + timedelta(days=1)


def _due(chance: Random) -> PenaltyRow:
    """A penalty that runs: on the contract's rate, or with a cap or a rate of its own."""
    late = TODAY - timedelta(days=chance.randint(-2, 40))
    base, free = chance.randint(0, 10**9), late + timedelta(days=chance.choice((0, 3)))
    if chance.random() < 0.5:
        return base, late, free
    return base, late, free, chance.choice((None, 0, chance.randint(0, 10**7))), 90_000_000, 365 * 10**9


def _loan(account: int, chance: Random) -> LoanRow:
    """A loan whose period is even and whose interest is odd as often as not, so that many amounts are ties."""
    start = TODAY - timedelta(days=chance.choice((-1, 0, 1, 2, 5, 10, 15)))
    dues = [_due(chance) for _ in range(chance.randint(0, 3))]
    return replace(
        loan_row(account),
        period_start=start,
        period_end=start + timedelta(days=chance.choice((2, 4, 10, 20, 30, 31))),
        period_interest=chance.choice((0, 1, 3, 5, 25, 949, chance.randint(0, 10**12))),
        period_earned=chance.choice((0, 0, 7, -40)),
        penalty_base=encode_json(dues).decode() if dues else None,
        interest_due=chance.choice((0, 0, 9_300)),
        penalty_due=chance.choice((0, 0, 41)),
        non_accrual=chance.choice((False, False, True)),
        status=chance.choice(("active", "active", "active", "closed")),
    )


def _random_book(seed: int) -> GroupCommit:
    chance, commit = Random(seed), GroupCommit()
    for account, rounding in enumerate(list(Rounding) * 100, 1):
        rate = chance.choice(((0, 1), (500_000, 10**9), (1, 2), (182_500_000, 360 * 10**9)))
        commit.events.append(event(account, 1))
        commit.accounts.append(account_row(account))
        commit.loans.append(_loan(account, chance))
        currency, name = chance.choice(list(product(("CNY", "USD"), ("loan", "card"))))
        contract = contract_row(account)._replace(currency=currency, product=name, rounding=rounding.value)
        commit.contracts.append(contract._replace(penalty_ppb=rate[0], penalty_denominator=rate[1]))
    return commit


def _by_hand(commit: GroupCommit, as_of: date) -> list[book.Accrual]:
    sums: dict[tuple[str, str], list[int]] = {}
    for loan, contract in zip(commit.loans, commit.contracts, strict=True):
        if loan.status != "active":
            continue
        rounding = Rounding(contract.rounding)
        assert loan.period_start is not None
        assert loan.period_end is not None
        period = Installment(loan.period_start, loan.period_end, Minor(0), Minor(loan.period_interest))
        total = sums.setdefault((contract.currency, contract.product), [0, 0, 0, 0, 0])
        interest, charged = loan.period_earned + accrued(period, as_of, rounding), 0
        for base, since, free, most, ppb, denominator in _dues(loan.penalty_base, contract):
            if as_of > free:
                penalty = divide(base * ppb * (as_of - since).days, denominator, rounding)
                charged += penalty if most is None else min(penalty, most)
        suspended = (loan.interest_due + interest, loan.penalty_due + charged) if loan.non_accrual else (0, 0)
        sums[contract.currency, contract.product] = [
            one + other for one, other in zip(total, (interest, charged, 1, *suspended), strict=True)
        ]
    return [book.Accrual(*key, *sums[key]) for key in sorted(sums)]


def _dues(penalty_base: str | None, contract: ContractRow) -> list[tuple[int, date, date, int | None, int, int]]:
    """The dues of a penalty base, each with its cap and rate."""
    rows = decode_json(penalty_base) if penalty_base else []
    rate = (None, contract.penalty_ppb, contract.penalty_denominator)
    kind = tuple[int, date, date, int | None, int, int]
    return [convert([*row, *rate][:6], kind) for row in rows]


def test_accrual_equals_the_sum_over_loans_to_the_cent(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        commit = _random_book(seed=1)
        await journal.commit(await journal.claim(0), commit)
        for days in (-30, 0, 1, 3, 10, 400):
            as_of = TODAY + timedelta(days=days)
            assert await book.accrual(store.connection, as_of) == _by_hand(commit, as_of)

    on_postgres(database, test)


def test_accrual_is_booked_once_and_the_ledger_then_equals_the_loans(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        commit = _random_book(seed=2)
        await journal.commit(claim, commit)
        assert await book.book_accrual(store.connection, TODAY, NEXT) == [], "the day is not cut yet"
        for day in (TODAY, NEXT):
            assert await book.cut(store.connection, day)
            as_of = day + timedelta(days=1)
            booked = await book.book_accrual(store.connection, day, as_of)
            assert booked
            assert await book.book_accrual(store.connection, day, as_of) == []
            await _agrees(store, _by_hand(commit, as_of))
        # Everything is paid: what had accrued comes down to nothing.
        paid = [replace(loan, status="closed") for loan in commit.loans]
        await journal.commit(claim, GroupCommit(loans=paid))
        last = NEXT + timedelta(days=1)
        assert await book.cut(store.connection, last)
        assert all(entry.loans == 0 for entry in await book.book_accrual(store.connection, last, last))
        await _agrees(store, [])

    on_postgres(database, test)


async def _agrees(store: PostgresStore, rows: list[book.Accrual]) -> None:
    lines = await book.trial_balance(store.connection, None)
    balances = {(line.currency, line.gl): line.balance for line in lines}
    for currency in ("CNY", "USD"):
        interest = sum(row.interest for row in rows if row.currency == currency)
        penalty = sum(row.penalty for row in rows if row.currency == currency)
        no_income = sum(row.interest_suspended for row in rows if row.currency == currency)
        no_penalty = sum(row.penalty_suspended for row in rows if row.currency == currency)
        assert balances[currency, Gl.ACCRUED_INTEREST] == interest
        assert balances[currency, Gl.ACCRUED_PENALTY] == penalty
        assert balances[currency, Gl.INTEREST_SUSPENDED] == -no_income
        assert balances[currency, Gl.PENALTY_SUSPENDED] == -no_penalty
        # What is suspended is no income: nothing else has been earned here, so income may be below zero.
        assert balances[currency, Gl.INTEREST_INCOME] == no_income - interest
        assert balances[currency, Gl.PENALTY_INCOME] == no_penalty - penalty
    posted = await store.connection.fetchval("SELECT coalesce(sum(amount), 0) FROM posting")
    assert posted == sum(line.balance for line in lines) == 0


def test_two_closers_at_once_book_and_finish_once(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        await journal.commit(await journal.claim(0), _random_book(seed=3))
        assert await book.cut(store.connection, TODAY)
        async with journal._reader.turn() as second:
            both = (store.connection, second)
            booked = await asyncio.gather(*(book.book_accrual(one, TODAY, NEXT) for one in both))
            assert sorted(map(bool, booked)) == [False, True]
            finished = await asyncio.gather(*(book.finish_close(one, TODAY, 4, 9) for one in both))
        assert sorted(finished) == [False, True]
        history = [decode(body, type=BookEvent) for _, body in await journal.history(0)]
        assert history[-1] == DayClosed(TODAY, 4, 9)
        assert [entry for entry in history if isinstance(entry, AccrualBooked)] == max(booked)

    on_postgres(database, test)


def test_a_book_that_is_open_keeps_its_date(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        assert await book.open_book(store.connection, date(2030, 1, 1)) == TODAY

    on_postgres(database, test)


def test_suspended_accounts_are_listed_with_the_reason(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        await journal.commit(await journal.claim(0), _random_book(seed=5))
        assert await book.suspended(store.connection) == []
        await journal.suspend(7, "planted")
        assert await book.suspended(store.connection) == [book.Suspended(7, "planted")]

    on_postgres(database, test)


def test_the_embedded_server_is_fit_and_stays_so_whatever_is_altered(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        await store.connection.execute("ALTER SYSTEM SET full_page_writes = off")
        loaded = "SELECT pg_conf_load_time()"
        before = await store.connection.fetchval(f"{loaded} FROM pg_reload_conf()")
        while await store.connection.fetchval(loaded) == before:
            await store.connection.execute("SELECT pg_sleep(0.01)")
        assert await book.unfit_settings(store.connection) == []
        await store.connection.execute("ALTER SYSTEM RESET full_page_writes")

    on_postgres(database, test)


def test_the_trial_balance_can_be_had_as_of_a_past_date(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        await journal.commit(await journal.claim(0), _random_book(seed=4))
        assert await book.cut(store.connection, TODAY)
        await book.book_accrual(store.connection, TODAY, NEXT)
        assert await book.trial_balance(store.connection, TODAY - timedelta(days=1)) == []
        whole = await book.trial_balance(store.connection, TODAY)
        assert whole == await book.trial_balance(store.connection, None)
        parts, sums = await book.trial_balance(store.connection, TODAY, by_product=True), Counter[tuple[str, int]]()
        for part in parts:
            sums[part.currency, part.gl] += part.balance
        assert len(parts) > len(whole)
        assert sums == {(each.currency, each.gl): each.balance for each in whole}

    on_postgres(database, test)
