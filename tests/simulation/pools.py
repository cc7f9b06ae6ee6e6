"""Watches the funding pools and payout orders of a simulated book: each commit carries exactly what its events say."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from msgspec import msgpack

from actors.rows import EventRow, GroupCommit, LeaseRow
from adapters.memory_journal import Disk
from core.events import Event, kind_of
from core.origination.events import PayoutRequested, PayoutSettled
from core.origination.file import Payout, PayoutStatus, order_number

_event = msgpack.Decoder[Event](Event).decode
_REQUESTED, _SETTLED = (kind.__struct_config__.tag for kind in (PayoutRequested, PayoutSettled))
_MOVES = {
    PayoutStatus.REQUESTED: (-1, 1, 0),
    PayoutStatus.SUCCEEDED: (0, -1, 1),
    PayoutStatus.FAILED: (0, -1, 0),
    PayoutStatus.RETURNED: (0, 0, -1),
}
"""What a payout's own part does to what is left, reserved and spent of its day's money."""

Sums = tuple[int, int, int]


class Pools:
    """Knows what each pool was given, and what durable events took of it."""

    def __init__(self, disk: Disk, expect: Callable[[bool, str], None]) -> None:
        self._disk = disk
        self._expect = expect
        self._given = {name: pool.free for name, pool in disk.vault.pools.items()}
        self._payouts: dict[tuple[int, int], Payout] = {}
        self._ordered: set[str] = set()
        self._reserved = Counter[tuple[str, date]]()
        self._spent = Counter[tuple[str, date]]()

    def committed(self, commit: GroupCommit) -> None:
        """Check that payout orders and changes of leases are those of the events that were just written with them."""
        moved: dict[tuple[str, date], Sums] = {}
        orders = []
        for row in commit.events:
            if row.kind in (_REQUESTED, _SETTLED):
                payout, status = self._news(row)
                if status is PayoutStatus.REQUESTED:
                    orders.append(order_number(row.account_id, payout.number))
                self._move(moved, payout, _MOVES[status])
        self._check_orders(commit, orders)
        self._check_leases(commit.leases, moved)
        self.check()

    def check(self) -> None:
        """Check that no money was made or lost, and that no pool and no day gave more than it has."""
        for name, pool in self._disk.vault.pools.items():
            leases = pool.leases.items()
            held = sum(lease.all for _, lease in leases)
            self._expect(pool.free + held == self._given[name], f"pool {name}: {pool.free} and {held} are not all")
            parts = [pool.free, *(part for _, each in leases for part in (each.remaining, each.reserved, each.spent))]
            self._expect(min(parts) >= 0, f"pool {name} is overdrawn: {parts}")
            for day in pool.days:
                of_day = [lease for (_, on), lease in leases if on == day]
                leased = sum(lease.all for lease in of_day)
                self._expect(leased == pool.days[day] <= pool.daily_limit, f"pool {name}, {day}: {leased} is leased")
                taken = sum(lease.reserved for lease in of_day), sum(lease.spent for lease in of_day)
                paid = self._reserved[name, day], self._spent[name, day]
                self._expect(taken == paid, f"pool {name}, {day}: {taken} taken, and payouts say {paid}")

    def _news(self, row: EventRow) -> tuple[Payout, PayoutStatus]:
        event = _event(row.body)
        if isinstance(event, PayoutRequested):
            self._payouts[row.account_id, event.payout.number] = event.payout
            return event.payout, PayoutStatus.REQUESTED
        assert isinstance(event, PayoutSettled), kind_of(event)
        return self._payouts[row.account_id, event.number], event.status

    def _move(self, moved: dict[tuple[str, date], Sums], payout: Payout, signs: Sums) -> None:
        key = payout.pool, payout.requested_on
        left, reserved, spent = (sign * payout.own for sign in signs)
        before = moved.get(key, (0, 0, 0))
        moved[key] = before[0] + left, before[1] + reserved, before[2] + spent
        self._reserved[key] += reserved
        self._spent[key] += spent

    def _check_orders(self, commit: GroupCommit, orders: Sequence[str]) -> None:
        written = [row.order_number for row in commit.payouts]
        self._expect(sorted(written) == sorted(orders), f"ordered {written}, and events request {orders}")
        self._expect(self._ordered.isdisjoint(written), f"ordered a second time: {written}")
        self._ordered.update(written)

    def _check_leases(self, leases: Sequence[LeaseRow], moved: dict[tuple[str, date], Sums]) -> None:
        wanted = {key: sums for key, sums in moved.items() if any(sums)}
        written = {(row.pool, row.day): (row.remaining, row.reserved, row.spent) for row in leases}
        self._expect(written == wanted, f"leases change by {written}, and events by {wanted}")
