"""Answer queries from a shard's memory: only durable state, and only while the shard is known to be the owner."""

import logging
from collections.abc import Awaitable, Callable
from copy import copy
from datetime import date
from typing import Final

from msgspec import ValidationError
from msgspec.json import Encoder
from msgspec.msgpack import Decoder
from msgspec.structs import replace

from actors.execute import Surroundings
from actors.file_view import ACTS, ACTS_MAX, CreditFileView
from actors.house import House, Inquiry
from actors.memory import Accounts, cached
from actors.naming import fields_of
from actors.people import People
from actors.protocols import Clock, Fenced, Journal, JournalUnavailable
from actors.queries import (
    AnyQuery,
    AnyView,
    ShowTransactions,
    Simulate,
    View,
    account_named,
    answer,
    query_decoder,
)
from actors.rows import Claim, StoredEvent
from actors.staging import Cached
from actors.views import Transaction, TransactionsView
from actors.what_if import Simulation, simulate
from core.decide import needs_history
from core.events import KINDS, Event
from core.origination.lender import Unasked
from core.rejections import Code, Rejection
from core.servicing.advance import advance

LEASE_SECONDS: Final = 1.0
"""For this long after the shard proved its ownership, memory may be read without asking again."""

_ACTS: Final = [KINDS[kind] for kind in ACTS]
Answer = View | TransactionsView | Simulation

_log = logging.getLogger("tenor.shard")
_encoder = Encoder()
_event_decoder: Decoder[Event] = Decoder(Event)


class Reader:
    """Reads of one shard."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        accounts: Accounts,
        flushed: Callable[[], Awaitable[int]],
        business_date: Callable[[], date],
        house: House | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._accounts = accounts
        self._flushed = flushed
        self._business_date = business_date
        self._house = house
        self._people = None if house is None else People(journal, house.lender.index)
        self._claim: Claim | None = None
        self._leased_until = 0.0

    def renew(self, claim: Claim, since: float) -> None:
        """Note that the shard proved its ownership; `since` is a (monotonic) time at which it surely held."""
        self._claim = claim
        self._leased_until = since + LEASE_SECONDS

    async def read(self, blob: bytes) -> bytes:
        """Answer one msgpack query: byte 1 and the view as JSON, or byte 0 and the refusal."""
        try:
            query = query_decoder.decode(blob)
        except ValidationError as error:
            return _framed(Rejection(Code.MALFORMED, str(error)))
        await self._hold_lease()
        return _framed(await self._answer(query))

    async def _hold_lease(self) -> None:
        if self._clock.monotonic() >= self._leased_until:
            await self._prove_ownership()

    async def _prove_ownership(self) -> None:
        asked = self._clock.monotonic()
        assert self._claim is not None
        if not await self._journal.holds(self._claim):
            raise Fenced
        self.renew(self._claim, asked)

    async def _answer(self, query: AnyQuery) -> Answer | Rejection:
        if isinstance(query, ShowTransactions):
            return await self._transactions(query)
        while True:
            # What is seen between two durable points of one life of the memory is durable at the second.
            life = await self._flushed()
            found = await self._simulation(query) if isinstance(query, Simulate) else await self._view(query)
            if await self._flushed() == life:
                return await self._with_acts(found) if isinstance(found, CreditFileView) else found

    async def _view(self, query: AnyView) -> View | Rejection:
        kept = await self._kept(account_named(query))
        if kept.account is None:
            return Rejection(Code.ACCOUNT_UNKNOWN, f"there is no account {kept.id}")
        # Asked for now: the day may have turned while the question waited.
        on = self._business_date()
        try:
            account = advance(kept.account, on).account
            assert account is not None
            return answer(query, account, kept.seq, on)
        except Exception:
            return _unseen(kept)

    async def _simulation(self, query: Simulate) -> Simulation | Rejection:
        kept = await self._kept(account_named(query))
        if kept.suspended is not None:
            return Rejection(Code.ACCOUNT_SUSPENDED, "an internal check failed on this account; operators were told")
        # The writer goes on with the account itself.
        scratch, history, closed_through = copy(kept), list[tuple[int, Event]](), None
        if any(needs_history(command, query.on or self._business_date()) for command in query.commands):
            # The journal then holds everything that the copy has seen.
            await self._flushed()
            stored = await self._journal.history(scratch.id)
            history = [(seq, _event_decoder.decode(body)) for seq, body in stored if seq <= scratch.seq]
            closed_through = await self._journal.closed_through()
        around = Surroundings(history, closed_through)
        try:
            return await self._tried(query, scratch, around)
        except (Fenced, JournalUnavailable):
            # The journal is away, or another shard's: nothing is wrong with the account.
            raise
        except Exception:
            return _unseen(kept)

    async def _tried(self, query: Simulate, scratch: Cached, around: Surroundings) -> Simulation | Rejection:
        """Try the commands; sources outside are asked once for all of them, if one is decided on what they say."""
        borrower = None if scratch.account is None else scratch.account.file.borrower
        if self._house is not None and self._people is not None:
            found = None if borrower else await self._people.look(query.commands, self._business_date())
            around = replace(around, lender=self._house.tried, findings=found)
        try:
            return simulate(query, copy(scratch), self._business_date(), around)
        except Unasked as unasked:
            assert borrower is not None
            assert self._house is not None
            asked = [Inquiry(unasked.args[0], borrower.index)]
        (findings,) = await self._house.investigate(asked, self._business_date())
        return simulate(query, copy(scratch), self._business_date(), replace(around, findings=findings))

    async def _kept(self, account: int) -> Cached:
        """Return an account as it is in memory or, if it is not there, as it is stored."""
        kept = self._accounts.get(account)
        if kept is None:
            # Not put into memory: by the time it is read the writer may have a newer one there.
            kept = cached(account, (await self._journal.load((account,))).get(account))
            # A later owner may have moved what is stored past this shard's date.
            await self._prove_ownership()
        return kept

    async def _transactions(self, query: ShowTransactions) -> TransactionsView | Rejection:
        rows = await self._journal.transactions(query.account, query.after, query.limit + 1)
        if not rows and not query.after:
            return Rejection(Code.ACCOUNT_UNKNOWN, f"there is no account {query.account}")
        page = rows[: query.limit]
        more = page[-1].seq if len(rows) > len(page) else None
        return TransactionsView(query.account, [_transaction(row) for row in page], more)

    async def _with_acts(self, view: CreditFileView) -> CreditFileView:
        """Add what people did, and when: events that the journal holds, since the view is durable."""
        acts = await self._journal.transactions(view.account, 0, ACTS_MAX, _ACTS)
        return replace(view, acts=[_transaction(row) for row in acts])


def _transaction(row: StoredEvent) -> Transaction:
    event = _event_decoder.decode(row.body)
    return Transaction(row.seq, type(event).__name__, event.on, fields_of(event), row.recorded_at)


def _unseen(kept: Cached) -> Rejection:
    _log.exception("account %d cannot be shown", kept.id)
    return Rejection(Code.ACCOUNT_SUSPENDED, "an internal check failed on this account; see the shard's log")


def _framed(found: Answer | Rejection) -> bytes:
    return (b"\x00" if isinstance(found, Rejection) else b"\x01") + _encoder.encode(found)
