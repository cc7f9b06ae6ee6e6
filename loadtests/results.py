"""What the demo and the benches find, each one JSON document. Amounts in minor units, times in seconds unless named."""

from datetime import date

from msgspec import Struct

from adapters.verification.tally import Check
from loadtests.comparison import Comparison


class Latency(Struct, frozen=True):
    """How long answers took, in milliseconds."""

    p50: float
    p75: float
    p90: float
    p95: float
    p99: float
    highest: float


class Throughput(Struct, frozen=True):
    """Repayments acknowledged a second, over one short interval of the peak."""

    at: float
    """Seconds from the start to the middle of the interval."""
    per_s: float


class Peak(Struct, frozen=True):
    """A peak of repayments as its sender saw it."""

    sent: int
    acknowledged: int
    refused: int
    resent: int
    """Sent again under the same request id, because the first answer was late, lost or `overloaded`."""
    batch: int
    connections: int
    seconds: float
    repayments_per_s: float
    latency: Latency
    """Of whole batches."""
    throughput: list[Throughput]


class Reconciliation(Struct, frozen=True):
    """Every acknowledged repayment looked up in the journal."""

    acknowledged: int
    recorded: int
    acknowledged_amount: int
    recorded_amount: int
    lost: int
    """Acknowledged, and not in the journal as acknowledged."""
    doubled: int
    """Repayments in the journal that no request answers for."""


class DayClosed(Struct, frozen=True):
    """One day close: what had work, and how long until every account was past it."""

    business_date: date
    accounts: int
    events: int
    seconds: float


class Ageing(Struct, frozen=True):
    """Open loans of one ageing state."""

    bucket: str
    loans: int
    principal: int
    past_due: int


class TrialLine(Struct, frozen=True):
    """One GL account of the trial balance."""

    account: str
    name: str
    debit: int
    credit: int
    balance: int
    """Positive for a debit balance."""


class Stage(Struct, frozen=True):
    """One act of the demo."""

    name: str
    seconds: float


class Borrowing(Struct, frozen=True, kw_only=True):
    """Real applicants decided, and those approved lent to."""

    applicants: int
    approved: int
    declined: int
    referred: int
    reasons: dict[str, int]
    """Why, the most frequent first."""
    bad_of_all: float
    """Per cent of all applicants whose loan ended badly in the data set."""
    bad_of_approved: float
    """The same, of those approved by the rules."""
    reviewed: int
    """The account whose referred application an officer approved."""
    contract: str
    """Where its contract is, to be looked at."""
    paid_out: int
    paid_twice: int
    first_installments: int
    """Repaid on their due dates."""
    trial_balance: int
    verify: int


class DemoResult(Struct, frozen=True, kw_only=True):
    """A day in the life of a lender."""

    loans: int
    real_loans: int
    installments_matched: int
    balances_matched: int
    repayments: int
    repayments_per_s: float
    p50_ms: float
    p99_ms: float
    lost: int
    doubled: int
    trial_balance: int
    """Debits less credits: 0."""
    verify: int
    """1 if every check holds, else 0."""
    seconds: float
    machine: str
    borrowing: Borrowing
    comparison: Comparison
    peak: Peak
    reconciliation: Reconciliation
    closes: list[DayClosed]
    ageing: list[Ageing]
    trial: list[TrialLine]
    checks: list[Check]
    stages: list[Stage]
