"""The demo's report: one file, nothing fetched, every figure escaped and readable."""

from datetime import date
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from adapters.verification.tally import Check
from loadtests import report
from loadtests.charts import area, bars, ticks
from loadtests.comparison import Comparison, InstallmentMiss, Reason, StatusLine
from loadtests.results import (
    Ageing,
    Borrowing,
    DayClosed,
    DemoResult,
    Latency,
    Peak,
    Reconciliation,
    Stage,
    Throughput,
    TrialLine,
)
from loadtests.show import show_demo

RESULT = DemoResult(
    loans=100_000,
    real_loans=10_000,
    installments_matched=9_997,
    balances_matched=8_540,
    repayments=100_000,
    repayments_per_s=17_345.6,
    p50_ms=161.0,
    p99_ms=402.0,
    lost=0,
    doubled=0,
    trial_balance=0,
    verify=1,
    seconds=171.4,
    machine="2 cores, 24 GiB <test>",
    borrowing=Borrowing(
        applicants=1_583,
        approved=456,
        declined=485,
        referred=642,
        reasons={"risk_middle": 481, "risk_low": 456},
        bad_of_all=23.1,
        bad_of_approved=6.8,
        reviewed=2,
        contract="reports/contract.html",
        paid_out=457,
        paid_twice=0,
        first_installments=457,
        trial_balance=0,
        verify=1,
    ),
    comparison=Comparison(
        loans=10_000,
        installments_matched=9_997,
        installments_missed=[InstallmentMiss(1548, 24_335, 24_338)],
        current=9_375,
        balances_matched=8_540,
        lines=[
            StatusLine("Current", 9_375, 4_886, 8_540, 573_721_239, 608_761_059, -11_782_097, [Reason("r", 29, [191])]),
            StatusLine("Fully Paid", 447, 447, 447, 15_637_656, 15_523_196, 114_460, []),
        ],
    ),
    peak=Peak(
        sent=100_000,
        acknowledged=100_000,
        refused=0,
        resent=500,
        batch=500,
        connections=8,
        seconds=5.8,
        repayments_per_s=17_345.6,
        latency=Latency(161.0, 190.0, 240.0, 300.0, 402.0, 433.0),
        throughput=[Throughput(0.25 + n / 2, 15_000 + 700 * (n % 4)) for n in range(12)],
    ),
    reconciliation=Reconciliation(100_000, 100_000, 4_512_345_678, 4_512_345_678, 0, 0),
    closes=[DayClosed(date(2018, 7, 1), 3_000, 3_000, 1.2)],
    ageing=[
        Ageing("CURRENT", 96_300, 141_000_000_000, 0),
        Ageing("M1", 3_050, 4_000_000_000, 98_000_000),
        Ageing("M2", 78, 120_000_000, 5_000_000),
        Ageing("M3", 60, 90_000_000, 6_000_000),
        Ageing("M4", 40, 70_000_000, 7_000_000),
    ],
    trial=[
        TrialLine("1002.01", "Bank deposits", 500, 1_500, -1_000),
        TrialLine("1303.01", "Loans, principal", 1_500, 500, 1_000),
    ],
    checks=[Check("snapshots", 100_000, 0, 1, [])],
    stages=[Stage("start", 8.1), Stage("peak", 5.8)],
)
"""Figures of a plausible run."""


class Reader(HTMLParser):
    """Collects text, and whatever a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.fetched: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href"}]
        self.fetched += [tag] if tag in {"script", "link", "iframe", "img"} else []


def test_report_stands_alone_and_shows_the_figures() -> None:
    reader = Reader()
    reader.feed(report.render(RESULT))
    assert reader.fetched == []
    for figure in ("17,346/s", "9,997", "8,540", "45,123,456.78", "-117,820.97", "2 cores, 24 GiB <test>", "proven"):
        assert figure in reader.text


@pytest.mark.parametrize(
    ("minor", "shown"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456_789, "1,234,567.89"), (-100, "-1.00")]
)
def test_money_is_shown_with_two_decimals(minor: int, shown: str) -> None:
    assert report.money(minor) == shown


@pytest.mark.parametrize("top", [0.0, 0.3, 1.0, 7.0, 99.9, 23_456.0])
def test_ticks_reach_the_top_with_a_handful_of_steps(top: float) -> None:
    marks = ticks(top)
    assert marks[0] == 0
    assert marks[-1] >= top
    assert 2 <= len(marks) <= 7


def test_charts_escape_labels_and_bear_nothing_to_draw() -> None:
    assert "<b>" not in bars([("<b>", 1, "<b>")], title="<b>")
    assert area([], x_label="x", y_label="y") == ""
    assert "svg" in bars([], title="none")


def test_demo_is_shown_as_tables() -> None:
    console = Console(width=200, record=True, file=StringIO())
    show_demo(RESULT, console)
    shown = console.export_text()
    for figure in ("9,997 of 10,000", "8,540 of 9,375", "17,346", "-117,820.97", "M4", "0 / 0"):
        assert figure in shown
