"""A loan's books by the book: installments as plain dictionaries, payments one after the other in date order."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any

from tests.properties.oracle.schedules import Case, Row, schedule

PARTS = ("penalty", "fee", "interest", "principal")
DUE_ORDERS = {
    "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER": None,
    "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST": (
        ("penalty", "fee", "interest", "principal"),
        ("principal", "penalty", "fee", "interest"),
    ),
    "DUE_PENALTY_INTEREST_PRINCIPAL_FEE_IN_ADVANCE_PENALTY_INTEREST_PRINCIPAL_FEE": (
        ("penalty", "interest", "principal", "fee"),
        ("penalty", "interest", "principal", "fee"),
    ),
}


@dataclass
class Installment:
    """One row: what is due and paid by component, and every payment with its date."""

    start: date
    due: date
    owed: dict[str, int]
    paid: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    payments: list[tuple[date, int]] = field(default_factory=list)
    down_payment: bool = False
    emptied: date | None = None

    def left(self, part: str) -> int:
        return max(0, self.owed[part] - self.paid[part])

    def open(self) -> bool:
        return any(self.left(part) for part in PARTS)


@dataclass
class Charge:
    row: Installment
    part: str
    amount: int
    due: date


class Books:
    """Installments that stay as they were printed."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.disbursed_on = date.fromisoformat(case["disbursed_on"])
        self.rows: list[Installment] = []
        self.charges: list[Charge] = []
        self.transactions: list[dict[str, Any]] = []
        self.untouched: set[int] = set()
        """Rows that were open before a payment and have not received any of it: an empty table does not close them."""
        down = round(Fraction(case["principal"], 4)) if case.get("down_payment") else 0
        if down:
            owed = {"penalty": 0, "fee": 0, "interest": 0, "principal": down}
            self.rows.append(Installment(self.disbursed_on, self.disbursed_on, owed, down_payment=True))
        self.scheduled = schedule(case, case["principal"] - down)
        self.rows += [installment(row) for row in self.scheduled]
        for row in self.rows:
            row.emptied = None if row.open() else self.disbursed_on
        self.down = down

    def play(self) -> None:
        if self.case.get("down_payment_taken"):
            self.pay(self.disbursed_on, "Down Payment", "DOWN_PAYMENT", self.down)
        for event in self.ordered():
            on = date.fromisoformat(event["date"])
            if event["type"] == "CHARGE":
                self.charge(on, event["kind"].lower(), event["amount"], event["booked_on"])
            else:
                kind = "REPAYMENT" if event["type"] == "PAYOFF" else event["type"]
                self.pay(on, kind.replace("_", " ").title(), kind, event["amount"])
        self.finish()

    def ordered(self) -> list[dict[str, Any]]:
        """Advanced: charges and payments by date, then as booked. Else every payment sees every charge."""
        if self.advanced():
            return sorted(self.case["events"], key=lambda event: event["date"])
        return sorted(self.case["events"], key=lambda event: (event["type"] != "CHARGE", event["date"]))

    def advanced(self) -> bool:
        return bool(self.case["allocation_strategy"] == "ADVANCED_PAYMENT_ALLOCATION")

    def charge(self, due: date, part: str, amount: int, booked_on: str) -> None:
        regular = [row for row in self.rows if not row.down_payment]
        row = next((row for row in regular if row.start < due <= row.due), regular[0])
        if due > regular[-1].due:
            # Due with the last of all charges after the end, which share it.
            last = max(event["date"] for event in self.case["events"] if event["type"] == "CHARGE")
            row = Installment(regular[-1].due, date.fromisoformat(last), dict.fromkeys(PARTS, 0))
            self.rows.append(row)
        row.owed[part] += amount
        row.emptied = None
        self.charges.append(Charge(row, part, amount, due))
        self.use_overpayment(row, part, due, booked_on)

    def use_overpayment(self, row: Installment, part: str, on: date, booked_on: str) -> None:
        """What was paid too much by the day on which a charge is booked pays it."""
        for paid in self.transactions:
            if paid["overpayment"] and (paid["date"] <= booked_on or paid["date"] == on.isoformat()):
                taken = self.take(row, part, on, "IN_ADVANCE", paid["overpayment"], dict.fromkeys(PARTS, 0))
                paid["overpayment"] -= taken
                paid["fees" if part == "fee" else "penalties"] += taken
                row.emptied = None if row.open() else on

    def pay(self, on: date, title: str, kind: str, amount: int) -> None:
        self.before(on)
        self.untouched = {id(row) for row in self.rows if row.open()}
        paid = dict.fromkeys(PARTS, 0)
        left = self.allocate(on, kind, amount, paid)
        for row in self.rows:
            row.emptied = None if row.open() else row.emptied or on
        self.transactions.append(
            {
                "date": on.isoformat(),
                "type": title,
                "amount": amount,
                "principal": paid["principal"],
                "interest": paid["interest"],
                "fees": paid["fee"],
                "penalties": paid["penalty"],
                "overpayment": left,
            }
        )

    def allocate(self, on: date, kind: str, left: int, paid: dict[str, int]) -> int:
        if not self.advanced():
            return self.allocate_by_name(on, left, paid)
        rules = {rule["transaction_type"]: rule for rule in self.case["payment_allocation"]}
        rule = rules.get(kind, rules["DEFAULT"])
        names = [name.rpartition("_")[::2] for name in rule["order"]]
        if self.case.get("schedule_processing") == "VERTICAL":
            groups = [(bucket, [part.lower()]) for bucket, part in names]
        else:
            groups = [(bucket, [part.lower() for _, part in of]) for bucket, of in groupby(names, lambda name: name[0])]
        for bucket, parts in groups:
            left = self.allocate_group(on, bucket, parts, rule["future_installment_rule"], left, paid)
        return left

    def allocate_group(
        self, on: date, bucket: str, parts: list[str], future: str, left: int, paid: dict[str, int]
    ) -> int:
        """Again and again the next row, until nothing is left or nothing is owed."""
        alone = self.case.get("schedule_processing") == "VERTICAL"
        while left:
            rows = [row for row in self.rows if in_bucket(row, on, bucket)]
            rows = [row for row in rows if (row.left(parts[0]) if alone else row.open() or id(row) in self.untouched)]
            chosen = self.chosen(rows, bucket, future, on)
            before = left
            for part in parts:
                left = self.share(chosen, part, on, bucket, left, paid)
            if left == before:
                break
        return left

    def chosen(self, rows: list[Installment], bucket: str, future: str, on: date) -> list[Installment]:
        if bucket == "IN_ADVANCE" and future == "REAMORTIZATION":
            return rows
        running = any(row.start <= on for row in rows)
        last = future == "LAST_INSTALLMENT" or (future == "NEXT_LAST_INSTALLMENT" and not running)
        return rows[-1:] if bucket == "IN_ADVANCE" and last else rows[:1]

    def share(self, rows: list[Installment], part: str, on: date, bucket: str, left: int, paid: dict[str, int]) -> int:
        """Equal shares over the rows; the last one may take the rest of the division."""
        if not rows:
            return left
        even = round(Fraction(left, len(rows)))
        rest = left - even * len(rows)
        for row in rows:
            offered = even + rest if row is rows[-1] else even
            left -= self.take(row, part, on, bucket, min(offered, left), paid)
        return left

    def allocate_by_name(self, on: date, left: int, paid: dict[str, int]) -> int:
        orders = DUE_ORDERS[self.case["allocation_strategy"]]
        if orders is None:
            return self.each(self.rows, PARTS, on, left, paid)
        due, in_advance = orders
        for part in due:
            left = self.each([row for row in self.rows if row.due <= on], (part,), on, left, paid)
        for part in ("penalty", "fee"):
            for charge in sorted(self.charges, key=lambda charge: charge.due):
                if charge.row.due > on and charge.due <= on and charge.part == part:
                    unpaid = max(0, charge.amount - max(0, charge.row.paid[part] - self.before_it(charge)))
                    left -= self.take(charge.row, part, on, "IN_ADVANCE", min(left, unpaid), paid)
        return self.each([row for row in self.rows if row.due > on], in_advance, on, left, paid)

    def before_it(self, charge: Charge) -> int:
        """Earlier charges of the same row and kind are paid first."""
        in_order = sorted(self.charges, key=lambda each: each.due)
        earlier = in_order[: next(place for place, each in enumerate(in_order) if each is charge)]
        return sum(each.amount for each in earlier if each.row is charge.row and each.part == charge.part)

    def each(self, rows: list[Installment], parts: tuple[str, ...], on: date, left: int, paid: dict[str, int]) -> int:
        for row in rows:
            for part in parts:
                left -= self.take(row, part, on, "IN_ADVANCE" if row.due > on else "DUE", left, paid)
        return left

    def take(self, row: Installment, part: str, on: date, bucket: str, offered: int, paid: dict[str, int]) -> int:
        taken = min(row.left(part), offered)
        if taken > 0:
            self.untouched.discard(id(row))
            row.paid[part] += taken
            row.payments.append((on, taken))
            paid[part] += taken
        return max(0, taken)

    def before(self, on: date) -> None:
        """Nothing moves before a payment."""

    def finish(self) -> None:
        """Nothing moves after the last event."""

    def printed(self) -> list[dict[str, Any]]:
        shown, balance = [], sum(row.owed["principal"] for row in self.rows)
        for number, row in enumerate(self.rows, 1):
            balance -= row.owed["principal"]
            shown.append(show(number, row, balance))
        return shown

    def overpaid(self) -> int:
        return sum(int(paid["overpayment"]) for paid in self.transactions)

    def status(self) -> str:
        if any(row.open() for row in self.rows):
            return "ACTIVE"
        return "OVERPAID" if self.overpaid() else "CLOSED_OBLIGATIONS_MET"


def installment(row: Row) -> Installment:
    return Installment(
        row.start, row.due, {"penalty": 0, "fee": 0, "interest": row.interest, "principal": row.principal}
    )


def in_bucket(row: Installment, on: date, bucket: str) -> bool:
    return {"PAST_DUE": row.due < on, "DUE": row.due == on, "IN_ADVANCE": row.due > on}[bucket]


def show(number: int, row: Installment, balance: int) -> dict[str, Any]:
    total, paid = sum(row.owed.values()), sum(row.paid.values())
    return {
        "n": number,
        "due": row.due.isoformat(),
        "days": (row.due - row.start).days,
        "principal_due": row.owed["principal"],
        "interest_due": row.owed["interest"],
        "fees_due": row.owed["fee"],
        "penalties_due": row.owed["penalty"],
        "total_due": total,
        "balance": balance,
        "paid": paid,
        "in_advance": sum(amount for on, amount in row.payments if on < row.due),
        "late": sum(amount for on, amount in row.payments if on > row.due),
        "outstanding": total - paid,
        "paid_date": row.emptied.isoformat() if row.emptied and not row.open() else None,
    }
