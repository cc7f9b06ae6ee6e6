"""What an operator sees of a simulation."""

from io import StringIO

from msgspec import to_builtins
from rich.console import Console

from actors.queries import Simulate
from actors.what_if import Simulation, simulate
from adapters.console.simulation import simulation_tables
from core.commands import Command, PayOff, Repay
from tests.unit.running_shard import TODAY, deposit
from tests.unit.test_what_if import LEND, LOAN, scratch


def printed(*commands: Command, lent: bool = True) -> str:
    query = Simulate(commands)
    found = simulate(query, scratch(LEND if lent else ()), TODAY)
    assert isinstance(found, Simulation)
    # As the CLI gets it: from JSON.
    console = Console(file=StringIO(), width=160)
    for table in simulation_tables(to_builtins(commands), to_builtins(found, str_keys=True)):
        console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_payoff_shows_reply_event_entry_schedule_and_balances() -> None:
    seen = printed(PayOff(account=1, loan=LOAN, amount=500_000), deposit(1, 500))
    for part in ("nothing was done", "principal 5,000.00", "LoanPaidOff", "1303.01", "schedule of loan 10001 (closed)"):
        assert part in seen, part
    assert "payoff of loan" not in seen
    assert "5.00" in seen


def test_a_refusal_shows_its_code() -> None:
    seen = printed(Repay(account=1, amount=5, loan=LOAN), lent=False)
    assert "loan_unknown" in seen
    assert "journal" not in seen


def test_a_loan_that_is_lent_only_in_the_simulation_shows_its_schedule_and_payoff() -> None:
    seen = printed(*LEND, lent=False)
    assert f"loan {LOAN}" in seen
    assert "payoff of loan 10001" in seen
    assert "scheduled" in seen
