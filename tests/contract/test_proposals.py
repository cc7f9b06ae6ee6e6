"""Proposed changes of terms that wait for an officer, as the book lists them."""

from datetime import timedelta

from msgspec import msgpack
from msgspec.structs import replace

from actors.aside import proposal_rows
from actors.rows import FileRow, GroupCommit
from adapters.postgres.book import proposals
from core.contract.changes import Extend
from core.identity import loan_id
from core.origination.file import EMPTY, CreditFile, Proposal, ProposalStatus
from tests.contract.building import TODAY, PostgresStore, loan_row, on_postgres, opening

NEXT = TODAY + timedelta(days=3)


def _proposed(account: int, before: CreditFile, status: ProposalStatus = ProposalStatus.WAITING) -> GroupCommit:
    """Return what is written when a proposal is made, or decided."""
    days = timedelta(days=account)
    made = Proposal(1, 1, Extend(installments=3), "card_arrears", 2, "loan", 1, TODAY - days, status)
    file = CreditFile(proposals=(made,))
    row = FileRow(account, msgpack.encode(file), None)
    return GroupCommit(files=[row], proposals=proposal_rows(account, before, file))


def test_what_waits_is_listed_the_oldest_first(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        for account in (1, 2, 3):
            await journal.commit(claim, opening(account))
            await journal.commit(claim, _proposed(account, EMPTY))
        waiting = await proposals(store.connection, None, 10)
        assert [(each.account, each.days_waiting) for each in waiting] == [(3, 3), (2, 2), (1, 1)]
        first = waiting[0]
        assert (first.loan, first.change, first.signal) == (loan_id(3, 1), "extend", "card_arrears")
        assert (first.product, first.principal, first.currency) == ("loan", 120_000, "CNY")
        assert await proposals(store.connection, "another", 10) == []
        assert len(await proposals(store.connection, "loan", 2)) == 2
        # One is decided, another one's loan has ended.
        await journal.commit(claim, _proposed(3, EMPTY, ProposalStatus.DECLINED))
        await journal.commit(claim, GroupCommit(loans=[replace(loan_row(2), status="closed")]))
        assert [each.account for each in await proposals(store.connection, None, 10)] == [1]

    on_postgres(database, test)
