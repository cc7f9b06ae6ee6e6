"""No terms make much work: a plan counts a bounded number of pieces of days, or is refused with a code."""

from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import core.schedule.interest
from core.contract.terms import (
    BusinessDays,
    Cycle,
    DayCount,
    Fixing,
    Floating,
    Method,
    Pause,
    Rate,
    RateStep,
    Terms,
    Tranche,
    Unit,
)
from core.schedule.amortize import WORK_MAX
from core.schedule.daycount import part_of
from core.schedule.plan import Refusal, plan
from core.schedule.spans import SPANS_MAX

PAID_OUT: Final = date(2026, 1, 1)
PIECES_MAX: Final = WORK_MAX + 20 * SPANS_MAX
"""Between the dates of every level, and of all spans cut by all changes."""
FEW_OR_MANY: Final = st.sampled_from([0, 0, 0, 1, 40, SPANS_MAX, 20_000])


def _days(count: int, step: int) -> list[date]:
    """Return days of a list of changes, so many days apart, as far as there are dates."""
    return [PAID_OUT + timedelta(days=k) for k in range(1, min(count * step, 2_900_000), step)]


@st.composite
def heavy_terms(draw: st.DrawFn) -> Terms:
    """Terms whose lists and cycles are as long, and whose periods are as many, as a body can say."""
    cycles = st.builds(
        Cycle,
        st.just(PAID_OUT + timedelta(days=draw(st.integers(1, 40)))),
        st.sampled_from([1, 16, 30]),
        st.sampled_from(Unit),
    )
    step = draw(st.sampled_from([1, 15, 300]))
    fixings = tuple(Fixing(day, 10_000_000 + k) for k, day in enumerate(_days(draw(FEW_OR_MANY), step)))
    return Terms(
        principal=10**8,
        rate=Rate(draw(st.sampled_from([1, 30_000_000]))),
        installments=draw(st.sampled_from([1, 7, 120, 600])),
        method=draw(st.sampled_from(Method)),
        unit=draw(st.sampled_from(Unit)),
        every=draw(st.sampled_from([1, 366])),
        day_count=draw(st.sampled_from(DayCount)),
        business_days=draw(st.sampled_from(BusinessDays)),
        smoothing_rounds=draw(st.sampled_from([0, 3])),
        floating=draw(st.none() | st.builds(Floating, cycles, st.just(fixings))),
        interest_cycle=draw(st.none() | cycles),
        interest_base=draw(st.none() | cycles),
        rate_steps=tuple(RateStep(day, Rate(k)) for k, day in enumerate(_days(draw(FEW_OR_MANY), step))),
        pauses=tuple(Pause(day, day + timedelta(days=1)) for day in _days(draw(FEW_OR_MANY), step)),
        tranches=tuple(Tranche(day, 1) for day in _days(draw(FEW_OR_MANY), step)),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heavy_terms())
def test_a_plan_counts_a_bounded_number_of_pieces_of_days(monkeypatch: pytest.MonkeyPatch, terms: Terms) -> None:
    pieces = 0

    def counted(*asked: Any) -> tuple[int, int]:
        nonlocal pieces
        pieces += 1
        assert pieces <= PIECES_MAX, terms
        return part_of(*asked)

    monkeypatch.setattr(core.schedule.interest, "part_of", counted)
    planned = plan.__wrapped__(terms, PAID_OUT)
    assert isinstance(planned, Refusal) or sum(row.principal - row.capitalized for row in planned) == terms.principal
