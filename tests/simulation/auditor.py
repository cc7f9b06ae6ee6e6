"""Watches a simulated book from outside: every commit, every answer, every read, and in the end all of it."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256

from msgspec import json, msgpack
from msgspec.structs import astuple

from accounting.subledger import subledger
from actors.execute import REUSED, decode_command, fingerprint
from actors.messages import Envelope, Refused, command_decoder, reply_decoder
from actors.queries import AnyQuery, AnyView, ShowFile, ShowTransactions, Simulate, account_named, answer
from actors.reading import LEASE_SECONDS
from actors.rows import Claim, EventRow, GroupCommit
from adapters.memory_journal import Disk
from adapters.verification.account import AccountRows, check_account
from adapters.verification.tally import Tally
from core.account import Account
from core.commands import Command
from core.events import Event
from core.evolve import evolve
from core.identity import slot_of
from core.origination.commands import PERSONAL
from core.rejections import Code, Rejection
from core.servicing.advance import advance, next_action
from tests.simulation.effects import asked_for, happened
from tests.simulation.files import Files, followers
from tests.simulation.house import keyed
from tests.simulation.pools import Pools

FIRST = bytes(32)
_event = msgpack.Decoder[Event](Event).decode
_json = json.Encoder().encode
_UNRECORDED = {Code.MALFORMED, Code.ACCOUNT_SUSPENDED}


class Auditor:
    """Knows what was asked and answered, and holds the disk against it."""

    def __init__(self, disk: Disk, now: Callable[[], float], saw: Callable[[str], None]) -> None:
        self.failures: list[str] = []
        self.closed: set[date] = set()
        self.pools = Pools(disk, self.expect)
        self._files = Files(disk, self.expect)
        self._disk = disk
        self._now = now
        self._saw = saw
        self._heads: dict[int, tuple[int, bytes]] = {}
        self._durable: defaultdict[int, list[float]] = defaultdict(list)
        """When each event of an account became durable."""
        self._commands: dict[tuple[bytes, bytes], tuple[Envelope, date | None]] = {}
        """What was asked for, and through when periods were closed by then."""
        self._replies: dict[tuple[bytes, bytes], bytes] = {}

    def fail(self, what: str) -> None:
        """Note a broken promise."""
        self.failures.append(f"{self._now():.3f}s {what}")

    def expect(self, true: bool, what: str) -> None:
        """Note a broken promise unless it was kept."""
        if not true:
            self.fail(what)

    def suspended(self, account: int, reason: str) -> None:
        """Nothing in a world breaks an account, so none may be suspended."""
        self.fail(f"account {account} was suspended: {reason}")

    def committed(self, claim: Claim, commit: GroupCommit) -> None:
        """Check what was just written."""
        disk = self._disk
        self.expect(disk.epochs[claim.shard] == claim.epoch, f"stale epoch {claim.epoch} of shard {claim.shard} wrote")
        for row in commit.events:
            self._continues(row)
            self.expect(
                disk.slots[slot_of(row.account_id)] == claim.shard, f"shard {claim.shard} wrote another's account"
            )
            self.expect(row.posted_on not in self.closed, f"posted on {row.posted_on}, which is closed")
        for request in commit.requests:
            self.expect(disk.requests[request.key] is request, "a request was recorded twice")
        self.pools.committed(commit)
        self._saw(f"wrote {len(commit.requests)} requests and {len(commit.events)} events")

    def _continues(self, row: EventRow) -> None:
        seq, chain = self._heads.get(row.account_id, (0, FIRST))
        self.expect(row.seq == seq + 1, f"account {row.account_id}: event {row.seq} after {seq}")
        self.expect(
            row.hash == sha256(chain + row.body).digest(), f"account {row.account_id}: chain broken at {row.seq}"
        )
        self._heads[row.account_id] = row.seq, row.hash
        self._durable[row.account_id].append(self._now())

    def asked(self, envelope: Envelope) -> None:
        """Remember what a client asks for."""
        asked = envelope, self._disk.closed_through
        self._commands.setdefault((envelope.key, _content(envelope)), asked)

    def answered(self, envelope: Envelope, reply: bytes) -> None:
        """Check a final answer: it is on record when it is given, and never another one."""
        content = _content(envelope)
        stored = self._disk.requests.get(envelope.key)
        decoded = reply_decoder.decode(reply)
        if isinstance(decoded, Refused) and decoded.code in _UNRECORDED:
            self.expect(stored is None or stored.fingerprint != content, f"recorded, yet answered {decoded.code}")
            return
        if (envelope.key, content) in self._replies:
            self._saw("answered from the record")
        former = self._replies.setdefault((envelope.key, content), reply)
        self.expect(former == reply, f"request {envelope.key.hex()}: two answers")
        if reply == REUSED:
            self.expect(stored is not None and stored.fingerprint != content, "an unused request id is called reused")
        else:
            kept = stored is not None and (stored.fingerprint, stored.reply) == (content, reply)
            self.expect(kept, f"request {envelope.key.hex()}: answered before it was durable")

    def read(self, query: AnyQuery, since: float, framed: bytes) -> None:
        """Check that an answer shows durable state, not older than the lease allows when the question was put."""
        self.expect(b'"account_suspended"' not in framed, f"{query} broke: {framed!r}")
        if isinstance(query, ShowTransactions | Simulate) or self.failures:
            return
        if isinstance(query, ShowFile) and framed[:1] == b"\x01":
            # What people did is read from the journal, and may be newer than the state.
            framed = b"\x01" + json.encode(json.decode(framed[1:]) | {"acts": []})
        account_id = account_named(query)
        durable = self._durable[account_id]
        oldest = sum(at <= since - LEASE_SECONDS for at in durable)
        rows = self._disk.events.get(account_id, [])[: len(durable)]
        account: Account | None = None
        for seq in range(len(rows) + 1):
            if seq:
                account = evolve(account, _event(rows[seq - 1].body))
            first = rows[seq - 1].posted_on if seq else self._disk.business_date
            if seq >= oldest and framed in self._views(query, account, seq, first):
                return
        self.fail(f"{query} was answered with no state since event {oldest}: {framed!r}")

    def _views(self, query: AnyView, account: Account | None, seq: int, first: date) -> set[bytes]:
        if account is None:
            unknown = Rejection(Code.ACCOUNT_UNKNOWN, f"there is no account {account_named(query)}")
            return {b"\x00" + _json(unknown)}
        views = set()
        for days in range((self._disk.business_date - first).days + 1):
            on = first + timedelta(days)
            advanced = advance(account, on).account
            assert advanced is not None
            view = answer(query, advanced, seq, on)
            views.add((b"\x00" if isinstance(view, Rejection) else b"\x01") + _json(view))
        return views

    def day_closed(self, day: date) -> None:
        """Check that every account is past a day when its close is called finished."""
        self.closed.add(day)
        for account in () if self.failures else self._disk.accounts:
            following = next_action(self._replayed(account))
            late = following is not None and following <= day + timedelta(days=1)
            self.expect(not late, f"{day} is closed, and account {account} has work on {following}")

    def _replayed(self, account: int) -> Account:
        state: Account | None = None
        for row in self._disk.events[account]:
            state = evolve(state, _event(row.body))
        assert state is not None
        return state

    def complete(self) -> None:
        """Check the whole book and everything that was ever answered."""
        if set(self._disk.events) != set(self._disk.accounts):
            return self.fail("events without an account, or an account without events")
        for (key, content), reply in self._replies.items():
            stored = self._disk.requests.get(key)
            if stored is not None and stored.fingerprint == content:
                self.expect(stored.reply == reply, f"request {key.hex()}: its record changed")
        for account in sorted(self._disk.events):
            self._check_effects(account)
        self._check_books()

    def _check_effects(self, account: int) -> None:
        """Each recorded success has its effect once, and nothing happened that nobody asked for."""
        rows = [row for row in self._disk.requests.values() if row.account_id == account]
        replies = [(row, reply_decoder.decode(row.reply)) for row in rows]
        done = [
            (self._carried_out(row.key, row.fingerprint), reply)
            for row, reply in replies
            if not isinstance(reply, Refused)
        ]
        wanted = Counter(asked_for(command) for command, _ in done)
        events = [_event(row.body) for row in self._disk.events[account]]
        for event in events:
            self._saw(f"event {type(event).__name__}")
        self._files.check(self._replayed(account), events, rows)
        follows = followers(self._replayed(account), events, done)
        found = Counter(
            effect
            for seq, event in enumerate(events, 1)
            if seq not in follows and (effect := happened(event)) is not None
        )
        self.expect(found == wanted, f"account {account}: asked {wanted - found}, and unasked {found - wanted}")

    def _carried_out(self, key: bytes, content: bytes) -> Command:
        """Return a command that succeeded, and check that no period was closed for it."""
        envelope, closed = self._commands[key, content]
        command = command_decoder.decode(envelope.command)
        effective_on = getattr(command, "effective_on", None)
        late = closed is not None and effective_on is not None and effective_on <= closed
        self.expect(not late, f"{command} took effect, with the books closed through {closed}")
        return command

    def _check_books(self) -> None:
        disk, tally, controls = self._disk, Tally(), Counter[tuple[str, int]]()
        for account in sorted(disk.accounts):
            check_account(tally, account, self._rows(account), disk.business_date)
            for control, amount in subledger(self._replayed(account)).items():
                controls[disk.accounts[account].currency, control] += amount
        for check, details in tally.detail.items():
            self.fail(f"{check}: {details}")
        balances, days = Counter[tuple[str, int]](), Counter[tuple[date, str, int]]()
        for account, _, gl, _, amount, posted_on in _postings(disk):
            currency = disk.accounts[account].currency
            balances[currency, gl] += amount
            days[posted_on, currency, gl] += amount
        for (_, day, currency, _, gl), (debit, credit) in disk.ledger.items():
            days[day, currency, gl] -= debit - credit
        self.expect(not any(days.values()), "the running sums are not what was posted")
        self.expect(sum(balances.values()) == 0, "the trial balance is not zero")
        for (currency, gl), amount in controls.items():
            self.expect(balances[currency, gl] == amount, f"control account {gl} is not its sub-ledger")

    def _rows(self, account: int) -> AccountRows:
        disk = self._disk
        loans, contracts = [], []
        for key, loan in sorted(disk.loans.get(account, {}).items()):
            contract = disk.contracts[key]
            signed = (contract.slot, contract.currency, contract.product, contract.rounding)
            ratio = (contract.penalty_ppb, contract.penalty_denominator)
            amounts = astuple(loan)
            columns = (key, *signed, *ratio, *amounts[1:10], *amounts[11:15])
            loans.append((account, loan.state, loan.wake_on, loan.penalty_base, *columns))
            contracts.append((account, key, contract.body))
        return AccountRows(
            events=[(*astuple(row), True) for row in disk.events[account]],
            postings=sorted(row for row in _postings(disk) if row[0] == account),
            accounts=[disk.accounts[account]],
            loans=loans,
            contracts=contracts,
            requests=[
                (account, row.key.hex(), row.reply) for row in disk.requests.values() if row.account_id == account
            ],
            files=[disk.files[account]] if account in disk.files else [],
            applications=[tuple(row) for key, row in sorted(disk.applications.items()) if key[0] == account],
            proposals=[row for key, row in sorted(disk.proposals.items()) if key[0] == account],
            payouts=[
                (account, row.order_number, row.payout, row.amount, row.bank_account)
                for row in disk.payouts.values()
                if row.account_id == account
            ],
            texts=[
                (account, row.agreement, row.digest) for key, row in sorted(disk.texts.items()) if key[0] == account
            ],
        )


def _postings(disk: Disk) -> list[tuple[int, int, int, int, int, date]]:
    """Return the lines of all entries as rows: account, seq, GL account, loan, amount, posted on."""
    return [
        (entry.account_id, entry.seq, line.gl, line.loan, line.amount, entry.posted_on)
        for entry in disk.entries
        for line in entry.lines
    ]


def _content(envelope: Envelope) -> bytes:
    """Return the fingerprint under which a command is recorded."""
    command = decode_command(envelope)
    return keyed(envelope.command) if isinstance(command, PERSONAL) else fingerprint(envelope.command)
