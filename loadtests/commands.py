"""The commands that measure and show: tenor demo, tenor bench. Heavy imports wait until a command runs."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvloop

from adapters.console.options import Config, Json, settings_of
from adapters.console.terminal import EXIT_FAILED, facts, out, show, table, talk
from loadtests.show import bars

bench = typer.Typer(no_args_is_help=True, help="Measure; every figure is printed, none is judged.")
Loans = Annotated[int, typer.Option(help="Loans in the book.")]
Batch = Annotated[int, typer.Option(help="Commands in a request.")]
Shards = Annotated[int, typer.Option(help="Processes that decide.")]
Report = Annotated[Path, typer.Option(help="The HTML file to write.")]


def demo(config: Config = None, as_json: Json = False, report: Report = Path("reports/demo.html")) -> None:
    """Play a day in the life of a lender on 10,000 real loans, and write an HTML report."""
    from loadtests.demo import demo as play
    from loadtests.report import write
    from loadtests.show import show_demo

    with bars() as progress:
        result = uvloop.run(play(settings_of(config), progress, report.parent))
    written = write(result, report)
    if as_json:
        show(result, as_json)
    else:
        show_demo(result, out)
    talk.print(f"report: {written}")
    if not result.verify or result.lost or result.doubled or result.trial_balance:
        raise SystemExit(EXIT_FAILED)


@bench.command("repay")
def bench_repay(
    loans: Loans = 100_000,
    repayments: Annotated[int, typer.Option(help="So many are received.")] = 100_000,
    batch: Batch = 500,
    shards: Shards = 2,
    as_json: Json = False,
) -> None:
    """Durable repayments a second through HTTP, beside a bare client writing the same rows."""
    from loadtests.bench import bench_repay as measure

    with bars() as progress:
        result = uvloop.run(measure(progress, loans, repayments, batch, shards))
    show(result, as_json, facts("bench repay", msgspec.to_builtins(result)))


@bench.command("close")
def bench_close(
    loans: Loans = 100_000,
    due_share: Annotated[float, typer.Option(help="What share of them is due on the day: 0.1.")] = 0.1,
    shards: Shards = 2,
    as_json: Json = False,
) -> None:
    """What a day close costs, and that it follows the work and not the size of the book."""
    from loadtests.bench import bench_close as measure

    with bars() as progress:
        result = uvloop.run(measure(progress, loans, due_share, shards))
    show(result, as_json, facts("bench close", msgspec.to_builtins(result)))


@bench.command("originate")
def bench_originate(
    applications: Annotated[int, typer.Option(help="So many people apply.")] = 100_000,
    batch: Batch = 500,
    shards: Shards = 2,
    as_json: Json = False,
) -> None:
    """Applications decided and recorded a second; then all approved ones signed, paid out, and confirmed by a bank."""
    from loadtests.originate import bench_originate as measure

    with bars() as progress:
        result = uvloop.run(measure(progress, applications, batch, shards))
    show(result, as_json, facts("bench originate", msgspec.to_builtins(result)))


@bench.command("core")
def bench_core(
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured.")] = 40, as_json: Json = False
) -> None:
    """CPU of the pure core alone, in one process: decide a repayment, compute a schedule, replay a year."""
    from loadtests.core_bench import bench_core as measure

    with bars() as progress:
        result = measure(progress, rounds)
    lines = [(name, getattr(result, name), lowest) for name, lowest in msgspec.to_builtins(result.lowest).items()]
    columns = ("microseconds of CPU", "median", "lowest")
    circumstances = facts("circumstances", {"rounds": rounds, "machine": result.machine})
    show(result, as_json, table("bench core", columns, lines, columns[1:]), circumstances)


@bench.command("load")
def bench_load(
    accounts: Annotated[int, typer.Option(help="Borrowers in the book.")] = 20_000,
    shards: Shards = 2,
    as_json: Json = False,
    report: Report = Path("reports/load.html"),
) -> None:
    """Ramp Locust up to the bulk peak, then send at a steady rate; the books are proven after it."""
    from loadtests.load import load

    with bars() as progress:
        result = uvloop.run(load(progress, report, accounts, shards))
    show(result, as_json, facts("load", msgspec.to_builtins(result)))
    talk.print(f"report: {report}")
