"""Findings for people: progress while it works, tables at the end. All of it on a console of rich's."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from loadtests.book import Progress as Told
from loadtests.comparison import Comparison
from loadtests.report import count, money
from loadtests.results import Borrowing, DemoResult


@contextmanager
def bars() -> Iterator[Told]:
    """Show progress on stderr; lends what is to be told."""
    columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in tasks.values():
                    shown.stop_task(task)
                tasks[what] = shown.add_task(what)
            shown.update(tasks[what], completed=done, total=total)

        yield told


def show_demo(result: DemoResult, console: Console) -> None:
    """Print the demo's findings as tables."""
    console.print(_borrowing(result.borrowing))
    _show_comparison(result.comparison, console)
    ageing = _table("Ageing of the book", "state", "loans", "principal", "past due")
    for line in result.ageing:
        ageing.add_row(line.bucket, count(line.loans), money(line.principal), money(line.past_due))
    trial = _table("Trial balance", "account", "debits", "credits", "balance")
    for entry in result.trial:
        trial.add_row(f"{entry.account} {entry.name}", money(entry.debit), money(entry.credit), money(entry.balance))
    trial.add_row("debits less credits", "", "", money(result.trial_balance), style="bold")
    console.print(ageing, trial, _outcome(result))


def _borrowing(found: Borrowing) -> Table:
    table = _table("Real applicants (credit_data)", "", "")
    rows = (
        ("applied", count(found.applicants)),
        ("approved / declined / referred", f"{found.approved} / {found.declined} / {found.referred}"),
        ("most frequent reasons", ", ".join(f"{name} {number}" for name, number in found.reasons.items())),
        ("ended badly, of all / of those approved", f"{found.bad_of_all} % / {found.bad_of_approved} %"),
        ("referred, then approved by an officer", f"account {found.reviewed}"),
        ("paid out by the bank / twice", f"{count(found.paid_out)} / {found.paid_twice}"),
        ("first installments repaid", count(found.first_installments)),
        ("debits less credits; proof", f"{found.trial_balance}; {'all holds' if found.verify else 'NOT all holds'}"),
        ("a contract to look at", found.contract),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _show_comparison(comparison: Comparison, console: Console) -> None:
    title = "Held against LendingClub's figures: principal outstanding, interest paid"
    table = _table(
        title, "published status", "loans", "equal", "within 2 cents", "published", "booked", "stub of matched"
    )
    for line in comparison.lines:
        interest = (line.interest_published, line.interest_booked, line.first_period_stub)
        table.add_row(line.status, *map(count, (line.loans, line.exact, line.matched)), *map(money, interest))
    reasons = _table("Why the rest differs", "reason", "loans", "such as")
    for line in comparison.lines:
        for found in line.reasons:
            reasons.add_row(f"{line.status}: {found.reason}", count(found.loans), ", ".join(map(str, found.examples)))
    for miss in comparison.installments_missed:
        figures = f"{money(miss.published)} published, {money(miss.booked)} on the published terms"
        reasons.add_row(f"Installment: {figures}", "1", str(miss.loan))
    console.print(table, reasons)


def _outcome(result: DemoResult) -> Table:
    table = _table("Outcome", "", "")
    comparison, peak = result.comparison, result.peak
    rows = (
        ("installments met to the cent", f"{count(result.installments_matched)} of {count(comparison.loans)}"),
        ("current balances within 2 cents", f"{count(result.balances_matched)} of {count(comparison.current)}"),
        ("loans on the book", count(result.loans)),
        ("repayments acknowledged", f"{count(result.repayments)} in {peak.seconds:.1f} s over HTTP"),
        ("repayments a second", count(result.repayments_per_s)),
        (f"batch of {peak.batch}, p50 / p99", f"{peak.latency.p50:.0f} ms / {peak.latency.p99:.0f} ms"),
        ("lost / doubled", f"{result.lost} / {result.doubled}"),
        ("verify", f"{len(result.checks)} checks, {'all hold' if result.verify else 'NOT all hold'}"),
        ("time", f"{result.seconds:.0f} s on {result.machine}"),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="right")
    return table
