"""One shard: an inbox, one writer, one group commit after the other. Knows Protocols only, no driver and no Ray."""

import asyncio
import logging
from collections import deque
from datetime import date
from typing import Final

from msgspec.msgpack import Decoder, Encoder

from actors.back_office import BackOffice
from actors.execute import ALONE, Surroundings, decode_command, execute, fingerprint_of, repeated, roll_forward
from actors.flight import Flight, Work
from actors.house import House
from actors.memory import Accounts, RecentRequests
from actors.messages import MOVED, OVERLOADED, SUSPENDED, Envelope, Refused, envelopes_decoder
from actors.protocols import Clock, Fenced, Journal, JournalUnavailable, OutcomeUnknown, RequestTaken, ShardUnavailable
from actors.reading import Reader
from actors.rows import Claim
from actors.staging import Cached
from actors.walk import Walk
from core.commands import Command
from core.decide import needs_history
from core.events import Event
from core.origination.commands import BeforeLoan
from core.origination.lender import Findings
from core.restatement import History

INBOX_MAX: Final = 20_000
"""Commands that may wait; past it they are refused at once."""
BATCH_MAX: Final = 2_000
"""Commands of one group commit, after which the next waits for it."""
BREATH: Final = 25
"""Commands executed before the loop gets a turn."""
ATTEMPTS_MAX: Final = 5
RETRY_SECONDS: Final = 0.2

_log = logging.getLogger("tenor.shard")
_encoder = Encoder()
_event_decoder: Decoder[Event] = Decoder(Event)


class Shard:
    """The single writer of the accounts in its slots."""

    def __init__(self, number: int, journal: Journal, clock: Clock, house: House | None = None) -> None:
        """Without a house, nothing that precedes a loan is decided here."""
        self.number = number
        self.claim: Claim
        self.on = date.min
        self.fenced = False
        self._journal = journal
        self._clock = clock
        self._house = house
        self._inbox: deque[Work] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._next = Flight(1)
        self._landed = 0
        self._life = 0
        self._walk_flight = 0
        self._cut_flight = 0
        self._flying: tuple[Flight, asyncio.Task[None]] | None = None
        self._accounts = Accounts(journal)
        self._recent = RecentRequests()
        self._office = BackOffice(house, self._accounts, self._recent, clock, journal)
        self._walk = Walk(journal)
        self._reader = Reader(journal, clock, self._accounts, self.flushed, lambda: self.on, house)

    async def start(self) -> None:
        """Take the shard over, memory empty: start and recovery are this one path."""
        asked = self._clock.monotonic()
        self.claim = await self._journal.claim(self.number)
        self._accounts.clear()
        self._recent.clear()
        self._landed, self._flying = self._next.number, None
        self._next = Flight(self._landed + 1)
        self._life += 1
        self.on = max(self.on, self.claim.business_date)
        self._walk.begin(self.on, self.claim.slots)
        self._walk_flight, self._cut_flight = self._next.number, self._landed
        self._reader.renew(self.claim, asked)
        await self._office.take_over(self.claim, self.on)  # Last, for it waits: the walk has begun anew before.

    async def execute(self, blob: bytes) -> bytes:
        """Queue a batch (msgpack list[Envelope]); return its replies (msgpack list of encoded Reply) once durable."""
        envelopes = envelopes_decoder.decode(blob)
        if self._waiting + len(envelopes) > INBOX_MAX:
            return _encoder.encode([OVERLOADED] * len(envelopes))
        work = Work(envelopes, asyncio.get_running_loop().create_future())
        self._waiting += len(envelopes)
        self._inbox.append(work)
        self._wake.set()
        return await work.done

    async def read(self, blob: bytes) -> bytes:
        """Answer a msgpack query as JSON, from durable state."""
        return await self._reader.read(blob)

    def turn(self, on: date) -> None:
        """Post on this business date from the next command on, and walk the accounts that have work by then."""
        if on > self.on:
            self.on = on
            self._office.new_day(on)
            self._walk.begin(on, self.claim.slots)
            self._walk_flight, self._cut_flight = self._next.number, self._executed()
        self._wake.set()

    def walked(self) -> tuple[date, bool, int, int]:
        """Return the business date, whether its walk is done and durable, and accounts and events so far."""
        done = self._walk.done and self._landed >= self._walk_flight
        return self.on, done, self._walk.accounts, self._walk.events

    async def run(self) -> None:
        """Work until fenced: execute what waits on top of the group that is being committed."""
        while not self.fenced:
            self._wake.clear()
            try:
                self._land()
                self._take_off()
                worked = await self._fill()
                self._take_off()
                await self._office.tend()
            except Fenced:
                self.fenced = True
            except (RequestTaken, OutcomeUnknown, JournalUnavailable, OSError) as error:
                await self._recover(error)
            else:
                if not worked:
                    await self._office.idle(self._wake)
        self._fail_all()

    async def flushed(self) -> int:
        """Wait until everything executed so far is durable; return which life of the memory this is."""
        number = self._executed()
        while self._landed < number:
            if self.fenced:
                raise ShardUnavailable
            self._settled.clear()
            self._wake.set()
            await self._settled.wait()
        return self._life

    def _executed(self) -> int:
        """Return the last flight that holds something."""
        return self._next.number if self._next else self._next.number - 1

    async def _fill(self) -> bool:
        """Execute one waiting batch or one slice of the walk; return whether there was any."""
        if self._next.commands >= BATCH_MAX:
            return False
        if not self._walk.done and not self._next.sliced and self._landed >= self._slice_after():
            await self._walk_slice()
            return True
        if self._inbox:
            await self._execute(self._inbox[0])
            work = self._inbox.popleft()
            self._waiting -= len(work.envelopes)
            self._next.works.append(work)
            return True
        return False

    def _slice_after(self) -> int:
        """Return the flight whose rows the next slice must find stored: the last before the cut, or the last slice."""
        return self._walk_flight if self._walk.needs_landing() else self._cut_flight

    async def _execute(self, work: Work) -> None:
        missing = self._recent.missing(work.envelopes)
        if missing:
            self._recent.learn(await self._journal.recorded(missing))
        await self._accounts.fetch({envelope.account for envelope in work.envelopes})
        commands = [decode_command(each) for each in work.envelopes]
        found = await self._office.prepare(work.envelopes, commands, self.on)
        work.replies = []
        for place, (envelope, command) in enumerate(zip(work.envelopes, commands, strict=True)):
            work.replies.append(await self._one(envelope, command, found.get(place)))
            if (place + 1) % BREATH == 0:
                # The commit in flight talks to Postgres on this same loop and must not wait for a whole batch.
                await asyncio.sleep(0)

    async def _one(self, envelope: Envelope, command: Command | Refused, findings: Findings | None) -> bytes:
        recorded = self._recent.get(envelope.key)
        if recorded is not None:
            return repeated(recorded, fingerprint_of(envelope, command, self._house))
        cached = self._accounts.get(envelope.account)
        assert cached is not None
        if cached.suspended is not None:
            return SUSPENDED
        if isinstance(command, Refused):
            return _encoder.encode(command)
        if cached.slot not in self.claim.slots:
            return MOVED
        around = await self._around(command, findings)
        try:
            recorded, reply = execute(self._next, cached, envelope, command, self.on, around)
        except Exception as broken:
            # A broken invariant stops this account, never the shard: its other borrowers go on.
            await self._suspend(cached, f"{type(command).__name__}: {broken}")
            return SUSPENDED
        if recorded is not None:
            self._recent.add(envelope.key, recorded)
        return reply

    async def _around(self, command: Command, findings: Findings | None) -> Surroundings:
        """Return what a command is decided on besides its account."""
        around = Surroundings(*await self._past(command.account)) if needs_history(command, self.on) else ALONE
        if not isinstance(command, BeforeLoan):
            return around
        return await self._office.around(command, findings, around, self.on)

    async def _suspend(self, cached: Cached, reason: str) -> None:
        """Stop an account for operators to look at; raise Fenced if it is only that another owner moved it on."""
        if not await self._journal.holds(self.claim):
            raise Fenced
        _log.exception("account %d is suspended", cached.id)
        cached.suspended = reason
        await self._journal.suspend(cached.id, reason)

    async def _past(self, account: int) -> tuple[History, date | None]:
        """Return all events of an account, stored or waiting for their commit, and through when periods are closed."""
        bodies = dict(await self._journal.history(account))
        flying = self._flying[0].commit.events if self._flying else []
        bodies |= {row.seq: row.body for row in (*flying, *self._next.commit.events) if row.account_id == account}
        history = [(seq, _event_decoder.decode(body)) for seq, body in sorted(bodies.items())]
        return history, await self._journal.closed_through()

    async def _walk_slice(self) -> None:
        self._next.sliced = True
        self._walk_flight = self._next.number
        accounts = await self._walk.next_slice()
        await self._accounts.fetch(accounts)
        moved = events = 0
        for cached in (each for each in self._accounts.all(accounts) if each.suspended is None):
            try:
                events += roll_forward(self._next, cached, self.on)
            except Exception as broken:
                await self._suspend(cached, f"day close: {broken}")
            # Either way it is no longer due.
            moved += 1
        self._walk.worked(len(accounts), moved, events)

    def _take_off(self) -> None:
        """Start to commit what was executed, unless a group is in flight."""
        if self._flying is not None or not (self._next or self._next.works or self._next.sliced):
            return
        flight, self._next = self._next, Flight(self._next.number + 1)
        flight.left_at = self._clock.monotonic()
        commit = flight.seal(self.on, self._office.changes())
        task = asyncio.create_task(self._journal.commit(self.claim, commit))
        task.add_done_callback(lambda _: self._wake.set())
        self._flying = flight, task

    def _land(self) -> None:
        """If the group in flight is durable, answer everybody in it; if it failed, raise why."""
        if self._flying is None or not self._flying[1].done():
            return
        flight, task = self._flying
        task.result()
        self._flying = None
        self._landed = flight.number
        self._reader.renew(self.claim, flight.left_at)
        for work in flight.works:
            if not work.done.done():
                work.done.set_result(_encoder.encode(work.replies))
        self._accounts.passivate()
        self._recent.trim()
        self._settled.set()

    async def _recover(self, error: Exception) -> None:
        """Forget everything in memory, claim anew (which settles an unknown outcome) and execute again."""
        _log.warning("shard %d starts over: %r", self.number, error)
        if self._flying is not None:
            await asyncio.wait((self._flying[1],))
        again = [*(self._flying[0].works if self._flying else ()), *self._next.works]
        for work in reversed(again):
            work.attempts += 1
            self._waiting += len(work.envelopes)
            self._inbox.appendleft(work)
        while self._inbox and self._inbox[0].attempts > ATTEMPTS_MAX:
            work = self._inbox.popleft()
            self._waiting -= len(work.envelopes)
            if not work.done.done():
                work.done.set_exception(ShardUnavailable())
        while not self.fenced:
            try:
                await self.start()
                break
            except Fenced:
                self.fenced = True
            except (JournalUnavailable, OSError):
                await self._clock.sleep(RETRY_SECONDS)
        self._settled.set()

    def _fail_all(self) -> None:
        flying = self._flying[0].works if self._flying else []
        for work in (*flying, *self._next.works, *self._inbox):
            if not work.done.done():
                work.done.set_exception(ShardUnavailable())
        self._settled.set()
