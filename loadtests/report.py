"""The demo's findings as one HTML file that needs nothing else."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.charts import area, bars
from loadtests.results import DemoResult

TEMPLATES: Final = Path(__file__).parent / "templates"


def write(result: DemoResult, path: Path) -> Path:
    """Write the report; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(result), encoding="utf-8")
    return path


def render(result: DemoResult) -> str:
    """Return the report as HTML."""
    # The template is ours and every value is escaped.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"money": money, "count": count}
    template = environment.get_template("report.html.j2")
    return template.render(r=result, **_charts(result))


def money(minor: int) -> str:
    """Return minor units as an amount with two decimals: -1234567 as -12,345.67."""
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole:,}.{cents:02d}"


def count(number: float) -> str:
    """Return a whole number with thousands separated."""
    return f"{number:,.0f}"


def _charts(result: DemoResult) -> dict[str, Markup]:
    latency = result.peak.latency
    percentiles = (
        ("half within", latency.p50),
        ("75 %", latency.p75),
        ("90 %", latency.p90),
        ("95 %", latency.p95),
        ("99 %", latency.p99),
        ("slowest", latency.highest),
    )
    late = [line for line in result.ageing if line.bucket != "CURRENT"]
    return {
        "throughput": area(
            [(point.at, point.per_s) for point in result.peak.throughput],
            x_label="seconds",
            y_label="repayments a second",
        ),
        "latency": bars([(name, ms, f"{ms:,.0f} ms") for name, ms in percentiles], title="Latency of a batch"),
        "ageing": bars(
            [(line.bucket, line.loans, f"{line.loans:,} loans") for line in late],
            title="Overdue loans by ageing state",
        ),
    }
